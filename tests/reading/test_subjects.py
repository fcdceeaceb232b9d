"""Remission, relapse and progression are states of many diseases: they count of the leukemia only, and of this patient."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read

NOTED = date(2026, 4, 12)
DISEASES = [
    "Depression", "Breast cancer", "Breast ca", "Hx testicular cancer 2010", "Lupus nephritis", "MS", "Hodgkin lymphoma", "GVHD", "Crohn's",
    "Alcohol use disorder", "CML", "Chronic myeloid leukemia", "IgA nephropathy", "Low back pain", "Graves",
]  # fmt: skip
JOINED = [
    "{} - {}", "{} -- {}", "{} -> {}", "{} ({})", "{} | {}", "{} (2015): {}", "{} (2015) {}", "{} [2015] - {}", "{}: {}", "{}, {}",
    "{}, dx 2015, {}", "{}, now {}", "{}. {}.", "{}; {}", "{}. Dx 2015. {}.", "# {}\n{}", "{}:\n- {}", "2. {} - {}", "ASSESSMENT\n1. B-ALL on InO\n2. {} - {}",
]  # fmt: skip
STATES = [
    "in complete remission",
    "full remission",
    "in CR",
    "relapsed",
    "disease progression",
    "no progression",
]


@pytest.mark.parametrize("joined", JOINED)
@pytest.mark.parametrize("disease", DISEASES)
def test_a_state_of_another_disease_is_none_of_the_leukemia(disease, joined):
    told = {state: read(joined.format(disease, state), "response", NOTED).values for state in STATES}
    assert {state: values for state, values in told.items() if values} == {}


@pytest.mark.parametrize("joined", JOINED[:8])
@pytest.mark.parametrize("disease", ["Breast cancer", "C diff", "Depression", "Lupus nephritis"])
def test_nor_is_it_the_status_of_the_leukemia(disease, joined):
    assert read(joined.format(disease, "relapsed"), "status", NOTED).values == frozenset()
    assert read(joined.format(disease, "in remission"), "status", NOTED).values == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "Psych: depression - full remission.",
        "Breast cancer s/p lumpectomy and XRT 2015, in complete remission",
        "Breast cancer - no disease progression on imaging",
        "B-ALL, depression - in remission",
        "Breast cancer dx 2015. Treated w/ surgery. In remission.",
        "Depression. She is in full remission.",
        "PMH\nTesticular cancer 2010, complete remission",
        "Friend w/ ALL. In CR.",
        "Her friend has leukemia. She is in remission.",
        "Father had AML. In CR.",
        "Coworker with lymphoma, in CR",
        "Chart review for tumor board: 3 pts, 2 in CR.",
        "Two pts relapsed",
    ],
)
def test_nor_is_one_of_another_disease_or_person_farther_back(text):
    assert read(text, "response", NOTED).values == frozenset()


def test_residual_disease_of_other_patients_is_not_this_one_s():
    assert read("Two pts MRD neg.", "mrd").values == frozenset()
    assert read("Pt MRD neg.", "mrd").values == {"negative"}


@pytest.mark.parametrize(
    "text",
    [
        "B-ALL - in complete remission",
        "ALL (dx 2024): in CR",
        "1. B-ALL\n- in CR after C1",
        "1. B-ALL - in CR\n2. Depression - in full remission",
        "PMH depression. B-ALL in CR.",
        "Depression stable on sertraline.\nMarrow: CR.",
        "4/10 BMBx - CR",
        "Path result -> CR",
        "Tolerated C1 well - CR.",
        "Heme - in CR",
        "No fever - in CR",
        "No GVHD, in CR.",
        "No GVHD. In CR.",
        "Doing well - in CR",
        "Afebrile. In CR.",
        "Husband at bedside. In CR.",
        "Her sister is a 10/10 match. In CR.",
        "Friend w/ ALL. Pt in CR.",
        "Assessment:\nIn CR",
    ],
)
def test_a_state_of_the_leukemia_or_of_nothing_else_is_read(text):
    assert read(text, "response", NOTED).values == {"cr"}


def test_what_is_not_taken_for_the_leukemia_is_quoted_with_its_disease():
    (passage,) = read("Seen today. Depression - in complete remission.", "response", NOTED).not_understood
    assert passage.quote == "Depression - in complete remission"


@pytest.mark.parametrize(("text", "topic"), [
    ("CR = complete remission; CRi = CR with incomplete count recovery", "response"),
    ("VOD = veno-occlusive disease", "vod"),
    ("Abbreviations: VOD, veno-occlusive disease", "vod"),
    ("PD (Parkinson disease) stable on Sinemet", "response"),
    ("VOD (video on demand) link sent", "vod"),
    ("Called patient, no response.", "response"),
    ("CR dose given", "response"),
    ("Return for jaundice, wt gain (VOD).", "vod"),
])  # fmt: skip
def test_letters_that_are_explained_or_mean_another_thing_state_nothing(text, topic):
    assert read(text, topic, date(2026, 4, 13)).assertions == ()


@pytest.mark.parametrize(("text", "topic", "says"), [
    ("CR (complete remission)", "response", "cr"),
    ("Response = CR", "response", "cr"),
    ("Remission status: CR", "response", "cr"),
    ("Veno-occlusive disease (VOD) present", "vod", "vod"),
    ("Hospital course: admitted 4/8 with VOD, treated with defibrotide, improving.", "vod", "vod"),
])  # fmt: skip
def test_letters_beside_their_meaning_are_still_read(text, topic, says):
    assert {a.value for a in read(text, topic, date(2026, 4, 13)).assertions} == {says}


@pytest.mark.parametrize("text", [
    "57F s/p InO C1 admitted with ascites, meeting EBMT criteria for VOD/SOS.", "Will r/o VOD.", "New VOD.", "Course c/b VOD requiring defibrotide.",
    "High concern for VOD.", "We are concerned that this is VOD.", "This is most likely VOD.", "Suspicious for VOD: bili 4, wt gain, ascites.",
    "Working diagnosis VOD.", "Continue defibrotide for VOD.", "InO permanently discontinued due to VOD.", "Liver biopsy: features of sinusoidal obstruction syndrome.",
])  # fmt: skip
def test_more_ways_to_say_that_there_is_or_may_be_vod(text):
    assert {a.value for a in read(text, "vod", date(2026, 4, 13)).assertions} == {"vod"}


@pytest.mark.parametrize("text", [
    "Inotuzumab should be permanently discontinued for VOD.", "Defibrotide for VOD is available on formulary.", "Continue defibrotide for VOD prophylaxis.",
    "Patient is concerned about VOD.", "EBMT criteria for VOD", "Does not meet EBMT criteria for VOD.", "Will r/o VOD if bili rises.", "New VOD guideline.",
])  # fmt: skip
def test_and_what_only_talks_of_it(text):
    assert {a.value for a in read(text, "vod", date(2026, 4, 13)).assertions} <= {"excluded"}


@pytest.mark.parametrize(("text", "topic", "says"), [
    ("Paciente en remisión completa después del ciclo 1.", "response", {"cr"}),
    ("La paciente no está en remisión completa.", "response", {"no-cr"}),
    ("Recaída en médula ósea 4/10.", "response", {"relapse"}),
    ("Sin evidencia de progresión de la enfermedad.", "response", {"no-progression"}),
    ("Si logra remisión completa, trasplante.", "response", set()),
    ("Madre en remisión completa de leucemia.", "response", set()),
    ("Cáncer de mama en remisión completa.", "response", set()),
    ("Posible recaída.", "response", set()),
    ("Sospecha de enfermedad venooclusiva hepática.", "vod", {"vod"}),
    ("No hay evidencia de enfermedad venooclusiva.", "vod", {"excluded"}),
    ("Profilaxis de enfermedad venooclusiva con ursodiol.", "vod", set()),
])  # fmt: skip
def test_notes_in_spanish(text, topic, says):
    assert {a.value for a in read(text, topic, date(2026, 4, 13)).assertions} == says
