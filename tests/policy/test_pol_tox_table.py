"""POL-TOX-BLEED, POL-TOX-INF, POL-TOX-GR2, and what leaves toxicity open: the table of non-hematologic toxicities."""

import pytest

from tests.policy.chart_notes import (
    SNOMED,
    adverse_event,
    coded,
    condition,
    document,
    drug_order,
    held,
    verdict,
)
from tests.policy.treated import CYCLE_1, first_cycle, raised, second_cycle, with_grade

CTCAE = "http://hl7.org/fhir/us/ctcae/CodeSystem/ctcae-grade-code-system"
HOLD = {("nonhem-hold", "warning")}
RULES = ("POL-TOX-BLEED", "POL-TOX-INF", "POL-TOX-GR2")


def rules_raised(determination):
    return {rule for f in determination.findings for rule in f.rules} & set(RULES)


HELD = {
    "another finding has resolved": (adverse_event("Oral mucositis grade 3, fever resolved", "2026-04-10"), "POL-TOX-GR2"),
    "not resolved": (adverse_event("Oral mucositis not resolved, grade 3", "2026-04-10"), "POL-TOX-GR2"),
    "mucositis, grade 2 in words": (adverse_event("Oral mucositis, grade 2", "2026-04-10"), "POL-TOX-GR2"),
    "mucositis, grade 3 in an extension": (with_grade(adverse_event("Oral mucositis", "2026-04-10"), 3), "POL-TOX-GR2"),
    "a condition with a CTCAE grade": (condition(None, text="Mucositis, CTCAE grade 2", onset="2026-04-10"), "POL-TOX-GR2"),
    "moderate, as an adverse event": (adverse_event("Peripheral neuropathy", "2026-04-10", severity="moderate"), "POL-TOX-GR2"),
    "recovering": (adverse_event("Oral mucositis, grade 2", "2026-04-10", outcome="recovering"), "POL-TOX-GR2"),
    "undated, after doses": (adverse_event("Oral mucositis, grade 2"), "POL-TOX-GR2"),
    "gastrointestinal bleeding": (condition("K92.2", onset="2026-04-10"), "POL-TOX-BLEED"),
    "bleeding in words": (condition(None, text="Gingival bleeding", onset="2026-04-10"), "POL-TOX-BLEED"),
    "bleeding in SNOMED CT": (condition("131148009", system=SNOMED, onset="2026-04-10"), "POL-TOX-BLEED"),
    "bleeding with thrombocytopenia": (condition(None, text="Hemorrhage with thrombocytopenia", onset="2026-04-10"), "POL-TOX-BLEED"),
    "sepsis": (condition("A41.9", onset="2026-04-10"), "POL-TOX-INF"),
    "sepsis in SNOMED CT": (condition("91302008", system=SNOMED, onset="2026-04-10"), "POL-TOX-INF"),
    "neutropenic sepsis": (condition(None, text="Neutropenic sepsis", onset="2026-04-10"), "POL-TOX-INF"),
    "severe cellulitis": (condition(None, text="Cellulitis", onset="2026-04-10", severity={"text": "severe"}), "POL-TOX-INF"),
    "febrile neutropenia": (adverse_event("Febrile neutropenia", "2026-04-10"), "POL-TOX-INF"),
    "febrile neutropenia by code": (condition("409089005", system=SNOMED, onset="2026-04-10"), "POL-TOX-INF"),
    "neutropenic fever": (condition(None, text="Neutropenic fever", onset="2026-04-10"), "POL-TOX-INF"),
    "nausea, its cause named": (adverse_event("Nausea due to antineoplastic chemotherapy, grade 2", "2026-04-10"), "POL-TOX-GR2"),
    "an antineoplastic drug's toxicity": (adverse_event("Adverse effect of antineoplastic agent: colitis, grade 3", "2026-04-10"), "POL-TOX-GR2"),
    "tumor lysis syndrome": (adverse_event("Tumor lysis syndrome, grade 3", "2026-04-10"), "POL-TOX-GR2"),
    "beside another thing ruled out": (adverse_event("Mucositis grade 3, HSV ruled out by PCR", "2026-04-10"), "POL-TOX-GR2"),
    "behind another thing ruled out": (adverse_event("HSV excluded, grade 3 mucositis", "2026-04-10"), "POL-TOX-GR2"),
    "beside VOD that is denied": (adverse_event("Elevated lipase grade 3, no VOD", "2026-04-10"), "POL-TOX-GR2"),
    "a relative was told": (adverse_event("Mucositis grade 3, sister informed", "2026-04-10"), "POL-TOX-GR2"),
    "not better": (adverse_event("Mucositis grade 3, not improved", "2026-04-10"), "POL-TOX-GR2"),
    "the lack of a thing": (adverse_event("No appetite grade 3", "2026-04-10"), "POL-TOX-GR2"),
    "one whose end is told as not come": (
        condition(None, text="Oral mucositis, grade 3", onset="2026-04-10", clinical=None, abatementString="ongoing"), "POL-TOX-GR2",
    ),
    "a grade in the stage": (condition(None, text="Oral mucositis", onset="2026-04-10", stage=[{"summary": {"text": "CTCAE Grade 3"}}]), "POL-TOX-GR2"),
    "a grade of a scale in the stage": (
        condition(None, text="Oral mucositis", onset="2026-04-10", stage=[{"summary": {"text": "3"}, "type": {"text": "CTCAE v5 grade"}}]), "POL-TOX-GR2",
    ),
    "a grade by code in the stage": (condition(None, text="Oral mucositis", onset="2026-04-10", stage={"summary": coded(CTCAE, "3")}), "POL-TOX-GR2"),
    "a grade by code as severity": (condition(None, text="Oral mucositis", onset="2026-04-10", severity=coded(CTCAE, "grade-2")), "POL-TOX-GR2"),
    "a severe infection by its stage": (condition(None, text="Infection", onset="2026-04-10", stage=[{"summary": {"text": "Grade 3"}}]), "POL-TOX-INF"),
    "a grade 2 infection": (adverse_event("Skin infection, grade 2", "2026-04-10"), "POL-TOX-GR2"),
}  # fmt: skip


