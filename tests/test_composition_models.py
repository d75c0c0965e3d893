"""Published composition models as spectra: formulas, axes, evaluation in models, files."""

import pickle
import sys

import astropy.units as u
import crflux.models
import globalsplinefit
import numpy as np
import pytest
import yaml
from astropy.table import Table
from gammapy.modeling import Fit
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY, Models
from hypothesis import given, settings
from hypothesis import strategies as st

import crlocal_plugin as crl
from crlocal_plugin.models import published as composition_models
from crlocal_plugin.models.grids import join_species
from crlocal_plugin.models.published import (
    PUBLISHED_COMPOSITIONS,
    PublishedSpectralModel,
    abundances_from,
    published_composition,
)
from crlocal_plugin.physics.kinematics import particle_grid
from crlocal_plugin.physics.species import get_species

INTERPOLATION = 1e-4
ENERGY = np.geomspace(1e3, 1e10, 40)
RIGIDITY = np.geomspace(3, 1e7, 41)
TOTAL_ENERGY = {
    "H3a": crflux.models.HillasGaisser2012("H3a"),
    "H4a": crflux.models.HillasGaisser2012("H4a"),
    "GST-3": crflux.models.GaisserStanevTilav("3-gen"),
    "GST-4": crflux.models.GaisserStanevTilav("4-gen"),
    "poly-gonato": crflux.models.PolyGonato(),
}
# Gaisser 2012, Table 1: integral index and norm of three populations; charge of the cut-off as in
# crflux, where others take 7 and 13 for the groups
H3A = {
    "H": (1, ((1.66, 7860), (1.4, 20), (1.4, 1.7))),
    "He": (2, ((1.58, 3550), (1.4, 20), (1.4, 1.7))),
    "CNO": (6, ((1.63, 2200), (1.4, 13.4), (1.4, 1.14))),
    "Ne-S": (14, ((1.67, 1430), (1.4, 13.4), (1.4, 1.14))),
    "Fe-group": (26, ((1.63, 2120), (1.4, 13.4), (1.4, 1.14))),
}
# Gaisser & Honda 2002: A, alpha, K, b, c of hydrogen, helium and iron
GAISSER_HONDA = {
    "H": (2.74, 14900, 2.15, 0.21),
    "He": (2.64, 600, 1.25, 0.14),
    "Fe-group": (2.68, 4.45, 3.07, 0.41),
}


def h3a(species, energy):
    """DN/DE of Gaisser 2012, Eq. 1, per GeV of total energy."""
    charge, populations = H3A[species]
    return sum(
        norm * energy ** (-index - 1) * np.exp(-energy / (charge * cutoff))
        for (index, norm), cutoff in zip(populations, (4e6, 30e6, 2e9), strict=True)
    )


def beta(rigidity, species):
    nucleus = get_species(species)
    momentum = nucleus.Z * rigidity
    return momentum / np.sqrt(momentum**2 + nucleus.rest_energy**2)


@pytest.mark.parametrize("species", H3A)
def test_h3a_against_its_formula(species):
    model = PublishedSpectralModel("H3a", species)
    values = model.intensity(ENERGY * u.GeV, axis="total_energy")
    assert values.unit == "GeV-1 m-2 s-1 sr-1"
    np.testing.assert_allclose(values.value, h3a(species, ENERGY), rtol=INTERPOLATION)
    # against rigidity, dE/dR = Z beta
    nucleus = get_species(species)
    rigidity = np.sqrt(ENERGY**2 - nucleus.rest_energy**2) / nucleus.Z
    expected = h3a(species, ENERGY) * nucleus.Z * beta(rigidity, species)
    values = model(rigidity * u.GV)
    assert values.unit == "GV-1 m-2 s-1 sr-1"
    np.testing.assert_allclose(values.value, expected, rtol=INTERPOLATION)


