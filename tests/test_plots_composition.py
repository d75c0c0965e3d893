"""Pictures of the composition, and legends of many entries, by what is drawn and not by pixels."""

import matplotlib

matplotlib.use("Agg")

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.cli.main import main
from crlocal_plugin.plots.all_particle import plot_all_particle
from crlocal_plugin.plots.dipole import plot_dipole
from crlocal_plugin.plots.fractions import plot_component_fractions, plot_composition_fractions
from crlocal_plugin.plots.mean_log_mass import plot_mean_log_mass
from crlocal_plugin.plots.residuals import plot_residuals
from crlocal_plugin.plots.side_by_side import plot_side_by_side
from crlocal_plugin.plots.spectra import plot_spectra
from crlocal_plugin.plots.style import SPECIES_COLORS, name_marker, species_color
from crlocal_plugin.report import pictures as report

TABLES = ("all_particle", "h", "he", "mean_log_mass")

pytestmark = pytest.mark.usefixtures("closed_figures")


def composition(*species):
    return crl.xue_liu_2025(species=species or ("H", "He", "C", "N", "O", "Mg", "Si", "Fe"))


@pytest.fixture(scope="module")
def model():
    return composition()


@pytest.fixture
def lhaaso(model):
    """Spectra of H, He and all particles, and <ln A>, of one experiment."""
    names = [f"lhaaso_{table}_epos-lhc" for table in TABLES]
    datasets = crl.load_datasets(names, allow_overlap=True)
    datasets.models = [model]
    datasets[0].nuisance.energy_scale.value = 1
    return datasets


@pytest.fixture(scope="module")
def everything():
    """All tables of the package, ratios left out, for which this model lacks boron."""
    model = composition("H", "He", "C", "N", "O", "Ne", "Na", "Mg", "Al", "Si", "S", "Fe")
    names = [row["name"] for row in crl.catalog() if row["kind"] != "ratio"]
    datasets = crl.load_datasets(names, allow_overlap=True)
    datasets.models = [model]
    return datasets


def with_errors(model, relative=0.05):
    """Copy of a model of which the strengths alone are free and have errors."""
    model = model.copy()
    for par in model.parameters:
        par.frozen = par.name != "Q_0b"
    errors = [relative * par.value if par.name == "Q_0b" else 0 for par in model.parameters]
    model.covariance = np.diag(np.square(errors))
    return model


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def curve(ax, **style):
    """The one curve of a style, as energies in GeV and heights."""
    line = plt.Line2D([], [], **style)
    found = [
        other
        for other in ax.lines
        if len(other.get_xdata()) > 100
        and to_hex(other.get_color()) == to_hex(line.get_color())
        and ("linestyle" not in style or other.get_linestyle() == line.get_linestyle())
    ]
    assert len(found) == 1
    return found[0].get_xydata().T


def is_name(line):
    """Whether a line is names on a curve."""
    return str(line.get_marker()).startswith(r"$\mathrm")


def points(ax):
    """Points of all errorbars."""
    lines = [line for line in ax.lines if line.get_linestyle() == "None" and not is_name(line)]
    return np.concatenate([line.get_xydata() for line in lines if line.get_xydata().size])


