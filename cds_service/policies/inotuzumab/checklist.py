"""The documentation checklist: each item once, in the payer's order, with why it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cds_service.engine.determination import (
    Basis,
    CardKind,
    CriterionResult,
    Finding,
    GroupResult,
    Indicator,
    NeededItem,
)
from cds_service.engine.outline import leaves_of
from cds_service.engine.verdict import Verdict
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.documents import supporting_documents
from cds_service.policies.inotuzumab.case.open_items import explained
from cds_service.policies.inotuzumab.continuation import monitoring
from cds_service.policies.inotuzumab.continuation.number_of_cycles import mrd_informs
from cds_service.policies.inotuzumab.numbers import POLICY


def checklist(
    case: Case, outline: GroupResult, decided: list[CriterionResult], asked: Iterable[NeededItem]
) -> tuple[NeededItem, ...]:
    """The checklist in the payer's order, each item once; one that decides beats one that informs."""
    found: dict[str, NeededItem] = {}
    unknown = [
        c for c in leaves_of(outline) if c.verdict is Verdict.UNKNOWN and case.request == "continuation"
    ]
    for c in (*decided, *unknown):
        settles = f"; needed: {c.changes}" if c.changes else ""
        own = dict(c.asks)
        for item in c.needed:
            because = own.get(item, f"{c.because}{settles}")
            found.setdefault(item, NeededItem(item, f"{c.section}: {because}", decides=c in decided))
    if case.cycle is None or case.day is None:
        why = case.frame.position.why_unknown or "the cycle and day are not known"
        found.setdefault("cycle-number", NeededItem("cycle-number", why))
    for need in asked:
        held = found.get(need.item)
        if held is None or (need.decides and not held.decides):
            found[need.item] = need
    return tuple(explained(case, found[item]) for item in POLICY.items if item in found)


def documentation(needs: tuple[NeededItem, ...], decided: list[CriterionResult]) -> Iterator[Finding]:
    """One finding for the checklist: a warning when an item of it decides."""
    if needs:
        decides = any(n.decides for n in needs)
        indicator = Indicator.WARNING if decides else Indicator.INFO
        rules = tuple(c.id for c in decided if c.needed) or ("POL-A-DOC",)
        items = "1 item" if len(needs) == 1 else f"{len(needs)} items"
        text = f"Documentation to submit that the record does not show: {items}"
        yield Finding("documentation", indicator, CardKind.DOCUMENTATION, rules, Basis.POLICY, text)


def documents(case: Case) -> Iterator[NeededItem]:
    """What an initial request is to be sent with. It informs and decides nothing, like all below."""
    if case.request == "initial" and (found := supporting_documents(case)).verdict is not Verdict.MET:
        yield NeededItem("pathology", found.because, decides=False)


def notes(case: Case) -> Iterator[NeededItem]:
    """Notes on monitoring whose content was not read, and calcium."""
    if case.request == "continuation":
        yield from monitoring.informing(case)


def mrd(case: Case) -> Iterator[NeededItem]:
    """The MRD status where the verdict stands without it."""
    if case.request == "continuation" and (because := mrd_informs(case)):
        yield NeededItem("mrd", f"B.ii.A: {because}; submit the MRD status", decides=False)
