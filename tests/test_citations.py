"""Every table has its publication, and the BibTeX of it can be read."""

import re
from pathlib import Path

import pytest
import yaml

import crlocal_plugin as crl
from crlocal_plugin.catalogue.citations import CRDB, bibtex, citations, publications_of
from crlocal_plugin.catalogue.publications import Publication, known_publication, publications_in
from crlocal_plugin.components.priors import CORRELATED

DATA = Path(crl.__file__).parent / "catalogue" / "data"
TABLES = [str(name) for name in crl.catalog()["name"]]
ALWAYS = ["Xue2025-2507.07057", "Donath2023-AA678-A157", "crlocalplugin"]
SPECIAL = re.compile(r"(?<![\\$])[&%#_]|[^\x20-\x7e\n]")


def entries(text):
    """Parse BibTeX: kind and fields by key; fails if braces do not match or a key comes twice."""
    found = {}
    while text.strip():
        head = re.match(r"\s*@(\w+)\{([^\s,{}]+),\n", text)
        assert head, text[:80]
        end, depth = head.end(), 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        body, text = text[head.end() : end - 1], text[end:]
        fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, re.MULTILINE))
        assert len(fields) == body.count("\n"), body
        for value in fields.values():
            depths = [value[:k].count("{") - value[:k].count("}") for k in range(len(value) + 1)]
            assert depths[-1] == 0
            assert min(depths) == 0
        key = head.group(2)
        assert key not in found
        found[key] = {"kind": head.group(1), **fields}
    return found


def test_entry_of_a_table():
    found = entries(bibtex("ams-02_h_2015"))
    assert list(found) == [*ALWAYS, "Aguilar2015-PRL114-171103", "Maurin2023-EPJC83-971"]
    assert found["Aguilar2015-PRL114-171103"] == {
        "kind": "article",
        "author": "Aguilar, M. and others",
        "title": "{Precision Measurement of the Proton Flux in Primary Cosmic Rays from Rigidity "
        "1 GV to 1.8 TV with the Alpha Magnetic Spectrometer on the International Space Station}",
        "journal": "Physical Review Letters",
        "volume": "114",
        "pages": "171103",
        "year": "2015",
        "doi": "10.1103/PhysRevLett.114.171103",
    }


def test_all_tables_together():
    found = entries(bibtex(TABLES))
    assert list(found)[:3] == ALWAYS
    dois = [entry["doi"] for entry in found.values() if "doi" in entry]
    assert len(set(dois)) == len(dois)
    for reference in crl.catalog()["reference"]:
        for doi in re.findall(r"doi:(\S+)", reference):
            assert doi in dois
    for key, entry in found.items():
        assert key == "Proc-15th-ICRC-1977-11" or {"author", "doi", "title"} & set(entry)
        texts = [value for name, value in entry.items() if name not in ("doi", "eprint")]
        assert not [text for text in texts if SPECIAL.search(text)]
    text = bibtex("xue-liu-2025")
    assert bibtex(crl.load_datasets("xue-liu-2025", scatter=False)) == text
    assert set(entries(text)) < set(found)


@pytest.mark.parametrize("name", TABLES)
def test_table_has_an_entry(name):
    meta = crl.read_catalog_table(name).meta
    found = publications_of(meta)
    assert found
    assert ("CRDB" in str(meta)) == (known_publication(CRDB) in found)
    for cited in found:
        (entry,) = entries(cited.bibtex()).values()
        assert entry.get("doi", "") == cited.doi
    # what the reference says is what the entry has
    for part in re.findall(r"\b(?:\d{4}|L?\d+)(?=,|$| \()", str(meta["reference"])):
        values = [value for p in found for value in vars(p).values()]
        assert any(part in value for value in values), part


REFERENCES = {
    "Yoon et al. 2017, ApJ 839, 5, doi:10.3847/1538-4357/aa68e4": (
        "Yoon et al. 2017, ApJ, 839, 5, 10.3847/1538-4357/aa68e4, "
    ),
    "half of the cloud, Redfield & Linsky 2000, ApJ 534, 825; the Sun is near its edge": (
        "Redfield & Linsky 2000, ApJ, 534, 825, , "
    ),
    "Schoenrich, Binney & Dehnen 2010, MNRAS 403, 1829: statistical 0.47": (
        "Schoenrich, Binney & Dehnen 2010, MNRAS, 403, 1829, 10.1111/j.1365-2966.2010.16253.x, "
    ),
    "Nagashima et al. 1989, Nuovo Cim. C 12, 695": (
        "Nagashima et al. 1989, Nuovo Cim. C, 12, 695, , "
    ),
    "Aglietta et al. 1995, Proc. 24th ICRC 2, 800": (
        "Aglietta et al. 1995, Proc. 24th ICRC, 2, 800, , "
    ),
    "Pierre Auger Collaboration 2024, PRL 132, 021001, arXiv:2305.06513": (
        "Pierre Auger Collaboration 2024, PRL, 132, 021001, , 2305.06513"
    ),
    "LHAASO Collaboration 2025, arXiv:2511.05013": (
        "LHAASO Collaboration 2025, , , , , 2511.05013"
    ),
    "Morales-Soto et al. 2021, PoS(ICRC2021)330, doi:10.22323/1.395.0330": (
        "Morales-Soto et al. 2021, PoS, ICRC2021, 330, 10.22323/1.395.0330, "
    ),
    "see Aab et al. 2020, PRD 102, 062005 (doi:10.1000/other).": (
        "Aab et al. 2020, PRD, 102, 062005, 10.1103/PhysRevD.102.062005, "
    ),
    "as compiled in CRDB v4.1 (Maurin et al. 2023)": None,
    "value of Xue & Liu 2025 for their interstellar spectrum": None,
    "private communication 2019, not published": None,
    "": None,
}


