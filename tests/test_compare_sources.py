"""Sources of the catalogue in the place of the paper's nearby source."""

from itertools import pairwise

import astropy.units as u
import numpy as np
import pytest
from scipy.integrate import quad

import crlocal_plugin as crl
from crlocal_plugin.studies.sources import injected_energy


@pytest.fixture(scope="module")
def datasets():
    datasets = crl.load_datasets(["dampe_h", "dampe_he", "argo-ybj-2018"], scatter=False)
    model = crl.xue_liu_2025()
    model.freeze()
    datasets.models = [model]
    crl.free_parameters(datasets, ["Q_0b", "Q_0n"])
    return datasets


@pytest.fixture(scope="module")
def table(datasets):
    done = []
    names = ["Geminga", "psr b0656+14"]
    table = crl.compare_sources(
        datasets, names, n=(1, 2), n_starts=0, n_jobs=1, progress=done.append
    )
    assert sum(done) == len(table) == 5
    return table


def test_every_set_is_fitted(table):
    assert set(table["sources"]) == {"none", "nearby", "Geminga", "Monogem", "Geminga, Monogem"}
    assert list(table["total"]) == sorted(table["total"])
    rows = {row["sources"]: row for row in table}
    np.testing.assert_allclose(table["chi2"] + table["prior"], table["total"])
    np.testing.assert_allclose(table["change"], table["total"] - rows["none"]["total"])
    free = {name: row["free"] for name, row in rows.items()}
    assert free == {"none": 2, "nearby": 4, "Geminga": 5, "Monogem": 5, "Geminga, Monogem": 8}
    # beside the priors on frozen parameters, which the paper's source has too
    pulls = [float(pull) for pull in rows["Geminga, Monogem"]["pull"].split(", ")]
    prior = rows["Geminga, Monogem"]["prior"] - rows["nearby"]["prior"]
    assert prior == pytest.approx(np.sum(np.square(pulls)), abs=0.4)


def test_the_fit_is_that_of_a_model_made_by_hand(datasets, table):
    rows = {row["sources"]: row for row in table}
    entry = datasets.copy()
    model = next(iter(entry.models))
    source = crl.nearby_source("Geminga", model)
    source.spectral_models["H"].r_perp.frozen = False
    for spectrum in source.spectral_models.values():
        spectrum.r_perp.value = 18.5
    others = [c for c in model.components.values() if c.name != "nearby"]
    entry.models = [crl.CosmicRayModel([*others, source])]
    statistic = crl.lowest_minimum(entry, n_starts=0)
    assert rows["Geminga"]["total"] <= statistic + 1e-3
    assert rows["Geminga"]["total"] == pytest.approx(statistic, abs=0.5)


def test_evidence(datasets):
    """With two strengths alone, the integral over their priors can be done on a grid."""
    pytest.importorskip("arviz")
    entry = datasets.copy()
    (model,) = entry.models
    model.freeze()
    crl.free_parameters(entry, ["H.Q_0b", "H.Q_0n"])
    background = model.parameters["H.Q_0b"].value
    table = crl.compare_sources(
        entry, ["Geminga"], free=(), n_starts=0, evidence=True, random_state=1, progress=False
    )
    rows = {row["sources"]: row for row in table}
    crl.lowest_minimum(entry, n_starts=0)
    likelihood = crl.JointLikelihood(entry)
    error = np.sqrt(
        np.diag(
            np.linalg.inv(
                np.sum(
                    likelihood.jacobian(likelihood.values)[:, :, None]
                    * likelihood.jacobian(likelihood.values)[:, None],
                    axis=0,
                )
            )
        )
    )
    axes = [v + np.linspace(-7, 7, 121) * e for v, e in zip(likelihood.values, error, strict=True)]
    theta = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    widths = np.log([100, 1e5])
    density = likelihood.log_likelihood(theta) - np.sum(np.log(theta * widths), axis=1)
    cell = np.prod([axis[1] - axis[0] for axis in axes])
    expected = density.max() + np.log(np.sum(np.exp(density - density.max())) * cell)
    assert likelihood.names == ["H.Q_0b", "H.Q_0n"]
    assert background / 10 < axes[0][0] < axes[0][-1] < background * 10
    row = rows["nearby"]
    assert row["ln_evidence"] == pytest.approx(expected, abs=5 * row["ln_evidence_error"] + 0.02)
    assert table["odds"].max() == 1
    assert table["converged"].all()


def test_nothing_in_the_models_changes(datasets, table):
    model = crl.xue_liu_2025()
    labels = datasets.models[0].parameters.labels
    values = [model.parameters[label].value for label in labels]
    np.testing.assert_array_equal(datasets.models[0].parameters.value, values)


def test_energy_of_the_paper():
    model = crl.xue_liu_2025()
    energy = injected_energy(model.components["nearby"])
    assert energy == pytest.approx(1.2e50, rel=0.05)
    source = model.components["nearby"].spectral_models["H"]

    def integrand(R):
        kinetic = np.hypot(R, source.nucleus.rest_energy) - source.nucleus.rest_energy
        return source.Q_0n.value * R**-2.6 * np.exp(-R / 4e6) * kinetic

    ends = np.geomspace(1, 1e8, 30)
    total = sum(quad(integrand, *pair)[0] for pair in pairwise(ends))
    alone = crl.CosmicRayComponent("H", {"H": source})
    assert injected_energy(alone) == pytest.approx((total * u.GeV).to_value("erg"), rel=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": ["Venus"]}, "unknown source 'Venus'"),
        ({"n": 4}, "n is 4: expected how many sources there are together, 1 to 3"),
        ({"evidence": "harmonic"}, "evidence 'harmonic': expected True, False, 'adaptive' or"),
        ({"free": ["Gamma"]}, "free: expected some of T_n, r_par, r_perp, not Gamma"),
    ],
)
def test_mistakes(datasets, options, message):
    with pytest.raises(ValueError, match=message):
        crl.compare_sources(datasets, **{"names": ["Vela"]} | options)


def test_a_model_without_the_source_of_the_paper():
    datasets = crl.load_datasets(["dampe_h"])
    with pytest.raises(ValueError, match="component 'nearby', such as xue_liu_2025"):
        crl.compare_sources(datasets, ["Vela"])
