"""All-particle spectrum with the contributions of the species."""

from ..datasets.plot_axes import SpectrumAxes
from .spectra import draw_spectra, spectra_on_axis, with_spectrum
from .subject import chosen_names, chosen_species, find_subject

_SUMS = ("all_particle", "light")


def plot_all_particle(
    subject,
    datasets=None,
    ax=None,
    species=True,
    energy_power=2.7,
    energy_range=None,
    components=False,
    legend=True,
    band=True,
    samples=None,
    x_unit=None,
    intensity_unit=None,
    pulls=None,
):
    """Plot the all-particle spectrum of a model with the species that it is made of.

    Bold lines are the sums that the data are compared with: all particles, and H + He if there
    are data of it; thin lines, with their names, the species. Data of these are not drawn.

    Parameters
    ----------
    subject, datasets, ax, energy_power, energy_range, legend, band, samples
        As for `~crlocal_plugin.plot_spectra`, but bands are those of the sums, and points outside
        the fit count between 100 and 1e8 GeV only, which is also the range without data.
    x_unit, intensity_unit, pulls
        As for `~crlocal_plugin.plot_spectra`.
    species : bool, str or list of str, optional
        Draw the contributions of all species, of none, or of these species and sums of species.
    components : bool, str or list of str, optional
        Draw the components of the sum of all species, or those of these names.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ValueError, TypeError
        As for `~crlocal_plugin.plot_spectra`.
    """
    subject = find_subject(subject, datasets, samples)
    model = subject.model
    axes = SpectrumAxes("total_energy", energy_power, x_unit, intensity_unit)
    components = chosen_names(components, model.components, "component")
    sums = [d for d in spectra_on_axis(subject, axes.axis) if d.quantity in _SUMS]
    flux = [dataset for dataset in sums if dataset.axis == axes.axis]
    measured = {"all_particle", *(dataset.quantity for dataset in flux)}
    whole = [name for name in _SUMS if name in measured]
    parts = {name: [] for name in (*whole, *chosen_species(species, model))}
    parts["all_particle"] = with_spectrum(model, "all_particle", components)
    options = energy_range, legend, band, pulls
    return draw_spectra(ax, subject, flux, parts, axes, *options, whole, usual=(1e2, 1e8))
