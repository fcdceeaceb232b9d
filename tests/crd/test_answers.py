"""The whole answer of order-sign-crd: actions, cards, determinations, switches, and what is kept of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from cds_service.cli import main
from cds_service.clinical.therapy.drugs import BILLING_OPTION
from cds_service.engine.verdict import Verdict
from cds_service.evaluation.form_context import recall_context
from cds_service.evaluation.services import EXTENSION, Services
from cds_service.packet.assessment import Assessment
from cds_service.store import audit_trail
from cds_service.store.vault import Vault
from cds_service.trust.outbound import Response
from cds_service.web.edge import trust
from tests.contract.calls import changed, order, sign
from tests.crd.calls import (
    CRD,
    FAILED,
    MET,
    NOT_MET,
    SERVER,
    UNKNOWN,
    answered,
    ask,
    codes,
    crd_call,
    environment,
    information,
    the_statement,
    values,
    without_record,
)
from tests.fixtures import NAMES
from tests.policy.chart_notes import HCPCS, coded

Hospital = Callable[..., FlaskClient]
_OTHER_DRUG = order(id="other", medicationCodeableConcept={"text": "acetaminophen 500 mg"})
_OTHER_TYPE = {"resourceType": "ServiceRequest", "id": "lab", "status": "draft", "code": {"text": "CBC"}}


def _drafts(*drafts: Mapping[str, Any], patient: str = MET) -> dict[str, Any]:
    """The bundled call with these draft orders."""
    return changed(crd_call(patient), "context.draftOrders.entry", [{"resource": draft} for draft in drafts])


def _own_order(patient: str = MET) -> dict[str, Any]:
    found: dict[str, Any] = crd_call(patient)["context"]["draftOrders"]["entry"][0]["resource"]
    return found


def _without_information(resource: Mapping[str, Any]) -> dict[str, Any]:
    kept = [e for e in resource["extension"] if not e["url"].endswith("ext-coverage-information")]
    rest = {name: value for name, value in resource.items() if name != "extension"}
    return {**rest, "extension": kept} if kept else rest


# ---- System actions


@pytest.mark.parametrize("name", NAMES)
def test_each_order_comes_back_whole_with_one_statement_more(hospital: Hospital, name: str) -> None:
    (action,) = answered(hospital(), crd_call(name))["systemActions"]

    assert (action["type"], sorted(action)) == ("update", ["description", "resource", "type"])
    assert "inotuzumab" in action["description"].lower()
    assert len(information(action["resource"])) == 1
    assert _without_information(action["resource"]) == _own_order(name)


def test_every_digit_of_the_order_comes_back(hospital: Hospital) -> None:
    text = json.dumps(crd_call()).replace('"value": 1.41', '"value": 1.410')
    assert '"value": 1.410' in text

    answer = hospital().post(CRD, data=text, headers={"Content-Type": "application/json"})
    assert '"value":1.410' in answer.get_data(as_text=True)


def test_extensions_of_others_stay_on_the_order(hospital: Hospital) -> None:
    foreign = {"url": "https://example.org/own", "valueString": "kept"}
    call = changed(crd_call(), "context.draftOrders.entry.0.resource.extension", [foreign])
    (action,) = answered(hospital(), call)["systemActions"]

    assert action["resource"]["extension"][0] == foreign
    assert len(action["resource"]["extension"]) == 2


def _signed_again(action: Mapping[str, Any], patient: str = MET, **members: Any) -> dict[str, Any]:
    """The call for the order as the EHR has it after the action."""
    return changed(crd_call(patient, **members), "context.draftOrders.entry.0.resource", action["resource"])


def test_a_statement_that_stands_on_the_order_is_not_made_again(hospital: Hospital) -> None:
    client = hospital()
    (action,) = answered(client, crd_call())["systemActions"]

    assert "systemActions" not in answered(client, _signed_again(action))


@pytest.mark.parametrize("patient", ["tenfold-overdose", UNKNOWN])
def test_cards_keep_their_ids_when_the_order_carries_the_statement(hospital: Hospital, patient: str) -> None:
    """What a prescriber has answered stays answered when the same order is signed again."""
    client = hospital()
    first = answered(client, crd_call(patient))
    again = answered(client, _signed_again(first["systemActions"][0], patient))

    def ids(answer: dict[str, Any]) -> list[list[str]]:
        return [[c["uuid"], *(s["uuid"] for s in c.get("suggestions", ()))] for c in answer["cards"]]

    assert ids(first)
    assert ids(again) == ids(first)


def test_a_statement_that_has_changed_takes_the_place_of_the_one_before(hospital: Hospital) -> None:
    client = hospital()
    (action,) = answered(client, crd_call())["systemActions"]
    (again,) = answered(client, _signed_again(action, period={"end": "2026-02-01"}))["systemActions"]

    (parts,) = information(again["resource"])
    assert codes(parts, "covered") == {"covered": "not-covered"}


def test_a_statement_that_another_hand_changed_under_our_id_is_put_right(hospital: Hospital) -> None:
    client = hospital()
    (action,) = answered(client, crd_call(UNKNOWN))["systemActions"]
    call = crd_call(UNKNOWN)
    call["context"]["draftOrders"]["entry"][0]["resource"] = action["resource"]
    (covered,) = [p for p in information(action["resource"])[0] if p["url"] == "covered"]
    covered["valueCode"] = "covered"

    assert codes(the_statement(answered(client, call)), "covered") == {"covered": "conditional"}


def test_a_statement_about_another_coverage_stays(hospital: Hospital) -> None:
    client = hospital()
    (action,) = answered(client, crd_call())["systemActions"]
    (again,) = answered(client, _signed_again(action, id="c2"))["systemActions"]

    both = information(again["resource"])
    assert [values(parts, "coverage")[0]["reference"] for parts in both] == ["Coverage/c1", "Coverage/c2"]
    ids = [values(parts, "coverage-assertion-id")[0] for parts in both]
    assert len(set(ids)) == 2


def _assertion(client: FlaskClient, call: Mapping[str, Any]) -> str:
    found: str = values(the_statement(answered(client, call)), "coverage-assertion-id")[0]
    return found


def test_the_id_of_a_statement_depends_on_what_is_stated_and_nothing_else(hospital: Hospital) -> None:
    client, later = hospital(), hospital(CDS_FIXED_NOW="2026-04-15T18:00:00-04:00")
    call = crd_call()
    same = {**call, "hookInstance": "another"}
    other_dose = changed(
        call,
        "context.draftOrders.entry.0.resource.dosageInstruction.0.doseAndRate.0.doseQuantity.value",
        1.42,
    )

    assert _assertion(client, call) == _assertion(client, same) == _assertion(later, call)
    ids = [_assertion(client, c) for c in (call, crd_call(id="c2"), other_dose, crd_call(period=None))]
    assert len(set(ids)) == len(ids)


def test_several_orders_have_a_statement_each_and_other_drugs_none(hospital: Hospital) -> None:
    second = copy.deepcopy(_own_order()) | {"id": "second"}
    second["dosageInstruction"][0] |= {"text": "Cycle 1 Day 8", "timing": {"event": ["2026-04-23"]}}
    answer = answered(hospital(), _drafts(_own_order(), _OTHER_DRUG, second, _OTHER_TYPE))

    about = [action["resource"]["id"] for action in answer["systemActions"]]
    assert about == [_own_order()["id"], "second"]
    orders = [d["order"] for d in answer["extension"]["payer-policy-cds"]["determinations"]]
    assert orders == [f"MedicationRequest/{name}" for name in about]
    told = json.dumps(answer)
    assert "MedicationRequest/other" not in told
    assert "ServiceRequest/lab" not in told
    assert all(card["detail"].startswith("For inotuzumab ozogamicin") for card in answer["cards"])


def test_an_order_that_stands_twice_word_for_word_is_one(hospital: Hospital) -> None:
    client, once, twice = hospital(), _drafts(_own_order()), _drafts(_own_order(), _own_order())

    assert answered(client, twice) == answered(client, once)


def test_a_service_request_for_the_drug_is_answered_as_well(hospital: Hospital) -> None:
    request = {
        "resourceType": "ServiceRequest",
        "id": "infusion",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{MET}"},
        "authoredOn": "2026-04-15",
        "requester": {"reference": "Practitioner/oncologist-1"},
        "occurrenceDateTime": "2026-04-16",
        "code": _own_order()["medicationCodeableConcept"],
    }
    (action,) = answered(hospital(), _drafts(request))["systemActions"]

    assert _without_information(action["resource"]) == request
    assert values(information(action["resource"])[0], "covered")


def test_an_order_that_names_its_drug_by_a_billing_option_only_is_in_scope(hospital: Hospital) -> None:
    option = {"url": BILLING_OPTION, "valueCodeableConcept": coded(HCPCS, "J9229")}
    own = {k: v for k, v in _own_order().items() if k != "medicationReference"}
    draft = own | {"medicationCodeableConcept": {"text": "Infusion order 7", "extension": [option]}}
    held = own | {
        "contained": [{"resourceType": "Medication", "id": "m", "code": {"extension": [option]}}],
        "medicationReference": {"reference": "#m"},
    }
    held.pop("medicationCodeableConcept", None)
    for one in (draft, held):
        answer = answered(hospital(), _drafts(one))
        assert codes(the_statement(answer), "covered") == {"covered": "covered"}


@pytest.mark.parametrize("drafts", [(), (_OTHER_DRUG,), (_OTHER_DRUG, _OTHER_TYPE)])
def test_nothing_is_said_about_orders_of_other_drugs(
    hospital: Hospital, drafts: tuple[Mapping[str, Any], ...]
) -> None:
    call = {**_drafts(*drafts), "prefetch": {}}

    assert answered(hospital(), call) == {"cards": []}


_WITHDRAWN: tuple[dict[str, Any], ...] = (
    {"status": "entered-in-error"},
    {"status": "cancelled"},
    {"doNotPerform": True},
)


@pytest.mark.parametrize("change", _WITHDRAWN, ids=str)
def test_nothing_is_said_about_an_order_that_was_withdrawn(
    hospital: Hospital, change: dict[str, Any]
) -> None:
    withdrawn = copy.deepcopy(_own_order()) | {"id": "withdrawn"} | change
    assert answered(hospital(), {**_drafts(withdrawn), "prefetch": {}}) == {"cards": []}

    beside = answered(hospital(), _drafts(withdrawn, _own_order()))
    assert [action["resource"]["id"] for action in beside["systemActions"]] == [_own_order()["id"]]
    assert "MedicationRequest/withdrawn" not in json.dumps(beside)


_ODD: tuple[Any, ...] = (
    None,
    "x",
    1,
    {},
    {"url": 1},
    [None, 1, "x", [], {}],
    [{"url": "u", "extension": "x"}],
)
_OURS = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"


@pytest.mark.parametrize("member", ["extension", "insurance"])
def test_no_value_of_a_member_takes_the_answer_away(hospital: Hospital, member: str) -> None:
    client = hospital()
    for odd in (*_ODD, [{"url": _OURS}], [{"url": _OURS, "extension": _ODD[5]}]):
        call = changed(crd_call(), f"context.draftOrders.entry.0.resource.{member}", odd)
        (action,) = answered(client, call)["systemActions"]

        assert values(information({"extension": action["resource"]["extension"][-1:]})[0], "covered")
        if member == "extension" and isinstance(odd, list):
            assert action["resource"]["extension"][:-1] == odd


@pytest.mark.parametrize("member", ["payor", "period", "subscriberId", "identifier", "status"])
def test_no_value_in_a_coverage_fails_the_call(hospital: Hospital, tmp_path: Any, member: str) -> None:
    (tmp_path / "members.csv").write_text("payer,member_id\nurn:oid:1.2.3|MMM,M-1\n\n,\nx\n")
    client, call = hospital(more='members_file = "members.csv"'), crd_call()
    for odd in (*_ODD, True):
        call["prefetch"]["coverage"]["entry"][0]["resource"][member] = odd

        assert ask(client, call).status_code in (200, 400)


# ---- Cards


def _types(card: Mapping[str, Any]) -> set[str]:
    """The CRD response types that a card has parts of."""
    links, suggestions = card.get("links", ()), card.get("suggestions", ())
    found = {
        {"smart": "launch a SMART app", "absolute": "external reference"}[link["type"]] for link in links
    }
    for suggestion in suggestions:
        actions = {(a["type"], a["resource"]["resourceType"]) for a in suggestion["actions"]}
        if actions == {("create", "ServiceRequest")}:
            found.add("additional orders")
        elif len(suggestion["actions"]) == 1 and actions == {("update", "MedicationRequest")}:
            found.add("propose alternate")
        else:
            found.add(f"unheard-of: {sorted(actions)}")
    return found or {"instructions"}


_KNOWN = {"launch a SMART app", "additional orders", "propose alternate", "instructions"}


@pytest.mark.parametrize("name", NAMES)
def test_every_card_is_of_one_response_type_and_none_is_about_coverage(
    client: FlaskClient, name: str
) -> None:
    answer = answered(client, crd_call(name) | {"fhirServer": SERVER})
    cards = answer["cards"]

    assert [card for card in cards if len(_types(card)) != 1 or not _types(card) <= _KNOWN] == []
    for card in cards:
        facts = card["extension"]["payer-policy-cds"]
        assert facts["kind"] in {"documentation", "dose", "safety", "details"}
        assert card["source"]["topic"]["code"] in {"guideline", "off-guideline", "contraindication"}
        assert card["source"]["topic"]["system"] == "http://terminology.hl7.org/CodeSystem/cdshooks-card-type"
        assert card["source"]["label"].startswith("MMM Medicare Advantage")
        assert card["extension"]["davinci-crd.associated-resource"] == [{"reference": facts["order"]}]
        assert len(card["summary"]) < 140
        assert 0 < len(card["detail"].split()) <= 80
        assert all(
            s["uuid"] and all(a["description"] for a in s["actions"]) for s in card.get("suggestions", ())
        )
    linked = [card for card in cards if card.get("links")]
    assert [card["extension"]["payer-policy-cds"]["kind"] for card in linked] == ["details"]


@pytest.mark.parametrize("name", NAMES)
def test_the_other_cards_say_what_the_plain_services_cards_say(hospital: Hospital, name: str) -> None:
    client, call = hospital(), crd_call(name)
    plain = {_kind(card): card for card in sign(client, call).get_json()["cards"]}
    ours = {_kind(card): card for card in answered(client, call)["cards"]}

    for kind in ("documentation", "dose", "safety"):
        assert (kind in ours) is (kind in plain)
        if kind in ours:
            del ours[kind]["extension"]["davinci-crd.associated-resource"]
            assert ours[kind] == plain[kind]


@pytest.mark.parametrize("name", NAMES)
def test_no_finding_is_lost_with_the_coverage_card(hospital: Hospital, name: str) -> None:
    client, call = hospital(), crd_call(name)
    plain = [f for card in sign(client, call).get_json()["cards"] for f in _findings(card)]
    ours = [f for card in answered(client, call)["cards"] for f in _findings(card)]

    assert sorted(ours) == sorted(f for f in plain if f != "coverage")


def _kind(card: Mapping[str, Any]) -> str:
    return str(card["extension"]["payer-policy-cds"]["kind"])


def _findings(card: Mapping[str, Any]) -> list[str]:
    return [f["kind"] for f in card["extension"]["payer-policy-cds"]["findings"]]


def test_what_the_reader_of_the_order_should_know_is_on_a_card(hospital: Hospital) -> None:
    dateless = changed(
        crd_call("second-cycle-after-cr"),
        "context.draftOrders.entry.0.resource.dosageInstruction.0.timing",
        {},
    )
    cards = answered(hospital(), dateless)["cards"]

    (details,) = [card for card in cards if _kind(card) == "details"]
    assert "states no date that can be read" in details["detail"]


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_holds_what_the_coverage_card_of_the_plain_service_holds(
    hospital: Hospital, name: str
) -> None:
    client, call = hospital(), crd_call(name)
    (plain,) = [card for card in sign(client, call).get_json()["cards"] if _kind(card) == "coverage"]

    determinations = answered(client, call)["extension"]["payer-policy-cds"]["determinations"]
    assert determinations == [plain["extension"]["payer-policy-cds"]]


# ---- Switches


def _configured(body: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    chosen = {name.replace("_", "-"): value for name, value in options.items()}
    return {**body, "extension": {"davinci-crd.configuration": chosen, "davinci-crd.requestedVersion": "2.2"}}


def test_coverage_information_can_be_switched_off(hospital: Hospital) -> None:
    client, call = hospital(), crd_call(UNKNOWN)
    off = answered(client, _configured(call, coverage_info=False))

    assert "systemActions" not in off
    assert off["cards"] == answered(client, call)["cards"]


def test_each_kind_of_card_can_be_switched_off(hospital: Hospital) -> None:
    client, call = hospital(), crd_call("qtcf-510-with-nilotinib")
    usual = [card["source"]["topic"]["code"] for card in answered(client, call)["cards"]]
    assert set(usual) == {"contraindication", "guideline"}

    for code in set(usual):
        left = answered(client, _configured(call, **{code: False}))["cards"]
        assert [card["source"]["topic"]["code"] for card in left] == [c for c in usual if c != code]


@pytest.mark.parametrize(("most", "left"), [(0, 0), (1, 1), (1.0, 1), (10**9, 2), (-1, 0)])
def test_the_most_urgent_cards_are_kept(hospital: Hospital, most: object, left: int) -> None:
    client, call = hospital(), crd_call("qtcf-510-with-nilotinib")
    usual = answered(client, call)["cards"]

    assert answered(client, _configured(call, max_cards=most))["cards"] == usual[:left]


_NONSENSE: tuple[Any, ...] = (
    {"davinci-crd.configuration": {"max-cards": "few", "coverage-info": "no", "guideline": None, "alt-drug": True}},
    {"davinci-crd.configuration": {"max-cards": 1.5, "coverage-info": 0, "unsolicited-determ": False}},
    {"davinci-crd.configuration": []},
    {"davinci-crd.requestedVersion": 7, "unheard-of": {}},
    [],
    "x",
    None,
)  # fmt: skip


@pytest.mark.parametrize("extension", _NONSENSE)
def test_what_is_not_understood_switches_nothing(hospital: Hospital, extension: object) -> None:
    client, call = hospital(), crd_call(UNKNOWN)

    assert answered(client, {**call, "extension": extension}) == answered(client, call)


# ---- Discovery


def test_discovery_offers_what_the_guide_asks_for(client: FlaskClient) -> None:
    services = client.get("/cds-services").get_json()["services"]
    (service,) = [s for s in services if s["id"] == "order-sign-crd"]

    assert service["extension"]["davinci-crd.version"] == ["2.2"]
    options = service["extension"]["davinci-crd.configuration-options"]
    assert {o["code"]: o["default"] for o in options} == {
        "coverage-info": True,
        "off-guideline": True,
        "contraindication": True,
        "guideline": True,
        "max-cards": 50,
    }
    for member in ("code", "name", "description"):
        assert len({option[member] for option in options}) == len(options)
    assert "Nothing is said about orders of other drugs" in service["usageRequirements"]
    prefetch = service["prefetch"]
    assert prefetch["coverage"] == "Coverage?patient={{context.patientId}}&status=active"
    assert prefetch["medications"] == (
        "Medication?_id={{context.draftOrders.entry.resource.ofType(MedicationRequest).medication.resolve().id}}"
    )
    (plain,) = [s for s in services if s["id"] != "order-sign-crd"]
    assert prefetch.keys() > plain["prefetch"].keys()
    assert {k: v for k, v in prefetch.items() if plain["prefetch"].get(k) == v}.keys() == plain[
        "prefetch"
    ].keys() - {"coverage"}


def test_a_drug_that_the_prefetch_names_is_known(hospital: Hospital) -> None:
    own = _own_order()
    medication = {"resourceType": "Medication", "id": "m1", "code": own.pop("medicationCodeableConcept")}
    call = _drafts(own | {"medicationReference": {"reference": "Medication/m1"}})
    call["prefetch"]["medications"] = {"resourceType": "Bundle", "entry": [{"resource": medication}]}

    assert len(answered(hospital(), call)["systemActions"]) == 1


# ---- What is kept


def test_feedback_on_a_card_is_taken(hospital: Hospital) -> None:
    client = hospital()
    card = answered(client, crd_call(UNKNOWN))["cards"][0]
    item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-04-15T13:00:00Z"}

    response = client.post(f"{CRD}/feedback", json={"feedback": [item]})
    assert (response.status_code, response.get_json()) == (200, {})


def test_the_audit_event_names_the_statement(hospital: Hospital) -> None:
    client = hospital()
    said = _assertion(client, crd_call())

    database = client.application.extensions["payer-policy-cds-trust"].database
    event = json.loads(list(audit_trail.exported(database))[-1])
    facts = [(d["type"], d["valueString"]) for d in event["entity"][-1]["detail"]]
    assert ("coverage-assertion-id", said) in facts


_KEPT = {
    "met": crd_call(MET),
    "unknown": crd_call(UNKNOWN),
    "not met": crd_call(NOT_MET),
    "no member": crd_call(MET, subscriberId="M-2"),
    "technical": without_record(crd_call()),
    "no actions wanted": _configured(crd_call(UNKNOWN), coverage_info=False, max_cards=1),
}


@pytest.mark.parametrize("case", _KEPT)
def test_a_kept_decision_is_replayed_as_the_answer_that_was_given(
    hospital: Hospital, tmp_path: Any, case: str
) -> None:
    (tmp_path / "members.csv").write_text("payer,member_id\nurn:oid:1.2.3|MMM,M-1\n")
    client = hospital(more='members_file = "members.csv"', CDS_DISPUTE_DAYS="1")
    response = ask(client, _KEPT[case])
    answer = response.get_json()
    actions = [information(a["resource"])[0] for a in answer.get("systemActions", ())]
    ids = [*(c["uuid"] for c in answer["cards"]), *(values(p, "coverage-assertion-id")[0] for p in actions)]
    # What the list says today plays no part in what was answered then.
    (tmp_path / "members.csv").write_text("payer,member_id\n")

    assert ids
    for name in ids:
        settings = environment(tmp_path) | {"CDS_DISPUTE_DAYS": "1"}
        again = CliRunner(env=settings).invoke(main, ["replay-decision", name])
        assert again.exit_code == 0, again.output
        assert again.stdout == response.get_data(as_text=True) + "\n"


def test_a_saved_request_is_answered_offline(tmp_path: Any) -> None:
    saved = tmp_path / "request.json"
    saved.write_text(json.dumps(crd_call(UNKNOWN)))
    arguments = ["evaluate", str(saved), "--as-of", "2026-04-15T09:00:00-04:00"]
    run = CliRunner().invoke(main, [*arguments, "--service", "order-sign-crd"])

    assert codes(the_statement(json.loads(run.stdout)), "covered") == {"covered": "conditional"}
    refused = CliRunner().invoke(main, [*arguments, "--service", "order-sign"])
    assert (refused.exit_code, "order-sign-crd" in refused.output) == (1, True)
    plain = json.loads(CliRunner().invoke(main, arguments).stdout)
    assert list(plain) == ["cards"]


def test_what_is_put_on_an_order_is_printed_by_the_command_that_calls(
    hospital: Hospital, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = hospital()

    def sent(_url: str, body: bytes, *_: object) -> Response:
        given = client.post(CRD, data=body, headers={"Content-Type": "application/json"})
        return Response(given.status_code, {}, given.data)

    monkeypatch.setattr("cds_service.commands.call._sent", sent)
    assert CliRunner().invoke(main, ["keys", "new", "--out", str(tmp_path)]).exit_code == 0
    (tmp_path / "request.json").write_text(json.dumps(crd_call("second-cycle-after-cr")))
    arguments = ["--issuer", "i", "--key", str(tmp_path / "private.pem"), str(tmp_path / "request.json")]
    printed = CliRunner().invoke(main, ["call", *arguments]).output

    assert ": covered=covered, pa-needed=auth-needed, doc-needed=clinical\n" in printed
    assert "nothing to say" not in printed


def test_a_patient_who_could_not_be_read_leaves_the_answer_open(hospital: Hospital) -> None:
    call = changed(crd_call(), "prefetch.patient", FAILED)

    assert codes(the_statement(answered(hospital(), call)), "covered") == {"covered": "conditional"}


def _kept(client: FlaskClient, assertion: str, tenant: str = "a") -> Assessment | None:
    with client.application.app_context():
        services: Services = client.application.extensions[EXTENSION]
        return recall_context(Vault(trust().database, services.settings.secret_keys), tenant, assertion)


def test_the_form_that_a_statement_names_can_be_filled_under_its_id(hospital: Hospital) -> None:
    client = hospital()
    kept = _kept(client, _assertion(client, crd_call()))

    assert kept is not None
    assert kept.coverage == "Coverage/c1"
    assert kept.criteria["POL-A-I-CD22"].verdict is Verdict.MET
    assert _kept(client, "another") is None


def test_under_the_id_of_criteria_that_are_not_met_something_is_known_too(hospital: Hospital) -> None:
    client = hospital()
    kept = _kept(client, _assertion(client, crd_call(NOT_MET)))

    assert kept is not None
    assert kept.verdict is Verdict.NOT_MET


@pytest.mark.parametrize(
    "call",
    [
        crd_call(period={"end": "2026-02-01"}),
        crd_call(period={"start": "soon"}),
        without_record(crd_call()),
    ],
    ids=["plan ended", "period unclear", "record not read"],
)
def test_a_statement_that_does_not_rest_on_the_record_keeps_nothing(
    hospital: Hospital, call: dict[str, Any]
) -> None:
    client = hospital()

    assert _kept(client, _assertion(client, call)) is None


def test_with_no_hours_nothing_of_a_statement_is_kept(hospital: Hospital) -> None:
    client = hospital(CDS_DTR_HOURS="0")

    assert _kept(client, _assertion(client, crd_call())) is None


def test_an_order_in_a_group_has_a_determination_and_no_action_that_nobody_could_carry_out(
    hospital: Hospital,
) -> None:
    own = _own_order()
    group = {
        "resourceType": "RequestGroup", "id": "g", "status": "draft", "intent": "order", "subject": own["subject"],
        "contained": [own], "action": [{"resource": {"reference": f"#{own['id']}"}}],
    }  # fmt: skip
    answer = answered(hospital(), _drafts(group))

    (determination,) = answer["extension"]["payer-policy-cds"]["determinations"]
    assert determination["order"] == "draftOrders.entry[0].resource.contained[0]"
    assert not answer.get("systemActions")


def test_an_order_in_a_group_that_violates_the_profile_is_422_by_its_place(hospital: Hospital) -> None:
    own = {k: v for k, v in _own_order().items() if k != "authoredOn"}
    group = {"resourceType": "RequestGroup", "status": "draft", "contained": [own]}
    response = ask(hospital(), _drafts(group))
    assert response.status_code == 422
    assert "draftOrders.entry[0].resource.contained[0].authoredOn" in response.get_data(as_text=True)
