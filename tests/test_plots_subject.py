"""What pictures are of: models, fitted datasets, results of a fit, samples; units and choices."""

import matplotlib

matplotlib.use("Agg")

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import Datasets
from gammapy.modeling import Fit
from gammapy.modeling.models import Models
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.datasets.plot_axes import MARGIN, SpectrumAxes, intensity_label
from crlocal_plugin.plots.dipole import plot_dipole
from crlocal_plugin.plots.profile import plot_profile, plot_profiles
from crlocal_plugin.plots.spectra import plot_spectra
from crlocal_plugin.plots.style import component_style, species_color
from crlocal_plugin.plots.subject import chosen_names, find_subject

pytestmark = pytest.mark.usefixtures("closed_figures")


@pytest.fixture(scope="module")
def fitted():
    """Datasets of one spectrum and one dipole with an energy scale, and the result of their fit."""
    datasets = crl.load_datasets(["dampe_h", "icecube-2016"])
    model = crl.xue_liu_2025(priors=None)
    datasets.models = [model]
    model.freeze()
    model.Gamma.frozen = model.V_sun.frozen = False
    datasets[0].energy_scale.frozen = False
    result = Fit(backend="least-squares").run(datasets)
    return datasets, result


def posterior(model, models=None):
    rng = np.random.default_rng(1)
    chains = rng.normal([2.6, 15.5], [0.01, 1.0], size=(2, 100, 2))
    return crl.Posterior(
        ["Gamma", "V_sun"],
        ["", "km s-1"],
        chains,
        np.zeros((2, 100)),
        [2.6, 15.5],
        Table({"name": ["Gamma", "V_sun"]}),
        [],
        models=Models([model]).to_yaml() if models is None else models,
    )


def drawn_curves(ax):
    """Curves, without names on them and without lines that mark a value."""
    return [line for line in ax.lines if line.get_linestyle() != "None" and len(line._xy) > 2]


def legend_labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def total_of(ax):
    """Total curve of hydrogen or of the dipole."""
    solid = [line for line in ax.lines if line.get_linestyle() == "-" and line.get_linewidth() > 1]
    return solid[0]


def shipped(*names):
    return crl.load_datasets(list(names))


