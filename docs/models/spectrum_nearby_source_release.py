r"""
Nearby source that releases particles in time: spectrum
=======================================================

.. autoclass:: crlocal_plugin.DecayingSourceSpectralModel
   :no-index:

.. autoclass:: crlocal_plugin.EscapingSourceSpectralModel
   :no-index:
"""

# %%
# A burst that is 200 kyr old, one whose injection decays with 100 kyr, and one that particles of
# 10 GV have left after 100 kyr.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl

source = {"T_n": "2e5 yr", "local_transport": "none"}
curves = {
    "burst": crl.NearbySourceSpectralModel(**source),
    "decay": crl.DecayingSourceSpectralModel(T_decay="1e5 yr", **source),
    "escape": crl.EscapingSourceSpectralModel(T_esc="1e5 yr", **source),
}
rigidity = np.geomspace(100, 1e7, 200) * u.GV
fig, ax = plt.subplots(layout="constrained")
for style, (label, curve) in zip(("-", "--", "-."), curves.items(), strict=True):
    ax.loglog(rigidity, rigidity**2.7 * curve(rigidity), style, label=label)
ax.set(xlabel="Rigidity [GV]", ylabel=r"$R^{2.7} J$ [GV$^{1.7}$ / (m$^2$ s sr)]", ylim=(1e2, 1e5))
ax.legend()

# %%
# Parameters
# ----------
# Beside those of :class:`~crlocal_plugin.NearbySourceSpectralModel`:

for name in ("decay", "escape"):
    table = curves[name].parameters.to_table()
    table["name", "value", "unit", "min", "max", "frozen"][23:].pprint_all(align="<")

# %%
# YAML
# ----

print(yaml.dump(curves["decay"].to_dict(), sort_keys=False))
