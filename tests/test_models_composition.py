"""Models with heavier nuclei: species, groups and shared index offsets."""

import astropy.units as u
import numpy as np
import pytest
from gammapy.modeling.models import Models
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.components.component import species_group
from crlocal_plugin.models.composition import (
    COMPOSITION,
    GROUPED_COMPOSITION,
    INDEX_GROUPS,
    OBSERVED_INDEX_GROUPS,
    valid_from,
    xue_liu_2025_composition,
)
from crlocal_plugin.physics.species import ELEMENT_GROUPS, GROUP_SPECIES, get_species

RIGIDITY = np.geomspace(3, 3e6, 7) * u.GV
# intensities at 100 GV relative to helium, from the tables of AMS-02
AMS_RATIOS = {
    name: np.interp(100, table["rigidity"], table["intensity"])
    for name in COMPOSITION
    for table in [crl.read_catalog_table(f"ams-02_{name.lower()}")]
}


@pytest.fixture(scope="module")
def model():
    """Without loss, so that intensities follow from those of helium."""
    return xue_liu_2025_composition(spallation=False)


class TestComposition:
    def test_species(self, model):
        assert model.species == COMPOSITION

    @pytest.mark.parametrize("name", COMPOSITION[2:])
    def test_strengths_start_from_abundances_that_were_measured(self, model, name):
        ratio = model.parameters[f"{name}.Q_0b"].value / model.parameters["He.Q_0b"].value
        assert ratio == pytest.approx(AMS_RATIOS[name] / AMS_RATIOS["He"], rel=0.03)

    def test_hydrogen_and_helium_are_those_of_the_paper(self, model):
        paper = crl.xue_liu_2025()
        for name in ("H", "He"):
            assert_allclose(
                model.intensity(RIGIDITY, name).value, paper.intensity(RIGIDITY, name).value
            )

    def test_free_parameters(self, model):
        free = {
            label
            for label, par in zip(model.parameters.labels, model.parameters, strict=True)
            if not par.frozen
        }
        paper = crl.xue_liu_2025()
        free_in_paper = {
            label
            for label, par in zip(paper.parameters.labels, paper.parameters, strict=True)
            if not par.frozen
        }
        strengths = {f"{name}.{q}" for name in COMPOSITION[2:] for q in ("Q_0b", "Q_0n")}
        offsets = {
            "He.index_offset",
            "C+O.index_offset",
            "N.index_offset",
            "Ne+Mg+Si+S.index_offset",
            "Fe.index_offset",
        }
        assert free == free_in_paper | strengths | offsets | {"T_c"}

    def test_the_center_has_none_but_hydrogen_and_helium(self, model):
        for name in COMPOSITION:
            value = model.intensity(1e6 * u.GV, name, component="galactic-center").value
            assert (value > 0) == (name in ("H", "He"))

    def test_a_new_species_needs_an_abundance_and_nothing_else(self):
        calcium = xue_liu_2025_composition(
            (*COMPOSITION, "Ca"), abundances={"Ca": 1e-3}, spallation=False
        )
        ratio = calcium.parameters["Ca.Q_0b"].value / calcium.parameters["He.Q_0b"].value
        assert ratio == pytest.approx(1e-3)
        assert not calcium.parameters["Ca.index_offset"].frozen

    @pytest.mark.parametrize("abundance", [-1e-3, np.nan, np.inf, "1e-3", None])
    def test_an_abundance_is_a_number(self, abundance):
        with pytest.raises(ValueError, match="abundance of Ca: expected a number"):
            xue_liu_2025_composition((*COMPOSITION, "Ca"), abundances={"Ca": abundance})

    def test_abundances_have_names(self):
        with pytest.raises(ValueError, match="expected a dictionary"):
            xue_liu_2025_composition((*COMPOSITION, "Ca"), abundances=[1e-3])

    @pytest.mark.parametrize(
        ("element", "group"), [("C", "CNO"), ("Al", "Ne-S"), ("Fe", "Fe-group")]
    )
    def test_no_element_beside_its_group(self, element, group):
        with pytest.raises(ValueError, match=f"species {element}: part of the group {group}"):
            crl.xue_liu_2025(species=("H", "He", group, element))

    def test_loss_brings_one_offset_and_a_grammage_with_a_prior(self, model):
        lossy = xue_liu_2025_composition()
        labels = {label for label in lossy.parameters.labels if label.endswith("offset")}
        shared = "+".join(n for n in INDEX_GROUPS[0] if n in COMPOSITION) + ".index_offset"
        own = {f"{name}.index_offset" for name in ("H", "He", "N")}
        assert labels == own | {shared}
        assert not lossy.grammage.frozen
        assert lossy.grammage.prior is not None
        for name in COMPOSITION:
            expected = model.intensity(100 * u.GV, name).value
            assert lossy.intensity(100 * u.GV, name).value == pytest.approx(expected, rel=0.01)

    def test_no_prior_on_a_grammage_that_is_not_there(self, model):
        assert "grammage" not in model.parameters.names
        assert model.V_sun.prior is not None

    @pytest.mark.parametrize("variant", ["kinetic", "wandering", "qgsjet"])
    def test_variants(self, variant):
        model = xue_liu_2025_composition(variant=variant, spallation=False)
        paper = crl.xue_liu_2025(variant=variant)
        assert_allclose(model.T_c.value, paper.T_c.value)
        assert_allclose(
            model.intensity(RIGIDITY, "He").value, paper.intensity(RIGIDITY, "He").value
        )