class TestSubject:
    def test_model(self):
        model = crl.xue_liu_2025()
        found = find_subject(model, shipped("dampe_h"))
        assert found.model is model
        assert [dataset.name for dataset in found.datasets] == ["dampe_h"]
        assert found.samples is None
        assert find_subject(model).datasets == []

    def test_fitted_datasets(self, fitted):
        datasets, _ = fitted
        for subject in (datasets, Datasets(list(datasets)), list(datasets), datasets[0]):
            found = find_subject(subject)
            assert found.model is datasets[0].model
            assert found.datasets[0] is datasets[0]
            # nothing is copied, so that the statistic is that of the fit
            assert found.fitted_datasets()[0] is datasets[0]

    def test_other_data_beside_fitted_datasets(self, fitted):
        datasets, _ = fitted
        found = find_subject(datasets, shipped("cream_h"))
        assert [dataset.name for dataset in found.datasets] == ["cream_h"]

    def test_result_has_the_scales_of_the_fit(self, fitted):
        datasets, result = fitted
        scale = datasets[0].energy_scale.value
        assert scale != 1
        fresh = shipped("dampe_h", "icecube-2016")
        for subject in (result, result.optimize_result):
            found = find_subject(subject, fresh)
            assert found.model is result.models["cosmic-ray"]
            assert [d.scales()[1] for d in found.datasets] == [scale, 1]
            expected = sum(dataset.stat_sum_likelihood() for dataset in datasets)
            bound = found.fitted_datasets()
            assert_allclose(sum(d.stat_sum_likelihood() for d in bound), expected)
        # the user's own are left alone
        assert fresh[0].scales() == (1.0, 1.0)
        assert fresh[0].model is None
        assert find_subject(result).datasets == []

    def test_data_keep_their_scales_beside_a_model(self):
        (dataset,) = shipped("dampe_h")
        dataset.energy_scale.value = 1.1
        model = crl.xue_liu_2025()
        (bound,) = find_subject(model, [dataset]).fitted_datasets()
        assert bound.model is model
        assert bound.scales() == (1.0, 1.1)
        assert dataset.model is None

    def test_posterior(self):
        model = crl.xue_liu_2025()
        model.V_sun.value = 14
        samples = posterior(model)
        found = find_subject(samples, shipped("dampe_h"))
        assert found.model.V_sun.value == 14
        assert found.samples is samples
        other = ["V_sun"], np.ones((3, 1))
        assert find_subject(samples, samples=other).samples is other

    def test_list_of_models(self):
        model = crl.xue_liu_2025()
        assert find_subject(Models([model])).model is model
        with pytest.raises(ValueError, match="one CosmicRayModel, got first, second"):
            find_subject([model.copy(name="first"), model.copy(name="second")])

    def test_datasets_with_two_models(self):
        datasets = [*shipped("dampe_h"), *shipped("cream_h")]
        for dataset, name in zip(datasets, ("first", "second"), strict=True):
            dataset.models = [crl.xue_liu_2025().copy(name=name)]
        with pytest.raises(ValueError, match="one CosmicRayModel, got first, second"):
            plot_spectra(datasets)
        assert find_subject(datasets[0].model, datasets).model is datasets[0].model

    @pytest.mark.parametrize("plot", [plot_spectra, plot_dipole])
    def test_no_model(self, plot):
        with pytest.raises(ValueError, match=r"no CosmicRayModel in this CosmicRayDatasets: set"):
            plot(shipped("dampe_h"))
        with pytest.raises(ValueError, match="no CosmicRayModel in this list"):
            plot([])
        with pytest.raises(ValueError, match="posterior knows no models: pass the model first"):
            plot(posterior(None, models=""))

    @pytest.mark.parametrize(
        "subject", ["xue-liu-2025", None, 3.0, {"model": 1}, (["V_sun"], np.ones((3, 1)))]
    )
    def test_anything_else(self, subject):
        for plot in (plot_spectra, plot_dipole):
            with pytest.raises(TypeError, match="expected a CosmicRayModel, datasets with a model"):
                plot(subject)
        assert plt.get_fignums() == []

    @pytest.mark.parametrize("datasets", ["dampe_h", 3.0, [crl.SPECIES["H"]]])
    def test_data_of_another_kind(self, datasets):
        with pytest.raises(
            TypeError, match="datasets: expected gammapy datasets, as load_datasets"
        ):
            plot_spectra(crl.xue_liu_2025(), datasets)

    def test_choice_of_names(self):
        assert chosen_names(True, "ab", "letter") == ["a", "b"]
        assert chosen_names(False, "ab", "letter") == []
        assert chosen_names("b", "ab", "letter") == ["b"]
        with pytest.raises(ValueError, match=r"no letter 'bb'; did you mean 'b'\? It has a, b"):
            chosen_names(["a", "bb"], "ab", "letter")


class TestPicturesOfSubjects:
    def test_fitted_datasets_bring_model_and_data(self, fitted):
        datasets, result = fitted
        one = plot_spectra(datasets)
        beside = plot_spectra(datasets[0].model, datasets)
        of_result = plot_spectra(result, shipped("dampe_h"))
        for ax in (beside, of_result):
            assert legend_labels(ax) == legend_labels(one)
            for line, other in zip(one.lines, ax.lines, strict=True):
                assert_allclose(line.get_xydata(), other.get_xydata(), rtol=1e-9)
        assert "68 % band" in legend_labels(of_result)
        axes = plot_dipole(result)
        assert axes[1].get_legend() is None
        assert "68 % band" in legend_labels(axes[0])
        assert legend_labels(plot_dipole(datasets)[1]) == ["IceCube"]

    def test_band_of_a_posterior(self):
        samples = posterior(crl.xue_liu_2025())
        axes = plot_dipole(samples)
        assert "68 % band" in legend_labels(axes[0])
        assert "68 % band" in legend_labels(plot_spectra(samples, components=False))
        samples.problems.append("V_sun: chains disagree")
        with pytest.raises(crl.UnconvergedError, match="chains disagree"):
            plot_dipole(samples)


