"""The FHIR routes: forms and libraries, the package from a kept context, and each way to ask wrongly."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.evaluation.form_context import keep_context
from cds_service.fhir_api import operation
from cds_service.fhir_api.asked import asked as read_asked
from cds_service.packet.answers import response
from cds_service.packet.form import questionnaire
from cds_service.packet.library import library
from cds_service.store import audit_trail
from cds_service.store.vault import Vault
from cds_service.web.edge import trust
from tests.fixtures import CLOCK
from tests.packet.conftest import PUBLIC_URL, Start, bearer
from tests.packet.insured import PAYER, POLICY, TERMS, Body, authorizations, coverage, drafts, record
from tests.packet.test_answers import values

NAME = "relapsed-single-agent"
PACKAGE = "/fhir/Questionnaire/$questionnaire-package"
ERRORS = "/fhir/Questionnaire/$log-questionnaire-errors"
CANONICAL = f"{PUBLIC_URL}/fhir/Questionnaire/MP-RX-FP-12-23"
VERSIONED = f"{CANONICAL}|20260324.1.0"
FORM = questionnaire(TERMS, PUBLIC_URL)
ASSERTION = "0b6f7c1e-0000-4000-8000-000000000001"


@pytest.fixture
def app(start: Start) -> Flask:
    return start(fixed_now=CLOCK)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def kept(app: Flask, name: str = NAME, tenant: str = "hospital-a", hours: int = 72, **changed: Any) -> str:
    """What a CRD answer about a bundled patient leaves; the assertion's id."""
    (one,) = authorizations(name, **changed)
    with app.app_context():
        vault = Vault(trust().database, ["k" * 32])
    keep_context(
        vault,
        hours,
        tenant=tenant,
        assertions={d.order: (ASSERTION, "Coverage/cov-1") for d in one.determinations},
        determinations=one.determinations,
        orders=one.orders,
        record=one.record,
        clock=CLOCK,
    )
    return ASSERTION


def asked(*parameters: Body, plan: Body | None = None) -> Body:
    given = {"name": "coverage", "resource": coverage(NAME) if plan is None else plan}
    return {"resourceType": "Parameters", "parameter": [given, *parameters]}


def order(name: str = NAME, **changed: Any) -> Body:
    return {"name": "order", "resource": drafts(name, **changed)[0]}


def context(value: str = ASSERTION) -> Body:
    return {"name": "context", "valueString": value}


def canonical(value: str = VERSIONED) -> Body:
    return {"name": "questionnaire", "valueCanonical": value}


def post(client: FlaskClient, body: Any, path: str = PACKAGE, **headers: str) -> TestResponse:
    raw = json.dumps(body, default=float)
    sent = {"Content-Type": "application/fhir+json", **bearer(client), **headers}
    return client.post(path, data=raw, headers=sent)


def packages(answer: TestResponse) -> list[Body]:
    assert answer.status_code == 200, answer.data
    assert answer.mimetype == "application/fhir+json"
    body = json.loads(answer.data)
    return [p["resource"] for p in body["parameter"] if p["name"] == "packagebundle"]


def responses(answer: TestResponse) -> list[Body]:
    return [bundle["entry"][1]["resource"] for bundle in packages(answer)]


def issues(answer: TestResponse) -> list[tuple[str, str]]:
    body = json.loads(answer.data)
    found = [p["resource"] for p in body["parameter"] if p["name"] == "outcome"]
    return [(i["severity"], i["code"]) for outcome in found for i in outcome["issue"]]


def refused(answer: TestResponse, status: int, code: str) -> None:
    assert answer.status_code == status, answer.data
    assert answer.mimetype == "application/fhir+json"
    body = json.loads(answer.data)
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"][0]["code"] == code


# ---- what is served


def test_metadata_needs_no_token_and_names_what_is_offered(client: FlaskClient) -> None:
    answer = client.get("/fhir/metadata")
    body = json.loads(answer.data)
    (rest,) = body["rest"]
    operations = {o["name"] for r in rest["resource"] for o in r.get("operation", ())}

    assert answer.mimetype == "application/fhir+json"
    assert body["instantiates"] == [
        "http://hl7.org/fhir/us/davinci-dtr/CapabilityStatement/dtr-payer-service"
    ]
    assert operations == {"questionnaire-package", "log-questionnaire-errors", "expand"}
    assert body["implementation"]["url"] == f"{PUBLIC_URL}/fhir"


