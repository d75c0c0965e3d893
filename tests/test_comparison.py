"""Comparison of models on the same data."""

import numpy as np
import pytest
from scipy.stats import norm

import crlocal_plugin as crl
from crlocal_plugin.analysis.description import Analysis
from crlocal_plugin.cli import main
from crlocal_plugin.cli.commands.compare import variant
from crlocal_plugin.posterior.posterior import UnconvergedError
from crlocal_plugin.posterior.prior_distributions import set_proper_priors
from crlocal_plugin.studies.comparison import compare_models, is_nested

TABLES = ["dampe_h", "dampe_he", "icecube-2016"]


def entry(free=("Q_0b",), variant="kinetic", compton_getting="constant", priors=None, **options):
    """Datasets with a model of few free parameters."""
    datasets = crl.load_datasets(TABLES, **{"scatter": False} | options)
    model = crl.xue_liu_2025(variant, compton_getting=compton_getting, priors=priors)
    model.freeze()
    datasets.models = [model]
    crl.free_parameters(datasets, free)
    return datasets


def test_table():
    entries = {
        "strengths": entry(),
        "index too": entry(["Q_0b", "Gamma"]),
        "wandering": entry(variant="wandering"),
        "local C": entry(compton_getting="local"),
    }
    table = compare_models(entries)
    assert list(table["name"]) == list(entries)
    numbers = sum(dataset.info_dict()["n_fit"] for dataset in entries["strengths"])
    for row, datasets in zip(table, entries.values(), strict=True):
        free = len(datasets.parameters.free_parameters)
        statistic = datasets.stat_sum()
        assert (row["free"], row["data"]) == (free, numbers)
        assert row["total"] == pytest.approx(statistic)
        assert row["chi2"] == pytest.approx(datasets.stat_sum_likelihood())
        assert row["prior"] == pytest.approx(0, abs=1e-9)
        assert row["AIC"] == pytest.approx(statistic + 2 * free)
        correction = 2 * free * (free + 1) / (numbers - free - 1)
        assert row["AICc"] == pytest.approx(statistic + 2 * free + correction)
        assert row["BIC"] == pytest.approx(statistic + free * np.log(numbers))
    for criterion in ("AIC", "AICc", "BIC"):
        np.testing.assert_allclose(
            table[f"delta_{criterion}"], table[criterion] - table[criterion].min()
        )
    # only one pair is nested
    assert table["nested"].tolist() == [None, "strengths", None, None]
    ratio = table["total"][0] - table["total"][1]
    assert table["lr"][1] == pytest.approx(ratio)
    assert table["lr_free"][1] == 1
    # chi-square of one degree of freedom is the square of a normal number
    assert table["significance"][1] == pytest.approx(np.sqrt(ratio), rel=1e-6)


def test_priors_count_as_measurements():
    fixed = entry(priors="measured")
    free = entry(["Q_0b", "x"], priors="measured")
    (model,) = fixed.models
    model.x.value = free.models[0].x.value = 4.4
    table = compare_models({"fixed": fixed, "free": free})
    # one standard deviation above 2.9 +- 1.5, also while frozen
    frozen = sum(par.prior(par) for par in model.parameters if par.prior is not None)
    assert table["prior"][0] == pytest.approx(frozen)
    assert model.x.prior(model.x) == pytest.approx(1)
    numbers = table["data"][0] + sum(par.prior is not None for par in model.parameters)
    assert table["BIC"][0] == pytest.approx(table["total"][0] + 2 * np.log(numbers))
    assert table["nested"][1] == "fixed"


def test_ranges_do_not_move_the_fit():
    plain = {"few": entry(["H.Q_0b"]), "many": entry(["H.Q_0b", "Gamma"])}
    ranged = {"few": entry(["H.Q_0b"]), "many": entry(["H.Q_0b", "Gamma"])}
    for datasets in ranged.values():
        set_proper_priors(datasets)
    expected, table = compare_models(plain), compare_models(ranged)
    for column in ("chi2", "total", "BIC", "lr"):
        np.testing.assert_allclose(table[column].tolist()[1], expected[column].tolist()[1])
    assert table["nested"][1] == "few"
    assert type(ranged["few"].models[0].parameters["H.Q_0b"].prior).__name__ == "LogUniformPrior"


def test_without_nested_models_there_is_no_ratio():
    table = compare_models({"a": entry(), "b": entry(variant="wandering")})
    assert "lr" not in table.colnames


def test_parameter_at_its_limit_has_no_ratio():
    smaller, larger = entry(), entry(["Q_0b", "delta_b"])
    for datasets in (smaller, larger):
        # the dipole wants more
        datasets.models[0].delta_b.max = 7e-4
    assert is_nested(smaller, larger)
    table = compare_models({"smaller": smaller, "larger": larger})
    assert larger.models[0].delta_b.value == pytest.approx(7e-4)
    assert "lr" not in table.colnames


