"""The CRD service: what it asks of a call beyond CDS Hooks, and its answer.

Coverage stands in system actions on the orders, never on a card. The answer's own extension holds each
determination as the plain service's coverage card would.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, tzinfo
from functools import partial
from typing import Any

from cards import CardForm, facts
from cds_service.clinical.payer import Plan, plans_of
from cds_service.crd import coverage_information, members
from cds_service.crd.configuration import COVERAGE_INFO, configured, wanted
from cds_service.crd.plan_choice import named_coverages, plan_for
from cds_service.crd.prefetch import ORGANIZATIONS
from cds_service.crd.statement import Basis, Statement, not_stated, statement
from cds_service.ehr.fhir_client import FhirClient
from cds_service.ehr.needs import CLINICAL
from cds_service.ehr.payors import with_coverages, with_more, with_payors
from cds_service.ehr.prefetch import sent
from cds_service.engine.attempts import Allowance, Missed, attempt
from cds_service.engine.determination import CardKind, Determination
from cds_service.evaluation.decision import Grounds
from cds_service.evaluation.dialect import Dialect, Said
from cds_service.evaluation.refused import Refused
from cds_service.evaluation.request import OrderSign, is_contained
from cds_service.fhir.dates import read_when
from cds_service.fhir.json_types import as_dict, as_text
from cds_service.fhir.record import DataKind, Record, Resource
from cds_service.packet.canonical import form_canonical
from cds_service.settings import Tenant

log = logging.getLogger(__name__)
_STATUSES = ("active", "cancelled")  # of Coverages whose payor matters
_NO_LIST = "the payer's list of members is not at hand"


class Crd(Dialect):
    """Da Vinci CRD 2.2.1."""

    def admit(self, call: OrderSign, orders: Sequence[Resource]) -> None:
        for order in orders:
            place = f"draftOrders.entry[{call.drafts.index(order)}].resource"
            at = f"context.{order.name if is_contained(order.reference) else place}"
            for member, is_there in (
                ("subject", bool(as_dict(order.body.get("subject")))),
                ("authoredOn", as_text(order.body.get("authoredOn")) is not None),
                ("requester", bool(as_dict(order.body.get("requester")))),
            ):
                if not is_there:
                    path = f"{at}.{member}"
                    raise Refused(422, "required", f"{path} is required by the CRD profile.", path)

    def with_payors(
        self,
        record: Record,
        call: OrderSign,
        _tenant: Tenant | None,
        client: FhirClient | None,
        deadline: float,
    ) -> Record:
        record = _with_brought(record, call)
        if client is None:
            return record
        named = dict.fromkeys(name for draft in call.drafts for name in named_coverages(draft))
        return with_payors(with_coverages(record, list(named), client, deadline), client, deadline, _STATUSES)

    def options(self, call: OrderSign, tenant: Tenant | None, record: Record) -> Mapping[str, Any]:
        chosen = {"configuration": configured(call.extension), "members": None, "list_is_lost": False}
        if tenant is None or tenant.members_file is None:
            return chosen
        try:
            known = members.members(tenant.members_file)
        except OSError:
            log.error("the members file cannot be read, and was not before")
            return chosen | {"list_is_lost": True}
        return chosen | {"members": sorted(_members_among(plans_of(record, UTC), record, known))}

    def check(self, grounds: Grounds, found: Sequence[Determination], *, dev: bool) -> None:
        payers = None if dev and not grounds.payers else grounds.payers
        for d in found:
            _plan(grounds, d, payers)

    def said(
        self,
        grounds: Grounds,
        found: Sequence[Determination],
        time: Allowance | None = None,
    ) -> Said:
        chosen = grounds.options["configuration"]
        cards = [_of_its_order(card) for card in grounds.cards(found, CardForm.WITHOUT_COVERAGE, time)]
        body: dict[str, Any] = {"cards": wanted(cards, chosen)}
        stated = statements(grounds, found, time) if chosen.get(COVERAGE_INFO, True) else ()
        orders = {draft.reference: draft.body for draft in grounds.drafts}
        drugs = {d.order: d.policy.drug.full for d in found}
        actions = [
            coverage_information.action(s, orders[s.order], drugs[s.order])
            for s in stated
            if not is_contained(s.order)
        ]
        if made := [action for action in actions if action is not None]:
            body["systemActions"] = made
        determinations = [facts.card(d, CardKind.COVERAGE, facts.coverage(d)) for d in found]
        body["extension"] = {"payer-policy-cds": {"determinations": determinations}}
        with_form = {d.order for d in found if d.policy.form_revision}
        forms = {
            s.order: (s.assertion_id, s.coverage)
            for s in stated
            if s.rests_on_the_record and s.order in with_form
        }
        return Said(body, tuple(s.assertion_id for s in stated), forms)


def _with_brought(record: Record, call: OrderSign) -> Record:
    """The record with the Organizations of the prefetch; one without an address of its own has that of the call's server."""
    page = sent(call.prefetch, ORGANIZATIONS)
    held = {r.reference for r in record.of_type("Organization")}
    base = (call.fhir_server or "").rstrip("/")
    brought = [
        r for r in (page.resources if page else ()) if r.type == "Organization" and r.reference not in held
    ]
    if base:
        brought = [r if r.name else replace(r, name=f"{base}/{r.reference}") for r in brought]
    return with_more(record, "Organization", brought)