@pytest.mark.parametrize("species", GAISSER_HONDA)
def test_gaisser_honda_against_its_formula(species):
    alpha, K, b, c = GAISSER_HONDA[species]
    kinetic = np.geomspace(0.2, 1e5, 60)
    expected = K * (kinetic + b * np.exp(-c * np.sqrt(kinetic))) ** -alpha
    values = PublishedSpectralModel("GH", species).intensity(
        kinetic * u.GeV, axis="kinetic_energy_per_nucleon"
    )
    np.testing.assert_allclose(values.value, expected, rtol=INTERPOLATION)


def test_poly_gonato_against_its_formula():
    # Hoerandel 2003, Table 1 for iron; the knee is at 26 x 4.51 PeV as in crflux
    expected = (
        2.04e-2 / 1e3 * (ENERGY / 1e3) ** -2.59
        * (1 + (ENERGY / (26 * 4.51e6)) ** 1.87) ** (-2.10 / 1.87)
    )  # fmt: skip
    values = PublishedSpectralModel("poly-gonato", "Fe").intensity(
        ENERGY * u.GeV, axis="total_energy"
    )
    np.testing.assert_allclose(values.value, expected, rtol=INTERPOLATION)


@pytest.mark.parametrize("composition", TOTAL_ENERGY)
def test_all_particles_against_crflux(composition):
    model = published_composition(composition)
    values = model.intensity(ENERGY * u.GeV, "all_particle", axis="total_energy")
    expected = TOTAL_ENERGY[composition].total_flux(ENERGY)
    np.testing.assert_allclose(values.value, expected, rtol=INTERPOLATION)


@pytest.mark.parametrize(("composition", "variant"), [("ZS", "default"), ("ZSP", "pamela")])
def test_zatsepin_sokolskaya_is_per_kinetic_energy(composition, variant):
    direct = crflux.models.ZatsepinSokolskaya(variant)
    kinetic = np.geomspace(10, 1e7, 50)
    for species, corsika_id in (("H", 14), ("He", 402), ("Fe", 5426)):
        model = PublishedSpectralModel(composition, species)
        values = model.intensity(kinetic * u.GeV, axis="kinetic_energy").value
        expected = direct.nucleus_flux(corsika_id, kinetic)
        np.testing.assert_allclose(values, expected, rtol=INTERPOLATION)


@pytest.mark.parametrize("interval", [None, "LIS", (200901, 201001)])
@pytest.mark.parametrize("version", ["2017", "2026.1"])
def test_gsf_against_rigidity(version, interval):
    direct = globalsplinefit.GSFRigidity(version=version, default_time_interval=interval)
    for species in ("H", "He", "C", "O", "Fe"):
        model = PublishedSpectralModel("GSF", species, version=version, time_interval=interval)
        expected = direct.flux(RIGIDITY, crl.SPECIES[species].Z)
        np.testing.assert_allclose(model(RIGIDITY * u.GV).value, expected, rtol=INTERPOLATION)


def test_gsf_against_energy():
    direct = globalsplinefit.GSFEnergy(version="2025")
    model = published_composition("GSF", version="2025")
    values = model.intensity(ENERGY * u.GeV, "all_particle", axis="total_energy").value
    # GSF has atomic weights times one nucleon mass: 1e-3 of the rest energy, little above 1 TeV
    np.testing.assert_allclose(values, direct.total_flux(ENERGY), rtol=2e-4)
    assert model.species == tuple(crl.SPECIES)


def test_gsf_hydrogen_is_all_isotopes():
    direct = globalsplinefit.GSFRigidity(version="2026.1")
    model = PublishedSpectralModel("GSF", "H", version="2026.1")
    isotopes = direct.flux([10.0], "p") + direct.flux([10.0], "D")
    assert model(10 * u.GV).value == pytest.approx(isotopes[0], rel=INTERPOLATION)


def test_solar_modulation_of_the_interval():
    # the Sun was quiet in 2009 and active in 2014
    quiet, active, none = (
        PublishedSpectralModel("GSF", "H", time_interval=interval)([2, 1000] * u.GV).value
        for interval in ((200901, 201001), (201401, 201501), "LIS")
    )
    assert active[0] < quiet[0] < none[0]
    np.testing.assert_allclose([quiet[1], active[1]], none[1], rtol=5e-3)