@pytest.mark.parametrize(("event", "rule"), HELD.values(), ids=HELD)
def test_an_unresolved_toxicity_holds_and_leaves_coverage(event, rule):
    d = second_cycle(event)
    assert raised(d, rule) == HOLD
    assert rules_raised(d) == {rule}
    assert verdict(d, "POL-B-I-TOX") == "met"
    assert d.coverage.value == "met"


def test_an_event_without_a_name_is_called_by_its_code():
    (found,) = (
        f for f in second_cycle(condition("J18.9", onset="2026-04-10")).findings if f.kind == "nonhem-hold"
    )
    assert "J18.9 (2026-04-10)" in found.text


NOT_HELD = {
    "grade 1": adverse_event("Oral mucositis, grade 1", "2026-04-10"),
    "mild": adverse_event("Headache", "2026-04-10", severity="mild"),
    "without grade": adverse_event("Headache", "2026-04-10"),
    "resolved": adverse_event("Oral mucositis, grade 3", "2026-04-05", outcome="resolved"),
    "resolved with sequelae": adverse_event("Oral mucositis, grade 3", "2026-04-05", outcome="resolvedWithSequelae"),
    "grade 1 in the stage": condition(None, text="Oral mucositis", onset="2026-04-10", stage=[{"summary": {"text": "Grade 1"}}]),
    "a stage that is no grade": condition(None, text="Chronic kidney disease", onset="2026-04-10", stage=[{"summary": {"text": "3"}, "type": {"text": "KDIGO"}}]),
    "the grade of a tumor": condition("C50.911", onset="2026-04-10", stage=[{"summary": {"text": "Grade 3"}}]),
    "ended, as earlier versions have it": condition(
        None, text="Oral mucositis, grade 3", onset="2026-04-05", clinical=None, abatementBoolean=True,
    ),
    "ended at an age": condition(None, text="Oral mucositis, grade 3", onset="2026-04-05", clinical=None, abatementAge={"value": 46, "code": "a"}),
    "resolved by its name": adverse_event("Oral mucositis resolved, grade 3", "2026-04-10"),
    "bleeding resolved by its name, with a grade": adverse_event("Bleeding resolved, grade 3", "2026-04-10"),
    "ruled out": adverse_event("Grade 3 mucositis ruled out", "2026-04-10"),
    "excluded by an examination": adverse_event("Grade 3 pneumonitis excluded by CT", "2026-04-10"),
    "entered in error by its name": adverse_event("Grade 3 mucositis - entered in error", "2026-04-10"),
    "of a brother": adverse_event("Brother: grade 3 mucositis", "2026-04-10"),
    "a risk": adverse_event("Risk for grade 3 mucositis", "2026-04-10"),
    "answered with no": adverse_event("Mucositis grade 3: No", "2026-04-10"),
    "no evidence of it": adverse_event("No evidence of grade 3 mucositis", "2026-04-10"),
    "an infection ruled out, with its grade": adverse_event("Grade 3 sepsis ruled out", "2026-04-10"),
    "resolved condition": condition("A41.9", onset="2026-03-30", ended="2026-04-08", clinical="resolved"),
    "a mild infection": condition(None, text="Upper respiratory infection", onset="2026-04-10"),
    "neutropenia, its own table": adverse_event("Neutropenia, grade 4", "2026-04-10"),
    "platelet count decreased": adverse_event("Platelet count decreased, grade 3", "2026-04-10"),
    "anemia": with_grade(adverse_event("Anemia", "2026-04-10"), 3),
    "low white cells": adverse_event("White blood cell count decreased, grade 4", "2026-04-10"),
    "low neutrophils": adverse_event("Low neutrophil count, grade 3", "2026-04-10"),
    "lymphocytopenia": adverse_event("Lymphocytopenia, grade 3", "2026-04-10"),
    "anemia by its code, its cause in the name": with_grade(condition("D64.81", onset="2026-04-10", text="Anemia due to antineoplastic chemotherapy"), 3),
    "thrombocytopenia by its code alone": with_grade(condition("D69.59", onset="2026-04-10"), 4),
    "a neoplasm": condition(None, text="Neoplasm of skin, grade 2", onset="2026-04-10"),
    "bleeding ruled out": condition(None, text="No bleeding", onset="2026-04-10"),
    "bleeding long ago": condition(None, text="History of gastrointestinal bleeding", onset="2026-04-10"),
    "not confirmed": condition("A41.9", onset="2026-04-10", verification="provisional"),
    "before treatment": adverse_event("Peripheral neuropathy, grade 2", "2025-06-01"),
    "a tumor's grade": condition(None, text="Follicular lymphoma, grade 2", onset="2026-04-10"),
    "a common disease of moderate severity": condition(None, text="Hypertension", recorded="2026-04-10", severity={"text": "moderate"}),
    "bleeding of the father": condition(None, text="Father: gastrointestinal bleeding", recorded="2026-04-10"),
    "bleeding that has resolved": condition(None, text="Bleeding resolved", onset="2026-04-10"),
    "a disease named as without bleeding": condition(None, text="Diverticulosis of large intestine without perforation or abscess without bleeding", onset="2026-04-10"),
    "an infection of the donor": condition(None, text="Donor infection, severe", recorded="2026-04-10"),
    "a vaccination": condition(None, text="Pneumonia vaccination", recorded="2026-04-10"),
    "teaching": condition(None, text="Sepsis bundle teaching", recorded="2026-04-10"),
    "an infection that is over, beside its code": condition("A41.9", text="Sepsis, resolved", onset="2026-04-10"),
    "infection prophylaxis": drug_order("levofloxacin", authored="2026-03-18", reason="infection prophylaxis"),
}  # fmt: skip


