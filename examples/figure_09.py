"""
Figure 9: dependence on the critical rigidity
=============================================

Where diffusion becomes Bohm diffusion: the lower, the stronger the turbulence in the cloud.
"""

import crlocal_plugin as crl

VALUES = ("0.3 PV", "3 PV", "30 PV")

models = {}
for value in VALUES:
    model = crl.xue_liu_2025()
    model.R_cr.quantity = value
    models[rf"$R_\mathrm{{cr}}$ = {value}"] = model

# %%
# The data as the paper shows them: as published, without floors.

datasets = crl.load_datasets("xue-liu-2025-figures", floors=None, apply_declination_factor=False)

axes = crl.plot_side_by_side(models, datasets)
axes[0, 0].figure.savefig("figure-09.png")