def test_interpolation_is_worst_half_way():
    step = 10 ** (1 / 1000)
    rigidity = step ** (np.arange(-500, 10_000, 7) + 0.5)
    values = PublishedSpectralModel("H3a", "H")(rigidity * u.GV).value
    expected = h3a("H", np.hypot(rigidity, get_species("H").rest_energy)) * beta(rigidity, "H")
    error = abs(values / expected - 1)
    assert 1e-8 < error.max() < 1e-5
    rigidity = rigidity[rigidity < 1e9]
    for interval in (None, "LIS"):
        direct = globalsplinefit.GSFRigidity(default_time_interval=interval)
        values = PublishedSpectralModel("GSF", "O", time_interval=interval)(rigidity * u.GV).value
        expected = direct.flux(rigidity, 8)
        # the splines fall to zero at 1 GV
        present = rigidity > (1.2 if interval else 0)
        error = abs(values[present] / expected[present] - 1)
        assert error.max() < INTERPOLATION


def test_beyond_the_table():
    # H3a towards rest: dN/dE is finite, so that dN/dR = dN/dE Z beta is proportional to R
    model = PublishedSpectralModel("H3a", "Fe")
    low, lower = model([1e-2, 1e-3] * u.GV).value
    assert low / lower == pytest.approx(10, rel=3e-2)
    with np.errstate(all="raise", under="ignore"):
        assert PublishedSpectralModel("poly-gonato", "H")(1e13 * u.GV).value > 0
        # the splines of GSF begin at 1 GV
        outside = PublishedSpectralModel("GSF", "O", time_interval="LIS")
        np.testing.assert_array_equal(outside([1e-3, 0.5] * u.GV).value, 0)
        assert outside(1.1 * u.GV).value > 0
        # no helium in the third population of H4a
        assert PublishedSpectralModel("H4a", "He")(1e12 * u.GV).value == 0


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([("H3a", "CNO"), ("GSF", "He"), ("GH", "H"), ("ZS", "Fe"), ("GST-4", "O")]),
    st.floats(0.0, 7.0),
)
def test_axes_are_related_by_their_jacobians(chosen, log_rigidity):
    model = PublishedSpectralModel(*chosen)
    nucleus, rigidity = model.nucleus, 10**log_rigidity
    momentum = nucleus.Z * rigidity
    total = np.sqrt(momentum**2 + nucleus.rest_energy**2)
    kinetic = momentum**2 / (total + nucleus.rest_energy)
    per_rigidity = model(rigidity * u.GV).value
    slope = momentum / total * nucleus.Z
    for axis, x, jacobian in (
        ("total_energy", total, 1 / slope),
        ("kinetic_energy", kinetic, 1 / slope),
        ("kinetic_energy_per_nucleon", kinetic / nucleus.A, nucleus.A / slope),
    ):
        value = model.intensity(x * u.GeV, axis=axis).value
        assert value == pytest.approx(per_rigidity * jacobian, rel=1e-6)


# ------------------------------------------------------------------- in models


def test_composition_has_all_nuclei_and_no_dipole():
    model = published_composition("H3a")
    assert model.species == ("H", "He", "CNO", "Ne-S", "Fe-group")
    assert list(model.components) == [model.name] == ["H3a"]
    np.testing.assert_array_equal(model.dipole([1, 100] * u.TeV).amplitude, 0)
    assert published_composition("GST-3", species="Fe", name="iron").species == ("Fe",)


def test_mean_log_mass_of_h3a():
    energy = 3e6
    weights = np.array([h3a(species, energy) for species in H3A])
    expected = weights @ np.log([1, 4, 14, 24, 56]) / weights.sum()
    model = published_composition("H3a")
    assert model.mean_log_mass(energy * u.GeV) == pytest.approx(expected, rel=INTERPOLATION)
    # crflux takes 12, 28 and 54
    crflux_mean = TOTAL_ENERGY["H3a"].lnA(np.array([energy]))[0]
    assert expected == pytest.approx(crflux_mean, abs=0.05)


