"""Notes whose lines a system broke at its width: a sentence over two lines says what it says on one."""

import textwrap

import pytest

from cds_service.clinical.reading.layout.wrapping import unwrapped
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.tokens import folded
from tests.reading.asking import texts

TOPICS = {"response", "extramedullary", "transplant", "vod", "cd22", "mrd"}
BEFORE = "Patient seen in clinic with her husband and examined by the whole team this morning as planned."
BEHIND = "Questions were answered and she left the clinic in good spirits with all of her papers."


def said(text, topic):
    return {(a.value, a.certainty, a.time) for a in read(text, topic).assertions}


@pytest.mark.parametrize("width", [60, 72, 80])
@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_note_broken_at_a_width_never_says_anything_else(topic, width):
    for t in (t for t in texts() if t.topic == topic and "\n" not in t.text):
        whole = f"{BEFORE} {t.text} {BEHIND}"
        assert said("\n".join(textwrap.wrap(whole, width)), topic) <= said(whole, topic), t.id


DENIED = [
    ("There is no evidence of\nrelapse.", "response", {"no-progression"}),
    ("Patient is not in\ncomplete remission.", "response", {"no-cr"}),
    ("She has failed to achieve\nCR.", "response", {"no-cr"}),
    ("CR\nnot yet achieved", "response", {"no-cr"}),
    ("Await marrow to rule out\nrelapse", "response", set()),
    ("If she achieves\nCR, proceed to HSCT", "transplant", set()),
    ("We will not proceed to\nHSCT.", "transplant", {"not-planned"}),
    ("No signs or symptoms of\nVOD.", "vod", {"excluded"}),
    ("Seen after cycle 1. No\nextramedullary disease.", "extramedullary", {"absent"}),
    ("Exam: no jaundice or hepatomegaly to suggest\nVOD.", "vod", set()),
    ("COMPLETE REMISSION\nNOT ACHIEVED", "response", {"no-cr"}),
    ("NORMOCELLULAR MARROW WITHOUT MORPHOLOGIC EVIDENCE OF RESIDUAL\nLEUKEMIA", "response", set()),
    ("Monitor closely for\nVOD", "vod", set()),
    ("No evidence of hepatomegaly, ascites, or\nVOD", "vod", {"excluded"}),
    (
        "Seen in clinic today with her husband; she walked in unaided and ate\nher breakfast. There is no clinical or radiologic evidence of definite\n"
        "CNS disease on exam.", "extramedullary", {"absent-there"},
    ),
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


@pytest.mark.parametrize(("text", "topic", "values"), DENIED)
def test_what_the_line_before_says_belongs_to_the_sentence(text, topic, values):
    assert read(text, topic).values == values


APART = [
    "VOD: no\nCR: yes", "Relapse? No\nCR", "VOD - none\nCR", "No fever\nCR", "Response: CR\nPlan: continue", "In CR.\nNo VOD", "CD22+\nCD19+",
    "pt no show\nProgression noted", "VOD ruled out\nCR", "Negative for:\n- VOD\n- relapse", "1. B-ALL, in CR after cycle 1 of inotuzumab on 4/10/2026\n2. VOD ruled out",
    "MRD negative after induction in 2024\nNo response",
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
    "BONE MARROW BIOPSY\nCOMPLETE REMISSION",
    "VOD suspected\nruled out hepatitis B", "VOD suspected\nnot on ursodiol", "Hepatic VOD confirmed\nexcluded from trial", "VOD LIKELY\nNOT CHOLESTASIS",
    "EMD persists\nresolved pneumonia", "alloSCT planned\nrefused PICC", "MRD pos\nunlikely to clear",
]  # fmt: skip


@pytest.mark.parametrize("text", APART)
def test_items_headings_and_answers_stay_lines_of_their_own(text):
    assert unwrapped(text) == text


ONE = [
    "VOD suspected\nruled out by Doppler", "VOD suspected\nruled out 4/10", "VOD suspected\nnot confirmed", "alloSCT planned\ndeclined by patient",
    "alloSCT planned\nnot a candidate", "alloSCT planned\ndeclined", "CR\nnot yet achieved", "HSCT planned\nif MRD negative", "VOD likely\nexcluded",
]  # fmt: skip


@pytest.mark.parametrize("text", ONE)
def test_a_line_that_takes_back_the_one_before_belongs_to_it(text):
    assert unwrapped(text) == text.replace("\n", " ")


def test_places_in_the_text_stay_the_same_and_the_work_grows_with_the_length_alone():
    text = "no evidence of\nrelapse and\n" * 2500
    assert unwrapped(text) == text.replace("\n", " ").removesuffix(" ") + "\n"


def test_what_marks_a_place_to_split_a_word_is_nothing():
    assert folded("remis\u00adsion con\ufb01rmed\u200b today") == "remission confirmed today"


@pytest.mark.parametrize("text", ["Not in&nbsp;CR.", "Not&#160;in CR.", "Not in CR&#xA0;after C1"])
def test_signs_taken_over_from_html_are_what_they_stand_for(text):
    assert read(text, "response").values == {"no-cr"}
