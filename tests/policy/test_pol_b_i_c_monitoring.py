"""POL-B-I-C-1, POL-B-I-C-2, POL-B-I-C-3: what must be seen monitored; met or unknown, never not met."""

from datetime import datetime

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    J9229,
    PATIENT,
    administration,
    criterion,
    document,
    drug_order,
    needed,
    observation,
    order,
    procedure,
    report,
    verdict,
)
from tests.policy.treated import COUNT, COUNTS, CYCLE_1, ECGS, ELECTROLYTES, NOTE, TREATED, second_cycle

C1, C2, C3 = "POL-B-I-C-1", "POL-B-I-C-2", "POL-B-I-C-3"
# Of cycle 1 only day 1 is recorded, so that no administration record stands for a note.
ONLY_DAY_1 = [*CYCLE_1[1:], NOTE]


def deciding(d):
    return {n.item for n in d.needed if n.decides}


def informing(d):
    return {n.item for n in d.needed if not n.decides}


def test_well_documented_monitoring_is_met_and_asks_nothing():
    d = second_cycle()
    assert [verdict(d, c) for c in (C1, C2, C3)] == ["met"] * 3
    assert needed(d) == set()


def test_a_note_that_has_no_date_has_that_of_its_attachment():
    bare = {k: v for k, v in NOTE.items() if k != "date"}
    made = {"contentType": "application/pdf", "creation": "2026-04-12T10:00:00-04:00"}
    dated = bare | {"content": [{"attachment": made}]}
    assert verdict(second_cycle(bare, without=ONLY_DAY_1), C1) == "unknown"
    assert verdict(second_cycle(dated, without=ONLY_DAY_1), C1) == "met"


def test_a_record_without_any_monitoring_is_unknown_never_not_met():
    d = second_cycle(without=[r for r in TREATED if r in (*COUNTS, *ECGS, *ELECTROLYTES, *ONLY_DAY_1)])
    assert [verdict(d, c) for c in (C1, C2, C3)] == ["unknown"] * 3
    assert deciding(d) >= {
        "cbc", "myelosuppression-note", "infusion-monitoring-note", "ecg-baseline", "ecg-follow-up",
        "electrolytes-baseline", "electrolytes-follow-up",
    }  # fmt: skip


# ---- C.1: counts within 14 days, and a note ----------------------------------------------------------


def counts(day, platelets=150, anc=3):
    found = [observation("777-3", day, platelets, COUNT)] if platelets is not None else []
    return found + ([observation("751-8", day, anc, COUNT)] if anc is not None else [])


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (counts("2026-04-15"), "met"),
        (counts("2026-04-01"), "met"),
        (counts("2026-03-31"), "unknown"),
        (counts("2026-04-16"), "unknown"),
        (counts("2026-04-14", anc=None), "unknown"),
        (counts("2026-04-14", platelets=None), "unknown"),
        (counts("2026-04"), "unknown"),
        (
            [
                *counts("2026-04-14", anc=None),
                observation("6690-2", "2026-04-14", 6, COUNT),
                observation("770-8", "2026-04-14", 50, "%"),
            ],
            "met",
        ),
    ],
    ids=["today", "14 days before", "15 days before", "tomorrow", "no ANC", "no platelets", "some day of April", "ANC from WBC and neutrophil %"],
)  # fmt: skip
def test_pol_b_i_c_1_counts_within_14_days(results, expected):
    d = second_cycle(*results, without=COUNTS)
    assert verdict(d, C1) == expected
    assert ("cbc" in criterion(d, C1).needed) is (expected == "unknown")


def test_pol_b_i_c_1_for_day_8_counts_before_day_1_of_the_cycle_will_do():
    day_1 = administration("2026-04-15", 0.88, "C2D1")
    later = datetime.fromisoformat("2026-05-01T09:00:00-04:00")
    d = second_cycle(day_1, draft=order("2026-05-02", "C2D8", 0.88), clock=later)
    assert d.day == 8
    assert verdict(d, C1) == "met"


