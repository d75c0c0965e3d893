r"""
Nearby source: dipole
=====================

.. autoclass:: crlocal_plugin.NearbySourceDipoleModel
   :no-index:
"""

# %%
# The excess is along the magnetic field, until diffusion across it grows near ``R_cr`` and turns
# it.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS

model = crl.NearbySourceDipoleModel()
curves = {
    "R_cr = 3 PV": model,
    "R_cr = 0.3 PV": model.copy(R_cr="0.3 PV"),
    "wandering field lines": crl.NearbySourceDipoleModel(local_transport="wandering"),
}
energy = np.geomspace(1e2, 1e8, 200) * u.GeV
fig, (top, bottom) = plt.subplots(2, sharex=True, layout="constrained")
for style, (label, curve) in zip(("-", "--", "-."), curves.items(), strict=True):
    dipole = curve(energy, species="H")
    top.loglog(energy, dipole.amplitude, style, label=label)
    bottom.semilogx(energy, dipole.phase, style)
top.set(ylabel="Amplitude on the equator", ylim=(2e-5, 5e-3))
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