def test_species_in_one_grid_keep_their_spectra():
    # one call of the kernel for all species of a component
    model = published_composition("GSF", species=("H", "O", "Fe"))
    grids = {name: particle_grid(RIGIDITY, name) for name in model.species}
    (logs,) = model.evaluator.log_components(join_species(grids), model.evaluator.values())
    direct = globalsplinefit.GSFRigidity()
    expected = np.concatenate([direct.flux(RIGIDITY, Z) for Z in (1, 8, 26)])
    np.testing.assert_allclose(np.exp(logs), expected, rtol=INTERPOLATION)


def test_compositions_may_be_mixed_in_a_component():
    component = crl.CosmicRayComponent(
        "mixed",
        {"He": PublishedSpectralModel("GSF", "He"), "Fe": PublishedSpectralModel("H3a", "Fe")},
    )
    model = crl.CosmicRayModel([component])
    grids = {name: particle_grid(RIGIDITY, name) for name in model.species}
    (logs,) = model.evaluator.log_components(join_species(grids), model.evaluator.values())
    helium = globalsplinefit.GSFRigidity().flux(RIGIDITY, 2)
    energy = np.hypot(26 * RIGIDITY, get_species("Fe").rest_energy)
    iron = h3a("Fe-group", energy) * 26 * beta(RIGIDITY, "Fe")
    np.testing.assert_allclose(np.exp(logs), [*helium, *iron], rtol=INTERPOLATION)


def test_extra_component_adds_up():
    own = crl.xue_liu_2025(species=("H", "He", "Fe"))
    extra = crl.CosmicRayComponent("H3a", {"Fe": PublishedSpectralModel("H3a", "Fe", norm=0.5)})
    wider = crl.CosmicRayModel([*own.components.values(), extra])
    energy = ENERGY * u.GeV
    added = (wider.intensity(energy, "Fe", axis="total_energy")).value
    before = own.intensity(energy, "Fe", axis="total_energy").value
    np.testing.assert_allclose(added, before + 0.5 * h3a("Fe-group", ENERGY), rtol=INTERPOLATION)
    # an isotropic component dilutes the dipole of the others
    share = own.intensity(1 * u.PeV, "all_particle", axis="total_energy") / wider.intensity(
        1 * u.PeV, "all_particle", axis="total_energy"
    )
    np.testing.assert_allclose(
        wider.dipole(1 * u.PeV, component="nearby").vector,
        own.dipole(1 * u.PeV, component="nearby").vector * share.value,
        rtol=1e-10,
    )


def test_norms_of_species_are_their_own_and_come_in_sets():
    model = published_composition("H3a")
    assert model.parameters.labels == [f"{s}.norm" for s in model.species]
    assert all(par.frozen and par.value == 1 for par in model.parameters)
    values = [np.array([[1.0], [3.0]]) if i == 0 else v for i, v in enumerate([1.0] * 5)]
    sets = model.intensity(ENERGY * u.GeV, "light", axis="total_energy", values=values).value
    expected = [norm * h3a("H", ENERGY) + h3a("He", ENERGY) for norm in (1, 3)]
    np.testing.assert_allclose(sets, expected, rtol=INTERPOLATION)


def simulated(model, name, quantity, energy, relative_error):
    table = Table({"energy": energy})
    table["intensity"] = model.intensity(energy, quantity, axis="total_energy")
    table["intensity_stat_err"] = relative_error * table["intensity"]
    return crl.CosmicRayFluxDataset.read(
        table, name=name, experiment="none", quantity=quantity, axis="total_energy"
    )


def test_fit_of_the_norms_to_simulated_data():
    energy = np.geomspace(1e4, 1e8, 30) * u.GeV
    truth = published_composition("H3a")
    truth.parameters["H.norm"].value = 1.3
    datasets = crl.CosmicRayDatasets(
        [simulated(truth, quantity, quantity, energy, 0.05) for quantity in ("H", "all_particle")]
    )
    model = published_composition("H3a")
    datasets.models = [model]
    model.parameters["H.norm"].frozen = False
    result = Fit(backend="least-squares").run(datasets)
    assert result.success
    assert result.total_stat == pytest.approx(0, abs=1e-6)
    assert model.parameters["H.norm"].value == pytest.approx(1.3, rel=1e-5)
    # 30 points of 5 %, and a share of the all-particle ones
    assert 0.8 < model.parameters["H.norm"].error / (1.3 * 0.05 / np.sqrt(30)) < 1


