"""The guide's invariants over what is said of every bundled patient, whatever becomes of Coverage and record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.services import Services, services_from
from cds_service.settings import Settings, Tenant
from tests.contract.calls import CLOCK, changed
from tests.crd.calls import FAILED, PAYER, crd_call, information, row, values, without_record
from tests.crd.invariants import Parts, broken
from tests.fixtures import NAMES

_TENANT = Tenant("a", payer_identifiers=(PAYER,))
VARIANTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "as recorded": crd_call,
    "no end of the plan": lambda name: crd_call(name, period=None),
    "a part of the record failed": lambda name: changed(crd_call(name), "prefetch.conditions", FAILED),
    "nothing of the record came": lambda name: without_record(crd_call(name)),
    "cancelled": lambda name: crd_call(name, status="cancelled"),
    "ended": lambda name: crd_call(name, period={"end": "2026-02-01"}),
    "begins later": lambda name: crd_call(name, period={"start": "2027-01-01"}),
    "a status that cannot be read": lambda name: crd_call(name, status="unheard-of"),
    "no member": lambda name: crd_call(name, subscriberId="M-2"),
}


@cache
def _services() -> Services:
    return services_from(
        Settings.from_environment({"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK})
    )


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    members: Path = tmp_path_factory.mktemp("members") / "members.csv"
    members.write_text(f"payer,member_id\n{PAYER},M-1\n")
    return replace(_TENANT, members_file=members)


@pytest.fixture(scope="module")
def said(tenant: Tenant) -> dict[str, dict[str, Parts]]:
    """The statement about each bundled patient in each variant."""
    return {variant: {name: _of(make(name), tenant) for name in NAMES} for variant, make in VARIANTS.items()}


def _of(body: dict[str, Any], tenant: Tenant) -> Parts:
    answered = answer(json.dumps(body).encode(), _services(), tenant, service=row()).body
    (action,) = answered["systemActions"]
    (parts,) = information(action["resource"])
    return parts


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_said_of_every_bundled_patient_keeps_the_invariants(
    said: dict[str, dict[str, Parts]], variant: str
) -> None:
    assert {name: broken(parts) for name, parts in said[variant].items() if broken(parts)} == {}
    for parts in said[variant].values():
        for url in ("coverage", "covered", "date", "coverage-assertion-id"):
            assert len(values(parts, url)) == 1
        assert not values(parts, "doc-purpose")
        assert all(reason["text"].endswith(".") for reason in values(parts, "reason"))


def test_the_variants_lead_to_every_answer(said: dict[str, dict[str, Parts]]) -> None:
    found = {
        variant: {values(parts, "covered")[0] for parts in of_all.values()}
        for variant, of_all in said.items()
    }

    assert found["as recorded"] == {"covered", "conditional", "not-covered"}
    assert found["nothing of the record came"] == found["a status that cannot be read"] == {"indeterminate"}
    for variant in ("cancelled", "ended", "begins later", "no member"):
        assert found[variant] == {"not-covered"}


def _statement(**codes: str) -> Parts:
    return [{"url": url.replace("_", "-"), "valueCode": code} for url, code in codes.items()]


_REASON = {"url": "reason", "valueCodeableConcept": {"coding": [{"code": "unheard-of"}]}}


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("q1", _statement(covered="covered", questionnaire="x")),
        ("q2", _statement(covered="not-covered", pa_needed="auth-needed")),
        ("q3", _statement(covered="conditional")),
        ("q4", [*_statement(pa_needed="no-auth", doc_purpose="withpa"), {"url": "reason", "valueCodeableConcept": {"text": "x"}}]),
        ("q5", _statement(pa_needed="satisfied")),
        ("q6", _statement(covered="conditional", info_needed="OTH")),
        ("q7", [*_statement(covered="covered"), _REASON]),
        ("q8", _statement(doc_purpose="withclaim")),
        ("q9", _statement(covered="indeterminate")),
    ],
)  # fmt: skip
def test_a_statement_that_breaks_an_invariant_is_found(rule: str, parts: Parts) -> None:
    assert broken(parts) == [rule]
