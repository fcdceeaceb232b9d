"""Notes that speak of veno-occlusive disease in a few words, beside what else was thought of."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read

SUSPECTED = [
    "No infection, VOD suspected", "No ascites, VOD suspected.", "No sepsis, possible VOD", "No hepatitis or cholestasis, VOD likely", "No ascites, ?VOD",
    "VOD vs sepsis", "Ddx VOD vs drug injury", "Not clear whether VOD or sepsis is present, possible VOD", "Poss VOD", "Prob VOD", "s/o VOD", "Hepatology suspects VOD",
    "Normal Doppler does not exclude VOD.", "Doppler negative but clinical suspicion of VOD remains high.", "Doppler nondiagnostic, VOD remains possible.",
    "Hepatitis ruled out, VOD likely",
]  # fmt: skip
EXCLUDED = [
    "No sepsis or VOD", "Sepsis, not VOD", "Not VOD.", "Jaundice, not VOD", "No signs of sepsis, VOD or bleeding", "No infection, bleeding or VOD",
    "No evidence of hepatitis, cholestasis or VOD",
]  # fmt: skip


@pytest.mark.parametrize("text", SUSPECTED)
def test_a_suspicion_stands_beside_the_denial_of_something_else(text):
    assert [(a.value, a.certainty) for a in read(text, "vod", date(2026, 4, 13)).assertions] == [
        ("vod", "suspected")
    ]


@pytest.mark.parametrize("text", EXCLUDED)
def test_an_exclusion_is_read_beside_the_cause_that_was_found(text):
    assert read(text, "vod", date(2026, 4, 13)).values == {"excluded"}


@pytest.mark.parametrize(
    "text", ["Sepsis", "VOD: high", "High VOD risk", "If sepsis or VOD, stop", "Sepsis or VOD prophylaxis"]
)
def test_what_names_no_state_of_it_says_nothing(text):
    assert not read(text, "vod", date(2026, 4, 13)).assertions


@pytest.mark.parametrize(
    "text",
    [
        "Possible VOD, felt DILI", "VOD suspected, felt to be DILI per hepatology", "Suspected VOD felt to be viral hepatitis", "Possible VOD (felt to be DILI)",
        "Concern for VOD 4/2, was DILI", "Suspected VOD; attributed to posaconazole", "VOD vs DILI, felt DILI", "Possible VOD. Felt DILI.",
    ],
)  # fmt: skip
def test_another_cause_in_its_place_ends_a_suspicion(text):
    assert not read(text, "vod", date(2026, 4, 13)).assertions


@pytest.mark.parametrize(
    "text",
    [
        "Possible VOD, felt DILI unlikely", "VOD suspected, DILI excluded", "VOD suspected, found to have sepsis", "Possible VOD, felt DILI or VOD",
        "Suspected VOD attributed to posaconazole", "Suspected VOD secondary to infection", "Possible VOD, DILI also possible",
    ],
)  # fmt: skip
def test_another_cause_beside_it_does_not(text):
    assert [(a.value, a.certainty) for a in read(text, "vod", date(2026, 4, 13)).assertions] == [
        ("vod", "suspected")
    ]


@pytest.mark.parametrize("text", ["VOD confirmed, felt due to DILI", "VOD, felt DILI"])
def test_what_is_stated_is_not_taken_back_by_what_was_felt(text):
    assert [(a.value, a.certainty) for a in read(text, "vod", date(2026, 4, 13)).assertions] == [
        ("vod", "stated")
    ]