UNCLEAR = {
    "bleeding": (condition(None, text="Bleeding xyzzy", onset="2026-04-10"), "POL-TOX-BLEED"),
    "an infection": (condition(None, text="Pneumonia of the quux", onset="2026-04-10"), "POL-TOX-INF"),
    "a code beside other words": (
        condition("A41.9", text="Sepsis bundle teaching", onset="2026-04-10"),
        "POL-TOX-INF",
    ),
}


@pytest.mark.parametrize(("event", "rule"), UNCLEAR.values(), ids=UNCLEAR)
def test_a_name_that_is_not_wholly_understood_warns_with_its_quote_and_decides_nothing(event, rule):
    d = second_cycle(event)
    (found,) = [f for f in d.findings if rule in f.rules]
    assert event["code"]["text"] in found.text
    assert "not wholly understood" in found.text
    assert (found.action.split()[0], verdict(d, "POL-B-I-TOX")) == ("Check", "met")


@pytest.mark.parametrize("event", NOT_HELD.values(), ids=NOT_HELD)
def test_what_the_table_does_not_name_holds_nothing(event):
    d = second_cycle(event)
    assert rules_raised(d) == set()
    assert verdict(d, "POL-B-I-TOX") == "met"


def test_the_newest_record_of_a_toxicity_speaks():
    three = adverse_event("Oral mucositis, grade 3", "2026-04-03")
    assert rules_raised(second_cycle(three)) == {"POL-TOX-GR2"}
    assert rules_raised(second_cycle(three, adverse_event("Oral mucositis, grade 1", "2026-04-12"))) == set()
    resolved = adverse_event("Oral mucositis, grade 3", "2026-04-12", outcome="resolved")
    assert rules_raised(second_cycle(three, resolved)) == set()


