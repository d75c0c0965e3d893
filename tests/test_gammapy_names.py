"""The statistic without priors has another name from gammapy 2.2 on: both work."""

import pytest
from gammapy.datasets import Dataset, Datasets
from gammapy.modeling import Fit
from gammapy.modeling.models import GaussianPrior

import crlocal_plugin as crl

OLD, NEW = "_stat_sum_likelihood", "stat_sum_likelihood"


def sum_of(name):
    """Statistic of all datasets of gammapy, where that of each has a name."""
    return lambda self: sum(getattr(dataset, name)() for dataset in self)


@pytest.fixture(params=[OLD, NEW])
def name(request, monkeypatch):
    """Let gammapy have one of the two names alone, as 2.1 and 2.2 do."""
    for name in (OLD, NEW):
        monkeypatch.delattr(Dataset, name, raising=False)
        monkeypatch.delattr(Datasets, name, raising=False)
    monkeypatch.setattr(Dataset, request.param, lambda self: self.stat_sum(), raising=False)
    monkeypatch.setattr(Datasets, request.param, sum_of(request.param), raising=False)
    return request.param


def fitted(kind):
    datasets = kind(crl.load_datasets("dampe_h"))
    model = crl.xue_liu_2025(species="H", priors="measured")
    model.freeze()
    model.Gamma.frozen = False
    model.Gamma.prior = GaussianPrior(mu=2.6, sigma=0.01)
    datasets.models = [model]
    return datasets, Fit(backend="minuit").run(datasets)


def test_stock_and_own_datasets(name):
    (stock, first), (own, second) = fitted(Datasets), fitted(crl.CosmicRayDatasets)
    assert type(stock) is Datasets
    assert first.total_stat == pytest.approx(second.total_stat, abs=1e-3)
    of_data = [getattr(datasets, name)() for datasets in (stock, own)]
    assert of_data[0] == pytest.approx(of_data[1], abs=1e-3)
    assert of_data[1] != own.stat_sum()
    for datasets in (stock, own):
        parts = [getattr(dataset, name)() for dataset in datasets]
        assert sum(parts) == pytest.approx(getattr(datasets, name)())
    summary = crl.fit_summary(own, second)
    assert summary.likelihood == pytest.approx(of_data[1])


def test_both_names_are_the_same():
    own, _ = fitted(crl.CosmicRayDatasets)
    for thing in (own, own[0]):
        assert getattr(thing, OLD)() == getattr(thing, NEW)()
