"""
Figure 6: dependence on the solar motion
========================================

The component of the solar motion in the direction of Galactic rotation sets the speed of the
cloud in the local standard of rest, and with it spectra and dipole of the nearby source.
"""

import crlocal_plugin as crl

VALUES = ("10 km s-1", "15.5 km s-1", "20 km s-1")

models = {}
for value in VALUES:
    model = crl.xue_liu_2025()
    model.V_sun.quantity = value
    models[rf"$V_\odot$ = {value}"] = model

# %%
# The data as the paper shows them: as published, without floors.

datasets = crl.load_datasets("xue-liu-2025-figures", floors=None, apply_declination_factor=False)

axes = crl.plot_side_by_side(models, datasets)
axes[0, 0].figure.savefig("figure-06.png")
