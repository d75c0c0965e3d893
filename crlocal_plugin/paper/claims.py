"""What the paper says of its parameters, held against fits to the data."""

import functools
from dataclasses import dataclass, field, replace

import numpy as np
from astropy.table import MaskedColumn, Table

from .setting import Setting, fixed_at

U_HC = {
    "23.2": {"u_HC": "23.2 km s-1", "u_HC_ra": "78.5 deg", "u_HC_dec": "18.0 deg"},
    "25.4": {"u_HC": "25.4 km s-1", "u_HC_ra": "74.9 deg", "u_HC_dec": "17.6 deg"},
    "26.6": {"u_HC": "26.6 km s-1", "u_HC_ra": "75.0 deg", "u_HC_dec": "17.7 deg"},
}
"""Velocities of the cloud with respect to the Sun in Appendix A.3, by their speed in km/s."""


@dataclass(frozen=True)
class Claim:
    """A statement of the paper in other words, its section, and the settings that decide on it.

    Parameters
    ----------
    alternatives, reference : dict of str to Setting, Setting
        What is compared, by a title, and with what: by default with the joint fit.
    own : tuple of str
        Parameters that the statement is about and that have a prior: what the cosmic rays say of
        them is found without it.
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


_PAPER_V_SUN = {"V_sun": "15.5 km s-1"}

CLAIMS = (
    Claim(
        "delta_b",
        "A.1",
        "The dipole of the background is well constrained.",
        fixed_at("delta_b", "1e-4", "6e-4", "1e-3", "2e-3"),
    ),
    Claim(
        "V_sun",
        "A.2",
        "Cosmic rays require a solar motion V_sun of about 15.5 km/s.",
        fixed_at("V_sun", "10", "12.24", "15.5", "20", unit="km s-1"),
        own=("V_sun",),
    ),
    Claim(
        "u_HC",
        "A.3",
        "The earlier measurement of 23.2 km/s for the velocity of the cloud is ruled out.",
        {f"u_HC = {speed} km/s": Setting(fixed=U_HC[speed]) for speed in ("23.2", "26.6")},
        own=("V_sun",),
    ),
    Claim(
        "u_HC at the V_sun of the paper",
        "A.3",
        "The same, with V_sun held at 15.5 km/s as in the figure of the paper.",
        {
            f"u_HC = {speed} km/s": Setting(fixed=U_HC[speed] | _PAPER_V_SUN)
            for speed in ("23.2", "26.6")
        },
        Setting(fixed=_PAPER_V_SUN),
    ),
    Claim(
        "x",
        "A.4",
        "The distance to the edge of the cloud is at most a few pc.",
        fixed_at("x", "0.1", "1.6", "10", "30", unit="pc"),
        own=("x",),
    ),
    Claim(
        "R_cr",
        "A.5",
        "Turbulence in the cloud cannot be very high (a low R_cr).",
        fixed_at("R_cr", "0.3", "1", "30", unit="PV"),
        own=("x",),
    ),
    Claim(
        "B",
        "A.5",
        "The magnetic field is well constrained at a few microgauss.",
        fixed_at("B", "1", "9", "30", unit="uG"),
        own=("x",),
    ),
    Claim(
        "wandering",
        "III, IV",
        "The data are explained with and without wandering of field lines on small scales.",
        {"wandering": Setting("wandering")},
        own=("V_sun",),
    ),
    Claim(
        "nearby source",
        "IV",
        "The data ask for a source near the solar system.",
        {
            # without the source, nothing depends on the cloud and the solar motion
            "no nearby source": Setting(
                fixed={"Q_0n": "0 GV-1", "x": "1.6 pc", "V_sun": "15.5 km s-1"}
            )
        },
    ),
    Claim(
        "Galactic centre",
        "II",
        "A component from the Galactic centre shapes the dipole above 100 TeV.",
        {"no Galactic centre": Setting(fixed={"Q_0c": "0 GV-1", "R_cutc": "100 PV"})},
    ),
    Claim(
        "Compton-Getting",
        "I",
        "The Compton-Getting effect of the motion in the cloud must not be left out.",
        {"no Compton-Getting effect": Setting(fixed={"C": "0"})},
    ),
)
"""Statements of the paper that fits can decide on, in the order of its sections on parameters."""


def check_claims(fits, claims=CLAIMS):
    """Hold statements of the paper against the data.

    Parameters
    ----------
    fits : dict of Setting to CosmicRayDatasets
        Fits of all settings of the statements, from `fit_settings`.
    claims : iterable of Claim, optional
        Statements; all by default.

    Returns
    -------
    `~astropy.table.Table`
        A row for each setting, with three differences from the reference: ``unfitted``, of the
        chi2 with the values of the paper and nothing but the change; ``fitted``, of the statistic
        after fits of all other free parameters with the priors on what others measured; and
        ``without``, of fits without those on the parameters in question (``own_prior``), masked
        if there are none. ``V_sun`` in km/s and ``x`` in pc are where the fit with all priors ends.
    """
    unfitted = functools.cache(lambda setting: setting.datasets().stat_sum_likelihood())

    def fitted(setting):
        return fits[setting].stat_sum()

    rows = []
    for claim in claims:
        for title, setting in claim.alternatives.items():
            pair = setting, claim.reference
            without = [replace(one, without=claim.own) for one in pair if claim.own]
            statistics = {
                "unfitted": [unfitted(one) for one in pair],
                "fitted": [fitted(one) for one in pair],
                "without": [fitted(one) for one in without] or [np.nan, 0],
            }
            rows.append(
                {
                    "claim": claim.name,
                    "where": claim.where,
                    "statement": claim.statement,
                    "setting": title,
                    **{name: one - other for name, (one, other) in statistics.items()},
                    "own_prior": ", ".join(claim.own),
                    **{name: fits[setting].parameters[name].value for name in ("V_sun", "x")},
                }
            )
    columns = ("claim", "where", "statement", "setting", "unfitted", "fitted", "own_prior")
    table = Table(rows=rows)[[*columns, "without", "V_sun", "x"]]
    table["without"] = MaskedColumn(table["without"], mask=np.isnan(table["without"]))
    for name in statistics:
        table[name].format = "+.1f"
    for name, unit in (("V_sun", "km/s"), ("x", "pc")):
        table[name].format, table[name].unit = ".2f", unit
    return table
