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
    ("CD22 negative 4/8.", "cd22", "negative"), ("Relapsed, was in CR on 3/30.", "response", "relapse"),
    ("Lost response: blasts 35% today, was CR on 3/30.", "response", "relapse"), ("Not in CR; was CR 3/30.", "response", "no-cr"),
    ("Relapse on marrow after 18 months of remission.", "response", "relapse"), ("B-ALL, relapsed after 3 years in remission.", "status", "relapsed"),
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


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("CR on April 8.", date(2026, 4, 8)),
        ("Marrow from Apr 8th is in CR", date(2026, 4, 8)),
        ("Dec 3: CR", date(2025, 12, 3)),
        ("No progression since starting Besponsa on March 18.", None),
        ("No progression compared to 3/2/2026.", None),
        ("CR, start Dec 10 mg", None),
    ],
)
def test_a_day_in_words_is_that_of_the_state_and_not_of_what_it_is_compared_with(text, day):
    (said,) = read(text, "response", TODAY).assertions
    assert (said.when.first if said.when else None) == day


CASES = ["At progression, we will refer for CAR-T.", "Upon relapse, plan CAR-T.", "On progression, refer to hospice.", "For progression, she will start CAR-T."]  # fmt: skip
ACTED = ["PD, we will stop inotuzumab and refer for CAR-T.", "Progression after C1, so cycle 2 will not be given", "She has progressed and will be referred to hospice."]  # fmt: skip
LOOKED_AT = [
    "CR, we will repeat marrow to confirm.",
    "CR, we will know after the marrow is read.",
    "CR, she will restage",
]


@pytest.mark.parametrize("text", CASES + LOOKED_AT)
def test_a_case_and_what_is_to_be_looked_at_again_are_no_state(text):
    assert not read(text, "response", TODAY).values


@pytest.mark.parametrize("text", ACTED)
def test_what_is_done_next_is_no_part_of_a_state(text):
    assert read(text, "response", TODAY).values == {"progression"}


BUT_NOT = [
    "Complete remission with recovery of neutrophils but not platelets (CRi).",
    "In CR but not MRD negative (CRi).",
    "CR, not MRD negative",
]


@pytest.mark.parametrize("text", BUT_NOT)
def test_a_denial_of_what_stands_behind_it_does_not_deny_the_remission(text):
    assert read(text, "response", TODAY).values <= {"cr", "cri"}


@pytest.mark.parametrize("text", [
    "Hyper-CVAD, CR1. Relapse 1/2026. InO C1 3/18/26.", "Dx 6/2023. Hyper-CVAD, CR. Relapsed 1/2026. On InO.", "2023 hyper-CVAD, CR1\n1/2026 relapse",
    "CR1. Relapse 1/2026.", "Relapse 1/2026 after CR1.",
])  # fmt: skip
def test_a_remission_of_the_line_before_a_relapse_is_not_of_now(text):
    assert not {a.value for a in read(text, "response", date(2026, 4, 12)).assertions if a.is_now} & {
        "cr",
        "cri",
    }


@pytest.mark.parametrize("text", [
    "Hyper-CVAD, CR1. Relapse 1/2026. CRi after C1.", "Relapse 1/2026. InO. CR.", "CR after C1. Relapse was 1/2026.", "Now CR. Relapse 1/2026.", "CR1.",
])  # fmt: skip
def test_one_behind_the_relapse_or_of_a_cycle_is(text):
    assert {a.value for a in read(text, "response", date(2026, 4, 12)).assertions if a.is_now} & {"cr", "cri"}


@pytest.mark.parametrize("behind", ["", " Doing well.", " Admit today.", "\nNo fever."])
@pytest.mark.parametrize("text", ["HSCT, relapse, now InO.", "Relapsed -> InO.", "Relapsed, InO now."])
def test_the_relapse_for_which_it_was_begun_is_past_whatever_follows(text, behind):
    assert not read(text + behind, "response", date(2026, 4, 12)).values
