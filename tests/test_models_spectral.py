"""Spectral models one by one."""

import astropy.units as u
import matplotlib as mpl
import matplotlib.pyplot as plt
import mpmath
import numpy as np
import pytest
import reference
from gammapy.modeling import Parameter
from gammapy.modeling.models import (
    SPECTRAL_MODEL_REGISTRY,
    ConstantSpectralModel,
    PowerLawSpectralModel,
    TemplateSpectralModel,
)
from scipy.integrate import quad

from crlocal_plugin import (
    SPECIES,
    GalacticCenterSpectralModel,
    IntensitySpectralModel,
    LeakyBoxSpectralModel,
    NearbySourceSpectralModel,
    Species,
)
from crlocal_plugin.physics.kinematics import AXES

mpl.use("Agg")

RIGIDITY = np.array([1.0, 45.0, 1e3, 2e5, 3e6])
CLASSES = {
    LeakyBoxSpectralModel: (reference.background, "phi", "GV", 0.41),
    NearbySourceSpectralModel: (reference.nearby, "x", "pc", 0.37),
    GalacticCenterSpectralModel: (reference.galactic_center, "T_c", "Myr", 2.0),
}
UNIT = {
    "rigidity": "GV-1 m-2 s-1 sr-1",
    "kinetic_energy": "GeV-1 m-2 s-1 sr-1",
    "kinetic_energy_per_nucleon": "GeV-1 m-2 s-1 sr-1",
    "total_energy": "GeV-1 m-2 s-1 sr-1",
}
X_UNIT = {axis: "GV" if axis == "rigidity" else "GeV" for axis in AXES}
FLUX = "1e-4 cm-2 s-1 GeV-1"

every_class = pytest.mark.parametrize("cls", CLASSES)
each_species = pytest.mark.parametrize("species", ["H", "He"])


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@every_class
@each_species
def test_call_against_reference(cls, species):
    evaluate = CLASSES[cls][0]
    p = reference.parameters(species)
    # the rest energy of the package, its own test is elsewhere
    nucleus = reference.Nucleus(*((1, 1), (2, 4))[species == "He"], SPECIES[species].rest_energy)
    values = cls(species)(RIGIDITY * u.GV)
    assert values.unit == UNIT["rigidity"]
    expected = [float(evaluate(R, nucleus, p)) for R in RIGIDITY]
    np.testing.assert_allclose(values.value, expected, rtol=1e-10)


def test_wandering_against_reference():
    p = reference.parameters("He")
    nucleus = reference.Nucleus(2, 4, SPECIES["He"].rest_energy)
    values = NearbySourceSpectralModel("He", local_transport="wandering")(RIGIDITY * u.GV)
    expected = [float(reference.nearby(R, nucleus, p, "wandering")) for R in RIGIDITY]
    np.testing.assert_allclose(values.value, expected, rtol=1e-10)


@every_class
@each_species
@pytest.mark.parametrize("axis", AXES)
def test_intensity_on_every_axis(cls, species, axis):
    evaluate = CLASSES[cls][0]
    p = reference.parameters(species)
    nucleus = reference.Nucleus(*((1, 1), (2, 4))[species == "He"], SPECIES[species].rest_energy)
    x, expected = [], []
    for R in RIGIDITY:
        x.append(float(reference.on_axis(R, nucleus, axis)))
        slope = mpmath.diff(lambda r: reference.on_axis(r, nucleus, axis), R, h=R * 1e-15)
        expected.append(float(evaluate(R, nucleus, p) / slope))
    values = cls(species).intensity(u.Quantity(x, X_UNIT[axis]), axis=axis)
    assert values.unit == UNIT[axis]
    np.testing.assert_allclose(values.value, expected, rtol=1e-9)
    with pytest.raises(ValueError, match="unknown axis 'energy'"):
        cls(species).intensity(1 * u.TeV, axis="energy")


@every_class
def test_intensity_is_conserved_between_axes(cls):
    # the number of particles in a bin does not depend on the axis
    model = cls("He")
    numbers = []
    for axis in AXES:
        nucleus = reference.Nucleus(2, 4, SPECIES["He"].rest_energy)
        low, high = (float(reference.on_axis(R, nucleus, axis)) for R in (1000.0, 2000.0))

        def function(x, axis=axis):
            return model.intensity(x * u.Unit(X_UNIT[axis]), axis=axis).value

        numbers.append(quad(function, low, high, epsrel=1e-10)[0])
    np.testing.assert_allclose(numbers, numbers[0], rtol=1e-9)


@every_class
def test_integral_against_quad(cls):
    model = cls("H")
    low, high = 1e3, 1e4
    expected = quad(lambda R: model(R * u.GV).value, low, high, epsrel=1e-10)[0]
    integral = model.integral(low * u.GV, high * u.GV)
    assert integral.unit.is_equivalent("m-2 s-1 sr-1")
    # gammapy integrates power laws between 100 nodes per decade
    assert integral.to_value("m-2 s-1 sr-1") == pytest.approx(expected, rel=1e-3)


