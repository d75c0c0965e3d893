"""
Shared and own parameters
=========================

Which parameters are shared, and how to give one species a parameter of its own.
"""

from gammapy.modeling import Fit, Parameter
from gammapy.modeling.models import Models

import crlocal_plugin as crl

model = crl.xue_liu_2025()
nearby, background = model.components["nearby"], model.components["background"]
assert nearby.spectral_models["H"].D_0 is background.spectral_models["He"].D_0

# %%
# From here on, helium of the nearby source has a cut-off of its own.

nearby.spectral_models["He"].R_cut = Parameter("R_cut", "8 PV", min=0)
print([label for label in model.parameters.labels if "R_cut" in label])

# %%
# A parameter that the model has once is an attribute of the model.

model.x.frozen = True
model.V_sun.quantity = "12.24 km s-1"

# %%
# These tables do not reach the cut-offs, which are frozen with what else they do not determine.

datasets = crl.load_datasets(["ams-02_h_2015", "ams-02_he_2015", "dampe_h", "dampe_he"])
datasets.models = [model]
crl.fix_parameters(
    datasets, ["Q_0c", "R_cutc", "delta_b", "V_sun", "D_0", "R_cut", "nearby.He.R_cut"]
)
result = Fit().run(datasets)
print(crl.fit_summary(datasets, result))
crl.plot_spectra(model, datasets)

# %%
# Two parameters they stay: in copies, in the result and in files.

for other in (model.copy(), result.models[0], Models.from_yaml(Models([model]).to_yaml())[0]):
    assert "nearby.He.R_cut" in other.parameters.labels
