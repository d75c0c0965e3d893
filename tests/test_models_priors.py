"""Priors that carry their source."""

import astropy.units as u
import pytest
from gammapy.modeling import Parameter
from gammapy.modeling.models import PRIOR_REGISTRY
from hypothesis import given, settings
from hypothesis import strategies as st

import crlocal_plugin as crl
from crlocal_plugin import MeasurementPrior, measured_prior, xue_liu_2025
from crlocal_plugin.components.priors import CORRELATED, MEASURED

deterministic = settings(derandomize=True, deadline=None)
finite = st.floats(-1e3, 1e3)
positive = st.floats(1e-3, 1e3)


@deterministic
@given(finite, finite, positive)
def test_statistic_is_a_squared_pull(value, mu, sigma):
    prior = MeasurementPrior(mu, sigma, "source")
    expected = (value - mu) ** 2 / sigma**2
    assert prior(Parameter("x", value)) == pytest.approx(expected, rel=1e-12)
    assert prior(Parameter("x", mu)) == 0
    assert prior(Parameter("x", mu + 2 * sigma)) == pytest.approx(4, rel=1e-6)


def test_weight_is_a_factor():
    prior = MeasurementPrior(1.0, 2.0, weight=3.0)
    assert prior(Parameter("x", 5.0)) == pytest.approx(12)


def test_units_do_not_matter():
    prior = MeasurementPrior("12.24 km s-1", "2.05 km s-1", "s")
    fast = Parameter("V_sun", 15.5, unit="km s-1")
    same = Parameter("V_sun", 15500, unit="m s-1")
    expected = ((15.5 - 12.24) / 2.05) ** 2
    assert prior(fast) == pytest.approx(expected, rel=1e-14)
    assert prior(same) == pytest.approx(expected, rel=1e-12)
    mixed = MeasurementPrior("12240 m s-1", "2.05 km s-1", "s")
    assert mixed.sigma.unit == "m s-1"
    assert mixed(fast) == pytest.approx(expected, rel=1e-12)
    # as a prior of a parameter whose unit changes
    fast.prior = prior
    fast.unit = "m s-1"
    fast.value = 15500
    assert fast.prior_stat_sum() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({"mu": 1.0, "sigma": 0.0}, "sigma must be positive"),
        ({"mu": 1.0, "sigma": -1.0}, "sigma must be positive"),
        ({"mu": 1.0, "sigma": float("nan")}, "sigma must be positive"),
        ({"mu": "1 pc", "sigma": "1 GV"}, "sigma in GV does not fit mu in pc"),
        ({"mu": "1 pc", "sigma": 1.0}, "does not fit mu in pc"),
    ],
)
def test_wrong_arguments(kwargs, match):
    with pytest.raises(ValueError, match=match):
        MeasurementPrior(**kwargs)


def test_registry_round_trip():
    prior = MeasurementPrior("2.9 pc", "1.5 pc", "Redfield & Linsky 2000", weight=2.0)
    data = prior.to_dict()
    assert data["prior"]["source"] == "Redfield & Linsky 2000"
    again = PRIOR_REGISTRY.get_cls(data["prior"]["type"]).from_dict(data)
    assert isinstance(again, MeasurementPrior)
    assert (again.mu.quantity, again.sigma.quantity) == (2.9 * u.pc, 1.5 * u.pc)
    assert (again.source, again.weight) == (prior.source, 2.0)
    par = Parameter("x", 1.6, unit="pc", prior=prior)
    read = Parameter(**{k: v for k, v in par.to_dict().items() if k != "link"})
    assert read.prior.source == prior.source
    assert read.prior_stat_sum() == par.prior_stat_sum()


def test_copy_is_independent():
    par = Parameter("x", 1.6, unit="pc", prior=measured_prior("x"))
    twin = par.copy()
    assert twin.prior is not par.prior
    assert twin.prior.source == par.prior.source
    assert twin.prior_stat_sum() == par.prior_stat_sum()


def test_measured_values():
    # Schoenrich et al. 2010: 11.1 +- 0.75 +- 1, 12.24 +- 0.47 +- 2, 7.25 +- 0.37 +- 0.5 km/s
    for name, mean, statistical, systematic in (
        ("U_sun", 11.1, 0.75, 1.0),
        ("V_sun", 12.24, 0.47, 2.0),
        ("W_sun", 7.25, 0.37, 0.5),
    ):
        prior = measured_prior(name)
        assert prior.mu.quantity == mean * u.km / u.s
        width = (statistical**2 + systematic**2) ** 0.5
        assert prior.sigma.value == pytest.approx(width, abs=0.01)
        assert "2010, MNRAS 403, 1829" in prior.source
    # Schwadron et al. 2015: 25.4 +- 1.1 km/s, and the direction that the paper quotes
    assert measured_prior("u_HC").mu.quantity == 25.4 * u.km / u.s
    assert measured_prior("u_HC").sigma.quantity == 1.1 * u.km / u.s
    assert measured_prior("u_HC_ra").mu.quantity == 74.9 * u.deg
    assert measured_prior("u_HC_dec").mu.quantity == 17.6 * u.deg
    assert all(measured_prior(name).source for name in MEASURED)


