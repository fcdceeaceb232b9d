"""The documentation checklist: each item once, in the payer's order, with why it is asked for.

Procedure: docs/policies/inotuzumab/coverage.md#checklist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cds_service.engine.checklist import checklist
from cds_service.engine.determination import (
    CriterionResult,
    GroupResult,
    ItemPart,
    NeededItem,
)
from cds_service.engine.outline import leaves_of
from cds_service.engine.verdict import Verdict
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.documents import lacks_note_alone, supporting_documents
from cds_service.policies.inotuzumab.case.open_items import explained
from cds_service.policies.inotuzumab.continuation import monitoring
from cds_service.policies.inotuzumab.continuation.number_of_cycles import mrd_informs
from cds_service.policies.inotuzumab.numbers import POLICY

_NOTE_ALONE = ItemPart("clinical note", "Attach a clinical note")


def needed_items(
    case: Case, outline: GroupResult, decided: Sequence[CriterionResult], asked: Iterable[NeededItem]
) -> tuple[NeededItem, ...]:
    """The checklist; of a continuation also what criteria that are open without deciding ask for."""
    also = [c for c in leaves_of(outline) if c.verdict is Verdict.UNKNOWN and case.request == "continuation"]
    needs = checklist(POLICY, decided, also, (*_place(case), *asked))
    return tuple(explained(case, need) for need in needs)


def _place(case: Case) -> Iterator[NeededItem]:
    """Cycle and day, where they are not known."""
    if case.cycle is None or case.day is None:
        yield NeededItem("cycle-number", case.frame.position.why_unknown or "the cycle and day are not known")


def documents(case: Case) -> Iterator[NeededItem]:
    """What an initial request is to be sent with. It informs and decides nothing, like all below."""
    if case.request == "initial" and (found := supporting_documents(case)).verdict is not Verdict.MET:
        part = _NOTE_ALONE if lacks_note_alone(case) else None
        yield NeededItem("pathology", found.because, decides=False, part=part)


def notes(case: Case) -> Iterator[NeededItem]:
    """Notes on monitoring whose content was not read, and calcium."""
    if case.request == "continuation":
        yield from monitoring.informing(case)


def mrd(case: Case) -> Iterator[NeededItem]:
    """The MRD status where the verdict does not need it."""
    if case.request == "continuation" and (because := mrd_informs(case)):
        yield NeededItem("mrd", f"B.ii.A: {because}; submit the MRD status", decides=False)
