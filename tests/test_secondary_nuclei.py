"""Ratios of nuclei as data, and boron from a leaky box with gas."""

import copy
import pickle

import astropy.units as u
import numpy as np
import pytest
import reference
from astropy.table import Table
from gammapy.modeling import Fit
from gammapy.modeling.models import Models
from mpmath import mp, mpf
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.catalogue.crdb import read_crdb_export
from crlocal_plugin.physics.kinematics import particle_grid
from crlocal_plugin.physics.secondaries import BERYLLIUM, BORON

B = reference.Nucleus(BORON.Z, BORON.A, BORON.rest_energy)
C = reference.Nucleus(6, 12, crl.SPECIES["C"].rest_energy)
DATA = ["ams-02_c", "ams-02_b_c", "dampe_b_c", "dampe_h"]


@pytest.fixture
def model():
    return crl.xue_liu_2025_secondaries(priors=None)


@pytest.fixture
def datasets(model):
    datasets = crl.load_datasets(DATA)
    datasets["dampe_b_c"].energy_range = (10 * u.GeV, 200 * u.GeV)
    datasets.models = [model]
    return datasets


def table(**columns):
    given = {
        "rigidity": [10.0, 30.0, 100.0] * u.GV,
        "ratio": [0.3, 0.2, 0.1],
        "ratio_err": [0.01] * 3,
    }
    made = Table(given | columns)
    made.meta = {"name": "toy", "quantity": "B/C", "axis": "rigidity", "experiment": "TOY"}
    return made


# ---------------------------------------------------------------- boron


def exact_boron(R_observed, p):
    """Production over escape and loss, all at one energy per nucleon; see the physics module."""
    R, k = reference.interstellar_rigidity(R_observed, B, p["phi"]), 10 / mpf("10.7")
    hydrogen = (mpf("1.008") + mpf("0.1") * mpf("4.0026")) * reference.ATOMIC_MASS_UNIT_G
    length = p["H_G"] * reference.PARSEC_CM
    X_0 = p["n_gas"] * hydrogen * reference.LIGHT_SPEED_CM * length**2 / p["D_0"]
    still = {**p, "phi": mpf(0), "grammage": X_0}
    carbon = reference.background_with_loss(k * R, C, still)
    # mb on hydrogen, ratio of helium, AMS-02's intensity at 100 GV over helium
    parents = [
        *((72.28, 1.29, 0.0317), (39.66, 1.31, 0.0058), (38.34, 1.34, 0.0346)),
        *((26.01, 1.44, 0.0055), (21.87, 1.57, 0.0068), (11.22, 1.72, 0.0060)),
        *((8.32, 1.90, 0.0011), (1.57, 3.73, 0.0053)),
    ]
    section = sum(mpf(s) * (1 + mpf(h) / 10) * mpf(share) for s, h, share in parents)
    made = p["production"] * section / mpf("0.0317") * mpf("1e-27") / hydrogen
    kept = mpf("0.7") * mpf("38.91") * (1 + mpf("1.29") / 10) * mpf("1e-27") / hydrogen
    escape = X_0 * (10 / R) ** p["delta"]
    density = k * carbon * made / (1 / escape + 1 / reference.interaction_length(R, B) - kept)
    speeds = reference.speed(R_observed, B) / reference.speed(R, B)
    return density * speeds * (mpf(R_observed) / R) ** 2


@pytest.mark.parametrize("names", [(), ("D_0", "H_G", "delta", "n_gas"), ("phi", "production")])
def test_boron_against_mpmath(names):
    other = reference.OTHER_VALUES | {"n_gas": 0.7, "production": 1.3}
    changes = {"n_gas": 1.98, "production": 1} | {name: other[name] for name in names}
    p = reference.parameters("He", **changes)
    model = crl.SecondarySpectralModel(BORON)
    values = [
        par.unit.to(model.kernel_units[par.name], float(p[par.name])) for par in model.parameters
    ]
    rigidity = np.geomspace(1, 1e5, 12)
    for R, log in zip(
        rigidity, model.log_intensity(particle_grid(rigidity, BORON), *values), strict=True
    ):
        assert log == pytest.approx(float(mp.log(exact_boron(R, p))), rel=1e-9), R