@pytest.mark.parametrize(
    ("text", "expected", "asked"),
    [
        ("No infection, no bleeding.", "met", False),
        ("Monitored for signs of infection and bleeding.", "met", False),
        ("Afebrile, no hemorrhage.", "met", False),
        ("Doing well.", "met", True),
        (None, "met", True),
    ],
)
def test_pol_b_i_c_1_a_silent_or_unreadable_note_meets_it_and_stays_on_the_checklist(text, expected, asked):
    d = second_cycle(document("2026-04-12", text), without=ONLY_DAY_1)
    assert verdict(d, C1) == expected
    assert ("myelosuppression-note" in informing(d)) is asked
    assert ("content not read" in criterion(d, C1).because) is asked
    assert d.coverage.value == "met"


NOTES = {
    "the day after day 1": (document("2026-03-19"), "met"),
    "on day 1": (document("2026-03-18"), "unknown"),
    "a consultation": (document("2026-04-12", loinc="11488-4"), "met"),
    "named as a note only in words": (
        document("2026-04-12", type={"text": "Oncology progress note"}), "met",
    ),
    "an imaging report": (document("2026-04-12", loinc="18748-4"), "unknown"),
    "a pathology report": (report("2026-04-12"), "unknown"),
    "an administration of this cycle": (CYCLE_1[1], "met"),
    "superseded": (document("2026-04-12", status="superseded"), "unknown"),
    "of tomorrow": (document("2026-04-16"), "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("note", "expected"), NOTES.values(), ids=NOTES)
def test_pol_b_i_c_1_and_c_2_a_note_or_administration_record_after_day_1_of_the_last_cycle(note, expected):
    d = second_cycle(note, without=ONLY_DAY_1, draft=order("2026-04-16", "Cycle 2 Day 1", 0.88))
    assert (verdict(d, C1), verdict(d, C2)) == (expected, expected)
    asked = {"myelosuppression-note", "infusion-monitoring-note"}
    assert asked <= (informing(d) if expected == "met" else deciding(d))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Patient observed for 1 hour after the end of the infusion.", True),
        ("Infusion tolerated well.", False),
        ("Infusion given without reaction.", False),
        ("Tolerated the dose without problems.", False),
        ("Monitored during infusion.", False),
        ("Watched during and for 60 minutes following the infusion.", True),
        ("Plan: monitor for 1 hour after each infusion.", False),
        ("Refused to stay for 1 hour after the infusion.", False),
        ("Labs reviewed.", False),
    ],
)
def test_pol_b_i_c_2_says_whether_the_watching_was_read(text, read):
    d = second_cycle(document("2026-04-12", text), without=ONLY_DAY_1)
    assert verdict(d, C2) == "met"
    assert ("content not read" not in criterion(d, C2).because) is read
    assert ("infusion-monitoring-note" not in informing(d)) is read


def test_pol_b_i_c_2_the_text_of_an_administration_record_is_read():
    told = administration("2026-03-25", 0.88, "C1D8. Watched for 1 hour after the infusion.")
    assert (
        '"Watched for 1 hour after the infusion."'
        in criterion(second_cycle(told, without=[*ONLY_DAY_1]), C2).because
    )


def test_pol_b_i_c_1_and_c_2_notes_that_could_not_be_seen_are_said():
    d = second_cycle(without=ONLY_DAY_1, gaps=[Gap(DataKind.DOCUMENT_REFERENCES, "the server answered 403")])
    assert verdict(d, C2) == "unknown"
    assert "the server answered 403" in criterion(d, C2).because


# ---- C.3: ECG, electrolytes, QT drugs -------------------------------------------------------------------


def ecg(day, **more):
    return observation("76634-5", day, 410, "ms", **more)


