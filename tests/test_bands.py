"""Uncertainty bands against cases whose answer is known exactly."""

from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from gammapy.modeling import Fit
from gammapy.modeling.models import PowerLawSpectralModel
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

import crlocal_plugin as crl
from crlocal_plugin.plots.bands import draw_phase_band
from crlocal_plugin.plots.dipole import plot_dipole
from crlocal_plugin.plots.spectra import plot_spectra
from crlocal_plugin.studies.bands import Band, dipole_band, intensity_band, propagate
from crlocal_plugin.studies.ensembles import circular_intervals

ENERGY = np.geomspace(1e3, 1e7, 5) * u.GeV
RIGIDITY = np.geomspace(10, 1e5, 4) * u.GV
ONE, TWO = 0.6827, 0.9545


def freed(*labels):
    """Model in which only some parameters are free."""
    model = crl.xue_liu_2025(priors="measured")
    model.freeze()
    for label in labels:
        model.parameters[label].frozen = False
    return model


def covariance_of(model, relative, correlation):
    """Covariance of two free parameters from relative errors and a correlation."""
    error = relative * model.parameters.free_parameters.value
    return np.outer(error, error) * [[1, correlation], [correlation, 1]]


@pytest.fixture(scope="module")
def fitted():
    model = crl.xue_liu_2025(priors="measured")
    datasets = crl.load_datasets("xue-liu-2025", scatter=False)
    datasets.models = [model]
    Fit(backend="least-squares").run(datasets)
    return model, datasets


# Samples


def test_quantiles_of_a_strength_are_those_of_its_intensity():
    model = freed("H.Q_0b")
    strength = model.parameters["H.Q_0b"].value
    factor = np.random.default_rng(1).lognormal(0, 0.3, 501)
    samples = ["H.Q_0b"], strength * factor[:, np.newaxis]
    band = intensity_band(model, RIGIDITY, "H", component="background", samples=samples)
    best = model.intensity(RIGIDITY, "H", component="background")
    assert band.lower.unit == band.best.unit == best.unit
    assert_allclose(band.best, best, rtol=1e-14)
    assert_allclose(band.median, np.median(factor) * best, rtol=1e-10)
    for level, lower, upper in zip((ONE, TWO), band.lower, band.upper, strict=True):
        tails = np.quantile(factor, [(1 - level) / 2, (1 + level) / 2])
        assert_allclose(lower, tails[0] * best, rtol=1e-10)
        assert_allclose(upper, tails[1] * best, rtol=1e-10)


def test_ways_to_give_samples():
    model = freed("V_sun", "x")
    rows = np.random.default_rng(2).normal((15, 5), (1, 0.3), (200, 2))
    expected = dipole_band(model, ENERGY, samples=(["V_sun", "x"], rows))
    posterior = SimpleNamespace(names=["x", "V_sun"], samples=rows[:, ::-1])
    prefixed = [f"{model.name}.V_sun", f"{model.name}.x", "KASCADE-nuisance.energy_scale"]
    nuisance = np.column_stack([rows, np.ones(200)])
    for samples in (posterior, (prefixed, nuisance)):
        found = dipole_band(model, ENERGY, samples=samples)
        assert_allclose(found.phase.lower, expected.phase.lower, rtol=1e-12)
        assert_allclose(found.amplitude.upper, expected.amplitude.upper, rtol=1e-12)
    few = [
        propagate(model, lambda m: m.x.value, samples=posterior, n_samples=50, random_state=k)
        for k in (0, 0, 1)
    ]
    assert_array_equal(few[0].lower, few[1].lower)
    assert (few[0].lower != few[2].lower).all()


def test_samples_with_units_and_a_check():
    model = freed("x")
    rows = np.linspace(1, 2, 11)[:, np.newaxis]

    def refuse():
        raise ValueError("has not converged")

    in_pc = SimpleNamespace(names=["x"], samples=rows)
    in_au = SimpleNamespace(names=["x"], samples=rows * (u.pc).to("au"), units=[u.au])
    bands = [propagate(model, lambda m: m.x.quantity, samples=s) for s in (in_pc, in_au)]
    assert_allclose(bands[0].lower.to_value("pc"), 1.5 - np.array([ONE, TWO]) / 2)
    assert_allclose(bands[1].lower.to_value("pc"), bands[0].lower.to_value("pc"), rtol=1e-12)
    in_pc.check = refuse
    with pytest.raises(ValueError, match="has not converged"):
        propagate(model, lambda m: m.x.quantity, samples=in_pc)


