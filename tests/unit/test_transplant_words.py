"""What a text says of the plan for a stem cell transplant."""

from datetime import date

import pytest

from cds_service.clinical.leukemia.transplants.names import is_request, is_transplant
from cds_service.clinical.leukemia.transplants.plans import intention_in


@pytest.mark.parametrize(
    "text",
    [
        "Allogeneic HSCT planned for May",
        "Proceeding to alloHSCT after cycle 2",
        "bridge to transplant",
        "stem cell transplantation: planned",
        "will proceed to second allogeneic transplant",
        "Donor identified, BMT scheduled",
    ],
)
def test_planned(text):
    assert intention_in(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "Not proceeding to HSCT",
        "No HSCT planned",
        "HSCT is no longer planned",
        "Not currently a candidate for HSCT",
        "transplant-ineligible",
        "Patient declines transplant",
        "HSCT planned: no",
        "HSCT not possible, no donor",
        "continue without transplant",
    ],
)
def test_not_planned(text):
    assert intention_in(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "s/p allo-HSCT 2024",
        "relapse after allo-HSCT, planned for inotuzumab",
        "HSCT evaluation",
        "possible HSCT",
        "HSCT may be considered",
        "HSCT not yet planned",
        "undecided on transplant",
        "kidney transplant planned",
        "HSCT planned; not proceeding to HSCT",
        "planned for cycle 2",
        "Transplant candidate",
        "Referred for transplant",
        "May proceed to transplant",
    ],
)
def test_neither(text):
    assert intention_in(text) is None


@pytest.mark.parametrize(
    ("procedure", "expected"),
    [
        ("Allogeneic stem cell transplantation", True),
        ("Haploidentical HSCT", True),
        ("Umbilical cord blood transplant", True),
        ("PBSCT", True),
        ("MUD PBSCT", True),
        ("UCBT", True),
        ("Infusion of allogeneic hematopoietic progenitor cells", True),
        ("Cord blood transplantation, double unit", True),
        ("HSCT consent signed", False),
        ("Allo HSCT workup complete", False),
        ("Stem cells collected for allogeneic transplant", False),
        ("PBSCT collection", False),
        ("Cord blood collection", False),
        ("Kidney transplant", False),
        ("Post-transplant bone marrow biopsy", False),
        ("Stem cell collection for transplant", False),
        ("Transplant evaluation", False),
        ("Bone marrow biopsy", False),
    ],
)
def test_a_procedure_is_a_transplant_only_when_it_names_one(procedure, expected):
    assert is_transplant(procedure) is expected


@pytest.mark.parametrize("rule", ["- " * 10_000, "-" * 20_000, " " * 40_000, "\n" * 40_000])
def test_a_long_rule_of_dashes_or_blanks_hides_no_plan(rule):
    """Such rules once cost quadratic time."""
    assert intention_in(f"{rule}\nAllogeneic stem cell transplant is planned.\n{rule}") is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alloSCT 5/20/26 with MUD, finish C2", True),
        ("alloSCT 5/29", True),
        ("alloSCT 12/2026", True),
        ("alloSCT 5/18", None),  # May 2018, or May 18
        ("HSCT 3/2/24", None),
        ("alloSCT 3/30", None),
        ("HSCT 5/29?", None),
        ("HSCT consult 5/29", None),
        ("HSCT labs 5/29", None),
        ("BMT 5/29", None),
        ("HCT 5/29", None),
        ("Sister: alloSCT 5/29", None),
        ("alloSCT 5/29 pending", None),
        ("No HSCT 5/29", False),
    ],
)
def test_nothing_but_a_day_ahead_is_a_plan(text, expected):
    assert intention_in(text, date(2026, 4, 12)) is expected


@pytest.mark.parametrize(("text", "planned"), [
    ("HPI: He is planned for allogeneic stem cell transplant in June.", True), ("HPI: Not a transplant candidate.", False),
    ("HPI: He was planned for transplant in 2024 but relapsed.", None), ("PMH: HSCT planned", None), ("Oncologic history: HSCT planned", None),
])  # fmt: skip
def test_the_history_of_the_present_illness_tells_the_plan_that_stands(text, planned):
    assert intention_in(text, date(2026, 4, 12)) is planned


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Stem cell transplant", True),
        ("Allogeneic HCT; matched unrelated donor", True),
        ("Stem cell transplant: evaluation", False),
        ("Stem cell transplant; HLA typing", False),
        ("Stem cell transplant. Consult", False),
        ("Stem cell transplant - donor search", False),
        ("Stem cell transplant echo", False),
    ],
)
def test_a_request_is_of_the_transplant_itself_where_all_its_words_are(name, expected):
    assert is_request(name) is expected
