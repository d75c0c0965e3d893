"""Maps of the relative intensity as data: what of them is a dipole, and what is taken out."""

import copy
import pickle

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import Datasets
from gammapy.maps import Map, WcsGeom
from gammapy.modeling import Fit
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import dblquad

import crlocal_plugin as crl
from crlocal_plugin.datasets.sky import SkyMapDataset
from crlocal_plugin.sky.multipoles import harmonics
from crlocal_plugin.tables.raw_table import TableError

DIPOLE = np.array([9.16e-4, 7.25e-4])
"""HAWC + IceCube, Abeysekara et al. 2019, ApJ 871, 96."""
ERROR = 4e-5


@pytest.fixture(scope="module")
def model():
    return crl.xue_liu_2025()


def band_table(low=-90, high=90, n_bands=12, n_ra=24, **meta):
    """Table of bins of right ascension in declination bands, with nothing in the sky."""
    dec, ra = np.linspace(low, high, n_bands + 1), np.linspace(0, 360, n_ra + 1)
    i, j = (index.ravel() for index in np.indices((n_bands, n_ra)))
    table = Table({"energy": np.full(len(i), 10.0) * u.TeV})
    for name, edges, k in (("ra", ra, j), ("dec", dec, i)):
        table[f"{name}_min"], table[f"{name}_max"] = edges[k] * u.deg, edges[k + 1] * u.deg
    table["relative_intensity"], table["relative_intensity_err"] = 0.0, ERROR
    table.meta = {"name": "toy-map", "experiment": "TOY", **meta}
    return table


