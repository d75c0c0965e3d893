"""Measured points in pictures: where they are, in which range, and under which name."""

from dataclasses import dataclass

import numpy as np

from ..components.base import ENERGY_UNIT
from ..components.component import has_species
from ..datasets.core import CosmicRayDataset
from ..datasets.plot_axes import draw_points, log_limits, points_in_fit
from ..datasets.plotting import picture_of
from ..physics.kinematics import axis_jacobian, axis_to_rigidity, particle_grid, rigidity_to_axis
from .frame import energy_bounds, marker_handle
from .style import experiment_markers
from .subject import drawn_nuclei, with_model


@dataclass(frozen=True, eq=False)
class Points:
    """Points of a dataset in a picture: ``x`` in GV or GeV, with the energy scale of a fit."""

    dataset: CosmicRayDataset
    x: np.ndarray
    y: np.ndarray
    errors: tuple | None = None

    @property
    def in_fit(self):
        """Which of them are in the fit (`~numpy.ndarray` of bool)."""
        return points_in_fit(self.dataset)

    def within(self, low, high):
        """Which of them are in a range (`~numpy.ndarray` of bool)."""
        return (self.x >= low) & (self.x <= high)

    def pulls(self, model):
        """Pulls of a model, shape ``(n, k)``."""
        own = self.dataset.model is model
        return picture_of(self.dataset if own else with_model(self.dataset, model)).pulls()

    def draw(self, frame, ax=None, **style):
        """Draw the points into a frame, or other axes of it, with limits as arrows."""
        options = {"is_ul": getattr(self.dataset, "is_ul", None), "in_fit": self.in_fit} | style
        options["source"] = self.dataset
        draw_points(ax or frame.ax, frame.factor * self.x, self.y, self.errors, **options)


def points_on_axis(dataset, model, axis):
    """Positions in GV or GeV and factors of intensities that take out the shifts of a fit."""
    norm, scale = dataset.scales()
    x, factor = dataset.x.value * scale, np.exp(-dataset.hadronic_shift()) / (norm * scale)
    if dataset.axis == axis:
        return x, factor
    known = has_species(model, dataset.quantity)
    nuclei = drawn_nuclei(model, dataset.quantity if known else "all_particle")
    # a sum is no function of another axis: where the lightest would be does for a position
    nucleus = min(nuclei, key=lambda nucleus: nucleus.rest_energy)
    rigidity = axis_to_rigidity(x, nucleus, dataset.axis)
    beta = particle_grid(rigidity, nucleus).beta
    own = axis_jacobian(beta, nucleus, dataset.axis)
    factor = factor * axis_jacobian(beta, nucleus, axis) / own
    return rigidity_to_axis(rigidity, nucleus, axis), factor


def total_energies(dataset, model):
    """Total energies per particle in GeV, with the energy scale of a fit."""
    if getattr(dataset, "axis", "total_energy") != "total_energy":
        return points_on_axis(dataset, model, "total_energy")[0]
    return dataset.x.to_value(ENERGY_UNIT) * dataset.scales()[1]


def shown_points(points, energy_range, usual, unit=ENERGY_UNIT, at_least=False):
    """Ends of the horizontal axis, and those of the `Points` that have some between them.

    Points outside the fit count in the ``usual`` range only, which is that without points.
    """
    counted = [p.x[p.in_fit | p.within(*usual)] for p in points]
    low, high = log_limits(np.concatenate([*counted, []]), 1.3) or usual
    if at_least:
        low, high = min(low, usual[0]), max(high, usual[1])
    low, high = energy_bounds(energy_range, (low, high), unit)
    return low, high, [p for p in points if p.within(low, high).any()]


def draw_experiments(frame, points, draw, label=None):
    """Call ``draw`` with each of the `Points` and its marker, and enter them into the legend."""
    names = source_names([shown.dataset for shown in points])
    markers = experiment_markers(names)
    for shown, name in zip(points, names, strict=True):
        marker, filled = markers[name]
        draw(shown, marker=marker, filled=filled)
        text = (label or data_label)(shown.dataset, name)
        frame.handles.append(marker_handle(text, marker, filled))
    if not all(shown.in_fit.all() for shown in points):
        frame.handles.append(marker_handle("not in the fit", "o", False, faint=True))


def source_names(datasets):
    """Experiment of each dataset, with the hadronic model if the picture has several of it."""
    sources = [(d.experiment, d.table.meta.get("hadronic_model") or "") for d in datasets]
    names = [name for name, _ in set(sources)]
    return [f"{name} {model}".strip() if names.count(name) > 1 else name for name, model in sources]


def data_label(dataset, name, norm=True):
    """Legend entry of a dataset: its name, and by how much a fit has shifted its data."""
    factor, scale, _, dipole = dataset.nuisance_values()
    shifts = [f"E × {scale:.3g}"] if scale != 1 else []
    shifts += [f"J / {factor:.3g}"] if norm and factor != 1 else []
    shifts += [f"A / {dipole:.3g}"] if dataset.has_dipoles and dipole != 1 else []
    models = dataset.hadronic_models
    if models and (position := dataset.hadronic.value):
        at_one = position in range(len(models))
        shifts.append(f"at {models[int(position)]}" if at_one else f"hadronic {position:.3g}")
    # a dollar would begin a formula
    label = name.replace("ASgamma", "ASγ").replace("$", r"\$")
    return f"{label} ({', '.join(shifts)})" if shifts else label
