"""A state without a day, and behind it an opposite one with its day: in one sentence, or when that day is just before the text's.

The later words are the later state. Of two results of a marker nothing tells which is the later: neither decides.
"""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read

TODAY = date(2026, 4, 13)
LATER = [
    ("CR after C1 but relapse 4/12.", "response", {"relapse"}), ("In CR but relapsed on 4/12 with 40 % blasts.", "response", {"relapse"}),
    ("CR, then relapse on 4/12.", "response", {"relapse"}), ("CR -> relapse 4/12.", "response", {"relapse"}),
    ("Relapsed 1/2026 -> CR -> relapse 4/12", "response", {"relapse"}), ("CR by marrow; relapse on 4/12.", "response", {"relapse"}),
    ("No progression but progressed 4/12.", "response", {"progression"}), ("Stable disease -> PD 4/12.", "response", {"progression"}),
    ("No VOD after C1, VOD suspected 4/10.", "vod", {"vod"}), ("No VOD. VOD suspected 4/10.", "vod", {"vod"}),
    ("VOD suspected but excluded 4/10.", "vod", {"excluded"}), ("No EMD but EMD in breast 4/12.", "extramedullary", {"present"}),
    ("MRD pos -> MRD neg 4/12.", "mrd", {"negative"}), ("CD22 positive -> CD22 negative 4/8.", "cd22", {"negative"}),
    ("In CR. Relapsed 4/12.", "response", {"relapse"}), ("In CR after C1. Relapsed 4/12.", "response", {"relapse"}),
    ("CR after C1.\nMarrow 4/12: relapse", "response", {"relapse"}), ("Now in CR. Relapsed 4/12.", "response", {"relapse"}),
    ("In CR. Relapsed in April.", "response", {"relapse"}), ("Relapsed 4/12. In CR.", "response", {"relapse"}),
    ("No progression. PD on 4/12 marrow.", "response", {"progression"}), ("No EMD. EMD in breast 4/12.", "extramedullary", {"present"}),
    ("MRD negative. MRD positive 4/12.", "mrd", set()), ("CD22 positive. CD22 negative 4/8.", "cd22", set()),
    ("BCR::ABL1 negative. BCR::ABL1 positive 4/8.", "ph", {"negative", "positive"}),
    ("MRD neg but MRD positive 4/12.", "mrd", set()), ("CD22 positive but CD22 negative 4/8.", "cd22", set()),
]  # fmt: skip
STANDS = [
    ("Relapsed 1/2026, now in CR.", "response", "cr"), ("Relapse 1/26 --> InO --> CR 4/10.", "response", "cr"),
    ("In CR. Relapsed 1/2026, InO since 3/18.", "response", "cr"), ("In CR (relapse 1/2026).", "response", "cr"),
    ("In CR. Relapsed 3/1.", "response", "cr"), ("Relapsed 4/1. CR on today's marrow.", "response", "cr"),
    ("In CR. No relapse on 4/12 marrow.", "response", "cr"), ("In CR. Relapse suspected 4/12.", "response", "cr"),
    ("Relapsed. CR 4/2.", "response", "relapse"), ("EMD in breast. No EMD 4/2.", "extramedullary", "present"),
    ("MRD negative. MRD positive 1/2026.", "mrd", "negative"), ("MRD positive 4/2. MRD negative.", "mrd", "negative"),
    ("Now in CR, relapsed 1/2026.", "response", "cr"), ("VOD suspected 4/8. No VOD.", "vod", "excluded"),
    ("CD22 was negative on 2025 sample; current blasts are CD22 positive (80 %).", "cd22", "positive"),
    ("CD22 negative 4/8.", "cd22", "negative"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic", "values"), LATER)
def test_the_opposite_state_behind_it_replaces_it(text, topic, values):
    said = read(text, topic, TODAY).assertions
    assert {a.value for a in said if a.time == "present"} == values


@pytest.mark.parametrize(("text", "topic", "value"), STANDS)
def test_what_is_said_of_now_stands(text, topic, value):
    said = [a for a in read(text, topic, TODAY).assertions if a.time == "present"]
    assert max(said, key=lambda a: a.when.last if a.when else TODAY).value == value


UNSURE = [
    "CR unlikely.", "CR remains unlikely", "Relapse unlikely.", "Progression felt unlikely, marrow tomorrow.", "CR per patient.", "Patient reports CR.",
    "Pt states she is in CR.", "CR according to the patient",
]  # fmt: skip


@pytest.mark.parametrize("text", UNSURE)
def test_what_is_unlikely_or_told_by_the_patient_is_no_response(text):
    assert not read(text, "response", TODAY).values


@pytest.mark.parametrize(
    "text", ["HSCT unlikely.", "Unlikely to proceed to transplant.", "Transplant appears unlikely"]
)
def test_an_unlikely_transplant_is_not_denied(text):
    assert not read(text, "transplant", TODAY).values
