"""
Figure 2: amplitude and phase of the dipole
===========================================

The best fit of Xue & Liu 2025, with the contribution of each component, and with the dipoles that
hydrogen and helium alone would have. The minimum slightly above 100 TeV is where the nearby
source and the Galactic centre cancel.
"""

import crlocal_plugin as crl

model = crl.xue_liu_2025()

# %%
# Change a value and see what moves: ``model.V_sun.quantity = "14 km s-1"``

# %%
# The data as the paper shows them: as published, without floors.

datasets = crl.load_datasets("xue-liu-2025-figures", floors=None, apply_declination_factor=False)

axes = crl.plot_dipole(model, datasets, species=True, phase_start=-180)
axes[0].figure.savefig("figure-02.png")
