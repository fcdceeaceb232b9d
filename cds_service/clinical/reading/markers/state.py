"""Where the reading of a clause stands: the lists so far, and the words that wait for what they speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from cds_service.clinical.reading.amounts import Amount
from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.clinical.reading.markers import iscn
from cds_service.clinical.reading.markers.lists import WITH, Finding, MarkerList, NotReadable, Times

OPENING, CLOSING = ("(", "["), (")", "]")
_SEPARATES = (",", ";", ".", *CLOSING, "/")
# Samples and tests that may have a sign of their own ("CD22 92 %, CSF negative"): those in which the marker is not looked
# for, and those that may be where it was.
_ELSEWHERE = frozenset({"csf", "node", "nodes", "pet", "ct", "mri", "echo", "cultures", "culture"})
_OF_GENES = frozenset({"fish", "pcr", "cytogenetics", "karyotype"})
_THERE = frozenset({"marrow", "bm", "blood", "pb", "aspirate", "biopsy", "skin", "flow", "mfc", "ngs", "ihc"})
_SUBJECTS = _ELSEWHERE | _OF_GENES | _THERE
_JOINING = frozenset(
    {
        "by",
        "in",
        "on",
        "of",
        "from",
        "with",
        "via",
        "at",
        "per",
        "for",
        "the",
        "her",
        "his",
        "and",
        "&",
        "/",
        "-",
        "(",
    }
)


class ClauseState:
    """The terms of a clause, the one that is read, and what was said before it."""

    def __init__(self, clause: Sequence[Term], on: date | None) -> None:
        self.terms, self.on = clause, on
        self.i = 0
        self.lists = [MarkerList()]
        self.times = Times()  # of what follows
        self.closed = 0  # where the bracket ends that they hold in, or 0
        self.own: str | None = None  # a sign that waits for its marker
        self.own_amount: Amount | None = None
        self.negated = False  # "not" before a sign
        self.turned = False  # a "not" turned a governing word: how far it reaches is not sure
        self.beside = False  # right behind a marker, but for words that change nothing
        self.answer = False  # whether the markers are those of a question or of the clause before
        self.limit = False  # behind a word of the assay's limit: the next number is its own
        self.fresh = False  # right behind a sign or amount
        self.other = ""  # the sample or test that was named since, and has no sign yet

    @property
    def group(self) -> MarkerList:
        return self.lists[-1]

    @property
    def term(self) -> Term:
        return self.terms[self.i]

    # ---- Looking around ----

    def next(self, offset: int = 1) -> Term | None:
        return self.terms[self.i + offset] if 0 <= self.i + offset < len(self.terms) else None

    def text(self, offset: int) -> str:
        j = self.i + offset
        return self.terms[j].tokens[0].text if 0 <= j < len(self.terms) else ""

    def is_marker(self, term: Term | None) -> bool:
        if term is None or term.kind is not Kind.NOTATION:
            return term is not None and term.kind is Kind.MARKER
        return iscn.meaning(term.tokens[0].text) is not iscn.Meaning.LOCUS

    def next_said(self) -> Term | None:
        """The next term that is no neutral word."""
        j = self.i + 1
        while j < len(self.terms) and self.terms[j].kind is Kind.NEUTRAL:
            j += 1
        return self.terms[j] if j < len(self.terms) else None

    def is_minus(self) -> bool:
        """Whether a dash is a minus sign: at the end or before a mark, or attached to its marker and to nothing else."""
        following, before = self.next(), self.terms[self.i - 1] if self.i else None
        if before is None or not self.group.items or not (self.beside or self.text(-1) in OPENING):
            return False
        ends = following is None or following.tokens[0].text in _SEPARATES
        return ends or (
            before.end == self.term.start and following is not None and following.start > self.term.end
        )

    def is_beside_plus(self) -> bool:
        """Whether a dash that is no minus sign of a marker stands next to a plus sign, as a second sign does."""
        behind = next((t for t in self.terms[self.i + 1 :] if t.tokens[0].text != "|"), None)
        if behind is not None:
            return behind.value == "plus"
        before = next((t for t in reversed(self.terms[: self.i]) if t.tokens[0].text not in ("|", ",")), None)
        return before is not None and before.value == "plus"

    def is_rate(self) -> bool:
        """Whether a percentage stands right before or behind a response: that of the patients who had one."""
        before, behind = self.next(-1), self.next()
        if behind is not None and behind.tokens[0].word in ("in", "of", "rate", "rates", ":"):
            behind = self.next(2)
        return Kind.UNIT in {t.kind for t in (before,) if t} or Kind.NUMBER in {
            t.kind for t in (behind,) if t
        }

    def names_another(self) -> None:
        """A sample or test by its bare name, behind a marker that has its sign or number, is what the next sign is of."""
        word = self.term.tokens[-1].word
        last = self.group.items[-1] if self.group.items else None
        said = last is not None and (last.sign is not None or last.amount is not None)
        apart = last is not None and (self.text(-1) == "," or (self.answer and word in _ELSEWHERE))
        if (said or apart) and word in _SUBJECTS and self.text(-1).lower() not in _JOINING:
            self.other = word

    def is_of_another(self, sign: str) -> bool:
        """Whether a sign is that of another sample or test. Raises NotReadable where it differs and may be the marker's there."""
        other, self.other = self.other, ""
        last = self.group.items[-1] if self.group.items else None
        name = last.name if last is not None else ""
        there = other in _THERE or (other in _OF_GENES and name == "ph") or (other, name) == ("pcr", "mrd")
        if there and (last is None or last.sign != sign):
            raise NotReadable(other)
        return bool(other)

    def begin(self, lead: str | None, *, governs: bool = False) -> None:
        if not self.group.items and self.group.lead not in (None, WITH):
            raise NotReadable("a word that governs nothing")
        if self.group.items or self.group.lead is not None:
            self.lists.append(MarkerList())
        self.group.lead, self.group.governs = lead, governs
        self.beside = self.fresh = False

    def marker(self, name: str) -> None:
        if 0 < self.closed < self.i:
            self.times, self.closed = Times(), 0
        if self.group.settled:
            if self.turned:
                raise NotReadable(name)
            self.begin(None)
        elif self._says_again(name):
            self.begin(None)  # "no residual B-ALL (MRD negative)"
        amount = self.own_amount.percent if self.own_amount else None
        self.group.items.append(Finding(name, self.own, amount, times=replace(self.times)))
        self.own = self.own_amount = None
        self.beside, self.fresh, self.group.verb, self.other = True, False, False, ""

    def _is_signed(self) -> bool:
        """Whether a sign stands behind this word."""
        following = self.next_said()
        return following is not None and following.kind is Kind.SIGN

    def _says_again(self, name: str) -> bool:
        """Whether a marker with a sign or a number in brackets is that of the list before."""
        group = self.group
        last = group.items[-1].name if group.governs and group.items else ""
        return last == name and self.text(-1) in OPENING and (self._is_signed() or self._is_measured())

    def _is_measured(self) -> bool:
        """Whether a number below a bound stands right behind this word ("MRD < 0.01 %")."""
        following = self.next()
        return following is not None and following.tokens[0].text == "<"

    def at(self, times: Times) -> None:
        """A word of time belongs to the sign that it follows, or to what it precedes."""
        if self.turned and (not self.group.items or self.group.items[-1].amount is not None):
            raise NotReadable("another time")
        if times.past and self.text(-1) in OPENING and self.is_marker(self.next_said()):
            self.times = later(self.times, times)  # "MRD negative (previously MRD positive)"
            behind = range(self.i, len(self.terms))
            self.closed = next((j for j in behind if self.terms[j].tokens[0].text in CLOSING), 0)
            self.beside = self.fresh = False
            return
        ends = self.next() is None or self.text(1) in (*_SEPARATES, "--")
        if times.past and self.fresh and self._is_signed() and self.text(-1) in OPENING:
            self.times = later(self.times, times)
            self.anew(self.group.items[-1:])  # "CD22 negative (previously positive)"
            self.beside, self.times = True, Times()
            return
        if (self.fresh or self.beside) and (ends or not times.now):
            for f in self.group.items:
                f.times = later(f.times, times)
        else:
            self.times = later(self.times, times)

    def anew(self, items: Sequence[Finding]) -> None:
        """The same markers at another time; without one, the text contradicts itself."""
        self.lists.append(MarkerList(items=[f.copy(self.times) for f in items]))


def later(held: Times, said: Times) -> Times:
    """Times with what a further word adds; "now" ends "previously", and the other way round."""
    return Times(
        said.when or (None if said.now else held.when), said.cycle or (None if said.now else held.cycle),
        said.past or (held.past and not said.now), said.now or (held.now and not said.past),
    )  # fmt: skip