class TestUnits:
    def test_spectra(self):
        model, options = crl.xue_liu_2025(), {"species": "H", "components": False}
        data = shipped("dampe_h")
        default = plot_spectra(model, data, **options)
        units = {"x_unit": "TeV", "intensity_unit": "GeV-1 cm-2 s-1 sr-1"}
        ax = plot_spectra(model, data, **options, **units)
        for line, other in zip(default.lines, ax.lines, strict=True):
            x, y = other.get_data()
            assert_allclose(x, line.get_xdata() / 1e3)
            assert_allclose(y, line.get_ydata() / 1e4)
        assert_allclose(ax.get_xlim(), np.array(default.get_xlim()) / 1e3)
        assert_allclose(ax.get_ylim(), np.array(default.get_ylim()) / 1e4)
        assert ax.get_xlabel().endswith("[TeV]")
        assert ax.get_ylabel().endswith("[GeV$^{1.7}$ cm$^{-2}$ s$^{-1}$ sr$^{-1}$]")

    def test_power_is_taken_in_the_unit_of_the_intensity(self):
        ax = plot_spectra(
            crl.xue_liu_2025(),
            species="H",
            components=False,
            energy_power=2,
            intensity_unit="1 / (TeV m2 s sr)",
        )
        x, y = total_of(ax).get_data()
        energy = x[200] * u.GeV
        expected = energy**2 * crl.xue_liu_2025().intensity(energy, "H", axis="total_energy")
        assert_allclose(y[200], expected.to_value("TeV m-2 s-1 sr-1"))
        assert ax.get_ylabel() == r"$E^{2}\,J$ [TeV m$^{-2}$ s$^{-1}$ sr$^{-1}$]"

    def test_rigidity(self):
        axes = SpectrumAxes("rigidity", 1, "TV", "MV-1 cm-2 h-1 sr-1")
        assert axes.x_factor == pytest.approx(1e-3)
        # 1 / (GV m2 s) is 1e-3 / MV x 1e-4 / cm2 x 3600 / h, at 1 GV = 1000 MV
        assert axes.y_factor == pytest.approx(1e-3 * 1e-4 * 3600 * 1e3)
        assert axes.labels[0] == "Rigidity $R$ [TV]"
        label = r"$R^{2.7}\,J$ [MV$^{1.7}$ cm$^{-2}$ h$^{-1}$ sr$^{-1}$]"
        assert intensity_label("rigidity", 2.7, "MV-1 cm-2 h-1 sr-1") == label

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"x_unit": "GV"}, "x_unit: expected a unit like GeV for total_energy, got GV"),
            ({"x_unit": "parsnip"}, "parsnip"),
            ({"intensity_unit": "GV-1 m-2 s-1 sr-1"}, "intensity_unit: expected a unit like"),
            ({"intensity_unit": "GeV-1 m-2 s-1"}, "intensity_unit: expected a unit like"),
            ({"intensity_unit": "1e4 GeV-1 m-2 s-1 sr-1"}, "intensity_unit: expected a unit"),
        ],
    )
    def test_errors(self, options, message):
        with pytest.raises(ValueError, match=message):
            plot_spectra(crl.xue_liu_2025(), **options)
        assert plt.get_fignums() == []

    def test_dipole(self):
        model, data = crl.xue_liu_2025(), shipped("icecube-2016")
        default, other = plot_dipole(model, data), plot_dipole(model, data, x_unit="PeV")
        for ax, changed in zip(default, other, strict=True):
            assert_allclose(changed.get_xlim(), np.array(ax.get_xlim()) / 1e6)
            for line, moved in zip(ax.lines, changed.lines, strict=True):
                if len(line.get_xdata()) > 2:
                    assert_allclose(moved.get_xdata(), line.get_xdata() / 1e6)
                assert_allclose(moved.get_ydata(), line.get_ydata())
        assert other[1].get_xlabel().endswith("[PeV]")
        # one axis for both: zooming one zooms the other
        other[0].set_xlim(1e-3, 1)
        assert other[1].get_xlim() == (1e-3, 1)
        with pytest.raises(u.UnitConversionError, match="x_unit"):
            plot_dipole(model, x_unit="s")

    def test_range_below_the_rest_energies(self):
        for plot in (plot_dipole, plot_spectra):
            with pytest.raises(ValueError, match="below the rest energies"):
                plot(crl.xue_liu_2025(), energy_range=(0.1 * u.GeV, 0.5 * u.GeV))
        assert plt.get_fignums() == []

    @pytest.mark.parametrize("given", [(10, 100), (1 * u.GV, None), 10 * u.GeV, ["ten", "20 GeV"]])
    def test_range_that_is_none(self, given):
        for plot in (plot_dipole, plot_spectra):
            with pytest.raises(ValueError, match="energy_range: expected two Quantities like GeV"):
                plot(crl.xue_liu_2025(), energy_range=given)
        with pytest.raises(ValueError, match="energy_range: expected 0 < low < high, got 1 to inf"):
            plot_spectra(crl.xue_liu_2025(), energy_range=(1 * u.GeV, np.inf * u.GeV))


