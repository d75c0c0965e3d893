"""The joint likelihood for many parameter sets, against gammapy's sum over datasets."""

import pickle

import numpy as np
import pytest
from gammapy.datasets import Datasets
from gammapy.modeling.models import (
    GaussianPrior,
    GeneralizedGaussianPrior,
    LogUniformPrior,
    Models,
    PowerLawSpectralModel,
    Prior,
    UniformPrior,
)
from gammapy.stats.fit_statistics import GaussianPriorPenalty
from numpy.testing import assert_allclose
from scipy.stats import kstest, norm
from test_joint import CHANGES, NAMES, check, mask_all

import crlocal_plugin as crl
from crlocal_plugin.likelihood.fused import CHUNK


@pytest.fixture
def model():
    return crl.xue_liu_2025(priors="measured")


@pytest.fixture
def datasets(model):
    floors = {"tibet-asgamma_all_particle_sibyll-hd": 0.5}
    datasets = crl.load_datasets(NAMES, allow_overlap=True, floors=floors, scatter=False)
    datasets.models = [model]
    return datasets


def sets(likelihood, size, seed=0, spread=0.1):
    """Values around those of the models, inside the limits."""
    rng = np.random.default_rng(seed)
    factors = rng.uniform(1 - spread, 1 + spread, (size, likelihood.size))
    return np.clip(likelihood.values * factors, *likelihood.bounds.T)


def one_by_one(datasets, likelihood, theta):
    """gammapy's statistic for one set after another."""
    results = []
    for row in theta:
        for par, value in zip(likelihood.parameters, row, strict=True):
            par.value = value
        results.append(Datasets.stat_sum(datasets))
    for par, value in zip(likelihood.parameters, likelihood.values, strict=True):
        par.value = value
    return np.array(results)


# Parity with gammapy


@pytest.mark.parametrize(
    "change", [c for c in CHANGES if c is not mask_all], ids=lambda change: change.__name__
)
def test_every_state_of_the_datasets(datasets, model, change):
    change(datasets, model)
    expected = check(datasets)
    likelihood = crl.JointLikelihood(datasets)
    assert_allclose(likelihood(likelihood.values), expected, rtol=1e-10)
    theta = sets(likelihood, 3)
    assert_allclose(likelihood(theta), one_by_one(datasets, likelihood, theta), rtol=1e-10)


def test_nothing_in_the_fit(datasets, model):
    mask_all(datasets, model)
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood, 4)
    assert_allclose(likelihood(theta), one_by_one(datasets, likelihood, theta), rtol=1e-12)


@pytest.mark.parametrize("names", [["dampe_h"], ["icecube-2016"], ["dampe_light"]])
@pytest.mark.parametrize("variant", ["kinetic", "wandering"])
def test_one_kind_of_data(names, variant):
    datasets = crl.load_datasets(names, scatter=False)
    datasets.models = [crl.xue_liu_2025(variant, compton_getting="local", priors="measured")]
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood, 5)
    assert_allclose(likelihood(theta), one_by_one(datasets, likelihood, theta), rtol=1e-10)


@pytest.mark.parametrize("species", [("H", "He"), ("He", "H", "C", "O", "Fe")])
def test_everything_free(species):
    datasets = crl.load_datasets(NAMES, allow_overlap=True, scatter=False)
    datasets.models = [crl.xue_liu_2025(species=species, priors="measured")]
    datasets["dampe_h"].energy_scale.frozen = False
    datasets["icecube-2016"].energy_scale.frozen = False
    datasets["jacee_h"].norm.frozen = False
    for par in datasets.parameters:
        par.frozen = False
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood, 6, spread=0.03)
    assert_allclose(likelihood(theta), one_by_one(datasets, likelihood, theta), rtol=1e-10)


def test_nothing_free(datasets, model):
    model.freeze()
    likelihood = crl.JointLikelihood(datasets)
    assert likelihood.size == 0
    assert_allclose(likelihood(np.zeros(0)), datasets.stat_sum(), rtol=1e-12)
    assert_allclose(likelihood(np.zeros((3, 0))), np.full(3, datasets.stat_sum()), rtol=1e-12)


def test_few_free(datasets, model):
    # components without a free parameter have no axis of parameter sets
    for name in ("delta_b", "H.Q_0c", "x"):
        model.freeze()
        model.parameters[name].frozen = False
        likelihood = crl.JointLikelihood(datasets)
        theta = sets(likelihood, 4)
        assert_allclose(likelihood(theta), one_by_one(datasets, likelihood, theta), rtol=1e-10)


