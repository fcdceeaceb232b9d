"""Why a dose was held: a value that is too high is a toxicity, the name of a test or of an errand is none."""

import pytest

from cds_service.clinical.reading.reader import read
from cds_service.oncology.hold_reasons import reason_kind
from tests.reading.asking import UPPER


@pytest.mark.parametrize("text", ["ALT 320", "Bili up", "bili 3.2", "ALT 5x ULN", "Held for elevated LFTs", "TRANSAMINITIS GR 3", "rising bilirubin", "Held for suspected infection", "On hold until LFTs improve"])  # fmt: skip
def test_a_toxicity_is_one(text):
    assert reason_kind(text, UPPER) is True


@pytest.mark.parametrize("text", [
    "ALT normal", "bili 0.6, ALT 20", "Awaiting ALT", "Awaiting LFT results", "Held for ALT scheduling", "pain clinic visit", "Held: fracture clinic",
    "Held because of father's infection", "LFTs and counts", "LFTs improved", "Provider request",
])  # fmt: skip
def test_the_name_of_a_test_a_clinic_or_another_person_is_none(text):
    assert reason_kind(text, UPPER) is None


@pytest.mark.parametrize("text", ["Held for father's funeral", "death in family", "Thrombocytopenia, LFTs wnl", "fall break, clinic closed"])  # fmt: skip
def test_another_reason_is_one(text):
    assert reason_kind(text, UPPER) is False


@pytest.mark.parametrize(
    "text", ["MRD relapse", "Molecular relapse", "B-ALL with MRD recurrence", "Relapse by MRD"]
)
def test_residual_disease_alone_is_no_relapse(text):
    assert read(text, "status").assertions == ()
    assert read(text, "response").assertions == ()
