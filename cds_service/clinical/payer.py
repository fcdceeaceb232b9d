"""Insurance on record: whose Coverages a patient has, and on which days each is in force.

Knows FHIR's Coverage: its status, its period, and a payor that is named by an identifier or by an
Organization at hand. Knows no payer and no policy, and reads nothing of what a plan pays for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, tzinfo
from enum import Enum
from typing import Any

from cds_service.fhir.dates import When, end_of, start_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.references import local_reference
from cds_service.values import dataclass


class Standing(Enum):
    """The state of a Coverage on a day. UNCLEAR: its status or period cannot be read."""

    IN_FORCE = 1
    NOT_YET = 2
    ENDED = 3
    UNCLEAR = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """One Coverage.

    ``payors`` are the identifiers of those who pay, written ``system|value``; ``identified`` tells
    whether each of them is known by one, or is a person (who pays for oneself).
    """

    reference: str
    status: str
    starts: When | None
    ends: When | None
    readable: bool
    payors: frozenset[str]
    identified: bool

    def standing(self, day: date) -> Standing:
        """The state of the Coverage on a day; both days of a period belong to it."""
        if self.status == "cancelled":
            return Standing.ENDED
        if self.status != "active" or not self.readable:
            return Standing.UNCLEAR
        if self.ends is not None and self.ends.last < day:
            return Standing.ENDED
        if self.starts is not None and self.starts.first > day:
            return Standing.NOT_YET
        return Standing.IN_FORCE


def plans_of(record: Record, zone: tzinfo) -> tuple[Plan, ...]:
    """The patient's Coverages. A draft is none yet."""
    coverages = record.of_type("Coverage")
    return tuple(_plan(c, record, zone) for c in coverages if c.body.get("status") != "draft")


def _plan(coverage: Resource, record: Record, zone: tzinfo) -> Plan:
    body = coverage.body
    period = as_dict(body.get("period"))
    starts, ends = start_of(period, zone), end_of(period, zone)
    payors = [_identifiers(payor, coverage, record) for payor in as_dicts(body.get("payor"))]
    return Plan(
        reference=coverage.reference,
        status=as_text(body.get("status")) or "",
        starts=starts,
        ends=ends,
        readable=(starts is None) is (period.get("start") is None)
        and (ends is None) is (period.get("end") is None),
        payors=frozenset(identifier for found in payors for identifier in found or ()),
        identified=bool(payors) and all(found is not None for found in payors),
    )


def _identifiers(payor: Mapping[str, Any], coverage: Resource, record: Record) -> frozenset[str] | None:
    """By which identifiers one payor is known; None when it cannot be determined who it is."""
    reference = as_text(payor.get("reference")) or ""
    if (local_reference(reference) or "").startswith(("Patient/", "RelatedPerson/")):
        return frozenset()
    organization = _resolved(reference, coverage, record)
    named = as_dicts(organization.body.get("identifier")) if organization is not None else []
    found = (_written(identifier) for identifier in (as_dict(payor.get("identifier")), *named))
    return frozenset(written for written in found if written is not None) or None


def _resolved(reference: str, coverage: Resource, record: Record) -> Resource | None:
    """What a payor's reference names. An absolute one only by its whole address: ids repeat elsewhere."""
    if "://" in reference:
        return next((o for o in record.of_type("Organization") if o.name == reference), None)
    return record.resolve(reference, coverage) if reference else None


def _written(identifier: Mapping[str, Any]) -> str | None:
    system, value = as_text(identifier.get("system")), as_text(identifier.get("value"))
    return f"{system}|{value}" if system and value else None
