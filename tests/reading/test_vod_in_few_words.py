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


@pytest.mark.parametrize(
    "text",
    [
        "No VOD with C1. VOD suspected.", "No VOD last week. Possible VOD today.", "No VOD after C1, possible VOD after C2", "No VOD so far. Bili up, possible VOD.",
        "No evidence of VOD by US. Clinically VOD suspected.", "VOD suspected 4/10. No VOD in cycle 1.", "No VOD in prior cycles; now RUQ pain, VOD suspected",
    ],
)  # fmt: skip
def test_a_suspicion_behind_an_exclusion_of_before_stands(text):
    now = [a for a in read(text, "vod", date(2026, 4, 13)).assertions if a.time == "present"]
    assert [(a.value, a.certainty) for a in now] == [("vod", "suspected")]


@pytest.mark.parametrize(
    ("text", "values"),
    [("VOD suspected. Now no VOD.", {"excluded"}), ("Currently no VOD. VOD suspected earlier", {"excluded"}), ("Possible VOD; US: no VOD", set()),
     ("VOD suspected after C1. No VOD on US.", set())],
)  # fmt: skip
def test_an_exclusion_behind_it_does_not_leave_it(text, values):
    assert read(text, "vod", date(2026, 4, 13)).values == values


STATED = [
    "SOS dx'd 4/8, defibrotide D3", "VOD ruled in by Baltimore criteria", "Toxicities: SOS grade 3 (EBMT severe), bili 5.1", "VOD, mild, self-limited",
    "The clinical picture of painful hepatomegaly, weight gain of 8 percent and bilirubin of 4.2 is consistent with veno-occlusive disease, and defibrotide was begun.",
    "Hepatology consulted; their impression is that this is most compatible with sinusoidal obstruction syndrome and they advise defibrotide.",
    "VOD developed after cycle 1 and inotuzumab was discontinued.",
]  # fmt: skip
SUSPECTS = [
    "High index of suspicion for SOS, GI following", "Elevated bilirubin, evaluate for VOD", "Bilirubin elevated, VOD workup sent",
]  # fmt: skip
DENIES = [
    "abd US neg for VOD", "no VOD sx", "No clinical features to suggest VOD", "VOD work up neg: doppler nl, wt stable",
    "Hepatology does not feel this represents sinusoidal obstruction syndrome; the rise in transaminases is attributed to posaconazole.",
    "After reviewing the ultrasound and the clinical course we have concluded that he does not have veno-occlusive disease.",
]  # fmt: skip
SAYS_NOTHING = [
    "VOD signs reviewed", "they recommend defibrotide if VOD", "If bilirubin is elevated, evaluate for VOD", "Toxicities: VOD, myelosuppression",
    "Adverse events since last visit: none. VOD risk discussed.", "Defibrotide D3", "post transplant VOD ppx",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "read_as"),
    [*((t, ["vod", "stated"]) for t in STATED), *((t, ["vod", "suspected"]) for t in SUSPECTS), *((t, ["excluded", "stated"]) for t in DENIES),
     *((t, []) for t in SAYS_NOTHING)],
)  # fmt: skip
def test_what_notes_say_of_it(text, read_as):
    said = read(text, "vod", date(2026, 4, 13)).assertions
    assert [x for a in said for x in (a.value, a.certainty)] == read_as
