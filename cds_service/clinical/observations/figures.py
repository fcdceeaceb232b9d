"""The figure of one value, whatever shape it came in: quantity, range, integer, ratio or a text that is wholly a figure.

Knows FHIR's shapes of a value and how a unit goes with each. Does not know what is measured, so
converts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from cds_service.fhir.codings import words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose
from cds_service.fhir.quantities import (
    Interval,
    as_decimal,
    exactly,
    figure_in_text,
    plain,
    quantity,
    unit_names,
)
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it was sent, with its UCUM code and its unit in words.

    ``sent`` is how it is quoted, where not by number and unit. ``needs_unit`` is False for a shape that
    cannot carry one (an integer, a text).
    """

    number: Interval
    code: str | None
    unit: str | None
    sent: str = ""
    needs_unit: bool = True

    @property
    def quoted(self) -> str:
        return self.sent or f"{self.number} {self.unit or self.code or '(no unit)'}"

    @property
    def has_unit(self) -> bool:
        return self.code is not None or self.unit is not None


def figure_of(part: Mapping[str, Any]) -> Figure | None:
    """The figure of an Observation or component; None when it states none that can be read."""
    if (number := quantity(part.get("valueQuantity"))) is not None:
        return Figure(number, *unit_names(part["valueQuantity"]))
    return next(_other_figures(part), None)


# The members of R4 in which the value of an Observation or component may stand.
VALUES = frozenset(
    f"value{kind}"
    for kind in (
        "Quantity", "CodeableConcept", "String", "Boolean", "Integer", "Range", "Ratio", "SampledData", "Time", "DateTime", "Period",
    )
)  # fmt: skip


def value_text(part: Mapping[str, Any]) -> str:
    """The value where it was sent as a text, or as a code with its words."""
    concept = part.get("valueCodeableConcept")
    return as_prose(part.get("valueString")) or words_in(concept).split(" | ")[0]


def has_value(part: Mapping[str, Any]) -> bool:
    """Whether an Observation or component carries a value of any type."""
    return not VALUES.isdisjoint(part)


def _other_figures(part: Mapping[str, Any]) -> Iterator[Figure]:
    if (found := _range(as_dict(part.get("valueRange")))) is not None:
        yield found
    if (whole := as_decimal(part.get("valueInteger"))) is not None:
        yield Figure(exactly(whole), None, _unit_of_range(part), plain(whole), needs_unit=False)
    if (ratio := _ratio(as_dict(part.get("valueRatio")))) is not None:
        yield ratio
    text = value_text(part)
    if (read := figure_in_text(_OF_CELLS.sub("", text))) is not None:
        unit = read[1] or _unit_of_range(part)
        yield Figure(read[0], None, unit, repr(text), needs_unit=False)


# What a percentage is of, where it can only be that: "65 % blasts", "60-70 % of nucleated cells".
_OF_CELLS = re.compile(
    r"(?<=%)\s*(?:(?:leukemic |lympho)?blasts?(?: cells)?|of (?:all |total |the )?(?:(?:nucleated |marrow )*cells|(?:leukemic |lympho)?blasts?))\.?$",
    re.IGNORECASE,
)


def _range(value: Mapping[str, Any]) -> Figure | None:
    """A Range; its ends must state one unit between them."""
    low, high = quantity(value.get("low")), quantity(value.get("high"))
    if low is None and high is None:
        return None
    units = [
        unit_names(value.get(side)) for side in ("low", "high") if unit_names(value.get(side)) != (None, None)
    ]
    if len(set(units)) > 1:
        return None
    first, last = (low.low if low else None), (high.high if high else None)
    if first is not None and last is not None and first > last:
        return None
    number = Interval(first, last)
    return Figure(number, *(units[0] if units else (None, None)))


_CELLS = re.compile(
    r"\{?(?:nucleated |total |leukemic )?(?:cells?|blasts?|wbcs?|leukocytes?)\}?", re.IGNORECASE
)


def _ratio(value: Mapping[str, Any]) -> Figure | None:
    """A Ratio as one number: of cells by cells a fraction, else the unit of one by the unit of the other."""
    above, below = (quantity(value.get(side)) for side in ("numerator", "denominator"))
    share = below.exact if below is not None else None
    if above is None or share is None or share <= 0:
        return None
    number = above.times(Decimal(1) / share)
    names = [
        code or unit or "" for code, unit in (unit_names(value.get(s)) for s in ("numerator", "denominator"))
    ]
    top, bottom = ("" if _CELLS.fullmatch(name) or name == "1" else name for name in names)
    unit = f"{top}/{bottom}" if bottom else top or "1"
    return Figure(number, None, unit, f"{above} {top}/{plain(share)} {bottom}".strip())


def _unit_of_range(part: Mapping[str, Any]) -> str | None:
    """The unit in which the laboratory states its normal range, for a value that carries none."""
    found = {
        unit or code
        for entry in as_dicts(part.get("referenceRange"))
        for code, unit in (unit_names(entry.get(side)) for side in ("low", "high"))
        if unit or code
    }
    if not found:  # "150-450 x10E3/uL"
        texts = (as_prose(entry.get("text")) for entry in as_dicts(part.get("referenceRange")))
        ranges = (figure_in_text(text) for text in texts if text)
        found = {read[1] for read in ranges if read is not None and read[1] is not None}
    return found.pop() if len(found) == 1 else None
