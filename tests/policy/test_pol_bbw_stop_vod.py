"""POL-BBW-STOP: veno-occlusive disease. A stop needs a confirmed event on or after the first dose."""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    ICD10,
    SNOMED,
    administration,
    adverse_event,
    care_plan,
    coded,
    condition,
    document,
    drug_order,
    findings,
    report,
    stated,
    verdict,
)
from tests.policy.treated import CYCLE_1, first_cycle, raised, second_cycle

STOP = {("permanent-discontinuation", "critical")}
SUSPECTED = {("safety-hepatic", "warning")}
RULES = ("POL-BBW-STOP", "POL-BBW-RISK")
VOD = "Hepatic veno-occlusive disease"


def outcome(determination):
    return raised(determination, "POL-BBW-STOP"), verdict(determination, "POL-B-I-TOX")


STOPS = {
    "coded in ICD-10": condition("K76.5", onset="2026-04-10"),
    "coded in SNOMED CT": condition("65617004", system=SNOMED, onset="2026-04-10"),
    "in words": condition(None, text=VOD, onset="2026-04-10"),
    "venoocclusive in one word": condition(
        None, text="Venoocclusive disease of the liver", onset="2026-04-10"
    ),
    "sinusoidal obstruction syndrome": condition(
        None, text="Sinusoidal obstruction syndrome", onset="2026-04-10"
    ),
    "asserted, in the extension of US Core": condition(
        "K76.5",
        extension=[
            {
                "url": "http://hl7.org/fhir/StructureDefinition/condition-assertedDate",
                "valueDateTime": "2026-04-10",
            }
        ],
    ),
    "asserted, as STU3 has it": condition("K76.5", assertedDate="2026-04-10"),
    "as an adverse event of STU3": {
        k: v for k, v in adverse_event("VOD/SOS", "2026-04-10", id="old").items() if k != "event"
    }
    | {"type": {"text": "VOD/SOS"}},
    "as what an event without a name resulted in": {
        k: v for k, v in adverse_event("x", "2026-04-10", id="bare").items() if k != "event"
    }
    | {
        "resultingCondition": [
            {"reference": "Condition/elsewhere", "display": "Veno-occlusive disease of liver"}
        ]
    },
    "as the contained condition that it resulted in": {
        k: v for k, v in adverse_event("x", "2026-04-10", id="bare").items() if k != "event"
    }
    | {
        "contained": [{"resourceType": "Condition", "id": "c", "code": coded(ICD10, "K76.5")}],
        "resultingCondition": [{"reference": "#c"}],
    },
    "coded in NCIt": condition(
        "C26793", system="http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", onset="2026-04-10"
    ),
    "in words over two lines": condition(None, text="Hepatic veno-occlusive\ndisease", onset="2026-04-10"),
    "as an adverse event": adverse_event("VOD/SOS", "2026-04-10"),
    "on the day of the first dose": condition("K76.5", onset="2026-03-18"),
    "resolved since": condition("K76.5", onset="2026-04-02", ended="2026-04-12", clinical="resolved"),
    "without verification status": condition("K76.5", onset="2026-04-10", verification=None),
    "without onset, recorded later": condition("K76.5", recorded="2026-04-10"),
    "in a month wholly after the first dose": condition("K76.5", onset="2026-04"),
    "by its day in words": condition("K76.5", recorded="2026-04-14", onsetString="April 10, 2026"),
    "in words that say nothing": condition("K76.5", recorded="2026-04-10", onsetString="unknown"),
    "by a cycle, written down since the first dose": condition(
        "K76.5", recorded="2026-04-10", onsetString="after cycle 1"
    ),
    "by a cycle and day": condition("K76.5", recorded="2026-04-10", onsetString="C1D15"),
    "by a cycle of the drug": condition("K76.5", onsetString="Cycle 1 of inotuzumab"),
    "by a dose of the drug": condition("K76.5", onsetString="2 weeks after the last dose of inotuzumab"),
    "behind the drug": condition("K76.5", onsetString="following InO"),
    "in spite of prophylaxis": condition(None, text="VOD despite ursodiol prophylaxis", onset="2026-04-10"),
}


