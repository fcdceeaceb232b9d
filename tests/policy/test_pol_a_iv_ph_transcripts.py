"""POL-A-IV-PH: a test that looked for one transcript of BCR::ABL1 alone settles nothing when it is negative."""

import pytest

from tests.policy.chart_notes import (
    LOINC,
    SNOMED,
    coded,
    condition,
    criterion,
    determine,
    document,
    observation,
    order,
    patient,
    stated,
    verdict,
)

DAY = "2026-03-28"
UNTREATED = [patient(), condition("277572006", system=SNOMED, recorded="2026-03-25")]
P210, P190, ANY, FISH = "55147-3", "52132-8", "46434-7", "51867-0"


def negative(loinc):
    return observation(loinc, DAY, text="Not detected")


def parts(*codes):
    component = [{"code": coded(LOINC, code), "valueString": "Not detected"} for code in codes]
    return observation("99999-9", DAY, component=component)


SETTLED = {
    "any transcript": [negative(ANY)],
    "both": [negative(P210), negative(P190)],
    "both in a panel": [parts(P210, P190)],
    "one, and FISH": [negative(P210), negative(FISH)],
    "both in words": [document(DAY, "BCR::ABL1 p190 and p210 transcripts not detected.")],
    "each in words": [stated("BCR::ABL1 p210", "Not detected", DAY), stated("BCR::ABL1 p190 (e1a2)", "Not detected", DAY)],
    "one in words, the disease by name": [document(DAY, "BCR::ABL1 p210 not detected."), document(DAY, "Ph-negative B-ALL.", id="b")],
    "in words, whichever": [document(DAY, "BCR::ABL1 not detected.")],
}  # fmt: skip
OPEN = {
    "p210 by code": [negative(P210)],
    "p210 on the International Scale": [observation("69380-4", DAY, 0, "%")],
    "p190 by code": [negative(P190)],
    "p210 in a panel": [parts(P210)],
    "p210 in words": [document(DAY, "BCR::ABL1 p210 not detected.")],
    "p210 under a local name": [stated("BCR-ABL1 p210 quantitative PCR", "Not detected", DAY)],
    "P210 in capitals": [stated("BCR-ABL P210", "Not detected", DAY)],
    "b3a2 and b2a2": [stated("BCR::ABL1 b3a2/b2a2", "Negative", DAY)],
    "p210 twice": [negative(P210), stated("BCR::ABL1 p210", "Not detected", DAY)],
}


@pytest.mark.parametrize("tests", SETTLED.values(), ids=SETTLED)
def test_pol_a_iv_ph_tests_of_all_transcripts_are_negative(tests):
    assert verdict(determine([*UNTREATED, *tests], order("2026-04-16", "C1D1")), "POL-A-IV-PH") == "met"


@pytest.mark.parametrize("tests", OPEN.values(), ids=OPEN)
def test_pol_a_iv_ph_one_absent_transcript_leaves_it_open(tests):
    d = determine([*UNTREATED, *tests], order("2026-04-16", "C1D1"))
    assert verdict(d, "POL-A-IV-PH") == "unknown"
    assert "may be there" in criterion(d, "POL-A-IV-PH").because
    assert criterion(d, "POL-A-IV-PH").evidence


def test_pol_a_iv_ph_one_transcript_that_is_there_is_positive():
    d = determine([*UNTREATED, observation(P210, DAY, text="Detected"), negative(P190)])
    assert verdict(d, "POL-A-IV-PH") == "not-met"
