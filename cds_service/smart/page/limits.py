"""The limits of a series of results, with the side on which trouble lies.

A policy labels a limit ``policy: hold below``: what it rests on, then what it says. From that label the
side is read: "below" at its end is a lower limit, all else an upper one. A limit that is a goal is marked as one.
"""

from __future__ import annotations

from decimal import Decimal

from cds_service.clinical.observations.series import Series
from cds_service.fhir.quantities import plain
from cds_service.smart.page.wording import units
from cds_service.values import dataclass

_GOAL = "CR "


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit of a series. ``basis`` is what it rests on, ``words`` what it says without that."""

    basis: str
    words: str
    value: Decimal

    @property
    def label(self) -> str:
        """The label as the policy wrote it."""
        return f"{self.basis}: {self.words}" if self.basis else self.words

    @property
    def is_goal(self) -> bool:
        """Whether crossing it is what one hopes for."""
        return self.words.startswith(_GOAL)

    @property
    def is_lower(self) -> bool:
        """Whether it is crossed by falling below it."""
        return self.words.endswith("below")

    @property
    def shown(self) -> str:
        """``hold below 50``; where no side is named, the value after a comma."""
        joint = " " if self.words.endswith(("below", "above")) else ", "
        return f"{units(self.words)}{joint}{plain(self.value)}"

    def crossed(self, value: Decimal) -> bool:
        return value < self.value if self.is_lower else value > self.value


def bounds(series: Series) -> tuple[Bound, ...]:
    """The limits of a series, the gravest last."""
    made = []
    for label, value in series.limits:
        basis, _, words = label.rpartition(": ")
        made.append(Bound(basis, words, value))
    return tuple(made)