def test_unlinked_parameters(datasets, model):
    for component in ("background", "nearby"):
        for name in ("R_cut", "Gamma", "D_0"):
            helium = model.components[component].spectral_models["He"]
            setattr(helium, name, getattr(helium, name).copy())
    likelihood = crl.JointLikelihood(datasets)
    assert "nearby.He.D_0" in likelihood.names
    theta = sets(likelihood, 4)
    assert_allclose(likelihood(theta), one_by_one(datasets, likelihood, theta), rtol=1e-10)


def test_two_models(datasets):
    one = crl.xue_liu_2025(name="one", datasets_names=NAMES[:4], priors="measured")
    two = crl.xue_liu_2025(name="two", datasets_names=NAMES[4:], priors="measured")
    two.V_sun = one.V_sun
    datasets.models = [one, two]
    likelihood = crl.JointLikelihood(datasets)
    assert len(set(likelihood.names)) == likelihood.size == 27
    theta = sets(likelihood, 4)
    # stock gammapy counts the prior of a parameter once for every model that has it
    twice = np.array([one.V_sun.prior(par) for par in _at(one.V_sun, theta, likelihood)])
    expected = one_by_one(datasets, likelihood, theta) - twice
    assert_allclose(likelihood(theta), expected, rtol=1e-10)


def _at(parameter, theta, likelihood):
    """Copies of a parameter at its values in several sets."""
    for value in theta[:, likelihood.parameters.index(parameter)]:
        copy = parameter.copy()
        copy.value = value
        yield copy


def test_large_batches_are_cut_in_pieces(datasets):
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood, 2 * CHUNK // 300 + 3)
    stats = likelihood(theta)
    chosen = [0, 1, len(theta) // 2, len(theta) - 1]
    assert_allclose(stats[chosen], [likelihood(row) for row in theta[chosen]], rtol=1e-12)
    residuals = likelihood.residuals(theta)
    assert_allclose(np.sum(residuals**2, axis=1), stats, rtol=1e-12)


# What is evaluated by other packages


def test_free_parameters_of_a_gammapy_model(datasets, model):
    spectrum = crl.IntensitySpectralModel(
        PowerLawSpectralModel(index=2.7, amplitude="5 GeV-1 m-2 s-1", reference="10 GeV"),
        "H",
        "kinetic_energy",
    )
    model.components["bump"] = crl.CosmicRayComponent("bump", {"H": spectrum})
    model.freeze()
    spectrum.spectral_model.index.frozen = False
    model.Gamma.frozen = False
    likelihood = crl.JointLikelihood(datasets)
    assert likelihood.is_least_squares
    theta = sets(likelihood, 3)
    expected = one_by_one(datasets, likelihood, theta)
    assert_allclose(likelihood(theta), expected, rtol=1e-10)
    frozen = sum(par.prior(par) for par in model.parameters if par.frozen and par.prior is not None)
    squares = np.sum(likelihood.residuals(theta) ** 2, axis=1)
    assert_allclose(squares + frozen, expected, rtol=1e-10)
    # and all is as before
    assert model.Gamma.value == 2.6


def test_dipole_model_with_a_vector_only(datasets, model):
    class Flat(crl.DipoleModel):
        tag = ["Flat"]
        delta_b = crl.BackgroundDipoleModel.delta_b

        def excess(self, grid, delta_b):
            return delta_b * crl.GALACTIC_TO_ICRS[:, 0]

    model.components["background"].dipole_model = Flat()
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood, 4)
    assert_allclose(likelihood(theta), one_by_one(datasets, likelihood, theta), rtol=1e-10)


def test_penalties(datasets, model):
    penalty = GaussianPriorPenalty(
        [model.Gamma], mean=np.array([2.5]), covariance=np.array([[0.01]])
    )
    models = Models([model])
    models.set_penalties([penalty])
    datasets.models = models
    likelihood = crl.JointLikelihood(datasets)
    assert not likelihood.is_least_squares
    assert_allclose(likelihood(likelihood.values), Datasets.stat_sum(datasets), rtol=1e-10)


# Priors


class Unusual(Prior):
    """A prior that needs the Parameter itself."""

    tag = ["Unusual"]

    def __call__(self, parameter):
        return abs(parameter.quantity.to_value("pc") - 2)


