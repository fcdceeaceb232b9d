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
    if len(sexes) == 1 and person.sex in _SEXES and person.sex not in sexes:
        return False
    ages = as_dict(entry.get("age"))
    low, high = (_in_years(as_dict(ages.get(side))) for side in ("low", "high"))
    if person.years is None:
        return True
    return not ((low is not None and person.years < low) or (high is not None and person.years > high))


def _sexes(group: Mapping[str, Any]) -> set[str]:
    coded = {_CODES[code] for code in plain_codes(group) if code in _CODES}
    worded = {"female" if m[1] else "male" for m in _SEX_IN_WORDS.finditer(words_in(group))}
    return coded or worded


def _in_years(age: Mapping[str, Any]) -> Decimal | None:
    value, (code, unit) = as_decimal(age.get("value")), unit_names(age)
    parts = _YEARS.get((code or unit or "").lower())
    return value / parts if value is not None and parts is not None else None
