"""What data constrain, against cases that are known exactly."""

import re
import warnings

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from gammapy.modeling import Fit
from gammapy.modeling.models import GaussianPrior, Models
from gammapy.stats.fit_statistics import GaussianPriorPenalty
from numpy.testing import assert_allclose, assert_array_equal

import crlocal_plugin as crl
from crlocal_plugin.cli import main
from crlocal_plugin.likelihood.degeneracies import natural_directions
from crlocal_plugin.likelihood.descent import gauss_newton_covariance
from crlocal_plugin.studies.identifiability import NULL, identifiability

ERRORS = np.array([0.05, 0.1, 0.2]), np.array([0.1, 0.1])


def spectrum(model, errors, name):
    """Protons of the model with relative errors."""
    energy = np.geomspace(1e2, 1e4, len(errors)) * u.GeV
    intensity = model.intensity(energy, "H", axis="kinetic_energy")
    table = Table({"energy": energy, "intensity": intensity})
    for side in ("errn", "errp"):
        table[f"intensity_stat_{side}"] = errors * intensity
    table.meta = {"experiment": name, "quantity": "H", "axis": "kinetic_energy"}
    return crl.CosmicRayFluxDataset.read(table, name=name)


def background(*free):
    """Protons of the background alone, J = Q_0b / D_0 times a shape, and two spectra of them."""
    model = crl.xue_liu_2025(priors=None)
    model.freeze()
    for label in ("H.Q_0n", "H.Q_0c"):
        model.parameters[label].value = 0
    for label in free:
        model.parameters[label].frozen = False
    data = [spectrum(model, errors, name) for errors, name in zip(ERRORS, "AB", strict=True)]
    datasets = crl.CosmicRayDatasets(data)
    datasets.models = [model]
    return datasets, model


def joint(*free, selection="xue-liu-2025", priors="measured", scatter=False, **kwargs):
    model = crl.xue_liu_2025(priors=priors, **kwargs)
    datasets = crl.load_datasets(selection, scatter=scatter)
    datasets.models = [model]
    crl.free_parameters(datasets, free)
    return datasets, model


def rows_of(result):
    return {row["label"]: row for row in result.parameters}


# One parameter, two spectra


def test_error_and_shares_of_a_strength():
    datasets, model = background("H.Q_0b")
    result = identifiability(datasets)
    # J is proportional to the strength: the residual of a point moves by 1 / relative error
    information = [(errors**-2.0).sum() for errors in ERRORS]
    row = rows_of(result)["H.Q_0b"]
    error = sum(information) ** -0.5
    assert row["spectra"] == pytest.approx(error, rel=1e-6)
    assert row["both"] == pytest.approx(error, rel=1e-6)
    assert row["with priors"] == pytest.approx(error, rel=1e-6)
    assert row["dipole"] == np.inf
    assert row["scale"] == row["value"] == model.parameters["H.Q_0b"].value
    assert row["most"] == "A"
    assert row["share_most"] == pytest.approx(information[0] / sum(information), rel=1e-6)
    assert result.shares["B"][0] == pytest.approx(information[1] / sum(information), rel=1e-6)
    assert (row["share_spectra"], row["share_dipole"], row["share_priors"]) == (
        pytest.approx(1),
        0,
        0,
    )
    assert result.sources == ["spectra"]
    assert "not constrained" not in str(result)


# A degenerate pair


def test_degenerate_pair_is_not_constrained_and_its_direction_is_named():
    datasets, _ = background("H.Q_0b", "D_0")
    result = identifiability(datasets)
    assert_array_equal(result.parameters["spectra"], np.inf)
    assert_array_equal(result.parameters["share_most"], 0)
    assert_array_equal(result.parameters["most"], "")
    best, worst = result.directions
    # along the ratio: a unit step changes it by sqrt(2)
    assert best["singular_value"] == pytest.approx(
        np.sqrt(2 * sum((e**-2.0).sum() for e in ERRORS)), rel=1e-6
    )
    assert best["determined"]
    assert worst["singular_value"] < 1e-6
    assert not worst["determined"]
    assert worst["direction"] == "H.Q_0b, D_0 up 10 %"
    assert best["direction"] == "H.Q_0b up 10 %; D_0 down 10 %"
    text = str(result)
    assert "H.Q_0b, D_0 up 10 %: costs nothing" in text
    assert "the data do not determine H.Q_0b, D_0 together" in text


