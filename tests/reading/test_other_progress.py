"""Words of a state that are said of something else: nursing goals, allergies, a treatment that is over, a note in error."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read

TODAY = date(2026, 4, 13)
NOTHING = [
    ("Outcome: Progressing", "response"), ("Problem: Pain\nGoal: Pain control\nOutcome: Not Progressing", "response"),
    ("Outcome: Ongoing, Progressing", "response"), ("Progressed well with PT", "response"), ("Diet progressed as tolerated", "response"),
    ("Recovery progressing", "response"), ("Note entered in error. In CR.", "response"), ("Charted on wrong pt. Relapsed.", "response"),
    ("Wrong MRN. In CR", "response"), ("Allergy: shellfish - anaphylaxis", "reaction"), ("Allergies: PCN - anaphylaxis; sulfa - rash", "reaction"),
    ("Allergies: PCN - rash; sulfa - anaphylaxis", "reaction"), ("Drug allergies: vancomycin - infusion reaction", "reaction"),
    ("s/p treatment for CNS leukemia", "extramedullary"), ("Treatment of CNS leukemia reviewed", "extramedullary"),
    ("Completed therapy for CNS leukemia", "extramedullary"), ("Favor DILI over VOD", "vod"),
    ("VOD suspected 4/8. Ruled out 4/10.", "vod"), ("VOD was suspected but doppler normal; ruled out.", "vod"), ("Concern for VOD. Excluded by US.", "vod"),
    ("Plan: transplant eligible", "transplant"), ("HSCT plan: eligible", "transplant"), ("Plan: transplant candidate", "transplant"),
    ("Awaiting BMT", "transplant"), ("w/ brother undergoing transplant", "transplant"), ("With brother, who is awaiting transplant", "transplant"),
    ("Potential complications: VOD", "vod"), ("Toxicity: VOD risk", "vod"),
]  # fmt: skip
SAYS = [
    ("Disease progressing", "response", {"progression"}), ("Progressing on InO", "response", {"progression"}),
    ("In CR. Previous report of relapse was entered in error.", "response", {"cr"}), ("Inotuzumab - anaphylaxis", "reaction", {"anaphylaxis"}),
    ("Nursing - infusion reaction grade 3", "reaction", {"reaction"}), ("No worsening of VOD", "vod", {"vod"}), ("No VOD. Ruled out by US.", "vod", {"excluded"}),
    ("VOD confirmed. Ruled out PE.", "vod", {"vod"}), ("No improvement in CNS leukemia", "extramedullary", {"present"}),
    ("AE review: VOD - grade 2", "vod", {"vod"}), ("Complications: VOD", "vod", {"vod"}), ("IMP: in CR", "response", {"cr"}),
    ("Pt elects not to proceed to HSCT", "transplant", {"not-planned"}), ("Awaiting alloSCT", "transplant", {"planned"}), ("Transplant candidate, proceeding to alloHSCT 5/4", "transplant", {"planned"}),
    ("Not a transplant candidate", "transplant", {"not-planned"}), ("Transplant eligible: no", "transplant", {"not-planned"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic"), NOTHING)
def test_what_is_said_of_something_else_says_nothing(text, topic):
    assert not read(text, topic, TODAY).values
    assert not any(a.certainty == "suspected" for a in read(text, topic, TODAY).assertions)


@pytest.mark.parametrize(("text", "topic", "values"), SAYS)
def test_what_is_said_of_the_thing_is_read(text, topic, values):
    assert read(text, topic, TODAY).values == values


@pytest.mark.parametrize(
    ("text", "topic"),
    [("Favor VOD over DILI", "vod"), ("Concern over VOD", "vod"), ("IMP: VOD suspected.", "vod")],
)
def test_what_is_suspected_stays_so(text, topic):
    assert [a.certainty for a in read(text, topic, TODAY).assertions] == ["suspected"]
