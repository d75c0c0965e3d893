"""
Own components
==============

Replace a component by a gammapy model, and add one of your own.
"""

import astropy.units as u
from gammapy.modeling import Parameter
from gammapy.modeling.models import Models, PowerLawSpectralModel

import crlocal_plugin as crl

# %%
# gammapy's power law as the background of hydrogen; its values are read as per steradian.

model = crl.xue_liu_2025()
power_law = PowerLawSpectralModel(index=2.75, amplitude="5.3e-9 cm-2 s-1 GeV-1", reference="1 TeV")
background = model.components["background"]
background.spectral_models["H"] = crl.IntensitySpectralModel(
    power_law, species="H", axis="total_energy"
)
print(model.intensity([1, 10, 100] * u.TeV, species="H", axis="total_energy"))

# %%
# A dipole model is a class with Parameters and the vector of the excess. A class that is
# registered can be read back from YAML.


class FlatDipoleModel(crl.DipoleModel):
    """Dipole of constant amplitude towards the Galactic centre."""

    tag = ["FlatDipoleModel"]
    flat = Parameter("flat", 3e-4, min=0)

    def excess(self, grid, flat):
        """Dipole vector in ICRS Cartesian coordinates."""
        return flat * crl.GALACTIC_TO_ICRS[:, 0]


crl.register(crl.DIPOLE_MODEL_REGISTRY, FlatDipoleModel)

# %%
# Spectra and a dipole make a component, components a model. A second source has a strength, age and
# distance of its own, and shares the transport with the others.

extra = crl.CosmicRayComponent(
    "extra",
    {"H": crl.GalacticCenterSpectralModel(species="H", Q_0c="1e57 GV-1", T_c="2 Myr")},
    FlatDipoleModel(),
)
wider = crl.CosmicRayModel([*model.components.values(), extra], name="wider")
print(wider.dipole(1 * u.PeV).amplitude, wider.dipole(1 * u.PeV, component="extra").amplitude)
assert wider.parameters.labels == Models.from_yaml(Models([wider]).to_yaml())[0].parameters.labels

crl.plot_dipole(wider)