def test_likelihoods_do_not_ask_the_packages(monkeypatch):
    model = published_composition("H3a")
    expected = model.intensity(ENERGY * u.GeV, "all_particle", axis="total_energy")

    def refuse(*args, **kwargs):
        raise AssertionError("crflux was asked")

    monkeypatch.setattr(crflux.models.PrimaryFlux, "nucleus_flux", refuse)
    again = published_composition("H3a").intensity(
        ENERGY * u.GeV, "all_particle", axis="total_energy"
    )
    np.testing.assert_array_equal(again.value, expected.value)


# ------------------------------------------------------------------- abundances


def test_abundances_of_h3a():
    ratios = abundances_from(published_composition("H3a"), rigidity=1 * u.TV)
    assert list(ratios) == ["CNO", "Ne-S", "Fe-group"]

    def per_rigidity(species):
        nucleus = get_species(species)
        energy = np.hypot(nucleus.Z * 1e3, nucleus.rest_energy)
        return h3a(species, energy) * nucleus.Z * beta(1e3, species)

    for species, ratio in ratios.items():
        expected = per_rigidity(species) / per_rigidity("He")
        assert ratio == pytest.approx(expected, rel=2 * INTERPOLATION)
    model = crl.xue_liu_2025(species=("H", "He", "CNO", "Fe-group"), abundances=ratios)
    strength = model.parameters["CNO.Q_0b"].value / model.parameters["He.Q_0b"].value
    assert strength == pytest.approx(ratios["CNO"], rel=1e-12)


def test_abundances_of_gsf_are_those_of_ams_02():
    ratios = abundances_from(published_composition("GSF"))
    # Aguilar et al. 2021, Phys. Rep. 894, 1, and later papers, at 100 GV
    for species, measured in {"C": 0.0317, "O": 0.0346, "Mg": 0.0068, "Fe": 0.0053}.items():
        assert ratios[species] == pytest.approx(measured, rel=0.05)


def test_abundances_need_helium_and_one_rigidity():
    with pytest.raises(ValueError, match="no species 'He'"):
        abundances_from(published_composition("H3a", species=("H", "Fe")))
    with pytest.raises(ValueError, match="at one rigidity, got"):
        abundances_from(published_composition("H3a"), [1, 2] * u.TV)
    with pytest.raises(TypeError, match="those of a CosmicRayModel, got 'H3a'"):
        abundances_from("H3a")
    outside = published_composition("GSF", time_interval="LIS")
    with pytest.raises(ValueError, match=r"'GSF' has no helium at 0\.5 GV"):
        abundances_from(outside, 0.5 * u.GV)


# ------------------------------------------------------------------- files and copies


@pytest.mark.parametrize(
    ("composition", "species", "options"),
    [
        ("H3a", "CNO", {}),
        ("H3a", "Fe", {}),
        ("GSF", "O", {"version": "2017"}),
        ("GSF", "H", {"version": "2026.1", "time_interval": "LIS"}),
        ("GSF", "H", {"version": "2026.1", "time_interval": tuple(np.array([200901, 201001]))}),
    ],
)
def test_dictionary_round_trip(composition, species, options):
    model = PublishedSpectralModel(composition, species, norm=1.5, **options)
    model.norm.frozen = False
    data = yaml.safe_load(yaml.safe_dump(model.to_dict(full_output=True)))
    again = SPECTRAL_MODEL_REGISTRY.get_cls(data["spectral"]["type"]).from_dict(data)
    assert type(again) is PublishedSpectralModel
    for name in PublishedSpectralModel.settings:
        assert getattr(again, name) == getattr(model, name)
    assert again.nucleus == model.nucleus
    assert (again.norm.value, again.norm.frozen, again.norm.min) == (1.5, False, 0)
    np.testing.assert_array_equal(again(RIGIDITY * u.GV).value, model(RIGIDITY * u.GV).value)