class TestSmallModels:
    @pytest.fixture
    def hydrogen(self):
        spectra = {"H": crl.LeakyBoxSpectralModel(species="H")}
        return crl.CosmicRayModel([crl.CosmicRayComponent("background", spectra)])

    def test_sums_with_other_species_are_passed_over(self, hydrogen):
        data = [*shipped("dampe_h"), *shipped("dampe_light", "hawc_all_particle")]
        axis = {"axis": data[1].axis}
        assert "H + He" not in legend_labels(plot_spectra(hydrogen, data, **axis))
        (ax,) = crl.plot_residuals(hydrogen, data)
        assert [label for label in legend_labels(ax) if "+" in label] == []
        assert "all particles" in legend_labels(ax)
        with pytest.raises(ValueError, match="no species 'He'"):
            plot_spectra(hydrogen, data, species="light")

    def test_band_of_an_isotropic_model(self, hydrogen):
        changed = hydrogen.copy()
        changed.Q_0b.frozen = False
        changed.Q_0b.error = 0.1 * changed.Q_0b.value
        axes = plot_dipole(changed)
        assert not axes[0].collections
        axes[0].figure.canvas.draw()

    def test_model_without_species(self):
        wind = crl.CosmicRayComponent("wind", dipole_model=crl.ComptonGettingDipoleModel())
        for plot in (plot_spectra, plot_dipole, crl.plot_component_fractions):
            with pytest.raises(ValueError, match="no species"):
                plot(crl.CosmicRayModel([wind]))
        assert plt.get_fignums() == []


