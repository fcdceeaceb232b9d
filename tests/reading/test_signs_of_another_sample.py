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
