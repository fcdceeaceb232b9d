"""POL-B-I-PROG (POL-B-I-A): no progression, and a document that says so.

The order is for cycle 3; cycle 2 (the last completed one) began on 2026-03-19.
"""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    SNOMED,
    coded,
    condition,
    criterion,
    document,
    needed,
    observation,
    patient,
    stated,
    verdict,
)
from tests.policy.cycles import before_cycle, on

PROG = "POL-B-I-PROG"
CODES = {"improved": "268910001", "stable": "359746009", "worsened": "271299001"}


def progression(*notes, **how):
    return verdict(before_cycle(3, *notes, **how), PROG)


def says(text, day="2026-04-10", **more):
    return stated("Response", text, day, **more)


def status(word, day="2026-04-10"):
    return observation("97509-4", day, id=f"status-{day}", valueCodeableConcept=coded(SNOMED, CODES[word]))


def marrow(day, value):
    return observation("11150-0", day, value, "%")


@pytest.mark.parametrize(
    "note",
    [
        says("CR"), says("CRi"), says("PR"), says("SD"), status("improved"), status("stable"),
        document("2026-04-10", "Doing well. No evidence of progression."), document("2026-04-10", "No relapse."),
        says("PR", "2026-03-20"), says("stable disease", "2026-04"),
    ],
)  # fmt: skip
def test_dated_documents_of_no_progression_are_met(note):
    assert progression(note) == "met"


def test_a_clear_marrow_from_before_the_first_dose_shows_nothing_of_the_course():
    notes = [marrow(on(1, 2), 2), observation("26446-5", on(1, 2, 4), 0, "%")]
    assert verdict(before_cycle(2, *notes), PROG) == "unknown"


def test_clear_components_are_met():
    assert progression(marrow("2026-04-10", 2), observation("26446-5", "2026-04-10", 0, "%")) == "met"


@pytest.mark.parametrize(
    "notes",
    [
        [says("PD")],
        [says("relapse")],
        [status("worsened")],
        [says("SD", "2026-04-01"), says("PD")],
        [says("PD", "2026-03-10")],  # old, and nothing newer
        [says("CR", "2026-03-10"), marrow("2026-04-10", 30)],  # response lost
        [says("CR", "2026-03-10"), marrow("2026-04-01", 30), says("SD", "2026-04-10", id="later")],
    ],
)
def test_progression_or_a_lost_response_is_not_met(notes):
    assert progression(*notes) == "not-met"


@pytest.mark.parametrize(
    "notes",
    [
        [],
        [says("PR", "2026-03-19")],  # the day of day 1 of the last cycle
        [says("CR", "2026-03-10")],  # older
        [says("SD", "2026-02-20")],  # before the course
        [says("SD", "2026-03")],  # before or after day 1 of the last cycle
        [says("PD"), says("SD", id="other")],  # opposite evidence of one day
        [marrow("2026-04-10", 30)],  # blasts without an earlier CR
        [says("SD", "2026-04-01"), marrow("2026-04-10", 30)],
        [document("2026-04-10", "Seen today, tolerating treatment.")],
        [document("2026-04-10")],
        [document("2026-04-10", "65-year-old with relapsed/refractory B-ALL.")],
    ],
)
def test_silence_age_and_contradiction_are_unknown(notes):
    determination = before_cycle(3, *notes)
    assert verdict(determination, PROG) == "unknown"
    assert "progression-note" in needed(determination)


def test_progression_that_was_followed_by_a_remission_is_past():
    assert progression(says("PD", "2026-03-25"), says("CR", id="later")) == "met"


def test_blasts_beside_a_statement_of_stable_disease_do_not_contradict_it():
    assert progression(marrow("2026-04-10", 30), says("SD")) == "met"


@pytest.mark.parametrize("need", [DataKind.OBSERVATIONS, DataKind.CONDITIONS, DataKind.DOCUMENT_REFERENCES])
def test_what_could_not_be_seen_leaves_progression_open_and_is_named(need):
    determination = before_cycle(3, says("SD"), gaps=[Gap(need, "the server answered 403")])
    assert verdict(determination, PROG) == "unknown"
    assert f"{need}: the server answered 403" in criterion(determination, PROG).because


def test_a_cr_that_was_there_before_is_named_where_a_later_text_says_not_in_cr():
    before = stated("Response", "CR", "2026-04-02", id="cr")
    after = stated("Response", "not in CR", "2026-04-12", id="not-cr")
    found = criterion(before_cycle(2, before, after), "POL-B-I-PROG")
    assert found.verdict.value == "unknown"
    assert "and CR stated (2026-04-02) before" in found.because
    alone = criterion(before_cycle(2, after), "POL-B-I-PROG")
    assert "and no CR or CRi before" in alone.because


def test_evidence_of_day_1_itself_and_a_trend_are_said_as_they_are():
    day_one = on(2, 3)
    of_day_one = criterion(before_cycle(3, says("stable disease", day_one)), PROG)
    assert f"is not from after day 1 of the last cycle ({day_one})" in of_day_one.because
    assert (
        criterion(before_cycle(3, status("worsened")), PROG).because
        == "disease stated as worsened (2026-04-10)"
    )


@pytest.mark.parametrize(
    ("onset", "expected"),
    [
        ({"onset": "2026-04"}, "unknown"), ({"onset": "2026"}, "unknown"), ({"onset": "2026-04-11"}, "not-met"), ({"onset": "2026-04-09"}, "met"),
        ({"onset": "2026-03"}, "met"), ({}, "met"), ({"onsetAge": {"value": 46, "code": "a"}}, "unknown"), ({"onsetAge": {"value": 45, "code": "a"}}, "met"),
    ],
)  # fmt: skip
def test_a_relapse_that_may_be_later_than_the_remission_leaves_progression_open(onset, expected):
    relapse = condition("C91.02", recorded="2026-04-12", **onset)
    assert progression(says("CR"), relapse, patient("1980-02-03")) == expected