class TestChoices:
    def test_components_of_spectra(self):
        model = crl.xue_liu_2025()
        ax = plot_spectra(model, species="H", components=["nearby", "compton-getting"])
        assert len(ax.lines) == 2
        assert legend_labels(ax) == ["H", "Nearby source"]
        assert legend_labels(plot_spectra(model, species="H", components="background")) == [
            "H",
            "Galactic background",
        ]
        with pytest.raises(ValueError, match=r"no component 'nearbye'; did you mean 'nearby'\?"):
            plot_spectra(model, components=["nearbye"])

    def test_sum_of_species(self):
        model = crl.xue_liu_2025()
        ax = plot_spectra(model, species=["H", "He", "light"], components=False, energy_power=0)
        curves = {to_hex(line.get_color()): line for line in ax.lines}
        x, total = curves[to_hex(species_color("light"))].get_data()
        parts = [curves[to_hex(species_color(name))].get_data() for name in ("H", "He")]
        expected = sum(np.exp(np.interp(np.log(x), *np.log(part))) for part in parts)
        steep = x < 5  # near the rest energy of helium
        assert_allclose(total[~steep], expected[~steep], rtol=2e-3)
        # colours alone do not tell three curves in grey: their names stand on them
        assert {line.get_marker() for line in ax.lines} - {"None"} == {
            r"$\mathrm{H}$",
            r"$\mathrm{He}$",
            r"$\mathrm{H{+}He}$",
        }

    def test_components_and_their_phases(self):
        model = crl.xue_liu_2025()
        amplitude, phase = plot_dipole(
            model, components=["background", "nearby"], component_phases=True, references=False
        )
        assert legend_labels(amplitude) == ["Total", "Galactic background", "Nearby source"]
        assert len(drawn_curves(phase)) == 3
        energy = 100 * u.TeV
        for name in ("background", "nearby"):
            color = component_style(name)["color"]
            (line,) = [x for x in drawn_curves(phase) if x.get_color() == color]
            x, y = line.get_xdata()[:400], line.get_ydata()[:400]
            drawn = np.interp(np.log(1e5), np.log(x), y)
            expected = model.dipole(energy, component=name).phase.to_value("deg")
            assert (drawn - expected + 180) % 360 - 180 == pytest.approx(0, abs=0.5)
        with pytest.raises(ValueError, match="no component 'near'"):
            plot_dipole(model, components="near")

    def test_legends_name_what_is_in_the_range(self):
        model, data = (
            crl.xue_liu_2025(),
            shipped("dampe_h", "jacee_h", "icecube-2016", "auger-2020"),
        )
        near = {"energy_range": (10 * u.TeV, 30 * u.TeV)}
        assert legend_labels(plot_dipole(model, data, **near)[1]) == ["IceCube"]
        labels = legend_labels(plot_spectra(model, data, energy_range=(100 * u.GeV, 1 * u.TeV)))
        assert "DAMPE" in labels
        assert "JACEE" not in labels

    def test_references(self):
        model = crl.xue_liu_2025()
        _, phase = plot_dipole(model, references=False)
        assert not phase.texts
        assert len(drawn_curves(phase)) == 1
        # those that the model has
        wind = crl.CosmicRayComponent("wind", dipole_model=crl.ComptonGettingDipoleModel())
        background, *_ = crl.xue_liu_2025().components.values()
        model = crl.CosmicRayModel([background, wind])
        _, phase = plot_dipole(model)
        shown = {text.get_text() for text in phase.texts}
        assert "Compton-Getting" in shown
        assert "Galactic centre" not in shown

    @pytest.mark.parametrize(
        ("start", "ticks"),
        [
            (-180, ["120", "−180", "−120", "−60", "0", "60", "120", "180", "−120"]),
            (0 * u.deg, ["300", "0", "60", "120", "180", "240", "300", "360", "60"]),
            (-2 * u.rad, ["−120", "−60", "0", "60", "120", "180", "−120", "−60"]),
        ],
    )
    def test_phase_window(self, start, ticks):
        _, phase = plot_dipole(
            crl.xue_liu_2025(), shipped("icecube-2016"), phase_start=start, energy_range=None
        )
        low = u.Quantity(start, "deg").value
        assert_allclose(phase.get_ylim(), (low - MARGIN, low + 360 + MARGIN))
        assert [label.get_text() for label in phase.get_yticklabels()] == ticks

    def test_species_of_dipole(self):
        model = crl.xue_liu_2025()
        amplitude, phase = plot_dipole(model, species=True, references=False)
        # Xue & Liu 2025, Fig. 2: solid total, dot-dashed hydrogen, dotted helium
        by_color = {to_hex(line.get_color()): line for line in drawn_curves(phase)}
        assert by_color["#000000"].get_linestyle() == "-"
        assert by_color[to_hex(species_color("H"))].get_linestyle() == "-."
        assert by_color[to_hex(species_color("He"))].get_linestyle() == ":"
        # their names stand on them, so that no component looks the same in grey
        looks = {str(line._unscaled_dash_pattern) for line in drawn_curves(amplitude)}
        assert len(looks) == 5
        names = [line.get_marker() for line in amplitude.lines if line.get_linestyle() == "None"]
        assert names == [r"$\mathrm{H}$", r"$\mathrm{He}$"]
        amplitude, _ = plot_dipole(model, species="light", components=False)
        assert legend_labels(amplitude) == ["Total", "H + He alone"]
        with pytest.raises(ValueError, match="no species 'Fe'"):
            plot_dipole(model, species=["Fe"])


