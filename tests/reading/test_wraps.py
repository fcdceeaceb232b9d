"""Lines that end in the middle of a phrase: read as if the phrase stood on one line."""

from datetime import date

import pytest

from cds_service.clinical.reading.layout.wraps import unwrapped
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.tokens import folded

NOTED = date(2026, 4, 12)

WRAPPED = [
    ("The patient is not in complete\nremission after cycle 1.", "response", {"no-cr"}),
    ("She has not yet achieved\nCR after cycle 1.", "response", {"no-cr"}),
    ("SHE WAS SEEN TODAY AND IS NOT IN COMPLETE\nREMISSION AFTER CYCLE 1.", "response", {"no-cr"}),
    ("The patient is now in complete\r\nremission after cycle 1.", "response", {"cr"}),
    ("If she is in complete\nremission after cycle 2 we will go on.", "response", set()),
    ("No signs or symptoms concerning for hepatic\nVOD at this time.", "vod", set()),
    ("Doppler: no evidence of\nVOD.", "vod", {"excluded"}),
    ("On ursodiol for VOD\nprophylaxis.", "vod", set()),
    ("There is no evidence of measurable residual\ndisease by flow.", "mrd", {"negative"}),
    ("Blasts are positive for CD19 and are negative for\nCD22 and CD20.", "cd22", {"negative"}),
    ("Patient is not a candidate for\ntransplant.", "transplant", {"not-planned"}),
    ("She is in remis-\nsion today.", "response", set()),  # half a word is none
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic", "says"), WRAPPED)
def test_a_phrase_may_go_on_in_the_next_line(text, topic, says):
    assert {a.value for a in read(text, topic, NOTED).assertions} == says


@pytest.mark.parametrize("text", [
    "No fever or chills\nvod suspected",
    "Fever: no\nVOD suspected",
    "Liver panel is normal today, weight stable\nvod: no",
    "INTERVAL HISTORY AND CURRENT STATUS\nin CR",
    "Ruled out today by the liver team:\nportal vein thrombosis",
    "| CD22 and CD19 of the blasts |\nare positive |",
    "Plan is to go on with\n2. ursodiol",
    "Feels well on this day.\nin CR",
    "CR\nMRD negative",
    "Denies\nFever\nVOD",
])  # fmt: skip
def test_a_line_of_its_own_stays_one(text):
    assert unwrapped(text) == text


def test_what_marks_a_place_to_split_a_word_is_nothing():
    assert folded("remis\u00adsion con\ufb01rmed\u200b today") == "remission confirmed today"


@pytest.mark.parametrize("text", ["Not in&nbsp;CR.", "Not&#160;in CR.", "Not in CR&#xA0;after C1"])
def test_signs_taken_over_from_html_are_what_they_stand_for(text):
    assert {a.value for a in read(text, "response", NOTED).assertions} == {"no-cr"}