@pytest.mark.parametrize("text", REFERENCES)
def test_references_in_texts(text):
    found = [
        ", ".join((p.label, p.journal, p.volume, p.pages, p.doi, p.arxiv))
        for p in publications_in(text)
    ]
    expected = REFERENCES[text]
    assert found == ([] if expected is None else [expected])


BIBCODES = {
    "2015PhRvL.114q1103A": ("PRL", "114", "171103", ""),
    "2003ApJ...591.1220L": ("ApJ", "591", "1220", ""),
    "2009ApJ...692L.130A": ("ApJL", "692", "L130", ""),
    "1990A&A...233...96E": ("A&A", "233", "96", ""),
    "2010A&A...516A..28P": ("A&A", "516", "A28", ""),
    "1977ICRC....1...11B": ("ICRC", "1", "11", ""),
    "2021arXiv211108922G": ("", "", "", "2111.08922"),
}


@pytest.mark.parametrize("bibcode", BIBCODES)
def test_bibcodes(bibcode):
    address = f"https://ui.adsabs.harvard.edu/abs/{bibcode.replace('&', '%26')}"
    for text in (bibcode, f"{bibcode}, {address}", f"see {address}"):
        (found,) = publications_in(text)
        assert (found.journal, found.volume, found.pages, found.arxiv) == BIBCODES[bibcode]
        assert found.key == bibcode.replace("&", "")
        assert found.label == bibcode
        ((key, entry),) = entries(found.bibtex()).items()
        assert (key, entry["year"], entry["adsurl"]) == (found.key, bibcode[:4], address)
    assert publications_of({"bibcode": bibcode}) == [found]


def test_bibcode_beside_its_reference():
    text = "Yoon et al. 2017, ApJ 839, 5, 2017ApJ...839....5Y"
    assert [p.key for p in publications_in(text)] == ["Yoon2017-ApJ839-5"]
    assert publications_in("table 2015PhRvL.114q1103AB of 12345678901234567890") == []


def test_two_publications_in_one_text():
    found = publications_in("Ahn et al. 2009, ApJ 707, 593; Yoon et al. 2017, ApJ 839, 5")
    assert [p.key for p in found] == ["Ahn2009-ApJ707-593", "Yoon2017-ApJ839-5"]


def test_sources_of_priors_name_publications():
    rows = *crl.MEASURED.values(), *crl.ENERGY_SCALES.values(), *crl.DIPOLE_NORMS.values()
    sources = [source for *_, source in rows]
    for source in sources:
        (publication,) = publications_in(source)
        assert publication.title
        assert publication.key in entries(publication.bibtex())


def test_priors_of_free_parameters_are_cited():
    def keys(datasets):
        return {publication.key for publication in citations(datasets)}

    datasets = crl.load_datasets("dampe_h", scatter=False)
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    motion, cloud = "Schoenrich2010-MNRAS403-1829", "Schwadron2015-ApJS220-25"
    assert keys(datasets) == {
        *(*ALWAYS, "DAMPE2026-Nature653-52", motion, "Redfield2000-ApJ534-825")
    }
    datasets.models[0].u_HC.frozen = False
    datasets.models[0].V_sun.frozen = True
    assert cloud in keys(datasets)
    assert motion not in keys(datasets)
    assert keys(datasets) == keys(datasets[0]) == keys(list(datasets))
    datasets.models[0].u_HC.prior = None
    assert cloud not in keys(datasets)


def test_experiments_need_no_hadronic_model():
    texts = [publication.label for publication in citations("lhaaso")[len(ALWAYS) :]]
    assert texts == ["Cao et al. 2024", "LHAASO Collaboration 2025"]
    assert citations(["lhaaso", "lhaaso"]) == citations("LHAASO")
    with pytest.raises(ValueError, match="did you mean 'LHAASO'"):
        citations("lhaasso")


