"""
Figure 1: spectra of hydrogen and helium
========================================

The best fit of Xue & Liu 2025. Colours are species, line styles components, markers experiments.
The background dominates at GeV energies, the nearby source makes the hump at TeV energies.
"""

import crlocal_plugin as crl

model = crl.xue_liu_2025()

# %%
# Change a value and see what moves: ``model.R_cut.quantity = "8 PV"``

# %%
# The data as the paper shows them: as published, without floors.

datasets = crl.load_datasets("xue-liu-2025-figures", floors=None, apply_declination_factor=False)

ax = crl.plot_spectra(model, datasets)
ax.figure.savefig("figure-01.png")
