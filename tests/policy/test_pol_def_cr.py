"""POL-DEF-CR, POL-DEF-CRI, POL-DEF-CR-OR-CRI and POL-B-I-B: the response of a course, and whether it is documented.

The order is for cycle 3; cycle 2 (the last completed one) began on 2026-03-19. The response shows
in the dose rows: 0.5 mg/m2 when CR or CRi is achieved, 0.8 when not, both when unknown or lost.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    SNOMED,
    adverse_event,
    care_plan,
    coded,
    condition,
    criterion,
    document,
    needed,
    observation,
    report,
    stated,
    verdict,
)
from tests.policy.cycles import before_cycle, on

DAY_1 = on(2, 3)  # 2026-03-19
COUNT = "10*9/L"
ROWS = {("0.5",): "achieved", ("0.8",): "not achieved", ("0.5", "0.8"): "unknown or lost"}


def response(*notes, **how):
    """The response as the dose shows it: achieved, not achieved, or unknown or lost."""
    dose = before_cycle(3, *notes, **how).dose
    rows = [dose.mg_per_m2] if dose.mg_per_m2 is not None else [o.mg_per_m2 for o in dose.options]
    return ROWS[tuple(sorted(str(Decimal(r).normalize()) for r in rows))]


def documented(*notes, **how):
    return verdict(before_cycle(3, *notes, **how), "POL-B-I-B")


def marrow(day, value, **more):
    return observation("11150-0", day, value, "%", **more)


def blood(day, value, **more):
    return observation("26446-5", day, value, "%", **more)


def after_first_dose(days):
    """A day so many days after the first dose of the course."""
    return (date.fromisoformat(on(1, 3)) + timedelta(days=days)).isoformat()


ACHIEVED, NOT_ACHIEVED, OPEN = "achieved", "not achieved", "unknown or lost"


def test_the_dates_are_those_the_tests_speak_of():
    assert (on(1, 3), on(1, 3, 15), DAY_1) == ("2026-02-26", "2026-03-12", "2026-03-19")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CR", ACHIEVED), ("CRi", ACHIEVED), ("complete remission", ACHIEVED),
        ("Complete remission with incomplete hematologic recovery", ACHIEVED),
        ("PR", NOT_ACHIEVED), ("partial response", NOT_ACHIEVED), ("SD", NOT_ACHIEVED), ("stable disease", NOT_ACHIEVED),
        ("PD", NOT_ACHIEVED), ("progressive disease", NOT_ACHIEVED), ("relapse", NOT_ACHIEVED),
        ("not in CR", NOT_ACHIEVED), ("no complete remission", NOT_ACHIEVED),
        ("possible CR", OPEN), ("CR is the goal before transplant", OPEN), ("see report", OPEN),
    ],
)  # fmt: skip
def test_a_statement_of_response_in_words(text, expected):
    assert response(stated("Response to treatment", text, "2026-04-10")) == expected


@pytest.mark.parametrize(
    "note",
    [
        document("2026-04-10", "Seen in clinic. In CR."),
        document("2026-04-10", "HPI: Started inotuzumab in February. Marrow on 4/8/2026 in CR."),
        report("2026-04-10", "Complete remission"),
        care_plan("Cycle 3 for patient in CRi", created="2026-04-10"),
        condition("C91.00", recorded="2026-04-10", note="CRi after two cycles"),
        observation("88040-1", "2026-04-10", valueCodeableConcept=coded(SNOMED, "103338009")),
    ],
    ids=["note", "history", "report", "care-plan", "condition-note", "coded"],
)
def test_where_a_response_may_be_stated(note):
    assert response(note) == ACHIEVED


@pytest.mark.parametrize(
    "note",
    [
        document("2026-04-10", "65-year-old with relapsed/refractory B-ALL. Cr 0.9, PR 160 ms."),
        document("2026-04-10", "Prior CR in 2019 with hyper-CVAD."),
        document("2026-04-10", "HPI: Treated with hyper-CVAD, in CR."),
        document("2026-04-10", "ONCOLOGIC HISTORY\n- Hyper-CVAD, in CR"),
        observation("97509-4", "2026-04-10", valueCodeableConcept=coded(SNOMED, "268910001")),  # improved
        observation("97509-4", "2026-04-10", valueCodeableConcept=coded(SNOMED, "359746009")),  # stable
        stated("Mood", "full remission of depression", None),
        condition("C91.01", recorded="2026-04-10", clinical="remission"),
        stated("Response", "CR", "2026-04-20"),  # after the clock
        stated("Response", "CR", "2026-02-26"),  # the day of the first dose
        stated("Response", "CR", None),
    ],
)
def test_what_is_no_evidence_of_response(note):
    assert response(note) == OPEN
    assert documented(note) == "unknown"


@pytest.mark.parametrize(
    ("percent", "blasts", "expected"),
    [
        (4.9, 0, ACHIEVED),
        (5.0, 0, NOT_ACHIEVED),
        (4.9, 1, NOT_ACHIEVED),
        (40, None, NOT_ACHIEVED),
        (None, 2, NOT_ACHIEVED),
        (2, None, OPEN),  # a missing blood part is no evidence
        (None, 0, OPEN),
    ],
)
def test_marrow_and_blood_decide_by_their_limits(percent, blasts, expected):
    notes = [] if percent is None else [marrow("2026-04-10", percent)]
    notes += [] if blasts is None else [blood("2026-04-10", blasts)]
    assert response(*notes) == expected


@pytest.mark.parametrize("platelets", [99, 100])
@pytest.mark.parametrize("anc", [0.99, 1.0])
def test_the_counts_that_separate_cr_from_cri_change_no_decision(platelets, anc):
    counts = [
        observation("777-3", "2026-04-10", platelets, COUNT),
        observation("751-8", "2026-04-10", anc, COUNT),
    ]
    assert response(marrow("2026-04-10", 2), blood("2026-04-10", 0), *counts) == ACHIEVED


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-03-27", ACHIEVED), ("2026-03-26", OPEN)], ids=["14", "15"]
)
def test_components_lie_within_14_days_of_each_other(day, expected):
    assert response(marrow(day, 2), blood("2026-04-10", 0)) == expected


@pytest.mark.parametrize(("marrow_on", "blood_on"), [(-1, 3), (0, 3), (3, 0)])
def test_components_from_before_the_first_dose_show_no_response_to_it(marrow_on, blood_on):
    first, later = after_first_dose(marrow_on), after_first_dose(blood_on)
    assert response(marrow(first, 2), blood(later, 0)) == OPEN
    assert response(marrow(after_first_dose(1), 2), blood(after_first_dose(4), 0)) == ACHIEVED


def test_a_comparator_counts_only_when_it_decides():
    below = {"value": 5, "comparator": "<", "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    under_20 = below | {"value": 20}
    assert response(marrow("2026-04-10", 5, valueQuantity=below), blood("2026-04-10", 0)) == ACHIEVED
    assert response(marrow("2026-04-10", 5, valueQuantity=under_20), blood("2026-04-10", 0)) == OPEN


def test_extramedullary_disease_never_recorded_is_none_and_the_card_says_so():
    determination = before_cycle(3, marrow("2026-04-10", 2), blood("2026-04-10", 0))
    assert "no extramedullary disease on record" in criterion(determination, "POL-B-I-B").because


CNS = condition(None, text="CNS leukemia", recorded="2026-02-01", id="emd")
CLEAR = [marrow("2026-04-10", 2), blood("2026-04-10", 0)]


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ([CNS], OPEN),  # recorded, not followed up
        ([CNS, stated("Extramedullary disease", "resolved", "2026-04-08")], ACHIEVED),
        ([CNS, stated("Extramedullary disease", "none", "2026-04-12")], ACHIEVED),  # inside the window
        ([CNS, stated("Extramedullary disease", "partial resolution", "2026-04-08")], NOT_ACHIEVED),
        ([CNS | {"clinicalStatus": coded("x", "resolved"), "abatementDateTime": "2026-03-30"}], ACHIEVED),
        ([CNS | {"clinicalStatus": coded("x", "resolved")}], ACHIEVED),
        ([document("2026-04-10", "No extramedullary disease.")], ACHIEVED),
        ([stated("Extramedullary disease", "present", "2026-04-10")], NOT_ACHIEVED),
    ],
)
def test_extramedullary_disease(notes, expected):
    assert response(*CLEAR, *notes) == expected


def test_extramedullary_disease_without_follow_up_is_asked_for():
    determination = before_cycle(3, *CLEAR, CNS)
    assert verdict(determination, "POL-B-I-B") == "unknown"
    assert {"response", "extramedullary-status"} <= needed(determination)


LISTED = [
    ("4/10/26: CR. 4/3/26: relapse. 3/25/26: CR.", ACHIEVED),
    ("3/25/26: CR. 4/3/26: relapse. 4/10/26: CR.", ACHIEVED),
    ("4/10/26: relapse. 4/3/26: CR. 3/25/26: PR.", OPEN),
]


@pytest.mark.parametrize(("text", "expected"), LISTED)
def test_the_states_that_one_note_lists_are_those_of_their_own_days(text, expected):
    assert response(document("2026-04-13", text)) == expected


def doubtful(status, **more):
    return CNS | {"recordedDate": "2026-04-05", "verificationStatus": coded("x", status)} | more


SUSPECTED = [
    ([document("2026-04-09", "CNS involvement suspected.")], OPEN),
    ([document("2026-04-09", "Testicular infiltration cannot be excluded.")], OPEN),
    ([stated("Extramedullary disease", "indeterminate", "2026-04-09")], OPEN),
    ([stated("CSF cytology", "Suspicious for leukemic involvement", "2026-04-09")], OPEN),
    ([document("2026-04-09", "CSF equivocal for blasts.")], OPEN),
    ([doubtful("differential")], OPEN),
    ([doubtful("provisional", clinicalStatus=coded("x", "resolved"))], ACHIEVED),
    ([doubtful("provisional"), document("2026-04-10", "No extramedullary disease.")], ACHIEVED),
    ([doubtful("provisional"), document("2026-04-10", "CSF negative for blasts.")], ACHIEVED),
    ([document("2026-04-09", "? leukemia cutis"), document("2026-04-10", "CSF negative for blasts.", id="csf")], OPEN),
    ([document("2026-04-09", "Concern for CNS disease; LP done, no CNS leukemia.")], ACHIEVED),
    ([document("2026-04-09", "Extramedullary disease: unknown. CNS disease not assessed, CSF pending.")], ACHIEVED),
    ([document("2026-04-09", "History of suspected CNS disease.")], ACHIEVED),
    ([document("2026-04-09", "CNS involvement suspected."), document("2026-04-10", "Bone marrow: CR.", id="cr")], ACHIEVED),
]  # fmt: skip


@pytest.mark.parametrize(("notes", "expected"), SUSPECTED)
def test_suspected_extramedullary_disease_keeps_components_from_being_cr_and_a_stated_cr_stands(
    notes, expected
):
    assert response(*CLEAR, *notes) == expected
    if expected == OPEN:
        assert {"response", "extramedullary-status"} <= needed(before_cycle(3, *CLEAR, *notes))


CNS_2 = document("2026-04-13", "CSF: CNS 2.", id="cns2")
TRACES = [
    ([CNS_2], OPEN),
    ([document("2026-04-14", "Traumatic tap with blasts.")], OPEN),
    ([CNS_2, document("2026-02-01", "CNS 2.", id="known")], ACHIEVED),
    (
        [CNS_2, document("2026-02-01", "CNS 2.", id="known"), document("2026-03-01", "CNS 1.", id="clear")],
        OPEN,
    ),
    ([CNS_2, document("2026-04-14", "CSF negative for blasts.", id="clear")], ACHIEVED),
    ([document("2026-02-01", "CNS 2.")], ACHIEVED),
]


@pytest.mark.parametrize(("notes", "expected"), TRACES)
def test_cns_2_first_seen_after_a_cr_leaves_the_response_open(notes, expected):
    assert response(*CLEAR, *notes) == expected


@pytest.mark.parametrize(
    "text", ["CNS 1.", "CSF clear.", "CSF negative for blasts.", "No lymphoblasts in CSF."]
)
def test_a_clear_fluid_is_absence_in_the_central_nervous_system_only(text):
    testis = condition(None, text="Testicular relapse of leukemia", recorded="2026-02-01", id="testis")
    clear = document("2026-04-09", text)
    assert [response(*CLEAR, CNS, clear), response(*CLEAR, testis, clear)] == [ACHIEVED, OPEN]


def test_new_extramedullary_disease_alone_is_not_achieved():
    assert response(condition(None, text="Chloroma", recorded="2026-04-10")) == NOT_ACHIEVED


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ([("SD", "2026-04-01"), ("CR", "2026-04-10")], ACHIEVED),
        ([("CR", "2026-03-10")], ACHIEVED),  # stands, however old
        ([("CR", "2026-03-10"), ("PR", "2026-04-10")], ACHIEVED),  # PR alone does not end it
        ([("CR", "2026-03-10"), ("SD", "2026-04-10")], ACHIEVED),
        ([("CR", "2026-03-10"), ("relapse", "2026-04-10")], OPEN),  # lost
        ([("CR", "2026-03-10"), ("PD", "2026-04-10")], OPEN),
        ([("CR", "2026-03-10"), ("relapse", "2026-04-01"), ("CR", "2026-04-10")], ACHIEVED),
        ([("CR", "2026-03-10"), ("relapse", "2026-04-01"), ("SD", "2026-04-10")], OPEN),
        ([("CR", "2026-04-10"), ("SD", "2026-04-10")], OPEN),  # opposite evidence of one day
        ([("CR", "2026-03-10"), ("CR", "2026-04-10"), ("SD", "2026-04-10")], ACHIEVED),
        ([("SD", "2026-03-19")], OPEN),  # the day of day 1 of cycle 2
        ([("SD", "2026-03-20")], NOT_ACHIEVED),
        ([("CR", "2026-03")], ACHIEVED),  # a whole month inside the course
        ([("CR", "2026-02")], OPEN),  # a month that straddles the first dose
        ([("SD", "2026-03")], OPEN),  # before or after day 1 of cycle 2
        ([("CR", "2026-04-01"), ("relapse", "2026-04")], OPEN),
    ],
)
def test_the_newest_decides_and_a_remission_stands_until_relapse(evidence, expected):
    notes = [stated("Response", text, day, id=f"r{n}") for n, (text, day) in enumerate(evidence)]
    assert response(*notes) == expected


@pytest.mark.parametrize(
    "relapse",
    [
        marrow("2026-04-10", 5),
        blood("2026-04-10", 1),
        observation("708-8", "2026-04-10", 0.2, COUNT),
        stated("Extramedullary disease", "present", "2026-04-10"),
        condition(None, text="CNS relapse", recorded="2026-04-10"),
        document("2026-04-10", "Relapse confirmed."),
    ],
    ids=["marrow", "blood-percent", "blood-count", "emd-text", "emd-condition", "note"],
)
def test_relapse_evidence_after_a_remission_is_a_lost_response(relapse):
    determination = before_cycle(3, stated("Response", "CR", "2026-03-10"), relapse)
    assert verdict(determination, "POL-B-I-B") == "met"
    assert "response lost" in criterion(determination, "POL-B-I-B").because
    assert verdict(determination, "POL-B-I-PROG") == "not-met"
    assert {o.when for o in determination.dose.options} == {"cr-or-cri", "no-cr"}


def test_a_later_partial_response_is_named():
    notes = [stated("Response", "CR", "2026-03-10"), stated("Response", "PR", "2026-04-10", id="later")]
    assert any("PR stated (2026-04-10)" in note for note in before_cycle(3, *notes).notes)


def test_a_corrected_result_speaks_for_what_it_corrects():
    notes = [
        marrow("2026-04-10", 6, id="a"),
        marrow("2026-04-10", 4, id="b", status="corrected"),
        blood("2026-04-10", 0),
    ]
    assert response(*notes) == ACHIEVED


def test_the_later_result_of_a_day_speaks_for_it():
    notes = [
        marrow("2026-04-10T08:00:00-04:00", 6, id="a"),
        marrow("2026-04-10T10:00:00-04:00", 4, id="b"),
        blood("2026-04-10", 0),
    ]
    assert response(*notes) == ACHIEVED


def test_results_of_one_time_that_disagree_are_unknown():
    assert (
        response(marrow("2026-04-10", 6, id="a"), marrow("2026-04-10", 4, id="b"), blood("2026-04-10", 0))
        == OPEN
    )


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ([stated("Response", "CR", "2026-04-10")], "met"),
        ([stated("Response", "SD", "2026-04-10")], "met"),
        ([stated("Response", "CR", "2026-03-10"), stated("Response", "relapse", "2026-04-10")], "met"),
        ([stated("Response", "SD", "2026-03-10")], "unknown"),
        ([], "unknown"),
    ],
    ids=["achieved", "not-achieved", "lost", "too-old", "none"],
)
def test_pol_b_i_b_is_met_when_the_response_is_documented_and_never_not_met(notes, expected):
    determination = before_cycle(3, *notes)
    assert verdict(determination, "POL-B-I-B") == expected
    assert ("response" in needed(determination)) == (expected == "unknown")


def test_results_that_could_not_be_seen_leave_a_missing_response_unknown_and_are_named():
    gaps = [Gap(DataKind.OBSERVATIONS, "the server answered 403")]
    determination = before_cycle(3, document("2026-04-10", "Stable disease."), gaps=gaps)
    assert verdict(determination, "POL-B-I-B") == "unknown"
    assert "403" in criterion(determination, "POL-B-I-B").because


def test_an_adverse_event_is_no_assessment_of_the_leukemia():
    assert response(adverse_event("No relapse of rash", "2026-04-10")) == OPEN


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"valueBoolean": True}, ACHIEVED),
        ({"valueBoolean": False}, NOT_ACHIEVED),
        ({"valueInteger": 1}, OPEN),
    ],
)
def test_a_question_about_remission_is_read_with_its_answer(answer, expected):
    question = {k: v for k, v in stated("Complete remission", "", "2026-04-10").items() if k != "valueString"}
    assert response(question | answer) == expected
