"""Observations as results: what was measured, the value in a canonical unit, the sign, the time.

Every coded value and every coded component is one result. A value that cannot be used (no unit,
implausible, a text that is no number) stays a result with a ``problem`` that quotes it, so that
it can be named and never silently decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from cds_service.clinical import units
from cds_service.clinical.signs import is_undecided, sign_of
from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When, effective, read_when, unusable_times
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.quantities import Interval, figure_in_text, quantity, unit_names
from cds_service.fhir.record import Resource
from cds_service.fhir.validation import complaints

# The kind of quantity of each numeric concept (labs.csv, column unit).
KIND = {
    "anc": "count", "anc_segmented": "count", "wbc": "count", "platelets": "count", "pb_blasts_abs": "count",
    "pb_lymphoblasts_abs": "count", "neutrophil_pct": "fraction", "neutrophil_seg_pct": "fraction",
    "neutrophil_band_pct": "fraction", "marrow_blasts_pct": "fraction", "pb_blasts_pct": "fraction",
    "pb_lymphoblasts_pct": "fraction", "cd22_blasts_pct": "fraction",
    "bilirubin_total": "bilirubin", "alt": "enzyme", "ast": "enzyme", "potassium": "potassium",
    "magnesium": "magnesium", "calcium": "calcium", "qtc_fridericia": "time_qt",
    "qtc_bazett": "time_qt", "qtc_unspecified": "time_qt", "qt_uncorrected": "time_qt",
    "heart_rate": "rate", "body_height": "height", "body_weight": "weight", "bsa": "area",
    "bcr_abl1_transcript": "ratio",
}  # fmt: skip

# Plausible values after conversion (policy analysis POL-REC-VALUE); outside, the value is rejected.
_PLAUSIBLE: dict[str, tuple[Decimal, Decimal | None]] = {
    "platelets": (Decimal(0), Decimal(3000)),
    "anc": (Decimal(0), Decimal(200)),
    "anc_segmented": (Decimal(0), Decimal(200)),
    "body_weight": (Decimal("0.5"), Decimal(350)),
    "body_height": (Decimal(20), Decimal(250)),
    "bsa": (Decimal("0.2"), Decimal("3.5")),
    "bilirubin_total": (Decimal(0), Decimal(60)),
    "qtc_fridericia": (Decimal(200), Decimal(800)),
    "qtc_bazett": (Decimal(200), Decimal(800)),
    "qtc_unspecified": (Decimal(200), Decimal(800)),
    "bcr_abl1_transcript": (Decimal(-20), None),  # some laboratories report a logarithm
}
_RANK = {"corrected": 2, "amended": 2, "final": 1}


@dataclass(frozen=True, slots=True)
class Result:
    """One measured or stated value of one concept.

    ``value`` is in the canonical unit of the concept's kind; ``sign`` is True for positive or
    detected, False for negative or not detected, from codes, interpretation or words;
    ``undecided`` says that the laboratory left it open.
    ``rank`` orders reports of equal time: corrected 2, final 1, preliminary or unstated 0.
    """

    concept: str
    reference: str
    when: When | None
    issued: datetime | None
    rank: int
    words: str
    value: Interval | None = None
    sign: bool | None = None
    problem: str | None = None
    upper_limit: Decimal | None = None
    lower_limit: Decimal | None = None
    preliminary: bool = False
    dated_by_issue: bool = False
    undecided: bool = False

    @property
    def shown(self) -> str:
        """The value with its unit and day, for a card."""
        kind = KIND.get(self.concept)
        text = units.written(self.value, kind) if self.value is not None and kind else (self.words or "value")
        note = ", preliminary" if self.preliminary else ""
        return f"{text} ({self.day_text}{note})"

    @property
    def day_text(self) -> str:
        if self.when is None:
            return "undated"
        return f"issued {self.when}" if self.dated_by_issue else str(self.when)

    @property
    def content(self) -> tuple[object, ...]:
        """What the result says, without where it stands; equal contents decide alike."""
        return (self.value, self.sign, self.undecided, self.words if self.value is None else "")


@dataclass(frozen=True, slots=True)
class Part:
    """Where a value stands: an Observation, or one component of it, read as one concept."""

    concept: str
    part: Mapping[str, Any]
    resource: Resource


def parts_of(resource: Resource) -> Iterator[Part]:
    """The values of one Observation: its own and its components'."""
    body = resource.body
    own = concepts(body.get("code"), "labs")
    components = as_dicts(body.get("component"))
    if not components or _has_value(body):
        yield from (Part(name, body, resource) for name in own)
    for component in components:
        names = concepts(component.get("code"), "labs") or (own & _PANELS)
        yield from (Part(name, component, resource) for name in names)


# A component without a code of ours inside one of these reports still speaks for the report.
_PANELS = frozenset({"gene_variant", "immunophenotype_panel", "karyotype"})