def statements(
    grounds: Grounds,
    found: Sequence[Determination],
    time: Allowance | None = None,
) -> tuple[Statement, ...]:
    """The statement about each order whose Coverage could be seen, in the order of the determinations."""
    orders = {draft.reference: draft.body for draft in grounds.drafts}
    made = []
    for d in found:
        if (plan := _plan(grounds, d, None)) is None:
            continue
        basis = Basis(
            plan=plan,
            planned=_planned(grounds, d),
            today=grounds.clock.date(),
            billing={"code": d.policy.drug.billing_code, "display": d.policy.drug.billing_display},
            form=form_canonical(d.policy, grounds.public_url) if d.policy.form_revision else "",
            is_member=_is_member(grounds, plan),
            technical=_technical(grounds),
        )
        said = attempt("the statement", partial(statement, d, basis), time or Allowance(), "stated")
        if isinstance(said, Missed):
            said = not_stated(d, basis)
        name = coverage_information.assertion_id(said, grounds.tenant, grounds.patient_id, orders[d.order])
        made.append(replace(said, assertion_id=name))
    return tuple(made)


def _of_its_order(card: dict[str, Any]) -> dict[str, Any]:
    """The card with the guide's pointer to the order that it is about."""
    about = {"reference": card["extension"]["payer-policy-cds"]["order"]}
    return {**card, "extension": {**card["extension"], "davinci-crd.associated-resource": [about]}}


def _plan(grounds: Grounds, d: Determination, payers: Collection[str] | None) -> Plan | None:
    order = next(draft for draft in grounds.drafts if draft.reference == d.order)
    seen = grounds.record.unseen(DataKind.COVERAGE) is None
    plans = plans_of(grounds.record, _zone(grounds))
    return plan_for(order, plans, _planned(grounds, d), all_seen=seen, payers=payers)


def _zone(grounds: Grounds) -> tzinfo:
    zone = grounds.clock.tzinfo
    assert zone is not None  # the evaluation clock is an aware instant
    return zone


def _planned(grounds: Grounds, d: Determination) -> date:
    """The day an order is planned for; today where it could not be read."""
    when = read_when(d.planned, _zone(grounds))
    return when.first if when is not None else grounds.clock.date()


def _members_among(plans: Sequence[Plan], record: Record, known: Collection[tuple[str, str]]) -> list[str]:
    bodies = {r.reference: r.body for r in record.of_type("Coverage")}
    return [p.reference for p in plans if members.is_member(bodies[p.reference], p.payors, known)]


def _is_member(grounds: Grounds, plan: Plan) -> bool | None:
    listed = grounds.options["members"]
    return None if listed is None else plan.reference in listed


def _technical(grounds: Grounds) -> str | None:
    """Why nothing of the record but the Coverage could be had; None when anything clinical was seen."""
    if grounds.options["list_is_lost"]:
        return _NO_LIST
    record = grounds.record
    lost = {gap.need: gap.reason for gap in record.gaps if not gap.partial and gap.need in CLINICAL}
    if not lost or not all(need in lost or need in record.not_offered for need in CLINICAL):
        return None
    return "; ".join(dict.fromkeys(lost.values()))