def test_a_form_is_read_by_its_id_and_not_sent_again(client: FlaskClient) -> None:
    token = bearer(client)
    answer = client.get("/fhir/Questionnaire/MP-RX-FP-12-23", headers=token)

    assert json.loads(answer.data) == json.loads(json.dumps(FORM))
    assert not answer.headers["ETag"].startswith("W/")
    again = client.get(
        "/fhir/Questionnaire/MP-RX-FP-12-23", headers=token | {"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("url", "total"),
    [(CANONICAL, 1), (VERSIONED, 1), (f"{CANONICAL}|20250101.1.0", 0), (f"{CANONICAL}x", 0), ("", 0)],
)
def test_forms_are_searched_by_their_url(client: FlaskClient, url: str, total: int) -> None:
    answer = client.get("/fhir/Questionnaire", query_string={"url": url}, headers=bearer(client))
    body = json.loads(answer.data)

    assert (body["type"], body["total"]) == ("searchset", total)
    assert [e["resource"]["url"] for e in body.get("entry", ())] == [CANONICAL] * total


def test_a_search_by_nothing_is_refused(client: FlaskClient) -> None:
    refused(client.get("/fhir/Questionnaire", headers=bearer(client)), 400, "required")


def test_the_library_is_read_by_its_id(client: FlaskClient) -> None:
    answer = client.get("/fhir/Library/InotuzumabPriorAuthorization", headers=bearer(client))

    assert json.loads(answer.data) == library(TERMS, PUBLIC_URL)


@pytest.mark.parametrize(
    "path",
    [
        "/fhir/Questionnaire/other",
        "/fhir/Library/other",
        "/fhir/ValueSet/$expand",
        "/fhir/ValueSet/$expand?url=x",
    ],
)
def test_what_is_not_here_is_404(client: FlaskClient, path: str) -> None:
    refused(client.get(path, headers=bearer(client)), 404, "not-found")


def test_expansion_is_refused_when_posted_too(client: FlaskClient) -> None:
    refused(post(client, {"resourceType": "Parameters"}, "/fhir/ValueSet/$expand"), 404, "not-found")


def test_the_operation_is_not_at_the_base(client: FlaskClient) -> None:
    assert post(client, asked(canonical()), "/fhir/$questionnaire-package").status_code == 404


# ---- the package


def test_a_known_context_gives_the_form_filled(app: Flask, client: FlaskClient) -> None:
    answer = post(client, asked(order(), context(kept(app))))
    (bundle,) = packages(answer)
    (one,) = authorizations(NAME)
    made = bundle["entry"][1]["resource"]

    assert [e["resource"]["resourceType"] for e in bundle["entry"]] == [
        "Questionnaire", "QuestionnaireResponse", "Library",
    ]  # fmt: skip
    assert values(made) == json.loads(
        json.dumps(values(response(FORM, TERMS, one.assessment)), default=float)
    )
    assert made["questionnaire"] == VERSIONED
    assert issues(answer) == []


def test_a_context_alone_suffices(app: Flask, client: FlaskClient) -> None:
    (made,) = responses(post(client, asked(context(kept(app)))))

    assert values(made)["POL-A-I-CD22"] == [True]


def test_an_order_that_was_signed_since_keeps_its_answers(app: Flask, client: FlaskClient) -> None:
    kept(app)
    (made,) = responses(post(client, asked(order(status="active", id="signed-42"), context())))

    assert values(made)["POL-A-I-CD22"] == [True]
    assert "MedicationRequest/signed-42" in json.dumps(made["extension"])


def test_an_order_that_is_another_by_now_loses_them_and_a_warning_says_so(
    app: Flask, client: FlaskClient
) -> None:
    kept(app)
    changed = order()
    changed["resource"]["dosageInstruction"][0]["doseAndRate"] = [
        {"doseQuantity": {"value": 2, "unit": "mg"}}
    ]
    answer = post(client, asked(changed, context()))
    (made,) = responses(answer)

    assert not {"request", "cycle"} & values(made).keys()
    assert not [link for link in values(made) if link.startswith("POL-")]
    assert issues(answer) == [("warning", "conflict")]


def test_orders_without_a_context_tell_request_and_cycle_by_their_words(client: FlaskClient) -> None:
    (made,) = responses(post(client, asked(order())))

    assert [v["code"] for v in values(made)["request"]] == ["initial"]
    assert values(made) == {"request": values(made)["request"], "cycle": [1]}


def test_orders_that_say_nothing_of_their_cycle_leave_it_open(client: FlaskClient) -> None:
    silent = order()
    del silent["resource"]["dosageInstruction"][0]["text"]
    (made,) = responses(post(client, asked(silent)))

    assert "item" not in made


def test_a_form_alone_is_empty(client: FlaskClient) -> None:
    (made,) = responses(post(client, asked(canonical())))

    assert "item" not in made
    assert made["extension"][0]["valueReference"] == {"reference": "Coverage/cov-1"}


@pytest.mark.parametrize("version", ["", "|20260324.1.0"])
def test_what_several_inputs_ask_for_comes_once(app: Flask, client: FlaskClient, version: str) -> None:
    kept(app)
    both = asked(order(), canonical(CANONICAL + version), canonical(CANONICAL + version), context())

    assert len(packages(post(client, both))) == 1


@pytest.mark.parametrize(
    "unknown", [f"{CANONICAL}|20250101.1.0", "https://other.example.org/Questionnaire/x"]
)
def test_an_unknown_form_or_version_is_a_warning_beside_the_others(client: FlaskClient, unknown: str) -> None:
    answer = post(client, asked(canonical(unknown), order()))

    assert issues(answer) == [("warning", "not-found")]
    assert len(packages(answer)) == 1
    assert packages(post(client, asked(canonical(unknown)))) == []


def test_for_orders_of_other_drugs_there_is_no_form(client: FlaskClient) -> None:
    answer = post(client, asked(order(medicationCodeableConcept={"text": "ondansetron"})))

    assert packages(answer) == []
    assert issues(answer) == [("information", "informational")]


def test_where_criteria_are_not_met_no_form_applies_unless_it_is_asked_for(
    app: Flask, client: FlaskClient
) -> None:
    kept(app, "dlbcl")
    plan = coverage("dlbcl")
    without = post(client, asked(context(), plan=plan))

    assert packages(without) == []
    assert issues(without) == [("information", "informational")]
    (made,) = responses(post(client, asked(context(), canonical(), plan=plan)))
    assert values(made)["POL-A-I-DX"] == [False]


@pytest.mark.parametrize(
    ("since", "with_context", "count"),
    [
        ("2026-03-24T00:00:00-04:00", False, 0),
        ("2026-03-01T00:00:00Z", False, 1),
        ("2026-04-15T08:00:00-04:00", True, 1),
        ("2026-04-15T10:00:00-04:00", True, 0),
    ],
)
def test_what_a_client_has_already_is_not_sent_again(
    app: Flask, client: FlaskClient, since: str, with_context: bool, count: int
) -> None:
    kept(app)
    more = (context(),) if with_context else (canonical(),)
    answer = post(client, asked({"name": "changedsince", "valueInstant": since}, *more))

    assert len(packages(answer)) == count
    assert issues(answer) == ([] if count else [("information", "informational")])


def test_the_ehr_is_never_asked(client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(app)
    token = bearer(client)

    def trap(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr("socket.socket.connect", trap)
    answer = client.post(PACKAGE, data=json.dumps(asked(order(), context()), default=float), headers=token)
    assert len(packages(answer)) == 1


def test_orders_of_another_policy_get_their_form_beside_a_contexts() -> None:
    reference, file = replace(TERMS.reference, id="P-2"), POLICY.outline.policy
    about = {**file.about, "policy": {**file.about["policy"], "id": "P-2"}}
    other = replace(
        POLICY,
        name="other",
        outline=replace(POLICY.outline, policy=replace(file, about=about, _editions={})),
        authorization=replace(TERMS, reference=reference),
        in_scope=lambda one, _: one.id == "other",
    )
    (one,) = authorizations(NAME)
    request = read_asked(
        asked(order(), order(id="other", medicationCodeableConcept={"text": "other"}), context())
    )
    made = operation.answer(request, (POLICY, other), lambda _: one.assessment, CLOCK, PUBLIC_URL)
    forms = [p["resource"]["entry"][0]["resource"]["id"] for p in made["parameter"]]

    assert forms == ["MP-RX-FP-12-23", "P-2"]


# ---- asked wrongly


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "structure"),
        ("[]", "structure"),
        ('{"resourceType": "Bundle"}', "structure"),
        ({"resourceType": "Parameters"}, "required"),
        ({"resourceType": "Parameters", "parameter": [order(), context()]}, "required"),
        (asked({"name": "coverage", "resource": coverage(NAME)}, context()), "value"),
        (asked(), "required"),
        (asked({"name": "unknown", "valueString": "x"}), "required"),
        (asked({"name": "order"}), "structure"),
        (asked({"name": "context"}), "structure"),
        (asked({"name": "questionnaire", "valueString": "x"}), "structure"),
        (asked(context(), context()), "value"),
        (asked(context(), plan={"resourceType": "Patient", "id": "1"}), "value"),
        (asked(context(), plan={k: v for k, v in coverage(NAME).items() if k != "beneficiary"}), "required"),
        (asked(context(), {"name": "changedsince", "valueInstant": "yesterday"}), "value"),
        (asked(context(), {"name": "changedsince", "valueInstant": "2026-04-15"}), "value"),
        (asked(order(subject={"reference": "Patient/other"})), "value"),
        (
            asked(canonical(), plan=coverage(NAME, payor=[{"identifier": {**PAYER, "value": "other"}}])),
            "business-rule",
        ),
        (asked(canonical(), plan=coverage(NAME, status="cancelled")), "business-rule"),
        (asked(canonical(), plan=coverage(NAME, status="draft")), "business-rule"),
        (asked(canonical(), plan=coverage(NAME, status="entered-in-error")), "business-rule"),
        (asked(canonical(), plan=coverage(NAME, period={"end": "2026-04-14"})), "business-rule"),
    ],
)
def test_a_request_that_cannot_be_is_400(client: FlaskClient, body: Any, code: str) -> None:
    raw = body if isinstance(body, str) else json.dumps(body, default=float)

    refused(client.post(PACKAGE, data=raw, headers=bearer(client)), 400, code)


