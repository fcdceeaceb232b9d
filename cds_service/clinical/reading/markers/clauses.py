"""One clause about markers, word by word: which sign belongs to which marker.

A sign behind a list closes it ("A, B and C negative"), a word that governs stands before it ("negative for
A, B and C"); neither reaches into the next list. A sign that is attached (``+``, ``-``, in brackets) or stands
right before its marker ("dim A") is that marker's own. One word that is not understood, and the clause is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import ClassVar

from cds_service.clinical.reading.amounts import Amount, Role, amount_at, last_of_course
from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.clinical.reading.markers import iscn
from cds_service.clinical.reading.markers.lists import (
    EXCEPT,
    FOUND,
    NEGATIVE,
    NO,
    NOT,
    OPEN,
    POSITIVE,
    WITH,
    Finding,
    NotReadable,
    Times,
    resolved,
)
from cds_service.clinical.reading.markers.signs import SignReader
from cds_service.clinical.reading.markers.state import CLOSING, OPENING
from cds_service.clinical.reading.markers.tails import names_disease, only_tells_plan, takes_back
from cds_service.clinical.reading.text_dates import read_date

_SIGNED = ("umrd", "response")  # how a name ends that holds its sign ("complete MRD response")
_PUNCTUATION = frozenset(",:=()[]-/.\"'*|#_\u2022") | {"--", "::"}
_CARRIED_OUT = frozenset({
    "done", "performed", "tested", "collected", "received", "reported", "obtained", "sent", "ordered", "run", "drawn",
})  # fmt: skip
_FUSED = frozenset({"fusion", "fusions", "rearrangement", "signal", "signals", "translocation"})
_SAYING = frozenset({Kind.SIGN, Kind.LEAD, Kind.DENY, Kind.EXCEPT})
_UNITS = frozenset({Kind.UNIT, Kind.NUMBER})


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


class _Reader(SignReader):
    def read(self) -> list[Finding]:
        while self.i < len(self.terms):
            self._step()
        if (
            self.group.lead == NO
            and not self.group.items
            and any(f.sign for g in self.lists for f in g.items)
        ):
            raise NotReadable(NO)  # "MRD negative: no": an answer to it, or a list that breaks off
        return list(resolved(self.lists))

    def _step(self) -> None:
        start, self.i = self.i, last_of_course(self.terms, self.i)
        if (amount := amount_at(self.terms, self.i)) is not None:
            self._amount(amount, of_course=start < self.i)
            self.i = amount.end
            return
        text = self.term.tokens[0].text if len(self.term.tokens) == 1 else ""
        if text == "-" and self.is_minus():
            self.attached(NEGATIVE)
        elif text == "-" and self.is_beside_plus():
            raise NotReadable("two signs")  # "CD22 | + | -": columns of a table
        elif text in _PUNCTUATION and self.term.kind in (Kind.UNKNOWN, Kind.NEUTRAL, Kind.AND):
            self._punctuation(text)
        else:
            self._READ.get(self.term.kind, _Reader._unknown)(self)
        self.i += 1

    def _unknown(self) -> None:
        raise NotReadable(self.term.value)

    def _limit(self) -> None:
        self.limit = True

    def _punctuation(self, text: str) -> None:
        self.limit = self.limit and text not in (",", *OPENING, *CLOSING)
        if text == "," and only_tells_plan(self.terms[self.i + 1 :]):
            self.i = len(self.terms)
        elif text == ",":
            self.group.comma()
            if self.group.lead == EXCEPT and not any(before.items for before in self.lists[:-1]):
                self.begin(None)
            self.beside = self.fresh = False
        elif text == ":" and self.beside and self.group.lead in (NO, NOT):
            raise NotReadable(text)  # a denial before the name of a test
        elif text == "/":
            self._and()

    def _and(self) -> None:
        self.group.joined()
        self.beside = self.fresh = False

    def _marker(self) -> None:
        self.marker(self.term.value)
        if self.term.tokens[-1].word in _SIGNED:
            if self.is_rate():
                raise NotReadable("a rate")  # "78 % complete MRD response"
            self.attached(NEGATIVE)

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
                self.attached(OPEN if said is iscn.Meaning.SILENT else said.value)

    def _neutral(self) -> None:
        value = self.term.value
        self.names_another()
        if self.term.tokens[0].word == "which" and self.group.items and self.text(-1) == ",":
            self.fresh = True  # "CD22 positivity, which was 95 % at diagnosis"
        elif value == "verb":
            self.group.verb = self.beside
        elif value.startswith("cycle "):
            self.at(Times(cycle=int(value.removeprefix("cycle "))))
        elif value == "month":
            self._date()
        elif value == "bare cells" and self.fresh and self.terms[self.i - 1].kind is Kind.SIGN:
            raise NotReadable(value)  # "CD22-positive cells": of whom is not said
        elif value == "test" and self.group.governs and self.is_marker(self.next(-1)):
            raise NotReadable(value)  # "no CD22 result"
        elif self.term.tokens[0].word in _CARRIED_OUT and self._denies_the_test():
            raise NotReadable(value)  # "no CD22 staining performed"

    def _denies_the_test(self) -> bool:
        """Whether a bare denial, its marker and nothing but names and verbs stand before this word."""
        before = self.terms[: self.i]
        at = next((i for i in reversed(range(len(before))) if self.is_marker(before[i])), 0)
        plain = all(t.value in ("verb", "noun", "test") for t in before[at + 1 :])
        return plain and self.group.lead == NO and before[-1].end < self.term.start <= before[-1].end + 1 and any(
            len(t.tokens) == 1 and t.value == NO for t in before[:at]
        )  # fmt: skip

    def _break(self) -> None:
        if self.term.tokens[0].word == "yet" and self._denies_the_test():
            raise NotReadable(self.term.value)  # "no MRD yet"
        rest = self.terms[self.i :]
        if takes_back(rest):
            raise NotReadable(self.term.value)  # "positive, but repeat showed otherwise"
        says = any(self.is_marker(t) or t.kind in _SAYING for t in rest if t.value != WITH)
        says = says or {t.kind for t in rest} >= _UNITS
        if self.term.value != "break" and not says:
            self.i = len(self.terms)
            return
        if self.term.value == "tail":
            raise NotReadable(self.term.value)
        self.begin(None)
        self.turned = False
        if self.term.value == "then":
            self.times = Times(now=True)

    def _except(self) -> None:
        self.begin(EXCEPT, governs=True)

    def _correct(self) -> None:
        if self.term.value == "retract":
            self.group.items.clear()
            self.group.settled = False

    # ---- Numbers and times ----

    def _amount(self, found: Amount, *, of_course: bool) -> None:
        if found.percent is None and self.terms[found.end - 1].kind not in (Kind.UNIT, Kind.NEUTRAL):
            raise NotReadable("a number")
        if self._is_share_of_cells():
            self._share(found)
        if found.percent is None or found.role is Role.OTHER:
            return
        if (self.limit or not of_course) and self._is_of_assay(found):
            for f in self.group.items[-1:]:
                f.limit = found.percent
            return
        following = self.terms[found.end] if found.end < len(self.terms) else None
        if not self.group.items and any(before.items for before in self.lists):
            self._carry()
        if self.group.items and not (self.is_marker(following) and not (self.beside or self.fresh)):
            self._result(found)
        elif found.of_blasts:
            self.begin(None)
            self.group.amount = found.percent
        elif self.is_marker(following):
            self.own_amount = found

    def _is_share_of_cells(self) -> bool:
        """Whether a number tells in how many cells a rearrangement is, and nothing else gives it a sign ("t(9;22) in 18/20")."""
        last = self.group.items[-1] if self.group.items else None
        if last is None or last.name != "ph" or last.sign is not None or self.group.lead is not None:
            return False
        name = self.terms[self.i - 2] if self.i > 1 else None
        named = self.is_marker(name) or (name is not None and name.tokens[-1].word in _FUSED)
        return named and self.text(-1) == "in"

    def _share(self, found: Amount) -> None:
        written = [
            t.tokens[0].text for t in self.terms[self.i : found.end] if t.kind in (Kind.NUMBER, Kind.DATE)
        ]
        match [int(n) for text in written for n in text.split("/") if n.isdecimal()]:
            case [cells, scored] if found.percent is None and scored >= iscn.ENOUGH_CELLS:
                share = 100 * cells / scored
            case [_] | [] if found.percent is not None and found.percent.exact:
                share = float(found.percent.exact)
            case _:
                return
        if share == 0 or share >= iscn.LEAST_SHARE:
            self.sign(POSITIVE if share else NEGATIVE)

    def _carry(self) -> None:
        """A number without a marker: that of the list before, where "now" parts the two ("negative, but now 0.1 %")."""
        if not self.times.now or self.group.lead is not None or len(self.lists) < 2:
            raise NotReadable("a number of nothing")
        self.anew(self.lists[-2].items[-1:])
        self.beside = True

    def _result(self, found: Amount) -> None:
        if self.beside and self.group.lead in (NO, NOT):
            raise NotReadable("a number that is denied")
        last = self.group.items[-1]
        if (self.turned or self.group.lead == NOT) and last.amount is None:
            last.amount = found.percent  # "not MRD negative, 0.09 %"
            return
        now = self.times.now and not last.times.now
        if (last.sign or last.amount) and (now or not (self.fresh or self.beside)):
            self.anew([last])
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
        signed = bool(self.group.items) and self.group.items[-1].sign == NEGATIVE
        negative = signed or (bool(self.group.items) and self.group.lead in (NO, NEGATIVE))
        before = self.terms[self.i - 1].value if self.i else ""
        if before == "to" and any(f.amount is not None for f in self.group.items[-1:]):
            raise NotReadable("from ... to")  # without a word of change it may be a range
        positive = bool(self.group.items) and self.group.items[-1].sign in (POSITIVE, FOUND)
        if signed and found.is_power:
            return True  # "negative (10^-4)"
        return (negative and before in ("level", "at")) or (before == "to" and not positive)

    def _date(self) -> None:
        when = read_date(
            self.term.tokens[0].text if self.term.kind is Kind.NEUTRAL else self.term.value, self.on
        )
        if when is None or (self.on is not None and when.first > self.on):
            raise NotReadable(self.term.value)
        self.at(Times(when=when))

    def _past(self) -> None:
        if not names_disease(self.terms[self.i + 1 :]):
            self.at(Times(past=True))

    def _now(self) -> None:
        self.at(Times(now=True))

    def _therapy(self) -> None:
        before = self.terms[self.i - 1] if self.i else None
        if before is None or before.value != "after":
            raise NotReadable(self.term.value)
        self.at(Times(past=True))

    _READ: ClassVar[dict[Kind, Callable[[_Reader], None]]] = {
        Kind.MARKER: _marker, Kind.NOTATION: _notation, Kind.NEUTRAL: _neutral, Kind.AND: _and, Kind.BREAK: _break,
        Kind.EXCEPT: _except, Kind.CORRECT: _correct, Kind.LEAD: SignReader.lead, Kind.DENY: SignReader.deny, Kind.SIGN: SignReader.plain_sign,
        Kind.DOUBT: SignReader.doubt, Kind.WAIT: SignReader.doubt, Kind.DATE: _date, Kind.PAST: _past, Kind.NOW: _now, Kind.THERAPY: _therapy,
        Kind.LIMIT: _limit, Kind.AFFIRM: lambda _: None, Kind.UNIT: lambda _: None,
    }  # fmt: skip
