"""What is drawn beside the doses: events since the first one, each as it was recorded."""

import pytest

from cds_service.fhir.record import Resource, record_from
from cds_service.policies.inotuzumab.picture import picture
from tests.fixtures import CLOCK, Fixture

FIRST_DOSE = "2026-03-18"


def events_of(name, *more):
    fixture = Fixture(name)
    bodies = [*fixture.resources, *more]
    record = record_from(fixture.patient_id, [Resource(body) for body in bodies])
    return [(str(event.day), event.words) for event in picture(record, CLOCK).events]


def condition(words, patient="second-cycle-after-cr", **members):
    return {
        "resourceType": "Condition",
        "id": "more",
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"text": words},
        **members,
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("grade-2-mucositis", [("2026-04-09", "Oral mucositis, CTCAE grade 2")]),
        ("severe-infusion-reaction", [("2026-03-25", "Infusion related reaction, grade 3")]),
        ("vod-after-cycle-2", [("2026-04-10", "Hepatic veno-occlusive disease")]),
        ("second-cycle-after-cr", []),
        ("relapsed-single-agent", []),
    ],
)
def test_an_event_since_the_first_dose_is_drawn_and_the_disease_is_none(name, expected):
    assert events_of(name) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"onsetDateTime": FIRST_DOSE}, [(FIRST_DOSE, "Pneumonia")]),
        ({"onsetDateTime": "2026-03-17"}, []),
        ({"onsetDateTime": "2026-03"}, []),
        ({"recordedDate": "2026-03-25"}, []),
        ({}, []),
        (
            {"onsetDateTime": "2026-03-25", "verificationStatus": {"coding": [{"code": "provisional"}]}},
            [("2026-03-25", "Pneumonia, not confirmed")],
        ),
    ],
)
def test_a_problem_is_an_event_from_the_day_it_began(members, expected):
    assert events_of("second-cycle-after-cr", condition("Pneumonia", **members)) == expected