class TestMeanLogMass:
    def test_curve_is_that_of_the_model(self, model):
        ax = plot_mean_log_mass(model)
        x, y = curve(ax, color="black")
        assert_allclose([x.min(), x.max()], [1e2, 1e8])
        assert_allclose(y, model.mean_log_mass(x * u.GeV), rtol=1e-9)
        assert labels(ax) == ["Total"]
        assert "ln A" in ax.get_ylabel()

    def test_guide_lines(self, model):
        ax = plot_mean_log_mass(model)
        heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
        # ln of the mass numbers of hydrogen-1, helium-4, nitrogen-14 and iron-56
        expected = {"H": 0.0, "He": 1.3862943611, "CNO": 2.6390573296, "Fe": 4.0253516907}
        assert heights == pytest.approx(expected, abs=1e-9)
        lines = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
        assert_allclose(sorted(lines), sorted(expected.values()), atol=1e-9)
        bottom, top = ax.get_ylim()
        assert bottom < 0
        assert top > np.log(56)

    def test_components(self, model):
        ax = plot_mean_log_mass(model, components=True)
        assert labels(ax) == ["Total", "Galactic background", "Nearby source", "Galactic centre"]
        x, y = curve(ax, color="#D55E00")
        assert_allclose(y, model.mean_log_mass(x * u.GeV, "nearby"), rtol=1e-9)

    def test_component_without_particles_is_left_out(self):
        model = composition("H", "He")
        for spectrum in model.components["nearby"].spectral_models.values():
            spectrum.Q_0n.value = 0
        assert "Nearby source" not in labels(plot_mean_log_mass(model, components=True))

    def test_data_at_the_energies_of_the_fit(self, lhaaso):
        dataset = lhaaso["lhaaso_mean_log_mass_epos-lhc"]
        dataset.nuisance.energy_scale.value = 0.9
        dataset.nuisance.norm.value = 1.2
        ax = plot_mean_log_mass(lhaaso)
        found = points(ax)
        assert_allclose(found[:, 0], 0.9 * dataset.x.to_value("GeV"))
        assert_allclose(found[:, 1], dataset.table["mean_log_mass"])
        # the normalisation has no effect
        assert labels(ax)[-1] == "LHAASO (E × 0.9)"

    def test_unit_and_range(self, model, lhaaso):
        ax = plot_mean_log_mass(lhaaso, x_unit="PeV", energy_range=(1 * u.PeV, 1e8 * u.GeV))
        assert_allclose(ax.get_xlim(), (1, 100))
        assert "[PeV]" in ax.get_xlabel()
        assert len(points(ax)) == 20
        ax = plot_mean_log_mass(lhaaso, energy_range=(1 * u.GeV, 10 * u.GeV))
        assert labels(ax) == ["Total"]
        x, y = curve(ax, color="black")
        # protons alone below the rest energy of helium
        assert y[x < 3.7].max() == 0

    def test_band(self, model):
        fitted = with_errors(model)
        ax = plot_mean_log_mass(fitted)
        assert labels(ax) == ["Total", "68 % band"]
        (band,) = ax.collections
        middle = band.get_paths()[0].vertices
        rows = np.isclose(middle[:, 0], 1e2)
        width = np.ptp(middle[rows, 1])
        expected = crl.propagate(
            fitted, lambda m: m.mean_log_mass(1e2 * u.GeV), levels=0.6827, n_samples=1000
        )
        assert_allclose(width, (expected.upper - expected.lower)[0], rtol=1e-6)
        assert len(plot_mean_log_mass(fitted, band=False).collections) == 0

    def test_mistakes(self, model):
        with pytest.raises(ValueError, match="no component 'halo'"):
            plot_mean_log_mass(model, components=["halo"])
        with pytest.raises(ValueError, match="below the rest energies"):
            plot_mean_log_mass(model, energy_range=(1 * u.MeV, 1 * u.keV * 2000))
        with pytest.raises(u.UnitConversionError, match="x_unit"):
            plot_mean_log_mass(model, x_unit="m")
        with pytest.raises(TypeError, match="expected a CosmicRayModel"):
            plot_mean_log_mass("model")


class TestFractions:
    def test_curves_are_those_of_the_model(self, model):
        ax = plot_composition_fractions(model)
        assert labels(ax) == list(model.species)
        total = 0
        for name in model.species:
            x, y = curve(ax, color=species_color(name))
            assert_allclose(y, model.fraction(x * u.GeV, name), rtol=1e-9, atol=1e-15)
            total = total + y
        assert_allclose(total, 1, rtol=1e-12)

    def test_sums_and_one_component(self, model):
        ax = plot_composition_fractions(
            model, species=["light", crl.SPECIES["Fe"]], component="nearby"
        )
        assert labels(ax) == ["H + He", "Fe"]
        x, y = curve(ax, color=species_color("light"))
        assert_allclose(y, model.fraction(x * u.GeV, "light", "nearby"), rtol=1e-9)
        assert "nearby" in ax.get_ylabel()

    def test_areas_fill_the_axes(self, model):
        ax = plot_composition_fractions(model, stacked=True)
        assert labels(ax) == list(model.species)[::-1]
        tops = [area.get_paths()[0].vertices[:, 1].max() for area in ax.collections]
        assert tops == sorted(tops)
        assert tops[-1] == pytest.approx(1, rel=1e-12)
        # names where there is place; they tell the areas in grey
        names = {text.get_text() for text in ax.texts}
        assert {"H", "He", "O", "Fe"} <= names < set(model.species)

    def test_bands(self, model):
        fitted = with_errors(model)
        ax = plot_composition_fractions(fitted, species=["H", "Fe"])
        assert len(ax.collections) == 2
        assert labels(ax)[-1] == "68 % band"
        assert len(plot_composition_fractions(model, species=["H", "Fe"]).collections) == 0

    def test_mistakes(self, model):
        with pytest.raises(ValueError, match="no species 'Zn'"):
            plot_composition_fractions(model, species="Zn")
        with pytest.raises(ValueError, match="light, H have a species in common"):
            plot_composition_fractions(model, species=["light", "H"], stacked=True)
        empty = model.copy()
        for name in model.species:
            empty.components["nearby"].spectral_models[name].Q_0n.value = 0
        with pytest.raises(ValueError, match="'nearby' has no particles"):
            plot_composition_fractions(empty, component="nearby")
        with pytest.raises(ValueError, match="species: expected one at least"):
            plot_composition_fractions(model, species=[])
        with pytest.raises(ValueError, match="unknown component 'halo'"):
            plot_composition_fractions(model, component="halo")
        with pytest.raises(ValueError, match="'compton-getting' has no spectra"):
            plot_composition_fractions(model, component="compton-getting")


