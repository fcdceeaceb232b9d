"""POL-TOX-IRR and POL-TOX-IRR-SEV: infusion reactions, by day or suspected drug, then by severity."""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    ICD10,
    J9229,
    PATIENT,
    RXNORM,
    SNOMED,
    adverse_event,
    coded,
    condition,
    document,
    drug_order,
    procedure,
    stated,
    verdict,
)
from tests.policy.treated import CYCLE_1, first_cycle, raised, second_cycle, with_grade

STOP = {("permanent-discontinuation", "critical")}
MILD = {("nonhem-hold", "warning")}
REACTION = "Infusion related reaction"


def outcome(determination):
    return raised(determination, "POL-TOX-IRR", "POL-TOX-IRR-SEV"), verdict(determination, "POL-B-I-TOX")


def by(suspect, text=REACTION, day="2026-03-25", severity="severe"):
    return adverse_event(text, day, severity=severity, suspect=suspect)


STOPS = {
    "severe, on the day of a dose": adverse_event(REACTION, "2026-03-25", severity="severe"),
    "severe, the day after a dose": adverse_event(REACTION, "2026-03-26T08:00:00-04:00", severity="severe"),
    "grade 3 in an extension": with_grade(adverse_event(REACTION, "2026-03-25"), 3),
    "to chemotherapy": adverse_event("Severe infusion reaction to chemotherapy", "2026-03-25"),
    "to an antibody": adverse_event("Infusion reaction to antibody, grade 3", "2026-03-25"),
    "due to an antineoplastic": adverse_event("Grade 4 infusion reaction due to antineoplastic drug", "2026-03-25"),
    "grade 4 in words": adverse_event("Infusion-related reaction, grade 4", "2026-03-25"),
    "life-threatening": adverse_event(REACTION, "2026-03-25", severity="life-threatening"),
    "serious, life-threatening": adverse_event(REACTION, "2026-03-25", seriousness={"coding": [{"code": "SeriousIsLifeThreatening"}]}),
    "anaphylaxis": condition(None, text="Anaphylaxis", onset="2026-03-25"),
    "anaphylaxis to a drug in ICD-10": condition("T88.6XXA", onset="2026-03-25"),
    "anaphylaxis in SNOMED CT": condition("39579001", system=SNOMED, onset="2026-03-25"),
    "anaphylactic shock in ICD-10": condition("T78.2XXA", system=ICD10, onset="2026-03-25"),
    "resolved": condition(None, text="Anaphylaxis", onset="2026-03-25", ended="2026-03-26", clinical="resolved"),
    "inotuzumab suspected, three days later": by("inotuzumab ozogamicin", day="2026-03-28"),
    "inotuzumab suspected by its brand": by("Besponsa", day="2026-03-28"),
    "inotuzumab suspected, no date": by("inotuzumab ozogamicin", day=None),
    "a severe condition": condition(None, text=REACTION, onset="2026-03-25", severity={"text": "Severe"}),
    "after the first dose, said in a note": condition(None, text="Anaphylaxis", onset="2026-03-18", note="occurred after the first dose"),
    "due to the infusion": condition(None, text="Anaphylaxis", onset="2026-03-18", note="due to the infusion"),
}  # fmt: skip


@pytest.mark.parametrize("event", STOPS.values(), ids=STOPS)
def test_a_severe_reaction_at_a_dose_stops(event):
    d = second_cycle(event)
    assert outcome(d) == (STOP, "not-met")
    (found,) = [f for f in d.findings if f.kind == "permanent-discontinuation"]
    assert found.rules == ("POL-TOX-IRR-SEV",)


