"""What a form's answers are made from: verdicts, reasons, evidence and facts of one authorization, as values.

Holds no resource: it can be kept, sealed, from the hook call that decided to the form that asks. The orders
of one cycle are one authorization; where they disagree on a criterion, it is open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Any

from cds_service.clinical.chart import read_chart
from cds_service.clinical.observations.body import body_surface
from cds_service.engine.attempts import Allowance, Missed, attempt
from cds_service.engine.determination import CriterionResult, Determination
from cds_service.engine.verdict import Verdict, agreed
from cds_service.fhir.dates import read_when
from cds_service.fhir.json_types import as_dict, as_text
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.references import local_reference
from cds_service.packet.canonical import form_version
from cds_service.packet.elements import content_hash, content_uuid
from cds_service.values import dataclass

_FULL_OR_PARTIAL = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
# What of an order was assessed: drug, dose, timing and subject. Status, notes and words beside codes may change.
_ASSESSED = (
    "resourceType", "subject", "medicationCodeableConcept", "medicationReference", "code", "dosageInstruction",
    "dispenseRequest", "quantityQuantity", "occurrenceDateTime", "occurrencePeriod", "occurrenceTiming",
)  # fmt: skip
_BESIDE = frozenset({"id", "extension", "modifierExtension", "display", "userSelected"})


@dataclass(frozen=True, slots=True)
class Found:
    """What the record shows about one criterion; ``because`` says of an unknown also what would settle it."""

    verdict: Verdict
    because: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What informs the form's reader: birth date as recorded, height in cm and weight in kg of the dose check."""

    birth_date: str = ""
    height_cm: Decimal | None = None
    weight_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AssessedOrder:
    """An order by its reference, and what was assessed of it as a hash."""

    reference: str
    content: str


@dataclass(frozen=True)
class Assessment:
    """One authorization as it was decided at ``decided`` (ISO instant). ``coverage``: empty when none is known.

    ``request`` is empty and ``cycle`` None where it cannot be told.
    """

    policy: str
    form: str
    patient: str
    orders: tuple[AssessedOrder, ...]
    coverage: str
    decided: str
    verdict: Verdict
    request: str = ""
    cycle: int | None = None
    criteria: Mapping[str, Found] = field(default_factory=dict)
    facts: Facts = Facts()


def assess(
    determinations: Sequence[Determination],
    orders: Sequence[Resource],
    record: Record,
    coverage: str,
    clock: datetime,
) -> Assessment:
    """The assessment of one authorization: the determinations of its orders (one or more), in the same order.

    ``coverage`` is the reference of the Coverage that it is asserted for.
    """
    first = determinations[0]
    read = read_when(first.planned) is not None
    facts = attempt("the facts", lambda: facts_of(record, clock), Allowance())
    return Assessment(
        policy=first.policy.id,
        form=form_version(first.policy),
        patient=f"Patient/{record.patient_id}",
        orders=tuple(AssessedOrder(order_reference(o), order_content(o.body)) for o in orders),
        coverage=coverage,
        decided=clock.isoformat(timespec="seconds"),
        verdict=agreed(d.coverage for d in determinations),
        request=first.request if read else "",
        cycle=first.cycle,
        criteria={c.id: _found([_of(d, c.id) for d in determinations]) for c in first.criteria},
        facts=Facts() if isinstance(facts, Missed) else facts,
    )


def assertion_id(tenant: str, one: Assessment) -> str:
    """The id under which an assessment is known outside: the same findings about the same order give the same id."""
    return content_uuid("coverage-assertion", tenant, {**as_json(one), "decided": ""})


def together(determinations: Iterable[Determination]) -> list[list[Determination]]:
    """The determinations by authorization: orders of one cycle of one kind of request belong together."""
    groups: dict[object, list[Determination]] = {}
    for d in determinations:
        key = (d.policy.id, d.request, d.cycle) if d.cycle is not None else d.order
        groups.setdefault(key, []).append(d)
    return [sorted(group, key=lambda d: d.planned) for group in groups.values()]


