"""
Normalisation, energy scale, hadronic model and scatter of an experiment
========================================================================

.. autoclass:: crlocal_plugin.NuisanceModel
   :no-index:
"""

# %%
# An energy scale of 1.1 says that true energies are 10 % above the measured ones: the spectrum
# falls, so the model predicts fewer particles at each measured energy.

import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl

datasets = crl.load_datasets(["dampe_h", "dampe_he"])
datasets.models = [crl.xue_liu_2025()]
dataset = datasets["dampe_h"]

fig, ax = plt.subplots(layout="constrained")
for scale, style in ((1.1, "--"), (1.0, "-")):
    dataset.energy_scale.value = scale
    flux = dataset.x.value**2.7 * dataset.intensity_pred().value
    ax.loglog(dataset.x, flux, style, label=f"model, energy scale {scale}")
ax.loglog(dataset.x, dataset.x.value**2.7 * dataset.intensity.value, "ko", label="DAMPE")
ax.set(
    xlabel="Kinetic energy [GeV]", ylabel="$E^{2.7} J$ [GeV$^{1.7}$ m$^{-2}$ s$^{-1}$ sr$^{-1}$]"
)
ax.legend()

# %%
# The third parameter, ``hadronic``, is the position among the hadronic interaction models with
# which showers were unfolded, if the tables of several were loaded. Here the data are drawn as
# they are with each of them, and half-way between the first two.

showers = crl.load_datasets(
    "lhaaso_h_epos-lhc", hadronic_model=["EPOS-LHC", "SIBYLL-2.3d", "QGSJET-II-04"]
)[0]
fig, ax = plt.subplots(layout="constrained")
for position, style in ((0, "o"), (0.5, "-"), (1, "s"), (2, "^")):
    showers.hadronic.value = position
    flux = showers.x.value**2.7 * showers.intensity.value * np.exp(-showers.hadronic_shift())
    ax.loglog(showers.x, flux, style, color="black", mfc="white", label=f"hadronic {position}")
ax.set(xlabel="Total energy [GeV]", ylabel="$E^{2.7} J$ [GeV$^{1.7}$ m$^{-2}$ s$^{-1}$ sr$^{-1}$]")
ax.legend(title=", ".join(showers.hadronic_models))

# %%
# The fourth, ``scatter``, widens the errors of dipoles by a fraction of the predicted amplitude,
# at the price of a term that grows with its logarithm. The statistic of one experiment has a
# minimum where the data are as wide as the errors say.

dipoles = crl.load_datasets("icecube-2016")
dipoles.models = [crl.xue_liu_2025()]
scatters = np.linspace(0, 1.5, 61)
statistic = []
for scatter in scatters:
    dipoles[0].scatter.value = scatter
    statistic.append(dipoles.stat_sum_likelihood())
fig, ax = plt.subplots(layout="constrained")
ax.plot(scatters, statistic, color="black")
ax.set(xlabel="Scatter", ylabel="Statistic of IceCube 2016")

# %%
# Parameters
# ----------
# Datasets of one experiment that are loaded together share the model.

model = dataset.nuisance
assert datasets["dampe_he"].nuisance is model
model.parameters.to_table()["name", "value", "min", "max", "frozen", "prior"].pprint_all()

# %%
# YAML
# ----

print(yaml.dump(model.to_dict(), sort_keys=False))