class TestAllParticle:
    def test_sum_and_contributions(self, model):
        ax = plot_all_particle(model)
        assert labels(ax) == ["all particles", *model.species]
        x, y = curve(ax, color="black")
        assert_allclose(y, x**2.7 * model.all_particle(x * u.GeV).value, rtol=1e-9)
        x, y = curve(ax, color=species_color("Fe"))
        expected = model.intensity(x * u.GeV, "Fe", axis="total_energy").value
        assert_allclose(y, x**2.7 * expected, rtol=1e-9)
        widths = {to_hex(line.get_color()): line.get_linewidth() for line in ax.lines}
        assert widths["#000000"] > widths[to_hex(species_color("Fe"))]

    def test_sum_begins_where_the_lightest_does(self, model):
        ax = plot_all_particle(model, energy_range=(1 * u.GeV, 1 * u.TeV))
        x, y = curve(ax, color="black")
        assert x.min() == pytest.approx(1)
        assert_allclose(y, x**2.7 * model.all_particle(x * u.GeV).value, rtol=1e-9)

    def test_data_are_those_of_sums(self, model, lhaaso):
        ax = plot_all_particle(lhaaso)
        dataset = lhaaso["lhaaso_all_particle_epos-lhc"]
        found = points(ax)
        x = dataset.x.to_value("GeV")
        assert_allclose(found[:, 0], x)
        assert_allclose(found[:, 1], x**2.7 * dataset.intensity.value)
        assert "H + He" not in labels(ax)
        light = crl.load_datasets("dampe_light")
        ax = plot_all_particle(model, light)
        assert labels(ax)[:2] == ["all particles", "H + He"]

    def test_every_contribution_is_in_sight(self, lhaaso, model):
        ax = plot_all_particle(lhaaso)
        bottom, top = ax.get_ylim()
        for name in model.species:
            _, y = curve(ax, color=species_color(name))
            assert bottom < y.max() < top

    def test_components_of_the_sum(self, model):
        ax = plot_all_particle(model, components=["nearby"], species=["Fe"])
        assert labels(ax) == ["all particles", "Fe", "Nearby source"]
        x, y = curve(ax, color="black", linestyle="dashdot")
        expected = model.all_particle(x * u.GeV, "nearby").value
        assert_allclose(y, x**2.7 * expected, rtol=1e-9)

    def test_bands_of_the_sum_alone(self, model):
        ax = plot_all_particle(with_errors(model))
        assert len(ax.collections) == 1
        assert "68 % band" in labels(ax)

    def test_mistakes(self, model):
        with pytest.raises(ValueError, match="no species 'Zn'"):
            plot_all_particle(model, species="Zn")


class TestManySpecies:
    def test_colours_differ(self):
        names = (*crl.COMPOSITION, "Na", "Al", "light", "all_particle")
        colors = [SPECIES_COLORS[name] for name in names]
        assert len(set(colors)) == len(colors)

    def test_names_of_groups_are_no_differences(self):
        # in a formula, a hyphen is drawn as a minus sign
        assert "-" not in name_marker("Fe-group")["marker"]

    def test_names_on_curves_are_apart(self, model):
        ax = plot_spectra(model, components=False)
        places = [tuple(line.get_xdata()) for line in ax.lines if is_name(line)]
        assert len({place for pair in places for place in pair}) == 2 * len(model.species)

    def test_label_of_shares_is_short(self, model):
        ax = plot_component_fractions(model)
        assert ax.get_ylabel() == "Share of the intensity of all particles"
        ax = plot_component_fractions(composition("H", "He", "Fe"))
        assert ax.get_ylabel() == "Share of the intensity of H + He + Fe"

    def test_data_of_groups(self):
        # of the elements of a group, those count that the model has
        model = composition("H", "He", "C", "N", "O")
        total = sum(model.fraction([1e6] * u.GeV, name) for name in ("C", "N", "O"))
        ax = plot_composition_fractions(model, species="CNO", energy_range=(1, 2) * u.PeV)
        _, y = curve(ax, color=species_color("CNO"))
        assert_allclose(y[0], total, rtol=1e-9)
        assert "CNO" in labels(plot_spectra(model, species=["H", "CNO"]))


