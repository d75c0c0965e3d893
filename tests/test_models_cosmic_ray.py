"""The top-level model: shared parameters, components, arguments."""

import operator
import pickle

import astropy.units as u
import numpy as np
import pytest
import reference
from gammapy.modeling import Parameter
from gammapy.modeling.models import (
    CompoundSpectralModel,
    ConstantSpectralModel,
    Models,
    PowerLawSpectralModel,
)

from crlocal_plugin import (
    BackgroundDipoleModel,
    ComptonGettingDipoleModel,
    CosmicRayComponent,
    CosmicRayModel,
    GalacticCenterDipoleModel,
    GalacticCenterSpectralModel,
    IntensitySpectralModel,
    LeakyBoxSpectralModel,
    NearbySourceDipoleModel,
    NearbySourceSpectralModel,
    xue_liu_2025,
    xue_liu_2025_composition,
)
from crlocal_plugin.models.prior_sets import set_prior_sets

FLUX = "1e-4 cm-2 s-1 GeV-1"
ALL = ("background", "nearby", "galactic-center", "compton-getting")


@pytest.fixture
def model():
    return xue_liu_2025(priors="measured")


# ---------------------------------------------------------------- shared parameters


def test_same_name_same_parameter(model):
    seen = {}
    for component in model.components.values():
        models = list(component.spectral_models.items())
        if component.dipole_model is not None:
            models.append((None, component.dipole_model))
        for species, sub in models:
            for par in sub.parameters:
                own = par.name in ("Q_0b", "Q_0n", "Q_0c", "index_offset")
                key = (par.name, species if own else None)
                assert seen.setdefault(key, par) is par
    assert len(seen) == len(model.parameters)
    assert set(map(id, seen.values())) == set(map(id, model.parameters))


@pytest.mark.parametrize("species", [("H",), ("H", "He"), ("H", "He", "O", "Fe")])
def test_parameters_and_labels_are_unique(species):
    model = xue_liu_2025(species=species)
    parameters = list(model.parameters)
    assert len({id(par) for par in parameters}) == len(parameters)
    labels = model.parameters_unique_names
    assert len(set(labels)) == len(labels) == len(parameters)
    assert labels == model.parameters.labels
    for par, label in zip(parameters, labels, strict=True):
        assert label.split(".")[-1] == par.name
        assert model.parameters[label] is par
    # shared quantities go by their plain name, those of a species carry it where there are several
    assert {"V_sun", "D_0", "Gamma"} <= set(labels)
    assert ("Q_0b" in labels) == (len(species) == 1)
    assert ("He.Q_0b" in labels) == ("He" in species)


def test_a_change_reaches_all_users(model):
    model.B_ra.value = 30.0
    for component in ("background", "nearby", "galactic-center"):
        assert model.components[component].dipole_model.B_ra.value == 30
    before = model.intensity(10 * u.TV, "He", "nearby").value
    model.V_sun.value = 10.0
    assert model.intensity(10 * u.TV, "He", "nearby").value != before
    assert model.components["nearby"].dipole_model.V_sun.value == 10


def test_parameter_attributes(model):
    assert model.V_sun is model.parameters["V_sun"]
    assert model.V_sun is model.components["nearby"].spectral_models["He"].V_sun
    new = Parameter("V_sun", 12.0, unit="km s-1")
    model.V_sun = new
    assert model.V_sun is new
    assert model.components["nearby"].dipole_model.V_sun is new
    assert model.components["nearby"].spectral_models["H"].V_sun is new
    expected = reference.excess(
        1e4,
        {name: reference.NUCLEI[name] for name in ("H", "He")},
        {name: reference.parameters(name, V_sun=12) for name in ("H", "He")},
    )
    np.testing.assert_allclose(
        model.dipole(10 * u.TeV).vector, reference.number(expected), atol=1e-11
    )
    with pytest.raises(AttributeError, match=r"several parameters.*'H.Q_0b', 'He.Q_0b'"):
        _ = model.Q_0b
    with pytest.raises(AttributeError, match="no attribute or parameter 'nonsense'"):
        _ = model.nonsense
    with pytest.raises(AttributeError, match="no parameter 'nonsense'"):
        model.nonsense = Parameter("nonsense", 1)


