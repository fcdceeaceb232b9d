"""What reading a text gives: assertions, and the passages that name the topic and were not understood."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from enum import StrEnum

from cds_service.fhir.dates import When
from cds_service.fhir.quantities import Interval
from cds_service.values import dataclass

MOST_SAID = (
    100  # different things that a note of one patient says of one topic; a text with more is not understood
)
MOST_NAMED = 300  # different sentences of a note that name one topic; with more it is not understood either
_QUOTED = 200


class Certainty(StrEnum):
    """How sure the text is of what it says."""

    STATED = "stated"
    SUSPECTED = "suspected"


class Time(StrEnum):
    """The time that the text is about; an assertion with a date of its own is ``PRESENT`` at that date."""

    PRESENT = "present"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Assertion:
    """One state that a wholly understood clause asserts of this patient.

    ``value`` is a value of the topic ("cr", "positive"). ``when`` is the date that the text itself
    gives, and ``cycle`` the cycle after which it places the state; None when it gives none.
    ``amount`` is the number beside a marker, in per cent; the value ``measured`` has nothing else.
    """

    topic: str
    value: str
    quote: str
    span: tuple[int, int]
    certainty: Certainty = Certainty.STATED
    time: Time = Time.PRESENT
    when: When | None = None
    cycle: int | None = None
    amount: Interval | None = None

    @property
    def is_now(self) -> bool:
        """Whether it is stated, without a doubt, of the present."""
        return self.time is Time.PRESENT and self.certainty is Certainty.STATED

    @property
    def anywhere(self) -> Hashable:
        """What it says, the same wherever it stands: what is repeated in a text is said once."""
        return (self.value, self.quote, self.certainty, self.time, self.when, self.cycle, self.amount)


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A passage that names the topic and decides nothing, quoted whole.

    ``silenced``: its words are understood and speak of something else than the present (a goal, a
    risk, another person); otherwise a word of it is not known, or it contradicts itself.
    """

    topic: str
    quote: str
    span: tuple[int, int]
    silenced: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says of one topic, in the order of the text."""

    assertions: tuple[Assertion, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()

    @property
    def values(self) -> frozenset[str]:
        """The values that are stated of the present."""
        return frozenset(a.value for a in self.assertions if a.is_now)


@dataclass(frozen=True, slots=True)
class Said:
    """An assertion, whether it is of now by its words or by what it follows, by its words, and whether it stands in brackets."""

    assertion: Assertion
    now: bool
    says_now: bool = False
    aside: bool = False


class Gathered:
    """What the clauses of one text say, each thing once, and what of it was not understood."""

    def __init__(self) -> None:
        self._said: dict[Hashable, Said] = {}
        self._met: set[Hashable] = set()
        self._named = 0
        self.lost: list[NotUnderstood] = []

    @property
    def said(self) -> list[Said]:
        return list(self._said.values())

    @property
    def is_too_much(self) -> bool:
        """Whether it is more than a note can say."""
        return len(self._said) > MOST_SAID or self._named > MOST_NAMED

    def correct(self) -> None:
        """A correction: nothing said before it stands."""
        self._said, self._met = {}, set()

    def meet(self, clause: Hashable) -> bool:
        """Whether a clause is met for the first time; one that is repeated need not be read again."""
        is_new = clause not in self._met
        self._met.add(clause)
        self._named += is_new
        return is_new

    def add(self, found: Said | NotUnderstood) -> None:
        if isinstance(found, NotUnderstood):
            self.lost.append(found)
        else:
            self._said.setdefault((found.assertion.anywhere, found.now), found)

    def add_all(self, found: Iterable[Said | NotUnderstood]) -> None:
        for one in found:
            self.add(one)


def too_much(topic: str, text: str) -> Reading:
    """The reading of a text that says more than a note can: it decides nothing."""
    return Reading((), (NotUnderstood(topic, text[:_QUOTED], (0, len(text))),))


def once(passages: Iterable[NotUnderstood]) -> tuple[NotUnderstood, ...]:
    """Each passage where it stands first."""
    found: dict[tuple[str, bool], NotUnderstood] = {}
    for passage in passages:
        found.setdefault((passage.quote, passage.silenced), passage)
    return tuple(found.values())
