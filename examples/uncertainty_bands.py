"""
Uncertainty bands and other minima
==================================

Bands of a fit, what the fit rests on, and whether the likelihood has other minima.
"""

import astropy.units as u
from gammapy.modeling import Fit

import crlocal_plugin as crl

model = crl.xue_liu_2025()
datasets = crl.load_datasets("xue-liu-2025")
datasets.models = [model]

# %%
# Descents from random starts show the minima; the fit goes on from the lowest.

starts = crl.random_starts(datasets, n_starts=8, spread=0.3)
print(starts.minima["statistic", "above", "starts", "V_sun", "x", "R_cutc"], "\n")
starts.assign()
Fit(backend="least-squares").run(datasets)

# %%
# Bands
# -----
# They come from draws around the best fit, or from derivatives.

energy = [1, 10, 100, 1000, 10000] * u.TeV
dipole = crl.dipole_band(model, energy)
for name, band in (("amplitude", dipole.amplitude), ("right ascension", dipole.phase)):
    print(name)
    print(band.to_table(), "\n")
linear = crl.dipole_band(model, energy, method="linear").amplitude
print("amplitude, linear")
print(linear.to_table(), "\n")

# %%

crl.plot_dipole(model, datasets)

# %%
# Any function of the model has a band.

ratio = crl.propagate(
    model, lambda m: m.intensity(10 * u.TV, "H") / m.intensity(10 * u.TV, "He"), n_samples=500
)
lower, upper = ratio.interval(0.6827)
print(f"H / He at 10 TV: {ratio.best:.3f}, 68 % between {lower:.3f} and {upper:.3f}")

# %%
# Are the draws fits to the data? A chi2 with 14 degrees of freedom has its median at 13.3, and
# 95 % below 23.7.

rise = crl.propagate(model, lambda m: datasets.stat_sum(), levels=0.9)
print(
    f"the draws cost {rise.median - rise.best:.1f} in the statistic, "
    f"5 % of them more than {rise.upper[0] - rise.best:.0f}\n"
)

# %%
# What the fit rests on
# ---------------------

print(crl.identifiability(datasets))