BEFORE, AFTER = ecg("2026-03-17"), ecg("2026-04-12")
ECG_ROWS = {
    "both": ([BEFORE, AFTER], set()),
    "no baseline": ([AFTER], {"ecg-baseline"}),
    "no follow-up": ([BEFORE], {"ecg-follow-up"}),
    "baseline of years ago": ([ecg("2023-01-01"), AFTER], set()),
    "baseline on day 1, untimed": ([ecg("2026-03-18"), AFTER], set()),
    "on day 1 is no follow-up": ([BEFORE, ecg("2026-03-18T17:00:00-04:00")], {"ecg-follow-up"}),
    "a partial date that may be either": ([BEFORE, ecg("2026-03")], {"ecg-follow-up"}),
    "a study without values": ([observation("11524-6", "2026-03-01", text="sinus rhythm"), AFTER], set()),
    "a procedure": ([BEFORE, procedure("29303009", "2026-04-12")], set()),
    "a report": ([BEFORE, report("2026-04-12", loinc="11524-6")], set()),
    "a document": ([BEFORE, document("2026-04-12", loinc="11524-6")], set()),
    "a procedure not done": ([BEFORE, procedure("29303009", "2026-04-12", status="not-done")], {"ecg-follow-up"}),
    "a report by its name": ([BEFORE, report("2026-04-12") | {"code": {"text": "ECG 12 LEAD"}}], set()),
    "a report by the name of a local code": (
        [BEFORE, report("2026-04-12") | {"code": {"coding": [{"system": "urn:oid:1.2.3", "code": "9", "display": "EKG 12-lead"}]}}], set(),
    ),
    "an observation by its name": (
        [BEFORE, observation("x", "2026-04-12", text="Normal sinus rhythm") | {"code": {"text": "Electrocardiogram, complete"}}], set(),
    ),
    "a procedure by its name": ([BEFORE, procedure(None, "2026-04-12", text="EKG")], set()),
    "a procedure by the long name of its billing code": (
        [BEFORE, procedure(None, "2026-04-12", text="ELECTROCARDIOGRAM, ROUTINE ECG WITH AT LEAST 12 LEADS; WITH INTERPRETATION AND REPORT")], set(),
    ),
    "a procedure by the name that SNOMED gives it": ([BEFORE, procedure(None, "2026-04-12", text="Electrocardiographic procedure (procedure)")], set()),
    "one of a day": ([BEFORE, procedure(None, "2026-04-12", text="ECG monitoring, 24 hours")], {"ecg-follow-up"}),
    "one not performed": (
        [BEFORE, observation("x", "2026-04-12", text="Not performed") | {"code": {"text": "ECG"}}], {"ecg-follow-up"},
    ),
    "a request for one": ([BEFORE, procedure(None, "2026-04-12", text="ECG requested")], {"ecg-follow-up"}),
    "an echocardiogram filed under ECG": (
        [BEFORE, report("2026-04-12") | {"code": {"text": "Echocardiogram"}, "category": [{"text": "EKG"}]}], {"ecg-follow-up"},
    ),
    "pulse by palpation": ([BEFORE, observation("44974-4", "2026-04-12", 80, "/min")], {"ecg-follow-up"}),
}  # fmt: skip


@pytest.mark.parametrize(("records", "missing"), ECG_ROWS.values(), ids=ECG_ROWS)
def test_pol_b_i_c_3_ecg_at_baseline_and_follow_up(records, missing):
    d = second_cycle(*records, without=ECGS)
    assert verdict(d, C3) == ("unknown" if missing else "met")
    assert deciding(d) == missing


def test_each_item_of_the_checklist_keeps_its_own_reason():
    d = second_cycle(without=[*ECGS, lab("2823-3", "2026-04-12")])
    because = {n.item: n.because for n in d.needed}
    assert because["ecg-baseline"] == (
        "B.i.C.3: no ECG before the first dose found; needed: an ECG from before the first dose"
    )
    assert because["electrolytes-follow-up"].startswith(
        "B.i.C.3: no K after day 1 of the last cycle (2026-03-18)"
    )


