"""Hook requests of the bundled patients with a few members of one resource changed, from a seed.

A mutant stays JSON that the service accepts; what is wrong is the type, the size, the number or the
time of a member, or the kind of a resource. The same seed gives the same mutants.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.fixtures import NAMES
from tests.operations.whole_service import complete_request

Path = tuple[str | int, ...]

_TYPES: list[Any] = [
    None, True, False, 0, -1, 7, 2.5, "", " ", "x", [], {}, [None], [[]], [{}], {"x": {}}, [True, "x"], {"coding": "x"},
    {"coding": [None, {"code": 1, "system": []}]}, {"reference": 5}, {"value": "x"}, "Observation/x", "#x", "2026",
]  # fmt: skip
_DATES = [
    "0001-01-01", "0001-01-01T00:00:00Z", "9999-12-31", "9999-12-31T23:59:59.999Z", "1899-12-31", "2101-01-01", "0000-00-00",
    "1753-01-01", "1900-01-01", "2100-12-31", "2026-02-30", "2026-04-15T25:61:00Z", "2026-04-15T09:00:00+99:99", "0001", "9999-12",
]  # fmt: skip
_NUMBERS: list[Any] = [
    0, -0.0, -1, 1e300, -1e300, 1e-300, 10**25, 10**30, 10**63, int("9" * 64), 1e25, 2**63, 0.1 + 0.2, 1e308, "1e999999", "1e-999999",
    "9" * 500, "NaN", "Infinity", "-Infinity", "1_000", " 7 ", "١٢",
]  # fmt: skip
_WORDS = [
    "9" * 500 + " mg",
    "inotuzumab " + "9" * 60 + " mg",
    "C" + "9" * 40 + "D1",
    "day 99999999999 of cycle 0",
    "\u202e\u0000x",
    "mg/m2 " * 40,
]
_KINDS = [
    "Bundle",
    "Patient",
    "Observation",
    "Medication",
    "MedicationRequest",
    "Condition",
    "Nothing",
    "",
    None,
    5,
    [],
]
# Members that the bundled patients do not have, well formed around an odd number or time.
_FORMS = {
    "timing": lambda n, d: {
        "repeat": {
            "boundsPeriod": {"start": "2026-04-15", "end": d},
            "count": n,
            "period": n,
            "periodUnit": "wk",
        }
    },
    "dosageInstruction": lambda n, d: (
        [{"timing": {"event": [d, d]}, "doseAndRate": [{"doseQuantity": {"value": n, "unit": "mg"}}]}] * 2
    ),
    "doseAndRate": lambda n, _: [
        {"doseRange": {"low": {"value": n, "unit": "g"}, "high": {"value": n, "unit": "mg/m2"}}}
    ],
    "dispenseRequest": lambda n, d: {"quantity": {"value": n}, "validityPeriod": {"end": d}},
    "daysSupply": lambda n, _: {"value": n, "unit": "d"},
    "whenHandedOver": lambda _, d: d,
    "effectivePeriod": lambda _, d: {"start": d, "end": d},
    "effectiveDateTime": lambda _, d: d,
    "period": lambda _, d: {"start": d, "end": d},
    "abatementDateTime": lambda _, d: d,
    "onsetPeriod": lambda _, d: {"start": d},
    "deceasedDateTime": lambda _, d: d,
    "occurrencePeriod": lambda _, d: {"start": d, "end": d},
    "referenceRange": lambda n, _: [{"low": {"value": n}, "high": {"value": n, "unit": "/uL"}}],
    "valueQuantity": lambda n, _: {"value": n, "comparator": "<", "unit": "10*3/uL"},
    "component": lambda n, _: [
        {"code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]}, "valueQuantity": {"value": n}}
    ],
    "extension": lambda n, _: [{"url": "ctcae-grade", "valueInteger": n}],
    "note": lambda n, d: [{"text": f"cycle {n} day {n} on {d}: grade {n}, platelets {n}, {n} mg"}],
    "valueString": lambda n, _: f"< {n} %",
    "text": lambda n, d: f"Cycle 2 Day 1, {n} mg on {d}",
    "quantityQuantity": lambda n, _: {"value": n},
    "doseQuantity": lambda n, _: {"value": n, "unit": "mg/m2"},
    "occurrenceDateTime": lambda _, d: d,
    "repeat": lambda n, d: {
        "boundsRange": {"low": {"value": 1, "unit": "d"}, "high": {"value": n, "unit": "a"}},
        "frequencyMax": n,
        "period": n,
        "periodUnit": "s",
        "dayOfWeek": ["mon", n, d],
        "timeOfDay": [n, d],
    },
    "boundsDuration": lambda n, _: {"value": n, "code": "wk"},
    "occurrenceTiming": lambda n, d: {
        "code": {"text": f"every {n} weeks x{n}"},
        "repeat": {"boundsPeriod": {"start": d}, "countMax": n},
    },
    "expectedSupplyDuration": lambda n, _: {"value": n, "unit": "days"},
    "numberOfRepeatsAllowed": lambda n, _: n,
    "priorPrescription": lambda n, _: {"reference": n},
    "valueRange": lambda n, _: {"low": {"value": n, "unit": "%"}, "high": {"value": n, "unit": "%"}},
    "valueRatio": lambda n, _: {"numerator": {"value": n}, "denominator": {"value": n, "unit": "cells"}},
    "valueInteger": lambda n, _: n,
    "valueCodeableConcept": lambda n, _: {"text": f"about {n}-{n} %"},
    "presentedForm": lambda n, d: [{"contentType": "text/plain", "data": n, "creation": d, "size": n}],
    "content": lambda n, _: [{"attachment": {"contentType": "text/html", "data": n, "url": n}}],
    "relatesTo": lambda n, _: [{"code": "replaces", "target": {"reference": n}}],
    "conclusion": lambda n, d: f"QT/QTc {n}/{n} ms on {d}; MRD {n} x 10^-{n}; CD22 > {n} %; grade {n} VOD",
}
_DATE = re.compile(r"\d{4}(-\d\d){0,2}(T.*)?")


@dataclass(frozen=True)
class Mutant:
    """A changed request; ``what`` says what was changed, ``names_drug`` whether an order surely is of the drug."""

    request: Any
    what: str
    names_drug: bool


def mutants(seed: int, count: int) -> Iterator[Mutant]:
    """``count`` mutants of all bundled patients in turn: each in one resource, a third of them in the orders."""
    dice = random.Random(seed)
    forms = (_as_it_is, _in_words, _as_service, _with_every_type, _with_a_second)
    originals = [(name, form(complete_request(name))) for form in forms for name in NAMES]
    members = sorted({step for _, r in originals for _, held in _resources(r) for p in _places(held) for step in p if isinstance(step, str)})  # fmt: skip
    for number in range(count):
        name, original = originals[number % len(originals)]
        yield _mutant(dice, name, original, members)


def _with_every_type(request: Any) -> Any:
    """The request with one more resource of each type that the patients lack or seldom have."""
    patient = {"reference": f"Patient/{request['context']['patientId']}"}
    for key, resource in _SELDOM.items():
        owner = "beneficiary" if key == "coverage" else "subject"
        bundle = request["prefetch"].get(key) or {"resourceType": "Bundle", "type": "searchset"}
        more = {"resource": copy.deepcopy(resource) | {"id": f"more-{key}", owner: patient}}
        request["prefetch"][key] = bundle | {"entry": [*bundle.get("entry", ()), more]}
    appointment = request["prefetch"]["appointments"]["entry"][-1]["resource"]
    appointment["participant"] = [{"actor": appointment.pop("subject"), "status": "accepted"}]
    return request


def _text(words: str) -> dict[str, Any]:
    return {"text": words}


_SELDOM: dict[str, dict[str, Any]] = {
    "procedures": {"resourceType": "Procedure", "status": "completed", "code": _text("platelet transfusion"), "performedPeriod": {"start": "2026-03-01", "end": "2026-03-01"}},
    "serviceRequests": {"resourceType": "ServiceRequest", "status": "active", "intent": "plan", "code": _text("allogeneic stem cell transplant"), "occurrenceDateTime": "2026-07-01", "note": [_text("not proceeding to HSCT")]},
    "carePlans": {"resourceType": "CarePlan", "status": "active", "intent": "plan", "title": "mini-hyper-CVD", "period": {"start": "2026-03-01"}, "activity": [{"detail": {"status": "scheduled", "productCodeableConcept": _text("vincristine"), "scheduledPeriod": {"start": "2026-04-16"}}}]},
    "appointments": {"resourceType": "Appointment", "status": "booked", "start": "2026-04-16T09:00:00Z", "serviceType": [_text("ECG")]},
    "medicationStatements": {"resourceType": "MedicationStatement", "status": "active", "medicationCodeableConcept": _text("ondansetron"), "effectivePeriod": {"start": "2026-03-01"}, "dosage": [{"text": "8 mg IT", "route": _text("oral")}]},
    "medicationDispenses": {"resourceType": "MedicationDispense", "status": "completed", "medicationCodeableConcept": _text("dasatinib"), "whenHandedOver": "2026-04-01", "daysSupply": {"value": 30}},
    "adverseEvents": {"resourceType": "AdverseEvent", "actuality": "actual", "event": _text("infusion reaction"), "date": "2026-03-19", "severity": _text("mild"), "suspectEntity": [{"instance": {"display": "platelets", "reference": "MedicationAdministration/x"}}], "outcome": _text("resolved")},
    "conditions": {"resourceType": "Condition", "code": _text("veno-occlusive disease"), "onsetPeriod": {"start": "2025-01-01"}, "abatementDateTime": "2025-02-01", "verificationStatus": {"coding": [{"code": "provisional"}]}, "severity": _text("grade 2")},
    "medicationRequests": {"resourceType": "MedicationRequest", "status": "stopped", "intent": "order", "medicationReference": {"reference": "#m", "display": "blinatumomab"}, "contained": [{"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": _text("blinatumomab")}]}], "authoredOn": "2025-06-01", "statusReason": _text("progression"), "reasonReference": [{"reference": "Condition/more-conditions"}]},
    "coverage": {"resourceType": "Coverage", "status": "active", "payor": [{"display": "MMM"}], "period": {"end": "2026-12-31"}},
}  # fmt: skip


def _as_it_is(request: Any) -> Any:
    return request


def _in_words(request: Any) -> Any:
    """The same orders with the dose in the text of the instruction only."""
    for order in _orders(request):
        for dosage in order.get("dosageInstruction", ()):
            dosage.pop("doseAndRate", None)
            dosage["text"] = f"{dosage.get('text', '')} 1.4 mg"
    return request


def _as_service(request: Any) -> Any:
    """The same orders as ServiceRequests for J9229 units."""
    for order in _orders(request):
        drug, dosages = order.pop("medicationCodeableConcept"), order.pop("dosageInstruction")
        (first, *_) = dosages
        order |= {"resourceType": "ServiceRequest", "code": drug, "quantityQuantity": {"value": 15}}
        order |= {"occurrenceTiming": first["timing"], "note": [{"text": first.get("text", "")}]}
    return request


def _with_a_second(request: Any) -> Any:
    """Another order of the drug, and one of another, in the same bundle."""
    entries = request["context"]["draftOrders"]["entry"]
    (first, *_) = _orders(request)
    second = copy.deepcopy(first) | {"id": "second"}
    second["dosageInstruction"][0]["timing"] = {"event": ["2026-04-23"]}
    third = copy.deepcopy(first) | {"id": "third", "medicationCodeableConcept": _text("dasatinib")}
    entries += [{"resource": second}, {"resource": third}]
    return request


def _orders(request: Any) -> list[dict[str, Any]]:
    drafts = [resource for origin, resource in _resources(request) if origin == "draftOrders"]
    return [d for d in drafts if d["resourceType"] == "MedicationRequest" and "J9229" in str(d)]


def _mutant(dice: random.Random, name: str, original: Any, members: list[str]) -> Mutant:
    request = copy.deepcopy(original)
    resources = _resources(request)
    orders = [r for r in resources if r[0] == "draftOrders"]
    if dice.random() < 1 / 3:
        origin, resource = dice.choice(orders)
    else:  # first of all a type, since most resources of a chart are results
        kind = dice.choice(sorted({origin for origin, _ in resources}))
        origin, resource = dice.choice([r for r in resources if r[0] == kind])
    said, drug = [], True
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        path, value = _change(dice, resource, members)
        said.append(f"{'.'.join(map(str, path))} = {str(value)[:60]!r}")
        drug = drug and not (origin == "draftOrders" and path[0] in _NAMES_DRUG)
        _put(resource, path, value)
    return Mutant(request, f"{name}: {origin} {resource.get('id')}: {'; '.join(said)}", drug)


# Changed, these may make an order one of another drug, or of nobody.
_NAMES_DRUG = ("medicationCodeableConcept", "medicationReference", "code", "contained", "resourceType")


def _resources(request: Any) -> list[tuple[str, dict[str, Any]]]:
    bundles = [("draftOrders", request["context"]["draftOrders"]), *request["prefetch"].items()]
    found = []
    for key, value in bundles:
        if isinstance(value, dict) and value.get("resourceType") == "Bundle":
            found += [(key, entry["resource"]) for entry in value.get("entry", ())]
        elif isinstance(value, dict):
            found.append((key, value))
    return found


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, held in inner:
        yield from _places(held, (*path, step))


def _change(dice: random.Random, resource: dict[str, Any], members: list[str]) -> tuple[Path, Any]:
    holders: list[Path] = [(), *(p for p in _places(resource) if isinstance(_at(resource, p), dict))]
    kind = dice.random()
    if kind < 0.15:  # a member that was not there, of any type
        return (*dice.choice(holders), dice.choice(members)), dice.choice(_TYPES + _DATES + _NUMBERS)
    if kind < 0.3:
        name = dice.choice(sorted(_FORMS))
        holder = () if dice.random() < 0.8 else dice.choice(holders)
        return (*holder, name), _FORMS[name](dice.choice(_NUMBERS), dice.choice(_DATES))
    places = list(_places(resource))
    path = dice.choice(places)
    held = _at(resource, path)
    if path == ("resourceType",):
        return path, dice.choice(_KINDS)
    if isinstance(held, str) and _DATE.fullmatch(held) and dice.random() < 0.7:
        return path, dice.choice(_DATES)
    if isinstance(held, int | float) and not isinstance(held, bool) and dice.random() < 0.7:
        return path, dice.choice(_NUMBERS)
    return path, _other(dice, held)


def _other(dice: random.Random, held: Any) -> Any:
    match dice.randrange(6):
        case 0:
            return None
        case 1:
            return [held, copy.deepcopy(held)] if not isinstance(held, list) else held * 2
        case 2:
            return [] if isinstance(held, list) else {} if isinstance(held, dict) else ""
        case 3:
            return _nested(held, dice.choice((2, 20, 45)))
        case 4:
            return dice.choice(_WORDS + _DATES + _NUMBERS)
        case _:
            return dice.choice(_TYPES)


def _nested(held: Any, depth: int) -> Any:
    for _ in range(depth // 2):
        held = [{"extension": held}]
    return held


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _put(resource: dict[str, Any], path: Path, value: Any) -> None:
    _at(resource, path[:-1])[path[-1]] = copy.deepcopy(value)