def test_a_number_does_not_hide_a_parameter(model):
    # gammapy's models refuse it with a TypeError
    with pytest.raises((TypeError, AttributeError), match="V_sun"):
        model.V_sun = 12.0


def test_unlink(model):
    nearby = model.components["nearby"].spectral_models["He"]
    shared = model.R_cut
    labels = model.parameters.labels
    nearby.R_cut = Parameter("R_cut", "8 PV")
    assert model.parameters["R_cut"] is shared
    assert model.parameters["nearby.He.R_cut"] is nearby.R_cut
    assert set(model.parameters.labels) == {*labels, "nearby.He.R_cut"}
    assert model.components["nearby"].spectral_models["H"].R_cut is shared
    p = reference.parameters("He", R_cut=8)
    alpha = reference.Nucleus(2, 4, model.nuclei[1].rest_energy)
    value = model.intensity(5 * u.PV, "He", "nearby").value
    assert value == pytest.approx(float(reference.nearby(5e6, alpha, p)), rel=1e-10)
    value = model.intensity(5 * u.PV, "He", "background").value
    expected = reference.background(5e6, alpha, reference.parameters("He"))
    assert value == pytest.approx(float(expected), rel=1e-10)
    # and back
    nearby.R_cut = shared
    assert model.parameters.labels == labels


def two_components(first, second, third=None):
    components = [
        CosmicRayComponent("a", {"H": LeakyBoxSpectralModel(**first)}),
        CosmicRayComponent("b", {"H": NearbySourceSpectralModel(**second)}),
    ]
    if third is not None:
        components.append(CosmicRayComponent("c", {"H": GalacticCenterSpectralModel(**third)}))
    return components


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"R_cut": "6 PV"}),
        ({"R_cut": "6 PV"}, {}),
        ({"R_cut": "6 PV"}, {"R_cut": "6 PV"}),
        ({"R_cut": "6 PV"}, {"R_cut": "6000 TV"}),
    ],
)
def test_a_value_given_wins_over_a_default(first, second):
    model = CosmicRayModel(two_components(first, second))
    assert model.R_cut.quantity.to_value("PV") == pytest.approx(6, rel=1e-15)
    assert model.components["a"].spectral_models["H"].R_cut is model.R_cut
    assert model.components["b"].spectral_models["H"].R_cut is model.R_cut


@pytest.mark.parametrize("position", range(3))
def test_a_value_given_wins_wherever_it_is(position):
    given = [{}, {}, {}]
    given[position] = {"D_0": "5e28 cm2 s-1"}
    model = CosmicRayModel(two_components(*given))
    assert model.D_0.value == 5e28


def test_conflicting_values_are_refused():
    components = two_components({"R_cut": "5 PV"}, {"R_cut": "6 PV"})
    with pytest.raises(ValueError, match=r"R_cut is 5.0 PV in one .* 6.0 PV"):
        CosmicRayModel(components)
    model = CosmicRayModel(components, link=False)
    assert sorted(par.value for par in model.parameters if par.name == "R_cut") == [5, 6]
    components = two_components({"D_0": "5e28 cm2 s-1"}, {}, {"D_0": "6e28 cm2 s-1"})
    with pytest.raises(ValueError, match="D_0 is 5e"):
        CosmicRayModel(components)


def test_freeze_and_unfreeze_by_type(model):
    free = [par.name for par in model.parameters.free_parameters]
    model.freeze("dipole")
    names = {par.name for par in model.parameters.free_parameters}
    assert names == set(free) - {"delta_b", "V_sun"}
    model.unfreeze("dipole")
    assert [par.name for par in model.parameters.free_parameters] == free
    model.freeze("spectral")
    assert {par.name for par in model.parameters.free_parameters} == {"delta_b"}
    model.freeze()
    assert not len(model.parameters.free_parameters)
    model.unfreeze("spectral")
    assert {par.name for par in model.parameters.free_parameters} == set(free) - {"delta_b"}
    model.unfreeze()
    assert [par.name for par in model.parameters.free_parameters] == free


