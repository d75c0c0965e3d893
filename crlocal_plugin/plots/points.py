"""Measured points of spectra on the axis of a picture."""

from ..models.component import species_group
from ..physics.kinematics import axis_jacobian, axis_to_rigidity, particle_grid, rigidity_to_axis

__all__ = ["drawn_nuclei", "points_on_axis"]


def drawn_nuclei(model, quantity):
    """Nuclei of a model that a quantity sums over (list of `~crlocal_plugin.Species`)."""
    members = species_group(quantity, model.species)
    return [nucleus for nucleus in model.nuclei if nucleus.name in members]


def points_on_axis(dataset, model, axis):
    """Points of a dataset on an axis, with the shifts of a fit taken out of the data.

    Parameters
    ----------
    dataset : CosmicRayFluxDataset
        Dataset.
    model : CosmicRayModel
        Model that has its species.
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        Axis of the picture.

    Returns
    -------
    x : `~numpy.ndarray`
        Positions in GV or GeV.
    factor : float or `~numpy.ndarray`
        What measured intensities are multiplied with.

    Notes
    -----
    A sum of species is no function of another axis than its own. It is put where its lightest
    species would be, which is good for a position and not for an intensity.
    """
    norm, scale = dataset.scales()
    x, factor = dataset.x.value * scale, 1 / (norm * scale)
    if dataset.axis == axis:
        return x, factor
    nuclei = drawn_nuclei(model, dataset.quantity)
    nucleus = min(nuclei, key=lambda nucleus: nucleus.rest_energy)
    rigidity = axis_to_rigidity(x, nucleus, dataset.axis)
    beta = particle_grid(rigidity, nucleus).beta
    own = axis_jacobian(beta, nucleus, dataset.axis)
    factor = factor * axis_jacobian(beta, nucleus, axis) / own
    return rigidity_to_axis(rigidity, nucleus, axis), factor
