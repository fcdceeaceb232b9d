"""The findings about a dose in words: unchecked, outside the table, or not reduced though due.

Procedure: docs/policies/inotuzumab/dose.md#the-dose-against-the-table. Also: docs/policies/inotuzumab/interruptions.md#reductions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from cds_service.clinical.therapy.drugs import MINI_HYPER_CVD, TKIS
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator
from cds_service.engine.verdict import Verdict
from cds_service.engine.wording import upper_first
from cds_service.fhir.decimals import to_place
from cds_service.fhir.quantities import plain
from cds_service.oncology.concurrency import Concurrency
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.dose.ordered import Ordered
from cds_service.policies.inotuzumab.dose.table import (
    Expected,
    Row,
    bsa_text,
    closest,
    highest_of_table,
    in_range,
    rounded,
    tolerated,
)
from cds_service.policies.inotuzumab.initial.combination import with_mini_hyper_cvd, with_tki
from cds_service.policies.inotuzumab.initial.partner_drugs import partners
from cds_service.policies.inotuzumab.interruptions.reductions import Reduction
from cds_service.policies.inotuzumab.numbers import number, said
from cds_service.values import dataclass

_BY_HAND = "Check the dose by hand"
_MOST_DAYS = 3  # named in one sentence
_PLACES = (Decimal("0.01"), Decimal("0.001"), Decimal("0.0001"))


@dataclass(frozen=True, slots=True)
class Judged:
    """One planned dose beside what the table gives; ``on`` names its day where an order plans several."""

    expected: Expected
    ordered: Ordered
    verdict: str
    on: str = ""


def unchecked(
    doses: Sequence[Judged], contradictions: Iterable[str], problems_of_days: Iterable[str]
) -> Iterator[Finding]:
    """``dose-unchecked``: no BSA, no dose that can be read, doses without a day, or amounts that disagree.

    Whoever checks by hand is told of a reduction that is due.
    """
    unread = next((j for j in doses if j.ordered.mg is None), None)
    if doses[0].expected.bsa is None:
        yield _by_hand(doses[0].expected.body.why_not, "POL-DOSE-BSA", doses[0].expected)
    elif unread is not None:
        of_day = f"the dose planned for {unread.on} cannot be checked: " if unread.on else ""
        yield _by_hand(f"{of_day}{unread.ordered.problem}", "POL-CODE-J9229", unread.expected)
    for text in problems_of_days:
        yield _unchecked(text, "POL-INT-LT7", "Check the days of the doses")
    for text in contradictions:
        yield _unchecked(text, "POL-CODE-J9229", "Check dose and units: they disagree")


def not_checked(text: str) -> Finding:
    """The dose is left to a person."""
    return _unchecked(text, "POL-DOSE-BSA", _BY_HAND)


def _by_hand(text: str, rule: str, expected: Expected) -> Finding:
    cut = next((row.cut for row in expected.rows if row.cut.step), None)
    if cut is None:
        return _unchecked(text, rule, _BY_HAND)
    found = _unchecked(f"{text}. {_reduced(cut)}", rule, _BY_HAND)
    return replace(found, rules=(rule, "POL-INT-GE14"), evidence=cut.evidence)


def _unchecked(text: str, rule: str, action: str) -> Finding:
    sentence = upper_first(text)
    return Finding(
        "dose-unchecked", Indicator.WARNING, CardKind.DOSE, (rule,), Basis.POLICY, sentence, action
    )


def _reduced(cut: Reduction) -> str:
    return f"The dose is reduced by {cut.said}: {cut.because}"


def outside(case: Case, doses: Iterable[Judged]) -> Iterator[Finding]:
    """The findings for planned doses outside the table; days with the same finding share one line."""
    by_line: dict[tuple[Decimal | None, tuple[Decimal, ...]], list[Judged]] = {}
    for judged in doses:
        if judged.verdict in ("under", "over"):
            rows = tuple(row.per_m2 for row in judged.expected.rows)
            by_line.setdefault((judged.ordered.mg, rows), []).append(judged)
    for group in by_line.values():
        yield from _outside(case, group[0], _named([j.on for j in group if j.on]))


def _named(days: Sequence[str]) -> str:
    """Days in words; of many the first two and a number."""
    if len(days) > _MOST_DAYS:
        return f"{days[0]}, {days[1]} and {len(days) - 2} more days"
    return " and ".join(days)


def _outside(case: Case, judged: Judged, days: str) -> Iterator[Finding]:
    """Step 4, and POL-INT-GE14: above the reduced dose, at most a warning up to the unreduced one."""
    mg, bsa = judged.ordered.mg, judged.expected.bsa
    assert mg is not None
    assert bsa is not None
    row = closest(judged.expected.rows, mg, bsa)
    text = _text(judged, row, mg, bsa, days)
    evidence = tuple(dict.fromkeys((*judged.expected.body.evidence, *case.response.evidence)))
    above_all = mg > max(r.per_m2 for r in judged.expected.rows) * bsa
    if above_all and row.cut.step:
        yield Finding(
            "dose-reduction-due", Indicator.WARNING, CardKind.SAFETY, ("POL-INT-GE14", row.rule), Basis.POLICY,
            _due(row, mg, bsa), f"Reduce the dose by {row.cut.said}", (*evidence, *row.cut.evidence),
        )  # fmt: skip
        if rounded(mg) <= tolerated(row.table * bsa)[1]:
            return
    where = "below" if judged.verdict == "under" else "above" if above_all else "between the rows of"
    action = f"Check the dose: it is {where} the table"
    yield Finding(
        "dose", _severity(case, judged, mg, bsa), CardKind.DOSE, (row.rule, "POL-DOSE-BSA"), Basis.POLICY, text, action, evidence
    )  # fmt: skip


def _text(judged: Judged, row: Row, mg: Decimal, bsa: Decimal, days: str) -> str:
    """The ordered dose, the calculation of every row, and what it rests on."""
    expected = judged.expected
    table = " or ".join(r.shown(bsa) for r in expected.rows)
    amount = f"{plain(rounded(mg))} mg"
    quoted = f" ({judged.ordered.quoted})" if judged.ordered.quoted != amount else ""
    ordered = f"Ordered {amount}{quoted}{f' for {days}' if days else ''}"
    times = _times(mg / (row.per_m2 * bsa))
    near = "the table" if expected.row is not None else f"the nearer row ({plain(row.per_m2)} mg/m2)"
    parts = [
        f"{ordered}; the table gives {table}",
        f"That is {times} times {near}; +/-{said('dose.tolerance.ok')} is accepted (recommendation)",
        bsa_text(expected.body),
    ]
    if expected.row is None:
        parts.append(f"Several rows are open: {expected.why_open}")
    if row.cut.step:
        parts.append(_reduced(row.cut))
    return ". ".join(parts)


def _times(ratio: Decimal) -> str:
    """The ratio, with as many places as it takes to be seen as outside of what is accepted."""
    rounded_off = (to_place(ratio, place) for place in _PLACES)
    return plain(next((r for r in rounded_off if not in_range(r, Decimal(1))), ratio))


def _due(row: Row, mg: Decimal, bsa: Decimal) -> str:
    """The dose that is due instead, and why; to 0.01 mg, since the exact one is in the dose facts."""
    due = to_place(row.per_m2 * bsa, Decimal("0.01"))
    return f"{plain(rounded(mg))} mg ordered, {plain(due)} mg due; {row.cut.because}"


def _severity(case: Case, judged: Judged, mg: Decimal, bsa: Decimal) -> Indicator:
    """Critical when far over the (highest) row; beside a covered combination by step 5."""
    combined = is_combination(case)
    top = highest_of_table() if combined else max(r.per_m2 for r in judged.expected.rows)
    critical = rounded(top * bsa * (1 + number("dose.tolerance.critical_over") / 100))
    if judged.verdict == "over" and rounded(mg) > critical:
        return Indicator.CRITICAL
    return Indicator.INFO if combined and rounded(mg) <= tolerated(top * bsa)[1] else Indicator.WARNING


def rank(case: Case, judged: Judged) -> int:
    """How bad a planned dose is: outside the table by its indicator, then a dose that cannot be read."""
    mg, bsa = judged.ordered.mg, judged.expected.bsa
    if judged.verdict in ("under", "over") and mg is not None and bsa is not None:
        return 2 + _severity(case, judged, mg, bsa).rank
    return 1 if mg is None else 0


def is_combination(case: Case) -> bool:
    """Whether a combination that the policy covers (A.ii.B.2, B.3) goes with the cycle, for all that is known.

    The studies of these regimens dosed otherwise than the table, which is for use alone.
    """
    found = partners(case)
    with_one = bool(found.named(Concurrency.CONCURRENT, TKIS))
    with_several = len(found.named(Concurrency.CONCURRENT, MINI_HYPER_CVD)) > 1 or found.mini_hyper_cvd_plan
    return (with_one and with_tki(case).verdict is not Verdict.NOT_MET) or (
        bool(with_several) and with_mini_hyper_cvd(case).verdict is not Verdict.NOT_MET
    )