class TestSharedOffsets:
    def test_one_parameter_for_a_group(self, model):
        for group in OBSERVED_INDEX_GROUPS:
            present = [name for name in group if name in COMPOSITION]
            found = {id(model.parameters[f"{name}.index_offset"]) for name in present}
            assert len(found) == 1
        assert model.parameters["C.index_offset"] is not model.parameters["N.index_offset"]

    def test_changes_all_of_them(self, model):
        changed = model.copy()
        changed.parameters["C.index_offset"].value -= 0.1
        for name, factor in (("C", 0.1), ("O", 0.1), ("N", 0.0), ("Fe", 0.0)):
            ratio = changed.intensity(RIGIDITY, name, component="nearby") / model.intensity(
                RIGIDITY, name, component="nearby"
            )
            assert_allclose(ratio, RIGIDITY.value**factor, rtol=1e-12)

    @pytest.mark.parametrize("make", [lambda m: m.copy(), lambda m: _from_yaml(m)])
    def test_survive_copies_and_files(self, model, make):
        new = make(model)
        assert new.parameters.labels == model.parameters.labels
        assert_allclose(new.parameters.value, model.parameters.value)

    def test_can_be_unlinked(self, model):
        new = model.copy()
        own = new.parameters["O.index_offset"].copy()
        for component in ("background", "nearby", "galactic-center"):
            new.components[component].spectral_models["O"].index_offset = own
        assert {"C.index_offset", "O.index_offset"} <= set(new.parameters.labels)

    @pytest.mark.parametrize("species", ["Fe", "He"])
    def test_unlinked_in_one_component(self, species):
        """The rest of those that shared it is not called as if it were that of all species."""
        model = crl.xue_liu_2025_composition()
        labels = model.parameters.labels
        spectrum = model.components["background"].spectral_models[species]
        spectrum.index_offset = spectrum.index_offset.copy()
        own = f"background.{species}.index_offset"
        assert set(model.parameters.labels) == {*labels, own}
        assert model.parameters[own] is spectrum.index_offset
        datasets = crl.load_datasets(["ams-02_fe"])
        datasets.models = [model]
        crl.free_parameters(datasets, ["index_offset"])
        assert not any(p.frozen for p in model.parameters if p.name == "index_offset")

    def test_unknown_label(self, model):
        with pytest.raises(IndexError):
            model.parameters["Ca.index_offset"]

    @pytest.mark.parametrize("groups", [["CO"], "CO", [("C", "O"), ("O", "Fe")]])
    def test_bad_groups(self, groups):
        with pytest.raises(ValueError, match="expected groups of species"):
            xue_liu_2025_composition(index_groups=groups)

    def test_a_name_that_is_no_nucleus(self):
        with pytest.raises(ValueError, match="unknown species '0'"):
            xue_liu_2025_composition(index_groups=[("C", "0")])

    def test_species_that_are_not_there_are_left_out(self):
        model = crl.xue_liu_2025(species=("H", "He", "O"), index_groups=[("C", "O")])
        assert "O.index_offset" in model.parameters.labels