@pytest.mark.parametrize(("now", "rules"), [(2, set()), (3, {"POL-TOX-GR2"})])
def test_a_toxicity_at_its_grade_before_treatment_holds_nothing(now, rules):
    before = adverse_event("Peripheral neuropathy, grade 2", "2025-06-01")
    event = adverse_event(f"Peripheral neuropathy, grade {now}", "2026-04-12")
    assert rules_raised(second_cycle(before, event)) == rules


def test_a_toxicity_before_the_first_dose_is_none_of_inotuzumab():
    assert rules_raised(first_cycle(adverse_event("Oral mucositis, grade 3", "2026-04-10"))) == set()


GRADE_4 = {
    "in words": adverse_event("Pancreatitis, grade 4", "2026-04-10", id="event"),
    "life-threatening": adverse_event("Pancreatitis", "2026-04-10", severity="life-threatening", id="event"),
}


@pytest.mark.parametrize("event", GRADE_4.values(), ids=GRADE_4)
def test_an_unresolved_grade_4_event_leaves_toxicity_unknown(event):
    d = second_cycle(event)
    assert verdict(d, "POL-B-I-TOX") == "unknown"
    assert raised(d, "POL-TOX-GR2") == HOLD
    assert "toxicity-detail" in {n.item for n in d.needed}


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Pancreatitis improving, may continue inotuzumab.", "met"),
        ("Cleared to resume treatment.", "met"),
        ("Not cleared to resume treatment.", "unknown"),
        ("Pancreatitis improving.", "unknown"),
    ],
)
def test_a_physicians_statement_that_treatment_may_go_on_settles_grade_4(note, expected):
    d = second_cycle(GRADE_4["in words"], document("2026-04-13", note))
    assert verdict(d, "POL-B-I-TOX") == expected


def test_a_statement_from_before_the_event_settles_nothing():
    d = second_cycle(GRADE_4["in words"], document("2026-04-02", "May continue inotuzumab."))
    assert verdict(d, "POL-B-I-TOX") == "unknown"


def test_the_instruction_of_another_drug_settles_nothing():
    d = second_cycle(
        GRADE_4["in words"], drug_order("allopurinol", authored="2026-04-12", text="continue treatment")
    )
    assert verdict(d, "POL-B-I-TOX") == "unknown"


def test_a_grade_4_event_that_has_resolved_is_met():
    event = adverse_event("Pancreatitis, grade 4", "2026-04-02", outcome="resolved")
    assert verdict(second_cycle(event), "POL-B-I-TOX") == "met"


# ---- Infections and bleeding of long ago. The first dose was on 2026-03-18; 90 days before it is 2025-12-18. ----

