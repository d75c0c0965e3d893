r"""
Leaky box of random sources
===========================

.. autoclass:: crlocal_plugin.DiscreteLeakyBoxSpectralModel
   :no-index:

.. autoclass:: crlocal_plugin.DiscreteBackgroundDipoleModel
   :no-index:
"""

# %%
# Protons of the background for three realisations, over those of the mean of many sources.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS

rigidity = np.geomspace(1e2, 1e6, 200) * u.GV
model = crl.xue_liu_2025()
mean = model.intensity(rigidity, "H", component="background")
fig, ax = plt.subplots(layout="constrained")
for number, style in enumerate(("--", "-", ":")):
    random = crl.CosmicRayModel([crl.discrete_background(model, number, halo=4.0, rate=4e-5)])
    ax.semilogx(rigidity, random.intensity(rigidity, "H") / mean, style, label=f"{number}")
ax.axhline(1.0, color="0.7", linewidth=0.8)
ax.set(xlabel="Rigidity [GV]", ylabel="Intensity / mean of many sources")
ax.legend(title="Realisation")

# %%
# What it means for a fit: :doc:`/howto/nearby-sources`.
#
# Parameters
# ----------

spectrum = random.components["background"].spectral_models["H"]
table = spectrum.parameters.to_table()
table["meaning"] = [DEFINITIONS[name.split(".")[-1]].description for name in table["name"]]
for column in ("value", "min", "max"):
    table[column].format = "g"
table["name", "value", "unit", "min", "max", "frozen", "meaning"].pprint_all(align="<")

# %%
# YAML
# ----

print(yaml.dump(spectrum.to_dict(), sort_keys=False))