@pytest.mark.parametrize("event", STOPS.values(), ids=STOPS)
def test_vod_since_the_first_dose_stops(event):
    d = second_cycle(event)
    assert outcome(d) == (STOP, "not-met")
    assert d.coverage.value == "not-met"


def test_the_stop_names_the_day_and_the_boxed_warning():
    (found,) = [
        f for f in second_cycle(STOPS["coded in ICD-10"]).findings if f.kind == "permanent-discontinuation"
    ]
    assert found.action.startswith("Stop")
    assert "2026-04-10" in found.text
    assert "boxed warning" in found.text
    assert found.basis.value == "policy"


UNDECIDED = {
    "unconfirmed": condition("K76.5", onset="2026-04-10", verification="unconfirmed"),
    "provisional": condition("K76.5", onset="2026-04-10", verification="provisional"),
    "differential": condition("K76.5", onset="2026-04-10", verification="differential"),
    "named as possible": condition(None, text="Possible VOD", onset="2026-04-10"),
    "a potential adverse event": adverse_event("VOD", "2026-04-10", actuality="potential"),
    "without any date": condition("K76.5"),
    "in the month of the first dose": condition("K76.5", onset="2026-03"),
    "at the age of the first dose": condition("K76.5", recorded="2026-04-10", onsetAge={"value": 46, "code": "a"}),
    "in words that are no date": condition("K76.5", recorded="2026-04-10", onsetString="after transplant"),
    "by a cycle of what is not said": condition("K76.5", onsetString="after cycle 1"),
    "before a cycle": condition("K76.5", recorded="2026-04-10", onsetString="before cycle 2"),
    "by a cycle of another regimen": condition("K76.5", recorded="2026-04-10", onsetString="after cycle 1 of hyper-CVAD"),
    "in the year of the first dose": condition("K76.5", onset="2026"),
    "coded, and its note says ruled out": condition("K76.5", onset="2026-04-10", note="VOD ruled out by ultrasound"),
    "stated only in a note": document("2026-04-12", "Bilirubin rising. Diagnosed with VOD."),
    "suspected in a note": document("2026-04-12", "Weight gain, suspected veno-occlusive disease."),
    "doubted in the note of a problem": condition(None, text="Ascites", onset="2026-04-10", note="concern for VOD"),
    "concluded in a report by code alone": report("2026-04-12", conclusionCode=[coded(ICD10, "K76.5")]),
    "an observation's answer by code alone": stated("Diagnosis", "", "2026-04-12", valueCodeableConcept=coded(SNOMED, "65617004")),
    "stated in words as an observation's text": stated("Assessment", "sinusoidal obstruction syndrome", "2026-04-12"),
}  # fmt: skip


@pytest.mark.parametrize("event", UNDECIDED.values(), ids=UNDECIDED)
def test_vod_not_confirmed_or_not_dated_asks_and_leaves_toxicity_unknown(event):
    d = second_cycle(event)
    assert outcome(d) == (SUSPECTED, "unknown")
    assert "toxicity-detail" in {n.item for n in d.needed}


SILENT = {
    "no evidence of it": document("2026-04-12", "No evidence of VOD."),
    "a negated problem text": condition(None, text="No evidence of veno-occlusive disease", onset="2026-04-10"),
    "ursodiol for prophylaxis": drug_order("ursodiol", authored="2026-03-10", reason="VOD prophylaxis"),
    "another disease concluded by code alone": report("2026-04-12", conclusionCode=[coded(ICD10, "K76.0")]),
    "prophylaxis coded as the disease": condition("K76.5", text="VOD prophylaxis", onset="2026-03-10"),
    "at risk": document("2026-04-12", "At risk of VOD; counselled."),
    "monitored for": document("2026-04-12", "Monitor for VOD weekly."),
    "what would be done": document("2026-04-12", "Stop inotuzumab if VOD occurs."),
    "a plan": care_plan("Watch liver tests, VOD precautions", created="2026-04-01"),
    "SOS as in as-needed": document("2026-04-12", "Ondansetron 8 mg SOS."),
    "refuted": condition("K76.5", onset="2026-04-10", verification="refuted"),
    "entered in error": condition("K76.5", onset="2026-04-10", verification="entered-in-error"),
    "of tomorrow": condition("K76.5", onset="2026-04-16"),
    "before the first dose": condition("K76.5", onset="2024-05-01", ended="2024-07-01", clinical="resolved"),
    "unconfirmed, before the first dose": condition("K76.5", onset="2024-05-01", verification="provisional"),
    "in a month before the first dose": condition("K76.5", onset="2026-02"),
    "at a younger age": condition("K76.5", recorded="2026-04-10", onsetAge={"value": 30, "unit": "years", "code": "a"}),
    "in words of an earlier year": condition("K76.5", recorded="2026-04-10", onsetString="about 2019"),
    "in a note from before the first dose": document("2025-05-01", "History of VOD after transplant."),
}  # fmt: skip