@pytest.mark.parametrize("make", [xue_liu_2025, xue_liu_2025_composition])
def test_unfreeze_restores_what_a_model_was_made_with(make):
    model = make()
    set_prior_sets(model, "field-ribbon")
    free = [par.name for par in model.parameters.free_parameters]
    assert {"B_ra", "u_HC", "U_sun"}.issubset(free)
    model.R_cut.frozen = True
    model.freeze()
    read = Models.from_yaml(Models([model]).to_yaml())[0]
    for frozen in (model, model.copy(), pickle.loads(pickle.dumps(model)), read):
        assert not len(frozen.parameters.free_parameters)
        frozen.unfreeze()
        assert [par.name for par in frozen.parameters.free_parameters] == free
        assert frozen.R_cut.frozen is False
    # a file of an earlier version
    data = model.to_dict()
    del data["free_by_default"]
    old = CosmicRayModel.from_dict(data)
    old.unfreeze()
    assert "V_sun" in old.parameters.free_parameters.names


# ---------------------------------------------------------------- kinds of components


def test_isotropic_component():
    isotropic = CosmicRayModel([CosmicRayComponent("box", {"H": LeakyBoxSpectralModel()})])
    np.testing.assert_array_equal(isotropic.dipole([1, 10] * u.TeV).vector, np.zeros((2, 3)))
    assert isotropic.dipole(1 * u.TeV).amplitude == 0
    # it dilutes the dipole of another: two equal populations, one of them isotropic
    half = CosmicRayModel(
        [
            CosmicRayComponent("one", {"H": LeakyBoxSpectralModel()}, BackgroundDipoleModel()),
            CosmicRayComponent("two", {"H": LeakyBoxSpectralModel()}),
        ]
    )
    whole = BackgroundDipoleModel()(1 * u.TeV).vector
    np.testing.assert_allclose(half.dipole(1 * u.TeV).vector, whole / 2, rtol=1e-13)
    np.testing.assert_array_equal(half.dipole(1 * u.TeV, component="two").vector, np.zeros(3))


def test_compton_getting_with_an_isotropic_spectrum():
    model = CosmicRayModel(
        [
            CosmicRayComponent("box", {"H": LeakyBoxSpectralModel()}),
            CosmicRayComponent("motion", dipole_model=ComptonGettingDipoleModel()),
        ]
    )
    expected = ComptonGettingDipoleModel()(3 * u.TeV).vector
    np.testing.assert_allclose(model.dipole(3 * u.TeV).vector, expected, rtol=1e-14)
    assert model.intensity(1 * u.TV, "H", "motion").value == 0


def test_compton_getting_alone():
    # without any spectrum the effect is that on relativistic particles, or a clear error
    model = CosmicRayModel(
        [CosmicRayComponent("motion", dipole_model=ComptonGettingDipoleModel())], name="cg"
    )
    assert model.parameters.labels == ["C", "u_HC", "u_HC_ra", "u_HC_dec"]
    try:
        dipole = model.dipole(10 * u.TeV)
    except ValueError as error:
        assert "species" in str(error)  # noqa: PT017
    else:
        assert dipole.total_amplitude == pytest.approx(3 * 1.6 * 25.4 / 299792.458, rel=1e-6)


@pytest.mark.parametrize("axis", ["kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"])
def test_foreign_spectrum(axis):
    power_law = PowerLawSpectralModel(index=2.7, amplitude=FLUX, reference="1 TeV")
    model = CosmicRayModel(
        [
            CosmicRayComponent(
                "pl", {"He": IntensitySpectralModel(power_law, "He", axis)}, BackgroundDipoleModel()
            )
        ]
    )
    # 1e-4 / (cm2 s GeV) = 1 / (m2 s GeV) at 1 TeV on the axis of the model
    assert model.intensity(1 * u.TeV, "He", axis=axis).value == pytest.approx(1, rel=1e-9)
    power_law.index.value = 2.0
    power_law.amplitude.value *= 3
    value = model.intensity(10 * u.TeV, "He", axis=axis).value
    assert value == pytest.approx(0.03, rel=1e-9)
    assert {"index", "amplitude", "reference"} <= set(model.parameters.labels)
    np.testing.assert_allclose(
        model.dipole(10 * u.TeV).vector, BackgroundDipoleModel()(10 * u.TeV).vector, rtol=1e-14
    )


