"""What a function that decides a criterion answers with. Knows no policy and no FHIR."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cds_service.engine.verdict import Verdict
from cds_service.values import dataclass

MET, NOT, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN


@dataclass(frozen=True, slots=True)
class Answer:
    """What a leaf says: the verdict, one clause why, the evidence, and what would settle or change it.

    ``asks`` gives the reason of a needed item where it differs from that of the whole.
    """

    verdict: Verdict
    because: str
    evidence: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    changes: str = ""
    asks: tuple[tuple[str, str], ...] = ()


class Evidence(Protocol):
    """Something of the record that a verdict rests on."""

    @property
    def reference(self) -> str: ...


def refs(items: Iterable[Evidence]) -> tuple[str, ...]:
    """The references of what a verdict rests on, in its order."""
    return tuple([item.reference for item in items])


def unknown(because: str, *needed: str, evidence: tuple[str, ...] = (), changes: str = "") -> Answer:
    """An unknown verdict: why, and the documentation items that would settle it."""
    return Answer(UNKNOWN, because, evidence, needed, changes)