@pytest.mark.parametrize("event", SILENT.values(), ids=SILENT)
def test_what_is_no_vod_of_this_treatment_stops_nothing(event):
    d = second_cycle(event)
    assert raised(d, *RULES) == set()
    assert verdict(d, "POL-B-I-TOX") == "met"


PAST = {
    "by its date after the first dose": ([document("2026-04-12", "History of VOD in 3/2026, after the first dose.")], "unknown"),
    "without a date": ([document("2026-04-12", "History of VOD.")], "unknown"),
    "under a heading of the past": ([document("2026-04-12", "PMH: VOD.")], "unknown"),
    "in a list under it": ([document("2026-04-12", "PMH:\n- Asthma\n- VOD")], "unknown"),
    "in the course of the disease, by its date before the first dose": (
        [document("2026-04-12", "Oncologic history:\n- AlloSCT in 2023 complicated by VOD.")], "met",
    ),
    "of a transplant's course": ([document("2026-04-12", "AlloSCT complicated by VOD.")], "unknown"),
    "by its date before the first dose": ([document("2026-04-12", "AlloSCT in 2023 complicated by VOD.")], "met"),
    "without a date, one before the first dose recorded": (
        [condition("K76.5", onset="2024-05-01"), document("2026-04-12", "History of VOD.")], "met",
    ),
    "without a date, told with it elsewhere": (
        [document("2026-03-05", "History of VOD in 2023."), document("2026-04-12", "History of VOD.")], "met",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("record", "toxicity"), PAST.values(), ids=PAST)
def test_a_vod_of_the_past_in_a_note_is_judged_by_its_own_date(record, toxicity):
    d = second_cycle(*record)
    assert outcome(d) == ((SUSPECTED if toxicity == "unknown" else set()), toxicity)


def test_a_suspicion_that_a_later_note_rules_out_is_cleared():
    suspicion = document("2026-04-05", "Possible VOD.")
    assert outcome(second_cycle(suspicion))[0] == SUSPECTED
    assert outcome(second_cycle(suspicion, document("2026-04-12", "VOD ruled out."))) == (set(), "met")


def test_vod_stated_only_in_a_note_is_ended_by_a_later_exclusion():
    d = second_cycle(document("2026-04-05", "VOD diagnosed."), document("2026-04-12", "No evidence of VOD."))
    assert outcome(d) == (set(), "met")


def test_an_exclusion_ends_no_recorded_vod():
    recorded, excluded = condition("K76.5", onset="2026-04-05"), document("2026-04-12", "No evidence of VOD.")
    assert outcome(second_cycle(recorded, excluded)) == (STOP, "not-met")


def test_an_exclusion_ends_an_unconfirmed_entry():
    doubted = condition("K76.5", onset="2026-04-05", verification="provisional")
    assert outcome(second_cycle(doubted))[1] == "unknown"
    assert outcome(second_cycle(doubted, document("2026-04-12", "VOD ruled out."))) == (set(), "met")


def test_defibrotide_after_an_exclusion_keeps_the_suspicion():
    notes = [document("2026-04-05", "Possible VOD."), document("2026-04-08", "VOD ruled out.")]
    given = administration("2026-04-10", None, drug={"text": "defibrotide"})
    assert outcome(second_cycle(*notes, given))[1] == "unknown"


DEFIBROTIDE = {
    "an active order": (drug_order("defibrotide", authored="2026-04-05"), "warning"),
    "an order active since before the first dose": (
        drug_order("defibrotide", authored="2026-03-01"),
        "warning",
    ),
    "given": (administration("2026-04-05", None, drug={"text": "defibrotide"}), "warning"),
    "for prophylaxis": (drug_order("defibrotide", authored="2026-04-05", reason="VOD prophylaxis"), "info"),
}


@pytest.mark.parametrize(("use", "indicator"), DEFIBROTIDE.values(), ids=DEFIBROTIDE)
def test_defibrotide_without_a_recorded_event_is_named_and_changes_no_verdict(use, indicator):
    assert outcome(second_cycle(use)) == ({("safety-hepatic", indicator)}, "met")


def test_defibrotide_given_only_before_the_first_dose_says_nothing():
    given = administration("2025-05-05", None, drug={"text": "defibrotide"})
    assert outcome(second_cycle(given)) == (set(), "met")


def test_defibrotide_beside_recorded_vod_adds_nothing():
    d = second_cycle(drug_order("defibrotide", authored="2026-04-05"), condition("K76.5", onset="2026-04-04"))
    assert outcome(d) == (STOP, "not-met")


def test_vod_when_the_doses_could_not_be_seen_is_undecided():
    gap = Gap(DataKind.MEDICATION_ADMINISTRATIONS, "the server answered 503")
    d = second_cycle(condition("K76.5", onset="2026-04-10"), without=CYCLE_1, gaps=[gap])
    assert outcome(d) == (SUSPECTED, "unknown")


def test_vod_after_a_use_whose_doses_are_not_known_one_by_one():
    course = drug_order({"text": "inotuzumab"}) | {
        "resourceType": "MedicationStatement",
        "status": "completed",
        "effectivePeriod": {"start": "2026-02-01", "end": "2026-03-01"},
    }
    for onset, expected in (("2026-03-10", STOP), ("2026-02-10", SUSPECTED), ("2026-01-10", set())):
        d = second_cycle(course, condition("K76.5", onset=onset), without=CYCLE_1)
        assert raised(d, "POL-BBW-STOP") == expected, onset


def test_vod_after_an_earlier_course_stops_a_new_one():
    old = [administration("2024-06-04", 1.41, "C1D1"), condition("K76.5", onset="2024-07-01")]
    d = first_cycle(*old, condition(None, text="Z94.84", onset="2024-09-01"))
    assert raised(d, "POL-BBW-STOP") == STOP


def test_vod_in_a_patient_never_treated_is_a_risk_factor_on_the_first_order():
    d = first_cycle(condition("K76.5", onset="2024-05-01"))
    assert raised(d, *RULES) == {("safety-hepatic", "warning")}
    assert "permanent-discontinuation" not in {f.kind for f in d.findings}


def test_vod_of_another_patient_does_not_count():
    other = condition("K76.5", onset="2026-04-10") | {"subject": {"reference": "Patient/somebody-else"}}
    assert outcome(second_cycle(other)) == (set(), "met")


@pytest.mark.parametrize(
    ("coded", "name"),
    [
        (condition("K76.5", onset="2026-04-10", verification="provisional"), "K76.5, 2026-04-10"),
        (condition("65617004", system=SNOMED, onset="2026-04-10", verification="provisional"), "65617004, 2026-04-10"),
        (condition("K76.5"), "K76.5, undated"),
    ],
)  # fmt: skip
def test_vod_that_has_only_a_code_is_named_by_it(coded, name):
    texts = [f.text for f in second_cycle(coded).findings if "POL-BBW-STOP" in f.rules]
    assert texts
    assert all(name in text and "event" not in text for text in texts)


@pytest.mark.parametrize("onset", ["in childhood", "after transplant"])
def test_an_onset_in_words_that_are_not_understood_is_shown_as_it_was_written(onset):
    (found,) = findings(
        second_cycle(condition("K76.5", recorded="2026-04-10", onsetString=onset)), "safety-hepatic"
    )
    assert f'onset "{onset}"' in found.text
    assert "1980" not in found.text


def test_one_that_is_understood_is_shown_as_its_day():
    (found,) = findings(
        second_cycle(condition("K76.5", onsetString="10 April 2026")), "permanent-discontinuation"
    )
    assert "2026-04-10" in found.text