NOT_OURS = {
    "contrast suspected, on the day of a dose": by("Iodinated contrast"),
    "rituximab suspected, on the day of a dose": by("rituximab"),
    "anaphylaxis to contrast, in words": condition(None, text="Anaphylaxis due to iodinated contrast media", onset="2026-03-25"),
    "anaphylaxis after contrast, in a note": condition(None, text="Anaphylaxis", onset="2026-03-25", note="after CT contrast"),
    "as history, recorded before the first dose": condition(None, text="History of anaphylaxis", recorded="2015-04-12"),
    "transfusion reaction": condition(None, text="Anaphylaxis", onset="2026-03-25", note="during platelet transfusion"),
    "an agent this service does not know": condition(None, text="Anaphylaxis", onset="2026-03-25", note="caused by trabectedin"),
    "no dose near, nothing suspected": adverse_event(REACTION, "2026-03-28", severity="severe"),
    "the day before a dose": adverse_event(REACTION, "2026-03-24", severity="severe"),
    "years ago": condition(None, text="Anaphylaxis", onset="2019-06-01"),
    "negated": condition(None, text="No infusion reaction", onset="2026-03-25"),
    "refuted": condition(None, text="Anaphylaxis", onset="2026-03-25", verification="refuted"),
}  # fmt: skip


@pytest.mark.parametrize("event", NOT_OURS.values(), ids=NOT_OURS)
def test_a_reaction_to_something_else_or_elsewhere_stops_nothing(event):
    assert outcome(second_cycle(event)) == (set(), "met")


NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"


def graded(**concept):
    url = "http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade"
    return adverse_event(REACTION, "2026-03-25", extension=[{"url": url, "valueCodeableConcept": concept}])


