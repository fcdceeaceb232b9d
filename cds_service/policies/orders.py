"""Which of the orders being signed are for a policy's drug, and the record without copies of them.

Knows how an order names its drug, and that one which was withdrawn, or says what not to give, orders
nothing. What a policy decides about an order is the policy's own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from cds_service.clinical.therapy.drugs import has_code_of_unknown_system
from cds_service.clinical.therapy.medication import medication_concept
from cds_service.clinical.therapy.orders import is_for
from cds_service.fhir.record import Record, Resource, record_from
from cds_service.fhir.requests import stands

log = logging.getLogger(__name__)
Resolve = Callable[[str, Resource], Resource | None]
ORDERS = ("MedicationRequest", "ServiceRequest")


def is_order_of(drug: str, resource: Resource, resolve: Resolve) -> bool:
    """Whether a draft is an order of a drug, with a given way to resolve its medication reference.

    A code of the drug alone, under a system that is not known, is another drug; the log says so,
    since the EHR may have mapped it wrongly.
    """
    if resource.type not in ORDERS or not stands(resource.body):
        return False
    known = _Known(resolve)
    if is_for(resource, drug, known):
        return True
    if has_code_of_unknown_system(medication_concept(resource, known), drug):
        log.warning(
            "an order with a code of %s under an unknown code system was taken as another drug's", drug
        )
    return False


class _Known:
    """Resolves the references of an order whose record is not yet read."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve

    def resolve(self, reference: str, inside: Resource | None = None) -> Resource | None:
        contained = Record("").resolve(reference, inside)
        return contained if contained is not None or inside is None else self._resolve(reference, inside)


def orders_of(drug: str, record: Record, drafts: Sequence[Resource]) -> list[Resource]:
    """The drafts that are orders of a drug, in their order."""
    return [draft for draft in drafts if stands(draft.body) and is_for(draft, drug, record)]


def without_drafts(record: Record, drafts: Sequence[Resource]) -> Record:
    """The record without copies of the orders being signed (a re-signed order may be on the server)."""
    signed = {d.reference for d in drafts if d.id}
    medications = [d for d in drafts if d.type in ("Medication", "Substance")]
    held = {r.reference for kind in ORDERS for r in record.of_type(kind)}
    if not medications and not signed & held:
        return record
    kept = [r for rs in record.by_type.values() for r in rs if r.reference not in signed]
    return record_from(record.patient_id, [*kept, *medications], record.gaps, record.not_offered)
