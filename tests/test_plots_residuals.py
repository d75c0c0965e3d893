"""Pulls of all data, and shares of the components, by what is drawn and not by pixels."""

import matplotlib

matplotlib.use("Agg")

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.table import Table
from gammapy.modeling.models import Models
from matplotlib.colors import to_hex
from matplotlib.path import Path
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.datasets.plot_axes import points_in_fit
from crlocal_plugin.datasets.points import Intensities
from crlocal_plugin.datasets.scalar import ScalarDataset
from crlocal_plugin.plots.fractions import plot_component_fractions
from crlocal_plugin.plots.residuals import DIPOLE_PULL_COLORS, plot_residuals
from crlocal_plugin.plots.style import (
    COMPONENT_HATCHES,
    component_label,
    component_style,
    species_color,
)

SPECTRAL = ["background", "nearby", "galactic-center"]
LABELS = [component_label(name) for name in SPECTRAL]

pytestmark = pytest.mark.usefixtures("closed_figures")


@pytest.fixture(scope="module")
def model():
    return crl.xue_liu_2025()


@pytest.fixture(scope="module")
def datasets(model):
    datasets = crl.load_datasets("xue-liu-2025")
    datasets.models = [model]
    return datasets


def legend_labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def pulls(ax, color=None):
    """Points in the fit: faint ones are not, and arrows repeat a limit."""
    lines = [
        line
        for line in ax.lines
        if line.get_linestyle() == "None"
        and not isinstance(line.get_marker(), Path)
        and line.get_alpha() is None
        and (color is None or to_hex(line.get_color()) == to_hex(color))
    ]
    return np.concatenate([line.get_xydata() for line in lines])


