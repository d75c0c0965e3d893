"""Copies and files keep what is shared, unlinked, frozen, limited and correlated."""

import copy
import operator
import pickle

import astropy.units as u
import numpy as np
import pytest
from gammapy.modeling import Parameter
from gammapy.modeling.models import CompoundSpectralModel, Models, PowerLawSpectralModel

import crlocal_plugin as crl
from crlocal_plugin import (
    BackgroundDipoleModel,
    ComptonGettingDipoleModel,
    CosmicRayComponent,
    CosmicRayModel,
    GalacticCenterSpectralModel,
    IntensitySpectralModel,
    LeakyBoxSpectralModel,
    MeasurementPrior,
    Species,
    xue_liu_2025,
)

ENERGY = [0.1, 10, 1000] * u.TeV
RIGIDITY = [5, 500, 5e5] * u.GV


def through_yaml(model):
    return Models.from_yaml(Models([model]).to_yaml())[0]


def through_full_yaml(model):
    return Models.from_yaml(Models([model]).to_yaml(full_output=True))[0]


WAYS = {
    "copy": lambda model: model.copy(name=model.name),
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "Models.copy": lambda model: Models([model]).copy()[0],
    "dict": lambda model: CosmicRayModel.from_dict(model.to_dict()),
    "yaml": through_yaml,
    "full yaml": through_full_yaml,
}
every_way = pytest.mark.parametrize("way", WAYS)


def state(model):
    """All that a Parameter carries, by label; text, so that nan equals nan."""
    result = {}
    for label, par in zip(model.parameters.labels, model.parameters, strict=True):
        data = {
            "name": par.name,
            "value": float(par.value).hex(),
            "unit": par.unit.to_string(),
            "limits": (float(par.min).hex(), float(par.max).hex()),
            "error": float(par.error).hex(),
            "frozen": par.frozen,
            "interp": par.interp,
            "scale": (par.scale_method, par.scale_transform),
            "prior": None if par.prior is None else str(par.prior.to_dict()),
        }
        result[label] = str(data)
    return result


def places(model):
    """Which sub-model uses which of the unique parameters, by position."""
    unique = list(model.parameters)
    result = {}
    for name, component in model.components.items():
        subs = [*component.spectral_models.items(), ("dipole", component.dipole_model)]
        for species, sub in subs:
            if sub is not None:
                used = [next(i for i, p in enumerate(unique) if p is q) for q in sub.parameters]
                result[name, species] = (type(sub).__name__, used)
    return result


def unlinked_model():
    """Model with about everything changed that can be."""
    model = xue_liu_2025("wandering", species=("H", "He", "O"), datasets_names=["one", "two"])
    model.components["nearby"].spectral_models["He"].R_cut = Parameter("R_cut", "8 PV")
    model.components["galactic-center"].dipole_model.T_c = Parameter("T_c", 1 / 3, unit="Myr")
    rng = np.random.default_rng(4)
    for par in model.parameters:
        par.value = par.value * (1 + 1e-3 * rng.random())
        par.error = rng.random()
        par.frozen = bool(rng.random() < 0.5)
    model.phi.unit = "MV"
    model.phi.value = 900 / 7
    model.D_0.min, model.D_0.max = 1e27 / 3, 1e29 / 7
    model.Gamma.min = np.nan
    model.x.scale_method = "factor1"
    model.x.scale_transform = "sqrt"
    model.w.prior = MeasurementPrior("0.02 yr-1", "0.01 yr-1", "a survey: quotes ' and \" and µ")
    return model


def paper_model():
    return xue_liu_2025()


def foreign_model():
    power_law = PowerLawSpectralModel(index=2.7, amplitude="1e-4 cm-2 s-1 GeV-1", reference="1 TeV")
    power_law.index.error = 0.1
    power_law.index.frozen = True
    components = [
        CosmicRayComponent(
            axis.replace("_", "-"),
            {"He": IntensitySpectralModel(power_law.copy(), "He", axis)},
            BackgroundDipoleModel(),
        )
        for axis in ("kinetic_energy", "kinetic_energy_per_nucleon", "total_energy")
    ]
    components.append(CosmicRayComponent("cg", dipole_model=ComptonGettingDipoleModel("local")))
    return CosmicRayModel(components, name="foreign")


def compound_model():
    total = CompoundSpectralModel(
        LeakyBoxSpectralModel("H", phi="0.5 GV"), GalacticCenterSpectralModel("H"), operator.add
    )
    return CosmicRayModel(
        [CosmicRayComponent("sum", {"H": total}, BackgroundDipoleModel())], name="compound"
    )


def isotropic_model():
    return CosmicRayModel([CosmicRayComponent("box", {"H": LeakyBoxSpectralModel()})], name="iso")


def own_species_model():
    twin = Species("Twin", 3, 7, 6.5)
    return xue_liu_2025(species=("H", twin), abundances={"Twin": 0.25}, name="own")


