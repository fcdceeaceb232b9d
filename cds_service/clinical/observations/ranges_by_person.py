"""Of whom a laboratory's reference range is: ranges by sex and age, of which one is this patient's.

A range that names neither is everyone's; one whose people are not understood is not refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cds_service.clinical.code_sets import code_set
from cds_service.fhir.codings import plain_codes, words_in
from cds_service.fhir.json_types import as_dict, as_dicts
from cds_service.fhir.quantities import as_decimal, unit_names
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """The ``sex`` (male, female, or another code of FHIR) and age in completed ``years``; None: not known."""

    sex: str | None
    years: int | None


_SEXES = ("female", "male")
_CODES = {code: sex for sex in _SEXES for code in code_set(sex).bare}
_CODES |= {"F": "female", "M": "male"} | {sex: sex for sex in _SEXES}
_SEX_IN_WORDS = re.compile(r"\b(?:(females?|women|woman|girls?)|males?|men|man|boys?)\b", re.IGNORECASE)
_YEARS = {"a": 1, "year": 1, "years": 1, "yr": 1, "yrs": 1, "y": 1, "mo": 12, "month": 12, "months": 12, "wk": 52, "d": 365, "day": 365, "days": 365}  # fmt: skip


def is_of(entry: Mapping[str, Any], person: Person) -> bool:
    """Whether a range may be this person's: not of the other sex, nor of another age."""
    sexes = {sex for one in as_dicts(entry.get("appliesTo")) for sex in _sexes(one)}
    sexes |= _sexes({"text": entry.get("text")})
    if len(sexes) == 1 and person.sex in _SEXES and person.sex not in sexes:
        return False
    ages = as_dict(entry.get("age"))
    low, high = (_in_years(as_dict(ages.get(side))) for side in ("low", "high"))
    if person.years is None:
        return True
    return not ((low is not None and person.years < low) or (high is not None and person.years > high))


# "M 10-40 / F 7-35", "Male: 10-40; Female: 7-35", "10-40 (M), 7-35 (F)"; what is meant for adults alone.
_LABEL = re.compile(
    r"\(?\b(?:adult )?(?:(?P<female>females?|women|woman|f)|(?:males?|men|man|m))\b\)?\s*[:=]?", re.IGNORECASE
)
_ADULTS = re.compile(r"\(?\badults?\b\)?\s*[:=]?", re.IGNORECASE)
_BETWEEN = " \t\n/;,|."
_OF_AGE = 18  # years


def own_part(text: str, person: Person | None) -> str | None:
    """Of a text that states a range for each sex, or for adults, that of the person; None where none is surely theirs."""
    said = text.strip(_BETWEEN)
    labels = list(_LABEL.finditer(said))
    if not labels:
        of_age = person is not None and person.years is not None and person.years >= _OF_AGE
        return _ADULTS.sub("", said, count=1).strip(_BETWEEN) if of_age else None
    bounds = [0, *(edge for label in labels for edge in label.span()), len(said)]
    before, *parts = (said[a:b].strip(_BETWEEN) for a, b in zip(bounds[::2], bounds[1::2], strict=True))
    if before and not parts[-1]:  # the labels stand behind their ranges
        before, parts = "", [before, *parts[:-1]]
    sexes = ["female" if label["female"] else "male" for label in labels]
    if before or len(set(sexes)) < len(sexes) or person is None:
        return None
    return dict(zip(sexes, parts, strict=True)).get(person.sex or "")


def _sexes(group: Mapping[str, Any]) -> set[str]:
    coded = {_CODES[code] for code in plain_codes(group) if code in _CODES}
    worded = {"female" if m[1] else "male" for m in _SEX_IN_WORDS.finditer(words_in(group))}
    return coded or worded


def _in_years(age: Mapping[str, Any]) -> Decimal | None:
    value, (code, unit) = as_decimal(age.get("value")), unit_names(age)
    parts = _YEARS.get((code or unit or "").lower())
    return value / parts if value is not None and parts is not None else None
