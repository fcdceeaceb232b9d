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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("BCR-ABL p210 transcripts 12% IS.", "positive"),
        ("BCR-ABL transcript level 0.03 % (IS)", "positive"),
        ("BCR::ABL1 p190 transcript at 4.2%", "positive"),
        ("BCR-ABL1 by RQ-PCR: 1.3 %", "positive"),
        ("BCR-ABL1 transcripts 0%", "negative"),
        ("BCR-ABL1 FISH 84%", "positive"),
        ("BCR-ABL1 FISH 5%", "positive"),
        ("BCR-ABL1 FISH: 84% of nuclei", "positive"),
        ("BCR-ABL1 FISH 0%", "negative"),
    ],
)
def test_a_level_of_the_transcript_or_a_share_of_cells_right_behind_the_name_is_its_sign(text, value):
    assert read_marker(text, "ph").values == {value}


@pytest.mark.parametrize(
    "text",
    [
        "BCR-ABL1 FISH 1.5%",
        "BCR-ABL1 FISH 8% (cutoff 10%)",
        "BCR-ABL1 FISH 6%, below cutoff",
        "BCR-ABL1: 6 % (ref < 10 %)",
        "BCR-ABL1 PCR <0.01%",
        "BCR-ABL1 PCR 0.004%, below the limit of quantification",
        "BCR-ABL1 sensitivity 0.01%",
        "BCR-ABL1 goal <0.1% IS",
        "BCR-ABL1, 12% blasts",
        "BCR-ABL1 PCR, MRD 0.5% by flow",
        "BCR-ABL1 normal in 100%",
        "donor BCR-ABL1 12%",
        "Chance of Ph 25%",
    ],
)
def test_a_number_of_something_else_or_near_the_cut_off_is_none(text):
    assert not read_marker(text, "ph").values
