"""What order-sign-crd says of an order, row by row of the contract: verdict, Coverage, member, failure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.refused import Refused
from cds_service.evaluation.services import services_from
from cds_service.settings import Settings, Tenant
from tests.contract.calls import ABSENT, CLOCK, changed, order_sign, refused
from tests.crd.calls import (
    FAILED,
    MET,
    NOT_MET,
    PAYER,
    SERVER,
    UNKNOWN,
    answered,
    ask,
    bundle,
    codes,
    coverage,
    crd_call,
    reasons,
    row,
    the_statement,
    values,
    with_coverage,
    without_record,
)
from tests.ehr.hostile import Reply, running

Hospital = Callable[..., FlaskClient]
FORM = "http://127.0.0.1:8080/fhir/Questionnaire/MP-RX-FP-12-23|20260324.1.0"
_CODES = ("covered", "pa-needed", "doc-needed", "info-needed", "questionnaire")


def _named(*coverages: str) -> list[dict[str, str]]:
    return [{"reference": reference} for reference in coverages]


def _insured(body: Mapping[str, Any], *coverages: str) -> dict[str, Any]:
    """The call with Coverages named by its order."""
    return changed(body, "context.draftOrders.entry.0.resource.insurance", _named(*coverages))


def test_met(hospital: Hospital) -> None:
    parts = the_statement(answered(hospital(), crd_call(MET)))

    assert codes(parts, *_CODES) == {
        "covered": "covered",
        "pa-needed": "auth-needed",
        "doc-needed": "clinical",
        "info-needed": None,
        "questionnaire": FORM,
    }
    ((code, text),) = reasons(parts)
    assert code is None
    assert "appears to meet the criteria of policy MP-RX-FP-12-23" in text
    assert not values(parts, "detail")


def test_unknown(hospital: Hospital) -> None:
    parts = the_statement(answered(hospital(), crd_call(UNKNOWN)))

    assert codes(parts, *_CODES) == {
        "covered": "conditional",
        "pa-needed": "auth-needed",
        "doc-needed": "clinical",
        "info-needed": "OTH",
        "questionnaire": FORM,
    }
    (_, first), *items = reasons(parts)
    assert "the form can settle them" in first
    assert [text.partition(":")[0] for _, text in items] == ["CD22 on blasts"]
    (detail,) = values(parts, "detail")
    assert values(detail, "category") == ["cat-decisional"]
    assert values(detail, "code")[0]["coding"] == [
        {"system": "http://terminology.hl7.org/CodeSystem/crd-coverage-detail", "code": "instructions"}
    ]
    assert values(detail, "value") == ["In the record, or in the form: order or attach CD22 on blasts."]


def test_not_met(hospital: Hospital) -> None:
    parts = the_statement(answered(hospital(), crd_call(NOT_MET)))

    assert codes(parts, *_CODES) == dict.fromkeys(_CODES) | {"covered": "not-covered"}
    assert (
        "does not appear to meet A.i (diagnosis of B-cell ALL): diffuse large B-cell" in reasons(parts)[0][1]
    )
    assert len(reasons(parts)) == 1  # of a path that fails by the same criterion nothing more is said
    assert not values(parts, "detail")


@pytest.mark.parametrize("patient", [MET, UNKNOWN, NOT_MET])
def test_what_every_statement_carries(hospital: Hospital, patient: str) -> None:
    parts = the_statement(answered(hospital(), crd_call(patient)))

    assert values(parts, "coverage") == [{"reference": "Coverage/c1"}]
    assert values(parts, "date") == ["2026-04-15"]
    (billing,) = values(parts, "billingCode")
    assert billing["system"] == "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
    assert billing["code"] == "J9229"
    assert values(parts, "expiry-date") == ["2026-12-31"]
    for never in ("doc-purpose", "satisfied-pa-id", "contact", "dependency"):
        assert not values(parts, never)


@pytest.mark.parametrize(("period", "expires"), [(None, []), ({"end": "2026-12"}, ["2026-12"])])
def test_a_plan_expires_when_its_coverage_says_so(
    hospital: Hospital, period: object, expires: object
) -> None:
    assert values(the_statement(answered(hospital(), crd_call(period=period))), "expiry-date") == expires


# ---- Coverage


def test_no_coverage_is_refused(hospital: Hospital) -> None:
    client = hospital()

    for nothing in (bundle(), None):
        response = ask(client, changed(order_sign(), "prefetch.coverage", nothing))
        assert "no Coverage is on record" in refused(response, 400, "prefetch.coverage")


def test_several_coverages_are_refused_unless_the_order_names_one(hospital: Hospital) -> None:
    client = hospital()
    other = coverage(MET, id="c2", payor=[{"identifier": {"system": "urn:oid:1.2.3", "value": "X"}}])
    both = with_coverage(order_sign(), coverage(MET), other)

    assert "several Coverages" in refused(ask(client, both), 400, "prefetch.coverage")
    parts = the_statement(answered(client, _insured(both, "Coverage/c1")))
    assert values(parts, "coverage") == [{"reference": "Coverage/c1"}]
    assert "of another payor" in refused(ask(client, _insured(both, "Coverage/c2")), 400, "prefetch.coverage")
    two = _insured(both, "Coverage/c1", "Coverage/c2")
    assert "several Coverages" in refused(ask(client, two), 400, "prefetch.coverage")
    unknown = _insured(both, "Coverage/c3")
    assert "is not on record" in refused(ask(client, unknown), 400, "prefetch.coverage")


def test_a_coverage_that_is_over_stands_aside_for_one_that_is_not(hospital: Hospital) -> None:
    old = coverage(MET, id="c0", period={"end": "2025-12-31"})
    later = coverage(MET, id="c2", period={"start": "2027-01-01"})
    parts = the_statement(answered(hospital(), with_coverage(order_sign(), old, coverage(MET), later)))

    assert values(parts, "coverage") == [{"reference": "Coverage/c1"}]
    assert codes(parts, "covered") == {"covered": "covered"}


@pytest.mark.parametrize(
    ("payor", "said"),
    [
        ([{"identifier": {"system": "urn:oid:1.2.3", "value": "X"}}], "of another payor"),
        ([{"reference": f"Patient/{MET}"}], "of another payor"),
        ([{"display": "MMM"}], "does not identify its payor"),
        ([{"reference": "Organization/unread"}], "does not identify its payor"),
        ([{"identifier": {"value": "MMM"}}], "does not identify its payor"),
        (None, "does not identify its payor"),
    ],
)
def test_a_foreign_or_unidentified_payor_is_refused(hospital: Hospital, payor: object, said: str) -> None:
    call = crd_call(payor=payor)

    assert said in refused(ask(hospital(), call), 400, "prefetch.coverage")


def test_a_payor_that_the_prefetch_brings_is_known(hospital: Hospital) -> None:
    organization = {"resourceType": "Organization", "id": "o1"}
    known = organization | {"identifier": [payor["identifier"] for payor in coverage(MET)["payor"]]}
    call = crd_call(payor=[{"reference": "Organization/o1"}])
    client = hospital()

    assert the_statement(answered(client, changed(call, "prefetch.organizations", bundle(known))))
    unnamed = changed(call, "prefetch.organizations", bundle(organization))
    assert "does not identify" in refused(ask(client, unnamed), 400, "prefetch.coverage")


def test_a_coverage_that_only_the_order_names_is_read(hospital: Hospital) -> None:
    call = _insured(with_coverage(order_sign(), coverage(MET)), "Coverage/c9")
    others = coverage("another-patient", id="c9")
    for held, status in ((coverage(MET, id="c9", status="cancelled"), 200), (others, 400)):
        with running([held]) as ehr:
            response = ask(hospital(server=ehr.base), call | {"fhirServer": ehr.base})
            assert ehr.asked("Coverage") == ["Coverage/c9"]
        assert response.status_code == status
        if status == 200:
            parts = the_statement(response.get_json())
            assert values(parts, "coverage") == [{"reference": "Coverage/c9"}]
            assert reasons(parts)[0][0] == "no-active-coverage"


def test_a_payor_is_known_by_its_address_on_the_calls_server(hospital: Hospital) -> None:
    client, organization = hospital(), {"resourceType": "Organization", "id": "o1"}
    known = organization | {"identifier": [payor["identifier"] for payor in coverage(MET)["payor"]]}
    at_home, elsewhere = (
        changed(
            crd_call(payor=[{"reference": f"{base}/Organization/o1"}]) | {"fhirServer": f"{SERVER}/"},
            "prefetch.organizations",
            bundle(known),
        )
        for base in (SERVER, "https://other.example.org/fhir")
    )

    assert the_statement(answered(client, at_home))
    assert "does not identify" in refused(ask(client, elsewhere), 400, "prefetch.coverage")


@pytest.mark.parametrize("status", ["active", "cancelled"])
def test_a_payor_that_the_ehr_holds_is_read(hospital: Hospital, status: str) -> None:
    identifiers = [payor["identifier"] for payor in coverage(MET)["payor"]]
    with running([{"resourceType": "Organization", "id": "o1", "identifier": identifiers}]) as ehr:
        call = crd_call(payor=[{"reference": "Organization/o1"}], status=status) | {"fhirServer": ehr.base}
        parts = the_statement(answered(hospital(server=ehr.base), call))

    assert codes(parts, "covered") == {"covered": "covered" if status == "active" else "not-covered"}


def test_a_tenant_that_names_no_payor_answers_for_none_but_in_development(hospital: Hospital) -> None:
    assert the_statement(answered(hospital(payers="[]"), crd_call()))

    production = services_from(Settings(fixed_now=datetime.fromisoformat(CLOCK)))
    with pytest.raises(Refused, match="payer_identifiers are missing") as refusal:
        answer(json.dumps(crd_call()).encode(), production, Tenant("a"), service=row())
    assert refusal.value.status == 400


@pytest.mark.parametrize("server", [None, "https://nobody.example.org/fhir"])
def test_who_names_neither_client_nor_server_is_the_first_tenants_in_development(
    hospital: Hospital, server: str | None
) -> None:
    client, foreign = hospital(), {"identifier": {"system": "urn:oid:1.2.3", "value": "X"}}
    unnamed = {"fhirServer": server} if server else {}
    call = {name: given for name, given in crd_call().items() if name != "fhirServer"} | unnamed
    other = changed(call, "prefetch.coverage", bundle(coverage(MET, payor=[foreign])))

    assert "of another payor" in refused(ask(client, other), 400, "prefetch.coverage")
    (context,) = values(the_statement(answered(client, call)), "coverage-assertion-id")
    asked = [{"name": "coverage", "resource": coverage(MET)}, {"name": "context", "valueString": context}]
    package = client.post(
        "/fhir/Questionnaire/$questionnaire-package",
        json={"resourceType": "Parameters", "parameter": asked},
    )
    assert [p["name"] for p in package.get_json()["parameter"]] == ["packagebundle"]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"status": "cancelled"}, "The Coverage is cancelled."),
        ({"period": {"end": "2026-03-31"}}, "The Coverage ended 2026-03-31, before the planned date 2026-04-16."),
        ({"period": {"start": "2026-05-01"}}, "The Coverage begins 2026-05-01, after the planned date 2026-04-16."),
    ],
)  # fmt: skip
def test_a_coverage_that_is_not_active_on_the_planned_day(
    hospital: Hospital, members: dict[str, Any], said: str
) -> None:
    parts = the_statement(answered(hospital(), crd_call(**members)))

    assert codes(parts, *_CODES) == dict.fromkeys(_CODES) | {"covered": "not-covered"}
    assert reasons(parts) == [("no-active-coverage", said)]


def test_both_days_of_a_period_belong_to_it(hospital: Hospital) -> None:
    one_day = {"start": "2026-04-16", "end": "2026-04-16"}

    assert codes(the_statement(answered(hospital(), crd_call(period=one_day))), "covered") == {
        "covered": "covered"
    }


@pytest.mark.parametrize("members", [{"status": None}, {"period": {"end": "soon"}}])
def test_a_coverage_that_cannot_be_read_decides_nothing(hospital: Hospital, members: dict[str, Any]) -> None:
    parts = the_statement(answered(hospital(), crd_call(**members)))

    assert codes(parts, *_CODES) == dict.fromkeys(_CODES) | {"covered": "indeterminate"}
    assert "Correct it" in reasons(parts)[0][1]


# ---- Members


@pytest.fixture
def with_members(hospital: Hospital, tmp_path: Path) -> FlaskClient:
    (tmp_path / "members.csv").write_text(f"payer,member_id\n{PAYER},M-1\nurn:oid:1.2.3|X,M-2\n")
    return hospital(more='members_file = "members.csv"')


def _member_number(value: str, type_: str = "MB") -> list[dict[str, Any]]:
    return [{"type": {"coding": [{"code": type_}]}, "value": value}]


@pytest.mark.parametrize(
    ("members", "is_member"),
    [
        ({}, True),
        ({"subscriberId": "M-2"}, False),
        ({"subscriberId": None}, False),
        ({"subscriberId": None, "identifier": _member_number("M-1")}, True),
        ({"subscriberId": None, "identifier": _member_number("M-3")}, False),
        ({"subscriberId": None, "identifier": _member_number("M-1", "MR")}, False),
        ({"subscriberId": "M-1", "identifier": _member_number("M-3")}, True),
    ],
)
def test_a_member_is_who_the_payers_list_has(
    with_members: FlaskClient, members: dict[str, Any], is_member: bool
) -> None:
    parts = the_statement(answered(with_members, crd_call(**members)))

    assert (reasons(parts)[0][0] == "no-member-found") is not is_member
    assert codes(parts, "covered") == {"covered": "covered" if is_member else "not-covered"}


def test_without_a_list_nobody_is_no_member(hospital: Hospital) -> None:
    parts = the_statement(answered(hospital(), crd_call(subscriberId="M-9")))

    assert codes(parts, "covered") == {"covered": "covered"}


def test_a_list_is_read_again_when_it_has_changed(with_members: FlaskClient, tmp_path: Path) -> None:
    call = crd_call(subscriberId="M-7")
    assert reasons(the_statement(answered(with_members, call)))[0][0] == "no-member-found"

    (tmp_path / "members.csv").write_text(f"payer,member_id\n{PAYER},M-1\n{PAYER},M-7\n")
    assert codes(the_statement(answered(with_members, call)), "covered") == {"covered": "covered"}
    (tmp_path / "members.csv").unlink()
    assert codes(the_statement(answered(with_members, call)), "covered") == {"covered": "covered"}


@pytest.mark.parametrize(
    "spoilt", ["", "member\nM-1\n", "member_id,payer\nM-9,x\n", 'payer,member_id\n"' + "x" * 200_000]
)
def test_a_list_that_turned_into_something_else_leaves_the_one_before(
    with_members: FlaskClient, tmp_path: Path, spoilt: str
) -> None:
    assert codes(the_statement(answered(with_members, crd_call())), "covered") == {"covered": "covered"}
    (tmp_path / "members.csv").write_text(spoilt)

    assert codes(the_statement(answered(with_members, crd_call())), "covered") == {"covered": "covered"}


def test_a_list_with_the_mark_of_a_spreadsheet_in_front_is_a_list(hospital: Hospital, tmp_path: Path) -> None:
    (tmp_path / "members.csv").write_text(f"payer,member_id\n{PAYER},M-1\n", encoding="utf-8-sig")
    client = hospital(more='members_file = "members.csv"')

    assert codes(the_statement(answered(client, crd_call())), "covered") == {"covered": "covered"}


def test_a_list_that_was_never_there_to_be_read_decides_nothing(
    with_members: FlaskClient, tmp_path: Path
) -> None:
    (tmp_path / "members.csv").unlink()
    parts = the_statement(answered(with_members, crd_call()))

    assert codes(parts, "covered") == {"covered": "indeterminate"}
    assert reasons(parts)[0][0] == "technical"


# ---- Failures


def test_a_failure_that_leaves_nothing_but_the_coverage(hospital: Hospital) -> None:
    parts = the_statement(answered(hospital(), without_record(crd_call())))

    assert codes(parts, *_CODES) == dict.fromkeys(_CODES) | {"covered": "indeterminate"}
    ((code, text),) = reasons(parts)
    assert code == "technical"
    assert "could not be read: the EHR sent an error instead" in text


def test_an_ehr_that_is_down_leaves_nothing_but_the_coverage(hospital: Hospital) -> None:
    call = crd_call()
    call["prefetch"] = {"patient": call["prefetch"]["patient"], "coverage": call["prefetch"]["coverage"]}
    with running() as ehr:
        ehr.script("", Reply(500))
        parts = the_statement(answered(hospital(server=ehr.base), call | {"fhirServer": ehr.base}))

    assert reasons(parts)[0][0] == "technical"
    assert "the server answered 500" in reasons(parts)[0][1]


def test_a_failure_in_part_is_conditional_and_named(hospital: Hospital) -> None:
    parts = the_statement(answered(hospital(), changed(crd_call(), "prefetch.conditions", FAILED)))

    assert codes(parts, "covered", "info-needed") == {"covered": "conditional", "info-needed": "OTH"}
    assert any(text.startswith("Could not be seen: conditions") for _, text in reasons(parts))
    assert "Sign again" in values(values(parts, "detail")[0], "value")[0]


def test_a_coverage_that_could_not_be_seen_leaves_the_determination_alone(hospital: Hospital) -> None:
    answer = answered(hospital(), changed(crd_call(), "prefetch.coverage", FAILED))

    assert "systemActions" not in answer
    (determination,) = answer["extension"]["payer-policy-cds"]["determinations"]
    assert determination["coverage"] == "met"


def test_an_error_of_this_service_leaves_the_answer_indeterminate(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_d: object) -> str:
        raise RuntimeError("patient Doe")

    monkeypatch.setattr("cds_service.crd.statement._instructions", broken)
    answer = answered(hospital(), crd_call(UNKNOWN))

    assert reasons(the_statement(answer))[0][0] == "technical"
    assert codes(the_statement(answer), "covered") == {"covered": "indeterminate"}
    assert "Doe" not in json.dumps(answer)
    kinds = [card["extension"]["payer-policy-cds"]["kind"] for card in answer["cards"]]
    assert kinds == ["documentation", "details"]


def test_without_any_way_to_data_the_call_is_refused(hospital: Hospital) -> None:
    call = crd_call() | {"prefetch": {"coverage": bundle(coverage(MET))}}
    del call["fhirServer"]

    refused(ask(hospital(), call), 412, "prefetch")


# ---- Orders


@pytest.mark.parametrize("member", ["requester", "authoredOn", "subject"])
@pytest.mark.parametrize("value", [ABSENT, None, {}])
def test_an_order_that_breaks_the_profile_is_refused(hospital: Hospital, member: str, value: object) -> None:
    at = f"context.draftOrders.entry.0.resource.{member}"
    call = changed(crd_call(), at, value)

    said = refused(ask(hospital(), call), 422, f"context.draftOrders.entry[0].resource.{member}")
    assert "required by the CRD profile" in said
