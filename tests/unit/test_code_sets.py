"""The named sets of codes: single codes, beginnings of codes, and that no module keeps codes of its own."""

import ast
import re

import pytest

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.terminology import rows
from cds_service.fhir.codings import System

SETS = sorted({row["concept"] for row in rows("code_sets")})


@pytest.mark.parametrize(
    ("name", "code", "belongs"),
    [
        ("all_in_relapse", (System.ICD10CM, "C9102"), True),
        ("all_in_relapse", (System.ICD10CM, "C9101"), False),
        ("all_unclear", (System.ICD10CM, "C9500"), True),
        ("hematologic_toxicity", (System.ICD10CM, "D696"), True),
        ("hematologic_toxicity", (System.ICD10CM, "D693"), False),
        ("malignancy", (System.ICD10CM, "C7A1"), True),
        ("malignancy", (System.ICD10CM, "D361"), False),
        ("benign_neoplasm", (System.ICD10CM, "D3A00"), True),
        ("antineoplastic", (System.ATC, "L01FB01"), True),
        ("antineoplastic", (System.ATC, "L02BG03"), False),
        ("severe_infection", (System.SNOMED, "91302008"), True),
        ("severe_infection", (System.ICD10CM, "91302008"), False),  # another system's code
        ("hemolysis", (System.HCPCS, "D5510"), False),
    ],
)
def test_a_code_belongs_by_its_system_and_itself_or_its_beginning(name, code, belongs):
    assert (code in code_set(name)) is belongs
    assert code_set(name).has_any([(System.LOINC, "1-8"), code]) is belongs


def test_sets_are_joined_and_no_codes_are_of_no_set():
    both = code_set("marrow_report", "pathology_report")
    assert both.bare == code_set("marrow_report").bare | code_set("pathology_report").bare
    assert not both.has_any([])


def test_a_name_that_the_table_lacks_is_refused():
    with pytest.raises(KeyError, match="no code set no_such"):
        code_set("hemolysis", "no_such")


def test_only_hierarchies_in_the_code_itself_are_named_by_beginnings_and_no_row_stands_twice():
    held = [(row["concept"], row["system"], row["code"]) for row in rows("code_sets")]
    assert len(held) == len(set(held))
    assert {system for _, system, code in held if "*" in code} == {System.ICD10CM.value, System.ATC.value}
    assert all(re.fullmatch(r"[^*]+\*?", code) for _, _, code in held)


@pytest.mark.parametrize("name", SETS)
def test_every_set_is_used(name, request):
    code = request.config.rootpath / "cds_service"
    assert any(f'"{name}"' in path.read_text(encoding="utf-8") for path in code.rglob("*.py"))


# LOINC, SNOMED CT or RxNorm, ICD-10-CM, NCI Thesaurus.
A_CODE = re.compile(r"\d{3,6}-\d|\d{6,18}|[A-TV-Z]\d{2}(?:\.?[0-9A-Z]{1,4})?|C\d{4,6}")
NO_CODES = {"0123456789", "8859-1"}  # digits, a character set
CLINICAL = ("clinical", "policies", "oncology", "engine", "ehr")


def codes_in_code(text):
    """The string constants of a module that look like a code of a terminology."""
    constants = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return [
        value
        for value in constants
        if isinstance(value, str) and value not in NO_CODES and A_CODE.fullmatch(value)
    ]


def test_what_looks_like_a_code_is_seen():
    text = 'A = {(System.LOINC, "11524-6"), "C9100", "39579001", "K72", "C35571"}\nB = "CD22", "C2D1", "2026"'
    assert sorted(codes_in_code(text)) == ["11524-6", "39579001", "C35571", "C9100", "K72"]


@pytest.mark.parametrize("folder", CLINICAL)
def test_codes_stand_in_the_tables_and_not_in_the_code(folder, request):
    held = {
        str(path.name): found
        for path in (request.config.rootpath / "cds_service" / folder).rglob("*.py")
        if (found := codes_in_code(path.read_text(encoding="utf-8")))
    }
    assert held == {}
