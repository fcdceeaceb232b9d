"""Residual disease over time: what it went to, what a relapse ended, what a deeper test found, and what is denied beside it."""

from __future__ import annotations

import pytest

from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.reader import read


def amounts(text: str, topic: str = "mrd") -> set[str]:
    return {str(a.amount) for a in read(text, topic).assertions if a.time is Time.PRESENT}


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("MRD went from 1.2 to 0.09 %", "0.09"),
        ("MRD fell from 0.1 % to < 0.01 %", "< 0.01"),
        ("MRD decreased from 0.5% to 0.02%", "0.02"),
        ("MRD dropped 0.5% to 0.02%", "0.02"),
        ("MRD rose from <0.01% to 0.5%", "0.5"),
        ("MRD went from 0.1 to 0.2 to 0.9%", "0.9"),
        ("MRD trend: 0.5 -> 0.04 -> <0.01%", "< 0.01"),
        ("MRD 1.2% -> 0.09%", "0.09"),
    ],
)
def test_of_a_course_the_last_value_counts(text: str, last: str) -> None:
    assert amounts(text) == {last}


def test_without_a_word_of_change_it_is_a_range_or_nothing() -> None:
    assert amounts("CD22 from 5 to 30 % of blasts", "cd22") == {"5 to 30"}
    assert amounts("MRD 0.1 to 0.2%") == {"0.1 to 0.2"}
    for text in (
        "MRD 0.5% to 0.02%",
        "MRD cutoff went from 0.1 to 0.01%",
        "MRD trending down",
        "MRD increased",
    ):
        assert amounts(text) == set()


@pytest.mark.parametrize("result", ["MRD negative", "MRD 0.005 %", "No MRD"])
@pytest.mark.parametrize(
    "behind",
    [", since relapsed", ", has relapsed", " but relapsed", "; since relapsed", ". Since relapsed.", ", then relapsed", " -> relapsed",
     ", with subsequent relapse", " and then progressed", "; blasts are back", ", later progressed"],
)  # fmt: skip
def test_what_a_relapse_ended_is_no_result_of_now(behind: str, result: str) -> None:
    assert read(result, "mrd").assertions
    assert not [a for a in read(result + behind, "mrd").assertions if a.time is Time.PRESENT]


@pytest.mark.parametrize(
    "text",
    [
        "MRD negative, no relapse", "No relapse, MRD negative", "MRD negative, no evidence of relapse", "MRD negative, no progression or toxicity.",
        "Relapsed ALL, MRD negative", "MRD negative. Relapsed B-ALL in CR.", "MRD negative. Progression: none", "MRD negative. Relapse unlikely.",
        "Relapsed in 1/2026, now in CR, MRD negative", "She relapsed; MRD negative",
    ],
)  # fmt: skip
def test_a_relapse_that_is_denied_or_came_before_ends_nothing(text: str) -> None:
    assert read(text, "mrd").values == {"negative"}


@pytest.mark.parametrize(
    "text", ["MRD, no relapse", "MRD negative, no relapse, NGS positive", "No relapse, MRD"]
)
def test_a_denial_beside_it_is_no_sign_of_it(text: str) -> None:
    assert read(text, "mrd").values == set()


@pytest.mark.parametrize(
    "found",
    ["NGS positive.", "ClonoSEQ positive.", "NGS detected 2 sequences.", "Flow positive.",
     "The next-generation sequencing assay, however, still detected the dominant clone at 12 cells per million."],
)  # fmt: skip
@pytest.mark.parametrize("text", ["MRD negative. {}", "Flow MRD was negative. {}", "{} MRD negative."])
def test_a_test_that_finds_some_contradicts_a_denial(text: str, found: str) -> None:
    assert read(text.format(found), "mrd").values == set()
    assert read(text.format(found).replace("negative", "positive"), "mrd").values == {"positive"}


@pytest.mark.parametrize(
    "other",
    ["NGS positive for TP53 mutation.", "NGS was positive at diagnosis.", "NGS negative.", "NGS pending.", "NGS panel: NRAS G12D detected.",
     "Flow: CD19 positive, CD22 positive.", "If NGS positive, then blina.", "clonoSEQ sensitivity 1 sequence per million",
     "clonoSEQ: 0 residual clonal cells per million."],
)  # fmt: skip
def test_another_finding_of_such_a_test_does_not(other: str) -> None:
    assert "negative" in read(f"MRD negative. {other}", "mrd").values


@pytest.mark.parametrize("said", [", or so she says", ", she says", ", says her daughter"])
@pytest.mark.parametrize(("text", "topic"), [("CD22 positive", "cd22"), ("In CR", "response"), ("EMD absent", "extramedullary"), ("No VOD", "vod")])  # fmt: skip
def test_hearsay_is_no_result(text: str, topic: str, said: str) -> None:
    assert read(text, topic).values
    assert not read(text + said, topic).values


def test_hearsay_takes_back_no_number_and_no_alarm() -> None:
    assert not read("CD22 92%, or so she says", "cd22").assertions
    assert read("VOD, she says", "vod").values == {"vod"}
    assert read("CNS leukemia, she says", "extramedullary").values == {"present"}


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("CR after C1, relapse after C2.", "relapse"),
        ("No response after C1. CR after C2.", "cr"),
        ("CR after C2, not in CR after C1", "cr"),
    ],
)
def test_of_opposite_states_the_later_cycle_counts(text: str, now: str) -> None:
    assert read(text, "response").values == {now}
    assert read("CR after C2. Relapse.", "response").values == set()


@pytest.mark.parametrize(("text", "now"), [("CNS3 -> CNS1", "absent-there"), ("CNS1 -> CNS3", "present"), ("CNS 2 -> CNS 1", "absent-there")])  # fmt: skip
def test_of_a_change_of_cns_status_the_later_counts(text: str, now: str) -> None:
    assert read(text, "extramedullary").values == {now}


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("BCR-ABL p190 pos, p210 neg", {"positive"}),
        ("BCR/ABL1 p190 transcript: DETECTED\nBCR/ABL1 p210 transcript: Not detected", {"positive"}),
        ("p190 not detected, p210 detected", {"positive"}),
        ("BCR-ABL p190 neg, p210 neg", {"negative"}),
        ("Ph positive, Ph negative", set()),
        ("BCR-ABL pos. BCR-ABL neg.", set()),
    ],
)
def test_one_transcript_of_two_is_the_fusion(text: str, signs: set[str]) -> None:
    assert read(text, "ph").values == signs
