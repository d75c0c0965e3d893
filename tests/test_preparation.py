"""A descent before an optimiser is seen, runs once, and can be switched off."""

import logging

import numpy as np
import pytest
from gammapy.modeling import Fit
from gammapy.modeling.fit import registry
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.likelihood import backends, descent, preparation


@pytest.fixture
def datasets():
    datasets = crl.load_datasets(["ams-02_h_2015", "ams-02_he_2015"])
    model = crl.xue_liu_2025()
    datasets.models = [model]
    model.freeze()
    for name in ("Gamma", "phi", "H.Q_0b", "He.Q_0b"):
        model.parameters[name].frozen = False
    return datasets


@pytest.fixture
def descents(monkeypatch):
    """Starts of all descents."""
    starts = []

    def counted(likelihood, start=None, *args, **kwargs):
        starts.append(likelihood.values if start is None else np.array(start))
        return descent.minimise(likelihood, start, *args, **kwargs)

    for module in (preparation, backends):
        monkeypatch.setattr(module, "minimise", counted)
    return starts


@pytest.mark.parametrize("backend", ["least-squares", "minuit"])
def test_one_descent_that_is_logged_and_kept(datasets, descents, caplog, backend):
    before = datasets.stat_sum()
    assert datasets.preparation is None
    with caplog.at_level(logging.INFO, logger="crlocal_plugin"):
        result = Fit(backend=backend).run(datasets)
    assert result.success
    assert len(descents) == 1
    done = datasets.preparation
    assert done.stat_before == pytest.approx(before, rel=1e-12)
    assert done.minimum.stat == pytest.approx(result.total_stat, abs=0.01)
    assert_allclose(done.start, descents[0])
    assert f"statistic {before:.2f} -> {done.minimum.stat:.2f} in {done.minimum.n_calls} calls" in (
        caplog.text
    )


@pytest.mark.parametrize("backend", ["least-squares", "minuit"])
def test_it_can_be_switched_off(datasets, descents, backend):
    datasets.prepares_fits = False
    result = Fit(backend=backend).run(datasets)
    assert datasets.preparation is None
    assert len(descents) == (backend == "least-squares")
    datasets.prepares_fits = True
    again = Fit(backend=backend).run(datasets)
    assert again.total_stat <= result.total_stat + 1e-6


def test_options_of_the_back_end_are_followed(datasets, descents):
    datasets.prepares_fits = False
    result = Fit(backend="least-squares", optimize_opts={"max_calls": 2}).run(datasets)
    assert not result.success
    assert len(descents) == 1
    assert result.optimize_result.nfev <= 4


def test_trace_has_the_steps_of_the_one_descent(datasets, descents):
    start = datasets.stat_sum()
    result = Fit(backend="least-squares", store_trace=True).run(datasets)
    trace = result.optimize_result.trace
    assert len(descents) == 1
    assert len(trace) > 3
    assert trace["total_stat"][0] == pytest.approx(start, rel=1e-6)
    assert trace["total_stat"][-1] == pytest.approx(result.total_stat, rel=1e-9)
    labels = set(trace.colnames[1:])
    assert any("Gamma" in label for label in labels)


def test_parameters_that_were_moved_since_are_fitted_from_there(datasets, descents):
    Fit(backend="least-squares").run(datasets)
    datasets[0].model.Gamma.value += 0.1
    Fit(backend="least-squares").run(datasets)
    assert len(descents) == 2


def test_back_end_of_others_is_what_they_registered(monkeypatch):
    called = []

    def theirs(parameters, function, **kwargs):
        called.append(function)
        return np.eye(len(parameters.free_parameters)), {"success": True, "message": "theirs"}

    monkeypatch.setitem(registry.register["covariance"], "minuit", theirs)
    backends.register_backends()
    compute = registry.get("covariance", "minuit")
    par = crl.xue_liu_2025().parameters
    assert compute(par, len)[1]["message"] == "theirs"
    assert called == [len]
    backends.register_backends()
    assert registry.get("covariance", "minuit").before is theirs


def test_cut_off_that_comes_from_far_out_stays_where_it_belongs():
    datasets = crl.load_datasets(["dampe_h", "kascade_h_sibyll-2p1"])
    model = crl.xue_liu_2025()
    datasets.models = [model]
    datasets.n_starts = 0
    model.freeze()
    for name in ("H.Q_0c", "R_cutc"):
        model.parameters[name].frozen = False
    totals = []
    for value in (10, 1e6):
        model.R_cutc.value = value
        totals.append(Fit(backend="least-squares").run(datasets).total_stat)
    assert totals[1] == pytest.approx(totals[0], abs=1e-3)


def test_limits_of_the_package_follow_the_unit(datasets):
    model = datasets[0].model
    model.parameters["H.Q_0b"].max = 1e53
    results = []
    for phi, D_0, strength in (
        ("0.9 GV", "2.15e28 cm2 s-1", "4e52 GV-1"),
        ("900 MV", "2.15e24 m2 s-1", "4e49 MV-1"),
    ):
        model.phi.quantity, model.D_0.quantity = phi, D_0
        model.parameters["H.Q_0b"].quantity = strength
        results.append((Fit(backend="least-squares").run(datasets).total_stat, model.phi.value))
    assert results[1] == pytest.approx((results[0][0], 1000 * results[0][1]), rel=1e-4)
    assert model.phi.max == pytest.approx(5000)
    assert model.D_0.min == pytest.approx(1e21)
    # a limit of one's own is left alone
    assert model.parameters["H.Q_0b"].max == 1e53
