"""The documentation checklist: each item once, in the order of the policy file, with why it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cds_service.engine.determination import Basis, CardKind, CriterionResult, Finding, Indicator, NeededItem
from cds_service.engine.policy_file import PolicyFile


def checklist(
    policy: PolicyFile,
    decided: Sequence[CriterionResult],
    open_besides: Iterable[CriterionResult] = (),
    asked: Iterable[NeededItem] = (),
) -> tuple[NeededItem, ...]:
    """What the criteria that keep the verdict open ask for, what others ask for, then what rules ask for.

    One that decides beats one that informs; else the first reason stands.
    """
    found: dict[str, NeededItem] = {}
    for c in (*decided, *open_besides):
        settles = f"; needed: {c.changes}" if c.changes else ""
        own = dict(c.asks)
        for item in c.needed:
            because = own.get(item, f"{c.because}{settles}")
            found.setdefault(item, NeededItem(item, f"{c.section}: {because}", decides=c in decided))
    for need in asked:
        held = found.get(need.item)
        if held is None or (need.decides and not held.decides):
            found[need.item] = need
    return tuple(found[item] for item in policy.items if item in found)


def documentation(
    needs: Sequence[NeededItem], decided: Iterable[CriterionResult], rule: str
) -> Iterator[Finding]:
    """One finding for the checklist: a warning when an item of it decides; ``rule`` where no criterion asks."""
    if needs:
        decides = any(n.decides for n in needs)
        indicator = Indicator.WARNING if decides else Indicator.INFO
        rules = tuple(c.id for c in decided if c.needed) or (rule,)
        items = "1 item" if len(needs) == 1 else f"{len(needs)} items"
        text = f"Documentation to submit that the record does not show: {items}"
        yield Finding("documentation", indicator, CardKind.DOCUMENTATION, rules, Basis.POLICY, text)