def test_unknown_measurement():
    with pytest.raises(ValueError, match="no measured prior for 'nonsense'"):
        measured_prior("nonsense")


def test_priors_of_the_model():
    model = xue_liu_2025(priors="measured", spallation=True)
    for name in crl.PRIOR_SETS["measured"]:
        prior = model.parameters[name].prior
        assert prior.source == measured_prior(name).source
    others = [par for par in model.parameters if par.name not in MEASURED]
    assert all(par.prior is None for par in others)
    # by default, correlated priors of field and cloud replace those of the set
    model = xue_liu_2025(spallation=True)
    together = {par.name: prior for prior in model.penalties for par in prior.parameters}
    assert set(together) == {"B_ra", "B_dec", "u_HC", "u_HC_ra", "u_HC_dec"}
    for par in model.parameters:
        if par.name in together:
            assert par.prior.joint is together[par.name]
        else:
            assert (par.prior is not None) == (par.name in crl.PRIOR_SETS["measured"])
    assert all(par.prior is None for par in xue_liu_2025(priors=None).parameters)
    own = MeasurementPrior("0.5 GV", "0.1 GV", "neutron monitors")
    model = xue_liu_2025(priors={"phi": own, "He.Q_0b": MeasurementPrior("7e51 GV-1", "1e51 GV-1")})
    assert model.phi.prior is own
    assert model.parameters["He.Q_0b"].prior is not None
    assert model.parameters["H.Q_0b"].prior is None
    assert sum(par.prior is not None for par in model.parameters) == 2


@pytest.mark.parametrize("priors", ["all", 3, ["x"]])
def test_unknown_priors(priors):
    with pytest.raises(ValueError, match=r"unknown set of priors|None, or a dictionary"):
        xue_liu_2025(priors=priors)


def test_prior_on_an_unknown_parameter():
    with pytest.raises(ValueError, match="nonsense"):
        xue_liu_2025(priors={"nonsense": measured_prior("x")})


def test_prior_in_a_wrong_unit():
    with pytest.raises(ValueError, match="prior on x is given in km / s, expected pc"):
        xue_liu_2025(priors={"x": measured_prior("V_sun")})


def test_prior_on_several_parameters_is_refused():
    # Q_0b is one parameter of H and another of He
    with pytest.raises((ValueError, IndexError), match="Q_0b"):
        xue_liu_2025(priors={"Q_0b": MeasurementPrior("4e52 GV-1", "1e52 GV-1")})


# Named sets


def test_every_set_has_sourced_priors():
    for name, members in crl.PRIOR_SETS.items():
        if name in CORRELATED:
            continue
        if name == "gas":
            model = crl.xue_liu_2025_secondaries(priors=None)
        else:
            model = xue_liu_2025(priors=name, spallation=True)
        assert [p.name for p in model.parameters if p.prior is not None] == [
            p.name for p in model.parameters if p.name in members
        ]
        assert all(model.parameters[par].prior.source for par in members)
    both = xue_liu_2025(priors=["solar-motion", "modulation"])
    assert both.phi.prior is not None
    assert both.x.prior is None


def test_sets_leave_out_what_a_model_does_not_have():
    assert xue_liu_2025(priors="spallation").parameters.names == xue_liu_2025().parameters.names
    assert xue_liu_2025(priors="gas").H_G.prior is None
    assert xue_liu_2025(priors="gas").H_G.frozen
    assert xue_liu_2025(spallation=True).grammage.prior.mu.quantity == 5.9 * u.g / u.cm**2


def test_default_model_has_the_measured_set():
    assert "phi" not in crl.PRIOR_SETS["measured"]
    assert xue_liu_2025().phi.prior is None
    assert xue_liu_2025().V_sun.prior is not None
    message = r"unknown set of priors 'mesured': did you mean measured\? expected one of solar"
    with pytest.raises(ValueError, match=message):
        xue_liu_2025(priors="mesured")


def test_sets_for_datasets():
    datasets = crl.load_datasets(["dampe_h", "dampe_he", "tibet-asgamma-2017", "jacee_h"])
    model = xue_liu_2025(priors=None)
    datasets.models = [model]
    done = crl.set_priors(datasets, ["local-cloud", "energy-scales"])
    assert set(done) == {
        *("u_HC", "u_HC_ra", "u_HC_dec", "x"),
        *("DAMPE.energy_scale", "Tibet ASgamma.energy_scale"),
    }
    assert model.x.prior is done["x"]
    # the shift and both errors of the calibration in quadrature
    width = datasets["dampe_he"].energy_scale.prior.sigma.value
    assert width == pytest.approx((0.013**2 + 0.012**2 + 0.026**2) ** 0.5, abs=1e-3)
    assert datasets["tibet-asgamma-2017"].energy_scale.prior.sigma.value == 0.12
    assert datasets["jacee_h"].energy_scale.prior.sigma.value == 0.1
    assert "assumed" in datasets["jacee_h"].energy_scale.prior.source
    with pytest.raises(ValueError, match="unknown set of priors 'energy'"):
        crl.set_priors(datasets, "energy")
    assert crl.set_priors(datasets, None) == {}
    assert all(par.prior is None for par in model.parameters)
