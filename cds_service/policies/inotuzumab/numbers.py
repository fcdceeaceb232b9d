"""The policy file, and its numbers by name. A number is written there, under its rule, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files

from cds_service.engine.numbers import NumberError
from cds_service.engine.policy_file import read_policy

POLICY = read_policy(
    files("cds_service.policies.inotuzumab").joinpath("policy.toml").read_text(encoding="utf-8")
)
_NUMBERS = POLICY.numbers
number, days, span = _NUMBERS.number, _NUMBERS.days, _NUMBERS.span
said, word, nth, filled = _NUMBERS.said, _NUMBERS.word, _NUMBERS.nth, _NUMBERS.filled


def days_of_table(names: Iterable[str]) -> tuple[int, ...]:
    """The days of a cycle, from the names of the dose table's numbers. NumberError where its rows differ in them."""
    rows: dict[str, set[int]] = {}
    for name in names:
        if match := re.fullmatch(r"(dose\.(?:c1|sub\.\w+))\.d(\d+)", name):
            rows.setdefault(match[1], set()).add(int(match[2]))
    first, *others = rows.values()
    if 1 not in first or any(days != first for days in others):
        raise NumberError(f"the rows of the dose table have different days: {rows}")
    return tuple(sorted(first))


PLANNED_DAYS = days_of_table(_NUMBERS)
