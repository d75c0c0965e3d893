"""
The complete model of Xue & Liu 2025
====================================

.. autofunction:: crlocal_plugin.xue_liu_2025
   :no-index:

Equations are on the pages of its parts, the functions that implement them in :doc:`/paper`. With
heavier nuclei: :doc:`xue_liu_2025_composition`.
"""

# %%
# Background, nearby source and Galactic centre, for hydrogen and helium, with the data of the
# paper. The values are those of its Table I, not a fit.

from gammapy.modeling.models import Models

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS

model = crl.xue_liu_2025()
datasets = crl.load_datasets("xue-liu-2025")
crl.plot_spectra(model, datasets)

# %%

crl.plot_dipole(model, datasets)

# %%

crl.plot_sky(model)

# %%
# Parameters
# ----------
# Free are those that the paper fitted and data can tell apart.

table = model.parameters.to_table()
table["meaning"] = [DEFINITIONS[name].description for name in table["name"]]
table["name"] = model.parameters.labels
for column in ("value", "min", "max"):
    table[column].format = "g"
table["name", "value", "unit", "min", "max", "frozen", "prior", "meaning"].pprint_all(align="<")

# %%
# YAML
# ----
# Parameters come once, under a label, and the models of the components refer to labels.

print(Models([model]).to_yaml())
