"""Spectra that a user writes, as docs/extending.md says, for every nucleus."""

import copy
import pickle
import re
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from gammapy.modeling import Fit, Parameter
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY, Models

import crlocal_plugin as crl

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
NUCLEI = ("H", "He", "Fe")
RIGIDITY = np.array([50.0, 3e3])
EXAMPLES = ("BrokenPowerLaw", "SteadySource")


@pytest.fixture(scope="module")
def page():
    """Names after the Python blocks with classes of the page have run one after another."""
    names = {"np": np, "u": u, "crl": crl, "Parameter": Parameter, "__name__": __name__}
    names["SPECTRAL_MODEL_REGISTRY"] = SPECTRAL_MODEL_REGISTRY
    before = list(SPECTRAL_MODEL_REGISTRY)
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE):
        if block.startswith("class "):
            exec(compile(block, str(PAGE), "exec"), names)
    yield names
    SPECTRAL_MODEL_REGISTRY[:] = before


class SourceWithoutOffset(crl.SourceSpectralModel):
    """Power law with a strength."""

    tag = ["SourceWithoutOffset"]
    Q_0s = Parameter("Q_0s", 2e-5, unit="GV-1 m-2 s-1 sr-1", min=0)
    slope = Parameter("slope", 2.5)

    def log_shape(self, grid, slope):
        return -slope * grid.log_rigidity


class SourceWithOffset(crl.SourceSpectralModel):
    """Power law with a strength and an index offset that the package adds."""

    tag = ["SourceWithOffset"]
    power_name = "index_offset"
    helium_strength = 3e-6
    Q_0s = Parameter("Q_0s", 2e-5, unit="GV-1 m-2 s-1 sr-1", min=0)
    index_offset = Parameter("index_offset", 0, frozen=True)
    slope = Parameter("slope", 2.5)

    def log_shape(self, grid, *values):
        p = self.named(values)
        return -(p.slope + p.index_offset) * grid.log_rigidity


SOURCES = (SourceWithoutOffset, SourceWithOffset)


def model_of(*classes, **settings):
    components = [
        crl.CosmicRayComponent(cls.__name__, {name: cls(name, **settings) for name in NUCLEI})
        for cls in classes
    ]
    return crl.CosmicRayModel(components, name="own")


# ---------------------------------------------------------------- the examples of the page


@pytest.mark.parametrize("species", NUCLEI)
def test_broken_power_law(page, species):
    model = page["BrokenPowerLaw"](species, index=2.7)
    expected = 1e-6 * (RIGIDITY / 1e3) ** -2.7 * (1 + RIGIDITY / 300) ** 0.1
    values = model(RIGIDITY * u.GV)
    assert values.unit == "GV-1 m-2 s-1 sr-1"
    np.testing.assert_allclose(values.value, expected, rtol=1e-12)
    assert model.own_parameters == ("amplitude",)


@pytest.mark.parametrize(
    ("species", "strength", "offset"),
    [("H", 2e38, 0), ("He", 4e37, -0.077), ("Fe", 4e37 * 0.0053, -0.077), ("Li", 0, -0.077)],
)
def test_steady_source(page, species, strength, offset):
    model = page["SteadySource"](species)
    assert model.Q_0s.value == pytest.approx(strength, rel=1e-12)
    assert model.index_offset.value == offset
    # beta c / (4 pi) Q / (4 pi D r), with D = D_0 beta (R / 10 GV)^(1/3)
    D = 2.15e28 * u.Unit("cm2 s-1") * (RIGIDITY / 10) ** (1 / 3)
    source = strength * u.Unit("GV-1 s-1") * RIGIDITY ** -(2.6 + offset)
    speed = 2.998e10 * u.Unit("cm s-1") / (4 * np.pi * u.sr)
    expected = speed * source / (4 * np.pi * D * 300 * u.pc)
    np.testing.assert_allclose(
        model(RIGIDITY * u.GV).value, expected.to_value("GV-1 m-2 s-1 sr-1"), rtol=1e-4
    )


