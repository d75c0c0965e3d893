"""Dipole models one by one, and the object that carries a dipole."""

import astropy.units as u
import numpy as np
import pytest
import reference

from crlocal_plugin import (
    DIPOLE_MODEL_REGISTRY,
    SPECIES,
    BackgroundDipoleModel,
    ComptonGettingDipoleModel,
    Dipole,
    GalacticCenterDipoleModel,
    NearbySourceDipoleModel,
)

ENERGY = np.array([5.0, 100.0, 1e4, 1e6, 1e9])
CLASSES = {
    BackgroundDipoleModel: (reference.xi_background, "delta_b", "", 1.7e-3),
    NearbySourceDipoleModel: (reference.xi_nearby, "V_sun", "km s-1", 11.7),
    GalacticCenterDipoleModel: (reference.xi_galactic_center, "T_c", "Myr", 2.0),
    ComptonGettingDipoleModel: (reference.xi_compton_getting, "C", "", 1.53),
}
every_class = pytest.mark.parametrize("cls", CLASSES)


def check(dipole, xi, species, p):
    nucleus = reference.Nucleus(
        SPECIES[species].Z, SPECIES[species].A, SPECIES[species].rest_energy
    )
    for E, vector in zip(ENERGY, dipole.vector, strict=True):
        R = reference.rigidity_at_energy(E, nucleus)
        expected = [-float(part) for part in xi(R, nucleus, p)]
        np.testing.assert_allclose(vector, expected, atol=1e-10 * np.linalg.norm(expected))


@every_class
@pytest.mark.parametrize("species", ["H", "He"])
def test_against_reference(cls, species):
    xi, name, unit, value = CLASSES[cls]
    check(cls()(ENERGY * u.GeV, species=species), xi, species, reference.parameters())
    changed = cls(**{name: u.Quantity(value, unit)})
    p = reference.parameters(**{name: value})
    check(changed(ENERGY * u.GeV, species=species), xi, species, p)
    evaluated = cls().evaluate(ENERGY * u.GeV, species=species, **{name: u.Quantity(value, unit)})
    check(evaluated, xi, species, p)


def test_wandering_against_reference():
    def xi(R, nucleus, p):
        return reference.xi_nearby(R, nucleus, p, "wandering")

    model = NearbySourceDipoleModel(local_transport="wandering")
    check(model(ENERGY * u.GeV), xi, "H", reference.parameters())


@every_class
def test_shapes(cls):
    assert cls()(1 * u.TeV).vector.shape == (3,)
    assert cls()(1 * u.TeV).amplitude.shape == ()
    assert cls()(np.ones((2, 4)) * u.TeV).vector.shape == (2, 4, 3)
    assert cls()(np.ones((2, 4)) * u.TeV).direction.shape == (2, 4)


@every_class
def test_round_trip_and_copy(cls):
    name, unit, value = CLASSES[cls][1:]
    model = cls(**{name: u.Quantity(value, unit)})
    getattr(model, name).error = 0.25
    getattr(model, name).frozen = True
    data = model.to_dict(full_output=True)
    again = DIPOLE_MODEL_REGISTRY.get_cls(data["dipole"]["type"]).from_dict(data)
    for old, new in zip(model.parameters, again.parameters, strict=True):
        assert str(new.to_dict()) == str(old.to_dict())
    for other in (again, model.copy(), cls().copy(**{name: u.Quantity(value, unit)})):
        np.testing.assert_array_equal(other(ENERGY * u.GeV).vector, model(ENERGY * u.GeV).vector)


@every_class
def test_errors_name_the_item(cls):
    with pytest.raises(NameError, match=f"{cls.__name__} has no parameter 'nonsense'"):
        cls(nonsense=1)
    name = CLASSES[cls][1]
    with pytest.raises(u.UnitConversionError, match=f"{name} is given in kg"):
        cls(**{name: "1 kg"})
    with pytest.raises(ValueError, match="total energy of Fe must not be below its rest energy"):
        cls()(10 * u.GeV, species="Fe")
    with pytest.raises(ValueError, match="unknown species 'Zn'"):
        cls()(10 * u.GeV, species="Zn")
    with pytest.raises(u.UnitConversionError):
        cls()(10 * u.GV)


def test_settings():
    assert NearbySourceDipoleModel.from_dict(
        NearbySourceDipoleModel(local_transport="wandering").to_dict()
    ).local_transport == ("wandering")
    model = ComptonGettingDipoleModel.from_dict(ComptonGettingDipoleModel(index="local").to_dict())
    assert model.index == "local"
    with pytest.raises(ValueError, match="unknown index 'other'"):
        ComptonGettingDipoleModel(index="other")
    with pytest.raises(ValueError, match="unknown local_transport 'other'"):
        NearbySourceDipoleModel(local_transport="other")
    with pytest.raises(ValueError, match="needs the summed spectrum"):
        model(1 * u.TeV)


def test_dipole_object():
    # 3-4-5 triangles: amplitude 5 on the equator, 13 in space
    dipole = Dipole(1 * u.TeV, np.array([3.0, 4.0, 12.0]))
    assert dipole.amplitude == 5
    assert dipole.total_amplitude == 13
    assert dipole.phase.to_value("deg") == pytest.approx(np.rad2deg(np.arctan2(4, 3)), rel=1e-15)
    assert dipole.direction.ra.deg == pytest.approx(dipole.phase.to_value("deg"))
    assert dipole.direction.dec.deg == pytest.approx(np.rad2deg(np.arcsin(12 / 13)))
    assert dipole.phase.unit == "deg"
    south_west = Dipole(1 * u.TeV, np.array([-1.0, -1.0, 0.0]))
    assert south_west.phase.to_value("deg") == pytest.approx(225)
    assert Dipole(1 * u.TeV, np.zeros(3)).amplitude == 0