@pytest.mark.parametrize(
    ("name", "prior"),
    [
        ("V_sun", GaussianPrior(mu=12, sigma=2)),
        ("V_sun", crl.MeasurementPrior("12000 m/s", "2000 m/s", weight=2)),
        ("x", UniformPrior(min=0.1, max=9)),
        ("D_0", LogUniformPrior(min=1e27, max=1e30)),
        ("Gamma", GeneralizedGaussianPrior(mu=2.5, sigma=0.1, eta=1)),
        ("x", Unusual()),
    ],
)
def test_priors(datasets, model, name, prior):
    for par in model.parameters:
        par.prior = None
    before = crl.JointLikelihood(datasets)
    model.parameters[name].prior = prior
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood, 4)
    assert_allclose(likelihood(theta), one_by_one(datasets, likelihood, theta), rtol=1e-10)
    assert_allclose(
        likelihood.log_prior(theta), -0.5 * (likelihood(theta) - before(theta)), atol=1e-8
    )
    assert_allclose(likelihood.log_likelihood(theta), before.log_likelihood(theta), rtol=1e-12)
    # up to a constant, the squares of the residuals add up to the statistic
    difference = np.sum(likelihood.residuals(theta) ** 2, axis=1) - likelihood(theta)
    assert_allclose(difference, difference[0], atol=1e-8)


@pytest.mark.parametrize(
    "prior",
    [
        GaussianPrior(mu=12, sigma=2, weight=4),
        crl.MeasurementPrior("12000 m/s", "2000 m/s", weight=4),
    ],
    ids=["gammapy", "measurement"],
)
def test_weight_of_a_prior_counts_in_its_pull(datasets, model, prior):
    for par in model.parameters:
        par.prior = None
    model.V_sun.prior = prior
    model.V_sun.value = 15
    likelihood = crl.JointLikelihood(datasets)
    n_data = len(datasets.data_residuals())
    # one and a half standard deviations, and a weight of four makes them half as wide
    assert_allclose(datasets.residuals()[n_data:], [3])
    assert_allclose(likelihood.residuals(likelihood.values)[n_data:], [3])


def test_posterior_is_prior_times_likelihood(datasets):
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood, 5)
    assert_allclose(likelihood.log_posterior(theta), -0.5 * likelihood(theta), rtol=1e-12)
    assert_allclose(likelihood.log_posterior(theta[0]), -0.5 * likelihood(theta[0]), rtol=1e-12)


def test_posterior_ends_at_the_limits(datasets):
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood, 4)
    theta[1, likelihood.names.index("x")] = -0.1
    theta[2, likelihood.names.index("V_sun")] = 101.0
    assert_allclose(np.isfinite(likelihood.log_posterior(theta)), [True, False, False, True])
    assert likelihood.log_posterior(theta[1]) == -np.inf
    assert likelihood.log_prior(theta[2]) == -np.inf


def test_limits_themselves_are_allowed(datasets):
    likelihood = crl.JointLikelihood(datasets)
    for column, limits in enumerate(likelihood.bounds):
        for limit, outwards in zip(limits, (-np.inf, np.inf), strict=True):
            if np.isfinite(limit):
                theta = likelihood.values.copy()
                theta[column] = limit
                assert np.isfinite(likelihood.log_prior(theta))
                theta[column] = np.nextafter(limit, outwards)
                assert likelihood.log_prior(theta) == -np.inf
                assert likelihood.log_posterior(theta) == -np.inf


def test_uniform_prior_sets_the_limits(datasets, model):
    model.x.prior = UniformPrior(min=1, max=2)
    likelihood = crl.JointLikelihood(datasets)
    assert tuple(likelihood.bounds[likelihood.names.index("x")]) == (1, 2)


# Derivatives


def test_jacobian(datasets):
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood, 1)[0]
    jacobian = likelihood.jacobian(theta)
    assert jacobian.shape == (len(likelihood.residuals(theta)), likelihood.size)
    for k in range(likelihood.size):
        # Richardson's extrapolation of central differences is good to the fourth order
        ends = np.repeat(theta[np.newaxis], 4, axis=0)
        step = 2e-3 * likelihood.scales_at(theta)[k]
        ends[:, k] += np.array([-2, -1, 1, 2]) * step
        r = likelihood.residuals(ends)
        expected = (8 * (r[2] - r[1]) - (r[3] - r[0])) / (12 * step)
        atol = 1e-4 * np.abs(expected).max()
        assert_allclose(jacobian[:, k], expected, rtol=1e-3, atol=atol)


