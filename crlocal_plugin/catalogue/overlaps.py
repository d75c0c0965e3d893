"""Tables that share events, which must not be fitted together."""

import itertools

import numpy as np

from ..files import shipped_yaml
from ..physics.species import ELEMENT_GROUPS
from .index import DATA, row_of, rows

_CONTAINED = {"light": ("H", "He"), **ELEMENT_GROUPS}
"""Nuclei by the sums of them that have tables."""

_KNOWN = shipped_yaml(DATA / "overlaps.yaml")
_JOINT_ANALYSES = {frozenset(pair): reason for *pair, reason in _KNOWN["joint_analyses"]}


class OverlapError(ValueError):
    """Tables that share events were asked for together."""


def overlapping_tables(name):
    """Tables of the catalogue that must not be fitted together with the one of a name.

    Returns
    -------
    dict
        Table name to the reason. Some pairs can be separated by energy, as the selections do.
    """
    row = row_of(name)
    reasons = {other: shared_events(row, rows()[other])[0] for other in rows() if other != name}
    return {other: reason for other, reason in reasons.items() if reason}


def refuse_overlaps(items):
    """Raise OverlapError if tables of the catalogue share events inside their ranges."""
    known = [item for item in items if item.path is None]
    for one, other in itertools.combinations(known, 2):
        reason, split_by_energy = shared_events(row_of(one.name), row_of(other.name))
        if reason and not (split_by_energy and _ranges_are_apart(one, other)):
            raise OverlapError(
                f"tables {one.name!r} and {other.name!r} share events: {reason}. Leave one out, "
                "or pass allow_overlap=True (--allow-overlap) if you really want this"
            )


def shared_events(one, other):
    """Return why the tables of two rows share events, None if not, and if energy separates them."""
    joint = _JOINT_ANALYSES.get(frozenset({one["name"], other["name"]}))
    if joint:
        return joint, False
    are_dipoles = [row["kind"] == "dipole" for row in (one, other)]
    if one["experiment"] != other["experiment"] or are_dipoles[0] != are_dipoles[1]:
        return None, False
    if all(are_dipoles):
        # Median energies do not tell events apart: every bin of an air-shower or muon detector
        # is wide, and the analyses of most experiments binned the same years anew.
        default = f"they are successive analyses of the data of {one['experiment']}"
        reason = _KNOWN["split_by_energy"].get(one["experiment"])
        return reason or default, reason is not None
    same_axis = one["axis"] == other["axis"]
    models = sorted({one["hadronic_model"], other["hadronic_model"]})
    if len(models) == 2:
        return f"the same showers were unfolded with two models, {' and '.join(models)}", same_axis
    quantities = one["quantity"], other["quantity"]
    if quantities[0] == quantities[1]:
        return "they are two releases of the same measurement", same_axis
    if any(name in _CONTAINED.get(group, ()) for group, name in itertools.permutations(quantities)):
        return "the nuclei of one are contained in the other", same_axis
    # An all-particle spectrum shares showers with those of nuclei, but holds the nuclei that have
    # no table, and its systematic errors are far above the errors of the counts that are shared.
    return None, False


def _ranges_are_apart(one, other):
    (low, high), (other_low, other_high) = _covered_range(one), _covered_range(other)
    return max(low, other_low) >= min(high, other_high)


def _covered_range(item):
    """Lowest value, inclusive, and highest value, exclusive, in the unit of the table."""
    row, (lowest, highest) = row_of(item.name), item.energy_range
    low, high = row["x_min"], np.nextafter(row["x_max"], np.inf)
    low = low if lowest is None else max(low, lowest.to_value(row["unit"]))
    return low, high if highest is None else min(high, highest.to_value(row["unit"]))
