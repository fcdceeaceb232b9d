"""The invariants of coverage-information in CRD 2.2.1 as predicates over the members of one statement.

q4 is the intended one: as published it also fails on what it should allow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.crd.calls import values

Parts = list[dict[str, Any]]
_DECISIONS = ("covered", "pa-needed", "doc-needed")
CODED_REASONS = {
    "gold-card",
    "no-member-found",
    "no-active-coverage",
    "coverage-not-found",
    "auth-out-network",
    "technical",
}


def _says(parts: Parts, code: str) -> bool:
    return any(code in values(parts, url) for url in _DECISIONS)


def _has(parts: Parts, url: str) -> bool:
    return bool(values(parts, url))


def q1(parts: Parts) -> bool:
    """A questionnaire only where documentation is needed."""
    return not _has(parts, "questionnaire") or _has(parts, "doc-needed")


def q2(parts: Parts) -> bool:
    """Nothing about authorization where nothing is covered."""
    return "not-covered" not in values(parts, "covered") or not _has(parts, "pa-needed")


def q3(parts: Parts) -> bool:
    """What information is needed, if and only if something is conditional."""
    return _says(parts, "conditional") == _has(parts, "info-needed")


def q4(parts: Parts) -> bool:
    """No documentation for an authorization that is not needed or there already."""
    settled = {"satisfied", "no-auth"} & set(values(parts, "pa-needed"))
    return not settled or "withpa" not in values(parts, "doc-purpose")


def q5(parts: Parts) -> bool:
    """The id of an authorization if and only if there is one."""
    return ("satisfied" in values(parts, "pa-needed")) == _has(parts, "satisfied-pa-id")


def q6(parts: Parts) -> bool:
    """Other information is explained by a reason."""
    return "OTH" not in values(parts, "info-needed") or _has(parts, "reason")


def q7(parts: Parts) -> bool:
    """A reason has a text, or only codes of the guide."""
    return all(
        reason.get("text") or {coding["code"] for coding in reason["coding"]} <= CODED_REASONS
        for reason in values(parts, "reason")
    )


def q8(parts: Parts) -> bool:
    """A purpose of documentation has a reason."""
    return not _has(parts, "doc-purpose") or _has(parts, "reason")


def q9(parts: Parts) -> bool:
    """What is indeterminate is explained by a reason."""
    return not _says(parts, "indeterminate") or _has(parts, "reason")


ALL: tuple[Callable[[Parts], bool], ...] = (q1, q2, q3, q4, q5, q6, q7, q8, q9)


def broken(parts: Parts) -> list[str]:
    """The names of the invariants that a statement breaks."""
    return [rule.__name__ for rule in ALL if not rule(parts)]
