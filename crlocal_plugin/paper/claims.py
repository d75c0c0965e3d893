"""What the paper says of its parameters, held against fits to the data."""

import functools
from dataclasses import dataclass, field, replace

import numpy as np
from astropy.table import MaskedColumn, Table

from .setting import PAPER, Setting


@dataclass(frozen=True)
class Claim:
    """A statement of the paper in other words, its section, and the settings that decide on it.

    Parameters
    ----------
    alternatives, reference : dict of str to Setting, Setting
        What is compared, by a title, and with what: by default with the joint fit.
    own : tuple of str
        Parameters that the statement is about: without their priors, cosmic rays alone tell them.
    """

    name: str
    where: str
    statement: str
    alternatives: dict
    reference: Setting = field(default_factory=Setting)
    own: tuple = ()

    def settings(self):
        """List all settings that are fitted (list of Setting)."""
        settings = [*self.alternatives.values(), self.reference]
        return settings + [replace(s, without=self.own) for s in settings if self.own]


CLAIMS = tuple(Claim(**entry) for entry in PAPER["claims"])
"""Statements of the paper that fits can decide on, in the order of its sections on parameters."""


def check_claims(fits, claims=CLAIMS):
    """Hold statements of the paper against the data.

    Parameters
    ----------
    fits, claims : dict of Setting to CosmicRayDatasets, iterable of Claim
        Fits of the settings of the claims, from `fit_settings`, and these.

    Returns
    -------
    `~astropy.table.Table`
        A row for each setting, with three differences from the reference: ``unfitted``, of the
        chi2 with the values of the paper and nothing but the change; ``fitted``, of the statistic
        after fits with all priors, which end at ``V_sun`` and ``x``; and ``without``, of fits
        without priors on the parameters in question (``own_prior``), masked if there are none.
    """
    unfitted = functools.cache(
        lambda setting: setting.datasets(scatter=False).stat_sum_likelihood()
    )

    def fitted(setting):
        return fits[setting].stat_sum()

    rows = []
    for claim in claims:
        for title, setting in claim.alternatives.items():
            pair = setting, claim.reference
            own = [replace(one, without=claim.own) for one in pair]
            end = fits[setting].parameters
            rows.append(
                {
                    "claim": claim.name,
                    "where": claim.where,
                    "statement": claim.statement,
                    "setting": title,
                    "unfitted": np.subtract(*map(unfitted, pair)),
                    "fitted": np.subtract(*map(fitted, pair)),
                    "own_prior": ", ".join(claim.own),
                    "without": np.subtract(*map(fitted, own)) if claim.own else np.nan,
                    "V_sun": end["V_sun"].value,
                    "x": end["x"].value,
                }
            )
    table = Table(rows=rows)
    table["without"] = MaskedColumn(table["without"], mask=np.isnan(table["without"]))
    for name in ("unfitted", "fitted", "without"):
        table[name].format = "+.1f"
    for name, unit in (("V_sun", "km/s"), ("x", "pc")):
        table[name].format, table[name].unit = ".2f", unit
    return table
