"""Joint fit of spectra and dipole with gammapy's own Fit; results go to ``out/``."""

import astropy.units as u
from gammapy.datasets import Datasets
from gammapy.modeling import Fit

import crlocal_plugin as crl

model = crl.xue_liu_2025()
print(model.intensity(100 * u.GV, species="H"))
print(model.intensity(10 * u.TeV, species="He", axis="total_energy", component="nearby"))
dipole = model.dipole([1, 10, 100, 1000] * u.TeV)
print(dipole.amplitude, dipole.phase, dipole.direction)

datasets = crl.load_datasets("xue-liu-2025")
datasets.models = [model]
result = Fit().run(datasets)
print(result)
print(datasets.models.to_parameters_table())
print(crl.fit_summary(datasets, result))
datasets.write("out/datasets.yaml", filename_models="out/models.yaml", overwrite=True)
again = Datasets.read("out/datasets.yaml", filename_models="out/models.yaml")
assert abs(again.stat_sum() - datasets.stat_sum()) < 1e-6 * datasets.stat_sum()
