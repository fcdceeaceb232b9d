"""Which state of a clause is over because another stands after it, and which is only the case for which one plans."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.clinical.reading.topics import Topic

_IN_CASE = frozenset({"at", "on", "upon", "for", "until"})
# What may stand between "after" and the state that is over.
_SPAN = frozenset({"week", "weeks", "month", "months", "year", "years", "of"})
# What may stand behind it, and belongs to it ("after CR to C1 of InO").
_ITS_OWN = frozenset({"preposition", "article", "drug"})


def is_case(found: Sequence[Term]) -> bool:
    """Whether a clause begins with the case for which something is planned ("at progression, refer for CAR-T")."""
    if len(found) < 2 or found[1].kind is not Kind.TARGET:
        return False
    return len(found[0].tokens) == 1 and found[0].tokens[0].word in _IN_CASE  # not "On InO, progressed"


def without_what_is_over(found: Sequence[Term], topic: Topic) -> list[Term]:
    """The terms without the states after which something else is said to be ("relapse after 18 months of remission")."""
    kept: list[Term] = []
    after: int | None = None  # where it stands
    over = False
    for term in found:
        passed = after is not None and term.kind is Kind.TARGET and term.value in topic.passing
        if passed:
            del kept[after:]
        over = passed or (over and (term.value in _ITS_OWN or term.value.startswith("cycle ")))
        if term.value == "after" or term.tokens[0].word == "from":
            after = len(kept)
        elif not _may_precede(term):
            after = None
        if not over:
            kept.append(term)
    return kept


def _may_precede(term: Term) -> bool:
    return term.value in ("adjective", "article") or term.kind is Kind.NUMBER or term.tokens[0].word in _SPAN