def test_prior_breaks_the_degeneracy():
    datasets, model = background("H.Q_0b", "D_0")
    model.D_0.prior = GaussianPrior(mu=model.D_0.value, sigma=0.2 * model.D_0.value)
    result = identifiability(datasets)
    rows = rows_of(result)
    error = sum((e**-2.0).sum() for e in ERRORS) ** -0.5
    assert rows["D_0"]["spectra"] == np.inf
    assert rows["D_0"]["with priors"] == pytest.approx(0.2, rel=1e-6)
    assert rows["D_0"]["share_priors"] == pytest.approx(1, rel=1e-6)
    assert rows["D_0"]["most"] == "priors"
    # the strength has the error of the ratio and that of the diffusion coefficient
    variance = error**2 + 0.2**2
    assert rows["H.Q_0b"]["with priors"] == pytest.approx(variance**0.5, rel=1e-6)
    assert rows["H.Q_0b"]["share_priors"] == pytest.approx(0.2**2 / variance, rel=1e-6)
    assert rows["H.Q_0b"]["share_spectra"] == pytest.approx(error**2 / variance, rel=1e-6)
    assert result.sources == ["spectra", "with priors"]


def test_parameter_beside_a_degenerate_pair_keeps_its_error():
    alone = identifiability(background("H.Q_0b", "Gamma")[0])
    beside = identifiability(background("H.Q_0b", "Gamma", "D_0", "w")[0])
    assert np.isfinite(alone.parameters["spectra"]).all()
    for label, error in (("Gamma", rows_of(alone)["Gamma"]["spectra"]), ("D_0", np.inf)):
        assert rows_of(beside)[label]["spectra"] == pytest.approx(error, rel=1e-5)
    assert rows_of(beside)["Gamma"]["share_spectra"] == pytest.approx(1)


def test_fewer_data_than_parameters():
    datasets, model = background("H.Q_0b", "D_0", "Gamma", "phi", "R_cut")
    datasets = crl.CosmicRayDatasets([datasets[1]])
    result = identifiability(datasets)
    assert len(result.directions) == 5
    assert (result.directions["singular_value"][2:] < NULL).all()
    assert_array_equal(result.parameters["spectra"], np.inf)
    assert "2 of 5 directions determined" in str(result)
    assert model.D_0.value == 2.15e28


@pytest.mark.parametrize("size", [0, 2, 5])
def test_directions_are_complete_and_orthonormal(size):
    jacobian = np.random.default_rng(size).normal(size=(size, 3))
    singular, directions = natural_directions(jacobian)
    assert_allclose(directions @ directions.T, np.eye(3), atol=1e-14)
    assert_allclose(np.linalg.norm(jacobian @ directions.T, axis=0), singular, atol=1e-14)
    assert (np.diff(singular) <= 0).all()


# The joint fit


@pytest.fixture(scope="module")
def at_table_one():
    datasets, model = joint()
    before = model.parameters.value
    result = identifiability(datasets)
    assert_array_equal(model.parameters.value, before)
    return result, datasets


def test_errors_are_those_of_the_joint_likelihood(at_table_one):
    result, datasets = at_table_one
    likelihood = crl.JointLikelihood(datasets)
    covariance = gauss_newton_covariance(likelihood.jacobian(likelihood.values))
    errors = result.parameters["with priors"] * result.parameters["scale"]
    assert_allclose(errors, np.sqrt(np.diag(covariance)), rtol=1e-4)
    assert_array_equal(result.parameters["label"], likelihood.names)


def test_more_data_never_hurt(at_table_one):
    table = at_table_one[0].parameters
    slack = 1 + 1e-9
    for more, less in (("both", "spectra"), ("both", "dipole"), ("with priors", "both")):
        assert (table[more] <= slack * table[less]).all()


def test_shares_add_up(at_table_one):
    result, datasets = at_table_one
    shares = np.array([result.shares[name] for name in [*datasets.names, "priors"]])
    assert (shares >= 0).all()
    assert_allclose(shares.sum(axis=0), 1, rtol=1e-6)
    parts = [result.parameters[f"share_{kind}"] for kind in ("spectra", "dipole", "priors")]
    assert_allclose(np.sum(parts, axis=0), 1, rtol=1e-6)
    assert_allclose(result.parameters["share_most"], shares.max(axis=0))


def test_spectra_say_nothing_about_the_dipole_of_the_background(at_table_one):
    row = rows_of(at_table_one[0])["delta_b"]
    assert row["spectra"] == np.inf
    assert np.isfinite(row["both"])
    assert row["share_dipole"] > 0.9
    rows = at_table_one[0].directions
    texts = rows["direction"][(rows["source"] == "spectra") & (rows["singular_value"] < NULL)]
    assert "delta_b up 10 %" in list(texts)


def test_modulation_and_index_rest_on_spectra(at_table_one):
    for label in ("phi", "Gamma"):
        row = rows_of(at_table_one[0])[label]
        assert row["spectra"] < 0.01
        # dipoles feel it by the energies of their events
        assert row["dipole"] > 100 * row["spectra"]
        assert row["share_spectra"] > 0.9
        assert row["most"].startswith("ams-02")


