"""
Figure 10: dependence on the magnetic field
===========================================

At a given critical rigidity, a stronger field means slower diffusion in the cloud.
"""

import crlocal_plugin as crl

VALUES = ("1 uG", "3 uG", "9 uG")

models = {}
for value in VALUES:
    model = crl.xue_liu_2025()
    model.B.quantity = value
    models[f"$B$ = {value}"] = model

# %%
# The data as the paper shows them: as published, without floors.

datasets = crl.load_datasets("xue-liu-2025-figures", floors=None, apply_declination_factor=False)

axes = crl.plot_side_by_side(models, datasets)
axes[0, 0].figure.savefig("figure-10.png")
