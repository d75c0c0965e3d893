"""
Sensitivity of the fit
======================

How strongly the result depends on priors, floors and choices of the likelihood. :doc:`/fit` has the
table.
"""

import matplotlib.pyplot as plt

import crlocal_plugin as crl

# %%
# Each case is fitted from the values of Table I.

table = crl.treatments()
print("\n".join(table.pformat(max_lines=-1, max_width=-1)))

# %%
# The solar motion in rotation, with the measurement that its prior is taken from.

prior = crl.measured_prior("V_sun")
mean, width = prior.mu.quantity.to_value("km/s"), prior.sigma.quantity.to_value("km/s")
fig, ax = plt.subplots(layout="constrained")
ax.axvspan(mean - width, mean + width, color="0.85", label="measured, one standard deviation")
ax.errorbar(table["V_sun"], list(table["name"]), xerr=table["V_sun_err"], fmt="ko")
ax.invert_yaxis()
ax.set_xlabel("V_sun [km / s]")
fig.legend(loc="outside upper center")
