"""What a request draft lacks: the element, why, who can give it, and whether the draft is invalid without it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from cds_service.values import dataclass


class Who(StrEnum):
    """Who can fill a gap."""

    PROVIDER = "provider"
    CLINICIAN = "clinician"
    PAYER = "payer"


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap. ``blocks``: the PAS profile fails without it.

    ``why`` is a clause without a full stop; ``detail`` is more of it, where a reader may know it already.
    """

    element: str
    why: str
    who: Who = Who.PROVIDER
    blocks: bool = False
    detail: str = ""

    @property
    def as_json(self) -> dict[str, object]:
        why = f"{self.why}: {self.detail}" if self.detail else self.why
        return {"element": self.element, "why": why, "who": self.who.value, "blocks": self.blocks}


def in_order(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Each gap once, those that block first."""
    return tuple(sorted(dict.fromkeys(gaps), key=lambda gap: not gap.blocks))