class TestProfile:
    @pytest.fixture
    def scan(self):
        values = np.linspace(10, 20, 11)
        stat = 100 + (values - 15) ** 2 / 4
        theta = values[:, np.newaxis]
        return crl.ProfileScan(
            "V_sun", u.Unit("km s-1"), 15.0, 100.0, values, stat, ["V_sun"], theta
        )

    def test_units_and_levels(self, scan):
        ax = plot_profile(scan, x_unit="m/s")
        assert_allclose(ax.lines[0].get_xdata(), 1e3 * scan.values)
        assert_allclose(ax.lines[0].get_ydata(), scan.rise)
        assert r"\mathrm{m" in ax.get_xlabel()
        assert [text.get_text() for text in ax.texts] == ["1σ (68 %)", "2σ (95 %)"]
        # one standard deviation is 2 km/s
        (band,) = [patch for patch in ax.patches if patch.get_height() > 0]
        assert_allclose(
            band.get_extents().intervalx, ax.transData.transform([(13e3, 0), (17e3, 0)])[:, 0]
        )
        with pytest.raises(u.UnitConversionError):
            plot_profile(scan, x_unit="pc")

    def test_one_of_several(self, scan):
        assert plot_profile({"V_sun": scan}).get_xlabel().startswith("V_sun")
        _, ax = plt.subplots()
        assert plot_profile({"a": scan, "b": scan}, ax, parameter="b") is ax
        with pytest.raises(ValueError, match="parameter: expected one of a, b, got None"):
            plot_profile({"a": scan, "b": scan})

    def test_scan_of_a_fit(self, fitted):
        datasets, result = fitted
        scan = crl.scan_profiles(datasets, ["V_sun"])["V_sun"]
        fresh = shipped("dampe_h", "icecube-2016")
        for ax in (
            plot_profile(datasets, parameter="V_sun"),
            plot_profile(result, parameter="V_sun", datasets=fresh),
        ):
            assert_allclose(ax.lines[0].get_xdata(), scan.values)
            assert_allclose(ax.lines[0].get_ydata(), scan.rise, atol=1e-3)

    def test_what_has_no_profile(self, fitted):
        datasets, result = fitted
        with pytest.raises(ValueError, match="parameter: expected the label"):
            plot_profile(datasets)
        with pytest.raises(ValueError, match="a profile needs data"):
            plot_profile(result, parameter="V_sun")
        with pytest.raises(TypeError, match="samples have no profile"):
            plot_profile(posterior(crl.xue_liu_2025()), parameter="V_sun")

    def test_panels(self, scan):
        figure, axes = plt.subplots(1, 2)
        assert plot_profiles({"a": scan, "b": scan}, axes=axes) is figure
        assert all(len(ax.lines) > 1 for ax in axes)
        with pytest.raises(ValueError, match="expected 1, one for each profile, got 2"):
            plot_profiles({"a": scan}, axes=axes)
        with pytest.raises(ValueError, match="one profile at least"):
            plot_profiles({})
        assert len(plot_profiles(dict.fromkeys("abcd", scan)).axes) == 4
