"""How a fit depends on the way that the data are treated: one fit for each of several changes."""

import warnings

from astropy.table import Table
from gammapy.modeling import Fit

from ..likelihood.degeneracies import DegenerateParametersWarning
from ..likelihood.summary import fit_summary
from ..work.parallel import run_parallel
from .description import Analysis


def _priors(field="field-ribbon", cloud="cloud-correlated", *more):
    return {"priors": ("measured", "solar-motion", field, cloud, *more)}


def _free(*names):
    return {"parameters": {name: {"free": True} for name in names}}


TREATMENTS = {
    "default": {},
    "field and velocities exact": {"priors": ("measured",)},
    "no priors": {"priors": ()},
    "field of Zirnstein 2016": _priors("field-zirnstein-2016"),
    "field of starlight": _priors("field-starlight"),
    "cloud of Bzowski 2015": _priors(cloud="cloud-bzowski-2015"),
    "edge of the cloud unknown": _priors("field-ribbon", "cloud-correlated", "edge-wide"),
    "D_0 of Table I": {"parameters": {"D_0": {"free": False}}},
    "floors, no scatter": {"scatter": False},
    "neither": {"scatter": False, "floors": None},
    "amplitude and phase": {"likelihood": "amplitude_phase"},
    "Student's t, no scatter": {"likelihood": "student", "scatter": False, "floors": None},
    "published amplitudes": {"declination_factor": False},
    "declination factors free": _priors("field-ribbon", "cloud-correlated", "dipole-norms")
    | _free("dipole_norm"),
    "one energy per point": {"energy_width": 0.0},
    "energies 0.3 dex wide": {"energy_width": 0.3},
    "energies 0.6 dex wide": {"energy_width": 0.6},
    "energy scales free": _priors("field-ribbon", "cloud-correlated", "energy-scales")
    | _free("energy_scale"),
    "local index for C": {"model": {"compton_getting": "local"}},
    "frame of the LSR": {"model": {"compton_getting_frame": "lsr"}},
    "wandering": {"model": {"variant": "wandering"}},
    "KASCADE of QGSJET 01": {"hadronic_model": {"KASCADE": "QGSJET-01"}},
    "dipoles of the paper": {"datasets": ("xue-liu-2025",)},
    "all as in earlier versions": {
        "datasets": ("xue-liu-2025",),
        "priors": ("measured",),
        "scatter": False,
        "energy_width": 0.0,
    },
}
"""Changes of an analysis, as its file has them, by what they are."""

PARAMETERS = ("V_sun", "x", "D_0", "delta_b")


def treatments(
    analysis=None, cases=None, parameters=PARAMETERS, n_starts=0, progress=None, n_jobs=None
):
    """Repeat a fit with one change of the analysis at a time, and compare the results.

    Parameters
    ----------
    analysis : Analysis, optional
        What is changed; by default the model and the data of the paper.
    cases : dict of str to dict, optional
        Entries of an analysis that are changed, by a name for each, as `Analysis.changed` takes
        them; by default those that a referee would ask for.
    parameters : list of str, optional
        Labels of parameters whose values are compared.
    n_starts : int, optional
        Starts of each fit, see `~crlocal_plugin.CosmicRayDatasets`; by default the one from the
        values of the model alone.
    progress : callable or bool, optional
        Called with 1 after each fit; otherwise as for `~crlocal_plugin.scan_profiles`.
    n_jobs : int, optional
        As for `~crlocal_plugin.scan_profiles`. The result does not depend on it.

    Returns
    -------
    `~astropy.table.Table`
        A row for each case: ``name``, ``numbers``, ``chi2``, ``total``, ``p_value``, the angle
        ``theta`` between u_LSR and the field, the parameters, errors under ``..._err``, nan where
        there is none, and whether the fit ``converged``.

    Raises
    ------
    AnalysisError
        If a change is not an entry of an analysis, or a value cannot be used.
    ValueError
        If there is no parameter of a name.
    """
    analysis = analysis or Analysis()
    # all mistakes before the first fit
    changed = {
        name: analysis.changed(changes, {(key,): f"case {name!r}, {key}" for key in changes})
        for name, changes in (TREATMENTS if cases is None else cases).items()
    }
    inputs = [(name, case, n_starts, parameters) for name, case in changed.items()]
    rows = run_parallel(_fit_case, inputs, n_jobs, None, progress, "treatments", "fits")
    table = Table(rows=rows)
    for name in table.colnames[2:-1]:
        table[name].format = ".2g" if name.endswith(("_err", "p_value")) else ".4g"
    table["chi2"].format = table["total"].format = ".1f"
    return table


def _fit_case(name, case, n_starts, parameters):
    """Row of a case."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateParametersWarning)
        datasets = case.prepare()
        datasets.n_starts = n_starts
        result = Fit(backend=case.backend).run(datasets)
    return {"name": name, **_row(fit_summary(datasets, result, profiles=False), parameters)}


def _row(summary, parameters):
    found = {row["label"]: row for row in (*summary.derived, *summary.parameters)}
    chi2 = summary.likelihood - summary.scatter
    row = {"numbers": summary.n_data, "chi2": chi2, "total": summary.total}
    row["p_value"] = summary.p_value
    for label in ("theta", *parameters):
        if label not in found:
            raise ValueError(f"no parameter {label!r}: expected some of {', '.join(found)}")
        error = found[label]["error"]
        row |= {label: found[label]["value"], f"{label}_err": error or float("nan")}
    return row | {"converged": summary.success}