class TestResiduals:
    def test_squares_add_up_to_the_statistic(self, datasets):
        spectra, dipole = plot_residuals(datasets, x_unit="TeV")
        for ax, kind in ((spectra, crl.CosmicRayFluxDataset), (dipole, crl.DipoleDataset)):
            members = [dataset for dataset in datasets if isinstance(dataset, kind)]
            # without what normalises the scatter of dipoles
            expected = sum(d.stat_sum_likelihood() - d.stat_sum_scatter() for d in members)
            drawn = pulls(ax)
            assert_allclose(np.sum(drawn[:, 1] ** 2), expected)
            title = ax.get_legend().get_title().get_text()
            assert title == f"$\\chi^2$ / numbers: {expected:.1f} / {len(drawn)}"
            assert ax.get_ylim()[1] == -ax.get_ylim()[0] > np.abs(drawn[:, 1]).max()
        assert len(pulls(spectra)) + len(pulls(dipole)) == 316
        assert dipole.get_xlabel().endswith("[TeV]")
        assert_allclose(spectra.get_xlim(), dipole.get_xlim())
        assert 1e4 < spectra.get_xlim()[1] < 2e5

    def test_legend_names_each_experiment_once_with_its_statistic(self, datasets):
        spectra, dipole = plot_residuals(datasets)
        ams = [dataset.stat_sum_likelihood() for dataset in datasets[:2]]
        assert datasets[1].experiment == "AMS-02"
        assert f"AMS-02: {sum(ams):.1f} / 140" in legend_labels(spectra)
        names = [label.split(":")[0] for label in legend_labels(spectra)]
        assert names[:2] == ["H", "He"]
        assert names[-3:] == ["not in the fit", r"$\pm 1\sigma$", r"$\pm 2\sigma$"]
        for ax in (spectra, dipole):
            labels = legend_labels(ax)
            assert len(set(labels)) == len(labels)
        assert legend_labels(dipole)[:2] == ["along the measured phase", "across it"]
        heights = sorted(patch.get_height() for patch in spectra.patches)
        assert heights == [2, 4]

    def test_pulls_of_a_spectrum(self, model):
        datasets = crl.load_datasets(["dampe_he"])
        (ax,) = plot_residuals(model, datasets)
        (dataset,) = datasets
        predicted = model.intensity(dataset.x, "He", axis=dataset.axis)
        lower, upper = dataset.intensity_errors
        difference = dataset.intensity - predicted
        # the error on the side of the model counts
        expected = difference / np.where(difference > 0, lower, upper)
        assert_allclose(pulls(ax)[:, 1], expected)
        # DAMPE gives kinetic energies of nuclei
        assert dataset.axis == "kinetic_energy"
        energy = dataset.x.value + crl.SPECIES["He"].rest_energy
        assert_allclose(pulls(ax, species_color("He"))[:, 0], energy)
        assert dataset.model is None

    def test_pulls_of_a_dipole(self, model):
        datasets = crl.load_datasets(["icecube-2016"], energy_width=0.0)
        (ax,) = plot_residuals(model, datasets)
        (dataset,) = datasets
        vector = model.dipole(dataset.x).vector
        phase = dataset.phase.to_value("rad")
        along = vector[:, 0] * np.cos(phase) + vector[:, 1] * np.sin(phase)
        spread = dataset.scatter.value * np.hypot(vector[:, 0], vector[:, 1])
        lower, upper = (np.hypot(errors, spread) for errors in dataset.amplitude_errors)
        assert (spread > 0).all()
        difference = dataset.amplitude - along
        rows = points_in_fit(dataset)
        expected = (difference / np.where(difference > 0, lower, upper))[rows]
        assert_allclose(pulls(ax, DIPOLE_PULL_COLORS[0])[:, 1], expected)
        # a model that lies counter-clockwise of the data has a positive component across
        across = vector[:, 1] * np.cos(phase) - vector[:, 0] * np.sin(phase)
        drawn = pulls(ax, DIPOLE_PULL_COLORS[1])[:, 1]
        assert_allclose(np.sign(drawn), -np.sign(across[rows]))

    def test_amplitude_and_phase(self, model):
        datasets = crl.load_datasets(["icecube-2016", "argo-ybj-2018"], energy_width=0.0)
        datasets[0].likelihood = "amplitude_phase"
        (ax,) = plot_residuals(model, datasets[:1])
        assert legend_labels(ax)[:2] == ["amplitude", "phase"]
        turn = (datasets[0].phase - model.dipole(datasets[0].x).phase).to_value("deg")
        # the short way round
        scatter = np.rad2deg(datasets[0].scatter.value)
        error = np.hypot(datasets[0].phase_error.to_value("deg"), scatter)
        expected = ((turn + 180) % 360 - 180) / error
        drawn = pulls(ax, DIPOLE_PULL_COLORS[1])[:, 1]
        assert_allclose(drawn, expected[points_in_fit(datasets[0])])
        (ax,) = plot_residuals(model, datasets)
        assert legend_labels(ax)[:2] == [
            "amplitude or along the measured phase",
            "phase or across it",
        ]

    def test_limits_are_arrows_with_one_number(self, model):
        table = Table(
            {
                "energy": [1e4, 1e6] * u.GeV,
                "amplitude": [1e-3, np.nan],
                "amplitude_errn": [1e-4, np.nan],
                "amplitude_errp": [1e-4, np.nan],
                "amplitude_ul": [np.nan, 4e-4],
                "phase": [30.0, np.nan] * u.deg,
                "phase_err": [5.0, np.nan] * u.deg,
            }
        )
        table.meta = {"experiment": "TEST"}
        dataset = crl.DipoleDataset.read(table, name="test")
        (ax,) = plot_residuals(model, dataset)
        assert len(pulls(ax)) == 3
        (arrow,) = [line for line in ax.lines if isinstance(line.get_marker(), Path)]
        assert_allclose(arrow.get_xdata(), [1e6])
        dataset.models = [model]
        assert_allclose(arrow.get_ydata() ** 2, dataset.stat_array()[1:])
        assert f"TEST: {dataset.stat_sum_likelihood():.1f} / 3" in legend_labels(ax)

    def test_sum_of_species_off_its_axis(self, model):
        table = Table(
            {
                "energy": [1e3] * u.GeV,
                "intensity": [1e-4] * u.Unit("GeV-1 m-2 s-1 sr-1"),
                "intensity_stat_errn": [1e-5] * u.Unit("GeV-1 m-2 s-1 sr-1"),
                "intensity_stat_errp": [1e-5] * u.Unit("GeV-1 m-2 s-1 sr-1"),
            }
        )
        table.meta = {"experiment": "TEST", "quantity": "light", "axis": "kinetic_energy"}
        dataset = crl.CosmicRayFluxDataset.read(table, name="test")
        # spectra leave it out, the statistic does not
        (ax,) = plot_residuals(model, [dataset])
        assert_allclose(pulls(ax)[:, 0], 1e3 + crl.SPECIES["H"].rest_energy)
        assert "H + He" in legend_labels(ax)

    def test_choices(self, model, datasets):
        spectra, _ = plot_residuals(datasets, species="He", legend=False)
        assert spectra.get_legend() is None
        assert {to_hex(line.get_color()) for line in spectra.lines} == {
            "#000000",
            to_hex(species_color("He")),
        }
        spectra, _ = plot_residuals(datasets, energy_range=(1 * u.TeV, 1 * u.PeV))
        assert_allclose(spectra.get_xlim(), (1e3, 1e6))
        figure, axes = plt.subplots(2, 1)
        assert list(plot_residuals(datasets, axes=axes)) == list(axes)
        assert plt.get_fignums()[-1] == figure.number

    def test_errors(self, model, datasets):
        with pytest.raises(ValueError, match="no data to compare with the model"):
            plot_residuals(model)
        with pytest.raises(ValueError, match="expected 2, of Spectra and Dipole, got 1"):
            plot_residuals(datasets, axes=[plt.subplots()[1]])
        with pytest.raises(ValueError, match="no CosmicRayModel"):
            plot_residuals(crl.load_datasets(["dampe_h"]))
        with pytest.raises(ValueError, match="x_unit"):
            plot_residuals(datasets, x_unit="GV")
        with pytest.raises(ValueError, match="no species 'Hee'; did you mean 'He'"):
            plot_residuals(datasets, species="Hee")


