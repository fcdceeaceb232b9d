"""POL-TOX-BLEED, POL-TOX-INF, POL-TOX-GR2 and TOX step 2: the table of non-hematologic toxicities."""

import pytest

from tests.policy.chart_notes import SNOMED, adverse_event, condition, document, drug_order, verdict
from tests.policy.treated import first_cycle, raised, second_cycle, with_grade

HOLD = {("nonhem-hold", "warning")}
RULES = ("POL-TOX-BLEED", "POL-TOX-INF", "POL-TOX-GR2")


def rules_raised(determination):
    return {rule for f in determination.findings for rule in f.rules} & set(RULES)


HELD = {
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
    "a grade 2 infection": (adverse_event("Skin infection, grade 2", "2026-04-10"), "POL-TOX-GR2"),
}  # fmt: skip


@pytest.mark.parametrize(("event", "rule"), HELD.values(), ids=HELD)
def test_an_unresolved_toxicity_holds_and_leaves_coverage(event, rule):
    d = second_cycle(event)
    assert raised(d, rule) == HOLD
    assert rules_raised(d) == {rule}
    assert verdict(d, "POL-B-I-TOX") == "met"
    assert d.coverage.value == "met"


NOT_HELD = {
    "grade 1": adverse_event("Oral mucositis, grade 1", "2026-04-10"),
    "mild": adverse_event("Headache", "2026-04-10", severity="mild"),
    "without grade": adverse_event("Headache", "2026-04-10"),
    "resolved": adverse_event("Oral mucositis, grade 3", "2026-04-05", outcome="resolved"),
    "resolved condition": condition("A41.9", onset="2026-03-30", ended="2026-04-08", clinical="resolved"),
    "a mild infection": condition(None, text="Upper respiratory infection", onset="2026-04-10"),
    "neutropenia, its own table": adverse_event("Neutropenia, grade 4", "2026-04-10"),
    "platelet count decreased": adverse_event("Platelet count decreased, grade 3", "2026-04-10"),
    "anemia": with_grade(adverse_event("Anemia", "2026-04-10"), 3),
    "bleeding ruled out": condition(None, text="No bleeding", onset="2026-04-10"),
    "bleeding long ago": condition(None, text="History of gastrointestinal bleeding", onset="2026-04-10"),
    "not confirmed": condition("A41.9", onset="2026-04-10", verification="provisional"),
    "before treatment": adverse_event("Peripheral neuropathy, grade 2", "2025-06-01"),
    "a tumor's grade": condition(None, text="Follicular lymphoma, grade 2", onset="2026-04-10"),
    "a common disease of moderate severity": condition(None, text="Hypertension", recorded="2026-04-10", severity={"text": "moderate"}),
    "infection prophylaxis": drug_order("levofloxacin", authored="2026-03-18", reason="infection prophylaxis"),
}  # fmt: skip


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
