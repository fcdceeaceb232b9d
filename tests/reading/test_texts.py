"""Short texts as charts word them: none is read dangerously, none that says nothing is given a meaning.

``texts.csv`` was made up for this; the field and the labels that are right stand beside each text.
"""

from collections import Counter
from functools import cache

import pytest

from tests.reading.asking import PROBES, accepted, ask, is_less, nothing, texts

TOPICS = ("cd22", *PROBES)
UNDERSTOOD = 0.85


@cache
def read_as(text) -> str:
    return ask(text.topic, text.field, text.text)


@cache
def judged(topic: str) -> Counter:
    return Counter(_judge(t) for t in texts() if t.topic == topic)


def _judge(t) -> str:
    label, right = read_as(t), accepted(t)
    if label in right:
        return "nothing, rightly" if nothing(t.topic) in right else "understood"
    if nothing(t.topic) in right:
        return f"false: {t.id}"
    return "missed" if is_less(t.topic, label) else f"dangerous: {t.id}"


@pytest.mark.parametrize("topic", TOPICS)
def test_no_text_is_read_dangerously_or_given_a_meaning_it_does_not_have(topic):
    assert [kind for kind in judged(topic) if ":" in kind] == []


def test_most_texts_that_say_something_are_understood():
    whole = sum((judged(topic) for topic in TOPICS), Counter())
    for topic in TOPICS:
        print(f"{topic:<30} {dict(judged(topic))}")
    assert whole["understood"] >= UNDERSTOOD * (whole["understood"] + whole["missed"])