class Ratio(ScalarDataset):
    """A kind of a user's, without a line about pictures: He / H at equal rigidity."""

    tag = "Ratio"
    column = "ratio"

    def _prepare(self):
        self._y = np.asarray(self.table["ratio"], dtype=float)
        self._errn = self._errp = np.asarray(self.table["error"], dtype=float)
        self._is_ul = np.zeros(len(self._y), dtype=bool)

    def _measured(self):
        return self._y

    def _predicted(self):
        helium, hydrogen = (self.model.intensity(self.x, name) for name in ("He", "H"))
        return (helium / hydrogen).to_value("")


class TestOwnKind:
    @pytest.fixture
    def ratio(self, model):
        # not in order, as tables may be
        table = Table({"rigidity": [1e3, 1e1, 1e2] * u.GV, "ratio": [0.2, 0.15, 0.18]})
        table["error"] = 0.01
        table.meta = {"experiment": "TEST", "quantity": "He/H", "axis": "rigidity"}
        return Ratio(table, models=[model], name="ratio")

    def test_fit(self, model, ratio):
        ax = ratio.plot_fit()
        (curve,) = [line for line in ax.lines if line.get_linestyle() == "-"]
        x, y = curve.get_data()
        assert_allclose(x, [10, 100, 1000])
        expected = model.intensity(x * u.GV, "He") / model.intensity(x * u.GV, "H")
        assert_allclose(y, expected)
        assert_allclose(pulls(ax), np.stack([ratio.x.value, [0.2, 0.15, 0.18]], axis=1))
        assert legend_labels(ax) == [model.name, "TEST"]
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("Rigidity $R$ [GV]", "He/H")

    @pytest.mark.parametrize("method", ["diff", "diff/model", "diff/sqrt(model)", "pull"])
    def test_residuals(self, ratio, method):
        ax = ratio.plot_residuals(method=method)
        assert_allclose(pulls(ax)[:, 1], ratio.residuals(method))
        with pytest.raises(ValueError, match="unknown method 'pul': did you mean pull"):
            ratio.plot_residuals(method="pul")

    def test_has_a_panel_among_all_data(self, model, ratio):
        data = [*crl.load_datasets(["dampe_h", "icecube-2016"]), ratio]
        axes = plot_residuals(model, data)
        names = [ax.get_ylabel().split(":")[0] for ax in axes]
        assert names == ["Spectra", "He/H", "Dipole"]
        # where hydrogen of that rigidity would be
        energy = np.hypot(ratio.x.value, crl.SPECIES["H"].rest_energy)
        assert_allclose(pulls(axes[1]), np.stack([energy, ratio.residuals("pull")], axis=1))
        title = axes[1].get_legend().get_title().get_text()
        assert title.endswith(f"{ratio.stat_sum_likelihood():.1f} / 3")
        with pytest.raises(ValueError, match="expected 3, of Spectra and He/H and Dipole, got 1"):
            plot_residuals(model, data, axes=[plt.subplots()[1]])

    def test_other_pictures_pass_it_over(self, model, ratio):
        for plot in (crl.plot_spectra, crl.plot_mean_log_mass):
            assert legend_labels(plot(model, [ratio])) == legend_labels(plot(model))

    @pytest.mark.parametrize("joins_with", [None, "ratio"])
    def test_kind_that_names_its_points(self, model, ratio, joins_with):
        class Joined(Ratio):
            kind = "ratio"
            _predicted = ScalarDataset._predicted

            def points(self):
                return [Intensities(self.x.value, species, self.axis) for species in ("He", "H")]

            def predict(self, helium, hydrogen):
                return helium / hydrogen

        Joined.joins_with = joins_with
        dataset = Joined(ratio.table, models=[model], name="test")
        dataset.energy_scale.value = 1.1
        ax = dataset.plot_fit()
        (curve,) = [line for line in ax.lines if line.get_linestyle() == "-"]
        x, y = curve.get_data()
        # each point for itself: then there are values between them
        assert (len(x) > 100) == (joins_with is not None)
        true = 1.1 * x * u.GV
        assert_allclose(y, model.intensity(true, "He") / model.intensity(true, "H"))

    def test_own_prediction_of_a_spectrum(self, model):
        class Doubled(crl.CosmicRayFluxDataset):
            def _predicted(self):
                return 2 * super()._predicted()

        table = crl.load_datasets("dampe_h")[0].table
        for kind, factor in ((crl.CosmicRayFluxDataset, 1), (Doubled, 2)):
            ax = kind(table, models=[model], name="test").plot_fit(energy_power=2)
            (curve,) = [line for line in ax.lines if line.get_linestyle() == "-"]
            x, y = curve.get_data()
            assert (len(x) == len(table)) == (factor == 2)
            expected = factor * model.intensity(x * u.GeV, "H", axis="kinetic_energy").value
            assert_allclose(y, expected * x**2)

    def test_without_model(self, ratio):
        ratio.models = None
        for plot in (ratio.plot_fit, ratio.plot_residuals):
            with pytest.raises(ValueError, match="'ratio' has no cosmic-ray model"):
                plot()


