"""From the bytes of an order-sign call to its cards: the one path that the endpoint and the command share.

Decides which orders are in scope and which data is asked for; what is found about them is the
policy's business, how it is said the cards'.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import field, replace
from datetime import date
from typing import Any

from cds_service.ehr.fhir_client import FhirClient
from cds_service.ehr.gather import EhrRequest, Gathered, NoAccess, gather
from cds_service.ehr.medications import drug_sources
from cds_service.engine.attempts import Allowance, reading_ends, time_to_decide
from cds_service.engine.determination import Determination
from cds_service.evaluation.decision import Grounds
from cds_service.evaluation.dialect import ANY_DRUG, CdsService
from cds_service.evaluation.refused import Refused, json_from
from cds_service.evaluation.request import OrderSign, distinct, order_sign
from cds_service.evaluation.services import Services
from cds_service.fhir.json_types import LONGEST_PROSE
from cds_service.fhir.record import Record, Resource, record_from
from cds_service.json_text import may_hold_longer_text
from cds_service.policies import DrugPolicy
from cds_service.settings import Tenant
from cds_service.settings.tenants import DEVELOPMENT_TENANT
from cds_service.values import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """One call answered: the CDS Hooks response, and what it rests on (empty and None when nothing was in scope).

    ``faults`` is how many criteria, rules, cards and statements could not be made because of an error of
    ours; ``traces`` are ids in the answer, beside those of its cards, by which it may be asked about.
    ``forms`` are the orders whose form can be asked for, as in :class:`Said`.
    """

    call: OrderSign
    tenant: Tenant | None
    body: dict[str, Any]
    determinations: tuple[Determination, ...] = ()
    gathered: Gathered | None = None
    evaluation_ms: float = 0.0
    grounds: Grounds | None = None
    faults: int = 0
    traces: tuple[str, ...] = ()
    forms: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def cards(self) -> list[dict[str, Any]]:
        """The cards of the response."""
        return list(self.body["cards"])

    @property
    def server_timing(self) -> str | None:
        """The ``Server-Timing`` header: prefetch, fetch and evaluation."""
        if self.gathered is None:
            return None
        phases = (
            ("prefetch", self.gathered.prefetch_ms),
            ("fetch", self.gathered.fetch_ms),
            ("evaluation", self.evaluation_ms),
        )
        return ", ".join(f"{name};dur={spent:.1f}" for name, spent in phases)


LINKS = "payer-policy-cds-links"  # the application's extension that makes a call's links
Links = Callable[[OrderSign, Sequence[Determination]], Mapping[str, str]]


def no_links(_call: OrderSign, _determinations: Sequence[Determination]) -> Mapping[str, str]:
    """No link to a detail view."""
    return {}


def unheard(_call: OrderSign) -> None:
    """Nobody needs to know of a call before it is answered."""


def answer(
    raw: bytes,
    services: Services,
    caller: Tenant | None = None,
    links: Links = no_links,
    heard: Callable[[OrderSign], None] = unheard,
    ends: float | None = None,
    service: CdsService = ANY_DRUG,
) -> Answered:
    """Answer one call of ``service``. ``caller`` is the tenant that authentication proved, if it did.

    ``heard`` is called with a well-formed call, whatever becomes of it. ``ends`` is the monotonic instant by
    which the cards have to be made; by default the whole time budget begins now. The EHR may be waited
    for until deciding needs the rest. Raises Refused for what is no order-sign call, for what the
    service's own rules forbid, and with 412 when there is no access to data.
    """
    ends = ends if ends is not None else services.monotonic() + services.settings.deadline_s
    deadline = reading_ends(ends, services.settings.deadline_s)
    with services.turns.taken(deadline) as turn:
        call = order_sign(json_from(raw))
        heard(call)
        tenant = _tenant(call, services, caller)
        client = _client(call, services, tenant)
        # Without a server there is nothing to wait for, and the turn is kept from the first byte to the cards.
        with turn.lent() if client is not None else nullcontext():
            inside, gathered = _seen(call, services, tenant, client, deadline, service)
        if gathered is None:
            return Answered(call, tenant, {"cards": []})
        if client is None and not may_hold_longer_text(raw, LONGEST_PROSE):
            gathered = replace(gathered, record=replace(gathered.record, may_hold_long_texts=False))
        once = replace(call, drafts=distinct(call.drafts))
        return _evaluated(once, services, tenant, inside, gathered, links, ends, service)


def _seen(
    call: OrderSign,
    services: Services,
    tenant: Tenant | None,
    client: FhirClient | None,
    deadline: float,
    service: CdsService,
) -> tuple[list[DrugPolicy], Gathered | None]:
    """The policies in scope of the drafts, and what is to be seen of the patient; None when none is."""
    sources = drug_sources(call.drafts, call.prefetch, client, deadline)
    offered = (p for p in services.policies_of(tenant) if service.is_for(p.name))
    scopes = [(p, _in_scope(call.drafts, p, record_from("", sources))) for p in offered]
    inside = [policy for policy, orders in scopes if orders]
    if not inside:
        return inside, None
    service.dialect.admit(call, [order for _, orders in scopes for order in orders])
    try:
        gathered = gather(_ehr_request(call, sources, services.clock().date()), client, deadline)
    except NoAccess:
        raise _no_access() from None
    record = service.dialect.with_payors(gathered.record, call, tenant, client, deadline)
    return inside, replace(gathered, record=record)


def _tenant(call: OrderSign, services: Services, caller: Tenant | None) -> Tenant | None:
    """The tenant of the call: the caller's, else the one whose FHIR server is named, else that of unnamed calls."""
    if caller is not None:
        return caller
    named = services.settings.tenant_for_fhir_server(call.fhir_server) if call.fhir_server else None
    return named or services.settings.unnamed_tenant