def test_text_for_readers():
    (publication,) = publications_in("Yoon et al. 2017, ApJ 839, 5, doi:10.3847/1538-4357/aa68e4")
    assert str(publication) == (
        "Yoon et al. 2017, Proton and Helium Spectra from the CREAM-III Flight, The Astrophysical "
        "Journal 839, 5, doi:10.3847/1538-4357/aa68e4"
    )
    assert publication.url == "https://doi.org/10.3847/1538-4357/aa68e4"
    assert known_publication(CRDB).label == "Maurin et al. 2023"
    assert publications_in("LHAASO Collaboration 2025, arXiv:2511.05013")[0].url == (
        "https://arxiv.org/abs/2511.05013"
    )


def test_special_characters_are_escaped():
    publication = Publication(
        names="Schönrich & Nuñez",
        year="2020",
        journal="Phys. & Astro_nomy",
        volume="1",
        pages="2",
        title="50 % of 10¹⁴·⁵ eV in {C}: a_b~c^d #1 $2 \\x",
    )
    ((key, entry),) = entries(publication.bibtex()).items()
    assert key == "Schonrich2020-PhysAstronomy1-2"
    assert entry["author"] == r"Sch{\"o}nrich and Nu{\~n}ez"
    assert entry["journal"] == r"Phys. \& Astro\_nomy"
    assert entry["title"] == (
        r"{50 \% of 10$^{14.5}$ eV in \textbraceleft{}C\textbraceright{}: "
        r"a\_b\textasciitilde{}c\textasciicircum{}d \#1 \$2 \textbackslash{}x}"
    )


def test_own_tables(tmp_path):
    table = crl.read_catalog_table("dampe_h")
    table.meta |= {"reference": "Me & You (in preparation), 100 % ours", "compilation": ""}
    table.write(tmp_path / "mine.ecsv")
    del table.meta["reference"], table.meta["bibcode"]
    table.write(tmp_path / "nameless.ecsv")
    *_, mine = entries(bibtex([tmp_path / "mine.ecsv", tmp_path / "nameless.ecsv"])).values()
    assert mine == {"kind": "misc", "note": r"Me \& You (in preparation), 100 \% ours"}
    assert list(entries(bibtex(str(tmp_path / "nameless.ecsv")))) == ALWAYS


def test_unknown_name():
    with pytest.raises(ValueError, match="dampe_h"):
        bibtex("dampe_hh")
    with pytest.raises(TypeError, match="names of selections, tables or files, got CosmicRayModel"):
        bibtex([crl.xue_liu_2025(priors="measured")])


def test_list_of_titles_has_nothing_that_is_not_cited():
    known = entries((DATA / "references.bib").read_text(encoding="utf-8").split("\n\n", 1)[1])
    rows = *crl.MEASURED.values(), *crl.ENERGY_SCALES.values(), *crl.DIPOLE_NORMS.values()
    sources = [source for *_, source in rows]
    sources += [entry["source"] for entry in CORRELATED.values()]
    sources += ["Green 2019, J. Astrophys. Astron. 40, 36"]  # places of remnants
    for column in ("distance_source", "age_source"):
        sources += list(crl.source_catalogue()[column])
    cited = {p.key for p in citations(TABLES)}
    cited |= {p.key for source in sources for p in publications_in(source)}
    assert set(known) <= cited
    assert all(known_publication(key).key == key for key in known)


def test_keys_of_the_tables():
    index = {row["name"]: row["bibtex"] for row in crl.catalog()}
    for name in TABLES:
        meta = crl.read_catalog_table(name).meta
        assert meta["bibtex"] == index[name]
        # the key and the reference are two ways to the same publication
        others = {key: value for key, value in meta.items() if key != "bibtex"}
        assert publications_of(meta) == publications_of(others)
        assert known_publication(meta["bibtex"]) in publications_of(meta)


def test_a_key_that_is_left_over_does_not_count():
    meta = dict(crl.read_catalog_table("ams-02_h_2015").meta)
    meta["reference"] = "Aguilar et al. 2015, PRL 115, 211101"
    assert "Aguilar2015-PRL115-211101" in [p.key for p in publications_of(meta)]
    assert "Aguilar2015-PRL114-171103" not in [p.key for p in publications_of(meta)]


def test_as_in_the_citation_file():
    path = Path(__file__).parents[1] / "CITATION.cff"
    cff = yaml.safe_load(path.read_text(encoding="utf-8"))
    model, gammapy, software = citations()
    assert software.title == cff["title"]
    titles = [reference["title"] for reference in cff["references"]]
    assert titles == [model.title, gammapy.title]
    assert f"arXiv:{model.arxiv}" == cff["references"][0]["identifiers"][0]["value"]
