r"""
Any gammapy spectrum as an intensity
====================================

.. autoclass:: crlocal_plugin.IntensitySpectralModel
   :no-index:
"""

# %%
# The same power law on four axes: against rigidity they differ where helium is slow, and by
# factors where an energy is per nucleon. Read against rigidity, its GeV are GV.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml
from gammapy.modeling.models import PowerLawSpectralModel

import crlocal_plugin as crl

power_law = PowerLawSpectralModel(index=2.7, amplitude="3e-9 cm-2 s-1 GeV-1", reference="1 TeV")
curves = {
    axis: crl.IntensitySpectralModel(power_law, species="He", axis=axis)
    for axis in ("rigidity", "total_energy", "kinetic_energy", "kinetic_energy_per_nucleon")
}
rigidity = np.geomspace(1, 1e4, 200) * u.GV
fig, ax = plt.subplots(layout="constrained")
for style, (axis, curve) in zip((":", "-", "--", "-."), curves.items(), strict=True):
    label = f"power law in {axis.replace('_', ' ')}"
    ax.loglog(rigidity, rigidity.value**2.7 * curve(rigidity).value, style, label=label)
ax.set(xlabel="Rigidity [GV]", ylabel="$R^{2.7} J$ [GV$^{1.7}$ m$^{-2}$ s$^{-1}$ sr$^{-1}$]")
ax.legend()

# %%
# Parameters
# ----------
# They are those of the wrapped model.

model = curves["total_energy"]
model.parameters.to_table()["name", "value", "unit", "min", "max", "frozen"].pprint_all()

# %%
# YAML
# ----

print(yaml.dump(model.to_dict(), sort_keys=False))
