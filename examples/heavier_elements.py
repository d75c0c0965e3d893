"""
Oxygen and iron
===============

The same machinery for other nuclei: strengths start from helium's times an abundance.
"""

from gammapy.modeling import Fit

import crlocal_plugin as crl

model = crl.xue_liu_2025(species=("H", "He", "O", "Fe"))
datasets = crl.load_datasets(["ams-02_o", "ams-02_fe"])
datasets.models = [model]

# %%
# These tables say nothing of hydrogen and helium, and little of the highest energies.

model.freeze()
crl.free_parameters(
    datasets, ["O.Q_0b", "Fe.Q_0b", "O.Q_0n", "Fe.Q_0n", "O.index_offset", "Fe.index_offset"]
)

# %%
# Without spallation the leaky box is too simple for heavy nuclei at low rigidity.

for dataset in datasets:
    dataset.energy_range = ("30 GV", None)

result = Fit().run(datasets)
print(crl.fit_summary(datasets, result))
crl.plot_spectra(model, datasets, species=["O", "Fe"])
