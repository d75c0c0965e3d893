"""The page about a fit: its numbers are those of the fit, and it stands alone."""

import html.parser
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from functools import partial
from types import SimpleNamespace

import astropy.units as u
import jinja2
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import FluxPointsDataset
from gammapy.estimators import FluxPoints
from gammapy.modeling.models import PowerLawSpectralModel, SkyModel

import crlocal_plugin as crl
from crlocal_plugin.catalogue.citations import bibtex
from crlocal_plugin.cli import main
from crlocal_plugin.likelihood.summary import fit_summary
from crlocal_plugin.report import page
from crlocal_plugin.report.cells import joined, link, number
from crlocal_plugin.report.saved_result import read_result
from crlocal_plugin.report.writing import write_report

FIT = (
    *("fit", "--datasets", "ams-02_h_2015", "icecube-2016", "--species", "H"),
    *("--fix", "Q_0b", "Q_0c", "R_cut", "R_cutc", "D_0", "x", "--output"),
)


def run(*arguments):
    """Run a command as ``crlocal`` does, but let its errors through."""
    return main(["--debug", *map(str, arguments)])


class Page(html.parser.HTMLParser):
    """Page as a reader sees it; fails where an element is not closed in its place."""

    VOID = ("meta",)

    def __init__(self, text):
        super().__init__()
        self.text, self.open, self.tags = text, [], []
        self.tables, self._cell = {}, None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append(SimpleNamespace(text="", value=None, head=tag == "th"))
        elif tag == "data":
            self.rows[-1][-1].value = float(dict(attrs)["value"])
        elif tag == "caption":
            self.rows = self.tables.setdefault("", [])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "table":
            self.tables[self.caption] = self.tables.pop("")

    def handle_data(self, data):
        if self.open and self.open[-1] == "caption":
            self.caption = data
        elif {"td", "th"} & set(self.open):
            self.rows[-1][-1].text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def column(self, caption, title):
        """Cells of a column by the heading of their row."""
        head, *rows = self.tables[caption]
        k = [cell.text for cell in head].index(title)
        return {row[0].text: row[k] for row in rows}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit") / "my-fit"
    assert main([*FIT, str(folder)]) == 0
    run("report", folder)
    return folder


@pytest.fixture(scope="module")
def fitted(folder):
    return Page((folder / "report.html").read_text(encoding="utf-8"))


@pytest.fixture
def datasets():
    datasets = crl.load_datasets(["dampe_h", "argo-ybj-2018"], scatter=False)
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    return datasets


@pytest.fixture
def written(monkeypatch, tmp_path):
    """Function that makes a page without pictures and profiles, which take their time."""
    monkeypatch.setattr(page, "pictures", lambda datasets, progress=None: [])
    monkeypatch.setattr(page, "fit_summary", partial(fit_summary, profiles=False))

    def write(*args, **kwargs):
        write_report(args[0], tmp_path / "page.html", *args[1:], **kwargs)
        return Page((tmp_path / "page.html").read_text(encoding="utf-8"))

    return write


def outcome(success=True, errors=True, total=None, message="said so"):
    """Result of a fit."""
    return SimpleNamespace(
        success=success and errors,
        optimize_result=SimpleNamespace(success=success, message=message, total_stat=total),
        covariance_result=SimpleNamespace(success=errors, message="no curvature"),
    )


# ----------------------------------------------------------------- the page stands alone


def test_page_is_complete(fitted):
    assert fitted.text.startswith("<!DOCTYPE html>\n<html lang=")
    (root,) = fitted.all("html")
    assert root == {"lang": "en"}
    assert {"charset": "utf-8"} in fitted.all("meta")
    assert len(fitted.all("h1")) == len(fitted.all("main")) == 1
    # others are those of points
    assert len(fitted.all("title")) == 1 + len(fitted.all("circle"))
    assert len(fitted.all("h2")) == 9
    for rows in fitted.tables.values():
        head, *body = rows
        assert body
        assert all(cell.head or not cell.text for cell in head)
        assert all(row[0].head and len(row) == len(head) for row in body)


