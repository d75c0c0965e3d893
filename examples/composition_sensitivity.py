"""
Sensitivity of the composition fit
==================================

What hangs on loss on the way, priors, floors, normalisations, data and shared indices. Dipoles are
of one energy each, with floors in place of scatters. :doc:`/composition` has the table.
"""

import warnings

import numpy as np
from astropy.table import Table
from gammapy.modeling import Fit

import crlocal_plugin as crl

NUCLEI = ("c", "o", "ne", "mg", "si", "fe")
SHIFTED = [f"{experiment}_{nucleus}" for experiment in ("calet", "cream") for nucleus in NUCLEI]
CASES = {
    "default": {},
    "no priors": {"priors": None},
    "grammage 5.9 g/cm2": {"fix": ["grammage"]},
    "no loss, indices by group": {"spallation": False},
    "no loss, one index": {"spallation": False, "index_groups": crl.INDEX_GROUPS},
    "C, O and Fe by themselves": {"index_groups": [("C", "O"), ("Ne", "Mg", "Si", "S")]},
    "floor of 3 %": {"floor": 0.03},
    "no norms": {"norms": False},
    "no CALET, CREAM nuclei": {"leave_out": SHIFTED},
    "no <ln A>": {"leave_out": ["lhaaso_mean_log_mass_sibyll-2p3d"]},
    "O, Fe from the centre": {"free": ["O.Q_0c", "Fe.Q_0c"]},
    "R_cr free": {"free": ["R_cr"]},
    "wandering": {"variant": "wandering"},
}


def fit(floor=None, norms=True, leave_out=(), free=(), fix=(), **model):
    """Fit one case and return datasets, model and result."""
    datasets = crl.load_datasets("composition", scatter=False, energy_width=0.0)
    datasets = crl.CosmicRayDatasets([d for d in datasets if d.name not in leave_out])
    model = crl.xue_liu_2025_composition(**({"priors": "measured"} | model))
    nuisances = []
    for experiment in ("calet", "cream") if norms else ():
        names = [name for name in datasets.names if name in SHIFTED and experiment in name]
        if names:
            nuisances.append(crl.NuisanceModel(datasets_names=names, name=f"{experiment}-nuclei"))
            nuisances[-1].norm.frozen = False
    datasets.models = [model, *nuisances]
    for dataset in datasets:
        if floor and isinstance(dataset, crl.CosmicRayFluxDataset):
            dataset.floor = floor
    for label in free:
        if label.endswith("Q_0c"):
            # a strength that starts from zero stays there
            model.parameters[label].value = 1e-3 * model.parameters["He.Q_0c"].value
    crl.free_parameters(datasets, free)
    crl.fix_parameters(datasets, fix)
    with warnings.catch_warnings():
        # O and Fe of the centre go to zero, and are not determined there
        warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
        return datasets, model, Fit(backend="least-squares").run(datasets)


# %%
# Each case is fitted from the same start.

rows = []
for name, case in CASES.items():
    datasets, model, result = fit(**case)
    summary = crl.fit_summary(datasets, result, profiles=False)
    chi2 = {row["name"]: row["chi2"] for row in summary.datasets}
    mass = sum(value for key, value in chi2.items() if "mean_log_mass" in key)
    dipole = sum(chi2[d.name] for d in datasets if isinstance(d, crl.DipoleDataset))
    values = []
    for label in ("grammage", "V_sun", "x", "delta_b"):
        if label in model.parameters.names:
            par = model.parameters[label]
            scale = 1e3 if label == "delta_b" else 1
            values.append(f"{scale * par.value:.2f} +- {scale * np.nan_to_num(par.error):.2f}")
        else:
            values.append("-")
    numbers = int(np.sum(summary.datasets["numbers"]))
    total = sum(chi2.values())
    rows.append([name, round(total), numbers, round(mass), round(dipole), *values])

names = ("case", "chi2", "numbers", "<ln A>", "dipole", "grammage", "V_sun", "x", "1e3 delta_b")
Table(rows=rows, names=names).pprint_all(align=["<"] + [">"] * 8)