def sections(*rows):
    """Production per carbon in cm2/g: mb on hydrogen and ratio of helium, for C, N, O, ... Fe."""
    shares = (0.0317, 0.0058, 0.0346, 0.0055, 0.0068, 0.0060, 0.0011, 0.0053)
    hydrogen = (mpf("1.008") + mpf("0.1") * mpf("4.0026")) * reference.ATOMIC_MASS_UNIT_G
    total = sum(mpf(s) * (1 + mpf(h) / 10) * mpf(x) for (s, h), x in zip(rows, shares, strict=True))
    return total / mpf("0.0317") * mpf("1e-27") / hydrogen


@pytest.mark.parametrize("names", [(), ("D_0", "H_G", "delta", "n_gas")])
def test_beryllium_against_mpmath(names):
    nucleus = reference.Nucleus(BERYLLIUM.Z, BERYLLIUM.A, BERYLLIUM.rest_energy)
    other = reference.OTHER_VALUES | {"n_gas": 0.7}
    changes = {"n_gas": 1.98, "phi": 0, "production": 1} | {name: other[name] for name in names}
    p = reference.parameters("He", **changes)
    model = crl.SecondarySpectralModel(BERYLLIUM)
    values = [
        par.unit.to(model.kernel_units[par.name], float(p[par.name])) for par in model.parameters
    ]
    helium = (1.41, 1.43, 1.47, 1.56, 1.68, 1.83, 2.03, 3.97)
    stable = (16.34, 12.40, 13.65, 11.84, 14.41, 15.48, 4.58, 1.02)
    decaying = (3.94, 1.75, 2.14, 1.91, 2.66, 2.06, 0.72, 0.19)
    boron = (72.28, 39.66, 38.34, 26.01, 21.87, 11.22, 8.32, 1.57)
    of_boron = sections(*zip(boron, (1.29, 1.31, 1.34, 1.44, 1.57, 1.72, 1.90, 3.73), strict=True))
    hydrogen = (mpf("1.008") + mpf("0.1") * mpf("4.0026")) * reference.ATOMIC_MASS_UNIT_G
    length = p["H_G"] * reference.PARSEC_CM
    X_0 = p["n_gas"] * hydrogen * reference.LIGHT_SPEED_CM * length**2 / p["D_0"]
    rigidity = np.geomspace(1, 1e5, 8)
    logs = model.log_intensity(particle_grid(rigidity, BERYLLIUM), *values)
    for R, log in zip(map(mpf, rigidity), logs, strict=True):
        X, beta = X_0 * (10 / R) ** p["delta"], reference.speed(R, nucleus)
        gamma = 1 / mp.sqrt(1 - beta**2)
        spread = p["D_0"] * beta * (R / 10) ** p["delta"] * gamma
        spread = mp.sqrt(spread * mpf("1.387e6") / mp.log(2) * 31557600)
        halo = length**2 / (100 * reference.PARSEC_CM)
        left = spread / halo * mp.tanh(halo / spread)
        lost = X / reference.interaction_length(R, nucleus)
        more = of_boron * X / (1 + lost) * mpf("1e-27") / hydrogen * (1 + mpf("0.140"))
        made = [
            sections(*zip(rows, helium, strict=True)) + more * mpf(section)
            for rows, section in ((stable, "16.78"), (decaying, "9.07"))
        ]
        total = made[0] * X / (1 + lost) + made[1] * X * left / (1 + left * lost)
        carbon = reference.background_with_loss(R, C, {**p, "grammage": X_0})
        assert log == pytest.approx(float(mp.log(total * carbon)), rel=1e-9), R


def test_limits_of_beryllium():
    """With carbon at the same rigidity k is one; without a halo 10Be has no time to decay."""
    model = crl.xue_liu_2025_secondaries(priors=None, beryllium=True)
    assert model.species[-2:] == ("B", "Be")
    R = [10] * u.GV

    def ratio():
        beryllium, boron = (model.intensity(R, s, component="background") for s in ("Be", "B"))
        return float(beryllium[0] / boron[0])

    usual, D_0, H_G = ratio(), model.D_0.value, model.H_G.value
    model.H_G.value, model.D_0.value = H_G / 10, D_0 / 100
    small = ratio()
    model.H_G.value, model.D_0.value = H_G * 10, D_0 * 100
    large = ratio()
    # the grammage is the same: the height of the halo alone counts
    assert large < usual < small < 1.4 * large