def test_nothing_is_loaded_from_elsewhere(fitted):
    tags = {name for name, _ in fitted.tags}
    assert not tags & {"img", "link", "iframe", "object", "embed", "base", "form", "image"}
    # one script, of the page itself
    assert fitted.all("script") == [{}]
    assert "@import" not in fitted.text
    assert set(re.findall(r"url\((.)", fitted.text)) == {"#"}
    for _, attributes in fitted.tags:
        assert not [key for key in attributes if key.startswith("on")]
        assert "src" not in attributes
        links = [value for key, value in attributes.items() if key == "xlink:href"]
        assert all(value[0] == "#" for value in links)
    ids = [attributes["id"] for _, attributes in fitted.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    targets = [attributes["href"] for attributes in fitted.all("a")]
    for target in targets:
        assert target[0] == "#" or re.match(r"https://(doi\.org/10\.|arxiv\.org/abs/)", target)
    assert {target[1:] for target in targets if target[0] == "#"} <= set(ids)


def test_pictures_are_inside(fitted):
    pictures = fitted.all("svg")
    assert len(pictures) == 5
    assert {picture["role"] for picture in pictures} == {"img"}
    labels = [picture["aria-label"] for picture in pictures]
    assert len(set(labels)) == 5
    assert all(len(label) > 40 for label in labels)
    assert any("AMS-02" in label for label in labels)
    for picture in re.findall(r"<svg.*?</svg>", fitted.text, re.DOTALL):
        root = ElementTree.fromstring(picture)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        targets = {e.get("id") for e in root.iter()}
        links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert {link[1:] for link in links} <= targets


def test_page_is_the_same_every_time(folder, tmp_path):
    run("report", folder, "--output", tmp_path / "again.html")
    first, again = (folder / "report.html"), tmp_path / "again.html"
    assert first.read_bytes() == again.read_bytes()
    assert str(folder.parent) not in first.read_text(encoding="utf-8")


# ----------------------------------------------------------------- the numbers


def test_parameters_are_those_of_the_fit(folder, fitted):
    parameters = Table.read(folder / "parameters.ecsv").filled("")
    for row in parameters:
        caption = "Frozen parameters" if row["frozen"] else "Free parameters"
        assert fitted.column(caption, "value")[row["label"]].value == row["value"]
        if not row["frozen"]:
            error = fitted.column(caption, "error")[row["label"]].value
            # of two errors, that upwards is the last
            expected = row["errp" if row["method"] == "profile" else "error"]
            assert error == pytest.approx(expected, rel=1e-12)
    n_frozen = sum(parameters["frozen"])
    assert len(fitted.column("Frozen parameters", "value")) == n_frozen
    assert len(fitted.column("Free parameters", "value")) == len(parameters) - n_frozen
    assert fitted.column("Free parameters", "unit")["phi"].text == "GV"
    assert fitted.column("Free parameters", "prior")["V_sun"].text == "12.24 ± 2.05"


def test_printed_numbers_are_those_of_the_summary(folder, fitted):
    summary = (folder / "summary.txt").read_text(encoding="utf-8")
    printed = dict(
        re.findall(r"^  (\S+) +(\S+ +\S+(?: \+\S+)?)", summary.split("Frozen")[0], re.MULTILINE)
    )
    for label, value in fitted.column("Free parameters", "value").items():
        error = fitted.column("Free parameters", "error")[label]
        cells = [cell.text.replace("−", "-") for cell in (value, error)]
        texts = [re.sub(r" × 10(\S*)", r"e\1", cell) for cell in cells]
        assert " ".join(texts).split() == printed[label].split()
    totals = fitted.column("Totals", "value")
    chi2, n_data, n_free, degrees = re.search(
        r"chi2 (\S+) for (\d+) numbers and (\d+) free parameters \((\d+) degrees", summary
    ).groups()
    priors, scatter, total = re.search(
        r"priors (\S+), 2 ln\(sigma / sigma_0\) (\S+), total (\S+)", summary
    ).groups()
    assert float(chi2) + float(priors) + float(scatter) == pytest.approx(float(total), abs=0.02)
    assert [totals[name].text for name in totals] == [
        *(chi2, n_data, n_free, degrees, f"{float(chi2) / int(degrees):.2f}"),
        *(priors, scatter, total),
        *("2", totals["day of the fit"].text),
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", totals["day of the fit"].text)
    assert "The fit converged" in fitted.text


def test_chi2_of_datasets(folder, fitted):
    chi2 = Table.read(folder / "chi2.ecsv")
    shown = fitted.column("χ² by dataset", "χ²")
    numbers = fitted.column("χ² by dataset", "numbers")
    for row in chi2:
        assert shown[row["name"]].value == pytest.approx(row["chi2"], rel=1e-12)
        assert shown[row["name"]].text == f"{row['chi2']:.1f}"
        assert numbers[row["name"]].value == row["numbers"]
    assert fitted.column("χ² by dataset", "range")["ams-02_h_2015"].text == "all"
    assert "scatter" in fitted.column("χ² by dataset", "settings")["icecube-2016"].text
    total = sum(cell.value for cell in shown.values())
    assert total == pytest.approx(fitted.column("Totals", "value")["χ² of the data"].value)


def test_priors_add_up(fitted):
    shares = fitted.column("Priors", "χ²")
    total = fitted.column("Totals", "value")["χ² of the priors"]
    assert sum(cell.value for cell in shares.values()) == pytest.approx(total.value)
    # (1.6 pc - 2.9 pc)^2 / (1.5 pc)^2, frozen at Table I
    assert shares["x"].value == pytest.approx((1.3 / 1.5) ** 2)
    status = fitted.column("Priors", "status")
    assert (status["x"].text, status["V_sun"].text) == ("frozen", "fitted")
    assert "ApJ 534, 825" in fitted.column("Priors", "source")["x"].text


def test_correlations(folder, fitted):
    covariance = Table.read(folder / "covariance.ecsv")
    labels = list(covariance["label"])
    matrix = np.array([covariance[label] for label in labels])
    errors = np.sqrt(np.diag(matrix))
    head, *rows = fitted.tables["Correlation coefficients in per cent"]
    assert [cell.text for cell in head] == ["", *labels[:-1]]
    assert [row[0].text for row in rows] == labels[1:]
    for i, row in enumerate(rows, 1):
        for k, cell in enumerate(row[1:]):
            expected = None if k >= i else matrix[i, k] / errors[i] / errors[k]
            assert cell.value == (expected if k >= i else pytest.approx(expected, abs=1e-9))
            if k < i:
                assert cell.text.replace("−", "-") in (f"{100 * expected:.0f}", "0")


def test_references(fitted):
    ids = [attributes.get("id") for attributes in fitted.all("li")]
    assert [name for name in ids if name] == [
        *("Xue2025-2507.07057", "Donath2023-AA678-A157", "crlocalplugin"),
        *("Aguilar2015-PRL114-171103", "Maurin2023-EPJC83-971", "Aartsen2016-ApJ826-220"),
        *("Schoenrich2010-MNRAS403-1829", "Funsten2013-ApJ776-30"),
        *("Schwadron2015-ApJS220-25", "Moebius2012-ApJS198-11"),
    ]
    targets = [attributes["href"] for attributes in fitted.all("a")]
    assert "https://doi.org/10.1103/PhysRevLett.114.171103" in targets
    assert "@article{Aguilar2015-PRL114-171103," in fitted.text
    versions = fitted.column("Software behind this page", "version")
    assert versions["crlocal_plugin"].text == crl.__version__
    assert versions["numpy"].text == np.__version__


# ----------------------------------------------------------------- what a reader must know


def test_verdicts(datasets, written):
    datasets.models[0].V_sun.error = 1
    total = datasets.stat_sum()
    assert "✓ The fit converged" in written(datasets, outcome(total=total)).text
    failed = written(datasets, outcome(False, total=total), overwrite=True).text
    assert "NOT converge" in failed
    assert "✓" not in failed
    no_errors = written(datasets, outcome(errors=False, total=total), overwrite=True).text
    assert "WITHOUT ERRORS" in no_errors
    assert "no curvature" in no_errors
    assert "without a fit" in written(datasets, overwrite=True).text


def test_fit_without_errors_is_told(datasets, written):
    result = outcome(total=datasets.stat_sum())
    covariance = "the covariance of the models is missing or not a number"
    for error in (0, np.nan):
        for par in datasets.parameters.free_parameters:
            par.error = error
        shown = written(datasets, result, overwrite=True)
        assert "✓" not in shown.text
        assert "WITHOUT ERRORS" in shown.text
        assert f"Errors: {covariance}" in shown.text
        assert {cell.text for cell in shown.column("Free parameters", "error").values()} == {"–"}
        assert "no two parameters with errors" in shown.text
    datasets.models[0].V_sun.error = 1
    result.covariance_result = None
    shown = written(datasets, result, overwrite=True)
    assert "WITHOUT ERRORS" in shown.text
    assert "Errors: the fit computed no covariance" in shown.text


def test_total_that_is_not_a_number_is_told(datasets, written):
    assert "reported a total statistic of nan" in written(datasets, outcome(total=np.nan)).text


def test_changed_files_are_told(datasets, written):
    total = datasets.stat_sum()
    text = written(datasets, outcome(total=total)).text
    assert "reported a total statistic" not in text
    datasets.models[0].V_sun.value += 1
    text = written(datasets, outcome(total=total), overwrite=True).text
    assert f"reported a total statistic of {total:.2f}" in text
    assert f"now give {datasets.stat_sum():.2f}" in text


def test_settings_of_datasets_are_told(datasets, written):
    spectrum, dipole = datasets
    spectrum.fake(1)
    spectrum.systematics = False
    spectrum.mask_fit = np.arange(len(spectrum.table)) > 2
    spectrum.norm.frozen = False
    spectrum.energy_scale.value = 1.05
    dipole.likelihood = "amplitude_phase"
    dipole.energy_range = "1 TeV", "10 TeV"
    shown = written(datasets, date="2025-07-09", title="Mine")
    settings = shown.column("χ² by dataset", "settings")
    for text in (
        "simulated",
        "by hand",
        "without systematic",
        "norm 1 (free)",
        "scale 1.05 (frozen)",
    ):
        assert text in settings["dampe_h"].text
    assert "amplitude and phase" in settings["argo-ybj-2018"].text
    factor = dipole.table.meta["declination_factor"]
    assert f"amplitudes × {factor:.3g}" in settings["argo-ybj-2018"].text
    assert shown.column("χ² by dataset", "range")["argo-ybj-2018"].text == "1000 GeV to 10000 GeV"
    used = shown.column("χ² by dataset", "points used")
    assert used["dampe_h"].text == f"{len(spectrum.table) - 3} of {len(spectrum.table)}"
    assert "Simulated data: dampe_h" in shown.text
    assert shown.column("Totals", "value")["day of the fit"].text == "2025-07-09"
    assert "norm" in shown.column("Free parameters", "value")


def test_floors_are_those_of_the_datasets(datasets, written):
    spectrum, dipole = datasets
    spectrum.floor, dipole.floor, dipole.phase_floor = 1e-7, 0, "5 deg"
    floors = written(datasets).column("χ² by dataset", "floor")
    assert [floors[d.name].text for d in datasets] == ["1e-05 %", "5°"]


def test_remarks_are_the_same_after_reading(datasets, tmp_path):
    (model,) = datasets.models
    strength = model.parameters["H.Q_0c"]
    strength.autoscale()
    strength.value, strength.error = 1e42, 1e51
    datasets.write(tmp_path / "d.yaml", filename_models=tmp_path / "m.yaml")
    files = tmp_path / "d.yaml", tmp_path / "m.yaml"
    for source in (datasets, crl.CosmicRayDatasets.read(files[0], filename_models=files[1])):
        remarks = crl.fit_summary(source).parameters
        assert "at its limit 0" in remarks["remark"][remarks["label"] == "H.Q_0c"][0]


def test_datasets_of_gammapy_are_told(datasets, written):
    table = Table(meta={"SED_TYPE": "dnde"})
    table["e_ref"] = [1, 2] * u.TeV
    table["dnde"] = [1e-12, 3e-13] * u.Unit("TeV-1 s-1 cm-2")
    table["dnde_err"] = table["dnde"] * 0.1
    other = FluxPointsDataset(data=FluxPoints.from_table(table, sed_type="dnde"), name="gamma")
    other.models = [SkyModel(PowerLawSpectralModel(), name="sky", datasets_names=["gamma"])]
    datasets.append(other)
    shown = written(datasets)
    assert "are in the total, but not in chi2: gamma." in shown.text
    assert set(shown.column("χ² by dataset", "χ²")) == {"dampe_h", "argo-ybj-2018"}
    assert shown.column("Totals", "value")["datasets"].text == "3"


def with_reference(dataset, reference):
    table = dataset.table.copy()
    table.meta["reference"] = reference
    dataset.table = table


def test_nothing_to_show(datasets, written):
    (model,) = datasets.models
    for par in model.parameters:
        par.frozen = True
        par.prior = None
    with_reference(datasets[0], "")
    shown = written(datasets)
    for text in ("No parameter is free", "no two parameters", "No parameter has a prior"):
        assert text in shown.text
    assert "No publication is known of dampe_h" in shown.text


def test_everything_is_escaped(datasets, written):
    evil = '</title><script>alert("it\'s")</script> & co'
    with_reference(datasets[0], evil)
    (model,) = datasets.models
    model.x.prior = crl.MeasurementPrior(mu="2 pc", sigma="1 pc", source=evil)
    total = datasets.stat_sum()
    shown = written(datasets, outcome(total=total, message=evil), title=evil, date=evil)
    assert [attributes for name, attributes in shown.tags if name == "script"] == [{}]
    assert "alert(&#34;it" in shown.text
    assert evil in shown.column("Priors", "source")["x"].text
    assert evil in shown.column("χ² by dataset", "publication")["dampe_h"].text


def test_no_sky_without_a_dipole(monkeypatch, datasets):
    monkeypatch.setattr("crlocal_plugin.report.pictures.svg_picture", lambda *args: "")
    components = [
        type(c)(spectral_models=c.spectral_models, dipole_model=None, name=c.name)
        for c in datasets.models[0].components.values()
        if c.spectral_models
    ]
    spectra = datasets["dampe_h"]
    spectra.models = [crl.CosmicRayModel(components)]
    shown = page.pictures(crl.CosmicRayDatasets([spectra]))
    assert [figure.title for figure in shown] == [
        *("Spectra", "Residuals", "Shares of the components")
    ]
    assert not any("direction" in text.lower() for figure in shown for text in figure)


def test_several_models_have_pictures_each(monkeypatch, datasets):
    monkeypatch.setattr("crlocal_plugin.report.pictures.svg_picture", lambda *args: "")
    one, other = crl.xue_liu_2025(), crl.xue_liu_2025().copy(name="other")
    one.datasets_names, other.datasets_names = ["dampe_h"], ["argo-ybj-2018"]
    datasets.models = [one, other]
    titles = [figure.title for figure in page.pictures(datasets)]
    # the spectrum of one, the dipole of the other; sky, residuals and shares of both
    assert len(titles) == len(set(titles)) == 8
    assert sum(title.endswith(" (other)") for title in titles) == 4
    assert {"Spectra (cosmic-ray)", "Dipole (other)"} <= set(titles)


def fail():
    raise AssertionError("drawn")


# ----------------------------------------------------------------- markup


def test_number():
    assert number("1.01e53") == '<data value="1.01e+53">1.01 × 10<sup>53</sup></data>'
    assert number("-2e-05", -2.3e-5) == '<data value="-2.3e-05">−2 × 10<sup>−5</sup></data>'
    assert number("+0.4") == '<data value="0.4">+0.4</data>'
    assert number("316") == '<data value="316.0">316</data>'
    assert number("nan") == "nan"


def test_markup_escapes_content_and_attributes():
    template = '<p title="{{ title }}" class="x">{{ inner }}{{ " & " }}{{ kept }}</p>'
    text = page.environment().from_string(template)
    assert text.render(inner="<b>1 < 2", title='a "b" <c>', kept=number("3")) == (
        '<p title="a &#34;b&#34; &lt;c&gt;" class="x">&lt;b&gt;1 &lt; 2 &amp; '
        '<data value="3.0">3</data></p>'
    )
    assert link("1 < 2", 'a"b') == '<a href="a&#34;b">1 &lt; 2</a>'
    assert link("1 < 2", "") == "1 &lt; 2"
    assert joined(["<", number("3")], " & ") == '&lt; & <data value="3.0">3</data>'


def test_empty_columns_are_left_out():
    rows = [{"a": "1", "b": "", "c": "x"}, {"a": "2", "b": "", "c": ""}]
    parts = page.environment().get_template("parts.html").module
    text = parts.table("T & <", rows, numbers=["b", "c"])
    assert '<th scope="col">a</th><th scope="col" class="number">c</th>' in text
    assert ">b<" not in text
    assert "<caption>T &amp; &lt;</caption>" in text


def test_misspelt_name_in_a_template_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="totl"):
        page.environment().from_string("{{ totl }}").render(total=1)


def test_importing_the_package_loads_no_templates():
    code = "import crlocal_plugin, sys; sys.exit('crlocal_plugin.report.page' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# ----------------------------------------------------------------- commands and files


def test_existing_file_is_kept(folder, tmp_path, datasets):
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(FileExistsError, match=r"mine\.html exists"):
        run("report", folder, "--output", tmp_path / "mine.html")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_report(datasets, tmp_path / "mine.html")
    with pytest.raises(FileExistsError, match="is a folder"):
        write_report(datasets, tmp_path)
    assert (tmp_path / "mine.html").read_text() == "mine"


def test_failure_while_drawing_leaves_nothing(monkeypatch, tmp_path, datasets):
    monkeypatch.setattr(page, "pictures", lambda datasets, progress=None: fail())
    with pytest.raises(AssertionError):
        write_report(datasets, tmp_path / "new" / "page.html")
    assert list(tmp_path.iterdir()) == []


def copy(folder, target):
    """Copy all but the pictures and the page."""
    for file in folder.iterdir():
        if file.suffix in (".yaml", ".dat", ".ecsv"):
            (target / file.name).write_bytes(file.read_bytes())


DAMAGE = {
    "fit-result.yaml": ("a: [", "OptimizeResult: {success: true}", "- 1", "", "{}"),
    "datasets.yaml": ("a: [", "- 1", "datasets: [{name: a, type: unknown}]"),
    "models.yaml": ("a: [", "components: 3", "components: [{type: CosmicRayModel}]"),
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in DAMAGE.items() for text in texts]
)
def test_damaged_folder(folder, tmp_path, name, text):
    copy(folder, tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises((ValueError, OSError)) as caught:
        run("report", tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("missing", ["fit-result.yaml", "datasets.yaml", "models.yaml"])
def test_missing_file_is_named(folder, tmp_path, missing):
    copy(folder, tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises((ValueError, OSError), match=re.escape(missing)):
        run("report", tmp_path)


def test_no_folder(tmp_path):
    with pytest.raises((ValueError, OSError), match="nowhere"):
        run("report", tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"suffix \.html"):
        run("report", tmp_path, "--output", tmp_path / "page.pdf")


def test_result_is_read_back(folder):
    datasets = crl.CosmicRayDatasets.read(
        folder / "datasets.yaml", filename_models=folder / "models.yaml"
    )
    result, date = read_result(folder / "fit-result.yaml", datasets.models)
    assert result.success is True
    assert result.total_stat == pytest.approx(datasets.stat_sum(), abs=1e-8)
    assert result.backend == "least-squares"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", date)
    summary = str(crl.fit_summary(datasets, result)) + "\n"
    assert summary == (folder / "summary.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("item", "value", "expected"),
    [
        ("total_stat", ".nan", "OptimizeResult.total_stat: expected a finite number, got nan"),
        ("total_stat", ".inf", "OptimizeResult.total_stat: expected a finite number, got inf"),
        ("total_stat", "true", "OptimizeResult.total_stat: expected a number, got True"),
        ("nfev", "-1", "OptimizeResult.nfev: expected a number of at least 0, got -1"),
        ("nfev", "2.5", "OptimizeResult.nfev: expected a whole number, got 2.5"),
        ("success", "1", "OptimizeResult.success: expected true or false, got 1"),
        ("success", "'yes'", "CovarianceResult.success: expected true or false, got 'yes'"),
    ],
)
def test_wrong_value_in_a_result(folder, tmp_path, item, value, expected):
    text = (folder / "fit-result.yaml").read_text(encoding="utf-8")
    path = tmp_path / "fit-result.yaml"
    path.write_text(re.sub(rf"\b{item}: .*", f"{item}: {value}", text), encoding="utf-8")
    with pytest.raises(ValueError, match="make it again with crlocal fit") as caught:
        read_result(path, None)
    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)


def test_result_without_a_covariance_is_told(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "pictures", lambda datasets, progress=None: [])
    copy(folder, tmp_path)
    path = tmp_path / "fit-result.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"CovarianceResult:\n( .*\n)+", "", text), encoding="utf-8")
    run("report", tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "✓" not in text
    assert "Errors: the fit computed no covariance" in text


def test_cite(folder, tmp_path, capsys):
    run("cite")
    assert capsys.readouterr().out.count("@") == 3
    run("cite", "dampe_h", folder, "dampe_h", "--format", "text")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(set(lines)) == 11
    assert "Schoenrich" in lines[-4]
    assert "Moebius" in lines[-1]
    run("cite", folder, "--output", tmp_path / "my" / "references.bib")
    assert "10 publications" in capsys.readouterr().out
    text = (tmp_path / "my" / "references.bib").read_text(encoding="utf-8")
    datasets = crl.CosmicRayDatasets.read(
        folder / "datasets.yaml", filename_models=folder / "models.yaml"
    )
    assert text == bibtex(datasets)
    with pytest.raises(FileExistsError, match=r"references\.bib"):
        run("cite", "dampe_h", "--output", tmp_path / "my" / "references.bib")
    run("cite", "dampe_h", "--output", tmp_path / "my" / "references.bib", "--overwrite")
    assert (tmp_path / "my" / "references.bib").read_text(encoding="utf-8") != text


def test_cite_mistakes(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'dampe_h'"):
        run("cite", "dampe_hh")
    with pytest.raises(ValueError, match=r"datasets\.yaml"):
        run("cite", tmp_path)
    with pytest.raises(ValueError, match=r"\.bib or \.txt"):
        run("cite", "--output", tmp_path / "x.pdf")
