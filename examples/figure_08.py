"""
Figure 8: dependence on the size of the cloud
=============================================

The farther the edge of the cloud, the fewer cosmic rays of the nearby source come in.
"""

import crlocal_plugin as crl

VALUES = ("0.1 pc", "1.6 pc", "10 pc")

models = {}
for value in VALUES:
    model = crl.xue_liu_2025()
    model.x.quantity = value
    models[f"$x$ = {value}"] = model

# %%
# The data as the paper shows them: as published, without floors.

datasets = crl.load_datasets("xue-liu-2025-figures", floors=None, apply_declination_factor=False)

axes = crl.plot_side_by_side(models, datasets)
axes[0, 0].figure.savefig("figure-08.png")