PNEUMONIA = condition(None, text="Pneumonia", onset="1999-03-01", id="pneumonia")
LONG_AGO = {
    "an infection": PNEUMONIA,
    "an infection by code": condition("J18.9", onset="1999-03-01"),
    "bleeding": condition("K92.2", onset="1988-05-01"),
    "91 days before the course": condition("A41.9", onset="2025-12-17"),
    "known by the year in its name": condition(None, text="Pneumonia in 1999"),
    "known by the day it was recorded": condition("A41.9", recorded="1999-03-01"),
}


@pytest.mark.parametrize("event", LONG_AGO.values(), ids=LONG_AGO)
def test_an_infection_or_bleeding_of_long_ago_is_information_and_no_hold(event):
    d = second_cycle(event)
    assert rules_raised(d) == set()
    (need,) = [n for n in d.needed if n.item == "toxicity-detail"]
    assert not need.decides
    assert "no end recorded" in need.because
    assert (verdict(d, "POL-B-I-TOX"), d.coverage.value) == ("met", "met")


STILL_HELD = {
    "90 days before the course": [condition("A41.9", onset="2025-12-18")],
    "without a date": [condition(None, text="Pneumonia")],
    "in a month that straddles": [condition("A41.9", onset="2025-12")],
    "written down anew": [condition(None, text="Pneumonia", onset="1999-03-01", recorded="2026-03-30")],
    "entered again": [PNEUMONIA, condition(None, text="Pneumonia", onset="2026-04-01")],
    "restated in a note": [PNEUMONIA, document("2026-04-12", "Pneumonia, on antibiotics.")],
    "treated": [PNEUMONIA, drug_order("levofloxacin", authored="2026-04-01", reason="Pneumonia")],
}


@pytest.mark.parametrize("record", STILL_HELD.values(), ids=STILL_HELD)
def test_one_that_may_be_of_this_time_still_holds(record):
    assert rules_raised(second_cycle(*record)) == {"POL-TOX-INF"}


NOT_RESTATED = {
    "of another person": document("2026-04-12", "Husband has pneumonia."),
    "a vaccination": document("2026-04-12", "Pneumonia vaccination given."),
    "asked": document("2026-04-12", "Pneumonia?"),
    "if it came": document("2026-04-12", "If pneumonia, start antibiotics."),
    "it has resolved": document("2026-04-12", "Pneumonia resolved."),
    "denied in a note": document("2026-04-12", "No pneumonia."),
    "restated long ago": document("2001-04-12", "Pneumonia, on antibiotics."),
    "prevented": drug_order("levofloxacin", authored="2026-04-01", reason="Pneumonia prophylaxis"),
    "a drug for something else": drug_order("levofloxacin", authored="2026-04-01", reason="Cystitis"),
}


@pytest.mark.parametrize("resource", NOT_RESTATED.values(), ids=NOT_RESTATED)
def test_what_does_not_restate_an_old_infection(resource):
    assert rules_raised(second_cycle(PNEUMONIA, resource)) == set()


def test_a_text_on_an_old_infection_that_is_not_understood_is_quoted_and_holds_nothing():
    d = second_cycle(PNEUMONIA, document("2026-04-12", "Pneumonia xyzzy."))
    (need,) = [n for n in d.needed if n.item == "toxicity-detail"]
    assert rules_raised(d) == set()
    assert 'not understood: text of 2026-04-12: "Pneumonia xyzzy"' in need.because


def test_before_a_first_cycle_the_course_begins_on_its_planned_day():
    assert (
        rules_raised(first_cycle(condition("A41.9", onset="2026-01-15"))) == set()
    )  # 91 days before 2026-04-16
    assert rules_raised(first_cycle(condition("A41.9", onset="2026-01-16"))) == {"POL-TOX-INF"}


def test_a_dose_held_for_febrile_neutropenia_was_held_for_a_toxicity():
    """An infection, not low counts: its length counts for the interruption table."""
    event = adverse_event(
        "Febrile neutropenia", "2026-03-24", id="fn", outcome="resolved", recorded="2026-04-10"
    )
    d = second_cycle(event, held("2026-03-25", text="C1D8"), without=[CYCLE_1[1]])
    assert "interruption-reason" not in {n.item for n in d.needed}
