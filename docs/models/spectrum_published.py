r"""
Published composition models
============================

.. autoclass:: crlocal_plugin.PublishedSpectralModel
   :no-index:
"""

# %%
# All particles in the models: they agree on what is measured, from 10 TeV on, and on the knee, and
# not on what makes it up. Poly-gonato ends with the Galactic cosmic rays, GH has no knee, and ZS
# ends before the ankle.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import yaml

import crlocal_plugin as crl

energy = np.geomspace(1e3, 1e11, 200) * u.GeV
fig, (ax, low) = plt.subplots(2, sharex=True, figsize=(6.4, 7), layout="constrained")
styles = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1)), (0, (1, 3)))
names = [name for name in crl.PUBLISHED_COMPOSITIONS if name != "ZS"]
for style, name in zip(styles, names, strict=True):
    model = crl.published_composition(name)
    intensity = model.intensity(energy, "all_particle", axis="total_energy")
    ax.loglog(energy, energy.value**2.7 * intensity.value, linestyle=style, label=name)
    low.semilogx(energy, model.mean_log_mass(energy), linestyle=style)
ax.set(ylabel="$E^{2.7} J$ [GeV$^{1.7}$ m$^{-2}$ s$^{-1}$ sr$^{-1}$]", ylim=(30, 1e5))
ax.legend(ncols=2)
low.set(xlabel="Total energy [GeV]", ylabel=r"$\langle\ln A\rangle$", ylim=(0, 4))

# %%
# The models
# ----------

for name, published in crl.PUBLISHED_COMPOSITIONS.items():
    print(f"{name}: {published.publication}")
    print(f"    {', '.join(crl.published_composition(name).species)}")
    print(f"    {published.validity}")

# %%
# Parameters
# ----------

model = crl.PublishedSpectralModel("GSF", species="O", version="2026.1", time_interval="LIS")
model.parameters.to_table()["name", "value", "unit", "min", "max", "frozen"].pprint_all()

# %%
# YAML
# ----

print(yaml.dump(model.to_dict(), sort_keys=False))
