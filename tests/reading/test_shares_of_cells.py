"""In how many cells a rearrangement is, where no other word says whether it is there."""

import pytest

from cds_service.clinical.reading.markers.reader import read_marker


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("t(9;22) in 18/20 metaphases", "positive"),
        ("t(9;22)(q34;q11.2) in 18 of 20 cells", "positive"),
        ("FISH: BCR::ABL1 fusion in 170/200 nuclei", "positive"),
        ("BCR::ABL1 fusion in 85% of nuclei", "positive"),
        ("BCR::ABL1 fusion in 0/200 nuclei", "negative"),
        ("FISH: BCR::ABL1 fusion 0/200 nuclei", "negative"),
        ("t(9;22) not seen in 20/20 metaphases", "negative"),
        ("No BCR::ABL1 fusion in 200/200 nuclei", "negative"),
    ],
)
def test_the_share_is_the_sign(text, value):
    assert read_marker(text, "ph").values == {value}


@pytest.mark.parametrize(
    "text",
    [
        "BCR::ABL1 fusion in 3% of nuclei",
        "BCR::ABL1 fusion signals in 6% of nuclei (cutoff 8%)",
        "t(9;22) in 2/10 metaphases",
        "BCR::ABL1 FISH in 200/200 nuclei",
        "BCR::ABL1 FISH scored in 200/200 nuclei",
        "Possible t(9;22) in 18/20 metaphases",
        "BCR::ABL1 positive (0/200 nuclei)",
    ],
)
def test_a_share_within_the_cut_off_or_of_what_was_scored_is_none(text):
    assert not read_marker(text, "ph").values
