"""The joint fit without each dataset in turn."""

import astropy.units as u
import numpy as np
import pytest
from scipy.stats import chi2, kstest

import crlocal_plugin as crl
from crlocal_plugin.cli import main

NAMES = ("dampe_h", "cream_h", "calet_h", "tibet-asgamma-2017", "icetop-2016", "kamiokande-1997")


def prepare(seed=None, scatter=False):
    datasets = crl.load_datasets(list(NAMES), scatter=scatter)
    model = crl.xue_liu_2025(species="H", priors="measured")
    datasets.models = [model]
    for label, par in zip(model.parameters.labels, model.parameters, strict=True):
        par.frozen = label not in ("Gamma", "Q_0b", "delta_b", "V_sun")
    if seed is not None:
        datasets.fake(seed)
    return datasets


def test_data_that_agree_have_uniform_p_values():
    found = np.concatenate([crl.leave_one_out(prepare(seed))["p_value"] for seed in range(12)])
    assert len(found) == 12 * len(NAMES)
    assert kstest(found, "uniform").pvalue > 0.01


def test_the_one_that_does_not_belong_comes_first():
    datasets = prepare(0)
    table = datasets["cream_h"].table.copy()
    table["intensity"] *= 1.5
    datasets["cream_h"].table = table
    result = crl.leave_one_out(datasets)
    assert result["name"][0] == "cream_h"
    assert result["p_value"][0] < 1e-3
    assert result["moves"][0] in ("Gamma", "Q_0b")


@pytest.mark.parametrize("scatter", [False, True])
def test_it_is_the_difference_of_two_fits(scatter):
    datasets = prepare(4, scatter)
    values = [par.value for par in datasets.parameters]
    table = crl.leave_one_out(datasets)
    assert [par.value for par in datasets.parameters] == values
    with_all = crl.lowest_minimum(datasets, 0)
    row = next(row for row in table if row["name"] == "icetop-2016")
    assert row["numbers"] == 2
    widening = datasets["icetop-2016"].stat_sum_scatter()
    assert (widening > 0) == scatter
    chi2_with_all = datasets["icetop-2016"].stat_sum_likelihood() - widening
    assert row["chi2"] == pytest.approx(chi2_with_all, abs=1e-3)
    rest = crl.CosmicRayDatasets([d for d in datasets if d.name != "icetop-2016"])
    without = crl.lowest_minimum(rest, 0)
    assert row["change"] == pytest.approx(with_all - without - widening, abs=1e-3)
    assert row["p_value"] == pytest.approx(chi2.sf(row["change"], 2))


def test_experiments_and_processes():
    datasets = prepare(1)
    one, two = (crl.leave_one_out(datasets, "experiment", n_jobs=jobs) for jobs in (1, 2))
    assert sorted(one["name"]) == sorted({dataset.experiment for dataset in datasets})
    assert all(one["change"] == two["change"])


def test_points_outside_the_fit_are_none():
    datasets = prepare(1)
    datasets["icetop-2016"].energy_range = (1 * u.TeV, 2 * u.TeV)
    assert "icetop-2016" not in crl.leave_one_out(datasets)["name"]


def test_mistakes_are_named():
    datasets = prepare(1)
    with pytest.raises(ValueError, match="'dataset' or 'experiment'"):
        crl.leave_one_out(datasets, by="table")
    with pytest.raises(ValueError, match="at least two datasets to leave one out, got dampe_h"):
        crl.leave_one_out(crl.CosmicRayDatasets([datasets["dampe_h"]]))


def test_command(capsys):
    words = ["--datasets", "dampe_h", "icetop-2016", "--species", "H", "--priors", "measured"]
    words += ["--fix", "Q_0c", "R_cut", "R_cutc", "D_0", "x", "V_sun", "phi"]
    assert main(["tension", *words]) == 0
    printed = capsys.readouterr().out
    assert "p_value" in printed
    assert "icetop-2016" in printed
