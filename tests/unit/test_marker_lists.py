"""A sign belongs to its whole list, before or behind, and never to the next: lists made at random.

Where a clause leaves open where a list ends, reading nothing is right; the wrong sign never is.
"""

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.clinical.leukemia.marker_words import marker_sign
from cds_service.clinical.reading.lexicon import rows
from cds_service.clinical.reading.markers.reader import read_marker

OTHERS = [
    "CD19",
    "CD10",
    "CD20",
    "CD34",
    "CD3",
    "CD7",
    "MPO",
    "TdT",
    "CD79a",
    "CD13",
    "CD33",
    "HLA-DR",
    "CD58",
    "CD38",
]
BEHIND = {
    True: ["positive", "bright", "dim", "present", "expressed", "detected", "partial", "retained", "strong"],
    False: ["negative", "absent", "not expressed", "not detected", "lost", "not seen", "neg"],
}
BEFORE = {
    True: ["positive for", "expressing", "express", "coexpress", "with expression of"],
    False: [
        "negative for",
        "lacking",
        "lack",
        "without",
        "lack expression of",
        "do not express",
        "with loss of",
    ],
}
ATTACHED = {True: ["+", " (+)", " positive", " (dim)"], False: ["-", " (-)", " negative", " (absent)"]}
BETWEEN = ["; ", ". ", ", but ", " but "]
markers = st.lists(st.sampled_from(OTHERS), min_size=1, max_size=5, unique=True)


@st.composite
def panels(draw):
    """Two lists of opposite signs, CD22 in one of them, and its sign."""
    names = draw(markers)
    cut = draw(st.integers(0, len(names)))
    sign = draw(st.booleans())
    lists = {True: names[:cut], False: names[cut:]}
    lists[sign].insert(draw(st.integers(0, len(lists[sign]))), "CD22")
    return lists, sign


def joined(draw, names, word):
    if len(names) == 1:
        return names[0]
    last = draw(st.sampled_from([f" {word} ", f", {word} "]))
    return ", ".join(names[:-1]) + last + names[-1]


@st.composite
def list_clauses(draw):
    """Each list with its sign before or behind it, and what parts the two."""
    lists, sign = draw(panels())
    parts = []
    for s in draw(st.permutations([True, False])):
        if lists[s]:
            names = joined(draw, lists[s], draw(st.sampled_from(["and", "or"] if not s else ["and"])))
            before = draw(st.booleans())
            parts.append(
                f"{draw(st.sampled_from(BEFORE[s]))} {names}"
                if before
                else f"{names} {draw(st.sampled_from(BEHIND[s]))}"
            )
    return draw(st.sampled_from(BETWEEN)).join(parts), sign


@st.composite
def single_signs(draw):
    """Every marker with a sign of its own, in any order."""
    lists, sign = draw(panels())
    own = [f"{m}{draw(st.sampled_from(ATTACHED[s]))}" for s in (True, False) for m in lists[s]]
    return ", ".join(draw(st.permutations(own))), sign


@settings(max_examples=300)
@given(list_clauses())
def test_a_list_has_one_sign_and_the_next_list_its_own(case):
    text, sign = case
    assert marker_sign(text, "CD22") is sign


@settings(max_examples=200)
@given(single_signs())
def test_a_sign_beside_each_marker_is_its_own(case):
    text, sign = case
    assert marker_sign(text, "CD22") is sign


WORDS = [
    *sorted({p.lstrip("=") for row in rows() if "cd22" in row.topics for p in row.phrases}),
    "CD22", "MRD", "BCR::ABL1", "t(9;22)", "46,XY[20]", "0.02 %", "3", ",", ";", ".", "(", ")", ":", "-", "4/8/26", "2024",
]  # fmt: skip


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=14),
    st.sampled_from(["cd22", "ph", "mrd"]),
    st.booleans(),
)
@example(["aberrant loss of", "are", "no longer", "aberrant loss of", "on current sample"], "cd22", True)
def test_any_words_in_any_order_are_read_or_not_understood(words, topic, question):
    reading = read_marker(" ".join(words), topic, date(2026, 4, 13), question=question)
    assert {a.value for a in reading.assertions} <= {"positive", "negative", "equivocal", "measured"}


@pytest.mark.parametrize(
    "row", ["CD22 | + | -", "CD22 | - | +", "CD22: + | -", "CD22\t+\t-", "CD22 +, -", "CD22 + -"]
)
def test_two_columns_of_a_table_give_a_marker_no_sign(row):
    assert read_marker(f"Marker | 2024 | 2026\n{row}", "cd22", date(2026, 4, 12)).assertions == ()


@pytest.mark.parametrize(("text", "topic", "says"), [
    ("CD19 | +\nCD22 | -", "cd22", "negative"),
    ("CD19 +, CD20 -, CD22 +", "cd22", "positive"),
    ("CD34+, CD22+, cyTdT+, CD3-", "cd22", "positive"),
    ("No immunophenotypic evidence of residual B lymphoblastic leukemia (sensitivity 0.01%).", "mrd", "negative"),
    ("NEGATIVE FOR MEASURABLE RESIDUAL B-ALL. LOD 0.001%.", "mrd", "negative"),
    ("POSITIVE FOR MEASURABLE RESIDUAL B-ALL (0.045% OF WBC)", "mrd", "positive"),
])  # fmt: skip
def test_one_column_and_longer_names_are_read(text, topic, says):
    assert {a.value for a in read_marker(text, topic, date(2026, 4, 12)).assertions} == {says}
