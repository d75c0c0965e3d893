"""
Joint fit of spectra and dipole
===============================

The default fit with gammapy's own ``Fit``; results go to ``out/``.
"""

import astropy.units as u
from gammapy.datasets import Datasets
from gammapy.modeling import Fit

import crlocal_plugin as crl

# %%
# The model of Xue & Liu 2025, with the values of its Table I
# -----------------------------------------------------------
# A rigidity needs no axis, an energy does. The dipole points to the excess of intensity.

model = crl.xue_liu_2025()
print(model.intensity(100 * u.GV, species="H"))
print(model.intensity(10 * u.TeV, species="He", axis="total_energy", component="nearby"))
dipole = model.dipole([1, 10, 100, 1000] * u.TeV)
print(dipole.amplitude, dipole.phase, dipole.direction, sep="\n")

# %%
# The fit
# -------
# ``newest-dipoles`` has the spectra of the paper and the newest independent dipoles.

datasets = crl.load_datasets("newest-dipoles")
datasets.models = [model]
result = Fit().run(datasets)
print(result)
print(crl.fit_summary(datasets, result))

# %%
# Pictures
# --------

crl.plot_spectra(model, datasets)

# %%

crl.plot_dipole(model, datasets)

# %%
# Files
# -----
# gammapy reads them back once the package is imported.

datasets.write("out/datasets.yaml", filename_models="out/models.yaml", overwrite=True)
again = Datasets.read("out/datasets.yaml", filename_models="out/models.yaml")
assert abs(again.stat_sum() - datasets.stat_sum()) < 1e-6 * datasets.stat_sum()
