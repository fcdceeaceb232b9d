"""What one value says: its number in the canonical unit of its concept, else why it cannot be used, and its words.

Knows which kind of quantity each concept is, what is plausible, and how laboratories say that
there is no result. A value that cannot be used is quoted, never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cds_service.clinical.observations import units
from cds_service.clinical.observations.answers import yes_or_no
from cds_service.clinical.observations.figures import VALUES, Figure, figure_of, has_value, value_text
from cds_service.clinical.observations.ranges_by_person import Person, is_of, own_part
from cds_service.clinical.observations.signs import sign_of
from cds_service.clinical.observations.units import CANONICAL
from cds_service.clinical.terminology import rows
from cds_service.fhir.codings import plain_codes, words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.quantities import Interval, exactly, figure_in_text, quantity, unit_names
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a numeric concept measures: its ``kind`` of quantity, and what a living patient can have.

    A value, in the canonical unit of the kind, below ``low`` or above ``high`` cannot be used
    (POL-REC-VALUE, docs/record-reading.md#values, step 1).
    """

    kind: str
    low: Decimal
    high: Decimal | None

    def holds(self, value: Interval) -> bool:
        """Whether a living patient can have the value, or one value of the interval."""
        return not value.is_below(self.low) and (self.high is None or not value.is_above(self.high))


# Each numeric concept, from the table ``measurements``.
MEASUREMENTS: Mapping[str, Measurement] = {
    row["concept"]: Measurement(
        row["kind"], Decimal(row["low"]), Decimal(row["high"]) if row["high"] else None
    )
    for row in rows("measurements")
}


_BLASTS = frozenset(
    {"marrow_blasts_pct", "pb_blasts_pct", "pb_blasts_abs", "pb_lymphoblasts_pct", "pb_lymphoblasts_abs"}
)
# Numeric concepts of which "present" or "not detected" is an answer as well.
ANSWERED_BY_SIGN = _BLASTS | {"cd22_blasts_pct", "cd22_blasts_abs", "bcr_abl1_transcript"}
_NONE = re.compile(
    r"(?:none|nil|zero|no (?:leukemic |lympho|circulating )?blasts?)(?: (?:seen|identified|detected|present|found))?\.?",
    re.IGNORECASE,
)  # an answer to how many blasts there are


def says_something(part: Mapping[str, Any]) -> bool:
    """Whether an Observation or component has a value or an interpretation."""
    return has_value(part) or bool(part.get("interpretation"))


def value_of(name: str, part: Mapping[str, Any], words: str) -> tuple[Interval | None, str | None]:
    """The value in canonical units, else why it cannot be used; ``words`` are those of the value."""
    measured = MEASUREMENTS.get(name)
    if measured is None:
        return None, None
    kind = measured.kind
    if name in _BLASTS and _NONE.fullmatch(value_text(part)):
        return exactly(Decimal(0)), None
    figure = figure_of(part)
    if figure is None:
        return None, _why_no_figure(part, words)
    unit = figure.unit
    if (
        kind == "fraction"
        and not (figure.has_unit or figure.needs_unit)
        and not _may_be_a_share(figure.number)
    ):
        unit = CANONICAL[kind]
    converted = units.convert(figure.number, kind, figure.code, unit)
    if converted is None:
        return None, f"unit missing or not accepted: {_quoted(figure, words)}"
    if not measured.holds(converted):
        return None, f"implausible value: {figure.quoted.strip(_QUOTES)}"
    return converted, None


def _why_no_figure(part: Mapping[str, Any], words: str) -> str | None:
    """Why a value that is there is no number; None when there is none, or its type is looked at by the FHIR model."""
    if not says_something(part) or "valueQuantity" in part:
        return None
    member = next((m for m in part if m.startswith("value")), "interpretation")
    return f"not a number: {words!r}" if words else f"not readable as a number ({member})"


_QUOTES = "'"


def _quoted(figure: Figure, words: str) -> str:
    return repr(figure.quoted if figure.needs_unit else words)


def _may_be_a_share(number: Interval) -> bool:
    """Whether a bare figure of a percentage may be a share of one ("0.65"): then it is not guessed at."""
    return number.exact is not None and 0 < number.exact < 1


# What laboratories write in the place of a result that there is not, or not yet.
_NO_RESULT = re.compile(
    r"(?:result |test |results |specimen |sample )?(?:is |are |still )?"
    r"(?P<why>pending|in progress|in process|to follow|awaited|awaiting results?|preliminary pending|"
    r"not (?:yet )?(?:performed|done|tested|collected|received|sent|ordered|available|measured|obtained|evaluated|assessed|"
    r"reported|resulted)|tnp|qns|quantity not sufficient|insufficient (?:specimen|sample|quantity|material)|"
    r"(?:specimen|sample) (?:rejected|lost|clotted|hemolyzed|haemolysed)|rejected|clotted|cancell?ed|n/?a|unable to perform|"
    r"aborted|unsatisfactory specimen|dry tap)\.?",
    re.IGNORECASE,
)


