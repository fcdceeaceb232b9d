"""The line of a draft: what is asked for, how much, when and where, from order and dose check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from cds_service.clinical.therapy.orders import Order
from cds_service.engine.attempts import Allowance, Missed, attempt
from cds_service.engine.determination import Determination
from cds_service.fhir.dates import read_when
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Resource
from cds_service.packet import requirements
from cds_service.packet.authorization import Authorization
from cds_service.packet.elements import PAS, Json, concept, extension
from cds_service.packet.gaps import Gap, Who
from cds_service.values import dataclass

PLACE_OF_SERVICE = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
_X12 = "https://codesystem.x12.org/005010"


@dataclass(frozen=True, slots=True)
class Line:
    """The item and its gaps. ``units`` is what the quantity says; None when it cannot be told."""

    item: Json
    gaps: tuple[Gap, ...]
    units: int | None


def line(one: Authorization) -> Line:
    """The line of an authorization."""
    gaps: list[Gap] = []
    terms, request = one.terms.service, one.assessment.request
    certified = (terms.certification or {}).get(request, "")
    extensions = [
        *_coded("serviceItemRequestType", "1525", terms.request_type, gaps),
        *_coded("certificationType", "1322", certified, gaps, known=bool(request)),
        *_requested(one, gaps),
    ]
    item: Json = {"extension": extensions, "sequence": 1}
    if terms.item_category:
        item["category"] = concept(f"{_X12}/1365", terms.item_category)
    else:
        gaps.append(_payers("Claim.item[0].category"))
    item["productOrService"] = concept(terms.system, terms.code)
    item |= _serviced(one, gaps)
    if (place := _place(one)) is not None:
        item["locationCodeableConcept"] = concept(PLACE_OF_SERVICE, place)
    else:
        gaps.append(
            Gap("Claim.item[0].location", "no place of service in the record", Who.PROVIDER, blocks=True)
        )
    units = _units(one)
    if isinstance(units, int):
        item["quantity"] = {"value": units, "unit": "units"}
    else:
        gaps.append(Gap("Claim.item[0].quantity", units))
    return Line(item, tuple(gaps), units if isinstance(units, int) else None)


def _coded(name: str, list_: str, code: str, gaps: list[Gap], *, known: bool = True) -> Iterator[Json]:
    """An extension with a code of the payer's table. ``known``: whether the kind of request is."""
    element = f"Claim.item[0].extension:{name}"
    if code:
        yield extension(f"{PAS}/extension-{name}", valueCodeableConcept=concept(f"{_X12}/{list_}", code))
    elif known:
        gaps.append(_payers(element))
    else:
        gaps.append(Gap(element, "the kind of request is not known", Who.CLINICIAN, blocks=True))


def _payers(element: str) -> Gap:
    return Gap(element, "the payer's table of X12 codes lacks it", Who.PAYER, blocks=True)


def _requested(one: Authorization, gaps: list[Gap]) -> Iterator[Json]:
    """The orders, where they may be referred to; a draft order is no requested service yet."""
    for order in one.orders:
        if why := requirements.why_not_referred_to(order.body):
            gaps.append(Gap("Claim.item[0].extension:requestedService", why))
        else:
            yield extension(f"{PAS}/extension-requestedService", valueReference=one.pointer(order))


def orders_read(one: Authorization) -> list[Order | Missed]:
    """The orders as they are written, each with its days and doses."""
    return [
        attempt("the order", lambda o=order: one.order_of(o, one.clock), Allowance())  # type: ignore[misc]
        for order in one.orders
    ]


def _serviced(one: Authorization, gaps: list[Gap]) -> Json:
    planned = [read_when(d.planned) for d in one.determinations]
    days: list[date] = [when.first for when in planned if when is not None]
    for order in orders_read(one):
        if not isinstance(order, Missed) and order.planned_is_stated and not order.endless:
            days.append(order.last_day)
    if not days:
        gaps.append(Gap("Claim.item[0].serviced", "the order states no day that can be read"))
        return {}
    first, last = min(days).isoformat(), max(days).isoformat()
    return {"servicedDate": first} if first == last else {"servicedPeriod": {"start": first, "end": last}}


def _units(one: Authorization) -> int | str:
    """The billing units of all doses; else why they cannot be told."""
    found = [_units_of(d, order) for d, order in zip(one.determinations, orders_read(one), strict=True)]
    return next((why for why in found if isinstance(why, str)), None) or sum(
        units for units in found if isinstance(units, int)
    )


def _units_of(determination: Determination, order: Order | Missed) -> int | str:
    dose = determination.dose
    if isinstance(order, Missed) or dose is None or dose.verdict != "ok" or dose.billing_units is None:
        return "the ordered dose is not known to be the policy's: check it, then state the units"
    doses = max(len(order.times), 1) * (1 + order.supply.repeats_allowed)
    if order.endless or (doses > 1 and not dose.for_every_day):
        return "the doses of the order differ by day or have no end: state the units of all of them"
    return dose.billing_units * doses


def _place(one: Authorization) -> str | None:
    """The first place-of-service code of CMS on the order, its location or its encounter's locations."""
    order = one.orders[0]
    holders: list[Any] = [as_dicts(order.body.get("locationCode"))]
    places = [*as_dicts(order.body.get("locationReference"))]
    if one.visit is not None:
        places += [as_dict(part.get("location")) for part in as_dicts(one.visit.body.get("location"))]
    for pointer in places:
        held = one.held(as_text(pointer.get("reference")) or "", order)
        if held is not None:
            holders.append([*as_dicts(held.body.get("type")), *as_dicts(held.body.get("physicalType"))])
    return next((code for concepts in holders for code in _codes(concepts)), None)


def _codes(concepts: list[Any]) -> Iterator[str]:
    for given in concepts:
        for coding in as_dicts(as_dict(given).get("coding")):
            if coding.get("system") == PLACE_OF_SERVICE and (code := as_text(coding.get("code"))):
                yield code


def cited(one: Authorization, *types: str) -> list[Resource]:
    """The resources of some types that the answers rest on, each once."""
    references = dict.fromkeys(e for found in one.assessment.criteria.values() for e in found.evidence)
    held = (one.record.resolve(reference) for reference in references)
    return [r for r in held if r is not None and (not types or r.type in types)]
