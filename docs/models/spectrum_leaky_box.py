r"""
Leaky box: spectrum of the background
=====================================

.. autoclass:: crlocal_plugin.LeakyBoxSpectralModel
   :no-index:
"""

# %%
# The solar wind bends the spectrum below some 10 GV, and the cut-off ends it.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS

model = crl.LeakyBoxSpectralModel(species="H")
curves = {
    "hydrogen": model,
    "hydrogen outside the heliosphere": model.copy(phi="0 GV"),
    "helium": crl.LeakyBoxSpectralModel(species="He"),
}
rigidity = np.geomspace(1, 1e8, 200) * u.GV
fig, ax = plt.subplots(layout="constrained")
for style, (label, curve) in zip(("-", "--", "-."), curves.items(), strict=True):
    ax.loglog(rigidity, rigidity.value**2.7 * curve(rigidity).value, style, label=label)
ax.set(xlabel="Rigidity [GV]", ylabel="$R^{2.7} J$ [GV$^{1.7}$ m$^{-2}$ s$^{-1}$ sr$^{-1}$]")
ax.set_ylim(1, 3e4)
ax.legend()

# %%
# Parameters
# ----------

table = model.parameters.to_table()
table["meaning"] = [DEFINITIONS[name].description for name in table["name"]]
for column in ("value", "min", "max"):
    table[column].format = "g"
table["name", "value", "unit", "min", "max", "frozen", "meaning"].pprint_all(align="<")

# %%
# YAML
# ----
# Entry of a model that stands alone; within a :class:`~crlocal_plugin.CosmicRayModel` it refers
# to parameters that others share.

print(yaml.dump(model.to_dict(), sort_keys=False))
