"""From an answered call to the packets of its authorizations; the command and the detail page share the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cds_service.engine.determination import Determination
from cds_service.evaluation.order_sign import Answered
from cds_service.evaluation.services import Services
from cds_service.fhir.record import Record, Resource
from cds_service.packet.assembly import Packet, packets
from cds_service.packet.authorization import Authorization
from cds_service.packet.named import resources_in, with_named
from cds_service.policies import DrugPolicy
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """What all packets of one call share. ``fhir_base`` is the EHR's base address; empty when it is not known."""

    tenant: str
    record: Record
    clock: datetime
    public_url: str
    fhir_base: str = ""
    encounter: str = ""


def packets_of(
    found: Sequence[Determination],
    orders: Sequence[Resource],
    policies: Mapping[str, DrugPolicy],
    setting: Setting,
) -> list[Packet]:
    """A packet for each authorization that the determinations are about, of policies that offer a form."""
    offering = {
        p.reference.id: (p, p.authorization) for p in policies.values() if p.authorization is not None
    }

    def make(some: tuple[Determination, ...], theirs: tuple[Resource, ...]) -> Authorization:
        policy, terms = offering[some[0].policy.id]
        return Authorization(
            terms=terms,
            order_of=policy.order_of,
            determinations=some,
            orders=theirs,
            record=setting.record,
            clock=setting.clock,
            public_url=setting.public_url,
            tenant=setting.tenant,
            fhir_base=setting.fhir_base,
            diagnoses=policy.diagnoses(setting.record, setting.clock),
            encounter=setting.encounter,
        )

    return packets([d for d in found if d.policy.id in offering], orders, make)


def packets_of_call(
    answered: Answered, services: Services, fhir_base: str, beside: Iterable[Resource] = ()
) -> list[Packet]:
    """The packets of an answered call; ``beside`` are resources that the call did not send."""
    if answered.grounds is None:
        return []
    call, grounds = answered.call, answered.grounds
    named = (*resources_in(call.prefetch.values()), *beside)
    setting = Setting(
        tenant=grounds.tenant,
        record=with_named(grounds.record, named),
        clock=grounds.clock,
        public_url=grounds.public_url,
        fhir_base=fhir_base,
        encounter=f"Encounter/{call.encounter_id}" if call.encounter_id else "",
    )
    return packets_of(answered.determinations, grounds.drafts, services.policies, setting)
