"""
Figure 5: dependence on the dipole of the background
====================================================

The background acts below 1 TeV, where it partly cancels the Compton-Getting effect.
"""

import crlocal_plugin as crl

VALUES = (0.0001, 0.0006, 0.001)

models = {}
for value in VALUES:
    model = crl.xue_liu_2025()
    model.delta_b.value = value
    models[rf"$\delta_b$ = {value}"] = model

# %%
# The data as the paper shows them: as published, without floors.

datasets = crl.load_datasets("xue-liu-2025-figures", floors=None, apply_declination_factor=False)

axes = crl.plot_side_by_side(models, datasets)
axes[0, 0].figure.savefig("figure-05.png")