@every_class
def test_units_do_not_matter(cls):
    model = cls("H")
    np.testing.assert_allclose(
        model([1e-3, 1] * u.TV).value, model([1, 1000] * u.GV).value, rtol=1e-14
    )
    name, unit, value = CLASSES[cls][1:]
    quantity = u.Quantity(value, unit)
    other = {"GV": "MV", "pc": "lyr", "Myr": "yr"}[unit]
    one = cls("H", **{name: quantity})(RIGIDITY * u.GV)
    two = cls("H", **{name: quantity.to(other)})(RIGIDITY * u.GV)
    np.testing.assert_allclose(one.value, two.value, rtol=1e-11)
    # a Parameter in a unit of its own
    par = Parameter(name, quantity.to_value(other), unit=other)
    three = cls("H", **{name: par})
    np.testing.assert_allclose(one.value, three(RIGIDITY * u.GV).value, rtol=1e-11)
    np.testing.assert_allclose(
        one.value, cls("H").evaluate(RIGIDITY * u.GV, **{name: quantity}).value, rtol=1e-11
    )


@every_class
def test_shapes(cls):
    model = cls("He")
    assert model(3 * u.TV).shape == ()
    assert model([3, 4] * u.TV).shape == (2,)
    assert model(np.ones((2, 3)) * u.TV).shape == (2, 3)
    assert model([1 * u.TV, 2000 * u.GV]).shape == (2,)
    np.testing.assert_allclose(
        model([1 * u.TV, 2000 * u.GV]).value, model([1e3, 2e3] * u.GV).value, rtol=1e-14
    )


@every_class
def test_plot(cls):
    model = cls("H")
    _, ax = plt.subplots()
    result = model.plot([1e1, 1e6] * u.GV, ax=ax, energy_power=2.7)
    assert result is ax
    assert "Rigidity" in ax.get_xlabel()
    line = ax.get_lines()[0]
    x, y = (np.asarray(getattr(v, "value", v)) for v in line.get_data(orig=True))
    np.testing.assert_allclose(y, model(x * u.GV).value * x**2.7, rtol=1e-9)
    plt.gcf().canvas.draw()


@every_class
def test_plot_error(cls):
    model = cls("H")
    strength = model.parameters[0]
    strength.error = 0.1 * strength.value
    ax = model.plot_error([1e1, 1e4] * u.GV, energy_power=2.7, n_points=10, n_samples=50)
    assert "Rigidity" in ax.get_xlabel()
    assert len(ax.collections) == 1
    plt.gcf().canvas.draw()


@every_class
def test_error_band_of_a_strength(cls):
    # an intensity is proportional to the strength, so that its relative error is the same
    model = cls("H")
    strength = model.parameters[0]
    strength.error = 0.03 * strength.value
    value, low, high = model.evaluate_error([100.0, 1000.0] * u.GV, n_samples=2000)
    np.testing.assert_allclose((low / value).to_value(""), 0.03, rtol=0.05)
    np.testing.assert_allclose((high / value).to_value(""), 0.03, rtol=0.05)


@every_class
def test_copy(cls):
    name, unit, value = CLASSES[cls][1:]
    model = cls("He")
    model.Gamma.error = 0.125
    model.Gamma.frozen = True
    twin = model.copy()
    assert twin.species == "He"
    assert (twin.Gamma.error, twin.Gamma.frozen) == (0.125, True)
    changed = model.copy(**{name: u.Quantity(value, unit)})
    assert getattr(changed, name).value == pytest.approx(value, rel=1e-15)
    assert getattr(model, name).value == reference.PAPER[name]
    assert not np.allclose(changed(RIGIDITY * u.GV).value, model(RIGIDITY * u.GV).value, atol=0)
    par = Parameter(name, value, unit=unit)
    assert getattr(model.copy(**{name: par}), name) is par
    with pytest.raises(NameError, match=f"{cls.__name__} has no parameter 'nonsense'"):
        model.copy(nonsense=1)


@every_class
@pytest.mark.parametrize("species", ["H", "He", "Fe", Species("D", 1, 2, 1.875612928)])
def test_dictionary_round_trip(cls, species):
    model = cls(species)
    rng = np.random.default_rng(11)
    for par in model.parameters:
        par.value = par.value * (1 + 0.1 * rng.random()) + 1e-17
        par.error = rng.random()
        par.frozen = not par.frozen
        par.min, par.max = par.value / 3, par.value * 3
    data = model.to_dict(full_output=True)
    again = SPECTRAL_MODEL_REGISTRY.get_cls(data["spectral"]["type"]).from_dict(data)
    assert type(again) is cls
    assert again.nucleus == model.nucleus
    for old, new in zip(model.parameters, again.parameters, strict=True):
        assert new.to_dict() == old.to_dict()
    np.testing.assert_array_equal(again(RIGIDITY * u.GV).value, model(RIGIDITY * u.GV).value)


