"""Which Coverage an order is answered for: the one that it names, else the only one of the patient.

A choice among several would be a guess about who pays, so it is refused, as the guide says; a Coverage
that is over stands aside for one that is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import NoReturn

from cds_service.clinical.payer import Plan, Standing
from cds_service.evaluation.refused import Refused
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Resource
from cds_service.fhir.references import local_reference

_MEMBER = "prefetch.coverage"
_OVER = (Standing.ENDED, Standing.NOT_YET)


def plan_for(
    order: Resource, plans: Sequence[Plan], day: date, *, all_seen: bool, payers: Collection[str] | None
) -> Plan | None:
    """The plan of an order on its planned day; None when the Coverages could not be seen.

    ``payers`` are the identifiers of this deployment's payors, None where any will do. Raises Refused with 400
    when there is none, when several are left, and when the one is not surely of these payors.
    """
    named = set(named_coverages(order))
    possible = [plan for plan in plans if not named or plan.reference in named]
    if not possible:
        if not all_seen:
            return None
        what = "names a Coverage that is not on record" if named else "has none: no Coverage is on record"
        _refuse(f"An order is answered for one Coverage of the patient; this one {what}.")
    current = [plan for plan in possible if plan.standing(day) not in _OVER] or possible
    if len(current) > 1:
        _refuse("There are several Coverages: send one, or name one in the order's insurance.")
    (plan,) = current
    if payers is not None:
        _check_payor(plan, payers)
    return plan


def named_coverages(order: Resource) -> Iterator[str]:
    """The references of the Coverages in an order's ``insurance``."""
    for pointer in as_dicts(order.body.get("insurance")):
        reference = local_reference(as_text(as_dict(pointer).get("reference")) or "") or ""
        if reference.startswith("Coverage/"):
            yield reference


def _check_payor(plan: Plan, payers: Collection[str]) -> None:
    if not payers:
        _refuse("This deployment answers for no payor: the trust file's payer_identifiers are missing.")
    if not plan.payors.isdisjoint(payers):
        return
    if plan.identified:
        _refuse("The Coverage is of another payor than this service answers for.")
    _refuse("The Coverage does not identify its payor by system and value.")


def _refuse(text: str) -> NoReturn:
    raise Refused(400, "processing", text, _MEMBER)
