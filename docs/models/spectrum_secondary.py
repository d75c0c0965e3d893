r"""
Leaky box with gas: boron that carbon and others make
=====================================================

.. autoclass:: crlocal_plugin.GasLeakyBoxSpectralModel
   :no-index:

.. autoclass:: crlocal_plugin.SecondarySpectralModel
   :no-index:
"""

# %%
# B/C of the background near Earth, for three diffusion coefficients.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS

rigidity = np.geomspace(2, 2000, 200) * u.GV
fig, ax = plt.subplots(layout="constrained")
model = crl.xue_liu_2025_secondaries()
for style, D_0 in zip(("--", "-", ":"), (5e28, 8e28, 1.5e29), strict=True):
    model.D_0.value = D_0
    boron, carbon = (model.intensity(rigidity, s, component="background") for s in ("B", "C"))
    ax.loglog(rigidity, boron / carbon, style, label=f"{D_0:.2g} cm$^2$/s")
ax.set(xlabel="Rigidity [GV]", ylabel="B/C")
ax.legend(title="$D_0$")

# %%
# What it means for fits: :doc:`/howto/secondary-nuclei`.
#
# Parameters
# ----------

boron = model.components["background"].spectral_models["B"]
table = boron.parameters.to_table()
table["meaning"] = [DEFINITIONS[name].description for name in table["name"]]
for column in ("value", "min", "max"):
    table[column].format = "g"
table["name", "value", "unit", "min", "max", "frozen", "meaning"].pprint_all(align="<")

# %%
# YAML
# ----

print(yaml.dump(boron.to_dict(), sort_keys=False))
