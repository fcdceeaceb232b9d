"""A sign behind the name of another sample or test is that one's: "CD22 92 %, CSF negative" says nothing against CD22."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read

ON = date(2026, 4, 12)
MARKERS = [("CD22", "cd22"), ("MRD", "mrd"), ("BCR::ABL1", "ph")]


def values(text: str, topic: str) -> set[str]:
    return {a.value for a in read(text, topic, ON).assertions}


@pytest.mark.parametrize("other", ["CSF", "CT", "lymph node"])
@pytest.mark.parametrize(("name", "topic"), MARKERS)
@pytest.mark.parametrize("join", [", ", "; ", " "])
def test_another_sample_takes_nothing_back(join: str, name: str, topic: str, other: str) -> None:
    assert values(f"{name} positive{join}{other} negative", topic) <= {"positive"}
    assert values(f"{name} 92 %{join}{other} negative", topic).isdisjoint({"negative"})


@pytest.mark.parametrize(("text", "topic", "says"), [
    ("CD22 92%, CSF neg", "cd22", {"measured"}), ("CD22 positive, cytogenetics negative", "cd22", {"positive"}),
    ("MRD 0.3%, FISH neg", "mrd", {"measured"}), ("Ph+, CSF neg", "ph", {"positive"}), ("MRD neg, FISH neg", "mrd", {"negative"}),
    ("MRD neg, NGS neg", "mrd", {"negative"}), ("BCR-ABL1 FISH neg, PCR neg", "ph", {"negative"}), ("MRD neg by flow and NGS", "mrd", {"negative"}),
])  # fmt: skip
def test_the_marker_keeps_its_own_sign(text: str, topic: str, says: set[str]) -> None:
    assert values(text, topic) == says


@pytest.mark.parametrize(("text", "topic"), [
    ("MRD negative by flow, NGS positive", "mrd"), ("MRD 0.5% in marrow, blood negative", "mrd"), ("CD22 92%, marrow negative", "cd22"),
    ("CD22 flow positive, IHC negative", "cd22"), ("BCR-ABL1 neg by FISH, PCR pos", "ph"), ("MRD pos, blood neg", "mrd"),
])  # fmt: skip
def test_where_two_tests_of_the_marker_differ_nothing_is_read(text: str, topic: str) -> None:
    assert values(text, topic) == set()


@pytest.mark.parametrize(("text", "topic", "says"), [
    ("CD22 (+); Relapsed 3/2026 with 70% marrow blasts.", "cd22", {"positive"}), ("CD22: 90% positive; Response to date: CR (blasts 1%).", "cd22", {"positive"}),
    ("CD22 positive; Unfortunately she progressed, blasts now 60%.", "cd22", {"positive"}), ("CD22 below the cut-off for reporting; Relapsed after mini-hyper-CVD + InO", "cd22", set()), ("CD22: bright; 95 % of blasts", "cd22", {"positive", "measured"}),
])  # fmt: skip
def test_what_has_a_subject_of_its_own_goes_on_with_no_marker(text: str, topic: str, says: set[str]) -> None:
    assert values(text, topic) == says


@pytest.mark.parametrize(("text", "topic", "now"), [
    ("CD22 bright; but repeat negative", "cd22", set()), ("MRD negative; but positive on repeat", "mrd", set()),
    ("CD22 positive; however, now negative", "cd22", {"negative"}), ("MRD negative; however now positive at 0.1%", "mrd", {"positive"}),
])  # fmt: skip
def test_what_turns_a_sign_in_words_not_understood_leaves_none(text: str, topic: str, now: set[str]) -> None:
    assert read(text, topic, ON).values == now