def test_is_nested():
    small = entry()
    assert is_nested(small, entry(["Q_0b", "phi"]))
    assert is_nested(small, entry(["Q_0b", "DAMPE.energy_scale"]))
    assert not is_nested(entry(["Q_0b", "phi"]), small)
    assert not is_nested(small, entry())
    assert not is_nested(small, entry(["phi"]))
    assert not is_nested(small, entry(["Q_0b", "phi"], compton_getting="local"))
    assert not is_nested(small, entry(["Q_0b", "phi"], priors="measured"))
    other = entry(["Q_0b", "phi"])
    other.models[0].D_0.value *= 2
    assert not is_nested(small, other)
    other = entry(["Q_0b", "phi"])
    other.models[0].parameters["H.Q_0b"].max = 1e60
    assert not is_nested(small, other)
    other = entry(["Q_0b", "phi"])
    other.models[0].phi.max = small.models[0].phi.value
    assert not is_nested(small, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"floors": 0.1}, "'dampe_h' .* floor differs"),
        ({"likelihood": "amplitude_phase"}, "'icecube-2016' .* likelihood differs"),
        ({"apply_declination_factor": False}, "apply_declination_factor differs"),
        ({"systematics": False}, "'dampe_h' .* systematics differs"),
    ],
)
def test_settings_that_differ(options, message):
    with pytest.raises(ValueError, match=message):
        compare_models({"a": entry(), "b": entry(**options)})


def test_data_that_differ():
    one, other = entry(), entry()
    other["dampe_he"].energy_range = ("100 GeV", None)
    with pytest.raises(ValueError, match=r"'dampe_he' .* mask_fit differs"):
        compare_models({"a": one, "b": other})
    other = entry()
    other["dampe_h"].fake(1)
    other["dampe_h"].floor = one["dampe_h"].floor
    with pytest.raises(ValueError, match="'dampe_h' is not the same in 'a' and 'b'"):
        compare_models({"a": one, "b": other})
    fewer = crl.load_datasets(TABLES[:2])
    fewer.models = [crl.xue_liu_2025(priors="measured")]
    with pytest.raises(ValueError, match=r"only one of them has .*icecube-2016"):
        compare_models({"a": one, "b": fewer})


def test_unusable_entries():
    one = entry()
    with pytest.raises(ValueError, match="two models or more"):
        compare_models({"a": one})
    shared = crl.load_datasets(TABLES, scatter=False)
    shared.models = list(one.models)
    with pytest.raises(ValueError, match="'a' and 'b' share the parameter"):
        compare_models({"a": one, "b": shared})
    with pytest.raises(ValueError, match="b: no parameter is free"):
        compare_models({"a": one, "b": entry(free=())})


def test_evidence():
    entries = {"fixed": entry(["H.Q_0b"]), "free": entry(["H.Q_0b", "delta_b"])}
    with pytest.raises(ValueError, match=r"fixed: H\.Q_0b have no proper prior"):
        compare_models(entries, evidence=True)
    for datasets in entries.values():
        set_proper_priors(datasets)
    with pytest.raises(UnconvergedError, match=r"fixed: .*effective sample size"):
        compare_models(entries, evidence=True, n_live=20, max_calls=60, random_state=1)
    table = compare_models(entries, evidence=True, n_live=150, random_state=1)
    difference = table["ln_evidence"] - table["ln_evidence"].max()
    np.testing.assert_allclose(table["ln_bayes_factor"], difference)
    # Laplace: the likelihood is normal in parameters that the data fix well
    for row, datasets in zip(table, entries.values(), strict=True):
        parameters = datasets.parameters.free_parameters
        covariance = datasets.models.covariance.get_subcovariance(parameters).data
        error = np.sqrt(np.diag(covariance))
        correlation = np.linalg.det(covariance / np.outer(error, error))
        density = [1 / (par.value * np.log(par.max / par.min)) for par in parameters]
        expected = (
            -0.5 * row["chi2"]
            + 0.5 * np.log(correlation)
            + np.sum(np.log(error) + np.log(density) - norm.logpdf(0))
        )
        assert abs(row["ln_evidence"] - expected) < 4 * row["ln_evidence_error"] + 0.1


def test_command(tmp_path, capsys):
    path = tmp_path / "table.ecsv"
    fix = ["Gamma", "R_cut", "R_cutc", "D_0", "phi", "x", "V_sun", "Q_0n", "Q_0c", "delta_b"]
    models = ["kinetic", "kinetic+C", "wandering+local", "kinetic+no-compton-getting"]
    words = ["--debug", "compare", *models, "--datasets", *TABLES, "--fix", *fix]
    words += ["--priors", "measured", "--output", str(path)]
    assert not main(words)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    rows = [line.split()[0] for line in lines if line.startswith(("kinetic", "wandering"))]
    assert rows == models
    assert path.exists()
    with pytest.raises(FileExistsError, match="--overwrite"):
        main(words)


def test_command_keeps_the_priors_of_a_model_without_compton_getting():
    both = [variant(name, Analysis()) for name in ("kinetic", "kinetic+no-compton-getting")]
    for datasets in both:
        # away from the measured values
        datasets.models[0].u_HC.value += 2
    expected, found = (datasets.stat_sum_penalties() for datasets in both)
    assert found == pytest.approx(expected)
    assert found > 1
    shares = [datasets.models[0].parameters.free_parameters.labels for datasets in both]
    assert shares[0] == shares[1]