def test_names_that_the_operation_does_not_know_are_ignored(client: FlaskClient) -> None:
    assert len(packages(post(client, asked(canonical(), {"name": "PackageBundle", "valueString": "x"})))) == 1


def test_members_are_checked_where_the_tenant_has_a_list(
    start: Start, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "members.csv").write_text("payer,member_id\nhttp://payer.example.org/id|MMM,M-1001\n")
    config = Path(environment["CDS_CONFIG"])
    config.write_text(
        config.read_text().replace('policies = ["inotuzumab"]', 'members_file = "members.csv"', 1)
    )
    client = start(fixed_now=CLOCK).test_client()

    assert len(packages(post(client, asked(canonical())))) == 1
    refused(post(client, asked(canonical(), plan=coverage(NAME, subscriberId="M-2"))), 400, "business-rule")


def test_a_context_that_is_not_this_requests_is_404_whatever_is_wrong_with_it(
    app: Flask, client: FlaskClient
) -> None:
    kept(app)
    other_patient = asked(context(), plan=coverage("dlbcl"))
    other_plan = asked(context(), plan=coverage(NAME, id="cov-2"))
    unknown = asked(context("no such"))
    answers = [post(client, body) for body in (other_patient, other_plan, unknown)]
    body = json.dumps(asked(context()), default=float)
    answers.append(client.post(PACKAGE, data=body, headers=bearer(client, "client-b")))

    for answer in answers:
        refused(answer, 404, "not-found")
    assert len({answer.data for answer in answers}) == 1