def no_result(part: Mapping[str, Any]) -> str:
    """In which words an Observation or component says that there is no result (yet); empty when there is one.

    A text counts only when it is wholly that; ``dataAbsentReason`` only where neither a value nor a sign stands beside it.
    """
    if "valueQuantity" in part or not _BESIDE_WORDS.isdisjoint(part):
        return ""
    if has_value(part):
        text = value_text(part)
        return text if is_no_result(text) else ""
    reason = as_dict(part.get("dataAbsentReason"))
    if reason and sign_of({"interpretation": part.get("interpretation")}) is not None:
        return ""
    codes = [as_text(c.get("code")) for c in as_dicts(reason.get("coding"))]
    return (words_in(reason) or next((c for c in codes if c), "absent")) if reason else ""


def is_no_result(text: str) -> bool:
    """Whether a text is wholly words for "there is no result", such as ``pending`` or ``not performed``."""
    return bool(_NO_RESULT.fullmatch(text.strip()))


_BESIDE_WORDS = VALUES - {"valueString", "valueCodeableConcept"}


def is_plain_number(part: Mapping[str, Any]) -> bool:
    """A quantity with nothing said beside it, as most results are."""
    return "valueQuantity" in part and not ("interpretation" in part or "note" in part)


def words_of(part: Mapping[str, Any]) -> str:
    """The value in words: text, coded value, interpretation and notes."""
    texts = [as_prose(part.get("valueString")), words_in(part.get("valueCodeableConcept"))]
    if not any(texts) and (answer := yes_or_no(part)) is not None:
        texts = ["yes" if answer else "no"]
    texts += [words_in(i) for i in as_dicts(part.get("interpretation"))]
    texts += [as_prose(n.get("text")) for n in as_dicts(part.get("note"))]
    return " | ".join(t for t in texts if t)


def reference_range(
    name: str, part: Mapping[str, Any], person: Person | None = None
) -> tuple[Decimal | None, Decimal | None]:
    """The laboratory's own lower and upper limit of normal, in the canonical unit; a critical range is none.

    Of several by sex or age, that of the ``person``.
    """
    if "referenceRange" not in part or (measured := MEASUREMENTS.get(name)) is None:
        return None, None
    for entry in as_dicts(part["referenceRange"]):
        if "type" in entry and not _is_normal(entry["type"]):
            continue
        if person is not None and not _FOR_SOME.isdisjoint(entry) and not is_of(entry, person):
            continue
        low, high = (_limit(entry.get(side), measured.kind, part) for side in ("low", "high"))
        if low is None and high is None and "text" in entry:
            low, high = _limits_in_text(as_prose(entry["text"]) or "", measured.kind, part, person)
        if low is not None or high is not None:
            return low, high
    return None, None


_FOR_SOME = frozenset({"appliesTo", "age", "text"})  # members that may say of whom a range is


# What may stand before a range in words, which tells nothing more: "Normal: 3.5-5.1", "(Ref. range 0-40)".
_LABEL = re.compile(
    r"^[(\[]?(?:(?:ref(?:erence)?\.?|normal)(?: (?:range|interval))?|range)[ ]?[:=]?[ ]?(?=[\d<>(\[])",
    re.IGNORECASE,
)


def _limits_in_text(
    text: str, kind: str, part: Mapping[str, Any], person: Person | None
) -> tuple[Decimal | None, Decimal | None]:
    """The limits of a range in words that is wholly one range: ``10-60 U/L``, ``<=1.2``; in the value's unit if it has none.

    Of a text that states one for each sex, those of the ``person``.
    """
    text = _LABEL.sub("", text.strip()).strip("()[] ")
    read = figure_in_text(own_part(text, person) or text)
    if read is None or read[0].exact is not None:
        return None, None
    value, unit = read
    code, words = (None, unit) if unit else unit_names(part.get("valueQuantity"))
    converted = units.convert(value, kind, code, words)
    if converted is None:
        return None, None
    return _above_zero(converted.low), _above_zero(converted.high)


def _is_normal(kind: object) -> bool:
    """Whether a range is that of healthy people, as one without a type is."""
    return "normal" in plain_codes(kind) or words_in(kind).lower().startswith("normal")


def _limit(value: object, kind: str, part: Mapping[str, Any]) -> Decimal | None:
    number = quantity(value)
    if number is None:
        return None
    code, unit = unit_names(value)
    if code is None and unit is None:
        code, unit = unit_names(part.get("valueQuantity"))
    converted = units.convert(number, kind, code, unit)
    return _above_zero(converted.exact if converted else None)


def _above_zero(limit: Decimal | None) -> Decimal | None:
    return limit if limit is not None and limit > 0 else None