MODELS = [
    paper_model,
    unlinked_model,
    foreign_model,
    compound_model,
    isotropic_model,
    own_species_model,
]


@every_way
@pytest.mark.parametrize("make", MODELS)
def test_everything_survives(make, way):
    model = make()
    twin = WAYS[way](model)
    assert twin is not model
    assert twin.parameters.labels == model.parameters.labels
    assert state(twin) == state(model)
    assert places(twin) == places(model)
    assert not {id(par) for par in twin.parameters} & {id(par) for par in model.parameters}
    assert (twin.datasets_names, twin.nuclei) == (model.datasets_names, model.nuclei)
    for name in model.species:
        np.testing.assert_array_equal(
            twin.intensity(RIGIDITY, name).value, model.intensity(RIGIDITY, name).value
        )
    np.testing.assert_array_equal(twin.dipole(ENERGY).vector, model.dipole(ENERGY).vector)
    if way not in ("Models.copy",):
        assert twin.name == model.name


@every_way
def test_copy_is_independent(way):
    model = unlinked_model()
    before = state(model)
    twin = WAYS[way](model)
    twin.V_sun.value = 1.0
    twin.parameters["nearby.He.R_cut"].value = 2.0
    twin.w.prior = None
    assert state(model) == before
    # still one Parameter in all users, and still unlinked where it was
    assert twin.components["nearby"].dipole_model.V_sun.value == 1
    assert twin.components["nearby"].spectral_models["O"].V_sun.value == 1
    assert twin.components["nearby"].spectral_models["He"].R_cut.value == 2
    assert twin.parameters["R_cut"].value != 2


def test_yaml_twice_is_the_same_text():
    models = Models([unlinked_model()])
    again = Models.from_yaml(models.to_yaml())
    # to_yaml adds the time of writing
    assert str(again.to_dict()) == str(models.to_dict())


def test_copy_arguments():
    model = paper_model()
    assert model.copy(name="other").name == "other"
    assert model.copy().name != model.name
    assert model.copy(datasets_names=["x"]).datasets_names == ["x"]
    with pytest.raises(TypeError, match="not nonsense"):
        model.copy(nonsense=1)


def test_settings_survive():
    model = paper_model()
    model.components["compton-getting"].dipole_model.index = "local"
    for way in WAYS.values():
        twin = way(model)
        assert twin.components["compton-getting"].dipole_model.index == "local"
    wandering = through_yaml(xue_liu_2025("wandering"))
    assert wandering.components["nearby"].dipole_model.local_transport == "wandering"
    spectra = wandering.components["nearby"].spectral_models
    assert {m.local_transport for m in spectra.values()} == {"wandering"}


def test_links_to_nothing_are_refused():
    data = paper_model().to_dict()
    data["components"][0]["dipole_model"]["links"][0] = "nonsense"
    with pytest.raises(ValueError, match=r"BackgroundDipoleModel.*unknown: nonsense"):
        CosmicRayModel.from_dict(data)
    data["components"][0]["dipole_model"]["links"] = []
    with pytest.raises(ValueError, match="links must name 5 listed parameters, got 0"):
        CosmicRayModel.from_dict(data)


# ---------------------------------------------------------------- covariance


def with_covariance(model):
    """Errors of 10 % and some correlations; return the correlation matrix and errors."""
    size = len(model.parameters)
    errors = 0.1 * np.abs(model.parameters.value) + 1e-3
    correlation = np.eye(size)
    rng = np.random.default_rng(8)
    for _ in range(20):
        i, j = rng.choice(size, 2, replace=False)
        correlation[i, j] = correlation[j, i] = 0.1 * rng.uniform(-1, 1)
    model.covariance = correlation * np.outer(errors, errors)
    return correlation, errors


def correlation_of(model):
    data = model.covariance.data
    errors = np.sqrt(np.diag(data))
    return data / np.outer(errors, errors)


@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle", "Models.copy"])
def test_covariance_survives(way):
    model = paper_model()
    correlation, errors = with_covariance(model)
    twin = WAYS[way](model)
    np.testing.assert_allclose(correlation_of(twin), correlation, atol=1e-12)
    np.testing.assert_allclose([par.error for par in twin.parameters], errors, rtol=1e-12)


def test_covariance_of_models_and_back():
    model = paper_model()
    correlation, _ = with_covariance(model)
    models = Models([model])
    np.testing.assert_allclose(
        models.covariance.get_subcovariance(model.parameters).correlation, correlation, atol=1e-12
    )
    copied = models.copy()
    np.testing.assert_allclose(copied.covariance.correlation, correlation, atol=1e-12)


