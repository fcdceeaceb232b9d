"""The sandbox EHR's pages without a browser: what travels in the form, hostile fields, a service that is away."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.fhir.validation import complaints
from cds_service.sandbox import order_page
from cds_service.sandbox.ehr import front_desk
from cds_service.sandbox.markdown import html_of
from cds_service.sandbox.patients import patients
from cds_service.sandbox.signing import Signing
from tests.contract.calls import PATIENT

PAGE = f"/sandbox/patients/{PATIENT}"
CARD = {
    "uuid": "c1",
    "indicator": "critical",
    "summary": "Dose 10 times too high",
    "extension": {"payer-policy-cds": {"kind": "dose"}},
    "overrideReasons": [{"code": "why", "display": "Because"}],
    "suggestions": [{"uuid": "s1", "label": "Set the dose", "actions": []}],
}
ROUTES = ("sign", "apply", "override", "finish", "remove", "show", "open", "window")


def form(**more: str) -> dict[str, str]:
    draft = json.dumps([dict(patients()[PATIENT].drafts[0])], default=float)
    return {"orders": draft, "status": "200", "cards": json.dumps([CARD]), "answers": "{}", **more}


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service answers nothing."""
    monkeypatch.setattr(order_page, "_post", lambda *_: (0, {}))


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the page sends to the service, which answers 200 without cards."""
    sent: list[Any] = []

    def keep(path: str, body: Any) -> tuple[int, dict[str, Any]]:
        sent.append((path, body))
        return 200, {"cards": []}

    monkeypatch.setattr(order_page, "_post", keep)
    return sent


@pytest.mark.parametrize("name", sorted(patients()))
def test_what_the_front_desk_adds_is_valid_and_says_that_it_is_made_up(name: str) -> None:
    patient = patients()[name]
    for resource in (*patient.held, *patient.drafts, front_desk.PRESCRIBER):
        assert complaints(resource) == []
    coverage = front_desk.coverage(patient.id)
    assert "synthetic" in coverage["payor"][0]["display"]
    assert coverage["beneficiary"]["reference"] == f"Patient/{patient.id}"


def test_record_and_member_numbers_are_each_patients_own() -> None:
    desks = [patient.held for patient in patients().values()]
    numbers = [r["identifier"][0]["value"] for held in desks for r in held if r["resourceType"] == "Patient"]
    members = [r["subscriberId"] for held in desks for r in held if r["resourceType"] == "Coverage"]
    assert len(set(numbers)) == len(set(members)) == len(desks)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "fields",
    [
        {"orders": "[1, null, {}]"},
        {"orders": "{}", "status": "x"},
        {"cards": '[{"uuid": 7, "links": 3, "suggestions": "x", "overrideReasons": [1]}]'},
        {"answers": '{"c1": 5, "c2": {"outcome": [], "summary": {"a": 1}}}'},
        {
            "cards": '[{"uuid": "c1", "links": [{"type": "absolute", "url": 7}, {"type": "smart", "label": []}]}]'
        },
        {"answers": '["c1"]', "card": "c9", "suggestion": "s9", "reason": "nothing"},
    ],
)
@pytest.mark.usefixtures("away")
def test_no_field_of_the_form_breaks_a_page(client: FlaskClient, route: str, fields: dict[str, str]) -> None:
    assert client.post(f"{PAGE}/{route}", data=form(**fields)).status_code in (200, 303, 400)


@pytest.mark.parametrize("route", ROUTES[:1] + ROUTES[2:4])
def test_a_field_that_is_not_json_is_refused(client: FlaskClient, route: str) -> None:
    assert client.post(f"{PAGE}/{route}", data=form(orders="<script>")).status_code == 400


def test_what_an_answer_says_is_shown_as_text(client: FlaskClient) -> None:
    answers = {"c1": {"outcome": "overridden", "said": "<img src=x>", "summary": "x"}}
    text = client.post(f"{PAGE}/show", data=form(answers=json.dumps(answers))).text
    assert "<img" not in text
    assert "Overridden: &lt;img src=x&gt;" in text


def test_a_link_of_a_card_is_a_page_or_nothing(client: FlaskClient) -> None:
    links = [
        {"type": "absolute", "label": "The policy", "url": "https://payer.example.org/policy"},
        {"type": "absolute", "label": "Odd", "url": "javascript:alert(1)"},
    ]
    text = client.post(f"{PAGE}/show", data=form(cards=json.dumps([{**CARD, "links": links}]))).text
    assert '<a href="https://payer.example.org/policy" rel="noreferrer">The policy</a>' in text
    assert 'href="javascript' not in text


@pytest.mark.usefixtures("away")
def test_an_order_is_signed_without_a_service_that_does_not_answer(client: FlaskClient) -> None:
    asked = client.post(f"{PAGE}/sign", data=form(status="", cards="[]")).text
    assert "did not answer. The order can be signed without it" in asked
    signed = client.post(f"{PAGE}/finish", data=form(status="0", cards="[]")).text
    assert "chip-signed" in signed
    assert "It was signed without it" in signed


@pytest.mark.usefixtures("away")
def test_feedback_that_could_not_be_sent_is_said(client: FlaskClient) -> None:
    text = client.post(f"{PAGE}/finish", data=form(comment="agreed")).text
    assert "chip-signed" in text
    assert "Signed. The decision support service did not answer." in text
    kept = client.post(f"{PAGE}/override", data=form(card="c1", reason="why", comment="agreed")).text
    assert "Nothing was recorded" in kept
    assert "Overridden" not in kept


def test_signing_reports_what_was_open_and_nothing_else(client: FlaskClient, posted: list[Any]) -> None:
    cards = [
        CARD,
        {**CARD, "uuid": "c2", "indicator": "info"},
        {**CARD, "uuid": "c3", "indicator": "warning"},
    ]
    answers = {"c3": {"outcome": "overridden", "said": "Because"}}
    client.post(
        f"{PAGE}/finish",
        data=form(cards=json.dumps(cards), answers=json.dumps(answers), comment="agreed"),
    )
    ((path, body),) = posted
    assert path.endswith("/feedback")
    (item,) = body["feedback"]
    assert (item["card"], item["outcome"]) == ("c1", "overridden")
    assert item["overrideReason"] == {"userComment": "agreed"}


def test_an_applied_suggestion_is_reported_and_stays_in_the_list(
    client: FlaskClient, posted: list[Any]
) -> None:
    text = client.post(f"{PAGE}/apply", data=form(suggestion="s1")).text
    assert [path for path, _ in posted] == [f"/{order_page.SERVICE}/feedback", f"/{order_page.SERVICE}"]
    assert posted[0][1]["feedback"][0]["acceptedSuggestions"] == [{"id": "s1"}]
    (answers,) = [unescape(part.partition('"')[0]) for part in text.split('name="answers" value="')[1:2]]
    assert json.loads(answers)["c1"]["outcome"] == "applied"
    assert "Applied: Set the dose" in text


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        (
            "- [ ] **Order CD22.** None found.",
            '<li class="task">\N{BALLOT BOX} <strong>Order CD22.</strong> None found.</li>',
        ),
        ("- [x] done", "<li>[x] done</li>"),
        ("- a [ ] b", "<li>a [ ] b</li>"),
        ("<b>no</b>", "<p>&lt;b&gt;no&lt;/b&gt;</p>"),
    ],
)
def test_a_checklist_of_a_card_has_boxes(detail: str, shown: str) -> None:
    assert shown in html_of(detail)


def test_alerts_stand_strongest_first_and_answered_ones_of_an_earlier_order_last() -> None:
    cards = tuple({**CARD, "uuid": word, "indicator": word} for word in ("info", "warning", "critical"))
    now = Signing((), 200, cards, {"gone": {"indicator": "critical", "outcome": "applied"}})
    assert [alert.uuid for alert in now.alerts] == ["critical", "warning", "info", "gone"]
    assert [alert.uuid for alert in now.open] == ["critical", "warning"]
    assert [alert.state for alert in now.alerts] == ["open", "open", "no answer needed", "applied"]


def test_the_page_frames_the_detail_view_alone(app: Flask) -> None:
    policy = app.test_client().get(PAGE).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
