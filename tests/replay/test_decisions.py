"""A line of the results is what a hook call says at the same clock, for every order that is evaluated."""

from __future__ import annotations

import base64
import json

import pytest

from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.services import services_from
from cds_service.replay.deciding import patient as deciding
from cds_service.settings import Settings
from tests.contract.calls import CLOCK, order_sign
from tests.fixtures import NAMES
from tests.replay.populations import bundled, decided, decisions_of, exported, members, one, rejected, replay

DRUG = {"coding": [{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J9229"}]}


def by_kind(name, clock):
    """What the cards of a hook call carry for programs, by their kind."""
    environment = {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": clock}
    body = answer(
        json.dumps(order_sign(name)).encode(), services_from(Settings.from_environment(environment))
    ).body
    found = [card["extension"]["payer-policy-cds"] for card in body["cards"]]
    return {extension["kind"]: extension for extension in found}


@pytest.fixture(scope="module", params=["order", CLOCK])
def run(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("population")
    given = exported(folder / "in", [*bundled(), *members()])
    result = replay(given, out=folder / "out", more=("--workers", "1", "--as-of", request.param))
    assert result.exit_code == 0, result.output
    return request.param, {line["patient"]: line for line in decided(folder / "out")}


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_patient_among_others_is_answered_as_by_the_hook(run, name):
    as_of, found = run
    line = found[name]
    hook = by_kind(name, line["as_of"])
    assert line["as_of"] == ("2026-04-15T23:59:59+00:00" if as_of == "order" else as_of)
    coverage = dict(hook["coverage"])
    del coverage["findings"]
    assert coverage.items() <= line.items()
    findings = [finding for extension in hook.values() for finding in extension["findings"]]
    in_order = {json.dumps(f) for f in line["findings"]}
    assert in_order == {json.dumps(f) for f in findings}
    assert len(line["findings"]) == len(findings)
    assert line["needed"] == hook.get("documentation", {"needed": []})["needed"]


def test_members_without_the_drug_have_no_line(run):
    assert sorted(run[1]) == NAMES


def test_lines_are_sorted_by_patient_then_order(tmp_path):
    bodies = one()
    order = bodies[-1]
    bodies += [{**order, "id": "z-1"}, {**order, "id": "a-1"}, *one("relapsed-single-agent")]
    found = [(line["patient"], line["order"]) for line in decisions_of(tmp_path, bodies)]
    assert found == sorted(found)
    assert len(found) == 4


@pytest.mark.parametrize(
    ("change", "is_evaluated"),
    [
        *(({"status": status}, True) for status in ("draft", "active", "on-hold", "completed", "stopped")),
        *(({"status": status}, False) for status in ("cancelled", "entered-in-error", "unknown", "revoked")),
        *(({"intent": intent}, True) for intent in ("order", "original-order", "reflex-order", "filler-order", "instance-order")),
        *(({"intent": intent}, False) for intent in ("proposal", "plan", "directive", "option")),
        ({"doNotPerform": True}, False),
        ({"medicationCodeableConcept": {"text": "Methotrexate 15 mg"}}, False),
        ({"medicationCodeableConcept": {"text": "inotuzumab ozogamicin"}}, True),
    ],
)  # fmt: skip
def test_which_orders_are_evaluated(tmp_path, change, is_evaluated):
    *rest, order = one()
    assert len(decisions_of(tmp_path, [*rest, order | change])) == is_evaluated


def test_a_service_request_is_evaluated(tmp_path):
    *rest, order = one()
    service = {
        "resourceType": "ServiceRequest", "id": "s-1", "status": "active", "intent": "order",
        "subject": order["subject"], "authoredOn": "2026-04-15", "occurrenceDateTime": "2026-04-16", "code": DRUG,
    }  # fmt: skip
    (line,) = decisions_of(tmp_path, [*rest, service])
    assert line["order"] == "ServiceRequest/s-1"


def ordered_by_reference(reference):
    *rest, order = one()
    del order["medicationCodeableConcept"]
    return [*rest, order | {"medicationReference": {"reference": reference}}]


@pytest.mark.parametrize(
    "reference",
    ["Medication/besponsa", "https://ehr.example.org/fhir/Medication/besponsa", "Medication/mixture"],
)
def test_a_drug_by_reference_is_found_in_the_side_table(tmp_path, reference):
    drugs = [
        {"resourceType": "Medication", "id": "besponsa", "code": DRUG},
        {
            "resourceType": "Medication",
            "id": "mixture",
            "ingredient": [{"itemReference": {"reference": "Substance/ino"}}],
        },
        {"resourceType": "Substance", "id": "ino", "code": DRUG},
    ]
    (line,) = decisions_of(tmp_path, [*ordered_by_reference(reference), *drugs])
    assert line["dose"]["verdict"] == "ok"


def test_an_order_whose_drug_is_not_in_the_export_is_another_drugs(tmp_path):
    assert decisions_of(tmp_path, ordered_by_reference("Medication/away")) == []


def test_a_note_in_a_binary_is_read_as_a_hook_call_would(tmp_path):
    bodies = one()
    (before,) = decisions_of(tmp_path / "without", bodies)
    note = {
        "resourceType": "DocumentReference", "id": "n-1", "status": "current", "date": "2026-04-14T10:00:00-04:00",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]}, "subject": bodies[-1]["subject"],
        "content": [{"attachment": {"contentType": "text/plain", "url": "Binary/t-1"}}],
    }  # fmt: skip
    text = base64.b64encode(b"Grade 4 veno-occlusive disease of the liver.").decode()
    binary = {"resourceType": "Binary", "id": "t-1", "contentType": "text/plain", "data": text}
    (after,) = decisions_of(tmp_path / "with", [*bodies, note, binary])
    assert "DocumentReference/n-1" in json.dumps(after["findings"])
    assert "DocumentReference/n-1" not in json.dumps(before["findings"])


def test_of_two_versions_of_a_resource_the_newer_one_counts(tmp_path):
    *rest, order = one()
    older = order | {"meta": {"lastUpdated": "2026-04-14T00:00:00Z"}}
    newer = order | {"meta": {"lastUpdated": "2026-04-15T00:00:00Z"}, "status": "entered-in-error"}
    (tmp_path / "in" / "a").mkdir(parents=True)
    for name, version in (("a/one.ndjson", newer), ("two.ndjson", older)):
        (tmp_path / "in" / name).write_text(json.dumps(version) + "\n")
    assert decisions_of(tmp_path, rest) == []


def test_the_same_id_in_two_files_is_one_order(tmp_path):
    bodies = one()
    exported(tmp_path / "in" / "again", bodies)
    (line,) = decisions_of(tmp_path, bodies)
    assert line["order"] == f"MedicationRequest/{bodies[-1]['id']}"


def test_an_order_without_an_id_has_a_name_of_its_content(tmp_path):
    *rest, order = one()
    del order["id"]
    (line,) = decisions_of(tmp_path, [*rest, order])
    assert line["order"].startswith("MedicationRequest#")


def test_a_lost_line_of_a_patient_leaves_a_gap_and_never_a_no(tmp_path):
    """What may have stood in it is unknown."""
    bodies = one()
    folder = exported(tmp_path / "in", bodies)
    (whole,) = decisions_of(tmp_path, bodies)
    broken = '{"resourceType":"MedicationAdministration","id":"x","subject":{"reference":"Patient/second-cycle-after-cr"},"sta'
    (folder / "Broken.ndjson").write_text(broken + "\n", encoding="utf-8")
    result = replay(folder, out=tmp_path / "out2")
    assert result.exit_code == 1
    (line,) = decided(tmp_path / "out2")
    assert whole["cycle"] == 2
    assert line["needed"] != whole["needed"]
    assert line["coverage"] == "unknown"
    assert rejected(tmp_path / "out2") == [
        {"file": "Broken.ndjson", "line": 1, "reason": "it is not JSON at column 109"}
    ]


@pytest.mark.parametrize(
    ("pointer", "verdict"),
    [
        ({"reference": "Medication/away"}, "unknown"),
        ({"identifier": {"system": "urn:oid:1.2.3", "value": "9"}}, "unknown"),
        ({"reference": "Medication/away", "display": "lisinopril 10 mg"}, "met"),
    ],
)
def test_a_drug_that_is_not_in_the_export_is_unknown_as_in_a_hook_call(tmp_path, pointer, verdict):
    bodies = one("relapsed-single-agent")
    other = {"resourceType": "MedicationAdministration", "id": "away", "status": "completed"}
    more = {
        "effectiveDateTime": "2026-04-01",
        "subject": bodies[-1]["subject"],
        "medicationReference": pointer,
    }
    (line,) = decisions_of(tmp_path, [*bodies, other | more])
    (alone,) = [c for c in line["criteria"] if c["id"] == "POL-A-II-B-1"]
    assert alone["verdict"] == verdict


@pytest.mark.parametrize(("patient", "count"), [("second-cycle-after-cr", 1), ("member-000001", 0)])
def test_a_line_broken_within_is_rejected_for_a_patient_with_an_order(tmp_path, patient, count):
    """Lines of others are not checked to the end, where their type and patient are plain to see."""
    folder = exported(tmp_path / "in", [*one(), *members(3)])
    broken = '{"resourceType":"Observation","subject":{"reference":"Patient/%s"},"note":"a\\nb","x":tru}'
    (folder / "Broken.ndjson").write_text(broken % patient + "\n", encoding="utf-8")
    assert replay(folder, out=tmp_path / "out").exit_code == count
    assert len(rejected(tmp_path / "out")) == count
    (line,) = decided(tmp_path / "out")
    assert ("could not be read" in json.dumps(line)) is bool(count)


def test_a_line_whose_meaning_an_unknown_extension_may_turn_is_rejected(tmp_path):
    folder = exported(tmp_path / "in", one())
    turned = '{"resourceType":"Condition","id":"x","subject":{"reference":"Patient/second-cycle-after-cr"},"modifierExtension":[{"url":"u"}]}'
    (folder / "Turned.ndjson").write_text(turned + "\n", encoding="utf-8")
    assert replay(folder, out=tmp_path / "out").exit_code == 1
    (found,) = rejected(tmp_path / "out")
    assert (found["file"], found["reason"]) == (
        "Turned.ndjson", "an extension changes its meaning in a way not known here",
    )  # fmt: skip
    (line,) = decided(tmp_path / "out")
    assert "could not be read" in json.dumps(line)


def test_a_line_that_only_the_strict_reader_refuses_is_rejected_for_a_patient_with_an_order(tmp_path):
    folder = exported(tmp_path / "in", one())
    twice = '{"resourceType":"Observation","id":"x","id":"y","subject":{"reference":"Patient/second-cycle-after-cr"}}'
    (folder / "Twice.ndjson").write_text(f"\n{twice}\n", encoding="utf-8")
    assert replay(folder, out=tmp_path / "out").exit_code == 1
    (found,) = rejected(tmp_path / "out")
    assert (found["file"], found["line"]) == ("Twice.ndjson", 2)
    assert "same name" in found["reason"]


def test_an_order_that_cannot_be_read_is_rejected_whoever_its_patient_is(tmp_path):
    """It may have been one of the drug; of a patient without an order nothing else is parsed."""
    folder = exported(tmp_path / "in", members(3))
    broken = '{"resourceType":"MedicationRequest","id":"x","subject":{"reference":"Patient/member-000000"},"a":tru}'
    number = '{"resourceType":"ServiceRequest","id":"x","subject":{"reference":"Patient/p"},"a":%s}' % (
        "9" * 5000
    )
    (folder / "Broken.ndjson").write_text(f"{broken}\n{number}\n", encoding="utf-8")
    assert replay(folder, out=tmp_path / "out").exit_code == 1
    reasons = [(r["file"], r["line"], r["reason"]) for r in rejected(tmp_path / "out")]
    assert reasons == [
        ("Broken.ndjson", 1, "it is not JSON at line 1, column 101"),
        ("Broken.ndjson", 2, "a number has more than 64 digits"),
    ]


def test_an_error_of_the_program_costs_one_patient_and_is_said(tmp_path, monkeypatch):
    def fails(resource, *_others):
        if "relapsed" in resource.reference:
            raise KeyError("a chart's text")
        return (resource,)

    monkeypatch.setattr(deciding, "signed_together", fails)
    found = decisions_of(tmp_path, [*one(), *one("relapsed-single-agent")], status=1)
    assert [line["patient"] for line in found] == ["second-cycle-after-cr"]
    (said,) = rejected(tmp_path / "out")
    assert (said["file"], said["line"]) == ("MedicationRequest.ndjson", 2)
    assert "KeyError" in said["reason"]
    assert "chart" not in said["reason"]


@pytest.mark.parametrize("kept", [{"MedicationRequest"}, {"MedicationRequest", "Condition", "Observation"}])
def test_a_patient_of_whom_there_is_little_more_than_the_order_is_unknown_and_not_a_no(tmp_path, kept):
    bodies = [b for b in one("relapsed-single-agent") if b["resourceType"] in kept]
    (line,) = decisions_of(tmp_path, bodies)
    assert line["coverage"] == "unknown"
    age = next(c for c in line["criteria"] if c["id"] == "POL-IND-A-AGE")
    assert age["verdict"] == "unknown"
