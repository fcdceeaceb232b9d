"""Suggestions a prescriber can accept: orders for missing tests, and the order with the table's dose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from cards.identity import part_uuid
from cards.text import typeset
from cds_service.engine.determination import Determination, Dose
from cds_service.engine.items import Test
from cds_service.fhir.decimals import to_place
from cds_service.fhir.json_types import as_dict
from cds_service.fhir.quantities import plain

_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_TO_DRAW = Decimal("0.01")  # mg


def orders_for(d: Determination, patient_id: str, card: str) -> Iterator[dict[str, Any]]:
    """One suggestion for each item that an order can settle; draft ServiceRequests."""
    offered: set[str] = set()
    for need in d.needed:
        item = d.policy.items[need.item]
        if not need.orderable or (item.late and d.request == "continuation"):
            continue
        lacking = [t for t in item.tests if need.part is None or t.name in need.part.tests]
        tests = [t for t in lacking if t.name not in offered]
        if not tests:
            continue
        offered |= {t.name for t in tests}
        names = ", ".join(t.name for t in tests)
        yield {
            "label": f"Order: {names}",
            "uuid": part_uuid(card, need.item),
            "actions": [_create(t, patient_id) for t in tests],
        }


def _create(test: Test, patient_id: str) -> dict[str, Any]:
    code: dict[str, Any] = {"text": test.name}
    if test.code:
        code["coding"] = [{"system": _LOINC, "code": test.code, "display": test.display}]
    return {
        "type": "create",
        "description": f"Draft order: {test.name}",
        "resource": {
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "order",
            "code": code,
            "subject": {"reference": f"Patient/{patient_id}"},
        },
    }


def offered_mg(dose: Dose) -> Decimal | None:
    """The table's dose to 0.01 mg; exact where that would leave the accepted range."""
    if dose.expected_mg is None or dose.low_mg is None or dose.high_mg is None:
        return dose.expected_mg
    to_draw = to_place(dose.expected_mg, _TO_DRAW)
    return to_draw if dose.low_mg <= to_draw <= dose.high_mg else dose.expected_mg


def with_table_dose(order: Mapping[str, Any], d: Determination) -> dict[str, Any] | None:
    """The order with the table's dose and nothing else changed; None where it cannot be determined or set.

    None too where its timing raised a warning: the suggestion would keep that timing.
    """
    mg = offered_mg(d.dose) if d.dose is not None else None
    if d.dose is None or mg is None or d.dose.disputed or not d.dose.for_every_day:
        return None
    if d.timing_in_doubt:
        return None
    changed: dict[str, Any] = _numbers(dict(order))
    dosages = changed.get("dosageInstruction")
    if not isinstance(dosages, list) or len(dosages) != 1 or not isinstance(dosages[0], dict):
        return None
    quantity = {"value": float(mg), "unit": "mg", "system": _UCUM, "code": "mg"}
    return changed if _set_dose(dosages[0], quantity) else None


def _numbers(value: Any) -> Any:
    """A copy in which decimals read from JSON text are JSON numbers again."""
    if isinstance(value, dict):
        return {key: _numbers(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def _set_dose(dosage: dict[str, Any], quantity: dict[str, Any]) -> bool:
    """Put the dose where the order has it (R4 or STU3), or where it belongs; several doses are left alone."""
    rates = dosage.get("doseAndRate")
    if isinstance(rates, dict):
        rates = [rates]
    if isinstance(rates, list) and len(rates) == 1 and isinstance(rates[0], dict):
        holder = rates[0]
    elif not rates and ("doseQuantity" in dosage or "doseRange" in dosage):
        holder = dosage
    elif not rates:
        holder = {}
        dosage["doseAndRate"] = [holder]
    else:
        return False
    holder.pop("doseRange", None)
    holder["doseQuantity"] = quantity
    return True


def dose_update(order: Mapping[str, Any], d: Determination, card: str) -> Sequence[dict[str, Any]]:
    """The suggestion that sets the table's dose, if there is one."""
    changed = with_table_dose(order, d)
    mg = offered_mg(d.dose) if d.dose is not None else None
    if changed is None or d.dose is None or mg is None or d.dose.verdict == "ok":
        return ()
    label = f"Set the dose to {plain(mg)} mg"
    description = typeset(f"{label} ({d.dose.arithmetic}). Nothing else is changed{_left(changed)}")
    action = {"type": "update", "description": description, "resource": changed}
    if d.order.count("/") == 1:
        action["resourceId"] = d.order
    return ({"label": label, "uuid": part_uuid(card, "table-dose"), "actions": [action]},)


def _left(order: Mapping[str, Any]) -> str:
    """What else in the order may state an amount and is left as it is."""
    kept = ["the text of the instruction"] if order["dosageInstruction"][0].get("text") else []
    kept += ["the quantity to dispense"] if as_dict(order.get("dispenseRequest")).get("quantity") else []
    return f": check {' and '.join(kept)}" if kept else ""