def _of(determination: Determination, criterion: str) -> CriterionResult:
    return next(c for c in determination.criteria if c.id == criterion)


def _found(results: Sequence[CriterionResult]) -> Found:
    verdict = agreed(c.verdict for c in results)
    reasons = dict.fromkeys(_reason(c) for c in results)
    evidence = dict.fromkeys(e for c in results for e in c.evidence)
    return Found(verdict, "; ".join(r for r in reasons if r), tuple(evidence))


def _reason(result: CriterionResult) -> str:
    settles = result.changes if result.verdict is Verdict.UNKNOWN else ""
    return f"{result.because}; needed: {settles}" if settles else result.because


def facts_of(record: Record, clock: datetime) -> Facts:
    """The facts on record up to the clock; height and weight only where the body surface rests on them."""
    chart = read_chart(record, clock)
    stated = as_text(chart.patient.body.get("birthDate")) if chart.patient is not None else None
    born = stated if stated and chart.birth is not None and _FULL_OR_PARTIAL.fullmatch(stated) else ""
    body = body_surface(chart)
    used = (body.height, body.weight) if body.how == "computed" else (None, None)
    height, weight = (r.value.exact if r is not None and r.value is not None else None for r in used)
    return Facts(born, height, weight)


def order_reference(order: Resource) -> str:
    """A reference that FHIR accepts: the order's own, else its address in the call, else one of its content."""
    if order.id or "://" in order.name or order.name.startswith("urn:"):
        return order.reference
    return f"urn:uuid:{content_uuid(order.body)}"


def order_content(body: Mapping[str, Any]) -> str:
    """The hash of what was assessed of an order: drug, dose, timing and subject."""
    kept = {member: _bare(body[member]) for member in _ASSESSED if body.get(member) is not None}
    subject = as_text(as_dict(body.get("subject")).get("reference")) or ""
    return content_hash({**kept, "subject": local_reference(subject) or subject})


def _bare(value: object) -> object:
    """A value without what stands beside codes: ids, extensions, displays."""
    if isinstance(value, Mapping):
        return {name: _bare(part) for name, part in value.items() if name not in _BESIDE}
    if isinstance(value, list):
        return [_bare(part) for part in value]
    # 1.0 and 1.00 are one dose.
    return str(value.normalize()) if isinstance(value, Decimal) else value


def as_json(one: Assessment) -> dict[str, Any]:
    """The assessment as JSON without numbers that lose digits."""
    facts = one.facts
    return {
        "policy": one.policy,
        "form": one.form,
        "patient": one.patient,
        "orders": [[o.reference, o.content] for o in one.orders],
        "coverage": one.coverage,
        "decided": one.decided,
        "verdict": one.verdict.value,
        "request": one.request,
        "cycle": one.cycle,
        "criteria": {id_: [f.verdict.value, f.because, list(f.evidence)] for id_, f in one.criteria.items()},
        "facts": [facts.birth_date, _text(facts.height_cm), _text(facts.weight_kg)],
    }


def from_json(kept: Mapping[str, Any]) -> Assessment:
    """An assessment that was written by :func:`as_json`."""
    born, height, weight = kept["facts"]
    return Assessment(
        policy=kept["policy"],
        form=kept["form"],
        patient=kept["patient"],
        orders=tuple(AssessedOrder(reference, content) for reference, content in kept["orders"]),
        coverage=kept["coverage"],
        decided=kept["decided"],
        verdict=Verdict(kept["verdict"]),
        request=kept["request"],
        cycle=kept["cycle"],
        criteria={
            id_: Found(Verdict(verdict), because, tuple(evidence))
            for id_, (verdict, because, evidence) in kept["criteria"].items()
        },
        facts=Facts(born, _number(height), _number(weight)),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