def test_pol_b_i_c_3_an_ecg_after_the_dose_of_its_day_is_no_baseline():
    dose = administration("2026-03-18T10:00:00-04:00", 1.41, "C1D1", id="adm-2026-03-18")
    for at, missing in (("09:00", set()), ("11:00", {"ecg-baseline"})):
        d = second_cycle(dose, ecg(f"2026-03-18T{at}:00-04:00"), AFTER, without=ECGS)
        assert deciding(d) == missing, at


def lab(loinc, day):
    value, unit = {"2823-3": (4, "mmol/L"), "19123-9": (2, "mg/dL"), "17861-6": (9, "mg/dL")}[loinc]
    return observation(loinc, day, value, unit)


@pytest.mark.parametrize(
    ("dropped", "decides", "informs"),
    [
        (("2823-3", "2026-03-17"), {"electrolytes-baseline"}, set()),
        (("19123-9", "2026-03-17"), {"electrolytes-baseline"}, set()),
        (("2823-3", "2026-04-12"), {"electrolytes-follow-up"}, set()),
        (("19123-9", "2026-04-12"), {"electrolytes-follow-up"}, set()),
        (("17861-6", "2026-03-17"), set(), {"electrolytes-baseline"}),
        (("17861-6", "2026-04-12"), set(), {"electrolytes-follow-up"}),
    ],
)
def test_pol_b_i_c_3_potassium_and_magnesium_decide_and_calcium_informs(dropped, decides, informs):
    d = second_cycle(without=[lab(*dropped)])
    assert verdict(d, C3) == ("unknown" if decides else "met")
    assert deciding(d) == decides
    assert informing(d) == informs


@pytest.mark.parametrize("loinc", ["1995-0", "29265-6"])
def test_pol_b_i_c_3_ionized_or_corrected_calcium_is_calcium_measured(loinc):
    d = second_cycle(observation(loinc, "2026-04-12", 1.2, "mmol/L"), without=[lab("17861-6", "2026-04-12")])
    assert informing(d) == set()


def test_pol_b_i_c_3_the_drug_list_names_the_drugs_and_is_unknown_when_it_could_not_be_seen():
    d = second_cycle(drug_order("dasatinib", authored="2026-03-01"))
    assert verdict(d, C3) == "met"
    gap = Gap(DataKind.MEDICATION_REQUESTS, "the server answered 403")
    d = second_cycle(gaps=[gap])
    assert verdict(d, C3) == "unknown"
    assert "qt-drugs" in deciding(d)
    assert "the server answered 403" in criterion(d, C3).because


def test_monitoring_when_the_last_cycle_is_not_known_is_not_taken_as_met():
    """The day that a note or ECG must be later than is not known."""
    gap = Gap(DataKind.MEDICATION_ADMINISTRATIONS, "the server answered 503")
    d = second_cycle(without=CYCLE_1, gaps=[gap])
    assert (d.request, d.cycle) == ("continuation", 2)
    assert [verdict(d, c) for c in (C2, C3)] == ["unknown", "unknown"]
    assert "not known" in criterion(d, C2).because


@pytest.mark.parametrize(
    "first_dose",
    [
        administration("2026-02", 1.41, id="month"),
        {
            "resourceType": "MedicationStatement", "id": "period", "status": "completed", "subject": PATIENT,
            "medicationCodeableConcept": J9229, "effectivePeriod": {"start": "2026-01-05", "end": "2026-02-10"},
        },
    ],
    ids=["a dose of a month", "a use over a period"],
)  # fmt: skip
def test_an_ecg_is_no_baseline_where_the_course_may_have_begun_before(first_dose):
    """The only ECGs and electrolytes are of 2026-03-17 and later."""
    assert verdict(second_cycle(first_dose), "POL-B-I-C-3") == "unknown"
