"""What a text repeats is read once and means what it means; what names a topic in too many ways is not understood."""

import pytest

from cds_service.clinical.reading.assertions import MOST_NAMED
from cds_service.clinical.reading.reader import read


@pytest.mark.parametrize(
    ("said", "topic"),
    [("CR", "response"), ("CD22 positive", "cd22"), ("VOD excluded", "vod"), ("zq CR", "response")],
)
def test_a_sentence_that_is_repeated_says_what_it_says_once(said, topic):
    once, often = read(f"{said}.", topic), read(f"{said}. " * 500, topic)
    assert (often.assertions, often.not_understood) == (once.assertions, once.not_understood)
    assert once.assertions or once.not_understood


@pytest.mark.parametrize(
    ("said", "denied", "topic"),
    [("CR achieved.", "not in CR.", "response"), ("CD22 positive.", "CD22 negative.", "cd22")],
)
def test_a_sentence_that_is_said_again_after_a_correction_counts_again(said, denied, topic):
    corrected = read(f"{said} Correction: {denied}", topic)
    assert len(corrected.assertions) == 1
    again = read(f"{said} Correction: {denied} {said}", topic)
    assert again.assertions == ()
    assert len(again.not_understood) == 2


def test_a_sentence_that_is_silenced_where_it_stands_first_is_read_where_it_is_not():
    assert read("Once stable. CR.", "response").values == set()
    assert read("Once stable. CR.\nCR.", "response").values == {"cr"}
    assert read("CR?\nCR.", "response").values == {"cr"}


@pytest.mark.parametrize(
    ("name", "plain", "topic"), [("CR", "CR.", "response"), ("CD22", "CD22 positive.", "cd22")]
)
def test_a_text_that_names_a_topic_in_too_many_ways_decides_nothing(name, plain, topic):
    ways = [f"{name} zq{i}." for i in range(MOST_NAMED)]
    assert read(" ".join([*ways[1:], plain]), topic).assertions
    much = read(" ".join([*ways, plain]), topic)
    assert much.assertions == ()
    (passage,) = much.not_understood
    assert passage.topic == topic
    assert not passage.silenced
