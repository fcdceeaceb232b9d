"""Liver tests that do not recover.

The label says to discontinue permanently; the card asks to consider it, and toxicity is unknown.
Procedure: docs/policies/inotuzumab/label.md#liver.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from cds_service.clinical.observations.results import Result
from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.reader import read
from cds_service.clinical.statements import Statement
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.label.liver import TESTS, is_explained, limb_of, pair_above
from cds_service.policies.inotuzumab.numbers import days
from cds_service.remembering import once

_LIVER = re.compile(
    r"\b(?:bili\w{0,10}|AST|ALT|transamin\w{0,8}|aminotransferases|liver|hepat\w{0,12}|LFTs?)\b",
    re.IGNORECASE,
)


@once
def not_recovered(case: Case) -> Finding | None:
    """Step 5: both limits exceeded once, then stated as not recovering or high in every result for more than 28 days."""
    met = _first_pair(case)
    if met is None:
        return None
    stated = [s for s in case.chart.statements if _says_not_recovering(s, met)]
    lasting = [(name, run) for name in TESTS if (run := _high_throughout(case, name, met))]
    if stated:
        why, refs = f"stated as not recovering ({stated[0].when})", tuple(s.reference for s in stated)
    elif lasting:
        why = "; ".join(
            f"{TESTS[name]} above its limit in every result up to {run[-1].shown}" for name, run in lasting
        )
        refs = tuple(r.reference for _, run in lasting for r in (run[0], run[-1]))
    else:
        return None
    text = f"Bilirubin and AST or ALT were above the label's limits on {met}; {why}. The label says to discontinue permanently when they do not recover"
    return Finding(
        "consider-permanent-discontinuation", Indicator.WARNING, CardKind.SAFETY, ("POL-TOX-HEP",), Basis.LABEL,
        text, "Check whether to discontinue permanently: liver tests have not recovered", tuple(dict.fromkeys(refs)),
    )  # fmt: skip


def _first_pair(case: Case) -> date | None:
    """The first day since the first dose on which the newest bilirubin and AST or ALT were both above."""
    start = case.frame.start
    if start is None or is_explained(case):
        return None
    high = {
        r.when.day
        for concept in TESTS
        for r in _since(case.chart.usable(concept), start)
        if r.when is not None and r.when.day is not None and limb_of(concept, r).is_high
    }
    return next((day for day in sorted(high) if pair_above(case, day)), None)


def _since(results: Iterable[Result], start: date) -> Iterator[Result]:
    return (r for r in results if r.when is not None and r.when.is_before(start) is False)


def _high_throughout(case: Case, concept: str, met: date) -> list[Result]:
    """The results since then when all are above the limit and the last is more than 28 days later; else empty."""
    later = sorted(
        _since(case.chart.usable(concept), met), key=lambda r: (r.when.first if r.when else met, r.reference)
    )
    if not later or not all(limb_of(concept, r).is_high for r in later):
        return []
    last = later[-1].when
    return later if last is not None and (last.first - met).days > days("hep.nonrecovery") else []


def _says_not_recovering(s: Statement, met: date) -> bool:
    """Whether a clause about the liver says that it does not recover, on or after that day."""
    if s.when is None or s.when.is_before(met) is not False:
        return False
    return any(
        a.value == "not-recovering" and a.time is Time.PRESENT and _LIVER.search(f"{s.topic} {a.quote}")
        for a in read(s.text, "liver-recovery", s.when.last).assertions
    )