# A grade by the code of a terminology, without any words -> what follows.
CODED_GRADES = {
    "NCIt grade 3": (graded(coding=[{"system": NCIT, "code": "C41340"}]), "not-met"),
    "NCIt grade 4": (graded(coding=[{"system": NCIT, "code": "C41337"}]), "not-met"),
    "NCIt grade 2": (graded(coding=[{"system": NCIT, "code": "C41339"}]), "met"),
    "NCIt grade 3 as severity": (adverse_event(REACTION, "2026-03-25", severity=None) | {"severity": {"coding": [{"system": NCIT, "code": "C41340"}]}}, "not-met"),
    "a grade in words in the extension": (graded(text="Grade 3"), "not-met"),
    "a number in the extension": (adverse_event(REACTION, "2026-03-25", extension=[{"url": "http://example.org/ctcae-grade", "valueInteger": 3}]), "not-met"),
    "a number that is no grade": (adverse_event(REACTION, "2026-03-25", extension=[{"url": "http://example.org/ctcae-grade", "valueInteger": 6}]), "unknown"),
    "a code of the grade's own scale": (graded(coding=[{"code": "ctcae-grade-3"}]), "not-met"),
    "a code that only ends in a figure": (graded(coding=[{"system": "http://ncimeta.nci.nih.gov", "code": "C1513374"}]), "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("event", "toxicity"), CODED_GRADES.values(), ids=CODED_GRADES)
def test_a_grade_by_its_code_alone(event, toxicity):
    assert verdict(second_cycle(event), "POL-B-I-TOX") == toxicity


UNDECIDED = {
    "severity not recorded": adverse_event(REACTION, "2026-03-25"),
    "as history, that names inotuzumab": condition(None, text="History of severe infusion reaction to inotuzumab", recorded="2026-04-12"),
    "as history, on the day of a dose": condition(None, text="History of anaphylaxis", onset="2026-03-25"),
    "as history, of which only the record has a day": condition(None, text="History of anaphylaxis", recorded="2026-04-12"),
    "severe, not confirmed": condition(None, text="Anaphylaxis", onset="2026-03-25", verification="provisional"),
    "named as possible": condition(None, text="Possible anaphylaxis", onset="2026-03-25"),
    "inotuzumab and another drug suspected": adverse_event(REACTION, "2026-03-25", severity="severe")
    | {"suspectEntity": [{"instance": {"display": "inotuzumab"}}, {"instance": {"display": "rituximab"}}]},
    "severe, neither date nor suspect": adverse_event(REACTION, severity="severe"),
    "severe, in the month of the doses": condition(None, text="Anaphylaxis", onset="2026-03"),
    "the suspected drug cannot be read": adverse_event(REACTION, "2026-03-28", severity="severe")
    | {"suspectEntity": [{"instance": {"reference": "Medication/not-here"}}]},
    "infusion complication by code only": condition("T80.90XA", onset="2026-03-25"),
}  # fmt: skip


@pytest.mark.parametrize("event", UNDECIDED.values(), ids=UNDECIDED)
def test_a_reaction_that_might_be_a_stop_asks(event):
    d = second_cycle(event)
    assert outcome(d) == ({("nonhem-hold", "warning")}, "unknown")
    assert "toxicity-detail" in {n.item for n in d.needed}
    assert d.coverage.value == "unknown"


MILD_ONES = {
    "grade 1": with_grade(adverse_event(REACTION, "2026-04-01"), 1),
    "grade 2 in words": adverse_event("Infusion reaction, grade 2", "2026-04-01"),
    "moderate": adverse_event(REACTION, "2026-04-01", severity="moderate"),
    "mild, no anaphylaxis": condition(None, text="Infusion reaction without anaphylaxis", onset="2026-04-01", severity={"text": "mild"}),
    "mild, not confirmed": condition(None, text=REACTION, onset="2026-04-01", severity={"text": "mild"}, verification="provisional"),
}  # fmt: skip


@pytest.mark.parametrize("event", MILD_ONES.values(), ids=MILD_ONES)
def test_a_mild_reaction_since_the_last_dose_warns_and_leaves_coverage(event):
    d = second_cycle(event)
    assert outcome(d) == (MILD, "met")
    assert d.coverage.value == "met"


def test_a_mild_reaction_before_the_last_dose_is_past():
    assert outcome(second_cycle(adverse_event(REACTION, "2026-03-18", severity="mild"))) == (set(), "met")


def test_a_severe_reaction_counts_however_many_doses_followed():
    assert outcome(second_cycle(adverse_event(REACTION, "2026-03-18", severity="severe"))) == (
        STOP,
        "not-met",
    )


@pytest.mark.parametrize(
    ("question", "answer", "is_open"),
    [
        ("Infusion reaction", "Grade 3", True),
        ("Infusion related reaction grade", "4", True),
        ("Anaphylaxis", "yes", True),
        ("Infusion reaction", "grade 1", False),
        ("Infusion reaction", "none", False),
        ("Anaphylaxis", "No", False),
        ("Anaphylaxis risk", "high", False),
    ],
)
def test_an_answer_is_read_with_its_question(question, answer, is_open):
    d = second_cycle(stated(question, answer, "2026-03-25"))
    assert outcome(d) == (({("nonhem-hold", "warning")}, "unknown") if is_open else (set(), "met"))


def test_a_reaction_in_an_earlier_course_stops_a_new_one():
    old = [
        r | {"id": f"old-{n}", "effectiveDateTime": f"2024-06-{4 + 7 * n:02}"} for n, r in enumerate(CYCLE_1)
    ]
    reaction = adverse_event(REACTION, "2024-06-11", severity="severe")
    transplant = {
        "resourceType": "Procedure", "id": "hsct", "status": "completed", "subject": {"reference": "Patient/p1"},
        "code": {"text": "Allogeneic stem cell transplant"}, "performedDateTime": "2024-09-01",
    }  # fmt: skip
    d = first_cycle(*old, reaction, transplant)
    assert (d.request, d.cycle) == ("initial", 1)
    assert raised(d, "POL-TOX-IRR-SEV") == STOP


def test_a_reaction_that_names_inotuzumab_counts_without_a_recorded_dose():
    d = second_cycle(by("inotuzumab"), without=CYCLE_1)
    assert raised(d, "POL-TOX-IRR-SEV") == STOP


def test_a_reaction_when_no_dose_was_ever_given_is_not_ours():
    assert (
        raised(first_cycle(adverse_event(REACTION, "2026-03-25", severity="severe")), "POL-TOX-IRR-SEV")
        == set()
    )


def test_a_reaction_when_the_doses_could_not_be_seen_is_undecided():
    gap = Gap(DataKind.MEDICATION_ADMINISTRATIONS, "the server answered 503")
    d = second_cycle(adverse_event(REACTION, "2026-03-25", severity="severe"), without=CYCLE_1, gaps=[gap])
    assert outcome(d) == ({("nonhem-hold", "warning")}, "unknown")


def test_a_suspect_named_by_reference_to_a_dose_given_is_inotuzumab():
    event = adverse_event(REACTION, "2026-03-28", severity="severe") | {
        "suspectEntity": [{"instance": {"reference": f"MedicationAdministration/{CYCLE_1[1]['id']}"}}]
    }
    assert outcome(second_cycle(event)) == (STOP, "not-met")


# ---- A suspect of any type is read by what it refers to, or its display ----


def suspecting(*instances, contained=None):
    event = adverse_event(REACTION, "2026-03-28", severity="severe")
    event |= {"suspectEntity": [{"instance": i} for i in instances]}
    return event | ({"contained": contained} if contained else {})


def to(reference, display=None):
    return {"reference": reference} | ({"display": display} if display else {})


NDC = "http://hl7.org/fhir/sid/ndc"
BESPONSA = {"resourceType": "Medication", "id": "m1", "code": J9229}
MIXTURE = {"resourceType": "Medication", "id": "mix", "ingredient": [{"itemReference": to("Medication/m1")}]}
SUBSTANCE = {"resourceType": "Substance", "id": "s1", "code": {"text": "inotuzumab ozogamicin"}}
ORDER = drug_order(J9229, id="order-1", authored="2026-03-18", status="completed", day="2026-03-18")
VACCINE = {
    "resourceType": "Immunization",
    "id": "v1",
    "patient": PATIENT,
    "vaccineCode": {"text": "influenza vaccine"},
}
CONTRAST = procedure(None, "2026-03-28", text="Iodinated contrast injection", id="ct")
SUSPECTS = {
    "a Medication": (suspecting(to("Medication/m1")), [BESPONSA], "critical"),
    "a mixture": (suspecting(to("Medication/mix")), [MIXTURE, BESPONSA], "critical"),
    "a Medication by its package code": (suspecting(to("Medication/m1")), [BESPONSA | {"code": coded(NDC, "0008-0100-01")}], "critical"),
    "another Medication by its code": (suspecting(to("Medication/m1")), [BESPONSA | {"code": coded(RXNORM, "121191")}], None),
    "a code that no table has": (suspecting(to("Medication/m1")), [BESPONSA | {"code": coded(RXNORM, "7777777")}], "warning"),
    "the same with a display": (suspecting(to("Medication/m1", "Rituximab")), [BESPONSA | {"code": coded(RXNORM, "7777777")}], None),
    "a Substance": (suspecting(to("Substance/s1")), [SUBSTANCE], "critical"),
    "a contained Substance": (suspecting(to("#s1"), contained=[SUBSTANCE]), [], "critical"),
    "a contained mixture": (suspecting(to("#mix"), contained=[MIXTURE | {"ingredient": [{"itemReference": to("#m1")}]}, BESPONSA]), [], "critical"),
    "an order": (suspecting(to("MedicationRequest/order-1")), [ORDER], "critical"),
    "its display": (suspecting(to("Medication/gone", "Besponsa")), [], "critical"),
    "a vaccine": (suspecting(to("Immunization/v1")), [VACCINE], None),
    "a procedure": (suspecting(to("Procedure/ct")), [CONTRAST], None),
    "another display": (suspecting(to("Substance/gone", "rituximab")), [], None),
    "a reference that cannot be read": (suspecting(to("Substance/gone")), [], "warning"),
}  # fmt: skip


@pytest.mark.parametrize(("event", "more", "indicator"), SUSPECTS.values(), ids=SUSPECTS)
def test_a_suspect_of_any_type_is_read(event, more, indicator):
    """Three days after a dose: only the suspect tells whether the reaction counts."""
    found = {f.indicator.value for f in second_cycle(event, *more).findings if "POL-TOX-IRR-SEV" in f.rules}
    assert found == ({indicator} if indicator else set())


SIGNS = [
    "Infusion reaction: chills and fever, grade 2",
    "Rigors, infusion reaction gr. 2",
    "Infusion reaction with rigors, grade 1",
]


@pytest.mark.parametrize("name", SIGNS)
def test_signs_beside_its_name_leave_no_anaphylaxis_open(name):
    assert outcome(second_cycle(adverse_event(name, "2026-04-01"))) == (MILD, "met")


@pytest.mark.parametrize(
    "name", ["Infusion reaction, rule out anaphylaxis, grade 2", "Possible anaphylaxis, grade 2"]
)
def test_where_anaphylaxis_is_spoken_of_it_stays_open(name):
    assert outcome(second_cycle(adverse_event(name, "2026-04-01")))[1] == "unknown"


# Written on any day from the first dose on; the day of the reaction is not that of the note.
TOLD_LATER = [
    "Anaphylaxis to InO.",
    "Anaphylaxis with the last dose.",
    "Anaphylaxis during the last infusion of inotuzumab.",
    "Grade 3 infusion reaction.",
    "Grade 3 IRR with last dose.",
    "Grade 3 IRR to inotuzumab on C1D15.",
    "Severe infusion reaction with the last InO dose.",
    "Had a grade 3 infusion reaction last week.",
    "Grade 3 infusion reaction on 4/1.",
    "History of anaphylaxis to inotuzumab.",
    "Prior grade 3 infusion reaction with cycle 1.",
    "Hx of grade 4 IRR with InO.",
]


@pytest.mark.parametrize("day", ["2026-04-01", "2026-04-10", "2026-04-14"])
@pytest.mark.parametrize("text", TOLD_LATER)
def test_a_severe_reaction_told_in_a_note_asks_whenever_the_note_was_written(text, day):
    assert outcome(second_cycle(document(day, text))) == (MILD, "unknown")


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ("2026-03-10", "Grade 3 infusion reaction."),  # before the first dose
        ("2026-04-14", "Grade 3 infusion reaction on 4/9."),
        ("2026-04-14", "History of grade 3 infusion reaction to rituximab."),
        ("2026-04-14", "Grade 4 infusion reaction to platelets."),
        ("2026-04-14", "History of anaphylaxis to penicillin."),
        ("2026-04-14", "Hx of anaphylaxis."),
        ("2026-04-14", "Anaphylaxis."),
        ("2026-04-14", "Had a grade 3 infusion reaction in 2019."),
        ("2026-04-14", "Prior grade 1 infusion reaction with cycle 1."),
        ("2026-04-14", "No infusion reaction with the last InO dose."),
    ],
)
def test_a_reaction_told_in_a_note_that_is_not_of_a_dose_asks_nothing(day, text):
    assert outcome(second_cycle(document(day, text))) == (set(), "met")