class TestFractions:
    @pytest.mark.parametrize(
        ("species", "axis", "x"),
        [
            (None, "total_energy", 1e5 * u.GeV),
            ("H", "rigidity", 1e3 * u.GV),
            ("light", "kinetic_energy_per_nucleon", 50 * u.GeV),
        ],
    )
    def test_shares(self, model, species, axis, x):
        ax = plot_component_fractions(model, species=species, axis=axis)
        assert legend_labels(ax) == LABELS
        assert len(ax.lines) == 3
        assert_allclose(np.sum([line.get_ydata() for line in ax.lines], axis=0), 1)
        names = model.species if species in (None, "light") else [species]
        total = sum(model.intensity(x, name, axis=axis) for name in names)
        for line, component in zip(ax.lines, SPECTRAL, strict=True):
            part = sum(model.intensity(x, name, component, axis) for name in names)
            drawn = np.interp(np.log(x.value), np.log(line.get_xdata()), line.get_ydata())
            assert drawn == pytest.approx((part / total).value, abs=1e-3)
            style = component_style(component)
            assert (line.get_color(), line.get_linestyle()) == (
                style["color"],
                {"dashed": "--", "dashdot": "-.", "dotted": ":"}[style["linestyle"]],
            )
        assert ax.get_ylabel() == f"Share of the intensity of {' + '.join(names)}"

    def test_a_sum_begins_at_its_lightest_nucleus(self, model):
        heavy = crl.xue_liu_2025(species=("H", "He", "Fe"))
        ax = plot_component_fractions(heavy, energy_range=(0.1 * u.GeV, 1 * u.TeV))
        x, y = ax.lines[0].get_data()
        assert_allclose([ax.get_xlim()[0], x[0]], crl.SPECIES["H"].rest_energy, rtol=1e-5)
        # iron is not there yet
        light = x < crl.SPECIES["He"].rest_energy
        part, total = (
            heavy.intensity(x[light] * u.GeV, "H", component, "total_energy")
            for component in ("background", None)
        )
        assert_allclose(y[light], part / total)
        assert not np.isnan(y).any()

    @pytest.mark.parametrize(
        "plot", [plot_component_fractions, crl.plot_composition_fractions], ids=lambda f: f.__name__
    )
    def test_data_have_no_place(self, model, datasets, plot):
        for data in (datasets, datasets[0], list(datasets)):
            with pytest.raises(
                TypeError, match=r"ax: expected matplotlib Axes, got .*; data are given"
            ):
                plot(model, data)
        with pytest.raises(TypeError, match=r"ax: expected matplotlib Axes, got str$"):
            plot(model, "nearby")
        assert plt.get_fignums() == []

    def test_areas(self, model):
        ax = plot_component_fractions(model, stacked=True, x_unit="PeV")
        assert ax.get_xlabel().endswith("[PeV]")
        # the uppermost first, as they lie
        assert legend_labels(ax) == LABELS[::-1]
        tops = []
        for area, name in zip(ax.collections, SPECTRAL, strict=True):
            assert area.get_hatch() == COMPONENT_HATCHES[name]
            assert to_hex(area.get_facecolor()[0]) == to_hex(component_style(name)["color"])
            tops.append(area.get_paths()[0].vertices[:, 1].max())
        assert tops[-1] == pytest.approx(1)
        assert len(set(COMPONENT_HATCHES.values())) == len(COMPONENT_HATCHES)

    def test_some_components_of_the_whole(self, model):
        _, ax = plt.subplots()
        assert plot_component_fractions(model, ax, components=["nearby"], legend=False) is ax
        (line,) = ax.lines
        assert 0.3 < line.get_ydata().max() < 0.9
        assert ax.get_legend() is None

    def test_nothing_is_drawn_where_the_intensity_underflows(self, model):
        ax = plot_component_fractions(model, energy_range=(1e6 * u.GeV, 1e14 * u.GeV))
        for line in ax.lines:
            assert np.isnan(line.get_ydata()[-1])
            assert np.isfinite(line.get_ydata()[0])

    def test_band(self, model):
        rng = np.random.default_rng(2)
        rows = rng.normal(model.Gamma.value, 0.02, size=(400, 1))
        samples = crl.Posterior(
            ["Gamma"],
            [""],
            rows[np.newaxis],
            np.zeros((1, 400)),
            [model.Gamma.value],
            Table({"name": ["Gamma"]}),
            [],
            models=Models([model]).to_yaml(),
        )
        ax = plot_component_fractions(samples, components="nearby")
        assert legend_labels(ax) == ["Nearby source", "68 % band"]
        energy = 100 * u.TeV

        def share(changed):
            part, total = (
                changed.intensity(energy, "all_particle", component, "total_energy").value
                for component in ("nearby", None)
            )
            return part / total

        low, high = crl.propagate(model, share, samples=(["Gamma"], rows)).interval()
        (band,) = ax.collections
        path = band.get_paths()[0]
        inside = low + np.array([0.1, 0.9]) * (high - low)
        assert path.contains_points([(1e5, y) for y in inside]).all()
        outside = [low - 0.1 * (high - low), high + 0.1 * (high - low)]
        assert not path.contains_points([(1e5, y) for y in outside]).any()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"species": "Fe"}, "no species 'Fe'"),
            ({"components": "near"}, "no component 'near'"),
            ({"components": "compton-getting"}, "one with a spectrum"),
            ({"axis": "wavelength"}, "unknown axis"),
            ({"energy_range": (0.1, 0.9) * u.GeV}, "below the rest energies"),
            ({"species": "He", "energy_range": (1, 2) * u.GeV}, "below the rest energies"),
            ({"x_unit": "GV"}, "x_unit"),
        ],
    )
    def test_errors(self, model, options, message):
        with pytest.raises(ValueError, match=message):
            plot_component_fractions(model, **options)
        assert plt.get_fignums() == []
