"""A denial of one part says nothing of the whole: an organ of extramedullary disease, a kind or donor of a transplant."""

from datetime import date

import pytest

from cds_service.clinical.leukemia.extramedullary_sites import is_of_marrow, sites_in
from cds_service.clinical.reading.reader import read
from tests.reading.asking import Chart, has_code, old_extramedullary, put, verdict

ONE_ORGAN = [
    "No leukemia cutis.", "No testicular involvement.", "No chloroma.", "No leukemic infiltration of the kidneys.", "No renal infiltration",
    "Negative for leukemia cutis.", "No evidence of testicular leukemia.", "Skin clear, no leukemia cutis. CNS disease: LP pending.",
    "No extramedullary disease in the breasts.", "Skin: no extramedullary disease", "CT chest: no extramedullary disease.", "No ocular leukemia",
    "Leukemia cutis has resolved.", "Testicular relapse: no", "Chloroma of the orbit, resolved", "No extramedullary masses.", "MRI spine: no paraspinal chloroma",
]  # fmt: skip
WHOLE = [
    "No extramedullary disease.", "Extramedullary disease has resolved.", "EMD: none", "No EMD on exam or imaging", "No evidence of extramedullary leukemia",
    "Marrow uptake mildly increased, otherwise no extramedullary disease.",
]  # fmt: skip
NOT_SAID = ["No EMD other than CNS", "Apart from the CNS, no extramedullary disease.", "No extramedullary disease outside the CNS", "No other extramedullary disease.", "No other EMD", "No new extramedullary disease", "CNS disease, no other extramedullary disease: LP pending"]  # fmt: skip


@pytest.mark.parametrize("text", ONE_ORGAN)
def test_absence_in_one_organ_is_no_absence_of_all(text):
    assert read(text, "extramedullary").values <= {"absent-there"}


@pytest.mark.parametrize("text", WHOLE)
def test_absence_of_extramedullary_disease(text):
    assert read(text, "extramedullary").values == {"absent"}


@pytest.mark.parametrize("text", NOT_SAID)
def test_no_other_and_no_new_are_no_absence(text):
    assert read(text, "extramedullary").values <= {"present"}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("CNS disease persists. No leukemia cutis.", {"present", "absent-there"}),
        ("Extramedullary disease of the breast persists; no testicular disease", {"present", "absent-there"}),
        ("CNS disease persists, no testicular involvement", {"present", "absent-there"}),
        ("Extramedullary disease present. No extramedullary disease.", set()),
    ],
)
def test_disease_in_one_organ_stands_beside_its_absence_in_another(text, values):
    assert read(text, "extramedullary").values == values


@pytest.mark.parametrize(
    ("text", "sites"),
    [
        ("Leukemia cutis", {"skin"}),
        ("CNS 3", {"cns"}),
        ("Leukemic meningitis", {"cns"}),
        ("Extramedullary disease in the left breast", {"breast left"}),
        ("Chloroma of the right testis", {"testis right"}),
        ("Chloroma", {"chloroma"}),
        ("Disease in the left breast and right testis", {"breast", "testis"}),
        ("Extramedullary disease", set()),
    ],
)
def test_the_sites_that_a_text_names(text, sites):
    assert sites_in(text) == sites


def after(*texts: str, recorded: str = "CNS leukemia"):
    """CR by components beside extramedullary disease of January, and notes of April."""
    chart = Chart("second-cycle-cri-by-components")
    old_extramedullary(chart)
    if recorded != "CNS leukemia":
        chart.drop(lambda r: has_code(r, "61301000119102"))
        put(chart, "DiagnosticReport.conclusion@PET/CT", recorded, "2026-01-25")
    for text in texts:
        put(chart, "DocumentReference.description", text, "2026-04-13")
    d = chart.determine()
    return verdict(d, "POL-B-I-B"), d.dose.mg_per_m2 and float(d.dose.mg_per_m2)


OPEN, RESOLVED, PRESENT = ("unknown", None), ("met", 0.5), ("met", 0.8)


@pytest.mark.parametrize("text", [*ONE_ORGAN, *NOT_SAID[:6]])
def test_disease_of_the_nervous_system_stays_open_behind_a_denial_elsewhere(text):
    assert after(text) == OPEN


