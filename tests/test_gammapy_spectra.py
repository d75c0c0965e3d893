"""gammapy's own spectral models as spectra of cosmic rays: units, speed, files."""

import operator
import time

import astropy.units as u
import numpy as np
import pytest
from gammapy.modeling import Fit, Parameter
from gammapy.modeling.models import (
    SPECTRAL_MODEL_REGISTRY,
    BrokenPowerLawSpectralModel,
    CompoundSpectralModel,
    ExpCutoffPowerLawSpectralModel,
    LogParabolaSpectralModel,
    PowerLawSpectralModel,
    SmoothBrokenPowerLawSpectralModel,
    SpectralModel,
    SuperExpCutoffPowerLaw4FGLSpectralModel,
    TemplateSpectralModel,
)
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.models.foreign import foreign_kernel
from crlocal_plugin.physics.kinematics import particle_grid

FLUX = "1e-4 cm-2 s-1 GeV-1"
PER_GV = u.Unit("GV-1 m-2 s-1 sr-1")
RIGIDITY = np.geomspace(5, 5e4, 9)


class ReadsItself(SpectralModel):
    """Power law whose index is not that of the arguments."""

    tag = ["ReadsItself"]
    amplitude = Parameter("amplitude", 1, unit="m-2 s-1 GeV-1")
    index = Parameter("index", 2.7)

    def evaluate(self, energy, amplitude, index):
        return amplitude * (energy / (10 * u.GeV)).to_value("") ** -self.index.value


def power_law():
    return PowerLawSpectralModel(index=2.7, amplitude=FLUX, reference="1 TeV")


def smooth(amplitude=FLUX):
    given = {"index1": 2.8, "index2": 2.6, "reference": "100 GeV", "ebreak": "0.5 TeV"}
    return SmoothBrokenPowerLawSpectralModel(amplitude=amplitude, beta=0.1, **given)


def template():
    energy = np.geomspace(1, 1e6, 30) * u.GeV
    return TemplateSpectralModel(energy, energy.value**-2.7 * u.Unit("m-2 s-1 GeV-1"))


