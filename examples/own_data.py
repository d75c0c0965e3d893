"""
Own data
========

A table with column names of its own, an upper limit, and an energy scale that floats.
"""

import astropy.units as u
from astropy.table import Table
from gammapy.modeling import Fit

import crlocal_plugin as crl

# %%
# Columns are told by name, with units where the table has none. The last row is a limit.

table = Table(
    {
        "E_kin": [1.0, 3.0, 10.0, 30.0] * u.TeV,
        "flux": [8.9e-5, 5.0e-6, 2.0e-7, 1.2e-8],
        "err": [4e-6, 3e-7, 2e-8, 6e-9],
        "limit": [False, False, False, True],
    }
)
mine = crl.CosmicRayFluxDataset.from_table(
    table,
    name="my-protons",
    experiment="Mine",
    quantity="H",
    axis="kinetic_energy",
    columns={
        "energy": "E_kin",
        "intensity": ("flux", "GeV-1 m-2 s-1 sr-1"),
        "intensity_stat_err": ("err", "GeV-1 m-2 s-1 sr-1"),
        "is_ul": "limit",
    },
    floor=0.03,
)

# %%
# They are fitted together with tables of the package.

datasets = crl.CosmicRayDatasets([mine, *crl.load_datasets(["ams-02_h_2015", "icecube-2016"])])
datasets.models = [crl.xue_liu_2025(priors=None)]

# %%
# Free is only what these few data determine, and the energies of the table.

datasets.parameters.freeze_all()
crl.free_parameters(datasets, ["H.Q_0b", "H.Q_0n", "Gamma", "phi", "delta_b"])
mine.energy_scale.prior = crl.MeasurementPrior(mu=1, sigma=0.05, source="calibration beam, 5 %")
mine.energy_scale.frozen = False

result = Fit().run(datasets)
print(mine)
print(crl.fit_summary(datasets, result))
mine.plot_fit()

# %%
# A file keeps columns, units and settings.

mine.write("out/my-protons.ecsv", overwrite=True)
assert crl.CosmicRayFluxDataset.read("out/my-protons.ecsv").floor == 0.03