def test_model_round_trip(tmp_path):
    model = published_composition("GSF", species=("H", "Fe"), time_interval=(200901, 201001))
    model.parameters["Fe.norm"].value = 1.2
    Models([model]).write(tmp_path / "models.yaml")
    (again,) = Models.read(tmp_path / "models.yaml")
    assert again.parameters.labels == ["H.norm", "Fe.norm"]
    for one in (again, model.copy(), pickle.loads(pickle.dumps(model))):
        for species in model.species:
            np.testing.assert_array_equal(
                one.intensity(RIGIDITY * u.GV, species).value,
                model.intensity(RIGIDITY * u.GV, species).value,
            )


def test_newest_version_is_kept_by_name():
    assert PublishedSpectralModel("GSF").version == globalsplinefit.DEFAULT_VERSION
    assert PublishedSpectralModel("GSF", version="2026").version.startswith("2026.")


def test_copy_scales():
    model = PublishedSpectralModel("H4a", "H")
    np.testing.assert_allclose(
        model.copy(norm=2)(RIGIDITY * u.GV).value, 2 * model(RIGIDITY * u.GV).value, rtol=1e-14
    )
    assert model.copy(norm=0)(10 * u.GV).value == 0


def test_every_composition_says_what_to_cite():
    for composition in PUBLISHED_COMPOSITIONS:
        assert any(c.isdigit() for c in PublishedSpectralModel(composition).publication)


# ------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("H3b",), "unknown composition 'H3b': expected one of GSF, H3a, H4a"),
        ((["H3a"],), "unknown composition"),
        (("H3a", "O"), "H3a has no species 'O': expected one of H, He, CNO, Ne-S, Fe-group, Fe"),
        (("GSF", "CNO"), "GSF has no species 'CNO': expected one of H, He, Li"),
        (("GST-3", crl.Species("Fe", 26, 54, 50.2)), "GST-3 has no species Species"),
        (("GSF", "Xx"), "unknown species 'Xx'"),
        (("H3a", "H", "2017"), "settings of GSF: leave them out for H3a"),
        (("H3a", "H", None, "LIS"), "settings of GSF: leave them out for H3a"),
        (("GSF", "H", "2018"), "'2018' not found. Available versions: .*2017"),
        (("GSF", "H", None, 2009), "time_interval 2009: expected 'LIS' or two months"),
        (("GSF", "H", None, "TOA"), "time_interval 'TOA': expected 'LIS' or two months"),
        (("GSF", "H", None, (200901.0, 201001)), "expected 'LIS' or two months"),
        (("GSF", "H", None, (180001, 180101)), "missing for 1800-01"),
        (("GSF", "H", None, (201001, 200901)), "start must be earlier than end"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        PublishedSpectralModel(*arguments)


def test_another_composition_may_be_assigned():
    model = published_composition("H3a")
    spectrum = model.components["H3a"].spectral_models["H"]
    before = model.intensity(1 * u.EV, "H")
    spectrum.composition = "H4a"
    assert model.intensity(1 * u.EV, "H") == PublishedSpectralModel("H4a")(1 * u.EV) != before
    spectrum.composition = "H5a"
    with pytest.raises(ValueError, match="unknown composition 'H5a'"):
        model.intensity(1 * u.EV, "H")


@pytest.mark.parametrize("species", [(), ("Fe", "Fe-group"), ("H", "H")])
def test_species_are_given_once(species):
    with pytest.raises(ValueError, match="species of H3a must be given, each once"):
        published_composition("H3a", species=species)


@pytest.mark.parametrize(
    ("composition", "package"), [("H3a", "crflux.models"), ("GSF", "globalsplinefit")]
)
def test_missing_package(monkeypatch, composition, package):
    monkeypatch.setitem(sys.modules, package, None)
    composition_models._table.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'crlocal_plugin\[composition\]'"):
        published_composition(composition)
