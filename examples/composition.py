"""
Composition fit
===============

Ten nuclei, the all-particle spectrum, ln A and the dipole in one likelihood. It is about nuclei:
dipoles are of one energy each, with floors in place of scatters, and the field is exact.
"""

import astropy.units as u
import matplotlib.pyplot as plt
from gammapy.modeling import Fit

import crlocal_plugin as crl

# %%
# Model and data
# --------------
# Nuclei are lost on the way, so that one index offset serves all that come from the sources. Heavy
# nuclei enter from 30 GV on.

model = crl.xue_liu_2025_composition(priors="measured")
datasets = crl.load_datasets("composition", scatter=False, energy_width=0.0)

# %%
# The nuclei of CALET and CREAM lie a fifth and a quarter below those of AMS-02 and DAMPE, at all
# energies alike: they get a normalisation of their own, beside those of their H and He.

experiments = ("CALET", "CREAM")
norms = [
    crl.NuisanceModel(
        datasets_names=[
            d.name for d in datasets if d.experiment == experiment and d.quantity not in ("H", "He")
        ],
        name=f"{experiment}-nuclei",
    )
    for experiment in experiments
]
for nuisance in norms:
    nuisance.norm.frozen = False

datasets.models = [model, *norms]
result = Fit(backend="least-squares").run(datasets)
print(crl.fit_summary(datasets, result))

# %%
# Nuclei
# ------
# Curves are the model of AMS-02 and DAMPE; points of CALET and CREAM are shifted by their norms.

nuclei = ["C", "O", "Ne", "Mg", "Si", "Fe"]
crl.plot_spectra(datasets, species=nuclei, axis="rigidity", components=False)

# %%
# All particles
# -------------

crl.plot_all_particle(datasets)

# %%

crl.plot_mean_log_mass(datasets, components=True)

# %%

crl.plot_composition_fractions(model, stacked=True)

# %%
# Dipole
# ------
# Hydrogen and helium alone, with the parameters of this fit, beside all ten nuclei.

axes = crl.plot_dipole(datasets, components=False)
energy = [10**k for k in (2, 3, 4, 5, 6, 7)] * u.GeV
crl.plot_dipole(
    model, axes=axes, species="light", components=False, band=False, legend=False, references=False
)
for name in (None, "light"):
    dipole = model.dipole(energy, species=name)
    print(name or "all nuclei", dipole.amplitude.round(6), dipole.phase.to("deg").round(0))

# %%
# What fits and what does not
# ---------------------------

crl.plot_residuals(datasets)
plt.show()
