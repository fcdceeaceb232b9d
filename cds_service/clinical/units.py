"""Units: a fixed, reviewed table of accepted UCUM codes for each kind of quantity.

A unit that is not in the table is refused, never guessed. Factors: ``terminology/units.csv``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from cds_service.clinical.terminology import rows
from cds_service.fhir.quantities import Interval

CANONICAL = {
    "count": "10*9/L",
    "fraction": "%",
    "bilirubin": "mg/dL",
    "enzyme": "U/L",
    "potassium": "mmol/L",
    "magnesium": "mg/dL",
    "calcium": "mg/dL",
    "time_qt": "ms",
    "height": "cm",
    "weight": "kg",
    "area": "m2",
    "rate": "/min",
    "ratio": "",
}


@cache
def factors(kind: str) -> dict[str, Decimal]:
    """UCUM code to the factor that multiplies a value to reach the canonical unit."""
    if kind == "rate":
        return {"/min": Decimal(1), "{beats}/min": Decimal(1)}
    return {r["code"]: Decimal(r["unit"]) for r in rows("units") if r["concept"] == kind and r["unit"]}


# Ways in which laboratories write a unit in words, after _tidy(); each maps to one UCUM code.
_WRITTEN = {
    "k/ul": "10*3/uL", "k/mm3": "10*3/mm3", "thou/ul": "10*3/uL", "thous/ul": "10*3/uL",
    "thousand/ul": "10*3/uL", "10e3/ul": "10*3/uL", "10*3/ul": "10*3/uL", "10*3/mm3": "10*3/mm3",
    "10e9/l": "10*9/L", "10*9/l": "10*9/L", "g/l(giga)": "10*9/L", "bil/l": "10*9/L",
    "10*6/l": "10*6/L", "10e6/l": "10*6/L", "10*6/ml": "10*6/mL", "10*12/l": "10*12/L",
    "/ul": "/uL", "cells/ul": "/uL", "cell/ul": "/uL", "#/ul": "/uL",
    "/mm3": "/mm3", "cells/mm3": "/mm3", "/cumm": "/mm3", "cells/cumm": "/mm3",
    "%": "%", "percent": "%", "pct": "%", "1": "1",
    "mg/dl": "mg/dL", "mg/l": "mg/L", "umol/l": "umol/L", "mcmol/l": "umol/L",
    "u/l": "U/L", "iu/l": "[IU]/L", "[iu]/l": "[IU]/L", "intlunit/l": "[IU]/L", "unit/l": "U/L",
    "units/l": "U/L", "ukat/l": "ukat/L", "nkat/l": "nkat/L",
    "mmol/l": "mmol/L", "meq/l": "meq/L",
    "ms": "ms", "msec": "ms", "millisecond": "ms", "milliseconds": "ms",
    "s": "s", "sec": "s", "second": "s", "seconds": "s", "us": "us",
    "cm": "cm", "centimeter": "cm", "centimeters": "cm", "m": "m", "meter": "m", "mm": "mm",
    "in": "[in_i]", "inch": "[in_i]", "inches": "[in_i]", "[in_i]": "[in_i]", "[in_us]": "[in_us]",
    "ft": "[ft_i]", "[ft_i]": "[ft_i]",
    "kg": "kg", "kilogram": "kg", "kilograms": "kg", "kgs": "kg", "g": "g", "gram": "g", "grams": "g",
    "lb": "[lb_av]", "lbs": "[lb_av]", "pound": "[lb_av]", "pounds": "[lb_av]", "[lb_av]": "[lb_av]",
    "oz": "[oz_av]", "[oz_av]": "[oz_av]",
    "m2": "m2", "squaremeter": "m2", "squaremeters": "m2", "sqm": "m2", "cm2": "cm2",
    "/min": "/min", "bpm": "/min", "beats/min": "/min", "{beats}/min": "/min", "beats/minute": "/min",
    "mg": "mg", "milligram": "mg", "milligrams": "mg", "ug": "ug", "mcg": "ug", "microgram": "ug",
    "micrograms": "ug", "mg/m2": "mg/m2", "ug/kg": "ug/kg", "mcg/kg": "ug/kg", "mg/kg": "mg/kg",
}  # fmt: skip


def _tidy(words: str) -> str:
    text = words.strip().lower().replace("µ", "u").replace("μ", "u").replace("²", "2").replace("³", "3")
    text = re.sub(r"\s+", "", text).replace("^", "*")
    text = re.sub(r"^[x\u00d7](?=10)", "", text)
    return re.sub(r"(?<=[a-z])\*(?=[23]$)", "", text)  # m^2, mm^3


def ucum_of(words: str) -> str | None:
    """The one UCUM code that a unit in words means; None when it is not in the table."""
    return _WRITTEN.get(_tidy(words))


def convert(value: Interval, kind: str, code: str | None, words: str | None) -> Interval | None:
    """The value in the canonical unit of its kind; None when its unit is missing or not accepted."""
    if kind == "ratio":  # any unit: only whether there is something to measure is read of it
        return value
    accepted = factors(kind)
    unit = code if code is not None else (ucum_of(words) if words else None)
    if unit is not None and unit not in accepted:
        unit = ucum_of(unit)
    factor = accepted.get(unit) if unit is not None else None
    return None if factor is None else value.times(factor)


def written(value: Interval, kind: str) -> str:
    """The value with its canonical unit, for a card."""
    unit = {"10*9/L": "x10*9/L"}.get(CANONICAL[kind], CANONICAL[kind])
    return f"{value} {unit}".strip()