def pixel_table(low=-90, high=90):
    """Table of pixels of 10 deg, with errors that differ along right ascension."""
    table = band_table(low, high, n_bands=(high - low) // 10, n_ra=36)
    for name in ("ra", "dec"):
        ends = [table[f"{name}_{end}"].quantity for end in ("min", "max")]
        table[name] = sum(ends) / 2
        table.remove_columns([f"{name}_min", f"{name}_max"])
    spread = np.random.default_rng(3).uniform(0.5, 2, len(table))
    table["relative_intensity_err"] = ERROR * spread
    return table


def ends_of(table):
    """Ends of cells in rad, of right ascension and of declination."""
    columns = {name: np.deg2rad(table[name]) for name in table.colnames if name[:2] in ("ra", "de")}
    if "ra" in columns:
        return [np.stack([columns[name]] * 2) for name in ("ra", "dec")]
    return [np.stack([columns[f"{n}_min"], columns[f"{n}_max"]]) for n in ("ra", "dec")]


def sky(table, dipole=DIPOLE, size=(), rng=None, axis=0.0):
    """Fill a table with a dipole and multipoles of some size from degree 2 on, all m."""
    rng = rng or np.random.default_rng(11)
    ends = ends_of(table)
    value = harmonics(1, *ends) * np.sqrt(4 * np.pi / 3) @ dipole
    value += axis * mean_sine(ends[1])
    for degree, width in enumerate(size, 2):
        value += harmonics(degree, *ends) @ (width * rng.standard_normal(2 * degree))
    _, band = np.unique(np.round(ends[1][0], 6), return_inverse=True)
    # what a detector cannot tell from its own efficiency
    value += 1e-3 * rng.standard_normal(band.max() + 1)[band]
    table["relative_intensity"] = value
    return table


def mean_sine(dec):
    low, high = dec
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (np.cos(low) ** 2 - np.cos(high) ** 2) / (2 * (np.sin(high) - np.sin(low)))
    return np.where(high > low, mean, np.sin(low))


def read(table, **kwargs):
    return SkyMapDataset.read(table, **kwargs)


# Multipoles


def test_harmonics_are_orthonormal():
    dec, share = np.polynomial.legendre.leggauss(40)
    ra = np.arange(24) * 2 * np.pi / 24
    points = np.array([(a, np.arcsin(s)) for s in dec for a in ra]).T
    columns = np.hstack([harmonics(k, *(np.stack([p, p]) for p in points)) for k in (1, 2, 3, 5)])
    weight = np.repeat(share, 24) * 2 * np.pi / 24
    assert_allclose(columns.T * weight @ columns, np.eye(22), atol=1e-12)


@pytest.mark.parametrize("dec", [(-1.2, -0.3), (1.0, np.pi / 2)])
def test_harmonics_are_means_over_cells(dec):
    ra = (0.4, 1.9)
    cell = harmonics(3, *(np.array(ends)[:, np.newaxis] for ends in (ra, dec)))[0]

    def integrand(a, d, k):
        point = harmonics(3, np.full((2, 1), a), np.full((2, 1), d))[0, k]
        return point * np.cos(d)

    area = (ra[1] - ra[0]) * (np.sin(dec[1]) - np.sin(dec[0]))
    for k in (0, 3):
        assert_allclose(
            cell[k], dblquad(integrand, *dec, *ra, (k,), epsrel=1e-6)[0] / area, rtol=1e-5
        )


# The dipole of a map


@pytest.mark.parametrize(("low", "high"), [(-90, 90), (-90, -20), (-20, 70)])
@pytest.mark.parametrize("make", [band_table, pixel_table])
@pytest.mark.parametrize("size", [(), (4e-4, 2e-4)])
def test_dipole_is_recovered(make, low, high, size):
    found, _ = read(sky(make(low, high), size=size)).measured_dipole()
    assert_allclose(found, DIPOLE, atol=1e-12)


def test_multipoles_that_are_not_taken_out_bias_part_of_a_sky():
    partial = sky(band_table(-90, -20), size=(4e-4, 2e-4))
    assert np.abs(read(partial, l_max=1).measured_dipole()[0] - DIPOLE).max() > 5e-5
    whole = sky(band_table(), size=(4e-4, 2e-4))
    assert_allclose(read(whole, l_max=1).measured_dipole()[0], DIPOLE, atol=2e-5)


def test_axis_and_offsets_are_not_seen():
    for make in (band_table, pixel_table):
        with_axis, without = (
            read(sky(make(), dipole=(0, 0), axis=axis)).measured_dipole()[0] for axis in (5e-3, 0)
        )
        assert_allclose(with_axis, 0, atol=1e-12)
        assert_allclose(without, 0, atol=1e-12)


def test_map_over_its_means_has_the_dipole():
    # what an experiment does: counts over their mean at each declination
    table = pixel_table()
    intensity = 1 + np.asarray(sky(table, axis=1e-3)["relative_intensity"])
    _, band = np.unique(table["dec"], return_inverse=True)
    table["relative_intensity"] = intensity / (np.bincount(band, intensity) / 36)[band] - 1
    assert_allclose(read(table).measured_dipole()[0], DIPOLE, rtol=5e-3)


@pytest.mark.parametrize("power", [None, [3e-8, 1e-8]])
def test_projection_is_a_fit_of_offsets_and_multipoles(model, power):
    table = sky(pixel_table(-90, 40), size=(4e-4, 2e-4))
    rng = np.random.default_rng(4)
    table["relative_intensity"] += table["relative_intensity_err"] * rng.standard_normal(len(table))
    data = read(table, models=[model], power=power)
    data.mask_fit = rng.uniform(size=len(table)) > 0.3
    rows, ends = data.mask_fit, ends_of(table)
    y, error = (np.asarray(table[f"relative_intensity{end}"])[rows] for end in ("", "_err"))
    dipole = harmonics(1, *ends)[rows] * np.sqrt(4 * np.pi / 3)
    offsets = (np.unique(table["dec"][rows])[:, np.newaxis] == np.asarray(table["dec"])[rows]).T
    multipoles = np.hstack([harmonics(degree, *ends) for degree in (2, 3)])[rows]
    # priors are measurements of the multipoles
    prior = np.zeros((0, 10)) if power is None else np.diag(np.repeat(power, [4, 6]) ** -0.5)

    def fit(columns, target):
        left = np.vstack([columns / error[:, np.newaxis], np.zeros((len(prior), columns.shape[1]))])
        left[len(y) :, -10:] = prior
        right = np.concatenate([target / error, np.zeros(len(prior))])
        found = np.linalg.lstsq(left, right)[0]
        residuals = right - left @ found
        return found, residuals @ residuals, np.linalg.inv(left.T @ left)

    vector, covariance = data.measured_dipole()
    found, _, errors = fit(np.hstack([dipole, offsets, multipoles]), y)
    assert_allclose(vector, found[:2], rtol=1e-8)
    assert_allclose(covariance, errors[:2, :2], rtol=1e-8)
    difference = y - dipole @ model.dipole(10 * u.TeV).vector[:2]
    stat = fit(np.hstack([offsets, multipoles]), difference)[1]
    assert_allclose(data.stat_sum(), stat, rtol=1e-9)
    datasets = crl.CosmicRayDatasets([data])
    assert_allclose(datasets.stat_sum_likelihood(), stat, rtol=1e-9)
    assert_allclose(np.sum(data.residuals("pull")[rows] ** 2), stat, rtol=1e-9)
    free = 0 if len(prior) else 10
    assert data.info_dict()["n_fit"] == rows.sum() - offsets.shape[1] - free


def test_power_is_a_marginal_likelihood(model):
    table = sky(band_table(-40, 60, n_bands=4, n_ra=8), size=(4e-4, 2e-4))
    power, ends = np.array([3e-8, 1e-8]), ends_of(table)
    data = read(table, models=[model], power=power)
    multipoles = np.hstack([harmonics(degree, *ends) for degree in (2, 3)])
    offsets = np.kron(np.eye(4), np.ones((8, 1)))
    covariance = ERROR**2 * np.eye(32) + multipoles * np.repeat(power, [4, 6]) @ multipoles.T
    covariance += 1e4 * ERROR**2 * offsets @ offsets.T
    dipole = harmonics(1, *ends) * np.sqrt(4 * np.pi / 3)
    difference = table["relative_intensity"] - dipole @ model.dipole(10 * u.TeV).vector[:2]
    difference = np.asarray(difference) - offsets @ (offsets.T @ np.asarray(difference) / 8)
    assert_allclose(
        data.stat_sum(), difference @ np.linalg.solve(covariance, difference), rtol=1e-6
    )


@pytest.mark.parametrize(("power", "floor"), [(None, 0), (2e-8, 0), (None, 0.1)])
def test_simulated_maps_have_their_errors(model, power, floor):
    empty = sky(band_table(-90, -20), model.dipole(10 * u.TeV).vector[:2])
    data = read(empty, models=[model], power=power, floor=floor)
    truth, pulls, stats = model.dipole(10 * u.TeV).vector[:2], [], []
    for seed in range(60):
        data.fake(seed)
        vector, covariance = data.measured_dipole()
        pulls.append(np.linalg.solve(np.linalg.cholesky(covariance), vector - truth))
        stats.append(data.stat_sum())
    numbers = data.info_dict()["n_fit"]
    assert_allclose(np.mean(pulls, axis=0), 0, atol=0.4)
    assert_allclose(np.var(pulls), 1, atol=0.3)
    assert_allclose(np.mean(stats), numbers, atol=4 * np.sqrt(2 * numbers / 60))
    assert data.table.meta["simulated"]


def test_sky_like_that_of_hawc_and_icecube():
    # simulated: the published dipole, multipoles of a falling size, and both fields of view
    views = [crl.FieldOfView.of(name, zenith_exponent=1.5) for name in ("HAWC", "IceCube")]
    table = pixel_table(-90, 80)
    exposure = sum(
        view.weight(table["dec"].quantity) * n for view, n in zip(views, (0.1, 1), strict=True)
    )
    table = table[exposure > 0]
    # the dipole gets the published statistical error, 0.04e-4
    table["relative_intensity_err"] = 1e-5 / np.sqrt(exposure[exposure > 0])
    rng = np.random.default_rng(2019)
    sky(table, size=(3e-4, 1.5e-4, 1e-4), rng=rng, axis=-4e-4)
    table["relative_intensity"] += table["relative_intensity_err"] * rng.standard_normal(len(table))
    vector, covariance = read(table, l_max=4).measured_dipole()
    difference = vector - DIPOLE
    assert difference @ np.linalg.solve(covariance, difference) < 9
    assert_allclose(np.sqrt(np.diag(covariance)), 4e-6, rtol=0.2)
    assert_allclose(np.hypot(*vector), 1.168e-3, rtol=0.01)
    assert_allclose(np.rad2deg(np.arctan2(*vector[::-1])), 38.4, atol=0.5)


# In a fit


def test_fit_with_maps(model):
    datasets = crl.CosmicRayDatasets(
        [read(sky(band_table(), size=(4e-4,)), models=[model]), *crl.load_datasets(["dampe_h"])]
    )
    own = model.copy()
    datasets.models = [own]
    own.freeze()
    crl.free_parameters(datasets, ["V_sun", "H.Q_0n"])
    result = Fit(backend="least-squares").run(datasets)
    assert result.success
    plain = Datasets(list(datasets))
    assert_allclose(plain.stat_sum(), datasets.stat_sum(), rtol=1e-9)
    likelihood = crl.JointLikelihood(datasets)
    many = likelihood.values * np.linspace(0.9, 1.1, 5)[:, np.newaxis]
    assert_allclose(likelihood(many), [likelihood(theta) for theta in many], rtol=1e-10)
    assert "toy-map" in str(crl.fit_summary(datasets, result))
    toy = likelihood.fake(likelihood.values, np.random.default_rng(1))
    drawn = toy.residuals(likelihood.values) != likelihood.residuals(likelihood.values)
    # what no dipole explains stays
    assert (~drawn).sum() == 1
    shares = crl.identifiability(datasets).parameters
    assert shares["share_dipole"][list(shares["label"]).index("V_sun")] > 0


def test_maps_at_several_energies_and_dipoles(model):
    maps = []
    for energy, low in ((10, -90), (100, -90), (300, -30)):
        table = sky(pixel_table(low, 70), size=(4e-4,), rng=np.random.default_rng(energy))
        table["energy"], table["energy_width"] = float(energy) * u.TeV, 0.3
        table.meta["name"] = f"map-{energy}"
        maps.append(read(table))
    datasets = crl.CosmicRayDatasets([*maps, *crl.load_datasets(["icecube-2016", "hawc-2018"])])
    datasets.models = [model]
    for dataset, value in zip(datasets, (0.9, 1.1, 1.05, 0.95, 1), strict=True):
        dataset.energy_scale.value, dataset.dipole_norm.value = value, 1 / value
    parts = [dataset.stat_sum_likelihood() for dataset in datasets]
    assert_allclose(datasets.stat_sum_likelihood(), sum(parts), rtol=1e-10)
    many = crl.JointLikelihood(datasets)
    theta = many.values * np.linspace(0.95, 1.05, 3)[:, np.newaxis]
    assert_allclose(many(theta), [many(row) for row in theta], rtol=1e-10)


def test_energies_of_events_and_nuisances(model):
    table = band_table()
    table["energy_width"] = 0.4
    data = read(table, models=[model])
    dipoles = Table({"energy": [1e4] * u.GeV, "energy_width": [0.4]})
    dipoles["amplitude"], dipoles["amplitude_err"] = 1e-3, 1e-4
    dipoles["phase"], dipoles["phase_err"] = [40.0] * u.deg, [5.0] * u.deg
    other = crl.DipoleDataset.read(dipoles, models=[model], name="dipole")
    for dataset in (data, other):
        dataset.dipole_norm.value, dataset.energy_scale.value = 1.2, 0.9
    assert_allclose(np.ravel(data.prediction()), np.ravel(other.prediction()))
    without = read(table, models=[model], response=False)
    expected = model.dipole(10 * u.TeV).vector[:2]
    assert_allclose(np.ravel(without.prediction()), expected, rtol=1e-12)
    datasets = crl.CosmicRayDatasets([data])
    assert_allclose(datasets.stat_sum_likelihood(), data.stat_sum(), rtol=1e-9)


@pytest.mark.parametrize("scatter", [None, 0.15])
def test_errors_of_the_dipole_itself(model, scatter):
    table = sky(pixel_table(-90, 40), size=(4e-4, 2e-4))
    table.meta["dipole_syst"] = 3e-5
    data = read(table, models=[model], floor=0.1)
    data.mask_fit = np.asarray(table["dec"]) < 20
    plain = data.copy()
    plain.floor, plain.systematics, plain.models = 0, False, [model]
    vector, covariance = plain.measured_dipole()
    extra = (3e-5) ** 2 + 0.01 * vector @ vector
    assert_allclose(data.measured_dipole()[1], covariance + extra * np.eye(2), rtol=1e-9)
    predicted = model.dipole(10 * u.TeV).vector[:2]
    counted = wide = covariance + extra * np.eye(2)
    if scatter is not None:
        data.scatter.frozen, data.scatter.value = False, scatter
        wide = counted + scatter**2 * (predicted @ predicted) * np.eye(2)
    difference = vector - predicted
    rest = plain.stat_sum() - difference @ np.linalg.solve(covariance, difference)
    widening = np.log(np.linalg.det(wide) / np.linalg.det(counted))
    stat = rest + difference @ np.linalg.solve(wide, difference) + widening
    assert_allclose(data.stat_sum_likelihood(), stat, rtol=1e-9)
    assert_allclose(data.stat_sum_scatter(), widening, atol=1e-9)
    datasets = crl.CosmicRayDatasets([data])
    assert_allclose(datasets.stat_sum_likelihood(), stat, rtol=1e-9)
    if scatter is not None:
        likelihood = crl.JointLikelihood(datasets)
        many = likelihood.values * np.linspace(0.9, 1.1, 4)[:, np.newaxis]
        assert_allclose(likelihood(many), [likelihood(theta) for theta in many], rtol=1e-10)
        rng, measured = np.random.default_rng(5), data.data.take(data.rows_in_fit)
        drawn = [measured.fake(predicted, rng, scatter).vector for _ in range(2000)]
        assert_allclose(np.cov(np.transpose(drawn)), wide, atol=0.1 * wide.max())
        data.fake(1)
        assert data.floor == 0
        assert data.systematics
        assert np.isfinite(data.stat_sum())


def test_settings_and_copies(model, tmp_path):
    data = read(sky(band_table(), size=(4e-4,)), models=[model], floor=0.1, power=[1e-8, 1e-9])
    data.mask_fit = np.arange(len(data.table)) > 30
    data.allow_overlap = True
    for path in (tmp_path / "map.ecsv", tmp_path / "map.fits"):
        data.write(path)
        again = SkyMapDataset.read(path, models=[model])
        assert_allclose(again.stat_sum(), data.stat_sum(), rtol=1e-9)
        assert_allclose(again.power, data.power)
        assert (again.l_max, again.floor, again.allow_overlap) == (3, 0.1, True)
    datasets = crl.CosmicRayDatasets([data])
    datasets.write(tmp_path / "datasets.yaml", filename_models=tmp_path / "models.yaml")
    files = tmp_path / "datasets.yaml", tmp_path / "models.yaml"
    for cls in (crl.CosmicRayDatasets, Datasets):
        again = cls.read(files[0], filename_models=files[1])
        assert_allclose(again["toy-map"].stat_sum(), data.stat_sum(), rtol=1e-9)
    (loaded,) = crl.load_datasets(tmp_path / "map.ecsv")
    assert_array_equal(loaded.mask_fit, data.mask_fit)
    for twin in (copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        assert_allclose(twin.stat_sum(), data.stat_sum())
    before = data.stat_sum()
    data.power, data.l_max = None, 1
    assert data.stat_sum() > before
    assert_array_equal(data.data.columns.shape, (288, 0))


@pytest.mark.parametrize(
    "setting", [{"l_max": 0}, {"l_max": 2.5}, {"power": -1e-8}, {"power": [1e-8]}, {"floor": -1}]
)
def test_settings_out_of_range(setting):
    name = next(iter(setting))
    with pytest.raises(ValueError, match=rf"toy-map.*{name}"):
        read(band_table(), name="toy-map", **setting)


# What is refused


def test_events_count_once(model, tmp_path):
    table = sky(band_table())
    table.meta["experiment"] = "IceCube"
    data = read(table, models=[model])
    for name in ("icecube-2016", "hawc-icecube-2019"):
        datasets = crl.CosmicRayDatasets([data, *crl.load_datasets([name])])
        datasets.models = [model]
        with pytest.raises(ValueError, match=rf"toy-map.*{name}.*same events, as a map") as error:
            datasets.stat_sum()
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="same events, as a map"):
        crl.JointLikelihood(datasets)
    data.allow_overlap = True
    assert datasets.stat_sum() > 0
    table.write(tmp_path / "map.ecsv")
    names = [tmp_path / "map.ecsv", "icecube-2016"]
    with pytest.raises(ValueError, match="same events, as a map"):
        crl.load_datasets(names)
    assert crl.load_datasets(names, allow_overlap=True)[0].allow_overlap
    assert len(crl.load_datasets([tmp_path / "map.ecsv", "hawc-2018"])) == 2


def test_a_band_alone_has_no_quadrupole(model):
    profile = sky(band_table(-90, -25, n_bands=1))
    data = read(profile, models=[model])
    with pytest.raises(ValueError, match=r"toy-map.*l_max = 3; lower l_max"):
        crl.CosmicRayDatasets([data]).stat_sum()
    data.l_max = 1
    assert_allclose(data.measured_dipole()[0], DIPOLE, atol=1e-12)
    # the amplitude of the profile is that of the dipole times the mean of cos(declination)
    view = crl.FieldOfView(-90 * u.deg, 65 * u.deg)
    centre = np.deg2rad(np.asarray(profile["ra_min"]) + 7.5)
    value = np.asarray(profile["relative_intensity"])
    harmonic = np.array([np.cos(centre), np.sin(centre)]) @ value / 12
    assert_allclose(harmonic / np.sinc(7.5 / 180), DIPOLE * view.mean_cos_declination(), rtol=1e-10)
    data.l_max, data.power = 3, 1e-8
    assert np.isfinite(data.stat_sum())


def test_field_of_view():
    view = {"latitude": -90.0, "max_zenith": 65.0}
    whole = sky(band_table())
    data = read(Table(whole, meta=whole.meta | view))
    assert len(data.table) == 5 * 24
    assert_allclose(data.table["dec_max"].max(), -25)
    pixels = pixel_table()
    part = read(Table(pixels, meta=pixels.meta | view))
    assert_allclose(part.table["dec"].max(), -25)
    north = band_table(40, 60)
    with pytest.raises(TableError, match="dec: expected declinations in view"):
        read(Table(north, meta=north.meta | view))


@pytest.mark.parametrize(
    ("column", "row", "value", "text"),
    [
        ("energy", 3, 20, r"row 3, column 'energy': expected the energy of the first row"),
        ("relative_intensity", 1, 1.002, r"row 1.*whose mean is zero.*subtract 1"),
        ("relative_intensity", 1, np.nan, r"row 1.*finite"),
        ("relative_intensity_err", 2, 0, r"row 2.*expected a positive error"),
        ("dec_max", 0, 95, r"row 0, column 'dec_max'.*up to 90"),
        ("ra_max", 5, 1, r"row 5, column 'ra_max'.*above ra_min"),
    ],
)
def test_tables_that_are_not_right(column, row, value, text):
    table = band_table()
    table[column][row] = value
    with pytest.raises(TableError, match=text):
        read(table)


# Maps of gammapy


def test_from_map(model):
    geom = WcsGeom.create(skydir=(0, 0), binsz=10, proj="CAR", frame="icrs")
    error = Map.from_geom(geom, data=np.full(geom.data_shape, ERROR))
    observed = crl.observable_intensity_map(model, 10 * u.TeV, crl.FieldOfView.of("HAWC"), geom)
    data = SkyMapDataset.from_map(
        observed, error, 10 * u.TeV, name="map", experiment="TOY", l_max=2, energy_width=0.3
    )
    assert_allclose(data.measured_dipole()[0], model.dipole(10 * u.TeV).vector[:2], atol=1e-12)
    assert (data.l_max, data.experiment, data.table["energy_width"][0]) == (2, "TOY", 0.3)
    galactic = WcsGeom.create(skydir=(0, 0), binsz=10, proj="CAR", frame="galactic")
    error = Map.from_geom(galactic, data=np.full(galactic.data_shape, ERROR))
    turned = crl.relative_intensity_map(model, 10 * u.TeV, galactic)
    with pytest.raises(ValueError, match="several right ascensions at each declination"):
        SkyMapDataset.from_map(turned, error, 10 * u.TeV).measured_dipole()
    with pytest.raises(TypeError, match="lmax"):
        SkyMapDataset.from_map(turned, error, 10 * u.TeV, lmax=2)
    with pytest.raises(ValueError, match="one geometry"):
        SkyMapDataset.from_map(observed, error, 10 * u.TeV)


def test_healpix(model):
    pytest.importorskip("healpy")
    from gammapy.maps import HpxGeom

    geom = HpxGeom.create(nside=8, frame="icrs")
    sky_map = crl.relative_intensity_map(model, 10 * u.TeV, geom)
    sky_map.data[..., :50] = -1.6375e30
    error = Map.from_geom(geom, data=np.full(geom.data_shape, ERROR))
    data = SkyMapDataset.from_map(sky_map, error, 10 * u.TeV)
    assert len(data.table) == 768 - 50
    assert_allclose(data.measured_dipole()[0], model.dipole(10 * u.TeV).vector[:2], atol=1e-12)


# Pictures


@pytest.mark.parametrize("make", [band_table, pixel_table])
def test_pictures(model, make):
    data = read(sky(make(), size=(4e-4, 2e-4)), models=[model])
    axes = data.plot_fit()
    assert len(axes) == 4
    assert isinstance(axes[0].figure, Figure)
    dipole, everything = (line.get_ydata() for line in axes[1].lines[-2:])
    points = axes[1].containers[0].lines[0].get_ydata()
    # without noise, all that is fitted is all that there is
    assert np.abs(points - everything).max() < np.abs(points - dipole).max()
    assert data.plot_fit(axes) is not None
    with pytest.raises(ValueError, match="axes: expected 4, one for each group"):
        data.plot_fit(axes[:2])
    data.plot_residuals(method="diff")
    with pytest.raises(ValueError, match="unknown method"):
        data.plot_residuals(method="diff/model")
    (ax,) = crl.plot_residuals(crl.CosmicRayDatasets([data]))
    assert "Dipole" in ax.get_ylabel()
    data.mask_fit = np.zeros(len(data.table), dtype=bool)
    with pytest.raises(ValueError, match="nothing to draw"):
        data.plot_fit()