@pytest.mark.parametrize("transport", ["kinetic", "wandering"])
def test_transport_round_trip(transport):
    model = NearbySourceSpectralModel("He", local_transport=transport)
    again = NearbySourceSpectralModel.from_dict(model.to_dict())
    assert again.local_transport == transport
    np.testing.assert_array_equal(again(RIGIDITY * u.GV).value, model(RIGIDITY * u.GV).value)


@every_class
def test_short_dictionary_takes_defaults(cls):
    model = cls("He")
    again = cls.from_dict({"spectral": {"type": cls.tag[1], "species": "He", "parameters": []}})
    for old, new in zip(model.parameters, again.parameters, strict=True):
        assert new.value == old.value


@every_class
def test_errors_name_the_item(cls):
    name, unit, _ = CLASSES[cls][1:]
    with pytest.raises(NameError, match=f"{cls.__name__} has no parameter 'nonsense'"):
        cls(nonsense=1)
    with pytest.raises(u.UnitConversionError, match=f"{name} is given in kg, expected .*{unit}"):
        cls(**{name: "1 kg"})
    with pytest.raises(u.UnitConversionError, match=f"{name} is given in kg, expected .*{unit}"):
        cls().copy(**{name: "1 kg"})
    with pytest.raises(ValueError, match="unknown species 'Zn'"):
        cls("Zn")
    with pytest.raises(u.UnitConversionError, match=r"takes a rigidity.* got GeV"):
        cls()(1 * u.GeV)
    with pytest.raises(ValueError, match=r"rigidity of H must be positive.* got -3"):
        cls()([1, -3] * u.GV)
    with pytest.raises(ValueError, match="'nonsense' is not"):
        cls.from_dict({"spectral": {"type": "nonsense", "parameters": []}})
    body = {"type": cls.tag[0], "parameters": [{"name": "nonsense", "value": 1}]}
    with pytest.raises(ValueError, match="no parameter 'nonsense'"):
        cls.from_dict({"spectral": body})
    with pytest.raises(TypeError, match=name):
        setattr(cls(), name, 1.0)


@every_class
def test_unitless_input_says_so(cls):
    with pytest.raises(u.UnitConversionError, match="got no unit"):
        cls()(10.0)


@every_class
def test_evaluate_refuses_what_it_does_not_know(cls):
    with pytest.raises((NameError, TypeError), match="nonsense"):
        cls().evaluate(1 * u.TV, nonsense=1)


@every_class
def test_parameter_in_a_wrong_unit_is_named(cls):
    name = CLASSES[cls][1]
    with pytest.raises(u.UnitConversionError, match=name):
        cls(**{name: Parameter(name, 1.0, unit="kg")})(1 * u.TV)


def test_unknown_transport():
    with pytest.raises(ValueError, match="unknown local_transport 'other'"):
        NearbySourceSpectralModel(local_transport="other")


@every_class
def test_freeze_and_unfreeze(cls):
    model = cls()
    before = [par.frozen for par in model.parameters]
    model.freeze()
    assert all(par.frozen for par in model.parameters)
    model.unfreeze()
    assert [par.frozen for par in model.parameters] == before
    assert not all(before)


@every_class
def test_covariance_of_a_sub_model(cls):
    model = cls()
    size = len(model.parameters)
    rng = np.random.default_rng(5)
    root = rng.normal(size=(size, size))
    model.covariance = root @ root.T
    np.testing.assert_allclose(model.covariance.data, root @ root.T)
    np.testing.assert_allclose(model.copy().covariance.data, root @ root.T)


def test_heavy_nuclei_start_from_helium():
    # strengths and index offset; nuclei without an abundance start from zero
    iron = LeakyBoxSpectralModel("Fe")
    helium = LeakyBoxSpectralModel("He")
    assert helium.Q_0b.value == 6.9e51
    assert iron.index_offset.value == helium.index_offset.value == -0.077
    assert 0 < iron.Q_0b.value < 0.1 * helium.Q_0b.value
    assert LeakyBoxSpectralModel("P").Q_0b.value == 0
    given = LeakyBoxSpectralModel("Fe", Q_0b="1e50 GV-1", index_offset=0.0)
    assert (given.Q_0b.value, given.index_offset.value) == (1e50, 0.0)