def test_foreign_spectrum_beside_the_paper():
    # shares follow the intensities: replace one of the paper's by a power law
    power_law = PowerLawSpectralModel(index=2.7, amplitude=FLUX, reference="1 TeV")
    wrapped = IntensitySpectralModel(power_law, "H", "total_energy")
    box = LeakyBoxSpectralModel()
    model = CosmicRayModel(
        [
            CosmicRayComponent("pl", {"H": wrapped}, BackgroundDipoleModel()),
            CosmicRayComponent("box", {"H": box}, GalacticCenterDipoleModel()),
        ]
    )
    E = 20 * u.TeV
    flux = [model.intensity(E, "H", name, axis="total_energy").value for name in ("pl", "box")]
    share = flux[0] / sum(flux)
    expected = share * BackgroundDipoleModel()(E).vector
    expected = expected + (1 - share) * GalacticCenterDipoleModel()(E).vector
    np.testing.assert_allclose(model.dipole(E).vector, expected, rtol=1e-10)


def test_sum_of_package_models():
    first, second = LeakyBoxSpectralModel(), GalacticCenterSpectralModel()
    compound = CompoundSpectralModel(first, second, operator.add)
    model = CosmicRayModel([CosmicRayComponent("sum", {"H": compound}, BackgroundDipoleModel())])
    p = reference.parameters("H")
    nucleus = reference.Nucleus(1, 1, model.nuclei[0].rest_energy)
    for R in (3.0, 1e3, 1e7):
        expected = reference.background(R, nucleus, p) + reference.galactic_center(R, nucleus, p)
        value = model.intensity(R * u.GV, "H").value
        assert value == pytest.approx(float(expected), rel=1e-10)
    labels = model.parameters.labels
    assert len(set(labels)) == len(labels)
    second.Q_0c.value *= 10
    R = 1e7
    expected = reference.background(R, nucleus, p) + 10 * reference.galactic_center(R, nucleus, p)
    assert model.intensity(R * u.GV, "H").value == pytest.approx(float(expected), rel=1e-10)


def test_unfreeze_restores_foreign_models():
    power_law = PowerLawSpectralModel(index=2.7, amplitude=FLUX, reference="1 TeV")
    model = CosmicRayModel([CosmicRayComponent("pl", {"H": IntensitySpectralModel(power_law)})])
    free = model.parameters.free_parameters.names
    assert free == ["index", "amplitude"]
    model.freeze()
    model.unfreeze()
    assert model.parameters.free_parameters.names == free


def test_spectra_that_are_no_intensities():
    constant = ConstantSpectralModel(const="1 TeV-1 cm-2 s-1")
    with pytest.raises(
        ValueError, match=r"component 'c', species 'H': ConstantSpectralModel gives"
    ):
        CosmicRayModel([CosmicRayComponent("c", {"H": constant})])
    with pytest.raises(ValueError, match="wrap it in IntensitySpectralModel"):
        CosmicRayModel([CosmicRayComponent("c", {"H": constant})])
    power_law = PowerLawSpectralModel(amplitude=FLUX)
    with pytest.raises(ValueError, match=r"PowerLawSpectralModel does not take a rigidity"):
        CosmicRayModel([CosmicRayComponent("c", {"H": power_law})])


def test_wrong_components():
    box = LeakyBoxSpectralModel()
    with pytest.raises(ValueError, match=r"component name 'a.b'"):
        CosmicRayComponent("a.b", {"H": box})
    with pytest.raises(ValueError, match="a model of H is filed under species 'He'"):
        CosmicRayComponent("a", {"He": box})
    with pytest.raises(TypeError, match="species 'H': expected a gammapy SpectralModel, got int"):
        CosmicRayComponent("a", {"H": 1})
    with pytest.raises(TypeError, match="expected a DipoleModel, got LeakyBoxSpectralModel"):
        CosmicRayComponent("a", {"H": box}, box)
    with pytest.raises(ValueError, match="component names must be unique, a repeat"):
        CosmicRayModel([CosmicRayComponent("a", {"H": box}), CosmicRayComponent("a")])


