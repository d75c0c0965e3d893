r"""
Nearby source: spectrum inside the local cloud
==============================================

.. autoclass:: crlocal_plugin.NearbySourceSpectralModel
   :no-index:
"""

# %%
# The cloud keeps low rigidities out: without it, at ``x = 0``, the source would reach further
# down.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS

model = crl.NearbySourceSpectralModel(species="H")
curves = {
    "hydrogen": model,
    "hydrogen outside the cloud": model.copy(x="0 pc"),
    "hydrogen, wandering field lines": crl.NearbySourceSpectralModel(
        species="H", local_transport="wandering"
    ),
}
rigidity = np.geomspace(1e2, 1e8, 200) * u.GV
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