def test_a_context_that_is_over_is_404(app: Flask, client: FlaskClient) -> None:
    (one,) = authorizations(NAME)
    with app.app_context():
        vault = Vault(trust().database, ["k" * 32], lambda: datetime.now(UTC).timestamp() - 7200)
    keep_context(
        vault, 1, tenant="hospital-a", assertions={d.order: (ASSERTION, "Coverage/cov-1") for d in one.determinations},
        determinations=one.determinations, orders=one.orders, record=record(NAME), clock=CLOCK,
    )  # fmt: skip

    refused(post(client, asked(context())), 404, "not-found")


def test_nothing_is_found_where_nothing_is_kept(app: Flask, client: FlaskClient) -> None:
    kept(app, hours=0)

    refused(post(client, asked(context())), 404, "not-found")


def test_another_format_is_neither_sent_nor_taken(client: FlaskClient) -> None:
    token = bearer(client)

    refused(client.get("/fhir/metadata", headers={"Accept": "application/fhir+xml"}), 406, "not-supported")
    xml = client.post(PACKAGE, data="<x/>", headers=token | {"Content-Type": "application/fhir+xml"})
    refused(xml, 415, "not-supported")
    for accepted in (
        "application/json",
        "*/*",
        "application/fhir+json;q=0.9, text/html",
        "application/fhir+json; fhirVersion=4.0",
    ):
        assert client.get("/fhir/metadata", headers={"Accept": accepted}).status_code == 200