def test_batches_agree_with_one_model_after_another(fitted):
    model, _ = fitted
    options = {"n_samples": 150, "random_state": 3}
    band = dipole_band(model, ENERGY, species="He", **options)
    phase = propagate(
        model, lambda m: m.dipole(ENERGY, species="He").phase, circular=True, **options
    )
    vector = propagate(model, lambda m: m.dipole(ENERGY, species="He").vector, **options)
    assert_allclose(band.vector.lower, vector.lower, rtol=1e-9)
    assert_allclose(band.phase.upper, phase.upper, rtol=1e-9)
    spectrum = intensity_band(model, ENERGY, "light", axis="total_energy", **options)
    single = propagate(
        model, lambda m: m.intensity(ENERGY, "light", axis="total_energy"), **options
    )
    assert_allclose(spectrum.upper, single.upper, rtol=1e-9)


def test_shape_of_x_is_kept(fitted):
    model, _ = fitted
    grid = ENERGY[:4].reshape(2, 2)
    band = dipole_band(model, grid, n_samples=20, levels=0.5)
    assert band.phase.best.shape == band.amplitude.median.shape == (2, 2)
    assert band.phase.lower.shape == (1, 2, 2)
    assert band.vector.upper.shape == (1, 2, 2, 3)
    scalar = intensity_band(model, 1 * u.TV, "He", n_samples=20)
    assert scalar.best.shape == ()
    assert scalar.lower.shape == (2,)


def test_parameters_of_no_influence_leave_no_width():
    model = freed("delta_b")
    model.delta_b.error = 1e-4
    band = intensity_band(model, RIGIDITY, "He")
    assert_allclose(band.lower / band.best, 1, rtol=1e-14)
    assert_allclose(band.upper / band.best, 1, rtol=1e-14)


def test_models_of_other_packages_are_evaluated_one_by_one():
    inner = PowerLawSpectralModel(index=2.7, amplitude="1e-4 GeV-1 m-2 s-1", reference="100 GeV")
    inner.parameters["reference"].frozen = True
    own = crl.IntensitySpectralModel(inner, "H", axis="total_energy")
    model = crl.CosmicRayModel([crl.CosmicRayComponent("own", {"H": own})])
    factor = np.linspace(0.5, 2, 41)
    samples = ["amplitude"], 1e-4 * factor[:, np.newaxis]
    band = intensity_band(model, 1 * u.TeV, axis="total_energy", samples=samples)
    assert band.median.to_value("GeV-1 m-2 s-1 sr-1") == pytest.approx(
        1e-4 * 10**-2.7 * np.median(factor), rel=1e-10
    )
    assert_allclose(band.upper / band.best, np.quantile(factor, [(1 + ONE) / 2, (1 + TWO) / 2]))
    assert inner.amplitude.value == 1e-4


# Shared parameters and covariances

# The background is Q_0b / D_0 times a shape of each species, and D_0 is one for both.


@pytest.mark.parametrize(("method", "tolerance"), [("linear", 1e-5), ("sampling", 0.05)])
def test_shared_parameter_moves_both_species(method, tolerance):
    model = freed("D_0")
    covariance = [[(0.05 * model.D_0.value) ** 2]]
    band = intensity_band(
        model,
        100 * u.GV,
        "light",
        component="background",
        covariance=covariance,
        method=method,
        n_samples=4000,
    )
    lower, upper = band.interval()
    error = ((upper - lower) / 2 / band.best).value / stats.norm.ppf((1 + ONE) / 2)
    parts = [model.intensity(100 * u.GV, s, component="background").value for s in ("H", "He")]
    naive = 0.05 * np.hypot(*parts) / sum(parts)
    assert error == pytest.approx(0.05, rel=tolerance)
    assert naive < 0.9 * 0.05


@pytest.mark.parametrize("correlation", [-0.5, 0, 0.99])
def test_correlation_of_strength_and_diffusion(correlation):
    model = freed("H.Q_0b", "D_0")
    covariance = covariance_of(model, 0.1, correlation)
    band = intensity_band(
        model, RIGIDITY, component="background", covariance=covariance, method="linear"
    )
    # ln J = ln Q_0b - ln D_0 + const
    error = 0.1 * np.sqrt(2 - 2 * correlation)
    width = stats.norm.ppf((1 + np.array([[ONE], [TWO]])) / 2) * error
    assert_allclose((band.upper - band.best) / band.best, width + 0 * RIGIDITY.value, rtol=1e-5)
    assert_allclose((band.best - band.lower) / band.best, width + 0 * RIGIDITY.value, rtol=1e-5)


