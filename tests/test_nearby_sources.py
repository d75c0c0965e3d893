"""Sources by the name that they have in the catalogue: rows, geometry, and models of them."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import CartesianDifferential, SkyCoord
from gammapy.modeling.models import Models
from scipy.integrate import dblquad

import crlocal_plugin as crl
from crlocal_plugin.catalogue.publications import publications_in
from crlocal_plugin.components.source_catalogue import find_source, tube_geometry
from crlocal_plugin.models.prior_sets import set_prior_sets
from crlocal_plugin.physics.geometry import GALACTIC_TO_ICRS, wandering_of_field_lines

CATALOGUE = crl.source_catalogue()
STRAIGHT = np.inf * u.pc
RIGIDITY = np.geomspace(1, 1e7, 40) * u.GV
ENERGY = np.geomspace(10, 1e7, 30) * u.GeV


def values_of(component):
    spectrum = next(iter(component.spectral_models.values()))
    return {name: getattr(spectrum, name).value for name in ("T_n", "r_par", "r_perp")}


# --------------------------------------------------------------------- the catalogue


def test_rows_are_complete_and_cited():
    assert len(set(CATALOGUE["name"])) == len(CATALOGUE)
    for row in CATALOGUE:
        assert "." not in row["name"]
        assert 0 < row["distance_minus"] <= row["distance"] <= 2000
        assert 0 < row["age_error"] < row["age"] < 1.2e6
        motion = [row[f"pm_{k}{end}"] for k in ("ra", "dec") for end in ("", "_error")]
        assert np.isfinite(motion).all() or np.isnan(motion).all()
        for column in ("distance_source", "age_source"):
            assert publications_in(row[column]), row["name"]


def test_remnants_are_where_their_names_say():
    """A name such as G74.0-8.5 has the Galactic coordinates."""
    compared = 0
    for row in CATALOGUE:
        for alias in row["aliases"].split(","):
            if alias.startswith("G") and alias[1].isdigit() and row["kind"] == "remnant":
                split = max(alias.find("+"), alias.find("-"))
                there = SkyCoord(alias[1:split], alias[split:], unit="deg", frame="galactic")
                here = SkyCoord(row["ra"], row["dec"], unit="deg")
                assert here.separation(there).deg < 0.6
                compared += 1
    assert compared == 5


@pytest.mark.parametrize(
    "name", ["Monogem", "monogem ring", "PSR B0656+14", "psr_b0656+14", "J0659+1414"]
)
def test_names_and_aliases(name):
    assert find_source(name)["name"] == "Monogem"


def test_unknown_name():
    with pytest.raises(ValueError, match=r"unknown source 'Gemmina': did you mean Geminga\?"):
        crl.nearby_source("Gemmina")
    with pytest.raises(ValueError, match=r"unknown dipole 'fic': did you mean fick\?"):
        crl.nearby_source("Vela", dipole="fic")
    with pytest.raises(ValueError, match="expected a positive length, got 0"):
        crl.nearby_source("Vela", coherence_length=0 * u.pc)
    far = crl.CosmicRayModel([crl.xue_liu_2025().components["galactic-center"]], name="far")
    with pytest.raises(ValueError, match="'far' has no local cloud"):
        crl.nearby_source("Vela", far)


def test_the_catalogue_is_a_copy():
    crl.source_catalogue()["age"] = 0
    assert (crl.source_catalogue()["age"] == CATALOGUE["age"]).all()


# --------------------------------------------------------------------- geometry


@pytest.mark.parametrize("name", ["Geminga", "S147", "B1055-52", "CygnusLoop"])
def test_place_of_birth_against_astropy(name):
    row, model = find_source(name), crl.xue_liu_2025()
    motion = (
        {} if np.isnan(row["pm_ra"]) else {"pm_ra_cosdec": row["pm_ra"], "pm_dec": row["pm_dec"]}
    )
    motion = {key: value * u.mas / u.yr for key, value in motion.items()}
    if motion:
        motion["radial_velocity"] = 0 * u.km / u.s
    now = SkyCoord(row["ra"] * u.deg, row["dec"] * u.deg, row["distance"] * u.pc, **motion)
    place = now.cartesian.xyz.to_value("pc")
    sun = GALACTIC_TO_ICRS @ [model.U_sun.value, model.V_sun.value, model.W_sun.value]
    if motion:
        velocity = now.cartesian.differentials["s"]
        assert isinstance(velocity, CartesianDifferential)
        seen = velocity.d_xyz.to_value("km/s") + sun
        direction = place / np.linalg.norm(place)
        seen -= (seen @ direction) * direction
        place = place - (seen * u.km / u.s * row["age"] * u.yr).to_value("pc")
    field = model.cloud.field
    tube = tube_geometry(row, field, sun, STRAIGHT)
    np.testing.assert_allclose(tube.place, place, rtol=1e-6)
    along = place @ field
    assert tube.r_par == pytest.approx(along)
    assert tube.r_perp == pytest.approx(np.linalg.norm(place - along * field))


def test_errors_follow_from_what_is_uncertain():
    """A remnant at rest, straight field: errors of distance and angles, to first order."""
    row, field = find_source("CygnusLoop"), crl.xue_liu_2025().cloud.field
    straight = tube_geometry(row, field, np.zeros(3), STRAIGHT)
    angle, distance = np.deg2rad(1.8), row["distance"]
    for one, other, error in (
        (straight.r_par, straight.r_perp, straight.r_par_error),
        (straight.r_perp, straight.r_par, straight.r_perp_error),
    ):
        expected = np.hypot(one / distance * row["distance_plus"], other * angle)
        assert error == pytest.approx(expected, rel=0.03)
    wandering = tube_geometry(row, field, np.zeros(3), 100 * u.pc)
    assert (wandering.r_par, wandering.r_perp) == (straight.r_par, straight.r_perp)
    more = wandering.r_perp_error**2 - straight.r_perp_error**2
    assert more > 0.9 * wandering_of_field_lines(distance, 100) ** 2


@pytest.mark.parametrize("t", [0.01, 0.5, 3.0, 40.0])
def test_wandering_of_field_lines_by_integration(t):
    """Correlations of a direction that walks on a sphere, integrated twice along the line."""

    def correlation(late, early):
        return np.exp(-(late - early)) * (1 - np.exp(-3 * early)) / 3

    mean, _ = dblquad(correlation, 0, t, lambda early: early, lambda early: t)
    assert wandering_of_field_lines(7 * t, 7) == pytest.approx(7 * np.sqrt(2 * mean), rel=1e-7)


def test_wandering_of_field_lines_in_limits():
    length = np.geomspace(1e-6, 1e-2, 30)
    np.testing.assert_allclose(
        wandering_of_field_lines(length, 1), length * np.sqrt(length / 3), rtol=6e-3
    )
    assert wandering_of_field_lines(1e4, 1) == pytest.approx(np.sqrt(2e4 / 3), rel=1e-3)
    assert wandering_of_field_lines(3, np.inf) == wandering_of_field_lines(0, 3) == 0


def test_the_side_of_the_cloud_decides_on_transport():
    model = crl.xue_liu_2025()
    ahead, behind = crl.nearby_source("Geminga", model), crl.nearby_source("Vela", model)
    assert ahead.spectral_models["H"].local_transport == "kinetic"
    assert isinstance(ahead.dipole_model, crl.NearbySourceDipoleModel)
    assert behind.spectral_models["H"].local_transport == "none"
    assert isinstance(behind.dipole_model, crl.NearbySourceFickDipoleModel)
    turned = crl.nearby_source("Vela", model, local_transport="wandering", dipole="cloud")
    assert turned.spectral_models["H"].local_transport == "wandering"
    assert turned.dipole_model.local_transport == "wandering"
    model.B_ra.value += 180
    model.B_dec.value *= -1
    flipped = values_of(crl.nearby_source("Geminga", model))
    assert flipped["r_par"] == -values_of(ahead)["r_par"]
    assert flipped["r_perp"] == values_of(ahead)["r_perp"]


# --------------------------------------------------------------------- models


@pytest.mark.parametrize("variant", ["kinetic", "wandering"])
def test_the_source_of_the_paper(variant):
    paper = crl.xue_liu_2025(variant)
    r_perp = "20 pc" if variant == "wandering" else "18.5 pc"
    values = {"T_n": "3.4e5 yr", "r_par": "250 pc", "r_perp": r_perp}
    source = crl.nearby_source("Geminga", paper, local_transport=variant, **values)
    others = [c for c in paper.components.values() if c.name != "nearby"]
    model = crl.CosmicRayModel([*others, source])
    for species in ("H", "He"):
        np.testing.assert_allclose(
            model.intensity(RIGIDITY, species), paper.intensity(RIGIDITY, species), rtol=1e-12
        )
    np.testing.assert_allclose(model.dipole(ENERGY).vector, paper.dipole(ENERGY).vector, rtol=1e-12)


@pytest.fixture(scope="module")
def wider():
    model = crl.xue_liu_2025()
    vela, monogem = (crl.nearby_source(name, model) for name in ("Vela", "Monogem"))
    return crl.CosmicRayModel([*model.components.values(), vela, monogem])


def test_parameters_of_two_sources(wider):
    labels = wider.parameters.labels
    assert len(set(labels)) == len(labels) == 42 + 2 * 5
    for name in ("Vela", "Monogem"):
        own = {f"{name}.{par}" for par in ("T_n", "r_par", "r_perp", "H.Q_0n", "He.Q_0n")}
        assert own == {label for label in labels if label.startswith(name)}
    assert wider.parameters["nearby.T_n"].value == 3.4e5
    age = wider.parameters["Vela.T_n"]
    assert age.frozen
    assert age.prior.mu.value == age.value
    assert wider.components["Vela"].dipole_model.T_n is age
    # what they share is one object
    spectra = [c.spectral_models["He"] for c in wider.components.values() if c.spectral_models]
    assert len({spectrum.index_offset for spectrum in spectra}) == 1
    assert wider.D_0 is wider.components["Vela"].spectral_models["H"].D_0


def test_a_source_alone_keeps_its_labels():
    model = crl.xue_liu_2025(species=["H"])
    others = [c for c in model.components.values() if c.name != "nearby"]
    alone = crl.CosmicRayModel([*others, crl.nearby_source("Vela", model)])
    own = [label for label in alone.parameters.labels if "Vela" in label]
    assert own == ["Vela.Q_0n", "Vela.T_n", "Vela.r_par", "Vela.r_perp"]
    assert alone.T_n is alone.parameters["Vela.T_n"]


def test_one_nucleus_by_name():
    assert list(crl.nearby_source("Vela", species="He").spectral_models) == ["He"]


def test_values_that_are_given_are_the_source_s_own():
    model = crl.xue_liu_2025()
    source = crl.nearby_source("HB9", model, Gamma=2.2, M_A=0.3, Q_0n="1e52 GV-1")
    model = crl.CosmicRayModel([*model.components.values(), source])
    assert model.parameters["Gamma"].value == 2.6
    assert model.parameters["HB9.Gamma"].value == 2.2
    assert model.parameters["HB9.M_A"] is source.dipole_model.M_A
    assert model.parameters["HB9.He.Q_0n"].value == 1e52
    with pytest.raises(NameError, match="no parameter 'Gama'"):
        crl.nearby_source("HB9", Gama=2.2)


def test_a_source_shares_the_parameters_of_its_model():
    model = crl.xue_liu_2025("wandering")
    model.x.value, model.x.frozen = 2.3, True
    source = crl.nearby_source("Geminga", model)
    assert source.spectral_models["H"].x is model.x
    assert source.spectral_models["He"].index_offset is model.parameters["He.index_offset"]
    assert source.dipole_model.V_sun is model.V_sun
    # the same through the cloud as the source that is there
    assert source.spectral_models["H"].local_transport == "wandering"
    assert source.dipole_model.local_transport == "wandering"


def test_files_and_further_sources(wider):
    again = Models.from_yaml(Models([wider]).to_yaml())[0]
    assert again.parameters.labels == wider.parameters.labels
    vector = again.dipole(ENERGY).vector
    np.testing.assert_array_equal(vector, wider.dipole(ENERGY).vector)
    more = crl.CosmicRayModel([*again.components.values(), crl.nearby_source("S147", again)])
    assert set(wider.parameters.labels) < set(more.parameters.labels)
    assert more.parameters["Vela.T_n"] is again.parameters["Vela.T_n"]


def test_priors_of_a_set_are_not_those_of_a_source(wider):
    model = wider.copy()
    before = model.parameters["Vela.T_n"].prior.to_dict()
    set_prior_sets(model, ["nearby-source"])
    assert model.parameters["Vela.T_n"].prior.to_dict() == before
    assert model.parameters["nearby.T_n"].prior.mu.value == 3.4e5


def test_correlated_priors_stay_when_components_are_put_together_anew():
    model = crl.xue_liu_2025()
    again = crl.CosmicRayModel(model.components.values())
    assert again.penalties == model.penalties != ()
    # without the field and the motion of the cloud, there is no prior on them
    part = crl.CosmicRayModel([model.copy().components["compton-getting"]])
    assert [prior.names for prior in part.penalties] == [["u_HC", "u_HC_ra", "u_HC_dec"]]


def test_own_parameters_of_a_component():
    spectrum = crl.NearbySourceSpectralModel("H")
    with pytest.raises(ValueError, match="own parameter of component 'x' 'T_m': did you mean T_n"):
        crl.CosmicRayComponent("x", {"H": spectrum}, own=["T_m"])


def test_fick_dipole_points_to_the_source_along_the_field():
    source = crl.nearby_source("B1822-09", dipole="fick")
    dipole, p = source.dipole_model, values_of(source)
    assert p["r_par"] < 0
    vector = dipole(10 * u.TeV).vector
    light_year = u.Quantity(1, "lyr").to_value("pc")
    field = crl.xue_liu_2025().cloud.field
    np.testing.assert_allclose(
        vector, 1.5 * p["r_par"] / (p["T_n"] * light_year) * field, rtol=1e-6
    )


def test_sources_in_a_likelihood(wider):
    """The joint evaluation of components agrees with that of each dataset."""
    datasets = crl.load_datasets(["dampe_h", "argo-ybj-2018"])
    model = wider.copy(name="wider")
    for par in model.parameters:
        if par.name == "r_perp":
            par.value = 15
    datasets.models = [model]
    likelihood = crl.JointLikelihood(datasets)
    apart = (
        sum(dataset.stat_sum() for dataset in datasets)
        + datasets.stat_sum()
        - (datasets.stat_sum_likelihood())
    )
    assert likelihood(likelihood.values) == pytest.approx(apart, rel=1e-9)
    shares = model.intensity(10 * u.TV, "H", component="Vela") / model.intensity(10 * u.TV, "H")
    assert shares > 0