MODELS = {
    "power law": (power_law, (True, True)),
    "smoothly broken": (smooth, (True, True)),
    "broken": (
        lambda: BrokenPowerLawSpectralModel(amplitude=FLUX, ebreak="0.3 TeV"),
        (True, False),
    ),
    "cut off": (
        lambda: ExpCutoffPowerLawSpectralModel(amplitude=FLUX, lambda_="1e-3 TeV-1"),
        (True, True),
    ),
    "parabola": (lambda: LogParabolaSpectralModel(amplitude=FLUX, reference="1 TeV"), (True, True)),
    "in MeV": (
        lambda: SuperExpCutoffPowerLaw4FGLSpectralModel(
            amplitude=FLUX, expfactor=1e-6, index_2=0.5
        ),
        (False, False),
    ),
    "sum": (
        lambda: CompoundSpectralModel(power_law(), smooth("3 m-2 s-1 TeV-1"), operator.add),
        (True, True),
    ),
    "table": (template, (False, True)),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("axis", ["kinetic_energy_per_nucleon", "rigidity"])
def test_kernel_is_the_model(name, axis):
    make, way = MODELS[name]
    model = crl.IntensitySpectralModel(make(), "He", axis)
    kernel = foreign_kernel(model, None)
    assert (kernel._is_plain, kernel._is_joint) == way
    grid = particle_grid(RIGIDITY, "He")
    sets, expected = [], []
    for shift in (1, 1.02, 0.97):
        twin = model.copy()
        for par in twin.parameters:
            par.value *= shift
        pairs = zip(twin.parameters, kernel.units, strict=True)
        sets.append([par.quantity.to_value(unit) for par, unit in pairs])
        expected.append(np.log(twin(RIGIDITY * u.GV).to_value(PER_GV)))
    assert np.isfinite(expected).all()
    for row, log in zip(sets, expected, strict=True):
        assert_allclose(kernel.log_intensity(grid, *row), log, rtol=1e-11)
    columns = np.reshape(np.transpose(sets), (-1, 3, 1))
    before = columns.copy()
    # a table has no parameters, so that its sets are one
    expected = expected if sets[0] else expected[0]
    assert_allclose(kernel.log_intensity(grid, *columns), expected, rtol=1e-11)
    # some formulas of gammapy write into their arguments
    np.testing.assert_array_equal(columns, before)


def test_rigidity_stands_for_energy():
    # GeV is read as GV, whatever multiple of it a model has
    model = crl.IntensitySpectralModel(power_law(), "He", "rigidity")
    assert_allclose(model(2 * u.TV).to_value(PER_GV), 2**-2.7, rtol=1e-13)
    component = crl.CosmicRayComponent("pl", {"He": model})
    value = crl.CosmicRayModel([component]).intensity(2 * u.TV, "He")
    assert_allclose(value.to_value(PER_GV), 2**-2.7, rtol=1e-13)
    again = SPECTRAL_MODEL_REGISTRY.get_cls("intensity").from_dict(model.to_dict())
    assert again.axis == "rigidity"
    assert_allclose(again(2 * u.TV).value, model(2 * u.TV).value, rtol=1e-13)


def test_units_that_are_neither():
    class InMetres(SpectralModel):
        amplitude = Parameter("amplitude", 1, unit="m-2 s-1 GeV-1")
        length = Parameter("length", 1, unit="m")

        @staticmethod
        def evaluate(energy, amplitude, length):
            return amplitude * (energy / length).to_value("") ** -2.7

    for axis, word in (("rigidity", "GV"), ("kinetic_energy", "GeV")):
        with pytest.raises(u.UnitConversionError, match=r"length \(m\)") as caught:
            crl.IntensitySpectralModel(InMetres(), "H", axis)
        assert word in str(caught.value)
        assert "name another axis" in str(caught.value)
    in_gv = TemplateSpectralModel(
        energy=[1, 10] * u.GV, values=[2.0, 1.0] * u.Unit("m-2 s-1 sr-1 GV-1")
    )
    crl.IntensitySpectralModel(in_gv, "H", "rigidity")
    with pytest.raises(u.UnitConversionError, match="no flux against total energy"):
        crl.IntensitySpectralModel(in_gv, "H", "total_energy")


def datasets_with(spectrum):
    model = crl.CosmicRayModel([crl.CosmicRayComponent("one", {"H": spectrum})], name="one")
    datasets = crl.load_datasets(["ams-02_h", "dampe_h"])
    for dataset in datasets:
        dataset.energy_range = (50 * u.GV if dataset.axis == "rigidity" else 50 * u.GeV, None)
    datasets.models = [model]
    return datasets


def test_fit_is_as_fast_as_with_a_model_of_the_package():
    class SmoothBreak(crl.CosmicRaySpectralModel):
        tag = ["SmoothBreak"]
        index1, index2 = Parameter("index1", 2.8), Parameter("index2", 2.6)
        amplitude = Parameter("amplitude", 4e-2, unit="GV-1 m-2 s-1 sr-1", min=0)
        ebreak = Parameter("ebreak", 500, unit="GV", min=1)
        beta = Parameter("beta", 0.1, frozen=True)

        def log_intensity(self, grid, index1, index2, amplitude, ebreak, beta):
            beta = beta * np.sign(index2 - index1)
            bend = np.logaddexp(0, (grid.log_rigidity - np.log(ebreak)) * (index2 - index1) / beta)
            return np.log(amplitude) - index1 * (grid.log_rigidity - np.log(100)) - beta * bend

    wrapped = smooth("4e-2 m-2 s-1 GeV-1")
    wrapped.amplitude.min, wrapped.ebreak.min = 0, 1e-3
    times, stats = [], []
    for spectrum in (SmoothBreak("H"), crl.IntensitySpectralModel(wrapped, "H", "rigidity")):
        datasets = datasets_with(spectrum)
        start = time.process_time()
        result = Fit(backend="least-squares").run(datasets)
        times.append(time.process_time() - start)
        stats.append(result.total_stat)
    assert stats[1] == pytest.approx(stats[0], rel=1e-6)
    # one set of parameters after another, on Quantities, takes thirty times as long
    assert times[1] < 5 * times[0] + 0.2
    likelihood = crl.JointLikelihood(datasets)
    fake = likelihood.fake(likelihood.values, random_state=1)
    assert np.isfinite(fake(likelihood.values))


def test_model_that_reads_its_own_parameters():
    inner = ReadsItself()
    datasets = datasets_with(crl.IntensitySpectralModel(inner, "H", "kinetic_energy"))
    (model,) = datasets.models
    assert model.evaluator.foreign == {inner.amplitude, inner.index}
    likelihood = crl.JointLikelihood(datasets)
    theta = likelihood.values * np.array([[1], [1.01]])
    expected = []
    for row in theta:
        likelihood.assign(row)
        expected.append(datasets.stat_sum())
    assert_allclose(likelihood(theta), expected, rtol=1e-10)
    with pytest.raises(ValueError, match="datasets and models of this package alone"):
        likelihood.fake(likelihood.values)


def test_parameter_that_a_model_of_the_package_shares():
    # Gamma of the package is a number, R_cut is taken in GV whatever its own unit
    class CutOff(SpectralModel):
        tag = ["CutOff"]
        amplitude = Parameter("amplitude", 1, unit="m-2 s-1 GV-1 sr-1")
        R_cut = Parameter("R_cut", 5, unit="PV")

        @staticmethod
        def evaluate(rigidity, amplitude, R_cut):
            return amplitude * np.exp(-rigidity / R_cut)

    box, own = crl.LeakyBoxSpectralModel("H"), CutOff()
    components = [
        crl.CosmicRayComponent("box", {"H": box}),
        crl.CosmicRayComponent("own", {"H": own}),
    ]
    model = crl.CosmicRayModel(components)
    model.R_cut = Parameter("R_cut", "3 PV")
    assert own.R_cut is box.R_cut
    value = model.intensity(2 * u.PV, "H", component="own").to_value(PER_GV)
    assert_allclose(value, np.exp(-2 / 3), rtol=1e-12)
    model.R_cut.quantity = 1 * u.PV
    value = model.intensity(2 * u.PV, "H", component="own").to_value(PER_GV)
    assert_allclose(value, np.exp(-2), rtol=1e-12)


def test_parameter_that_is_taken_in_two_units():
    # dipoles take angles in rad, a model of another package in its own unit
    class Lit(SpectralModel):
        tag = ["Lit"]
        amplitude = Parameter("amplitude", 1, unit="m-2 s-1 GV-1 sr-1")
        B_ra = Parameter("B_ra", 30, unit="deg")

        @staticmethod
        def evaluate(rigidity, amplitude, B_ra):
            return amplitude * np.sin(B_ra) * (rigidity / u.Quantity(1, "GV")).to_value("") ** -2.7

    dipole, own = crl.BackgroundDipoleModel(), Lit()
    own.B_ra = dipole.B_ra
    box = crl.CosmicRayComponent("box", {"H": crl.LeakyBoxSpectralModel()}, dipole)
    model = crl.CosmicRayModel([box, crl.CosmicRayComponent("own", {"H": own})])
    model.B_ra.value = 30
    value = model.intensity(10 * u.GV, "H", component="own").to_value(PER_GV)
    assert_allclose(value, 0.5 * 10**-2.7, rtol=1e-12)
    assert own.B_ra in model.evaluator.foreign
