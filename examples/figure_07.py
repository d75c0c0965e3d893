"""
Figure 7: dependence on the velocity of the cloud
=================================================

Speed and direction (right ascension, declination) of the cloud with respect to the Sun as three
publications have them.
"""

import crlocal_plugin as crl

VALUES = ((23.2, 78.5, 18.0), (25.4, 74.9, 17.6), (26.6, 75.0, 17.7))

models = {}
for speed, ra, dec in VALUES:
    model = crl.xue_liu_2025()
    model.u_HC.value = speed
    model.u_HC_ra.value = ra
    model.u_HC_dec.value = dec
    models[rf"$u_\mathrm{{HC}}$ = {speed} km/s"] = model

# %%
# The data as the paper shows them: as published, without floors.

datasets = crl.load_datasets("xue-liu-2025-figures", floors=None, apply_declination_factor=False)

axes = crl.plot_side_by_side(models, datasets)
axes[0, 0].figure.savefig("figure-07.png")