class TestGroups:
    def test_model(self):
        model = xue_liu_2025_composition(GROUPED_COMPOSITION)
        again = _from_yaml(model)
        assert again.nuclei == model.nuclei
        assert_allclose(
            again.intensity(RIGIDITY, "CNO").value, model.intensity(RIGIDITY, "CNO").value
        )

    @pytest.mark.parametrize(("name", "Z", "A"), [("CNO", 7, 14), ("Ne-S", 12, 24)])
    def test_effective_mass_number(self, name, Z, A):
        """That of the documentation: the mean of ln A with measured intensities."""
        group = get_species(name)
        assert (group.Z, group.A) == (Z, A)
        elements = [e for e in ELEMENT_GROUPS[name] if e in AMS_RATIOS]
        log_A = np.array([get_species(e).log_A for e in elements])
        for power, tolerance in ((0.0, 0.015), (1.7, 0.055)):
            weights = [AMS_RATIOS[e] * get_species(e).Z ** power for e in elements]
            mean = np.average(log_A, weights=weights)
            assert group.log_A == pytest.approx(mean, abs=tolerance)
            assert np.average((log_A - mean) ** 2, weights=weights) == pytest.approx(0.02, abs=4e-3)

    def test_strength_is_that_of_its_elements(self):
        grouped = xue_liu_2025_composition(GROUPED_COMPOSITION, spallation=False)
        single = xue_liu_2025_composition(spallation=False)
        for name in ("CNO", "Ne-S", "Fe-group"):
            at = 100 * u.GV
            assert_allclose(
                grouped.intensity(at, name), single.intensity(at, name), rtol=0.09, atol=0
            )

    def test_quantity_of_a_group_sums_the_elements_that_a_model_has(self, model):
        at = 1e4 * u.GV
        total = sum(model.intensity(at, name) for name in ("Ne", "Mg", "Si", "S"))
        assert_allclose(model.intensity(at, "Ne-S").value, total.value)
        assert species_group("Fe-group", COMPOSITION) == ("Fe",)

    def test_no_element_of_a_group(self):
        with pytest.raises(ValueError, match="no species 'CNO', only H, He"):
            crl.xue_liu_2025().intensity(1e3 * u.GV, "CNO")

    def test_list_of_species(self, model):
        with pytest.raises(ValueError, match="expected one name, such as 'He'"):
            model.fraction(1 * u.PeV, ["H", "He"])

    def test_known_by_name_alone(self):
        assert get_species("CNO") is GROUP_SPECIES["CNO"]


def test_where_the_leaky_box_holds():
    assert valid_from("H") is None
    assert valid_from("He") is None
    assert valid_from("Fe") >= 30 * u.GV


def _from_yaml(model):
    return Models.from_yaml(Models([model]).to_yaml())[0]


def test_a_frozen_index_is_said():
    model = crl.xue_liu_2025(species=("H", "He", "N", "O"))
    (remark,) = model.remarks
    assert "index_offset of N, O is frozen at -0.077, that of helium" in remark
    assert "N, in large part made on the way" in remark
    assert remark in str(model)
    datasets = crl.load_datasets(["ams-02_h", "ams-02_n"])
    datasets.models = [model]
    assert remark in crl.fit_summary(datasets).message
    model.parameters["N.index_offset"].frozen = False
    assert "index_offset of O is frozen" in model.remarks[0]
    assert "made on the way" not in model.remarks[0]
    model.freeze()
    assert not model.remarks
    assert not crl.xue_liu_2025().remarks
    assert not xue_liu_2025_composition().remarks
