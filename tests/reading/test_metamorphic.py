"""What must hold of any text that was read rightly, whatever it says: words before it silence or turn it, another sentence does not."""

import re

import pytest

from cds_service.clinical.reading.reader import read
from tests.reading.asking import accepted, ask, nothing, texts
from tests.reading.test_texts import TOPICS, read_as

# Thousands of texts over the same lines, which the other tests measure: tracing them would double the time.
pytestmark = pytest.mark.no_cover
SILENCING = ("If ", "Goal: ", "Father: ", "Trial requires ", "Risk of ")
# Of these the past is evidence as well: a relapse, VOD or reaction whenever it was, Ph once positive, a reason once given.
OF_ANY_TIME = {"disease-status", "vod", "infusion-reaction", "ph", "interruption-reason", "monitoring-infection-bleeding", "monitoring-infusion"}  # fmt: skip
# Whatever is said of infection or of watching, a denial says it as well.
UNSIGNED = {"monitoring-infection-bleeding", "monitoring-infusion"}
BESIDE = ("Seen in clinic today.", "Tolerating diet.", "Next visit 4/20.")


def understood(topic):
    """The texts of a topic that say something and were read rightly."""
    return [
        t
        for t in texts()
        if t.topic == topic and nothing(topic) not in accepted(t) and read_as(t) in accepted(t)
    ]


ONE_CLAUSE = re.compile(r"[^,;:.()?!-]{3,}[.]?")
ANSWERS = (
    "Observation.value",
    "Procedure.code",
    "Condition.code",
    "AdverseEvent.event",
    "MedicationRequest.statusReason",
)


def asked(t, text):
    return ask(t.topic, t.field, text)


def decides(t, text):
    """Whether a text settles its topic; an answer that cannot be read leaves it open, older results too."""
    return asked(t, text) not in (nothing(t.topic), "equivocal")


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("prefix", SILENCING)
def test_behind_words_of_another_time_place_or_person_a_text_decides_nothing(topic, prefix):
    told = {t.id: f"{prefix}{t.text}" for t in understood(topic) if decides(t, f"{prefix}{t.text}")}
    assert told == {}


@pytest.mark.parametrize("topic", [t for t in TOPICS if t not in OF_ANY_TIME])
def test_behind_prior_a_text_says_nothing_of_the_present(topic):
    told = {t.id: t.text for t in understood(topic) if decides(t, f"Prior: {t.text}")}
    assert told == {}


@pytest.mark.parametrize("topic", [t for t in TOPICS if t not in UNSIGNED])
@pytest.mark.parametrize("denial", ["No ", "Not "])
def test_behind_a_denial_a_text_never_says_the_same(topic, denial):
    clauses = [
        t
        for t in understood(topic)
        if ONE_CLAUSE.fullmatch(t.text) and not re.search(r" (?:but|and) ", t.text)
    ]
    same = {t.id: f"{denial}{t.text}" for t in clauses if asked(t, f"{denial}{t.text}") == read_as(t)}
    assert same == {}


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("sentence", BESIDE)
def test_an_unrelated_sentence_before_or_after_a_text_changes_nothing(topic, sentence):
    changed = {}
    for t in (t for t in understood(topic) if not t.field.startswith(ANSWERS)):
        ended = t.text if t.text.endswith((".", "!", "?")) else f"{t.text}."
        for text in (f"{sentence} {ended}", f"{ended} {sentence}"):
            if asked(t, text) != read_as(t):
                changed[text] = asked(t, text)
    assert changed == {}


def test_what_is_repeated_is_said_once_and_a_text_that_says_too_much_says_nothing():
    assert len(read("CR. " * 500, "response").assertions) == 1
    days = [f"2{y:03d}-0{m}-03" for y in range(13) for m in range(1, 10)]
    crowded = read(" ".join(f"CR on {day}." for day in days), "response")
    assert not crowded.assertions
    assert [n.silenced for n in crowded.not_understood] == [False]