def test_printed(at_table_one):
    text = str(at_table_one[0])
    for word in ("14 free parameters", "spectra alone", "dipole alone", "with priors", "km / s"):
        assert word in text
    assert "Spectra alone: 12 of 14 directions determined; the others" in text
    assert "With priors: 14 of 14 directions determined; the worst" in text
    assert max(len(line) for line in text.splitlines()) < 250


NEARBY = ["T_n", "M_A", "r_par", "r_perp"]


@pytest.mark.parametrize(
    ("free", "source", "moves"),
    [
        # Q_0b w H_G^2 / (V_G D_0)
        (["w"], "both", ("w", "H.Q_0b", "He.Q_0b")),
        (["H_G"], "both", ("H_G", "H.Q_0b", "He.Q_0b")),
        (["V_G"], "both", ("V_G", "H.Q_0b", "He.Q_0b")),
        # k_0 / x
        (["B"], "both", ("B", "x")),
        (NEARBY, "both", ("H.Q_0n", "He.Q_0n", "M_A", "r_perp")),
        (["r_par", "r_perp"], "both", ("r_par", "r_perp")),
        (["T_c", "r_c"], "spectra", ("H.Q_0c", "He.Q_0c", "T_c", "r_c")),
        ([*NEARBY, "T_c", "r_c"], "both", ("H.Q_0c", "He.Q_0c", "T_c", "r_c", "D_0")),
    ],
)
def test_degenerate_sets_are_named(free, source, moves):
    datasets, _ = joint(*free, priors=None)
    result = identifiability(datasets)
    rows = result.directions[result.directions["source"] == source]
    texts = [row["direction"] for row in rows if row["singular_value"] < NULL]
    named = [set(re.split("[ ,;]+", text)) for text in texts]
    assert set().union(*named) >= set(moves)
    assert any(len(names.intersection(moves)) > 1 for names in named)
    table = rows_of(result)
    assert all(table[name][source] == np.inf for name in moves)
    assert "not constrained" in str(result)
    assert "costs nothing" in str(result)
    assert result.remarks


def test_field_and_rigidity_of_bohm_diffusion_are_named():
    result = identifiability(joint("B", "R_cr")[0])
    assert any("R_cr" in remark and "B" in remark for remark in result.remarks)
    assert "Degenerate" in str(result)


def test_one_kind_of_data_only():
    spectra = identifiability(joint(selection="ams-02_h_2015", species=["H"])[0])
    assert spectra.sources == ["spectra", "with priors"]
    assert_array_equal(spectra.parameters["dipole"], np.inf)
    dipole = identifiability(joint(selection="icecube-2016", species=["H"], priors=None)[0])
    assert dipole.sources == ["dipole"]
    assert_array_equal(dipole.parameters["spectra"], np.inf)


def test_after_a_fit():
    datasets, _ = joint()
    Fit(backend="least-squares").run(datasets)
    result = identifiability(datasets)
    rows = result.directions[result.directions["source"] == "with priors"]
    assert rows["determined"].all()
    # at the best fit R_cutc has come down to where data are
    assert rows_of(result)["R_cutc"]["both"] < 1


def test_refused():
    datasets, model = background("H.Q_0b")
    penalty = GaussianPriorPenalty(
        [model.parameters["H.Q_0b"]], mean=np.array([4e52]), covariance=np.array([[1e104]])
    )
    models = Models([model])
    models.set_penalties([penalty])
    datasets.models = models
    with pytest.raises(ValueError, match="not a sum of squares"):
        identifiability(datasets)
    datasets, model = background()
    with pytest.raises(ValueError, match="no parameter is free"):
        identifiability(datasets)
    model.D_0.frozen = False
    for dataset in datasets:
        dataset.energy_range = (1 * u.PeV, None)
    with pytest.raises(ValueError, match="no point of the datasets is in the fit"):
        identifiability(datasets)
    # a prior says something even then
    model.D_0.prior = GaussianPrior(mu=model.D_0.value, sigma=0.2 * model.D_0.value)
    assert rows_of(identifiability(datasets))["D_0"]["with priors"] == pytest.approx(0.2)


# Command line


@pytest.fixture
def command():
    def run(*arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
            return main(["--debug", "identify", *arguments])

    return run


SMALL = ["--datasets", "ams-02_h_2015", "icecube-2016", "--species", "H"]


def test_command(command, capsys):
    assert command(*SMALL, "--free", "w") == 0
    out = capsys.readouterr().out
    assert "fitted" not in out
    assert "parameter" in out
    assert "do not determine" in out
    fixed = [
        "--priors",
        "measured",
        "--no-scatter",
        "--fix",
        "Q_0b",
        "Q_0c",
        "R_cut",
        "R_cutc",
        "D_0",
        "x",
        "V_sun",
    ]
    assert command(*SMALL, *fixed, "--fit") == 0
    out = capsys.readouterr().out
    assert "fitted: total statistic" in out
    assert "4 free parameters" in out
