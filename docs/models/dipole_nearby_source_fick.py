r"""
Nearby source: dipole from Fick's law
=====================================

.. autoclass:: crlocal_plugin.NearbySourceFickDipoleModel
   :no-index:

.. autoclass:: crlocal_plugin.DecayingSourceFickDipoleModel
   :no-index:

.. autoclass:: crlocal_plugin.EscapingSourceFickDipoleModel
   :no-index:
"""

# %%
# A burst has the same dipole at all energies, but for the speed of the particles; late injection
# makes the gradient steeper.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl

source = {"T_n": "2e5 yr", "r_par": "120 pc"}
curves = {
    "burst": crl.NearbySourceFickDipoleModel(**source),
    "decay": crl.DecayingSourceFickDipoleModel(T_decay="1e5 yr", **source),
    "escape": crl.EscapingSourceFickDipoleModel(T_esc="1e5 yr", **source),
}
energy = np.geomspace(10, 1e7, 200) * u.GeV
fig, ax = plt.subplots(layout="constrained")
for style, (label, curve) in zip(("-", "--", "-."), curves.items(), strict=True):
    ax.loglog(energy, curve(energy).total_amplitude, style, label=label)
ax.set(xlabel="Total energy [GeV]", ylabel="Length of the dipole")
ax.legend()

# %%
# YAML
# ----

print(yaml.dump(curves["escape"].to_dict(), sort_keys=False))