def test_limits_of_boron(model):
    """With little gas boron is as much as there is gas; with much of it, escape does not matter."""
    R = [20, 200] * u.GV

    def ratio():
        boron, carbon = (model.intensity(R, s, component="background") for s in ("B", "C"))
        return (boron / carbon).value

    model.n_gas.value = 1e-3
    little = ratio()
    model.n_gas.value = 2e-3
    assert_allclose(ratio() / little, 2, rtol=2e-3)
    model.production.value = 3
    assert_allclose(ratio() / little, 6, rtol=2e-3)
    model.n_gas.value = 1e6
    much = ratio()
    model.D_0.value *= 2
    assert_allclose(ratio(), much, rtol=1e-4)


def test_gas_halo_and_diffusion_are_one_number(model, datasets):
    """H_G and w are degenerate with strengths, and n_gas H_G^2 / D_0 is what B/C tells."""
    model.parameters["C.Q_0n"].value = 0
    before, ratio = datasets["ams-02_c"].stat_sum(), datasets["ams-02_b_c"].stat_sum()
    model.H_G.value *= 2
    model.D_0.value *= 4
    assert datasets["ams-02_b_c"].stat_sum() == pytest.approx(ratio, rel=1e-9)
    assert datasets["ams-02_c"].stat_sum() == pytest.approx(before, rel=1e-9)
    model.D_0.value *= 3
    model.n_gas.value *= 3
    assert datasets["ams-02_b_c"].stat_sum() == pytest.approx(ratio, rel=1e-9)


def test_model_is_tied(model):
    spectra = model.components["background"].spectral_models
    assert spectra["B"].Q_0b is spectra["C"].Q_0b
    assert spectra["B"].index_offset is spectra["C"].index_offset
    assert spectra["B"].D_0 is model.components["nearby"].spectral_models["H"].D_0
    assert [n for n, c in model.components.items() if "B" in c.spectral_models] == ["background"]
    free = crl.xue_liu_2025_secondaries(gas_priors=False)
    for name in crl.PRIOR_SETS["gas"]:
        assert not getattr(model, name).frozen
        assert getattr(model, name).prior is not None
        assert getattr(free, name).frozen
        assert getattr(free, name).prior is None
    plain = crl.xue_liu_2025(species=("H", "He", "C"), priors=None)
    for name in plain.species:
        same = (m.intensity([100] * u.GV, name, component="background") for m in (plain, model))
        assert_allclose(*same, rtol=0.01)
    again = Models.from_dict(Models([model]).to_dict())[0]
    assert_allclose(again.intensity([30] * u.GV, "B"), model.intensity([30] * u.GV, "B"))
    assert again.parameters.labels == model.parameters.labels


@pytest.mark.parametrize("species", [("H", "He"), ("H", "C", "B")])
def test_impossible_species(species):
    with pytest.raises(ValueError, match="species must have C"):
        crl.xue_liu_2025_secondaries(species=species)
    with pytest.raises(ValueError, match="cross sections are those of boron and beryllium, got C"):
        crl.SecondarySpectralModel("C")


# ---------------------------------------------------------------- ratios


def test_prediction_and_statistic_by_hand(model, datasets):
    for name in ("ams-02_b_c", "dampe_b_c"):
        data = datasets[name]
        data.energy_scale.value, data.norm.value, data.floor = 1.05, 1.3, 0.02
        boron, carbon = (model.intensity(1.05 * data.x, s, axis=data.axis) for s in ("B", "C"))
        ratio = (boron / carbon).value
        side = np.where(ratio > data.ratio, "p", "n")
        squares = [
            np.choose(side == "p", [data.table[f"ratio_{kind}_err{s}"] ** 2 for s in "np"])
            for kind in ("stat", "syst")
        ]
        error = np.sqrt(sum(squares) + (0.02 * data.ratio) ** 2)
        expected = ((ratio - data.ratio) / error)[data.rows_in_fit] ** 2
        assert data.stat_sum() == pytest.approx(np.sum(expected), rel=1e-9)