@pytest.mark.parametrize(("method", "tolerance"), [("linear", 1e-5), ("sampling", 1e-6)])
def test_degenerate_pair_leaves_its_ratio(method, tolerance):
    # variances of 1e104 and 1e55, and a singular matrix
    model = freed("H.Q_0b", "D_0")
    band = intensity_band(
        model,
        RIGIDITY,
        component="background",
        covariance=covariance_of(model, 0.1, 1.0),
        method=method,
    )
    assert_allclose(band.upper / band.best, 1, atol=tolerance)
    assert_allclose(band.lower / band.best, 1, atol=tolerance)


def test_covariance_of_the_model_and_of_models(fitted):
    model, datasets = fitted
    options = {"n_samples": 100}
    expected = intensity_band(model, RIGIDITY, **options).upper
    free = list(model.parameters.free_parameters)
    for covariance in (
        model.covariance,
        datasets.models.covariance,
        model.covariance.get_subcovariance(free).data,
    ):
        found = intensity_band(model, RIGIDITY, covariance=covariance, **options)
        assert_allclose(found.upper, expected, rtol=1e-9)


def test_draws_follow_the_covariance_of_a_fit(fitted):
    model, _ = fitted
    # well inside their limits, and correlated to one part in ten thousand
    labels = ["D_0", "H.Q_0b", "Gamma", "V_sun"]
    parameters = [model.parameters[label] for label in labels]
    rows = []
    propagate(model, lambda m: rows.append([p.value for p in parameters]) or 1.0, n_samples=4000)
    found = np.cov(np.array(rows[1:]).T / [[p.value] for p in parameters])
    matrix = model.covariance.get_subcovariance(parameters).data
    values = np.array([p.value for p in parameters])
    expected = matrix / np.outer(values, values)
    error = np.sqrt(np.diag(expected))
    assert_allclose(np.sqrt(np.diag(found)), error, rtol=0.12)
    assert_allclose(found / np.outer(error, error), expected / np.outer(error, error), atol=0.15)


def test_linear_and_sampled_bands_agree_where_the_errors_are_small(fitted):
    model, _ = fitted
    free = list(model.parameters.free_parameters)
    # so small that the model is linear
    covariance = 1e-6 * model.covariance.get_subcovariance(free).data
    options = {"covariance": covariance, "levels": ONE}
    sampled = dipole_band(model, ENERGY, n_samples=4000, **options)
    linear = dipole_band(model, ENERGY, method="linear", **options)
    for one, other in ((sampled.amplitude, linear.amplitude), (sampled.phase, linear.phase)):
        assert_allclose(one.upper - one.lower, other.upper - other.lower, rtol=0.1)
        assert_allclose(other.median, other.best)
        assert_allclose(one.median, other.median, rtol=1e-3)


# Limits


def test_draws_are_cut_off_at_the_limits():
    model = freed("x")
    model.x.value, model.x.error = 1.5, 2.0
    band = propagate(model, lambda m: m.x.quantity, n_samples=3000)
    exact = stats.truncnorm(-0.75, np.inf, 1.5, 2.0)
    assert band.median.to_value("pc") == pytest.approx(exact.median(), abs=0.06)
    assert_allclose(band.lower.to_value("pc"), exact.ppf([(1 - ONE) / 2, (1 - TWO) / 2]), atol=0.06)
    assert_allclose(band.upper.to_value("pc"), exact.ppf([(1 + ONE) / 2, (1 + TWO) / 2]), atol=0.15)


def test_parameter_at_its_limit_without_error_stays():
    model = freed("x", "phi")
    model.x.value = 0
    model.phi.error = 0.1
    for method in ("sampling", "linear"):
        band = propagate(model, lambda m: m.x.value, method=method)
        assert_array_equal(band.lower, 0)
        assert_array_equal(band.upper, 0)


