"""
Figure 3: directions on the sky
===============================

Directions of the components and of the total, which moves with energy from near the magnetic
field to its opposite. Crossed circles are directions, dotted circles their opposites; numbers are
log10(E/GeV).
"""

import crlocal_plugin as crl

model = crl.xue_liu_2025()
ax = crl.plot_sky(model)
ax.figure.savefig("figure-03.png")

# %%
# The same in Galactic coordinates.

crl.plot_sky(model, frame="galactic").figure.savefig("figure-03-galactic.png")
