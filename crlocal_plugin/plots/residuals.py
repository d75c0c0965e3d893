"""Pulls of all data of a joint fit against energy, in a picture of their own or under another."""

from dataclasses import replace
from itertools import chain, cycle

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ..datasets.plot_axes import SpectrumAxes, sized
from ..datasets.plotting import picture_of
from .frame import Frame, line_handle, listed_axes, new_figure
from .points import Points, data_label, draw_experiments, shown_points, source_names, total_energies
from .style import species_color, species_label
from .subject import chosen_names, find_subject, known_quantities

DIPOLE_PULL_COLORS = ("#000000", "#E69F00")  # of the two numbers of a measured dipole

_SIGMA_BANDS = {1: "0.86", 2: "0.94"}  # grey by half width in standard deviations

_LOWEST_TOP = 3.5  # half height of a panel in standard deviations at least


def plot_residuals(
    subject, datasets=None, axes=None, species=None, energy_range=None, legend=True, x_unit=None
):
    """Plot the pulls of all data, (data - model) / error, against total energy per particle.

    Pulls are the residuals of the likelihood: their squares add up to the statistic that the
    legend gives for each experiment, over the number of fitted numbers. Where errors are
    correlated, the statistic counts that, and each pull is still over the error of its point. A
    spectrum has one pull for each point, in the colour of its species, and so has <ln A>. A dipole
    has two, told apart by colour: along the measured phase and across it where vectors are
    compared, amplitude and phase where these are. Limits, as arrows, have one; points outside the
    fit are faint and not counted. Each kind of data has axes of its own.

    Parameters
    ----------
    subject, datasets, energy_range, legend, x_unit
        As for `~crlocal_plugin.plot_spectra`.
    axes : sequence of `~matplotlib.axes.Axes`, optional
        Axes of spectra, <ln A>, own kinds and dipoles, as far as there are data; new by default.
    species : str or list of str, optional
        Species, ``"light"`` or ``"all_particle"`` of the spectra; all by default.

    Returns
    -------
    `~numpy.ndarray` of `~matplotlib.axes.Axes`
        The axes in this order.

    Raises
    ------
    ValueError, TypeError
        As for `~crlocal_plugin.plot_spectra`, or if there are no data or another number of axes.
    """
    subject = find_subject(subject, datasets)
    model, quantities = subject.model, known_quantities(subject.model)
    frame = SpectrumAxes("total_energy", x_unit=x_unit)
    wanted = chosen_names(True if species is None else species, quantities, "species")
    others = [d for d in subject.of_kind("spectrum") if d.quantity not in wanted]
    drawn = [dataset for dataset in subject.datasets if dataset not in others]
    panels = {}
    fitted = map(picture_of, replace(subject, datasets=drawn).fitted_datasets())
    for picture in sorted(fitted, key=lambda picture: picture.order):
        dataset = picture.dataset
        points = Points(dataset, total_energies(dataset, model), picture.pulls())
        panels.setdefault(picture.panel, []).append(points)
    if not panels:
        raise ValueError(
            "there are no data to compare with the model: pass datasets of its species, with a "
            "model or beside it"
        )
    low, high, _ = shown_points(list(chain(*panels.values())), energy_range, (1.0, 1e8))

    own = axes is None
    if own:
        axes = new_figure(0.6 + 3.1 * len(panels), (1,) * len(panels))
    axes = listed_axes(axes, len(panels), f"of {' and '.join(panels)}")
    for ax, points in zip(axes, panels.values(), strict=True):
        label = picture_of(points[0].dataset).panel_label
        labels = {"xlabel": "", "ylabel": f"{label}: (data $-$ model) / error"}
        panel = Frame(ax, frame, low, high, own, **labels)
        _draw_pulls(panel, points, quantities)
        panel.handles += _draw_sigma_bands(ax)
        _set_pull_limits(ax, [p.y[p.in_fit & p.within(low, high)] for p in points])
        title = f"$\\chi^2$ / numbers: {_stat(points)}"
        panel.finish(legend, title=title, title_fontsize="small", alignment="left")
    axes[-1].set_xlabel(frame.labels[0])
    return axes


def _draw_pulls(panel, points, quantities):
    """Draw the pulls of a panel, and say in its legend what colours and markers are."""
    # several numbers of a point are told apart by colour, else the species are
    names = [picture_of(shown.dataset).pull_names for shown in points]
    texts = [" or ".join(dict.fromkeys(parts)) for parts in zip(*filter(None, names), strict=True)]
    colors = dict(zip(texts, DIPOLE_PULL_COLORS, strict=False))
    measured = {shown.dataset.quantity for shown in points}
    species = {name: species_color(name) for name in quantities if name in measured}
    entries = colors or {species_label(name): color for name, color in species.items()}
    panel.handles += [line_handle(text, color=c, linewidth=sized(3)) for text, c in entries.items()]

    def draw(shown, **style):
        other = species.get(shown.dataset.quantity, species_color("all_particle"))
        for pulls, color in zip(shown.y.T, cycle(colors.values() or [other])):
            replace(shown, y=pulls).draw(panel, color=color, **style)

    sources = {}
    for shown, name in zip(points, source_names([p.dataset for p in points]), strict=True):
        sources.setdefault(data_label(shown.dataset, name), []).append(shown)
    stats = {source: f"{source}: {_stat(members)}" for source, members in sources.items()}
    draw_experiments(panel, points, draw, lambda *source: stats[data_label(*source)])


def _stat(points):
    """Chi2 of the points in the fit over the number of fitted numbers (str)."""
    information = [shown.dataset.info_dict() for shown in points]
    stat, numbers = (sum(info[key] for info in information) for key in ("stat_sum", "n_fit"))
    stat -= sum(shown.dataset.stat_sum_scatter() for shown in points)
    return f"{stat:.1f} / {numbers}"


class PullPanel:
    """Pulls, (data - model) / error, under the axes of a `Frame`, if it has a place for them."""

    def __init__(self, frame, model):
        self.frame, self.model = frame, model
        self.seen = []
        if frame.pulls is not None:
            _draw_sigma_bands(frame.pulls)

    def draw(self, shown, number=0, **style):
        """Draw one pull of each of the `Points`, the first unless another ``number`` is given."""
        ax = self.frame.pulls
        if ax is not None:
            pulls = shown.pulls(self.model)[:, number]
            replace(shown, y=pulls, errors=None).draw(self.frame, ax, **style)
            low, high = np.array(self.frame.ax.get_xlim()) / self.frame.factor
            self.seen.append(pulls[shown.in_fit & shown.within(low, high)])
            _set_pull_limits(ax, self.seen)


def _draw_sigma_bands(ax):
    """Draw zero and the bands of one and two standard deviations, and return legend handles."""
    for sigma, grey in _SIGMA_BANDS.items():
        ax.axhspan(-sigma, sigma, color=grey, linewidth=0, zorder=-sigma)
    ax.axhline(0, color="black", linewidth=sized(0.8), zorder=1)
    return [
        Patch(color=grey, linewidth=0, label=f"$\\pm {sigma}\\sigma$")
        for sigma, grey in _SIGMA_BANDS.items()
    ]


def _set_pull_limits(ax, pulls):
    """Show pulls, a list of arrays, with zero in the middle."""
    top = np.nanmax(np.abs(np.concatenate([*map(np.ravel, pulls), []])), initial=0.0)
    top = max(_LOWEST_TOP, 1.1 * top)
    ax.set_ylim(-top, top)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True, symmetric=True, prune="both"))
