"""What the outline's verdict rests on: the criteria that carry it, and those that would settle it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cds_service.engine.determination import Basis, CardKind, CriterionResult, Finding, GroupResult, Indicator
from cds_service.engine.outline import leaves_of, needed_by_every_path
from cds_service.engine.verdict import Verdict
from cds_service.remembering import once


def decisive(group: GroupResult) -> Iterator[CriterionResult]:
    """The unknown leaves that keep the group unknown: what would settle it."""
    if group.verdict is not Verdict.UNKNOWN:
        return
    for part in group.parts:
        if isinstance(part, GroupResult):
            yield from decisive(part)
        elif part.verdict is Verdict.UNKNOWN:
            yield part


def carrying(group: GroupResult) -> list[CriterionResult]:
    """The leaves that carry a group's verdict: of alternatives, those with the verdict of the whole."""
    found: list[CriterionResult] = []
    for part in group.parts:
        if group.operator == "any" and part.verdict is not group.verdict:
            continue
        found += carrying(part) if isinstance(part, GroupResult) else [part]
    return found


def nearest_path(group: GroupResult) -> list[CriterionResult]:
    """The leaves of a group that bear on its verdict; of alternatives that all failed, those of the nearest alone."""
    parts = [p for p in group.parts if group.operator == "all" or p.verdict is group.verdict]
    if group.operator == "any" and group.verdict is Verdict.NOT_MET:
        parts = [min(parts, key=lambda part: _distance((_failures(part), part)))]
    return [
        leaf for part in parts for leaf in (nearest_path(part) if isinstance(part, GroupResult) else [part])
    ]


def bearing(outline: GroupResult, criteria: Iterable[CriterionResult]) -> list[CriterionResult]:
    """Of the criteria those that are to be spoken of: where every path fails by one of them, the nearest path's."""
    told, first = [c for c in criteria if c.applies], foremost_failure(outline)
    if first is None or first.id not in needed_by_every_path(outline):
        return told
    near = {c.id for c in nearest_path(outline)}
    return [c for c in told if c.id in near]


def foremost_failure(outline: GroupResult) -> CriterionResult | None:
    """The failed criterion to name first: one that every path needs, else the best evidenced of the nearest path."""
    failed = _nearest_failures(outline)
    shared = [c for c in failed if c.id in needed_by_every_path(outline)]
    return max(shared or failed, key=lambda c: len(c.evidence), default=None)


def _nearest_failures(group: GroupResult) -> list[CriterionResult]:
    """The failed leaves of a group that is not met; of alternatives, those of the one that comes nearest.

    The nearest has the fewest failures, then the best evidenced ones, then the most that is met.
    """
    failed = [part for part in group.parts if part.verdict is Verdict.NOT_MET]
    each = [_failures(part) for part in failed]
    if group.operator == "all":
        return [leaf for leaves in each for leaf in leaves]
    return min(zip(each, failed, strict=True), key=_distance, default=([], None))[0]


def _failures(part: GroupResult | CriterionResult) -> list[CriterionResult]:
    return _nearest_failures(part) if isinstance(part, GroupResult) else [part]


def _distance(
    alternative: tuple[list[CriterionResult], GroupResult | CriterionResult],
) -> tuple[int, int, int]:
    failures, part = alternative
    met = sum(p.verdict is Verdict.MET for p in part.parts) if isinstance(part, GroupResult) else 0
    return len(failures), -sum(len(leaf.evidence) for leaf in failures), -met


@once
def needed_criteria(outline: GroupResult) -> frozenset[str]:
    """The ids that the path taken needs: alternatives that fell out before the deciding ones are not among them."""
    return frozenset([c.id for c in carrying(outline)])


def coverage_finding(outline: GroupResult, also: tuple[str, ...] = ()) -> Finding:
    """The outline's verdict as a finding. ``also`` are rules that follow when the criteria are not met."""
    leaves = leaves_of(outline)
    if outline.verdict is Verdict.MET:
        needed = needed_criteria(outline)
        indicator, rules = Indicator.INFO, tuple([c.id for c in leaves if c.id in needed])
    elif outline.verdict is Verdict.NOT_MET:
        failed = tuple(c.id for c in leaves if c.verdict is Verdict.NOT_MET)
        indicator, rules = Indicator.WARNING, (*failed, *also)
    else:
        indicator, rules = Indicator.WARNING, tuple([c.id for c in decisive(outline)])
    evidence = tuple(dict.fromkeys([e for c in leaves if c.id in rules for e in c.evidence]))
    text = f"Coverage criteria {outline.verdict.value.replace('-', ' ')} by the record"
    return Finding("coverage", indicator, CardKind.COVERAGE, rules, Basis.POLICY, text, "", evidence)