def test_derivatives_at_a_limit_are_one_sided():
    model = freed("x")
    model.x.value = 0
    seen = []

    def function(model):
        seen.append(model.x.value)
        return 3 * model.x.value

    band = propagate(model, function, covariance=[[4.0]], method="linear")
    assert min(seen) == 0
    assert_allclose(band.upper, 6 * stats.norm.ppf((1 + np.array([ONE, TWO])) / 2), rtol=1e-8)


def test_limits_out_of_reach():
    model = freed("x")
    model.x.value = -50
    with pytest.raises(ValueError, match=r"hardly any draw .* x least of all .*samples"):
        propagate(model, lambda m: 1.0, covariance=[[1.0]])


# Phases

# The Compton-Getting excess is at the right ascension opposite to the velocity of the cloud.


def compton_getting_band(right_ascensions, **options):
    samples = ["u_HC_ra"], np.reshape(right_ascensions, (-1, 1))
    model = freed("u_HC_ra")
    return dipole_band(model, ENERGY, "compton-getting", samples=samples, **options)


@pytest.mark.parametrize("centre", [-180, -120, 0, 60, 179.5, 360])
def test_phase_band_turns_with_its_samples(centre):
    steps = 40 * np.random.default_rng(4).beta(2, 5, 301) - 10
    band = compton_getting_band(centre + steps).phase
    median = np.median(steps)
    expected = (centre + 180 + median) % 360
    assert_allclose((band.median.value - expected + 180) % 360, 180, atol=1e-9)
    assert (band.median.value >= 0).all()
    assert (band.median.value < 360).all()
    for k, level in enumerate((ONE, TWO)):
        tails = np.quantile(steps, [(1 - level) / 2, (1 + level) / 2]) - median
        assert_allclose(band.lower[k] - band.median, tails[0] * u.deg, atol=1e-9 * u.deg)
        assert_allclose(band.upper[k] - band.median, tails[1] * u.deg, atol=1e-9 * u.deg)


def test_phase_band_does_not_touch_the_amplitude():
    band = compton_getting_band(np.linspace(0, 90, 50)).amplitude
    # 3 C u_HC cos(declination) / c for the paper's values
    expected = 3 * 1.6 * 25.4 / 299792.458 * np.cos(np.deg2rad(17.6))
    assert_allclose(band.lower, expected, rtol=1e-4)
    assert_allclose(band.upper, expected, rtol=1e-4)


@pytest.mark.parametrize(
    "right_ascensions",
    [np.linspace(0, 360, 300, endpoint=False), np.repeat([20.0, 200.0], 100)],
    ids=["uniform", "two opposite directions"],
)
def test_undetermined_phase_is_the_whole_circle(right_ascensions):
    band = compton_getting_band(right_ascensions, levels=(0.1, ONE)).phase
    assert_allclose(band.upper - band.lower, 360 * u.deg)


def test_threshold_of_the_rayleigh_test():
    # 12 directions to the east and others that have none: n |mean|^2 is 144 / n, exp(-4.6) is 1 %
    for n, is_uniform in ((31, False), (32, True)):
        directions = np.zeros(n, dtype=complex)
        directions[:12] = 1
        median, lower, upper = circular_intervals(directions, (ONE,))
        assert median == 0
        assert_allclose([lower[0], upper[0]], [-180, 180] if is_uniform else [0, 0])


def test_phase_can_be_determined_at_one_level_only():
    angles = np.concatenate([np.linspace(-20, 20, 900), np.linspace(60, 300, 100)])
    band = compton_getting_band(angles).phase
    width = (band.upper - band.lower).value
    assert (width[0] < 40).all()
    assert_allclose(width[1], 360)


def test_linear_error_of_a_phase():
    model = freed("u_HC_ra")
    model.u_HC_ra.value = 180
    model.u_HC_ra.error = 4
    band = dipole_band(model, ENERGY, "compton-getting", method="linear").phase
    assert_allclose((band.best.value + 180) % 360, 180, atol=1e-9)
    assert_allclose(band.upper[0] - band.lower[0], 8 * u.deg, rtol=1e-4)
    assert_allclose((band.upper[0] + band.lower[0]) / 2, band.median)
    model.u_HC_ra.error = 120
    band = dipole_band(model, ENERGY, "compton-getting", method="linear").phase
    assert_allclose(band.upper - band.lower, 360 * u.deg)


