"""
Hadronic models and heavier nuclei
==================================

What air showers say depends on the interaction model; what heavier nuclei change, does not. Dipoles
are of one energy each, with floors in place of scatters.
"""

import warnings

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from astropy.table import Table
from gammapy.modeling import Fit

import crlocal_plugin as crl

HIGH = 100 * u.TeV
EARLIER = {"scatter": False, "energy_width": 0.0}
KINDS = ("H, He", "nuclei", "all particles", "<ln A>", "dipole", "dipole above")
QUANTITIES = {"H": "H, He", "He": "H, He", "all_particle": "all particles"}


def chi2_by_kind(datasets):
    """Add up the statistic of the points in the fit by kind of data, and count the numbers."""
    chi2, numbers = dict.fromkeys(KINDS, 0.0), dict.fromkeys(KINDS, 0)
    for dataset in datasets:
        residuals = dataset.signed_residuals()
        fitted = np.ones(len(residuals), bool) if dataset.mask is None else dataset.mask
        if isinstance(dataset, crl.DipoleDataset):
            high = dataset.x >= HIGH
            parts = {"dipole": fitted & ~high, "dipole above": fitted & high}
        elif isinstance(dataset, crl.MeanLogMassDataset):
            parts = {"<ln A>": fitted}
        else:
            parts = {QUANTITIES.get(dataset.quantity, "nuclei"): fitted}
        for kind, rows in parts.items():
            chi2[kind] += np.sum(residuals[rows] ** 2)
            numbers[kind] += np.count_nonzero(residuals[rows])
    return chi2, numbers


def fit_hydrogen_and_helium(hadronic_model):
    """Fit the model of the paper; predict what it says of all particles and of ln A."""
    model = crl.xue_liu_2025(priors="measured")
    datasets = crl.load_datasets("latest", hadronic_model=hadronic_model, **EARLIER)
    datasets.models = [model]
    crl.free_parameters(datasets, ["T_c", "He.index_offset"])
    with warnings.catch_warnings():
        # x goes to zero, and is not determined there
        warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
        Fit(backend="least-squares").run(datasets)
    kind = hadronic_model.lower().replace(".", "p")
    rest = crl.load_datasets([f"lhaaso_{q}_{kind}" for q in ("all_particle", "mean_log_mass")])
    rest.models = [model]
    return model, datasets, rest


def fit_ten_nuclei(hadronic_model):
    """Fit the composition model."""
    model = crl.xue_liu_2025_composition(priors="measured")
    datasets = crl.load_datasets("composition", hadronic_model=hadronic_model, **EARLIER)
    norms = []
    for experiment in ("calet", "cream"):
        names = [f"{experiment}_{nucleus}" for nucleus in ("c", "o", "ne", "mg", "si", "fe")]
        names = [name for name in names if name in datasets.names]
        norms.append(crl.NuisanceModel(datasets_names=names, name=f"{experiment}-nuclei"))
        norms[-1].norm.frozen = False
    datasets.models = [model, *norms]
    Fit(backend="least-squares").run(datasets)
    return model, datasets, []


# %%
# chi2 of the data, by kind; the dipole above 100 TeV by itself. All-particle spectrum and <ln A>
# are predictions where there is nothing but hydrogen and helium. The third row of each has the
# parameters of the second one, but hydrogen and helium alone.

rows, models, counts = [], {}, {}
for name in ("SIBYLL-2.3d", "EPOS-LHC", "QGSJET-II-04"):
    for nuclei, fit in (("H, He", fit_hydrogen_and_helium), ("ten", fit_ten_nuclei)):
        model, datasets, predicted = fit(name)
        chi2, numbers = chi2_by_kind(datasets)
        total, count = sum(chi2.values()), sum(numbers.values())
        beside, _ = chi2_by_kind(predicted)
        counts[nuclei] = numbers
        models[name, nuclei] = model, datasets
        values = [round(chi2[kind] + beside[kind]) for kind in KINDS]
        rows.append([name, nuclei, *values, f"{total:.0f} / {count}"])

# The parameters of the fit with ten nuclei, and all but hydrogen and helium taken away
for name in ("SIBYLL-2.3d", "EPOS-LHC", "QGSJET-II-04"):
    model, datasets = models[name, "ten"]
    light = crl.CosmicRayModel(
        [
            crl.CosmicRayComponent(
                component.name,
                {k: v for k, v in component.spectral_models.items() if k in ("H", "He")},
                component.dipole_model,
            )
            for component in model.copy().components.values()
        ],
        name="light",
    )
    dipoles = [d.copy(name=d.name) for d in datasets if isinstance(d, crl.DipoleDataset)]
    dipoles = crl.CosmicRayDatasets(dipoles)
    dipoles.models = [light]
    chi2, _ = chi2_by_kind(dipoles)
    rows.append([name, "ten, cut", 0, 0, 0, 0, *(round(chi2[kind]) for kind in KINDS[4:]), "-"])

rows.sort(key=lambda row: row[0])
table = Table(rows=rows, names=["hadronic model", "model", *KINDS, "fitted"])
table.pprint_all()
print("numbers:", {kind: int(count) for kind, count in counts["ten"].items()})

# %%
# What the data tell of the surroundings of the Sun.

print(f"{'':13} {'':6} {'V_sun (km/s)':>15} {'x (pc)':>13} {'delta_b (1e-3)':>15}")
for (name, nuclei), (model, _) in models.items():
    V_sun, x, delta_b = model.V_sun, model.x, model.delta_b
    print(
        f"{name:13} {nuclei:6} {V_sun.value:8.2f} +- {V_sun.error:.2f} {x.value:6.2f} +- "
        f"{x.error:.2f} {1e3 * delta_b.value:8.2f} +- {1e3 * delta_b.error:.2f}"
    )

# %%
# Mean logarithmic mass for each model, with its own fit.

fig, axes = plt.subplots(1, 3, figsize=(12, 3.6), sharey=True, layout="constrained")
for ax, name in zip(axes, ("SIBYLL-2.3d", "EPOS-LHC", "QGSJET-II-04"), strict=True):
    _, datasets = models[name, "ten"]
    crl.plot_mean_log_mass(datasets, ax=ax, energy_range=(1e4 * u.GeV, 1e8 * u.GeV), legend=False)
    ax.set_title(name)
for ax in axes[1:]:
    ax.set_ylabel("")

# %%
# The dipole before and after: hydrogen and helium alone, fitted to themselves, and ten nuclei.

axes = crl.plot_dipole(models["SIBYLL-2.3d", "ten"][1], components=False)
before = models["SIBYLL-2.3d", "H, He"][0]
crl.plot_dipole(before, axes=axes, components=False, band=False, legend=False, references=False)
for ax in axes:
    ax.lines[-1].set(color="tab:red", linestyle="--")
axes[0].set_title("line: ten nuclei; dashed: H, He fitted to themselves", fontsize="small")
plt.show()
