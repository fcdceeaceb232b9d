"""Lists in lines of their own under their sign: each item has the sign of its list, and what ends a list ends it."""

from datetime import date

import pytest

from cds_service.clinical.reading.layout.columns import in_one_line
from cds_service.clinical.reading.reader import read

TODAY = date(2026, 4, 13)
SAYS = [
    ("Negative for:\nCD20\nCD22", "cd22", "negative"), ("Negative for:\n- CD20\n- CD22", "cd22", "negative"), ("Lacks:\nCD20\nCD22", "cd22", "negative"),
    ("Positive for:\nCD19\nCD22 (dim)\nTdT\nNegative for:\nCD20\nMPO", "cd22", "positive"),
    ("Positive for:\nCD19\nCD79a\nNegative for:\nCD20\nCD22", "cd22", "negative"), ("The blasts express:\n\u2022 CD19\n\u2022 CD22", "cd22", "positive"),
    ("Negative:\nCD3, CD20,\nCD22, MPO", "cd22", "negative"), ("NEGATIVE MARKERS:\nCD20\nCD22\nPOSITIVE MARKERS:\nCD19", "cd22", "negative"),
    ("Negative for:\nCD20\nCD22 positive", "cd22", "positive"), ("Negative for:\nBCR::ABL1\nKMT2A rearrangement", "ph", "negative"),
    ("Negative for:\nt(4;11)\nt(9;22)(q34;q11.2)", "ph", "negative"), ("Negative for:\nVOD\nascites", "vod", "excluded"),
    ("Positive markers: CD19, CD22. Negative markers: CD20", "cd22", "positive"),
]  # fmt: skip
NOTHING = [
    ("Pending:\nCD22", "cd22"), ("Negative for:\nCD20\nPending:\nCD22", "cd22"), ("Negative for:\nCD20\nPositive\nCD22", "cd22"),
    ("Inclusion criteria:\nPositive for:\nCD22", "cd22"), ("Monitor for:\n- VOD", "vod"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic", "value"), SAYS)
def test_an_item_has_the_sign_of_its_list(text, topic, value):
    assert read(text, topic, TODAY).values == {value}


@pytest.mark.parametrize(("text", "topic"), NOTHING)
def test_an_item_of_another_list_has_none(text, topic):
    assert not read(text, topic, TODAY).assertions


@pytest.mark.parametrize(
    "text", ["Negative for:\n- CD20\n\u2022 CD22\nSee note.", "Lacks:\nCD20,\nCD22\nCD19 positive"]
)
def test_each_word_stays_in_its_place(text):
    joined = in_one_line(text)
    assert len(joined) == len(text)
    assert all(joined.index(word) == text.index(word) for word in ("CD20", "CD22"))


def test_long_lists_cost_no_more_than_their_length():
    assert "\n" not in in_one_line("Negative for:\n" + "\n".join(["CD20"] * 20_000))[20:]