def test_circular_quantity_by_function():
    model = freed("B_ra")
    rows = np.linspace(170, 200, 61)[:, np.newaxis]
    band = propagate(
        model, lambda m: m.B_ra.quantity + 180 * u.deg, circular=True, samples=(["B_ra"], rows)
    )
    assert band.median.to_value("deg") == pytest.approx(5)
    lower, upper = band.interval(ONE)
    assert_allclose([lower.value, upper.value], [5 - 15 * ONE, 5 + 15 * ONE], atol=1e-9)


@given(
    st.lists(st.floats(-80, 80), min_size=9, max_size=30).filter(lambda x: len(set(x)) > 5),
    st.floats(-500, 500),
)
def test_median_has_half_of_the_samples_on_either_side(steps, centre):
    angles = np.array(steps) + centre
    median, lower, upper = circular_intervals(np.exp(1j * np.deg2rad(angles)), (ONE,))
    ahead = (angles - median) % 360
    on_it = np.isclose(ahead, 0, atol=1e-6) | np.isclose(ahead, 360, atol=1e-6)
    assert ((ahead < 180) | on_it).sum() >= len(steps) / 2
    assert ((ahead > 180) | on_it).sum() >= len(steps) / 2
    assert lower[0] <= median <= upper[0]


# What does not change, and what is refused


def test_nothing_in_the_model_changes(fitted):
    model, _ = fitted
    before = [(p.value, p.error, p.frozen, p.min, p.max) for p in model.parameters]
    covariance = model.covariance.data.copy()
    for method in ("sampling", "linear"):
        dipole_band(model, ENERGY, n_samples=20, method=method)
        intensity_band(model, RIGIDITY, n_samples=20, method=method)
        propagate(model, lambda m: m.V_sun.quantity, n_samples=20, method=method)
    assert [(p.value, p.error, p.frozen, p.min, p.max) for p in model.parameters] == before
    assert_array_equal(model.covariance.data, covariance)


def test_parameters_are_restored_after_an_error(fitted):
    model, _ = fitted
    before = model.parameters.value
    calls = []

    def fails(model):
        calls.append(model.V_sun.value)
        if len(calls) == 5:
            raise RuntimeError("stop")
        return 1.0

    with pytest.raises(RuntimeError, match="stop"):
        propagate(model, fails)
    assert len(set(calls)) == 5
    assert_array_equal(model.parameters.value, before)


def test_same_seed_same_band(fitted):
    model, _ = fitted
    one, same, other = (
        dipole_band(model, ENERGY, n_samples=50, random_state=k).amplitude.upper for k in (0, 0, 1)
    )
    assert_array_equal(one, same)
    assert (one != other).all()


def test_levels_and_table(fitted):
    model, _ = fitted
    band = intensity_band(model, RIGIDITY, levels=(0.5, 0.9), n_samples=50)
    assert_array_equal(band.interval(0.9)[1], band.upper[1])
    with pytest.raises(ValueError, match=r"levels 0.5, 0.9: make it with levels=\(0.68,\)"):
        band.interval(0.68)
    table = band.to_table()
    names = ["x", "best", "median", "lower_50", "upper_50", "lower_90", "upper_90"]
    assert table.colnames == names
    assert len(table) == len(RIGIDITY)
    assert table["x"].unit == u.GV
    assert table["upper_90"].unit == band.best.unit
    assert isinstance(band, Band)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "exact"}, "unknown method 'exact'"),
        ({"levels": (1.5,)}, "levels: expected probabilities"),
        ({"n_samples": 0}, "n_samples: expected a positive number"),
        ({"samples": (["V_sum"], [[1.0]])}, "no parameter V_sum"),
        ({"samples": (["V_sun", "x"], [[1.0]])}, r"expected shape \(m, 2\) for V_sun, x"),
        ({"samples": (["V_sun"], [[np.nan]])}, "finite"),
        ({"samples": (["V_sun"], [[1.0]]), "method": "linear"}, "leave out covariance"),
        ({"covariance": np.eye(3)}, r"shape \(3, 3\): expected \(2, 2\).* V_sun"),
        ({"covariance": [[1, 0], [0, np.nan]]}, "not finite"),
        ({"covariance": [[1, 2], [2, 1]]}, "not positive definite"),
        ({}, "no free parameter of the model has an error"),
    ],
)
def test_refused(options, message):
    model = freed("V_sun", "x")
    with pytest.raises(ValueError, match=message):
        intensity_band(model, RIGIDITY, **options)


