"""Signs and denials: to which markers of a clause each belongs.

A sign behind a list closes it, a word that governs stands before it, and an attached one is its marker's own.
What does not agree is a clash; under a word that governs, it makes the whole clause unsure.
"""

from __future__ import annotations

from cds_service.clinical.reading.layout.looking import denies_an_act
from cds_service.clinical.reading.lexicon import Kind
from cds_service.clinical.reading.markers.lists import (
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
    MarkerList,
    NotReadable,
)
from cds_service.clinical.reading.markers.state import OPENING, ClauseState, later
from cds_service.clinical.reading.markers.tails import denied_beside

_TESTING = frozenset(
    {"testing", "test", "tests", "assay", "order", "appointment", "sample", "request", "panel", "probe"}
)


class SignReader(ClauseState):
    """What words of a sign do to the lists of a clause."""

    def lead(self) -> None:
        value = self.term.value
        if (denied := denied_beside(self.terms[self.i :])) and self._is_beside_result(denied):
            self.i += denied - 1  # of a surface marker "no relapse, CD22 neg" may be one list
            return
        free = self.beside and bool(self.group.unsigned) and not self.group.lead
        if value == WITH and free:
            return  # "CD22 shows dim expression": a verb
        if value != WITH and self.beside and not self.is_marker(self.next_said()):
            if not free:
                raise NotReadable(value)
            self.sign(value)  # "CD22 expressing blasts"
            return
        if value == NO and (self.text(1) in (",", ".", ":") or self._is_of_an_act()):
            raise NotReadable(value)
        if self.turned:
            raise NotReadable(value)
        if self.negated:
            value, self.negated, self.turned = OPPOSITE.get(value, OPEN), False, True
        self.begin(value, governs=True)

    def _is_beside_result(self, denied: int) -> bool:
        """Whether a marker stands before, or so many terms on residual disease follows."""
        behind = next((t.value for t in self.terms[self.i + denied :] if t.kind is Kind.MARKER), "")
        return not self.negated and (bool(self.group.items) or behind == "mrd")

    def _is_of_an_act(self) -> bool:
        """Whether a bare "no" is of what was not done for the marker ("no FISH done for", "no repeat")."""
        behind = self.terms[self.i + 1 :]
        return len(self.term.tokens) == 1 and denies_an_act(w.word for t in behind for w in t.tokens)

    def _not(self) -> None:
        following = self.next_said()
        if following is not None and following.kind in (Kind.SIGN, Kind.LEAD):
            self.negated = True
        elif self.is_marker(following):
            self.begin(NOT, governs=True)
        elif self.group.unsigned and not self.group.lead:
            rest = MarkerList(NOT, items=self.group.unsigned)
            self.group.items = [f for f in self.group.items if f.sign is not None]
            self.lists.append(rest)
        else:
            raise NotReadable("not")

    def deny(self) -> None:
        match self.term.value:
            case "not":
                self._not()
            case "correlative":
                self.group.joined()
            case "unreached":
                self._unreached()
            case "after":
                self.sign(NEGATIVE)
            case _:
                self.begin(NO, governs=True)

    def _unreached(self) -> None:
        """ "Not reached" turns the sign behind it ("has not reached MRD negativity") or before it."""
        if self.is_marker(self.next_said()):
            self.begin(NOT, governs=True)
            return
        signed = [f for f in self.group.items if f.sign in OPPOSITE]
        if not signed:
            raise NotReadable("not reached")
        for f in signed:
            f.sign = OPPOSITE[f.sign or ""]

    def doubt(self) -> None:
        settled = all(f.sign is not None or f.amount is not None for f in self.group.items)
        said = bool(self.group.items) and settled and self.group.lead is None
        if said and self.term.kind is Kind.DOUBT and not self.is_marker(self.next_said()):
            raise NotReadable(self.term.value)  # "MRD negative, I doubt it"
        self.sign(OPEN)

    def plain_sign(self) -> None:
        if self.term.tokens[-1].word == "confirmed":
            if self.i and self.terms[self.i - 1].tokens[-1].word in _TESTING:
                raise NotReadable(self.term.value)  # "BCR::ABL1 testing was confirmed"
            if not (self.beside and self.group.unsigned):
                return  # "confirmed CD22 positive", "CD22 negative was confirmed"
        if self.term.value == "plus" and not (self.beside or self.text(-1) in OPENING):
            self.group.joined()  # "CR + MRD negative"
        elif self.term.value == "plus":
            self.attached(POSITIVE)
        else:
            self.sign(self.term.value)

    def sign(self, sign: str) -> None:
        if self.turned:
            raise NotReadable(sign)
        if sign == SEEN:
            if self.answer and not any(f.sign for f in self.group.items):
                raise NotReadable(sign)  # "Seen in clinic" answers no question
            sign = FOUND
        if self.negated:
            sign, self.negated = OPPOSITE.get(sign, OPEN), False
            self.turned = not self.beside
        opens_list = self.text(1) in (":", *OPENING) and self.is_marker(self.next(2))
        if opens_list and not (self.text(1) in OPENING and self.beside):
            self.begin(PLAIN.get(sign, sign), governs=True)
        elif self.is_marker(self.next()) and not self.beside:
            self._before_its_marker(sign)
        elif self.beside and self.text(-1) in OPENING:
            self.attached(sign)
        else:
            self._behind(sign)

    def _before_its_marker(self, sign: str) -> None:
        open_list = self.group.items and not self.group.settled
        if self.group.lead == WITH and not self.group.items:
            self.group.lead = PLAIN.get(sign, sign)  # "with absent CD20 and CD22"
            self.group.governs = False
        elif open_list and self.group.lead and not self.group.governs:
            self.begin(PLAIN.get(sign, sign))  # "bright CD19, negative CD22"
        elif open_list or (self.group.lead is not None and not self.group.items):
            self.own = sign
        else:
            self.begin(sign if sign == LOST else PLAIN.get(sign, sign))  # "lost MRD negativity"

    def attached(self, sign: str) -> None:
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
        if self.is_of_another(sign):
            return
        group = self.group
        if not group.items:
            self._of_list_before(sign)
        elif group.settled or not group.unsigned:
            self._again(sign)
        elif (
            group.takes(sign)
            and not (group.lead in (LOST, NOT) and group.after_comma)
            and not group.may_end_before(sign)
        ):
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
                f.times = later(f.times, self.times)
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
        elif sign == LOST and last.sign == NEGATIVE and not anew:
            if last.name != "mrd" and self.text(-1) in OPENING:
                return  # "CD22 negative (lost after inotuzumab)"
            raise NotReadable(sign)  # "MRD negativity lost"
        elif (
            last.sign is not None
            and PLAIN.get(last.sign, last.sign) == PLAIN.get(sign, sign)
            and not self.times.now
        ):
            return
        elif anew:
            self.anew(group.items)
            self._to_list(self.group, sign)
        elif last.sign is None:
            last.sign = sign
        else:
            self._clash(group)

    def _of_list_before(self, sign: str) -> None:
        """A sign without a marker: that of the list before ("CD22 positive in 2023 but negative now")."""
        if len(self.lists) > 1 and self.lists[-2].settled and self.group.lead is None:
            self.anew(self.lists[-2].items)
            self._to_list(self.group, sign)
        elif sign in (NEGATIVE, LOST, OPEN):
            raise NotReadable(sign)
