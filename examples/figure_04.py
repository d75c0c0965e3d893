"""
Figure 4: wandering of field lines on small scales too
======================================================

Section III of the paper: inside the cloud cosmic rays diffuse as they do outside, the nearby
source reaches higher energies, and the Galactic centre has to be stronger.
"""

import crlocal_plugin as crl

models = {"wandering": crl.xue_liu_2025("wandering")}

# %%
# The data as the paper shows them: as published, without floors.

datasets = crl.load_datasets("xue-liu-2025-figures", floors=None, apply_declination_factor=False)

axes = crl.plot_side_by_side(models, datasets)
axes[0, 0].figure.savefig("figure-04.png")
