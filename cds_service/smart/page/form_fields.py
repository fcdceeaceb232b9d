"""What a payer's form asks for beside the criteria: member id, plan, prescriber, NPI, ICD-10, dates, units.

Each is shown as the record states it. What the record does not state is said to be missing; nothing is
inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cds_service.clinical.chart import read_chart
from cds_service.clinical.leukemia.diagnosis import diagnosis
from cds_service.engine.determination import Determination
from cds_service.fhir.codings import System, system_of, words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_list, as_prose, as_text
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.references import local_reference
from cds_service.values import dataclass

ABSENT = "not in the record"
_NPI = frozenset({"http://hl7.org/fhir/sid/us-npi", "urn:oid:2.16.840.1.113883.4.6"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form and what the record says of it."""

    label: str
    value: str

    @property
    def known(self) -> bool:
        return self.value != ABSENT


def form_fields(
    determination: Determination, record: Record, clock: datetime, order: Resource | None = None
) -> tuple[Field, ...]:
    """The fields, in the order in which forms ask for them. ``order`` is the order where the chart lacks it: a draft."""
    order = order or record.resolve(determination.order)
    dose = determination.dose
    plans = [c for c in record.of_type("Coverage") if c.body.get("status") not in ("draft", "cancelled")]
    code = determination.policy.drug.billing_code
    units = f"{dose.billing_units} of {code}" if dose is not None and dose.billing_units is not None else ""
    prescriber, npi = _prescriber(order, record)
    said = (
        ("Member id", _joined(_member_id(plan.body) for plan in plans)),
        ("Plan", _joined(_plan_name(plan, record) for plan in plans)),
        ("Prescriber", prescriber),
        ("NPI", npi),
        ("ICD-10", _joined(_icd10(order, record, clock))),
        ("Date of service", determination.planned),
        ("Units for the table's dose", units),
    )
    return tuple(Field(label, value or ABSENT) for label, value in said)


def _prescriber(order: Resource | None, record: Record) -> tuple[str, str]:
    """Name and NPI of who ordered, each empty where neither the order nor its requester states it."""
    requester = as_dict(order.body.get("requester")) if order is not None else {}
    held = record.resolve(as_text(requester.get("reference")) or "", order)
    body = held.body if held is not None else {}
    named = next((n for name in as_dicts(body.get("name")) if (n := human_name(name))), "")
    return named or as_prose(requester.get("display")) or "", _npi(body) or _npi(requester)


def name_of(user: str, order: Resource | None) -> str:
    """A user as the order names its requester where that is who it is, else the bare reference."""
    requester = as_dict(order.body.get("requester")) if order is not None else {}
    named = as_prose(requester.get("display"))
    is_same = local_reference(as_text(requester.get("reference")) or "") == user
    return f"{named} ({user})" if named and is_same else user


def _joined(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(value for value in values if value))


def _member_id(coverage: Mapping[str, Any]) -> str:
    if stated := as_text(coverage.get("subscriberId")):
        return stated
    of_member = (
        identifier
        for identifier in as_dicts(coverage.get("identifier"))
        if any(c.get("code") == "MB" for c in as_dicts(as_dict(identifier.get("type")).get("coding")))
    )
    return next((value for i in of_member if (value := as_text(i.get("value")))), "")


def _plan_name(coverage: Resource, record: Record) -> str:
    classes = as_dicts(coverage.body.get("class"))
    for payor in as_dicts(coverage.body.get("payor")):
        if name := as_prose(payor.get("display")):
            return name
        held = record.resolve(as_text(payor.get("reference")) or "", coverage)
        if held is not None and (name := as_prose(held.body.get("name"))):
            return name
    return next((name for c in classes if (name := as_prose(c.get("name")))), "")


def human_name(name: Mapping[str, Any]) -> str:
    """A HumanName as one reads it; empty where it states none."""
    if text := as_prose(name.get("text")):
        return text
    parts = [*map(as_prose, as_list(name.get("given"))), as_prose(name.get("family"))]
    return " ".join(part for part in parts if part)


def _npi(body: Mapping[str, Any]) -> str:
    stated = (i for i in as_dicts(body.get("identifier")) if as_text(i.get("system")) in _NPI)
    return next((value for i in stated if (value := as_text(i.get("value")))), "")


def _icd10(order: Resource | None, record: Record, clock: datetime) -> Iterator[str]:
    """The codes of the order's reasons; without any, those of the leukemia on record."""
    found = list(_codes_of(_reasons(order, record))) if order is not None else []
    if not found:
        problems = diagnosis(read_chart(record, clock)).leukemia
        held = (record.resolve(problem.reference) for problem in problems)
        found = list(_codes_of(as_dict(problem.body.get("code")) for problem in held if problem is not None))
    yield from found


def _reasons(order: Resource, record: Record) -> Iterator[object]:
    yield from as_dicts(order.body.get("reasonCode"))
    for pointer in as_dicts(order.body.get("reasonReference")):
        held = record.resolve(as_text(pointer.get("reference")) or "", order)
        if held is not None:
            yield as_dict(held.body.get("code"))


def _codes_of(reasons: Iterable[object]) -> Iterator[str]:
    for reason in reasons:
        words = words_in(reason).split(" | ")[0]
        for coding in as_dicts(as_dict(reason).get("coding")):
            if system_of(coding.get("system")) is System.ICD10CM and (code := as_text(coding.get("code"))):
                yield f"{code} {words}".strip()
