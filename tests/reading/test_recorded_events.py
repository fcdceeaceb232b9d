"""Recorded VOD and reactions: only words that surely take the thing back silence a record of it.

``recorded_events.csv``: ``recorded`` is at least undecided, ``taken back`` is denied, another person's, or only talk.
"""

import csv
from pathlib import Path

import pytest

from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.recorded import Named, recorded_as
from tests.policy.chart_notes import SNOMED, adverse_event, condition, document, verdict
from tests.policy.treated import raised, second_cycle

VALUES = {"vod": ("vod",), "reaction": ("reaction", "anaphylaxis")}
with Path(__file__).with_name("recorded_events.csv").open(encoding="utf-8", newline="") as lines:
    ROWS = [(row["topic"], row["text"], row["says"]) for row in csv.DictReader(lines)]
STANDING = [(topic, text) for topic, text, says in ROWS if says == "recorded"]
TAKEN = [(topic, text) for topic, text, says in ROWS if says == "taken back"]


@pytest.mark.parametrize(("topic", "text", "says"), ROWS, ids=[text for _, text, _ in ROWS])
def test_what_the_words_of_a_record_take_back(topic, text, says):
    said = recorded_as(text, topic, *VALUES[topic])
    assert said is not Named.ABSENT
    assert (said in (Named.DENIED, Named.ABOUT)) is (says == "taken back")


@pytest.mark.parametrize(("topic", "text"), STANDING, ids=[text for _, text in STANDING])
def test_no_text_that_names_a_thing_beside_other_denials_excludes_it(topic, text):
    assert "excluded" not in read(text, topic).values


VOD_TEXTS = [text for topic, text in STANDING if topic == "vod"]


@pytest.mark.parametrize("text", VOD_TEXTS)
@pytest.mark.parametrize(
    "code", [("K76.5", None), ("65617004", SNOMED), (None, None)], ids=["icd", "snomed", "words"]
)
def test_a_recorded_vod_is_never_silent_beside_words_that_do_not_deny_it(code, text):
    coded = {"system": code[1]} if code[1] else {}
    d = second_cycle(condition(code[0], text=text, onset="2026-04-10", **coded))
    assert verdict(d, "POL-B-I-TOX") in ("unknown", "not-met")
    assert raised(d, "POL-BBW-STOP") <= {
        ("safety-hepatic", "warning"),
        ("permanent-discontinuation", "critical"),
    }
    assert raised(d, "POL-BBW-STOP")


@pytest.mark.parametrize("text", [text for topic, text in STANDING if topic == "reaction"])
def test_a_recorded_reaction_at_a_dose_is_never_silent(text):
    d = second_cycle(adverse_event(text, "2026-04-01"))
    assert verdict(d, "POL-B-I-TOX") in ("unknown", "not-met") or raised(d, "POL-TOX-IRR")


@pytest.mark.parametrize("text", [text for _, text in TAKEN])
def test_a_record_that_its_words_take_back_decides_nothing(text):
    d = second_cycle(adverse_event(text, "2026-04-01"))
    assert verdict(d, "POL-B-I-TOX") == "met"


@pytest.mark.parametrize("text", ["VOD risk", "At risk for VOD", "VOD education", "Monitor for VOD"])
def test_beside_a_code_what_is_only_discussed_is_undecided(text):
    d = second_cycle(condition("K76.5", text=text, onset="2026-04-10"))
    assert verdict(d, "POL-B-I-TOX") == "unknown"


@pytest.mark.parametrize(
    "text", ["No VOD", "VOD ruled out", "Mother: VOD", "VOD prophylaxis", "VOD - entered in error"]
)
def test_beside_a_code_a_clear_denial_takes_it_away(text):
    d = second_cycle(condition("K76.5", text=text, onset="2026-04-10"))
    assert verdict(d, "POL-B-I-TOX") == "met"


def test_a_vod_that_has_not_resolved_ends_no_suspicion():
    notes = [document("2026-04-05", "Possible VOD."), document("2026-04-12", "VOD, not resolved.")]
    assert verdict(second_cycle(*notes), "POL-B-I-TOX") == "unknown"


@pytest.mark.parametrize(
    "text", ["VOD. Ruled out.", "VOD; excluded by hepatology", "History of VOD", "VOD (per mother)"]
)
def test_what_is_denied_later_told_or_of_the_past_is_undecided(text):
    d = second_cycle(condition("K76.5", text=text, onset="2026-04-10"))
    assert verdict(d, "POL-B-I-TOX") == "unknown"