def _client(call: OrderSign, services: Services, tenant: Tenant | None) -> FhirClient | None:
    """A client for the named server; None when there is none that may be asked."""
    if call.fhir_server is None or (tenant is None and not services.settings.dev):
        return None
    owner = services.settings.tenant_for_fhir_server(call.fhir_server)
    if owner is None or (tenant is not None and owner.id != tenant.id):
        return None
    door = services.door_to(call.fhir_server)
    lent = call.authorization
    if lent is None:
        return FhirClient(door, call.fhir_server)
    if lent.expires_in <= 0:
        return None
    return FhirClient(door, call.fhir_server, lent.access_token or None, lent.scope or None)


def _in_scope(drafts: Sequence[Resource], policy: DrugPolicy, known: Record) -> list[Resource]:
    return [draft for draft in drafts if policy.in_scope(draft, known.resolve)]


def _ehr_request(call: OrderSign, sources: Sequence[Resource], today: date) -> EhrRequest:
    lent = call.authorization
    return EhrRequest(
        patient_id=call.patient_id,
        prefetch=call.prefetch,
        draft_resources=(*call.drafts, *(s for s in sources if s not in call.drafts)),
        fhir_server=call.fhir_server,
        access_token=lent.access_token if lent else None,
        scope=lent.scope if lent else None,
        today=today,
    )


def _no_access() -> Refused:
    return Refused(
        412,
        "processing",
        "The patient's data is neither in the prefetch nor readable from an allowed FHIR server.",
        "prefetch",
    )


def _evaluated(
    call: OrderSign,
    services: Services,
    tenant: Tenant | None,
    policies: Sequence[DrugPolicy],
    gathered: Gathered,
    links: Links,
    ends: float,
    service: CdsService,
) -> Answered:
    begun = services.monotonic()
    time = time_to_decide(ends, services.settings.deadline_s, services.monotonic)
    grounds = Grounds(
        tenant=tenant.id if tenant else DEVELOPMENT_TENANT,
        patient_id=call.patient_id,
        record=gathered.record,
        drafts=call.drafts,
        policies=tuple(policy.name for policy in policies),
        clock=services.clock(),
        public_url=services.settings.public_url,
        payers=tenant.payer_identifiers if tenant else (),
        service=service.id,
    )
    grounds = replace(grounds, options=service.dialect.options(call, tenant, grounds.record))
    found = grounds.determinations(services.policies, time)
    reached = time.steps if time.is_over else None
    if reached is not None:
        log.warning("the evaluation was not finished in time: %d steps reached", reached)
    grounds = replace(grounds, steps=reached)
    service.dialect.check(grounds, found, dev=services.settings.dev or tenant is None)
    grounds = replace(grounds, app_context=links(call, found))
    wording = Allowance()
    said = service.dialect.said(grounds, found, wording)
    spent = (services.monotonic() - begun) * 1000
    faults = time.faults + wording.faults
    return Answered(call, tenant, said.body, found, gathered, spent, grounds, faults, said.traces, said.forms)
