r"""
Leaky box with spallation: spectrum of the background
=====================================================

.. autoclass:: crlocal_plugin.SpallationLeakyBoxSpectralModel
   :no-index:
"""

# %%
# Share of the intensity that is left: heavy nuclei collide sooner, and slow ones stay longer.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS

rigidity = np.geomspace(2, 1e5, 200) * u.GV
fig, ax = plt.subplots(layout="constrained")
for style, species in zip(("-", "--", "-.", ":"), ("He", "C", "Si", "Fe"), strict=True):
    model = crl.SpallationLeakyBoxSpectralModel(species)
    ax.semilogx(rigidity, model.surviving_fraction(rigidity), style, label=species)
ax.set(xlabel="Interstellar rigidity [GV]", ylabel="Intensity with loss / without", ylim=(0, 1))
ax.legend()

# %%
# What it means for fits: :doc:`/howto/spallation`.
#
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

print(yaml.dump(model.to_dict(), sort_keys=False))
