"""A status counts in whatever way it is written: among local codings, in capitals, or in words alone."""

import pytest

from cds_service.fhir.codings import status_codes
from cds_service.fhir.record import Resource, record_from


@pytest.mark.parametrize("status", [
    {"coding": [{"code": "refuted"}]},
    {"coding": [{"system": "urn:local", "code": "C"}, {"code": "refuted"}]},
    {"coding": [{"code": "Refuted"}]},
    {"text": "Refuted"},
    {"text": "Entered in error"},
])  # fmt: skip
def test_what_its_status_withdraws_is_left_out(status):
    condition = Resource({
        "resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"},
        "code": {"text": "VOD"}, "verificationStatus": status,
    })  # fmt: skip
    assert record_from("p1", [condition]).of_type("Condition") == ()


@pytest.mark.parametrize(("status", "codes"), [
    ({"text": "Provisional"}, {"provisional"}),
    ({"coding": [{"code": "resolved"}], "text": "Active"}, {"resolved"}),
    ({}, set()), (None, set()), ("resolved", {"resolved"}), ({"text": 5}, set()), (5, set()),
])  # fmt: skip
def test_codes_go_before_words(status, codes):
    assert status_codes(status) == codes