@pytest.mark.parametrize(
    "text",
    [
        *WHOLE,
        "No CNS disease",
        "CNS leukemia has resolved.",
        "Leptomeningeal disease resolved. No leukemia cutis.",
    ],
)
def test_disease_of_the_nervous_system_resolved(text):
    assert after(text) == RESOLVED


@pytest.mark.parametrize(
    ("recorded", "text", "expected"),
    [
        ("Extramedullary leukemia of the left breast.", "Complete resolution of extramedullary disease in the left breast.", RESOLVED),
        ("Extramedullary leukemia of the left breast.", "Complete resolution of extramedullary disease in the right breast.", OPEN),
        ("Extramedullary leukemia of the left breast.", "No CNS disease", OPEN),
        ("Extramedullary disease in the left breast and right testis.", "No testicular disease", OPEN),
        ("Extramedullary disease in the left breast and right testis.", "No breast chloroma. No testicular disease.", RESOLVED),
        ("Extramedullary disease.", "No CNS disease", OPEN),
        ("Extramedullary disease.", "No extramedullary disease", RESOLVED),
        ("CNS disease.", "CNS disease persists. No leukemia cutis.", PRESENT),
    ],
)  # fmt: skip
def test_disease_is_resolved_where_it_was_and_nowhere_else(recorded, text, expected):
    assert after(text, recorded=recorded) == expected


def test_a_general_denial_in_a_report_on_one_organ_is_of_that_organ():
    for topic, expected in (("Skin biopsy", OPEN), ("CSF cytology", RESOLVED), ("PET/CT", RESOLVED)):
        chart = Chart("second-cycle-cri-by-components")
        old_extramedullary(chart)
        put(chart, f"DiagnosticReport.conclusion@{topic}", "No extramedullary disease.", "2026-04-13")
        d = chart.determine()
        assert (verdict(d, "POL-B-I-B"), d.dose.mg_per_m2 and float(d.dose.mg_per_m2)) == expected, topic


@pytest.mark.parametrize(("ended", "expected"), [("Leukemia cutis", OPEN), ("CNS leukemia", RESOLVED)])
def test_the_end_of_one_entry_ends_no_other(ended, expected):
    chart = Chart("second-cycle-cri-by-components")
    old_extramedullary(chart)
    resolved = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "resolved"}]
    }
    chart.add(
        "Condition",
        code={"text": ended},
        clinicalStatus=resolved,
        recordedDate="2026-01-25",
        abatementDateTime="2026-04-01",
    )
    assert verdict(chart.determine(), "POL-B-I-B") == expected[0]


def test_the_day_of_a_text_is_read_with_its_part():
    said = read("No leukemia cutis on 4/10", "extramedullary", date(2026, 4, 13)).assertions
    assert [(a.value, a.when.first) for a in said] == [("absent-there", date(2026, 4, 10))]


OF_MARROW = [
    ("Bone marrow positive for lymphoblasts.", ""), ("Marrow with leukemic infiltration", ""), ("Blood positive for leukemia cells", ""),
    ("Positive for leukemic blasts", "Bone marrow biopsy, left iliac crest. Positive for leukemic blasts"),
]  # fmt: skip
OUTSIDE = [
    "CSF positive for lymphoblasts", "Leukemic infiltration of the kidney", "Positive for lymphoblasts", "Marrow clear, extramedullary leukemic infiltration",
    "Leukemic infiltration of the testis, marrow normal",
]  # fmt: skip


@pytest.mark.parametrize(("said", "text"), OF_MARROW)
def test_an_infiltrate_of_the_marrow_is_none_outside_it(said, text):
    assert is_of_marrow(said, text or said)


@pytest.mark.parametrize("text", OUTSIDE)
def test_an_infiltrate_elsewhere_is(text):
    assert not is_of_marrow(text, text)


NEW_PARTS = ["psoas", "gingiva", "mesentery", "dura", "tibia", "lymph nodes", "soft tissues"]


@pytest.mark.parametrize("part", NEW_PARTS)
def test_the_denial_of_a_part_stays_one_of_that_part(part):
    assert read(f"No extramedullary disease of the {part}", "extramedullary").values == {"absent-there"}
