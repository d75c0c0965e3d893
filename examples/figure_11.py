"""
Figure 11: KASCADE spectra of QGSJET 01
=======================================

Appendix B of the paper: a younger and stronger Galactic centre with a cut-off at 4 PV follows the
higher spectra; the dipole above 100 TeV then comes out too large.
"""

import crlocal_plugin as crl

models = {"QGSJET 01": crl.xue_liu_2025("qgsjet")}

# %%
# The data as the paper shows them: as published, without floors.

datasets = crl.load_datasets("xue-liu-2025-figure-11", floors=None, apply_declination_factor=False)

axes = crl.plot_side_by_side(models, datasets)
axes[0, 0].figure.savefig("figure-11.png")