def test_own_species():
    deuteron = Species("D", 1, 2, 1.875612928)
    model = LeakyBoxSpectralModel(deuteron, Q_0b="1e51 GV-1", index_offset=0.0)
    p = reference.parameters("H", Q_0b=1e51)
    nucleus = reference.Nucleus(1, 2, 1.875612928)
    expected = [float(reference.background(R, nucleus, p)) for R in RIGIDITY]
    np.testing.assert_allclose(model(RIGIDITY * u.GV).value, expected, rtol=1e-10)
    assert model.species == "D"
    assert LeakyBoxSpectralModel.from_dict(model.to_dict()).nucleus == deuteron


# ---------------------------------------------------------------- models of gammapy itself


@pytest.mark.parametrize("axis", [axis for axis in AXES if axis != "rigidity"])
@pytest.mark.parametrize("species", ["H", "Fe"])
def test_wrapped_power_law(axis, species):
    power_law = PowerLawSpectralModel(index=2.7, amplitude=FLUX, reference="1 TeV")
    model = IntensitySpectralModel(power_law, species, axis)
    nucleus = reference.Nucleus(
        SPECIES[species].Z, SPECIES[species].A, SPECIES[species].rest_energy
    )
    expected = []
    for R in RIGIDITY:
        x = reference.on_axis(R, nucleus, axis)
        slope = mpmath.diff(lambda r: reference.on_axis(r, nucleus, axis), R, h=R * 1e-15)
        # 1e-4 / (cm2 s GeV) are 1 / (m2 s GeV)
        expected.append(float((x / 1000) ** mpmath.mpf(-2.7) * slope))
    values = model(RIGIDITY * u.GV)
    assert values.unit == UNIT["rigidity"]
    np.testing.assert_allclose(values.value, expected, rtol=1e-10)


def test_wrapped_table_against_rigidity():
    knots = [1.0, 10.0, 100.0, 1000.0]
    table = TemplateSpectralModel(
        energy=knots * u.GV, values=[4.0, 3.0, 2.0, 1.0] * u.Unit(UNIT["rigidity"])
    )
    model = IntensitySpectralModel(table, "He", "rigidity")
    np.testing.assert_allclose(model(knots * u.GV).value, [4, 3, 2, 1], rtol=1e-9)


def test_wrapper_keeps_its_settings():
    power_law = PowerLawSpectralModel(index=2.7, amplitude=FLUX, reference="1 TeV")
    power_law.index.error = 0.1
    power_law.amplitude.frozen = True
    model = IntensitySpectralModel(power_law, "O", "kinetic_energy_per_nucleon")
    data = model.to_dict(full_output=True)
    again = SPECTRAL_MODEL_REGISTRY.get_cls("intensity").from_dict(data)
    assert (again.species, again.axis) == ("O", "kinetic_energy_per_nucleon")
    for old, new in zip(model.parameters, again.parameters, strict=True):
        assert str(new.to_dict()) == str(old.to_dict())
    twin = model.copy()
    assert twin.spectral_model is not power_law
    np.testing.assert_array_equal(twin(RIGIDITY * u.GV).value, model(RIGIDITY * u.GV).value)
    expected = quad(lambda R: model(R * u.GV).value, 1e3, 1e4, epsrel=1e-10)[0]
    integral = model.integral(1e3 * u.GV, 1e4 * u.GV).to_value("m-2 s-1 sr-1")
    assert integral == pytest.approx(expected, rel=1e-3)


def test_wrapper_plot():
    power_law = PowerLawSpectralModel(index=2.7, amplitude=FLUX, reference="1 TeV")
    ax = IntensitySpectralModel(power_law).plot([10, 1e5] * u.GV)
    assert "Rigidity" in ax.get_xlabel()
    plt.gcf().canvas.draw()


def test_wrapper_plot_error():
    power_law = PowerLawSpectralModel(index=2.7, amplitude=FLUX, reference="1 TeV")
    power_law.amplitude.error = 0.1 * power_law.amplitude.value
    ax = IntensitySpectralModel(power_law).plot_error([10, 1e5] * u.GV, n_points=5, n_samples=50)
    assert "Rigidity" in ax.get_xlabel()
    plt.gcf().canvas.draw()


def test_wrapper_freezes_and_unfreezes():
    model = IntensitySpectralModel(PowerLawSpectralModel(amplitude=FLUX))
    model.freeze()
    assert all(par.frozen for par in model.parameters)
    model.unfreeze()
    # gammapy's default: all but the reference energy
    assert [par.frozen for par in model.parameters] == [False, False, True]


def test_wrapper_errors():
    with pytest.raises(TypeError, match="expected a gammapy SpectralModel to wrap, got float"):
        IntensitySpectralModel(1.0)
    with pytest.raises(ValueError, match="unknown axis 'energy'"):
        IntensitySpectralModel(ConstantSpectralModel(), axis="energy")
    with pytest.raises(ValueError, match="unknown species 'Zn'"):
        IntensitySpectralModel(ConstantSpectralModel(), species="Zn")