def test_components_with_other_species():
    # He has no nearby source here: its share is that of the background alone
    model = CosmicRayModel(
        [
            CosmicRayComponent(
                "box",
                {"H": LeakyBoxSpectralModel("H"), "He": LeakyBoxSpectralModel("He")},
                BackgroundDipoleModel(),
            ),
            CosmicRayComponent(
                "near", {"H": NearbySourceSpectralModel("H")}, NearbySourceDipoleModel()
            ),
        ]
    )
    assert model.species == ("H", "He")
    helium = model.dipole(10 * u.TeV, species="He").vector
    np.testing.assert_allclose(helium, BackgroundDipoleModel()(10 * u.TeV).vector, rtol=1e-14)
    assert model.intensity(1 * u.TV, "He", "near").value == 0


# ---------------------------------------------------------------- arguments


def test_intensity_errors(model):
    with pytest.raises(ValueError, match=r"TeV: a rigidity \(GV\) needs no axis"):
        model.intensity(1 * u.TeV, "H")
    with pytest.raises(u.UnitConversionError, match=r"axis 'kinetic_energy' takes values in GeV"):
        model.intensity(1 * u.GV, "H", axis="kinetic_energy")
    with pytest.raises(u.UnitConversionError, match=r"axis 'rigidity' takes values in GV, got TeV"):
        model.intensity(1 * u.TeV, "H", axis="rigidity")
    with pytest.raises(ValueError, match="unknown axis 'energy'"):
        model.intensity(1 * u.TeV, "H", axis="energy")
    with pytest.raises(ValueError, match="unknown component 'disk': expected one of background"):
        model.intensity(1 * u.TV, "H", component="disk")
    with pytest.raises(ValueError, match="no species 'Fe', only H, He"):
        model.intensity(1 * u.TV, "Fe")
    with pytest.raises(ValueError, match="'Zn' is no element symbol"):
        model.intensity(1 * u.TV, "Zn")
    with pytest.raises(ValueError, match="total energy of H must not be below its rest energy"):
        model.intensity(0.5 * u.GeV, "H", axis="total_energy")
    with pytest.raises(ValueError, match=r"must not be negative .* got -1"):
        model.intensity([1, -1] * u.GV, "H")


def test_unitless_input_says_so(model):
    with pytest.raises(ValueError, match="no unit"):
        model.intensity([1, 2], "H")
    with pytest.raises(u.UnitConversionError, match="no unit"):
        model.dipole([10, 20])


def test_dipole_errors(model):
    with pytest.raises(u.UnitConversionError, match="takes values in GeV, got GV"):
        model.dipole(1 * u.GV)
    with pytest.raises(ValueError, match="above the rest energy of H"):
        model.dipole([1000, 0.5] * u.GeV)
    with pytest.raises(ValueError, match=r"above the rest energy of He, 3.72"):
        model.dipole(3 * u.GeV, species="He")
    with pytest.raises(ValueError, match="got inf"):
        model.dipole(np.inf * u.GeV)
    with pytest.raises(ValueError, match="got nan"):
        model.dipole(np.nan * u.GeV)
    with pytest.raises(ValueError, match="unknown component 'disk'"):
        model.dipole(1 * u.TeV, component="disk")
    with pytest.raises(ValueError, match="no species 'Fe'"):
        model.dipole(1 * u.TeV, species="Fe")


def test_shapes_of_input(model):
    scalar = model.intensity(1 * u.TV, "H")
    assert scalar.shape == ()
    from_list = model.intensity([1 * u.TV, 2000 * u.GV], "H")
    assert from_list.shape == (2,)
    assert from_list[0] == scalar
    assert model.intensity(np.ones((2, 3)) * u.TV, "light").shape == (2, 3)
    dipole = model.dipole(1 * u.TeV)
    assert dipole.vector.shape == (3,)
    assert dipole.amplitude.shape == dipole.phase.shape == dipole.direction.shape == ()
    from_list = model.dipole([1 * u.TeV, 2000 * u.GeV])
    assert from_list.vector.shape == (2, 3)
    np.testing.assert_allclose(from_list.vector[0], dipole.vector, rtol=1e-12)
    assert model.dipole(np.ones((2, 3)) * u.TeV).vector.shape == (2, 3, 3)
    assert model.intensity("1 TV", "H") == scalar
    assert model.intensity([] * u.TV, "H").shape == (0,)


