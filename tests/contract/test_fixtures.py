"""Each bundled patient gives its expected answer by prefetch alone and by REST alone, and the two are equal."""

import json

import pytest

from cds_service.evaluation.saved_request import prefetch_of
from cds_service.fhir.validation import complaints
from tests.fixtures import NAMES, ROOT, Fixture

URL = "/cds-services/inotuzumab-order-sign"
each_fixture = pytest.mark.parametrize("name", NAMES)


def by_prefetch(client, name):
    folder = ROOT / name
    body = prefetch_of((folder / "request.json").read_bytes(), (folder / "resources.json").read_bytes())
    return client.post(URL, data=body)


def by_rest(client, base, name):
    body = json.loads((ROOT / name / "request.json").read_bytes()) | {"fhirServer": f"{base}/sandbox/fhir"}
    return client.post(URL, json=body)


def without_links(answer):
    """The cards; a link to the detail view needs a FHIR server to launch from, so only one of the two has it."""
    return [{k: v for k, v in card.items() if k != "links"} for card in answer.json["cards"]]


def ours(card):
    return card["extension"]["payer-policy-cds"]


@each_fixture
def test_the_answer_is_the_expected_one(client, name):
    cards = by_prefetch(client, name).json["cards"]
    for expected in Fixture(name).expected["orders"]:
        of_order = [c for c in cards if ours(c)["order"] == expected["order"]]
        coverage = next(ours(c) for c in of_order if ours(c)["kind"] == "coverage")
        assert {k: coverage[k] for k in ("request", "cycle", "day", "coverage")} == {
            k: expected[k] for k in ("request", "cycle", "day", "coverage")
        }
        assert {c["id"]: c["verdict"] for c in coverage["criteria"]} == expected["criteria"]
        kinds = {f["kind"] for c in of_order for f in ours(c)["findings"]} - {"coverage"}
        assert kinds == set(expected["findings"])
        items = {n["item"] for c in of_order for n in ours(c).get("needed", ())}
        assert items == set(expected["needed"])
        assert {k: coverage["dose"][k] for k in ("verdict", "expected_mg")} == json.loads(
            json.dumps(expected["dose"], default=float)
        )


@each_fixture
def test_prefetch_alone_and_rest_alone_give_equal_answers(client, base, name):
    assert without_links(by_rest(client, base, name)) == without_links(by_prefetch(client, name))


@each_fixture
def test_the_same_request_gives_the_same_bytes(client, name):
    assert by_prefetch(client, name).data == by_prefetch(client, name).data


@each_fixture
def test_every_resource_of_a_bundled_patient_is_valid_fhir(name):
    assert {r["id"]: complaints(r) for r in Fixture(name).resources if complaints(r)} == {}


@each_fixture
def test_a_dosage_of_a_bundled_patient_has_an_amount(name):
    """FHIR's rule mad-1, which no reader of types checks."""
    dosages = {
        r["id"]: r["dosage"].keys()
        for r in Fixture(name).resources
        if r["resourceType"] == "MedicationAdministration" and "dosage" in r
    }
    assert [
        id for id, members in dosages.items() if not members & {"dose", "rateRatio", "rateQuantity"}
    ] == []


@each_fixture
def test_every_resource_that_a_card_offers_is_valid_fhir(client, name):
    offered = [
        action["resource"]
        for card in by_prefetch(client, name).json["cards"]
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    ]
    assert [complaints(r) for r in offered if complaints(r)] == []


def test_the_bundled_patients_cover_every_kind_of_card(client):
    kinds = {ours(card)["kind"] for name in NAMES for card in by_prefetch(client, name).json["cards"]}
    assert {"coverage", "documentation", "dose", "safety"} <= kinds


@pytest.mark.parametrize("text", ["No VOD. " * 9_000, 'No "VOD". ' * 7_000], ids=["plain", "quoted"])
def test_a_text_that_is_too_long_to_be_read_is_named_in_a_call_by_prefetch_alone(client, text):
    name = NAMES[0]
    bundle = json.loads((ROOT / name / "resources.json").read_bytes())
    subject = {"reference": f"Patient/{Fixture(name).patient_id}"}
    note = {
        "resourceType": "Observation",
        "id": "long",
        "status": "final",
        "code": {"text": "note"},
        "subject": subject,
    }
    bundle["entry"].append({"resource": note | {"valueString": text}})  # fmt: skip
    body = prefetch_of((ROOT / name / "request.json").read_bytes(), json.dumps(bundle).encode())
    assert "characters was not read" in client.post(URL, data=body).text