def test_jacobian_of_many_sets(datasets):
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood, 3)
    together = likelihood.jacobian(theta)
    for row, jacobian in zip(theta, together, strict=True):
        single = likelihood.jacobian(row)
        assert_allclose(jacobian, single, rtol=1e-5, atol=1e-5 * np.abs(single).max())


def test_jacobian_at_a_limit(datasets):
    likelihood = crl.JointLikelihood(datasets)
    theta = likelihood.values.copy()
    k = likelihood.names.index("He.Q_0c")
    theta[k] = 0.0
    assert np.isfinite(likelihood.jacobian(theta)).all()
    assert np.abs(likelihood.jacobian(theta)[:, k]).max() > 0


# A picture of the datasets


def test_picture_does_not_follow_changes(datasets, model):
    likelihood = crl.JointLikelihood(datasets)
    before = likelihood(likelihood.values)
    model.T_n.value *= 2
    datasets["dampe_h"].floor = 0.5
    model.V_sun.prior = None
    assert_allclose(likelihood(likelihood.values), before, rtol=1e-12)
    assert crl.JointLikelihood(datasets)(likelihood.values) != pytest.approx(before)


def test_names_units_and_limits(datasets, model):
    likelihood = crl.JointLikelihood(datasets)
    assert likelihood.names[0] == "H.Q_0b"
    assert likelihood.names == [
        label
        for label, p in zip(datasets.parameters.labels, datasets.parameters, strict=True)
        if not p.frozen
    ]
    assert likelihood.units[likelihood.names.index("V_sun")] == model.V_sun.unit
    assert tuple(likelihood.bounds[likelihood.names.index("V_sun")]) == (-100, 100)
    assert tuple(likelihood.bounds[likelihood.names.index("x")]) == (0, np.inf)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (1, 1, 14)])
def test_wrong_shape(datasets, shape):
    likelihood = crl.JointLikelihood(datasets)
    with pytest.raises(ValueError, match=r"H\.Q_0b, Gamma.*\(14,\) or \(m, 14\), got shape"):
        likelihood(np.ones(shape))


def test_dataset_without_model():
    with pytest.raises(ValueError, match="no cosmic-ray model"):
        crl.JointLikelihood(crl.load_datasets("dampe_h", scatter=False))


def test_pickle_is_small_and_the_same(datasets):
    likelihood = crl.JointLikelihood(datasets)
    data = pickle.dumps(likelihood)
    assert len(data) < 300_000
    theta = sets(likelihood, 3)
    assert_allclose(pickle.loads(data)(theta), likelihood(theta), rtol=1e-14)


# Simulated data


def test_residuals_of_the_truth_are_normal(datasets):
    likelihood = crl.JointLikelihood(datasets)
    truth = likelihood.values
    draws = np.concatenate([likelihood.fake(truth, seed).residuals(truth) for seed in range(40)])
    # vectors are drawn along the true direction and compared along the measured one, which
    # matters in second order
    assert kstest(draws, norm.cdf).pvalue > 1e-3
    assert_allclose(draws.std(), 1, atol=0.02)


def test_fake_is_reproducible_and_leaves_the_data_alone(datasets):
    likelihood = crl.JointLikelihood(datasets)
    before = likelihood(likelihood.values)
    one, two, other = (likelihood.fake(likelihood.values, seed) for seed in (1, 1, 2))
    assert one(likelihood.values) == two(likelihood.values) != other(likelihood.values)
    assert likelihood(likelihood.values) == before


class OneSigma(np.random.Generator):
    """Source of random numbers that all are one standard deviation above the mean."""

    def standard_normal(self, size=None, **kwargs):
        return np.ones(size)


def test_priors_are_drawn_with_their_widths(datasets, model):
    for par in model.parameters:
        par.prior = None
    model.V_sun.prior = crl.MeasurementPrior("12000 m/s", "2000 m/s")
    model.x.prior = GaussianPrior(mu=5, sigma=0.5)
    likelihood = crl.JointLikelihood(datasets)
    truth = likelihood.values
    fake = likelihood.fake(truth, OneSigma(np.random.PCG64(0)))
    n_data = len(datasets.data_residuals())
    # drawn around the truth, not around the means of the priors
    assert_allclose(fake.residuals(truth)[n_data:], -1)
    # two of these widths below the truth, the pull is minus three
    for name, width in (("V_sun", 2), ("x", 0.5)):
        theta = truth.copy()
        theta[likelihood.names.index(name)] -= 2 * width
        assert_allclose(sorted(fake.residuals(theta)[n_data:]), [-3, -1])