def test_the_limits_of_a_body_are_those_of_the_hooks(client: FlaskClient) -> None:
    token = bearer(client)
    deep = "[" * 100 + "]" * 100

    assert client.post(PACKAGE, data=b" " * (8 * 1024 * 1024 + 1), headers=token).status_code == 413
    assert client.post(PACKAGE, data=deep, headers=token).status_code == 400
    assert client.post(PACKAGE, data=b"x", headers=token | {"Content-Encoding": "gzip"}).status_code == 415


def test_another_method_is_405(client: FlaskClient) -> None:
    assert client.get(PACKAGE, headers=bearer(client)).status_code in (404, 405)
    refused(client.delete("/fhir/metadata"), 405, "not-supported")


@pytest.mark.parametrize("path", ["/fhir/", "/fhir/Nothing", "/fhir/Questionnaire/a/b"])
def test_a_path_that_no_route_has_is_answered_as_fhir(client: FlaskClient, path: str) -> None:
    refused(client.get(path), 404, "not-found")


def test_elsewhere_a_refusal_is_plain_json(client: FlaskClient) -> None:
    assert client.get("/nothing").mimetype == client.get("/fhirs").mimetype == "application/json"


# ---- reports of errors


def report(
    *forms: str, severity: str = "error", code: str = "invalid", text: str = "MARKER Rosa Fixture"
) -> Body:
    issue = {"severity": severity, "code": code, "details": {"text": text}, "diagnostics": text}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    return {
        "resourceType": "Parameters",
        "parameter": [
            *({"name": "questionnaire", "valueCanonical": form} for form in forms),
            {"name": "operationOutcome", "resource": outcome},
        ],
    }


def test_a_report_is_taken_and_logged_without_its_words(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = post(client, report(VERSIONED, "MARKER|1", code="invalid", severity="MARKER"), ERRORS)
    line = next(r for r in caplog.records if "reported an error" in r.getMessage())

    assert answer.status_code == 200
    assert json.loads(answer.data)["issue"][0]["severity"] == "information"
    assert (line.kind, line.reason, line.tenant) == ("other", "invalid", "hospital-a")  # type: ignore[attr-defined]
    assert VERSIONED in line.service  # type: ignore[attr-defined]
    assert "MARKER" not in str([r.__dict__ for r in caplog.records])


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Bundle"},
        {"resourceType": "Parameters", "parameter": []},
        report(),
        {"resourceType": "Parameters", "parameter": report(VERSIONED)["parameter"][:1]},
        {
            "resourceType": "Parameters",
            "parameter": [canonical(), {"name": "operationOutcome", "resource": {}}],
        },
    ],
)
def test_a_report_that_says_nothing_is_400(client: FlaskClient, body: Body) -> None:
    assert post(client, body, ERRORS).status_code == 400


# ---- accounted for, and read by browsers


def test_a_package_is_in_the_audit_trail_with_patient_and_client(app: Flask, client: FlaskClient) -> None:

    post(client, asked(context(kept(app)), copy.deepcopy(order())))
    post(client, asked(context("no such")))
    with app.app_context():
        events = [json.loads(event) for event in audit_trail.exported(trust().database)]
    forms = [e for e in events if "questionnaire-package" in json.dumps(e)]

    assert [e["outcome"] for e in forms] == ["0", "4"]
    assert f'"Patient/{NAME}"' in json.dumps(forms[0])
    assert '"client-a"' in json.dumps(forms[0])


def test_browsers_of_the_ehr_may_read_the_answers(start: Start, environment: dict[str, str]) -> None:
    config = Path(environment["CDS_CONFIG"])
    named = 'id = "hospital-a"\nframe_ancestors = ["https://ehr.example.org"]'
    config.write_text(config.read_text().replace('id = "hospital-a"', named))
    client = start().test_client()
    origin = {"Origin": "https://ehr.example.org"}

    assert client.options(PACKAGE, headers=origin).headers["Access-Control-Allow-Origin"] == origin["Origin"]
    assert (
        client.get("/fhir/metadata", headers=origin).headers["Access-Control-Allow-Origin"]
        == origin["Origin"]
    )
    assert (
        "Access-Control-Allow-Origin"
        not in client.get("/fhir/metadata", headers={"Origin": "https://x.org"}).headers
    )
