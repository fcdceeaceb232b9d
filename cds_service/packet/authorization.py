"""One authorization to ask for: its orders, what was found of them, and the record that tells who and where.

``record`` also holds what the orders and the Coverage name by reference, as far as it could be read. Knows how
resources of the record are addressed; decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property

from cds_service.clinical.payer import Standing, plans_of
from cds_service.clinical.therapy.orders import Order
from cds_service.engine.determination import Determination, PayerMatch
from cds_service.fhir.dates import read_when
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.references import local_reference
from cds_service.packet.assessment import Assessment, assertion_id, assess, order_reference
from cds_service.packet.elements import content_uuid
from cds_service.packet.named import resolved
from cds_service.policies.authorization import AuthorizationTerms
from cds_service.values import dataclass


@dataclass(frozen=True)
class Authorization:
    """``order_of`` is the policy's reader of its orders. ``orders`` and ``determinations`` belong together by place.
    ``diagnoses`` are references of Conditions that the drug is given for; ``fhir_base`` is the EHR's (empty: unknown); ``encounter`` is the call's, if it named one.
    """

    terms: AuthorizationTerms
    order_of: Callable[[Resource, datetime], Order]
    determinations: tuple[Determination, ...]
    orders: tuple[Resource, ...]
    record: Record
    clock: datetime
    public_url: str
    tenant: str
    fhir_base: str = ""
    diagnoses: tuple[str, ...] = ()
    encounter: str = ""

    @cached_property
    def _chosen(self) -> Resource | str:
        return coverage_for(self.record, self.determinations[0], self.orders[0], self.clock)

    @property
    def coverage(self) -> Resource | None:
        """The Coverage that the packet is for."""
        return self._chosen if isinstance(self._chosen, Resource) else None

    @property
    def why_no_coverage(self) -> str:
        """Why there is no Coverage; empty when there is one."""
        return self._chosen if isinstance(self._chosen, str) else ""

    @cached_property
    def assessment(self) -> Assessment:
        coverage = self.coverage.reference if self.coverage is not None else ""
        return assess(self.determinations, self.orders, self.record, coverage, self.clock)

    @cached_property
    def assertion(self) -> str:
        return assertion_id(self.tenant, self.assessment)

    @property
    def patient(self) -> Resource | None:
        return next(iter(self.record.of_type("Patient")), None)

    @cached_property
    def visit(self) -> Resource | None:
        """The Encounter of the order, else of the call, where the record holds it and it is this patient's."""
        wanted = as_text(as_dict(self.orders[0].body.get("encounter")).get("reference")) or self.encounter
        held = self.held(wanted, self.orders[0]) if wanted else None
        if held is None or held.type != "Encounter":
            return None
        subject = as_text(as_dict(held.body.get("subject")).get("reference")) or ""
        return held if local_reference(subject) == f"Patient/{self.record.patient_id}" else None

    def held(self, reference: str, holder: Resource) -> Resource | None:
        """The resource that a holder's reference names, where the record has it."""
        return resolved(self.record, reference, holder, self.fhir_base)

    def full_url(self, resource: Resource) -> str:
        """The address of a resource on the EHR; a ``urn:uuid`` of its content where it has none."""
        if resource.name.startswith("urn:uuid:"):
            return resource.name
        if self.fhir_base and resource.id:
            return f"{self.fhir_base}/{resource.reference}"
        return f"urn:uuid:{content_uuid(resource.body)}"

    def pointer(self, resource: Resource) -> dict[str, str]:
        """A reference to the resource's entry: absolute, since the draft itself has no address on the EHR."""
        return {"reference": self.full_url(resource)}

    @property
    def order_links(self) -> tuple[str, ...]:
        return tuple(order_reference(order) for order in self.orders)


def coverage_for(
    record: Record, determination: Determination, order: Resource, clock: datetime
) -> Resource | str:
    """The Coverage to ask by: named by the order, else of the policy's payer, else the only one in force.

    A sentence without a full stop where there is none or it cannot be told.
    """
    if named := _named(record, order):
        return named[0]
    payer = determination.payer
    ours = payer.evidence[:1] if payer is not None and payer.match is PayerMatch.YES else ()
    for held in filter(None, map(record.resolve, ours)):
        return held
    planned, zone = read_when(determination.planned), clock.tzinfo
    day = planned.first if planned is not None else clock.date()
    plans = plans_of(record, zone) if zone is not None else ()
    in_force = [record.resolve(p.reference) for p in plans if p.standing(day) is Standing.IN_FORCE]
    held_plans = [plan for plan in in_force if plan is not None]
    if len(held_plans) == 1:
        return held_plans[0]
    if held_plans:
        return "several Coverages are in force: name the one to ask by in the order's insurance"
    return f"no Coverage in force on {day} is on record"


def _named(record: Record, order: Resource) -> Sequence[Resource]:
    """The Coverages on record that the order's ``insurance`` names."""
    references = (as_text(i.get("reference")) for i in as_dicts(order.body.get("insurance")))
    held = (record.resolve(reference, order) for reference in references if reference)
    return [found for found in held if found is not None and found.type == "Coverage"]
