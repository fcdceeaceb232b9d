"""Texts that name CD22, the Philadelphia chromosome or residual disease: what each says of the present, and what not.

``marker_texts.csv`` holds short texts with the label that a competent reader gives them; in ``question`` stands
"yes" where the text is an answer under a question for the topic. A text is read as labeled or, where the label
allows it, as nothing; never otherwise.
"""

import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cds_service.clinical.leukemia.marker_words import Source, ph_sign_of, stated_in
from cds_service.clinical.leukemia.mrd import mrd_negative
from cds_service.fhir.dates import whole_day

DAY = whole_day(date(2026, 4, 13))
LIMIT = Decimal("0.01")  # per cent of cells
HIGH = Decimal(20)  # per cent of blasts
COURSE = date(2026, 3, 1)  # what is dated before is not the present
with (Path(__file__).parent / "marker_texts.csv").open(encoding="utf-8", newline="") as lines:
    TEXTS = [tuple(row.values()) for row in csv.DictReader(lines)]
DECIDED = [row for row in TEXTS if row[2] in ("positive", "negative") and not row[1]]
UNRELATED = "Tolerated the infusion well."


def label(topic: str, text: str, question: str = "") -> str:
    """What a text says of the present, as the rules will see it."""
    source = Source(text, "DocumentReference/d", DAY, question=bool(question))
    if topic == "ph":
        return {True: "positive", False: "negative", None: "none"}[ph_sign_of(source)]
    found = [s for s in stated_in(source, topic) if s.when is not None and s.when.first >= COURSE]
    if topic == "mrd":
        signs = {mrd_negative(s, LIMIT) for s in found if s.cycle != 1}
        return {True: "negative", False: "positive", None: "none"}[signs.pop() if len(signs) == 1 else None]
    assert len(found) <= 1
    for s in found:
        if s.sign is not None:
            return "positive" if s.sign else "negative"
        if s.undecided:
            return "equivocal"
        if s.amount is not None:
            return {True: "negative", False: "positive", None: "none"}[s.amount.is_below(HIGH)]
    return "none"


@pytest.mark.parametrize(
    ("topic", "question", "expected", "text"), TEXTS, ids=[f"{r[0]}: {r[3]}" for r in TEXTS]
)
def test_a_text_is_read_as_a_competent_reader_reads_it(topic, question, expected, text):
    assert label(topic, text, question) in expected.split("|")


@pytest.mark.parametrize("opening", ["If", "Goal:", "Father:", "Trial requires", "Risk of"])
def test_behind_what_asserts_nothing_no_text_decides(opening):
    assert {
        text: said for topic, _, _, text in DECIDED if (said := label(topic, f"{opening} {text}")) != "none"
    } == {}


def test_behind_prior_no_text_speaks_of_the_present():
    """Once Philadelphia-positive is Philadelphia-positive."""
    said = {(topic, label(topic, f"Prior: {text}"), text) for topic, _, _, text in DECIDED}
    assert [s for s in said if s[1] != "none" and s[:2] != ("ph", "positive")] == []


@pytest.mark.parametrize("opening", ["No", "Not"])
def test_behind_a_denial_no_text_says_the_same(opening):
    """A denial reaches neither the next sentence nor what begins with "but", "and is now", "with retained", or behind "no ... present,"."""
    alone = [
        row
        for row in DECIDED
        if not re.search(r"[.;] | but | and is now | with retained | present, ", row[3])
    ]
    assert [text for topic, _, expected, text in alone if label(topic, f"{opening} {text}") == expected] == []


@pytest.mark.parametrize(
    "form", ["{unrelated} {text}", "{text} {unrelated}", "{unrelated}\n{text}", "{text}\n{unrelated}"]
)
def test_an_unrelated_sentence_beside_it_changes_nothing(form):
    ended = [(t, e, text if text[-1] in ".?" else f"{text}.") for t, _, e, text in DECIDED]
    read = {text: label(t, form.format(unrelated=UNRELATED, text=text)) for t, _, text in ended}
    assert {text: read[text] for t, _, text in ended if read[text] != label(t, text)} == {}


@pytest.mark.parametrize("topic", ["cd22", "ph", "mrd"])
@pytest.mark.parametrize(
    "piece",
    [
        "( ",
        "no ",
        "46,XX,",
        "nuc ish(",
        "t(9;22",
        "10^-",
        "1/2/",
        "CD22 MRD Ph ",
        "del(9)(((",
        "positive for CD22, ",
        "; negative ",
    ],
)
def test_long_texts_are_read_to_their_end(topic, piece):
    """A pattern that backtracks would not end here."""
    assert label(topic, piece * 4000) == "none"


@pytest.mark.parametrize(
    "note",
    [
        "PMH:\nB-ALL, CD22 positive",
        "History:\n- CD22 positive in flow.\n- MRD negative",
        "Goals:\nMRD negative",
    ],
)
def test_a_heading_alone_on_its_line_is_of_the_lines_below(note):
    assert {label(topic, note) for topic in ("cd22", "mrd")} == {"none"}