def test_parameters_are_shared_but_for_own_ones(page):
    steady = [
        *("H.Q_0s", "r_s", "Gamma", "H.index_offset", "D_0", "delta"),
        *("He.Q_0s", "He.index_offset", "Fe.Q_0s", "Fe.index_offset"),
    ]
    assert page["own"].parameters.labels == steady
    model = model_of(page["SteadySource"], page["BrokenPowerLaw"])
    assert model.parameters.labels == [
        *steady,
        *("H.amplitude", "index", "hardening", "R_break", "He.amplitude", "Fe.amplitude"),
    ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_own_spectrum_beside_those_of_the_paper(page, name):
    paper = crl.xue_liu_2025(species=NUCLEI)
    own = crl.CosmicRayComponent("own", {s: page[name](s) for s in NUCLEI})
    wider = crl.CosmicRayModel([*paper.components.values(), own])
    for species in NUCLEI:
        total = wider.intensity(RIGIDITY * u.GV, species)
        part = own.spectral_models[species](RIGIDITY * u.GV)
        np.testing.assert_allclose(
            total.value, (paper.intensity(RIGIDITY * u.GV, species) + part).value, rtol=1e-12
        )
    again = Models.from_yaml(Models([wider]).to_yaml())[0]
    assert again.parameters.labels == wider.parameters.labels
    energy = [1, 1000] * u.TeV
    np.testing.assert_array_equal(again.dipole(energy).vector, wider.dipole(energy).vector)


@pytest.mark.parametrize("name", EXAMPLES)
def test_round_trips(page, name):
    model = model_of(page[name])
    model.parameters[0].value *= 1.5
    again = Models.from_yaml(Models([model]).to_yaml())[0]
    for other in (again, model.copy(), copy.deepcopy(model)):
        assert other.parameters.labels == model.parameters.labels
        for species in NUCLEI:
            assert type(other.components[name].spectral_models[species]) is page[name]
            np.testing.assert_array_equal(
                other.intensity(RIGIDITY * u.GV, species), model.intensity(RIGIDITY * u.GV, species)
            )


@pytest.mark.parametrize("name", EXAMPLES)
def test_fit(page, name):
    datasets = crl.load_datasets(["dampe_h", "dampe_he", "dampe_fe"])
    for dataset in datasets:
        dataset.energy_range = (100 * u.GeV, 10 * u.TeV)
    model = model_of(page[name])
    if name == "SteadySource":
        model.D_0.frozen = True
    datasets.models = [model]
    result = Fit(backend="least-squares").run(datasets)
    assert result.success
    likelihood = crl.JointLikelihood(datasets)
    assert likelihood(likelihood.values) == pytest.approx(datasets.stat_sum(), rel=1e-12)
    sets = likelihood.values * np.linspace(0.99, 1.01, 4)[:, np.newaxis]
    one_by_one = [likelihood(values) for values in sets]
    np.testing.assert_allclose(likelihood(sets), one_by_one, rtol=1e-9)
    # the minimum, and what the datasets say on their own
    assert np.all(likelihood(likelihood.values) < one_by_one)
    assert sum(dataset.stat_sum() for dataset in datasets) == pytest.approx(datasets.stat_sum())


def test_sums_of_spectra_follow_their_parameters():
    datasets = crl.load_datasets(["dampe_h"])
    total = crl.LeakyBoxSpectralModel() + crl.GalacticCenterSpectralModel()
    datasets.models = [crl.CosmicRayModel([crl.CosmicRayComponent("sum", {"H": total})])]
    datasets.models.freeze()
    strength = datasets.models.parameters["Q_0b"]
    strength.frozen = False
    likelihood = crl.JointLikelihood(datasets)
    sets = likelihood.values * np.array([[1.0], [1.1]])
    expected = [datasets.stat_sum()]
    strength.value *= 1.1
    expected.append(datasets.stat_sum())
    np.testing.assert_allclose(likelihood(sets), expected, rtol=1e-12)
    np.testing.assert_allclose([likelihood(values) for values in sets], expected, rtol=1e-12)


class OfItsNucleus(crl.CosmicRaySpectralModel):
    """Power law whose index depends on the nucleus of the model, not on that of the grid."""

    tag = ["OfItsNucleus"]
    index = Parameter("index", 2.5)

    def log_intensity(self, grid, index):
        return -(index + 0.01 * self.nucleus.A) * grid.log_rigidity


def test_a_kernel_that_asks_its_model_for_the_nucleus():
    model = model_of(OfItsNucleus)
    energy = np.geomspace(1, 1e3, 4) * u.TeV
    parts = [model.intensity(energy, name, axis="total_energy") for name in NUCLEI]
    np.testing.assert_allclose(model.all_particle(energy), sum(parts), rtol=1e-12)
    fraction = (parts[2] / sum(parts)).value
    np.testing.assert_allclose(model.fraction(energy, "Fe"), fraction, rtol=1e-12)


# ---------------------------------------------------------------- sources


@pytest.mark.parametrize("cls", SOURCES)
@pytest.mark.parametrize("species", NUCLEI)
def test_own_source(cls, species):
    model = cls(species, Q_0s="1e-5 GV-1 m-2 s-1 sr-1")
    offset = model.index_offset.value if cls is SourceWithOffset else 0
    expected = 1e-5 * RIGIDITY ** -(2.5 + offset)
    np.testing.assert_allclose(model(RIGIDITY * u.GV).value, expected, rtol=1e-12)
    assert model.strength_name == "Q_0s"


def test_starting_values_of_a_class_that_says_nothing_of_helium():
    assert SourceWithoutOffset("H").Q_0s.value == 2e-5
    assert SourceWithoutOffset("He").Q_0s.value == 2e-5
    assert SourceWithoutOffset("Fe").Q_0s.value == pytest.approx(2e-5 * 0.0053)
    assert SourceWithoutOffset("Li").Q_0s.value == 0
    assert SourceWithOffset("He").Q_0s.value == 3e-6
    assert SourceWithOffset("Fe").Q_0s.value == pytest.approx(3e-6 * 0.0053)


def test_sources_in_one_model():
    model = model_of(*SOURCES)
    labels = ["H.Q_0s", "He.Q_0s", "Fe.Q_0s", "slope"]
    assert sorted(model.parameters.labels) == sorted(
        [*labels, "H.index_offset", "He.index_offset", "Fe.index_offset"]
    )
    values = model.evaluator.values()
    batch = [np.array([[value], [1.1 * value]]) for value in values]
    together = model.intensity(RIGIDITY * u.GV, "Fe", values=batch).value
    for row, factor in enumerate((1.0, 1.1)):
        one = [factor * value for value in values]
        np.testing.assert_allclose(
            together[row], model.intensity(RIGIDITY * u.GV, "Fe", values=one).value, rtol=1e-9
        )
    energy = np.geomspace(1, 1e3, 4) * u.TeV
    fractions = sum(model.fraction(energy, name) for name in NUCLEI)
    np.testing.assert_allclose(fractions, 1, rtol=1e-12)


def test_strength_stands_first():
    with pytest.raises(TypeError, match="strength_name 'Q_0s' is not the first"):

        class Wrong(crl.SourceSpectralModel):
            strength_name = "Q_0s"
            slope = Parameter("slope", 2.5)
            Q_0s = Parameter("Q_0s", 1)

            def log_shape(self, grid, slope):
                return -slope * grid.log_rigidity


@pytest.mark.parametrize("attribute", ["power_name", "own_parameters"])
def test_declared_names_are_those_of_parameters(attribute):
    value = "offset" if attribute == "power_name" else ("offset",)
    with pytest.raises(TypeError, match=f"{attribute} .*offset.*: expected .*Q_0s, slope"):
        type(
            "Wrong",
            (crl.SourceSpectralModel,),
            {
                attribute: value,
                "Q_0s": Parameter("Q_0s", 1),
                "slope": Parameter("slope", 2.5),
                "log_shape": lambda self, grid, slope: -slope * grid.log_rigidity,
            },
        )


# ---------------------------------------------------------------- arguments of kernels


def spectrum(kernel):
    """Class of a spectrum with two Parameters and a kernel."""
    parameters = {"amplitude": Parameter("amplitude", 1), "index": Parameter("index", 2)}
    return type("Own", (crl.CosmicRaySpectralModel,), {**parameters, "log_intensity": kernel})


def test_swapped_arguments():
    with pytest.raises(
        TypeError, match=r"Own\.log_intensity takes index, amplitude: expected .* amplitude, index$"
    ):
        spectrum(lambda self, grid, index, amplitude: index)


def test_missing_argument():
    with pytest.raises(TypeError, match=r"takes amplitude: expected .* amplitude, index$"):
        spectrum(lambda self, grid, amplitude: amplitude)


def test_swapped_arguments_of_a_source_and_a_dipole():
    with pytest.raises(TypeError, match=r"log_shape takes Q_0s, slope: expected .* slope$"):
        type(
            "Own",
            (SourceWithoutOffset,),
            {"log_shape": lambda self, grid, Q_0s, slope: -slope * grid.log_rigidity},
        )
    with pytest.raises(TypeError, match=r"excess takes b, a: expected .* a, b$"):
        type(
            "Own",
            (crl.DipoleModel,),
            {
                "a": Parameter("a", 1),
                "b": Parameter("b", 1),
                "excess": lambda self, grid, b, a: np.array([a, b, 0]),
            },
        )


@pytest.mark.parametrize(
    "kernel",
    [
        lambda self, grid, *values: np.log(values[0]) - values[1] * grid.log_rigidity,
        lambda self, grid, amplitude, *rest: np.log(amplitude) - rest[0] * grid.log_rigidity,
        lambda self, grid, amplitude, index=2: np.log(amplitude) - index * grid.log_rigidity,
        lambda self, grid, amplitude, index, of_my_own=0: (
            np.log(amplitude) - index * grid.log_rigidity + of_my_own
        ),
    ],
    ids=["none named", "some named", "a default", "a further argument"],
)
def test_arguments_that_are_in_order(kernel):
    values = spectrum(kernel)("Fe", amplitude=2)(RIGIDITY * u.GV)
    np.testing.assert_allclose(values.value, 2 * RIGIDITY**-2.0, rtol=1e-12)


# ---------------------------------------------------------------- Parameters of base classes


def test_a_class_has_the_parameters_of_its_base():
    class Steeper(crl.GalacticCenterSpectralModel):
        """Source with a further power."""

        tag = ["Steeper"]
        more = Parameter("more", 0.5)

        def log_shape(self, grid, *values):
            return super().log_shape(grid, *values) - values[-1] * grid.log_rigidity

    names = crl.GalacticCenterSpectralModel("H").parameters.names
    model = Steeper("He")
    assert model.parameters.names == [*names, "more"]
    base = crl.GalacticCenterSpectralModel("He")
    expected = base(RIGIDITY * u.GV).value * RIGIDITY**-0.5
    np.testing.assert_allclose(model(RIGIDITY * u.GV).value, expected, rtol=1e-12)
    assert pickle.loads(pickle.dumps(base)).Q_0c.value == base.Q_0c.value


def test_a_class_that_declares_parameters_anew_has_these_alone():
    class Own(SourceWithoutOffset):
        Q_0s = Parameter("Q_0s", 3)

        def log_shape(self, grid):
            return -2 * grid.log_rigidity

    assert Own("H").parameters.names == ["Q_0s"]
    np.testing.assert_allclose(Own("H")(RIGIDITY * u.GV).value, 3 * RIGIDITY**-2.0)
