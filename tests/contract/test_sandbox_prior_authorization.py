"""Coverage information and the payer's form in the sandbox, without a browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.crd.coverage_information import URL
from cds_service.evaluation.saved_request import prefetch_of
from cds_service.fhir.validation import complaints
from cds_service.hooks.services import CRD
from cds_service.json_text import read_json, write_json
from cds_service.packet.answers import ORIGIN, given_in
from cds_service.packet.form import items_of
from cds_service.sandbox import desk
from cds_service.sandbox.coverage_information import statements
from cds_service.sandbox.patients import patients
from cds_service.sandbox.prior_authorization.filling import filled

OPEN = "cd22-never-tested"
NOW = datetime.fromisoformat("2026-04-15T10:00:00-04:00")


@pytest.fixture
def ehr(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The sandbox, its calls answered by the service in this process."""

    def post(path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        sent = write_json(body).encode()
        if "fhirServer" in body:  # the record travels with the call: nobody serves it here
            entries = [{"resource": r} for r in patients()[body["context"]["patientId"]].held]
            without = {name: value for name, value in body.items() if not name.startswith("fhir")}
            sent = prefetch_of(write_json(without).encode(), write_json({"entry": entries}).encode())
        answer = client.post(path, data=sent, headers=headers)
        return answer.status_code, read_json(answer.data)

    monkeypatch.setattr(desk, "post", post)
    return client


def fields_of(text: str) -> dict[str, str]:
    """What is under way, as a page carries it."""
    names = ("orders", "status", "cards", "answers", "filled", "signed", "service")
    parts = {name: text.partition(f'name="{name}" value="') for name in names}
    return {name: unescape(after.partition('"')[0]) for name, (_, found, after) in parts.items() if found}


def signed(ehr: FlaskClient, name: str) -> dict[str, str]:
    orders = write_json(list(patients()[name].drafts))
    text = ehr.post(f"/sandbox/patients/{name}/sign", data={"orders": orders, "service": CRD}).text
    return fields_of(text)


def assertions(fields: Mapping[str, str]) -> list[str]:
    return [s.assertion for order in json.loads(fields["orders"]) for s in statements(order)]


def tab(ehr: FlaskClient, name: str, **entered: str) -> tuple[str, Any]:
    """The page of the form after some entries, and the response that is downloaded from it."""
    fields = signed(ehr, name)
    (assertion,) = assertions(fields)
    sent = {**fields, "form": assertion, **{f"answer.{link}": text for link, text in entered.items()}}
    page = f"/sandbox/patients/{name}/prior-authorization"
    downloaded = ehr.post(f"{page}/download", data={**sent, "what": "response"})
    assert downloaded.mimetype == "application/fhir+json"
    return ehr.post(page, data=sent).text, downloaded.json


def origins(answers: Any) -> list[tuple[str, bool]]:
    """Of each answer who gave it, and whether an author is named."""
    found = []
    for answer in answers:
        (origin,) = [e for e in answer["extension"] if e["url"] == ORIGIN]
        parts = {part["url"]: part for part in origin["extension"]}
        found.append((parts["source"]["valueCode"], "author" in parts))
    return found


@pytest.mark.parametrize("name", sorted(patients()))
def test_every_patients_order_has_a_statement_and_only_with_a_form_a_tab(ehr: FlaskClient, name: str) -> None:
    text = ehr.post(
        f"/sandbox/patients/{name}/sign",
        data={"orders": write_json(list(patients()[name].drafts)), "service": CRD},
    ).text
    (order,) = json.loads(fields_of(text)["orders"])
    (stated,) = statements(order)
    assert stated.assertion in text
    assert (">Prior authorization</button>" in text) is bool(stated.form)
    assert bool(stated.form) is (stated.covered in ("covered", "conditional"))
    assert bool(stated.instructions) is (stated.covered == "conditional")
    if stated.form:
        page, response = tab(ehr, name)
        assert "Nothing is submitted from here" in page
        assert complaints(response) == []
        assert "attested" not in given_in(response)


def test_answers_of_a_person_say_so_and_name_their_author(ehr: FlaskClient) -> None:
    _, before = tab(ehr, OPEN)
    page, after = tab(
        ehr, OPEN, **{"POL-A-I-CD22": "yes", "POL-A-I-CD22.because": "outside report", "weight": "70"}
    )
    came, given = given_in(before), given_in(after)
    assert "POL-A-I-CD22" not in came
    assert origins(given["POL-A-I-CD22"]) == [("manual", True)]
    assert origins(given["POL-A-I-CD22.because"]) == [("override", True)]
    assert origins(given["weight"]) == [("override", True)]
    unchanged = {link: answers for link, answers in came.items() if answers == given.get(link)}
    assert {origin for a in unchanged.values() for origin in origins(a)} == {("auto-server", False)}
    assert set(came) - set(unchanged) == {"POL-A-I-CD22.because", "weight"}
    assert after["status"] == "in-progress"
    assert "Every required question is answered." in page
    assert complaints(after) == []


def test_what_the_record_says_entered_again_stays_the_records(ehr: FlaskClient) -> None:
    _, before = tab(ehr, OPEN)
    _, after = tab(ehr, OPEN, weight="68.0", cycle="1", request="initial")
    assert after == before


@pytest.mark.parametrize(
    ("entered", "status"),
    [
        ({}, "in-progress"),
        ({"POL-A-I-CD22": "yes"}, "in-progress"),
        ({"attested": "yes"}, "in-progress"),
        ({"POL-A-I-CD22": "no", "attested": "no"}, "in-progress"),
        ({"POL-A-I-CD22": "yes", "attested": "yes", "height": "tall"}, "in-progress"),
        ({"POL-A-I-CD22": "no", "attested": "yes"}, "completed"),
    ],
)
def test_a_form_is_complete_once_all_is_answered_and_attested(
    ehr: FlaskClient, entered: dict[str, str], status: str
) -> None:
    page, response = tab(ehr, OPEN, **entered)
    assert response["status"] == status
    assert ("Complete and attested." in page) is (status == "completed")


def test_another_choice_asks_other_questions(ehr: FlaskClient) -> None:
    page, response = tab(ehr, OPEN, request="continuation", cycle="2")
    given = given_in(response)
    assert [a["valueCoding"]["code"] for a in given["request"]] == ["continuation"]
    assert not any(link.startswith("POL-A-") for link in given)
    assert "required questions are open" in page


@pytest.mark.parametrize(
    ("link", "text", "taken"),
    [
        ("weight", "70.5", Decimal("70.5")),
        ("weight", "NaN", None),
        ("weight", "1e400", None),
        ("weight", "1" * 30, None),
        ("cycle", "2.5", None),
        ("birth-date", "yesterday", None),
        ("birth-date", "1975-05-06", "1975-05-06"),
        ("request", "sometimes", None),
        ("POL-A-I-CD22", "maybe", None),
        ("POL-A-I-CD22.because", "x" * 2_001, None),
    ],
)
def test_what_is_no_answer_is_not_taken_and_said(
    ehr: FlaskClient, link: str, text: str, taken: object
) -> None:
    before = given_in(tab(ehr, OPEN)[1]).get(link)
    page, response = tab(ehr, OPEN, **{link: text})
    now = given_in(response).get(link)
    if taken is None:
        assert now == before
        assert "It was not taken." in page
    else:
        ((value,),) = [[v for m, v in a.items() if m.startswith("value")] for a in now or ()]
        assert (Decimal(str(value)) if isinstance(taken, Decimal) else value) == taken
        assert "It was not taken." not in page


def test_the_packet_holds_the_form_the_answers_as_they_stand_and_the_library(ehr: FlaskClient) -> None:
    fields = signed(ehr, OPEN)
    (assertion,) = assertions(fields)
    sent = {**fields, "form": assertion, "answer.POL-A-I-CD22": "yes"}
    page = f"/sandbox/patients/{OPEN}/prior-authorization/download"
    alone = ehr.post(page, data={**sent, "what": "response"}).json
    packet = ehr.post(page, data={**sent, "what": "package"})
    assert 'filename="questionnaire-package.json"' in packet.headers["Content-Disposition"]
    (bundle,) = [p["resource"] for p in packet.json["parameter"] if p["name"] == "packagebundle"]
    form, response, library = [entry["resource"] for entry in bundle["entry"]]
    assert (form["resourceType"], library["resourceType"]) == ("Questionnaire", "Library")
    assert response == alone
    assert given_in(response)["POL-A-I-CD22"][0]["valueBoolean"] is True


def test_entries_travel_with_the_order(ehr: FlaskClient) -> None:
    fields = signed(ehr, OPEN)
    (assertion,) = assertions(fields)
    entries = {"form": assertion, "answer.POL-A-I-CD22": "no"}
    back = fields_of(ehr.post(f"/sandbox/patients/{OPEN}/show", data={**fields, **entries}).text)
    text = ehr.post(
        f"/sandbox/patients/{OPEN}/prior-authorization", data={**back, "statement": assertion}
    ).text
    assert 'name="answer.POL-A-I-CD22" value="no" checked' in text


def test_a_changed_order_has_the_statement_of_the_changed_order_alone(ehr: FlaskClient) -> None:
    name = "tenfold-overdose"
    fields = signed(ehr, name)
    before = assertions(fields)
    suggestions = [s for card in json.loads(fields["cards"]) for s in card.get("suggestions", ())]
    chosen = next(s for s in suggestions if any(a["type"] == "update" for a in s["actions"]))
    text = ehr.post(f"/sandbox/patients/{name}/apply", data={**fields, "suggestion": chosen["uuid"]}).text
    after = assertions(fields_of(text))
    assert len(before) == len(after) == 1
    assert before != after
    assert "chip-changed" in text


def test_a_changed_order_that_was_not_checked_has_no_statement(
    ehr: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "tenfold-overdose"
    fields = signed(ehr, name)
    monkeypatch.setattr(desk, "post", lambda *_: (0, {}))
    suggestions = [s for card in json.loads(fields["cards"]) for s in card.get("suggestions", ())]
    chosen = next(s for s in suggestions if any(a["type"] == "update" for a in s["actions"]))
    text = ehr.post(f"/sandbox/patients/{name}/apply", data={**fields, "suggestion": chosen["uuid"]}).text
    assert assertions(fields_of(text)) == []
    assert "did not answer" in text


def test_an_order_with_a_statement_is_still_a_draft(ehr: FlaskClient) -> None:
    orders = write_json(list(patients()[OPEN].drafts))
    text = ehr.post(f"/sandbox/patients/{OPEN}/sign", data={"orders": orders, "service": CRD}).text
    assert "chip-draft" in text
    assert "chip-changed" not in text


@pytest.mark.parametrize(("status", "said"), [(0, "did not answer"), (404, "answered 404"), (200, "no form")])
def test_a_form_that_cannot_be_had_is_said(
    ehr: FlaskClient, monkeypatch: pytest.MonkeyPatch, status: int, said: str
) -> None:
    fields = signed(ehr, OPEN)
    (assertion,) = assertions(fields)
    outcome = {"resourceType": "OperationOutcome", "issue": [{"details": {"text": "<b>Call again</b>"}}]}
    monkeypatch.setattr(desk, "post", lambda *_: (status, outcome))
    page = f"/sandbox/patients/{OPEN}/prior-authorization"
    text = ehr.post(page, data={**fields, "statement": assertion}).text
    assert said in text
    assert "&lt;b&gt;Call again" in text
    assert ehr.post(f"{page}/download", data={**fields, "statement": assertion}).status_code == 404


@pytest.mark.parametrize("route", ["prior-authorization", "prior-authorization/download"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"statement": "nobody-said-so"},
        {"statement": "a1", "orders": json.dumps([{"extension": [{"url": URL, "extension": 5}]}])},
        {"statement": "a1", "filled": "[1]"},
    ],
)
def test_a_statement_that_no_order_has_is_refused(
    client: FlaskClient, route: str, fields: dict[str, str]
) -> None:
    assert client.post(f"/sandbox/patients/{OPEN}/{route}", data=fields).status_code == 400


def test_codes_without_words_are_shown_and_odd_values_left_out() -> None:
    parts = [
        {"url": "covered", "valueCode": "maybe"},
        {"url": "pa-needed", "valueCode": "performpa"},
        {"url": "doc-needed", "valueCode": 7},
        {"url": "reason", "valueCodeableConcept": {"coding": [{"code": "x", "display": "In words"}]}},
        {"url": "reason", "valueCodeableConcept": []},
        {"url": "detail", "extension": [{"url": "value", "valueString": "not an instruction"}]},
    ]
    (stated,) = statements({"extension": [{"url": URL, "extension": parts}, {"url": "other"}, 5]})
    assert stated.headline == "maybe"
    assert stated.needs == ("pa-needed: performpa",)
    assert stated.reasons == ("In words",)
    assert stated.instructions == ()
    assert (stated.form, stated.assertion) == ("", "")


def test_entries_that_are_no_text_or_no_question_change_nothing(ehr: FlaskClient) -> None:
    fields = signed(ehr, OPEN)
    (assertion,) = assertions(fields)
    package = ehr.post(
        f"/sandbox/patients/{OPEN}/prior-authorization/download",
        data={**fields, "statement": assertion, "what": "package"},
    ).json
    form, came, _ = [e["resource"] for e in package["parameter"][0]["resource"]["entry"]]
    odd: dict[str, Any] = {"weight": 7, "height": None, "cycle": ["2"], "nothing": "yes"}
    odd |= {item["linkId"]: "x" for item in items_of(form) if item["type"] in ("reference", "attachment")}
    made = filled(form, came, odd, "Practitioner/p", NOW)
    assert made.response == came
    assert made.faults == {}
