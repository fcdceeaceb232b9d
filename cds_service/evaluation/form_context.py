"""From a CRD answer to its form: what the answers need is kept, sealed, until a client asks for the form.

The form's operation brings orders and Coverage, but no access to the record. What is kept holds verdicts,
reasons, evidence references and facts, no resource and no token, and for ``CDS_DTR_HOURS`` only.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cds_service.engine.determination import Determination
from cds_service.fhir.record import Record, Resource
from cds_service.packet.assessment import Assessment, as_json, assess, from_json, together
from cds_service.store import retention
from cds_service.store.database import StoreError
from cds_service.store.vault import Vault

log = logging.getLogger(__name__)
KIND = retention.FORM_CONTEXT
_HOUR_S = 3600.0


def keep_context(
    vault: Vault,
    hours: int,
    *,
    tenant: str,
    assertions: Mapping[str, tuple[str, str]],
    determinations: Sequence[Determination],
    orders: Sequence[Resource],
    record: Record,
    clock: datetime,
) -> None:
    """Keep what the form of each order needs, under the id that the order's coverage assertion has.

    ``assertions`` gives by order reference the coverage-assertion-id and the reference of the Coverage; orders
    without one are left out. The orders of one authorization are kept together under each of their ids. With
    0 ``hours`` nothing is kept. A database that fails costs the filled form, not the answer.
    """
    if hours <= 0:
        return
    by_reference = {order.reference: order for order in orders}
    try:
        for group in together(d for d in determinations if d.order in assertions):
            theirs = [by_reference[d.order] for d in group]
            one = assess(group, theirs, record, "", clock)
            for assertion, coverage in (assertions[d.order] for d in group):
                kept = as_json(replace(one, coverage=coverage))
                vault.put(KIND, _key(tenant, assertion), kept, hours * _HOUR_S)
    except StoreError:
        log.error("a form's context could not be kept")


def recall_context(vault: Vault, tenant: str, assertion: str) -> Assessment | None:
    """What was kept under an assertion's id for this tenant; None when there is nothing, or no more."""
    kept = vault.get(KIND, _key(tenant, assertion))
    return from_json(kept) if kept is not None else None


def _key(tenant: str, assertion: str) -> str:
    return f"{len(tenant)}:{tenant}{assertion}"