def _has_value(part: Mapping[str, Any]) -> bool:
    return any(k.startswith("value") for k in part) or bool(part.get("interpretation"))


def read_part(where: Part, zone: tzinfo) -> Result:
    """The value as a result, with the time and status of its Observation."""
    name, part, resource = where.concept, where.part, where.resource
    body = resource.body
    when = effective(body, zone)
    issued = read_when(body.get("issued"), zone)
    status = as_text(body.get("status")) or ""
    value, problem, words = _value(name, part)
    if when is None and any(member in body for member in _TIME_MEMBERS):
        value, problem = None, _why_unreadable(body, "effective") or _no_date(body)
    elif value is None and problem is None and "valueQuantity" in part:
        problem = _why_unreadable(body, "valueQuantity")
    low, high = _reference_range(name, part)
    return Result(
        concept=name,
        reference=resource.reference,
        when=when or issued,
        issued=issued.instant if issued else None,
        rank=_RANK.get(status, 0),
        words=words,
        value=value,
        sign=None if _is_plain_number(part) else sign_of(part),
        problem=problem,
        upper_limit=high,
        lower_limit=low,
        preliminary=status == "preliminary",
        dated_by_issue=when is None and issued is not None,
        undecided=is_undecided(part),
    )


_TIME_MEMBERS = ("effectiveDateTime", "effectiveInstant", "effectivePeriod")
_DATES = frozenset({"effectiveDateTime", "effectiveInstant", "start", "end"})


def _no_date(body: Mapping[str, Any]) -> str:
    written = " and ".join(unusable_times(body, _DATES))
    return f"{written} is no usable date" if written else "its date cannot be read"


def _why_unreadable(body: Mapping[str, Any], member: str) -> str | None:
    """What is wrong with a member that is there and cannot be read, in the words of the FHIR model."""
    found = [c for c in complaints(body) if c.startswith(member)]
    return f"not readable as FHIR ({found[0]})" if found else None


def _value(name: str, part: Mapping[str, Any]) -> tuple[Interval | None, str | None, str]:
    """The value in canonical units, else why it cannot be used, and the words of the value."""
    words = "" if _is_plain_number(part) else _words(part)
    kind = KIND.get(name)
    if kind is None:
        return None, None, words
    read: tuple[Interval, str | None, str | None] | None = None
    quoted = words
    if (number := quantity(part.get("valueQuantity"))) is not None:
        code, unit = unit_names(part["valueQuantity"])
        read = (number, code, unit)
        quoted = f"{number} {unit or code or '(no unit)'}"
    elif (found := figure_in_text(_first_text(part))) is not None:
        read = (found[0], None, found[1])
    if read is None:
        return None, (f"not a number: {quoted!r}" if words else None), words
    converted = units.convert(read[0], kind, read[1], read[2])
    if converted is None:
        return None, f"unit missing or not accepted: {quoted!r}", words
    if not _plausible(name, converted):
        return None, f"implausible value: {quoted}", words
    return converted, None, words


def _is_plain_number(part: Mapping[str, Any]) -> bool:
    """A quantity with nothing said beside it, as most results are."""
    return "valueQuantity" in part and not ("interpretation" in part or "note" in part)


def _plausible(name: str, value: Interval) -> bool:
    low, high = _PLAUSIBLE.get(name, (Decimal(0), None))
    if value.is_below(low) or (high is not None and value.is_above(high)):
        return False
    return not (KIND.get(name) == "fraction" and value.is_above(Decimal(100)))


def _first_text(part: Mapping[str, Any]) -> str:
    concept = as_dict(part.get("valueCodeableConcept"))
    return as_text(part.get("valueString")) or as_text(concept.get("text")) or ""


def _words(part: Mapping[str, Any]) -> str:
    """The value in words: text, coded value, interpretation and notes."""
    texts = [as_text(part.get("valueString")), words_in(part.get("valueCodeableConcept"))]
    texts += [words_in(i) for i in as_dicts(part.get("interpretation"))]
    texts += [as_text(n.get("text")) for n in as_dicts(part.get("note"))]
    return " | ".join(t for t in texts if t)


def _reference_range(name: str, part: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    kind = KIND.get(name)
    if kind is None:
        return None, None
    for entry in as_dicts(part.get("referenceRange")):
        low, high = (_limit(entry.get(side), kind, part) for side in ("low", "high"))
        if low is not None or high is not None:
            return low, high
    return None, None


def _limit(value: object, kind: str, part: Mapping[str, Any]) -> Decimal | None:
    number = quantity(value)
    if number is None:
        return None
    code, unit = unit_names(value)
    if code is None and unit is None:
        code, unit = unit_names(part.get("valueQuantity"))
    converted = units.convert(number, kind, code, unit)
    return converted.exact if converted else None