@pytest.mark.parametrize("make", [paper_model, unlinked_model])
def test_covariance_through_files(make, tmp_path):
    model = make()
    correlation, errors = with_covariance(model)
    path = tmp_path / "models.yaml"
    Models([model]).write(path)
    read = Models.read(path)
    twin = read[0]
    assert twin.name == model.name
    np.testing.assert_allclose([par.error for par in twin.parameters], errors, rtol=1e-9)
    np.testing.assert_allclose(correlation_of(twin), correlation, atol=1e-9)
    np.testing.assert_allclose(read.covariance.correlation, correlation, atol=1e-9)
    values = [par.value for par in twin.parameters]
    np.testing.assert_array_equal(values, [par.value for par in model.parameters])


def test_two_models_in_one_file(tmp_path):
    first, second = xue_liu_2025(name="first"), xue_liu_2025("qgsjet", name="second")
    correlation, _ = with_covariance(second)
    path = tmp_path / "models.yaml"
    Models([first, second]).write(path)
    read = Models.read(path)
    assert read.names == ["first", "second"]
    assert read["second"].T_c.value == 2
    assert read["first"].T_c.value == 4
    assert read["first"].T_c is not read["second"].T_c
    np.testing.assert_allclose(correlation_of(read["second"]), correlation, atol=1e-9)


def test_covariance_survives_unlinking():
    model = paper_model()
    correlation, _ = with_covariance(model)
    old = list(model.parameters)
    model.components["nearby"].spectral_models["He"].R_cut = Parameter("R_cut", "8 PV", error=0.5)
    new = list(model.parameters)
    assert len(new) == len(old) + 1
    data = correlation_of_subset(model, old)
    np.testing.assert_allclose(data, correlation, atol=1e-12)
    added = next(i for i, par in enumerate(new) if all(par is not q for q in old))
    covariance = model.covariance.data
    assert covariance[added, added] == pytest.approx(0.25)
    others = np.delete(covariance[added], added)
    np.testing.assert_array_equal(others, 0)


def correlation_of_subset(model, parameters):
    unique = list(model.parameters)
    index = [next(i for i, p in enumerate(unique) if p is q) for q in parameters]
    data = model.covariance.data[np.ix_(index, index)]
    errors = np.sqrt(np.diag(data))
    return data / np.outer(errors, errors)


def test_changed_error_drops_its_correlations_only():
    model = paper_model()
    correlation, _ = with_covariance(model)
    model.parameters[0].error *= 2
    expected = correlation.copy()
    expected[0, 1:] = expected[1:, 0] = 0
    np.testing.assert_allclose(correlation_of(model), expected, atol=1e-12)


def test_assigned_covariance_leaves_nothing_of_the_old_one():
    model = paper_model()
    _, errors = with_covariance(model)
    independent = np.diag(errors**2)
    correlated = np.outer(errors, errors) * np.where(np.eye(len(errors), dtype=bool), 1, 0.1)
    # the same variances, so that only correlations tell the old covariance from the new one
    for expected in (independent, correlated, independent):
        model.covariance = expected
        np.testing.assert_allclose(model.covariance.data, expected, rtol=1e-12)
        np.testing.assert_allclose([p.error**2 for p in model.parameters], np.diag(expected))
        parameters = list(model.parameters)
        for component in model.components.values():
            for sub in component.spectral_models.values():
                own = [parameters.index(par) for par in sub.parameters]
                np.testing.assert_allclose(sub.covariance.data, expected[np.ix_(own, own)])


def test_samples_follow_the_covariance():
    # strengths of 1e52 beside indices of order one
    model = paper_model()
    with_covariance(model)
    free = model.parameters.free_parameters
    sub = model.components["background"].spectral_models["H"]
    samples = sub.sample_parameters_from_covariance(n_samples=4000, random_state=1)
    free = sub.parameters.free_parameters
    mean = (samples.mean(axis=0) - free.value) / [par.error for par in free]
    np.testing.assert_allclose(mean, 0, atol=0.08)
    np.testing.assert_allclose(samples.std(axis=0) / [par.error for par in free], 1, atol=0.06)


def test_every_assignment_gives_a_model_a_new_revision():
    model = crl.NearbySourceSpectralModel("He")
    seen = [model.revision]

    def assert_new():
        assert model.revision not in seen
        seen.append(model.revision)

    model.V_sun.value = 12
    assert model.revision == seen[-1]
    model.local_transport = "wandering"
    assert_new()
    model.R_cut = Parameter("R_cut", "8 PV")
    assert_new()
    model.of_a_user = 1
    assert_new()
    model.covariance = np.eye(len(model.parameters))
    assert model.revision == seen[-1]


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, operator.methodcaller("copy")])
def test_copies_have_a_revision_of_their_own(way):
    model = crl.ComptonGettingDipoleModel()
    other = way(model)
    assert other.revision != model.revision
    other.index = "local"
    assert other.revision != model.revision
    assert pickle.loads(pickle.dumps(model)).revision not in (model.revision, other.revision)
