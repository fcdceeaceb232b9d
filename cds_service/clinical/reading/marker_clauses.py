"""One clause about markers, word by word: which sign belongs to which marker.

A sign behind a list closes it ("A, B and C negative"), a word that governs stands before it ("negative for
A, B and C"); neither reaches into the next list. A sign that is attached (``+``, ``-``, in brackets) or stands
right before its marker ("dim A") is that marker's own. One word that is not understood, and the clause is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import ClassVar

from cds_service.clinical.reading import iscn
from cds_service.clinical.reading.amounts import Amount, Role, amount_at
from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.clinical.reading.marker_lists import (
    EXCEPT,
    FOUND,
    LOST,
    NEGATIVE,
    NO,
    NOT,
    OPEN,
    OPPOSITE,
    PLAIN,
    POSITIVE,
    SEEN,
    WITH,
    Finding,
    MarkerList,
    NotReadable,
    Times,
    resolved,
)
from cds_service.clinical.reading.text_dates import read_date

_OPENING, _CLOSING = ("(", "["), (")", "]")
_SEPARATES = (",", ";", ".", *_CLOSING, "/")
_PUNCTUATION = frozenset(",:=()[]-/.\"'*|#_\u2022") | {"--", "::"}
_SAYING = frozenset({Kind.SIGN, Kind.LEAD, Kind.DENY, Kind.EXCEPT, Kind.UNIT})


def findings(clause: Sequence[Term], carried: Sequence[str], on: date | None) -> list[Finding]:
    """The markers of a clause with their signs. Raises NotReadable.

    ``carried`` are the markers that a clause without any speaks of ("CD22: bright; 95 % of blasts").
    ``on`` is the day of the text.
    """
    reader = _Reader(clause, on)
    for name in carried:
        reader.marker(name)
        reader.answer = True
    return reader.read()


class _Reader:
    def __init__(self, clause: Sequence[Term], on: date | None) -> None:
        self.terms, self.on = clause, on
        self.i = 0
        self.lists = [MarkerList()]
        self.times = Times()  # of what follows
        self.own: str | None = None  # a sign that waits for its marker
        self.own_amount: Amount | None = None
        self.negated = False  # "not" before a sign
        self.turned = False  # a "not" turned a governing word: how far it reaches is not sure
        self.beside = False  # right behind a marker, but for words that change nothing
        self.answer = False  # whether the markers are those of a question or of the clause before
        self.limit = False  # behind a word of the assay's limit: the next number is its own
        self.fresh = False  # right behind a sign or amount

    @property
    def group(self) -> MarkerList:
        return self.lists[-1]

    @property
    def term(self) -> Term:
        return self.terms[self.i]

    def read(self) -> list[Finding]:
        while self.i < len(self.terms):
            self._step()
        return list(resolved(self.lists))

    def _step(self) -> None:
        if (amount := amount_at(self.terms, self.i)) is not None:
            self._amount(amount)
            self.i = amount.end
            return
        text = self.term.tokens[0].text if len(self.term.tokens) == 1 else ""
        if text == "-" and self._is_minus():
            self._attached(NEGATIVE)
        elif text in _PUNCTUATION and self.term.kind in (Kind.UNKNOWN, Kind.NEUTRAL, Kind.AND):
            self._punctuation(text)
        else:
            self._READ.get(self.term.kind, _Reader._unknown)(self)
        self.i += 1

    # ---- Looking around ----

    def _next(self, offset: int = 1) -> Term | None:
        return self.terms[self.i + offset] if self.i + offset < len(self.terms) else None

    def _text(self, offset: int) -> str:
        j = self.i + offset
        return self.terms[j].tokens[0].text if 0 <= j < len(self.terms) else ""

    def _is_marker(self, term: Term | None) -> bool:
        if term is None or term.kind is not Kind.NOTATION:
            return term is not None and term.kind is Kind.MARKER
        return iscn.meaning(term.tokens[0].text) is not iscn.Meaning.LOCUS

    def _next_said(self) -> Term | None:
        """The next term that is no neutral word."""
        j = self.i + 1
        while j < len(self.terms) and self.terms[j].kind is Kind.NEUTRAL:
            j += 1
        return self.terms[j] if j < len(self.terms) else None

    def _is_minus(self) -> bool:
        """Whether a dash is a minus sign: at the end or before a mark, or attached to its marker and to nothing else."""
        following, before = self._next(), self.terms[self.i - 1] if self.i else None
        if before is None or not self.group.items or not (self.beside or self._text(-1) in _OPENING):
            return False
        ends = following is None or following.tokens[0].text in _SEPARATES
        return ends or (before.end == self.term.start and following is not None and following.start > self.term.end)

    # ---- Words ----

    def _unknown(self) -> None:
        raise NotReadable(self.term.value)

    def _limit(self) -> None:
        self.limit = True

    def _punctuation(self, text: str) -> None:
        self.limit = self.limit and text not in (",", *_OPENING, *_CLOSING)
        if text == ",":
            group = self.group
            group.comma()
            if group.lead == EXCEPT and not any(before.items for before in self.lists[:-1]):
                self._begin(None)
            self.beside = self.fresh = False
        elif text == "/":
            self._and()

    def _and(self) -> None:
        self.group.joined()
        self.beside = self.fresh = False

    def _begin(self, lead: str | None, *, governs: bool = False) -> None:
        if not self.group.items and self.group.lead not in (None, WITH):
            raise NotReadable("a word that governs nothing")
        if self.group.items or self.group.lead is not None:
            self.lists.append(MarkerList())
        self.group.lead, self.group.governs = lead, governs
        self.beside = self.fresh = False

    def marker(self, name: str) -> None:
        if self.group.settled:
            self._begin(None)
        amount = self.own_amount.percent if self.own_amount else None
        self.group.items.append(Finding(name, self.own, amount, times=replace(self.times)))
        self.own = self.own_amount = None
        self.beside, self.fresh, self.group.verb = True, False, False

    def _marker(self) -> None:
        self.marker(self.term.value)

    def _notation(self) -> None:
        match iscn.meaning(self.term.tokens[0].text):
            case iscn.Meaning.LOCUS:
                return
            case iscn.Meaning.NAME:
                self.marker("ph")
            case iscn.Meaning.OTHER:
                self.marker("change")
            case said:
                self.marker("ph")
                self._attached(OPEN if said is iscn.Meaning.SILENT else said.value)

    def _neutral(self) -> None:
        value = self.term.value
        if value == "verb":
            self.group.verb = self.beside
        elif value.startswith("cycle "):
            self._at(Times(cycle=int(value.removeprefix("cycle "))))
        elif value == "month":
            self._date()
        elif value == "test" and self.group.lead and self._is_marker(self.terms[self.i - 1] if self.i else None):
            raise NotReadable(value)  # "no CD22 result"

    def _break(self) -> None:
        says = any(self._is_marker(t) or t.kind in _SAYING for t in self.terms[self.i :] if t.value != WITH)
        if self.term.value != "break" and not says:
            self.i = len(self.terms)
            return
        if self.term.value == "tail":
            raise NotReadable(self.term.value)
        self._begin(None)
        self.turned = False
        self.times = Times(now=self.term.value == "then")

    def _except(self) -> None:
        self._begin(EXCEPT, governs=True)

    def _correct(self) -> None:
        if self.term.value == "retract":
            self.group.items.clear()
            self.group.settled = False

    # ---- Signs ----

    def _lead(self) -> None:
        value = self.term.value
        if value == WITH and self.beside and self.group.unsigned and not self.group.lead:
            return  # "CD22 shows dim expression": a verb
        if self._text(1) in (",", ".", ":") and value == NO:
            raise NotReadable(value)
        if self.turned:
            raise NotReadable(value)
        if self.negated:
            value, self.negated, self.turned = OPPOSITE.get(value, OPEN), False, True
        self._begin(value, governs=True)

    def _not(self) -> None:
        following = self._next_said()
        if following is not None and following.kind in (Kind.SIGN, Kind.LEAD):
            self.negated = True
        elif self._is_marker(following):
            self._begin(NOT, governs=True)
        elif self.group.unsigned and not self.group.lead:
            rest = MarkerList(NOT, items=self.group.unsigned)
            self.group.items = [f for f in self.group.items if f.sign is not None]
            self.lists.append(rest)
        else:
            raise NotReadable("not")

    def _deny(self) -> None:
        match self.term.value:
            case "not":
                self._not()
            case "correlative":
                self._and()
            case "unreached":
                self._unreached()
            case "after":
                self._sign(NEGATIVE)
            case _:
                self._begin(NO, governs=True)

    def _unreached(self) -> None:
        """ "Not reached" turns the sign behind it ("has not reached MRD negativity") or before it."""
        if self._is_marker(self._next_said()):
            self._begin(NOT, governs=True)
            return
        signed = [f for f in self.group.items if f.sign in OPPOSITE]
        if not signed:
            raise NotReadable("not reached")
        for f in signed:
            f.sign = OPPOSITE[f.sign or ""]

    def _doubt(self) -> None:
        self._sign(OPEN)

    def _plain_sign(self) -> None:
        if self.term.value == "plus":
            self._attached(POSITIVE)
        else:
            self._sign(self.term.value)

    def _sign(self, sign: str) -> None:
        if self.turned:
            raise NotReadable(sign)
        if sign == SEEN:
            if self.answer and not any(f.sign for f in self.group.items):
                raise NotReadable(sign)  # "Seen in clinic" answers no question
            sign = FOUND
        if self.negated:
            sign, self.negated = OPPOSITE.get(sign, OPEN), False
            self.turned = not self.beside
        opens_list = self._text(1) in (":", *_OPENING) and self._is_marker(self._next(2))
        if opens_list and not (self._text(1) in _OPENING and self.beside):
            self._begin(PLAIN.get(sign, sign), governs=True)
        elif self._is_marker(self._next()) and not self.beside:
            self._before_its_marker(sign)
        elif self.beside and self._text(-1) in _OPENING:
            self._attached(sign)
        else:
            self._behind(sign)

    def _before_its_marker(self, sign: str) -> None:
        open_list = self.group.items and not self.group.settled
        if self.group.lead == WITH and not self.group.items:
            self.group.lead = PLAIN.get(sign, sign)  # "with absent CD20 and CD22"
            self.group.governs = False
        elif open_list and self.group.lead and not self.group.governs:
            self._begin(PLAIN.get(sign, sign))  # "bright CD19, negative CD22"
        elif open_list or (self.group.lead is not None and not self.group.items):
            self.own = sign
        else:
            self._begin(PLAIN.get(sign, sign))

    def _attached(self, sign: str) -> None:
        """The sign of the last marker alone."""
        if not self.group.items:
            raise NotReadable(sign)
        last = self.group.items[-1]
        if last.sign is None and self.group.takes(sign):
            last.sign = sign
        elif PLAIN.get(last.sign or "", last.sign) != PLAIN.get(sign, sign):
            self._clash(self.group)
        self.fresh, self.beside = True, False

    def _behind(self, sign: str) -> None:
        group = self.group
        if not group.items:
            self._of_list_before(sign)
        elif group.settled or not group.unsigned:
            self._again(sign)
        elif group.takes(sign) and not (group.lead in (LOST, NOT) and group.after_comma):
            self._to_list(group, sign)
        elif (rest := group.split()) is not None:
            self.lists.append(rest)
            self._to_list(rest, sign)
        else:
            self._clash(group)
        self.fresh, self.beside = True, False

    def _clash(self, group: MarkerList) -> None:
        """Signs that do not agree; under a governing word nothing else of the clause is sure either."""
        if group.governs:
            raise NotReadable("two signs")
        group.clash()

    def _to_list(self, group: MarkerList, sign: str) -> None:
        if group.lead in (None, WITH, NOT, LOST) or sign == LOST:
            for f in group.unsigned:
                f.sign = sign
                f.times = _later(f.times, self.times)
            group.settled = True
            self.turned = group.lead == NOT
        elif sign == FOUND:
            group.settled = group.lead == NO
        else:
            group.items[-1].sign = group.items[-1].sign or sign

    def _again(self, sign: str) -> None:
        """A further sign for markers that have a sign or a number: the same, or one of another time."""
        group, last = self.group, self.group.items[-1]
        anew = not self.fresh or (self.times.now and not last.times.now)
        if last.sign == LOST and sign in (NEGATIVE, FOUND) and not anew:
            last.sign = POSITIVE if sign == NEGATIVE else LOST  # "CD22 loss not seen"
        elif last.sign is not None and PLAIN.get(last.sign, last.sign) == PLAIN.get(sign, sign) and not self.times.now:
            return
        elif anew:
            self._anew(group.items)
            self._to_list(self.group, sign)
        elif last.sign is None:
            last.sign = sign
        else:
            self._clash(group)

    def _of_list_before(self, sign: str) -> None:
        """A sign without a marker: that of the list before ("CD22 positive in 2023 but negative now")."""
        if len(self.lists) > 1 and self.lists[-2].settled and self.group.lead is None:
            self._anew(self.lists[-2].items)
            self._to_list(self.group, sign)
        elif sign in (NEGATIVE, LOST, OPEN):
            raise NotReadable(sign)

    def _anew(self, items: Sequence[Finding]) -> None:
        """The same markers at another time; without one, the reader finds the contradiction."""
        self.lists.append(MarkerList(items=[f.copy(self.times) for f in items]))

    # ---- Numbers and times ----

    def _amount(self, found: Amount) -> None:
        if found.percent is None and self.terms[found.end - 1].kind is not Kind.UNIT:
            raise NotReadable("a number")
        if found.percent is None or found.role is Role.OTHER:
            return
        if self._is_of_assay(found):
            for f in self.group.items[-1:]:
                f.limit = found.percent
            return
        following = self.terms[found.end] if found.end < len(self.terms) else None
        if self.group.items and not (self._is_marker(following) and not (self.beside or self.fresh)):
            self._result(found)
        elif found.of_blasts:
            self._begin(None)
            self.group.amount = found.percent
        elif self._is_marker(following):
            self.own_amount = found

    def _result(self, found: Amount) -> None:
        if self.beside and self.group.lead in (NO, NOT):
            raise NotReadable("a number that is denied")
        last = self.group.items[-1]
        if self.turned and last.amount is None:
            last.amount = found.percent  # "not MRD negative, 0.09 %"
            return
        now = self.times.now and not last.times.now
        if (last.sign or last.amount) and (now or not (self.fresh or self.beside)):
            self._anew([last])
            last = self.group.items[-1]
        if last.amount is not None:
            raise NotReadable("a second amount")
        last.amount = found.percent
        if self.group.lead in (None, WITH):
            self.group.settled = True
        self.fresh, self.beside = True, False

    def _is_of_assay(self, found: Amount) -> bool:
        """Whether a number is the assay's: beside a word of its limit, or the level at which a marker is negative."""
        if found.end < len(self.terms) and self.terms[found.end].kind is Kind.LIMIT:
            return True
        if self.limit:
            self.limit = False
            return True
        negative = bool(self.group.items) and (self.group.items[-1].sign == NEGATIVE or self.group.lead in (NO, NEGATIVE))
        return negative and self.i > 0 and self.terms[self.i - 1].value in ("level", "at", "to")

    def _date(self) -> None:
        when = read_date(self.term.tokens[0].text if self.term.kind is Kind.NEUTRAL else self.term.value, self.on)
        if when is None or (self.on is not None and when.first > self.on):
            raise NotReadable(self.term.value)
        self._at(Times(when=when))

    def _past(self) -> None:
        self._at(Times(past=True))

    def _now(self) -> None:
        self._at(Times(now=True))

    def _therapy(self) -> None:
        before = self.terms[self.i - 1] if self.i else None
        if before is None or before.value != "after":
            raise NotReadable(self.term.value)
        self._at(Times(past=True))

    def _at(self, times: Times) -> None:
        """A word of time belongs to the sign that it follows, or to what it precedes."""
        if self.turned and self.group.items[-1].amount is not None:
            raise NotReadable("another time")
        ends = self._next() is None or self._text(1) in (*_SEPARATES, "--")
        if (self.fresh or self.beside) and (ends or not times.now):
            for f in self.group.items:
                f.times = _later(f.times, times)
        else:
            self.times = _later(self.times, times)

    _READ: ClassVar[dict[Kind, Callable[[_Reader], None]]] = {
        Kind.MARKER: _marker, Kind.NOTATION: _notation, Kind.NEUTRAL: _neutral, Kind.AND: _and, Kind.BREAK: _break,
        Kind.EXCEPT: _except, Kind.CORRECT: _correct, Kind.LEAD: _lead, Kind.DENY: _deny, Kind.SIGN: _plain_sign,
        Kind.DOUBT: _doubt, Kind.WAIT: _doubt, Kind.DATE: _date, Kind.PAST: _past, Kind.NOW: _now, Kind.THERAPY: _therapy,
        Kind.LIMIT: _limit, Kind.AFFIRM: lambda _: None, Kind.UNIT: lambda _: None, Kind.COMPARE: lambda _: None,
    }  # fmt: skip


def _later(held: Times, said: Times) -> Times:
    """Times with what a further word adds; "now" ends "previously", and the other way round."""
    return Times(
        said.when or (None if said.now else held.when), said.cycle or (None if said.now else held.cycle),
        said.past or (held.past and not said.now), said.now or (held.now and not said.past),
    )  # fmt: skip
