r"""
Compton-Getting effect: dipole
==============================

.. autoclass:: crlocal_plugin.ComptonGettingDipoleModel
   :no-index:

.. autoclass:: crlocal_plugin.LsrComptonGettingDipoleModel
   :no-index:
"""

# %%
# The excess is ahead of the Sun on its way through the cloud.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS

model = crl.ComptonGettingDipoleModel()
curves = {
    "C = 1.6": model,
    "C = 1.4": model.copy(C=1.4),
    "u_HC = 23.2 km/s": model.copy(u_HC="23.2 km s-1"),
    "LSR": crl.LsrComptonGettingDipoleModel(),
}
energy = np.geomspace(1e2, 1e8, 200) * u.GeV
fig, (top, bottom) = plt.subplots(2, sharex=True, layout="constrained")
for style, (label, curve) in zip(("-", "--", "-.", ":"), curves.items(), strict=True):
    dipole = curve(energy, species="H")
    top.loglog(energy, dipole.amplitude, style, label=label)
    bottom.semilogx(energy, dipole.phase, style)
top.set(ylabel="Amplitude on the equator", ylim=(1e-4, 1e-3))
bottom.set(xlabel="Total energy [GeV]", ylabel="Right ascension [deg]", ylim=(0, 360))
top.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)

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