def test_samples_of_another_kind_are_refused():
    with pytest.raises(TypeError, match="an object with names and samples"):
        intensity_band(freed("x"), RIGIDITY, samples=3)


def test_parameter_without_a_finite_error_is_named():
    model = freed("V_sun", "x")
    model.x.error, model.V_sun.error = 1, np.nan
    with pytest.raises(ValueError, match="V_sun: no finite error"):
        intensity_band(model, RIGIDITY)


def test_quantity_that_is_not_finite_is_refused():
    model = freed("V_sun")
    model.V_sun.error = 5
    with pytest.raises(ValueError, match="not finite"):
        propagate(model, lambda m: np.nan if m.V_sun.value > 20 else 1.0)


# Pictures


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


def legend_labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def covers(ax, x, y):
    """Whether a point is inside a band (bool)."""
    return any(path.contains_point((x, y)) for c in ax.collections for path in c.get_paths())


def test_bands_in_pictures(fitted):
    model, datasets = fitted
    axes = plot_dipole(model, datasets)
    amplitude = dipole_band(model, 1 * u.PeV).amplitude
    assert legend_labels(axes[0]).count("68 % band") == 1
    assert "68 % band" not in legend_labels(axes[1])
    low, high = (end.value for end in amplitude.interval())
    inside = np.geomspace(low, high, 5)[1:-1]
    assert all(covers(axes[0], 1e6, y) for y in inside)
    assert not covers(axes[0], 1e6, 1.2 * high)
    ax = plot_spectra(model, datasets)
    assert legend_labels(ax).count("68 % band") == 1


def test_pictures_without_bands(fitted):
    model, datasets = fitted
    for axes in (
        plot_dipole(model, datasets, band=False),
        plot_dipole(crl.xue_liu_2025(priors="measured")),
    ):
        assert "68 % band" not in legend_labels(axes[0])
        assert not any(covers(ax, 1e6, y) for ax, y in zip(axes, (5e-4, -110), strict=True))
    assert "68 % band" not in legend_labels(plot_spectra(model, datasets, band=False))
    assert "68 % band" not in legend_labels(plot_spectra(crl.xue_liu_2025(priors="measured")))


def test_picture_from_samples():
    model = crl.xue_liu_2025(priors="measured")
    samples = ["V_sun"], np.linspace(10, 20, 50)[:, np.newaxis]
    axes = plot_dipole(model, samples=samples)
    assert "68 % band" in legend_labels(axes[0])
    with pytest.raises(ValueError, match="no parameter V"):
        plot_spectra(model, samples=(["V"], [[1.0]]))


def test_errors_of_no_use_leave_a_picture_without_band():
    model = freed("V_sun", "x")
    model.x.error, model.V_sun.error = 1, np.nan
    with pytest.warns(UserWarning, match="no band is drawn: V_sun"):
        axes = plot_dipole(model)
    assert "68 % band" not in legend_labels(axes[0])


def test_phase_band_is_wrapped_into_its_window():
    energy = np.array([1.0, 2.0, 3.0, 4.0])
    # across the window's edges at -180 and 180, then the whole circle
    median = np.array([170.0, 185.0, 200.0, 200.0])
    width = np.array([20.0, 20.0, 20.0, 180.0])
    phase = Band(
        *(median * u.deg, median * u.deg, (ONE,)),
        *([median - width] * u.deg, [median + width] * u.deg),
    )
    _, ax = plt.subplots()
    draw_phase_band(ax, energy, phase, -180.0, "black")
    assert covers(ax, 1.01, 160)
    assert covers(ax, 1.01, 179)
    assert covers(ax, 1.01, -175)
    assert not covers(ax, 1.01, -160)
    assert covers(ax, 2.99, -150)
    assert not covers(ax, 2.99, 170)
    assert all(covers(ax, 3.999, y) for y in np.arange(-179.5, 180, 20))


def test_phase_band_follows_a_phase_through_north():
    # 350 deg and then 10 deg: no band on the far side of the circle
    median = np.array([350.0, 10.0])
    ends = [median - 5] * u.deg, [median + 5] * u.deg
    _, ax = plt.subplots()
    phase = Band(median * u.deg, median * u.deg, (ONE,), *ends)
    draw_phase_band(ax, np.array([1.0, 2.0]), phase, -180.0, "black")
    assert covers(ax, 1.5, 0)
    assert not any(covers(ax, 1.5, y) for y in (-170, -90, -30, 30, 90, 170))
