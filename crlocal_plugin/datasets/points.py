"""What a dataset needs of a model: intensities or dipoles, and at which points.

A kind of dataset joins the fast evaluation of a joint likelihood by two methods: ``points`` returns
some of these, and ``predict`` turns the values there, in the same order, into what was measured.
Points are as measured: the energy scale of the experiment moves them, its normalisations multiply
intensities and dipoles, before ``predict`` sees the values.
"""

from collections.abc import Callable
from dataclasses import dataclass

import astropy.units as u
import numpy as np

from ..components.base import ENERGY_UNIT, x_unit
from ..models.grids import energy_grid
from ..models.predictions import composition_nuclei, log_intensities
from ..physics.composition import log_total
from ..physics.response import bin_response, fold, log_normal_response, tabulated_response

_LEAST = 1e-100


def itself(dataset, value):
    """Return what a kind predicts if that is the one value that it has asked for."""
    return value


@dataclass(frozen=True, eq=False)
class Intensities:
    """Intensities of a nucleus or of a sum of nuclei; the values have shape ``(..., n)``.

    Parameters
    ----------
    x : array_like
        Rigidities in GV or energies in GeV, shape ``(n,)``.
    quantity : str
        A species of the model, or a sum of several: "light", "all_particle", "CNO", ...
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        What ``x`` is. Values are in 1/(GV m2 s sr) or 1/(GeV m2 s sr) of it.
    """

    x: np.ndarray
    quantity: str
    axis: str = "rigidity"

    def of_model(self, model, norm, scale, phi_offset=0.0, dipole_norm=1.0):
        """Values for a model, as an experiment has them, see `NuisanceModel`."""
        x = u.Quantity(np.asarray(self.x) * scale, x_unit(self.axis))
        values = _values(model, phi_offset)
        intensity = model.intensity(x, self.quantity, axis=self.axis, values=values)
        return intensity.value * (norm * scale)


@dataclass(frozen=True, eq=False)
class Means:
    """Means over all nuclei at equal total energies, weighted with intensities; ``(..., n)``.

    Parameters
    ----------
    x : array_like
        Total energies in GeV, shape ``(n,)``.
    number : callable
        Takes a `~crlocal_plugin.Species`, returns the number whose mean is wanted.
    """

    x: np.ndarray
    number: Callable

    def of_model(self, model, norm, scale, phi_offset=0.0, dipole_norm=1.0):
        """Values for a model, as an experiment has them, see `NuisanceModel`."""
        energy = u.Quantity(np.asarray(self.x) * scale, ENERGY_UNIT)
        nuclei = composition_nuclei(model)
        values = _values(model, phi_offset)
        shares = np.array([model.fraction(energy, nucleus, values=values) for nucleus in nuclei])
        return np.array([self.number(nucleus) for nucleus in nuclei]) @ shares


@dataclass(frozen=True, eq=False)
class Dipoles:
    """Components of the dipole along right ascension 0 and 90 deg; two values ``(..., n)``.

    Parameters
    ----------
    x : array_like
        Total energies in GeV, shape ``(n,)``, or ``(k,)`` with a response.
    response : array_like, optional
        Weights of intensities per energy with which dipoles at the energies are averaged, shape
        ``(k, n)``, see `crlocal_plugin.physics.response`.
    acceptance : dict, optional
        Acceptance of species by name, relative, with which their intensities count: numbers, or
        arrays of shape ``(k,)``; under None that of all others, 1 if it is not there.
    """

    x: np.ndarray
    response: np.ndarray | None = None
    acceptance: dict | None = None

    def accepted(self, names):
        """Acceptance of species at the energies, shape ``(s, k)``."""
        given, size = self.acceptance or {}, len(self.x)
        rest = given.get(None, 1.0)
        rows = [np.broadcast_to(given.get(name, rest), size) for name in names]
        # where no species is accepted, a mean is still one
        return np.maximum(np.reshape(rows, (len(names), size)), _LEAST)

    def _log_accepted(self, nuclei):
        return np.log(self.accepted([nucleus.name for nucleus in nuclei]))

    def of_model(self, model, norm, scale, phi_offset=0.0, dipole_norm=1.0):
        """Values for a model, as an experiment has them, see `NuisanceModel`."""
        return self.vector_of_model(model, scale, phi_offset, dipole_norm)[:2]

    def vector_of_model(self, model, scale, phi_offset=0.0, dipole_norm=1.0):
        """All three components for a model, shape ``(3, n)``."""
        energy = u.Quantity(np.asarray(self.x) * scale, ENERGY_UNIT)
        evaluator, values = model.evaluator, _values(model, phi_offset)
        values = evaluator.values() if values is None else values
        energies = energy_grid(energy.value, evaluator.species.values())
        if self.acceptance:
            accepted = dict(
                zip(evaluator.species, self._log_accepted(evaluator.species.values()), strict=True)
            )
            logs = {name: log + accepted[name] for name, log in energies.log_jacobians.items()}
            energies = energies._replace(log_jacobians=logs)
        vector = np.moveaxis(evaluator.excess(energies, values), -1, 0)
        if self.response is not None:
            nuclei, logs = log_intensities(model, values, energy)
            total = log_total(logs + self._log_accepted(nuclei))
            vector = np.array(fold(vector, np.ones(energy.shape), self.response, total))
        return vector * dipole_norm


def dipoles_of_events(table, response=True):
    """Dipoles at the energies of the events behind the points of a table of dipoles.

    Without a response they have the energies of the points; see `crlocal_plugin.tables`.
    """
    energies, accepted = np.asarray(table["energy"]), table.meta.get("acceptance")
    given = table.meta.get("energy_response") if response else None
    if given is None:
        if response and "energy_width" in table.colnames:
            found = log_normal_response(energies, np.asarray(table["energy_width"], dtype=float))
        elif response and "energy_min" in table.colnames:
            found = bin_response(*(np.asarray(table[f"energy_{end}"]) for end in ("min", "max")))
        else:
            found = (energies,)
        return Dipoles(*found, acceptance=accepted)
    columns = {name: np.array(values) for name, values in given.items()}
    ratio = columns.pop("log10_ratio")
    energy, weight, *shapes = tabulated_response(energies, ratio, *columns.values())
    names = (name.partition("_")[2] or None for name in columns)
    shapes, accepted = dict(zip(names, shapes, strict=True)), accepted or {}
    acceptance = {
        name: shapes.get(name, shapes[None]) * accepted.get(name, 1.0)
        for name in {*shapes, *accepted}
    }
    present = np.any(list(acceptance.values()), axis=0)
    acceptance = {name: values[present] for name, values in acceptance.items()}
    return Dipoles(energy[present], weight[present], acceptance)


def require_accepted(table, name, model):
    """Refuse a model of whose species a table of dipoles accepts none (ValueError)."""
    accepted = table.meta.get("acceptance") or {}
    if model.species and not any(accepted.get(species, 1.0) for species in model.species):
        raise ValueError(
            f"dataset {name!r}: the acceptance of {', '.join(model.species)} is zero, of all "
            "species of the model; give one of them a positive number in the table"
        )


def _values(model, phi_offset):
    """Values of a model with another modulation potential, None for its own."""
    if not phi_offset:
        return None
    evaluator = model.evaluator
    return [
        max(value + phi_offset, 0.0) if par.name == "phi" else value
        for par, value in zip(evaluator.parameters, evaluator.values(), strict=True)
    ]