class TestResiduals:
    def test_panel_of_mean_log_mass(self, lhaaso):
        dipoles = crl.load_datasets("kascade-grande-2019")
        dipoles.models = list(lhaaso.models)[:1]
        axes = plot_residuals([*lhaaso, *dipoles])
        assert [ax.get_ylabel().split(":")[0] for ax in axes] == [
            "Spectra",
            "$\\langle\\ln A\\rangle$",
            "Dipole",
        ]
        dataset = lhaaso["lhaaso_mean_log_mass_epos-lhc"]
        assert_allclose(points(axes[1])[:, 1], dataset.residuals("pull"))
        assert f"{dataset.stat_sum():.1f} / 20" in axes[1].get_legend().get_title().get_text()
        # species in the order of the model, not of the data
        assert labels(axes[0])[:3] == ["H", "He", "all particles"]

    def test_number_of_axes(self, lhaaso):
        _, ax = plt.subplots()
        with pytest.raises(ValueError, match="expected 2, of Spectra and <ln A>, got 1"):
            plot_residuals(lhaaso, axes=[ax])


class TestLegend:
    @pytest.mark.parametrize("plot", [plot_spectra, plot_dipole, plot_residuals])
    def test_is_not_higher_than_the_axes(self, everything, plot):
        axes = np.ravel(plot(everything))
        axes[0].figure.draw_without_rendering()
        for ax in axes:
            legend = ax.get_legend()
            assert legend.get_window_extent().height <= 1.05 * ax.get_window_extent().height
            assert len(set(labels(ax))) == len(labels(ax))
            # the axes do not shrink for it
            assert ax.get_window_extent().width > 3.5 * ax.figure.dpi

    def test_a_short_one_has_one_column(self, model):
        ax = plot_spectra(model)
        assert ax.get_legend()._ncols == 1
        assert ax.figure.get_figwidth() == 8

    def test_a_figure_of_the_user_keeps_its_size(self, everything):
        figure, ax = plt.subplots(figsize=(9, 3), layout="constrained")
        plot_spectra(everything, ax=ax)
        assert tuple(figure.get_size_inches()) == (9, 3)
        assert ax.get_legend()._ncols > 1

    def test_side_by_side(self, everything):
        model, some = everything.models[0], list(everything)[::8]
        axes = plot_side_by_side({"one": model, "two": model}, some, components=False)
        assert axes[0, 1].get_legend()._ncols > 1
        axes[0, 0].figure.draw_without_rendering()
        assert axes[0, 0].get_window_extent().width > 2.5 * axes[0, 0].figure.dpi


def test_report_shows_the_composition(lhaaso, monkeypatch):
    # the pictures themselves are those of above
    monkeypatch.setattr(report, "svg_picture", lambda *args: "")
    found = [figure.title for figure in report.pictures(lhaaso)]
    for title in ("All particles", "Mean logarithmic mass"):
        assert title in found
    assert len(found) == 6
    spectra = crl.load_datasets("dampe_h")
    spectra.models = list(lhaaso.models)[:1]
    found = [figure.title for figure in report.pictures(spectra)]
    for title in ("All particles", "Mean logarithmic mass"):
        assert title not in found


def test_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["plot", "all-particle", "mean-log-mass", "composition", "--output", "out"]
    assert main([*words, "--format", "svg", "--stacked", "--no-band"]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"all-particle.svg", "mean-log-mass.svg", "composition.svg"}
    assert main(["plot", "mean-log-mass", "--stacked"]) == 2
    assert "--stacked: not for mean-log-mass" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("position", "label"),
    [(0, "LHAASO"), (0.5, "LHAASO (hadronic 0.5)"), (1, "LHAASO (at QGSJET-II-04)")],
)
def test_legend_names_the_hadronic_model(position, label):
    models = ["EPOS-LHC", "QGSJET-II-04"]
    datasets = crl.load_datasets("lhaaso_mean_log_mass_epos-lhc", hadronic_model=models)
    datasets.models = [crl.xue_liu_2025()]
    datasets[0].hadronic.value = position
    axes = crl.plot_mean_log_mass(datasets, band=False)
    assert label in [text.get_text() for text in axes.get_legend().get_texts()]
    plt.close(axes.figure)
