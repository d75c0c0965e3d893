"""
The model of Xue & Liu 2025 with heavier nuclei
===============================================

.. autofunction:: crlocal_plugin.xue_liu_2025_composition
   :no-index:

What its species have and what they share is in :doc:`/model`, a nucleus of your own in
:doc:`/howto/heavier-element`, the loss of nuclei in :doc:`/howto/spallation`.
"""

# %%
# Ten nuclei, with data of AMS-02 that the model describes above 30 GV; points below are faint. The
# values are those of Table I of the paper and of measured abundances, not a fit.

import astropy.units as u
import numpy as np
from gammapy.modeling.models import Models

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS

model = crl.xue_liu_2025_composition()
nuclei = ["He", "C", "N", "O", "Ne", "Mg", "Si", "S", "Fe"]
datasets = crl.load_datasets([f"ams-02_{name.lower()}" for name in nuclei])
crl.plot_spectra(
    model, datasets, species=nuclei, axis="rigidity", energy_range=(2 * u.GV, 5 * u.TV)
)

# %%
# All particles, with what each species adds at one total energy: heavy nuclei have a large share,
# since at one rigidity they have more energy, and they take over where hydrogen ends.

showers = crl.load_datasets("lhaaso", hadronic_model="SIBYLL-2.3d")
crl.plot_all_particle(model, showers)

# %%

crl.plot_composition_fractions(model, stacked=True)

# %%
# The mean logarithm of the mass number. The Galactic centre has hydrogen and helium alone, as in
# the paper. Table I describes the spectra of KASCADE, and not what LHAASO found: that takes a fit.

crl.plot_mean_log_mass(model, showers, components=True)

# %%
# Groups of nuclei give nearly the same.

groups = crl.xue_liu_2025_composition(species=crl.GROUPED_COMPOSITION)
energy = np.geomspace(1e3, 1e8, 6) * u.GeV
for one in (model, groups):
    print(", ".join(one.species))
    print("<ln A>", one.mean_log_mass(energy).round(2))

# %%
# Species
# -------

for nucleus in model.nuclei:
    start = crl.valid_from(nucleus)
    where = "everywhere" if start is None else f"from {start} on"
    print(f"{nucleus.name:2} Z = {nucleus.Z:2}, A = {nucleus.A:2}, {where}")

# %%
# Parameters
# ----------
# Those that a fit varies. A label that names several species is that of a parameter they share.

table = model.parameters.to_table()
table["meaning"] = [DEFINITIONS[name].description for name in table["name"]]
table["name"] = model.parameters.labels
for column in ("value", "min", "max"):
    table[column].format = "g"
free = table[~table["frozen"].astype(bool)]
free["name", "value", "unit", "min", "max", "prior", "meaning"].pprint_all(align="<")

# %%
# YAML
# ----
# The beginning; strengths of all species follow.

print("\n".join(Models([model]).to_yaml().splitlines()[:40]))
