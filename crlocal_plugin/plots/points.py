"""Measured points in pictures: where they are, in which range, and under which name."""

import astropy.units as u
import numpy as np

from ..components.component import (
    GROUPS,
    has_species,
    species_group,
)
from ..datasets.plot_axes import log_limits
from ..physics.kinematics import (
    axis_jacobian,
    axis_to_rigidity,
    particle_grid,
    rigidity_to_axis,
)
from ..physics.species import ELEMENT_GROUPS


def drawn_nuclei(model, quantity):
    """Nuclei of a model that a quantity sums over (list of `~crlocal_plugin.Species`)."""
    members = species_group(quantity, model.species)
    if not members:
        raise ValueError("the model has no spectra, and so no species: there is nothing to draw")
    return [nucleus for nucleus in model.nuclei if nucleus.name in members]


def known_quantities(model):
    """Species of a model, and the sums of them that have a name (list of str)."""
    sums = [name for name in (*GROUPS, *ELEMENT_GROUPS) if has_species(model, name)]
    return list(dict.fromkeys([*model.species, *sums]))


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
    factor : `~numpy.ndarray`
        What measured intensities are multiplied with.

    Notes
    -----
    A sum of species is no function of another axis than its own. It is put where its lightest
    species would be, which is good for a position and not for an intensity.
    """
    norm, scale = dataset.scales()
    x, factor = dataset.x.value * scale, np.exp(-dataset.hadronic_shift()) / (norm * scale)
    if dataset.axis == axis:
        return x, factor
    nuclei = drawn_nuclei(model, dataset.quantity)
    nucleus = min(nuclei, key=lambda nucleus: nucleus.rest_energy)
    rigidity = axis_to_rigidity(x, nucleus, dataset.axis)
    beta = particle_grid(rigidity, nucleus).beta
    own = axis_jacobian(beta, nucleus, dataset.axis)
    factor = factor * axis_jacobian(beta, nucleus, axis) / own
    return rigidity_to_axis(rigidity, nucleus, axis), factor


def data_bounds(x, in_fit, usual):
    """Range that shows the data, but no tail far outside the fit.

    Parameters
    ----------
    x : list of `~numpy.ndarray`
        Rigidities or energies of the points of each dataset.
    in_fit : list of `~numpy.ndarray` of bool
        Which of them are in the fit; these count always.
    usual : tuple of float
        Range in which the others count, returned if no point counts.

    Returns
    -------
    low, high : float
        Range.
    """
    counted = [
        values[rows | ((values >= usual[0]) & (values <= usual[1]))]
        for values, rows in zip(x, in_fit, strict=True)
    ]
    return log_limits(np.concatenate([*counted, []]), 1.3) or usual


def energy_bounds(energy_range, default, unit):
    """Range of a rigidity or energy axis.

    Parameters
    ----------
    energy_range : tuple of `~astropy.units.Quantity` or None
        Lower and upper end; None, for either or both, stands for the default.
    default : tuple of float
        Default in ``unit``.
    unit : `~astropy.units.Unit`
        Unit of the axis.

    Returns
    -------
    low, high : float
        Range in ``unit``.

    Raises
    ------
    ValueError
        If the range is none of this unit, is not positive and finite, or is empty.
    """
    given = (None, None) if energy_range is None else energy_range
    try:
        low, high = (
            float(end) if value is None else float(u.Quantity(value).to_value(unit))
            for value, end in zip(given, default, strict=True)
        )
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"energy_range: expected two Quantities like {unit}, either of which may be None, got "
            f"{energy_range!r}"
        ) from error
    if not 0 < low < high < np.inf:
        raise ValueError(f"energy_range: expected 0 < low < high, got {low:g} to {high:g} {unit}")
    return low, high


def in_range(x, low, high):
    """Which datasets have points in a range, so that a legend names no other.

    Parameters
    ----------
    x : list of `~numpy.ndarray`
        Rigidities or energies of the points of each dataset.
    low, high : float
        Range.

    Returns
    -------
    list of bool
        One for each dataset.
    """
    return [bool(((values >= low) & (values <= high)).any()) for values in x]


def source_names(datasets):
    """Names under which the data of a picture go: experiments, told apart where need be.

    Parameters
    ----------
    datasets : list of `~crlocal_plugin.datasets.core.CosmicRayDataset`
        Datasets.

    Returns
    -------
    list of str
        The experiment of each, with the hadronic model if the picture has several of it.
    """
    models = {}
    for dataset in datasets:
        models.setdefault(dataset.experiment, set()).add(_hadronic_model(dataset))
    return [
        f"{d.experiment} {_hadronic_model(d)}".strip()
        if len(models[d.experiment]) > 1
        else d.experiment
        for d in datasets
    ]


def _hadronic_model(dataset):
    return dataset.table.meta.get("hadronic_model") or ""


def data_label(dataset, name, norm=True):
    """Legend entry of a dataset: its name, and by how much a fit has shifted its data.

    Parameters
    ----------
    dataset : `~crlocal_plugin.datasets.core.CosmicRayDataset`
        Dataset.
    name : str
        Name of its data.
    norm : bool, optional
        Whether its normalisation matters.

    Returns
    -------
    str
        Entry.
    """
    factor, scale = dataset.scales()
    shifts = [f"E × {scale:.3g}"] if scale != 1 else []
    shifts += [f"J / {factor:.3g}"] if norm and factor != 1 else []
    models = dataset.hadronic_models
    if models and dataset.hadronic.value != 0:
        position = dataset.hadronic.value
        at_one = position in range(len(models))
        shifts.append(f"at {models[int(position)]}" if at_one else f"hadronic {position:.3g}")
    label = name.replace("ASgamma", "ASγ")
    return f"{label} ({', '.join(shifts)})" if shifts else label