OF_THE_PAST = {
    "to inotuzumab, without a date": ("History of grade 3 infusion reaction to inotuzumab.", True),
    "anaphylaxis to inotuzumab": ("History of anaphylaxis to inotuzumab", True),
    "with neither date nor suspect": ("Prior grade 3 infusion-related reaction.", True),
    "on the day of a dose": ("Prior grade 3 infusion reaction on 2026-03-25.", True),
    "before the first dose": ("Prior grade 3 infusion reaction on 2024-03-25.", False),
    "to another drug": ("History of grade 3 infusion reaction to rituximab.", False),
    "mild": ("History of grade 1 infusion reaction to inotuzumab.", False),
    "anaphylaxis to whatever": ("History of anaphylaxis", False),
    "of another person": ("Family history of anaphylaxis to inotuzumab.", False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), OF_THE_PAST.values(), ids=OF_THE_PAST)
def test_a_severe_reaction_of_the_past_in_a_note_is_asked_about(text, told):
    found = outcome(second_cycle(document("2026-04-12", text)))
    assert found == ((MILD, "unknown") if told else (set(), "met"))


def test_a_reaction_of_the_past_is_none_to_a_drug_that_was_never_given():
    assert not raised(
        first_cycle(document("2026-04-12", OF_THE_PAST["to inotuzumab, without a date"][0])),
        "POL-TOX-IRR-SEV",
    )