def test_joint_likelihood(model, datasets):
    likelihood = crl.JointLikelihood(datasets)
    rng = np.random.default_rng(1)
    theta = likelihood.values * rng.uniform(0.95, 1.05, (3, len(likelihood.values)))
    batch = likelihood(theta)
    assert_allclose([likelihood(row) for row in theta], batch, rtol=1e-10)
    for same in (copy.deepcopy(likelihood), pickle.loads(pickle.dumps(likelihood))):
        assert_allclose(same(theta), batch, rtol=1e-12)
    assert likelihood(likelihood.values) == pytest.approx(datasets.stat_sum(), rel=1e-11)
    one_by_one = sum(d.stat_sum() for d in datasets)
    assert datasets.stat_sum_likelihood() == pytest.approx(one_by_one, rel=1e-11)


def test_fit_finds_the_truth_of_simulated_data(model, datasets, tmp_path):
    model.D_0.value = truth = 8e28
    datasets.fake(3)
    model.freeze()
    crl.free_parameters(datasets, ["D_0", "C.Q_0b"])
    model.D_0.value = 1e29
    result = Fit(backend="least-squares").run(datasets)
    assert result.success
    assert abs(model.D_0.value - truth) < 4 * model.D_0.error < 0.1 * truth
    assert "ams-02_b_c" in str(crl.fit_summary(datasets, result, profiles=False))
    datasets.write(tmp_path / "d.yaml", filename_models=tmp_path / "m.yaml")
    again = crl.CosmicRayDatasets.read(tmp_path / "d.yaml", filename_models=tmp_path / "m.yaml")
    assert again.stat_sum() == pytest.approx(result.total_stat, rel=1e-10)
    assert again["dampe_b_c"].energy_range == datasets["dampe_b_c"].energy_range


def test_pictures(datasets):
    ax = datasets["dampe_b_c"].plot_fit()
    assert ax.get_ylabel() == "B/C"
    datasets["ams-02_b_c"].plot_residuals(method="pull")
    assert len(crl.plot_residuals(datasets)) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quantity": "B"}, "quantity: expected two quantities such as 'B/C', got 'B'"),
        ({"quantity": "B/B"}, "got 'B/B'"),
        ({"quantity": "C/all_particle"}, "got 'C/all_particle'"),
        ({"quantity": None}, "got None"),
        ({"axis": "energy"}, "axis: expected one of"),
    ],
)
def test_bad_tables(change, message):
    bad = table()
    bad.meta |= change
    with pytest.raises(crl.TableError, match=message):
        crl.RatioDataset.read(bad)


def test_missing_column_error_and_species():
    without = table()
    without.remove_column("ratio")
    with pytest.raises(crl.TableError, match="'ratio'"):
        crl.RatioDataset.read(without)
    parts = table(ratio_stat_err=[0.01, 0, 0.01], ratio_syst_err=[0.01] * 3)
    parts.remove_column("ratio_err")
    with pytest.raises(ValueError, match="row 1: no error is left"):
        crl.RatioDataset.read(parts, systematics=False)
    with pytest.raises(ValueError, match="no species 'B'"):
        crl.RatioDataset.read(table(), models=[crl.xue_liu_2025()])


def test_ratio_from_crdb(tmp_path):
    rows = (
        "B/C AMS02(2011/05-2018/05) R 10.54 10.1 11 0.2823 -0.0008 0.0008 -0.0059 0.0059 "
        "2021PhR...894....1A 0 1 2011/05/19-000000:2018/05/26-000000 0\n"
    )
    path = tmp_path / "export.txt"
    path.write_text("# Format: USINE code\n" + rows)
    (dataset,) = read_crdb_export(path, quantity="B/C")
    own = crl.read_catalog_table("ams-02_b_c")
    row = own[np.argmin(np.abs(own["rigidity"] - 10.54))]
    assert isinstance(dataset, crl.RatioDataset)
    assert dataset.quantity == "B/C"
    for column in ("ratio", "ratio_stat_errn", "ratio_syst_errp"):
        assert dataset.table[column][0] == row[column]


def test_experiment_stands_for_no_ratios():
    assert "ams-02_b_c" not in crl.load_datasets("AMS-02").names