@pytest.mark.parametrize("component", [None, *ALL])
def test_energy_axes_of_the_sum(model, component):
    # J_E = J_R / (Z beta), summed over the components
    nucleus = reference.Nucleus(2, 4, model.nuclei[1].rest_energy)
    p = reference.parameters("He")
    for R in (2.0, 300.0, 1e6):
        parts = reference.intensities(R, nucleus, p)
        total = sum(parts.values()) if component is None else parts.get(component, 0)
        for axis, factor in (("total_energy", 1), ("kinetic_energy", 1)):
            E = float(reference.on_axis(R, nucleus, axis))
            expected = float(factor * total / (2 * reference.speed(R, nucleus)))
            value = model.intensity(E * u.GeV, "He", component, axis=axis)
            assert value.unit == "GeV-1 m-2 s-1 sr-1"
            assert value.value == pytest.approx(expected, rel=1e-9)


def test_share_of_a_component_of_zero_strength():
    # switched off by a strength of zero: no share, even where the others are tiny
    model = xue_liu_2025(priors=None)
    model.parameters["H.Q_0c"].value = model.parameters["He.Q_0c"].value = 0
    model.R_cut.value = 0.001
    part = model.dipole([1e3, 1e4, 1e6, 1e9] * u.GeV, component="galactic-center").vector
    np.testing.assert_allclose(part, 0, atol=1e-30)


def test_text(model):
    text = str(model)
    for word in ("background", "nearby", "H, He", "V_sun", "LeakyBoxSpectralModel"):
        assert word in text
    lines = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    assert lines["He.Q_0n"] == ["7.05e+51", "free", "1", "/", "GV"]
    assert lines["C"] == ["1.6", "frozen"]
    model.V_sun.error = 0.456
    assert "15.5  +/- 0.46" in str(model)
    assert "<pre>" in model._repr_html_()
    assert "isotropic" in repr(CosmicRayComponent("a", {"H": LeakyBoxSpectralModel()}))


# ---------------------------------------------------------------- several sources


def second_source(name="second", **kwargs):
    spectra = {n: NearbySourceSpectralModel(n, **kwargs) for n in ("H", "He")}
    return CosmicRayComponent(name, spectra, NearbySourceDipoleModel())


def test_a_second_source_has_parameters_of_its_own():
    first = xue_liu_2025()
    second = second_source(Q_0n="1e52 GV-1", T_n="1.7e5 yr")
    model = CosmicRayModel([*first.components.values(), second], name="two")
    labels = model.parameters.labels
    for name in ("H.Q_0n", "He.Q_0n", "T_n", "r_par", "r_perp"):
        assert {f"nearby.{name}", f"second.{name}"} <= set(labels)
    # what describes the Galaxy is one for both
    assert {"D_0", "R_cut", "M_A", "x", "H.index_offset"} <= set(labels)
    assert model.parameters["second.T_n"].value == 1.7e5
    assert model.parameters["nearby.T_n"].value == first.parameters["T_n"].value == 3.4e5
    dipole = model.components["second"].dipole_model
    assert dipole.parameters.names
    # neither the component nor the model that was there are changed
    assert second.own == ()
    assert "T_n" in first.parameters.labels
    again = Models.from_yaml(Models([model]).to_yaml())[0]
    assert again.parameters.labels == labels
    third = CosmicRayModel([*model.components.values(), second_source("third")])
    assert {f"{name}.T_n" for name in ("nearby", "second", "third")} <= set(third.parameters.labels)


def test_a_parameter_that_two_sources_have_in_common_stays_so():
    first = xue_liu_2025()
    second = second_source(T_n=first.T_n)
    labels = CosmicRayModel([*first.components.values(), second]).parameters.labels
    assert "T_n" in labels
    assert {"second.r_par", "second.H.Q_0n"} <= set(labels)


def test_a_second_outburst_of_the_galactic_center():
    spectrum = GalacticCenterSpectralModel("H", Q_0c="1e57 GV-1", T_c="2 Myr")
    extra = CosmicRayComponent("extra", {"H": spectrum}, GalacticCenterDipoleModel())
    model = CosmicRayModel([*xue_liu_2025().components.values(), extra])
    names = ("Q_0c", "T_c", "r_c", "R_cutc", "lon_c")
    assert {f"extra.{name}" for name in names} <= set(model.parameters.labels)
    assert extra.dipole_model.T_c is spectrum.T_c
