"""What one clause asserts: whether all of it is known, what its polarity turns to what, and of which time it is.

Used by the reader alone. Doubt gives nothing, never the opposite of the truth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from cds_service.clinical.reading.assertions import Assertion, Certainty, Time
from cds_service.clinical.reading.besides import (
    denies_another,
    denies_what_it_leads_to,
    finds_more,
    is_no_state,
    is_of_a_time,
    names_a_value,
)
from cds_service.clinical.reading.grades import stated_rank
from cds_service.clinical.reading.layout.around import answers_before_aside
from cds_service.clinical.reading.layout.company import SPANS
from cds_service.clinical.reading.layout.looking import asked_beside, denies_a_test, leaves_a_choice
from cds_service.clinical.reading.layout.order import (
    compares,
    from_later,
    is_case,
    up_to_comparison,
    without_what_is_over,
)
from cds_service.clinical.reading.lexicon import OPEN, SWINGS, Kind, Term
from cds_service.clinical.reading.taken_back import patient_denies_too
from cds_service.clinical.reading.text_dates import read_date
from cds_service.clinical.reading.topics import NOTHING, Topic
from cds_service.fhir.dates import When

# What may stand between a denial and what it denies.
_BETWEEN = frozenset({
    "article", "adjective", "in", "verb", "patient", "preposition", "adverb", "time", "sign", "and", "criteria", "after",
})  # fmt: skip
# What may be denied beside a thing that is there.
_DONE = frozenset({"reviewed", "finding", "drug", "method", "grade"})
_ITS_OWN_DENIAL = frozenset({
    "time", "lately", "verb", "sign", "and", "article", "patient", "in", "after", "report", "cause", "disease",
})  # fmt: skip
_COURSE = frozenset({
    "severe", "moderate", "mild", "worse", "worsening", "improving", "improved", "resolving", "resolved",
})  # fmt: skip
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|^\d{1,2}[/-]\d{1,2}[/-]\d\d$")
_LONGEST_CLAUSE = 60  # words; nobody says one thing of a patient in more


def asserted(found: Sequence[Term], topic: Topic, on: date | None, *, asked: bool) -> list[Assertion] | None:
    """What a clause asserts; None when it is not understood. Nothing: understood, and it says nothing."""
    of_another = {
        i for i in range(len(found)) if denies_another(found, i) and not answers_before_aside(found, i)
    }
    if any(i and found[i - 1].tokens[0].text == ":" for i in of_another):
        return None  # "VOD: no ascites"
    if not topic.suspects and found[-1].tokens[0].text == ":" and any(t.kind is Kind.TARGET for t in found):
        return None  # "CR:" as the title of the lines under it
    if topic.of_leukemia and (finds_more(found, of_another) or names_a_value(found) or is_case(found)):
        return None
    found = without_what_is_over(from_later([t for i, t in enumerate(found) if i not in of_another]), topic)
    if not topic.suspects or topic.parts:
        found = _without_names_of_tests(found)
    if len(found) > _LONGEST_CLAUSE or not _is_known(found, topic):
        return None
    values = _values(found, topic)
    if values is None or leaves_a_choice(found) or denies_a_test(found) or is_no_state(found):
        return None
    doubted = asked or any(t.kind in OPEN for t in found)
    if doubted and (not topic.suspects or any(t.kind in (Kind.WAIT, Kind.DENY) for t in found)):
        return None  # a denial that is doubted ("VOD excluded?") neither excludes nor raises a suspicion
    if _says_two_days(found):
        return None
    told = up_to_comparison(found)
    past = any(t.kind in (Kind.PAST, Kind.THERAPY) for t in told) or _is_an_old_plan(found, topic, on)
    if past and any(t.kind is Kind.NOW for t in found):
        return None
    dates = _dates(found, on, 0 if past else topic.ahead) if topic.dated else []
    if len(set(dates)) > 1:
        return None
    return [
        Assertion(
            topic.name, value, "", (0, 0),
            Certainty.SUSPECTED if doubted else Certainty.STATED,
            Time.PAST if past else Time.PRESENT,
            dates[0] if dates else None,
            _cycle(found),
        )
        for value in sorted(values)
        if value != NOTHING
    ]  # fmt: skip


_TESTS = frozenset({"assessment", "evaluation", "status", "determination", "workup", "reassessment", "reevaluation", "review", "staging",
    "restaging", "sampling", "testing", "test", "tests", "study", "studies", "scan", "scans", "note", "notes"})  # fmt: skip


def _without_names_of_tests(found: Sequence[Term]) -> list[Term]:
    """The terms without a state that only names its assessment ("CR assessment"), unless a sign answers it."""
    return [
        t for i, t in enumerate(found)
        if not (t.kind is Kind.TARGET and _names_a_test(found[i + 1 : i + 2]) and not _is_answered(found[i + 2 :]))
    ]  # fmt: skip


def _names_a_test(behind: Sequence[Term]) -> bool:
    return bool(behind) and len(behind[0].tokens) < 3 and behind[0].tokens[-1].word in _TESTS


def _is_answered(behind: Sequence[Term]) -> bool:
    said = [t for t in behind if t.value not in ("sign", "verb")][:1]
    return bool(said) and (said[0].kind is Kind.AFFIRM or said[0].kind in SWINGS)


def _is_an_old_plan(found: Sequence[Term], topic: Topic, on: date | None) -> bool:
    """Whether a clause is about a plan of a year before that of its text ("transplant planned in 2019")."""
    if not topic.needs_predicate or on is None:
        return False
    whole = (t.tokens[-1].text for t in found if t.kind is Kind.DATE and _YEAR.search(t.tokens[-1].text))
    return any((when := read_date(text, on)) is not None and when.last.year < on.year for text in whole)


def _says_two_days(found: Sequence[Term]) -> bool:
    """Whether a clause denies and affirms, with two dates ("VOD absent on 4/2, present on 4/10")."""
    dates = {t.tokens[-1].text for t in found if t.kind is Kind.DATE}
    return len(dates) > 1 and {Kind.DENY, Kind.AFFIRM} <= {t.kind for t in found}


def _dates(found: Sequence[Term], on: date | None, ahead: int) -> list[When]:
    told = found[: next((i for i, t in enumerate(found) if compares(t)), None)]
    written = [t.tokens[-1].text for t in told if t.kind is Kind.DATE or t.value == "month"]
    return [when for text in written if (when := read_date(text, on, ahead)) is not None]


def _is_known(found: Sequence[Term], topic: Topic) -> bool:
    before: Term | None = None
    named = reasoned = False
    for i, term in enumerate(found):
        if term.kind is Kind.BLOCK or (term.kind is Kind.UNKNOWN and not reasoned):
            return False
        figure = term.kind is Kind.NUMBER or term.tokens[0].text == "%"
        if figure and not (before is None or topic.figures or reasoned or _counts(found[i + 1 : i + 3])):
            return False  # "CR 25 mg", "PR: 160", "CR % of all": other things of these letters
        target = term.kind is Kind.TARGET
        if target and i and found[i - 1].tokens[0].text in ("<", ">"):
            return False  # "<CR": less than that
        named = named or target
        doubted = topic.suspects and any(t.kind is Kind.DOUBT for t in found[:i])
        reasoned = not target and (reasoned or (named and _gives_reason(term, doubted=doubted)))
        behind = before is not None and term.tokens[0].text in (":", "=")
        before = term if (target and not _is_last_of_segment(found, i)) or behind else None
    return True


def _gives_reason(term: Term, *, doubted: bool) -> bool:
    """Whether what follows only says why ("declined due to ...", "concern for VOD: ..."): it may hold any words."""
    return term.value == "reason" or (doubted and term.tokens[0].text == ":")


_BEHIND_FIGURES = SPANS | {"min", "minutes", "wbc", "wbcs", "cells"}


def _counts(following: Sequence[Term]) -> bool:
    """Whether a figure counts cells ("CRi: 2 % blasts", "CNS 3: 12 WBC"), or tells when it was ("relapsed 8 months after HSCT")."""
    if following and following[0].tokens[0].word in _BEHIND_FIGURES:
        return True
    return len(following) == 2 and following[0].tokens[0].text == "%" and following[1].value == "count"


def _is_last_of_segment(found: Sequence[Term], i: int) -> bool:
    """Whether a sign that ends a segment stood between a term and the next ("Residual leukemia, 18 % blasts")."""
    return i + 1 < len(found) and found[i + 1].start - found[i].end > 1


def _values(found: Sequence[Term], topic: Topic) -> set[str] | None:
    """The values of a clause's targets, turned by what denies, loses or nearly reaches them."""
    targets = {t.value for t in found if t.kind is Kind.TARGET}
    if not all(topic.agree(a, b) for a in targets for b in targets):
        return None
    swings = _swings(found)
    if topic.needs_predicate:
        planned = _predicated(found, topic, swings)
        return None if planned is None else {planned}
    if len(swings) > 1 and not all(t.kind is Kind.DENY and t.value == "correlative" for t in swings[1:]):
        return None
    if swings and not _scopes(swings[0], found):
        return None
    turned = {Kind.DENY: topic.denied, Kind.LOSE: topic.lost, Kind.NEAR: topic.near}
    if not swings and topic.suspects and _is_unanswered(found, topic):
        return None
    if not swings or swings[0].kind not in turned:
        return targets
    said = {turned[swings[0].kind].get(value) for value in targets}
    return None if None in said else {value for value in said if value is not None}


# What is found where the thing is ("Extramedullary disease: mediastinal mass").
_GROWTHS = frozenset({"mass", "masses", "lesion", "lesions", "nodule", "nodules", "deposit", "deposits", "infiltrate", "infiltrates",
    "infiltration", "involvement", "tumor", "tumors", "bulky"})  # fmt: skip


def _is_unanswered(found: Sequence[Term], topic: Topic) -> bool:
    """Whether a clause names the thing before a colon and says nothing of it behind ("VOD: seen today"), not even a grade."""
    colon = next((i for i, t in enumerate(found) if t.tokens[0].text == ":"), None)
    if colon is None or not any(t.kind is Kind.TARGET for t in found[:colon]):
        return False
    if any(t.kind is Kind.DOUBT for t in found[:colon]):
        return False  # "Suspicious for VOD: bili 4"
    behind = found[colon + 1 :]
    if topic.parts and behind and found[colon - 1].kind is Kind.AFFIRM:
        return False  # "EMD present: right testis"
    words = {word.word for t in behind for word in t.tokens}
    if topic.parts and "no" not in words and not words.isdisjoint(_GROWTHS):
        return False
    silent = bool(behind) and not any(t.kind in (Kind.TARGET, Kind.AFFIRM, *OPEN) for t in behind)
    return silent and not stated_rank(" ".join(word.text for t in found for word in t.tokens))


def _swings(found: Sequence[Term]) -> list[Term]:
    """What turns the value; the same said twice, joined by "and", turns it once ("changed her mind and declines")."""
    kept: list[Term] = []
    joined = False
    for term in found:
        if term.kind in SWINGS and not (joined and kept and kept[-1].kind is term.kind):
            kept.append(term)
        joined = term.kind is Kind.AND or (joined and term.value in ("verb", "adverb"))
    return kept


def _scopes(swing: Term, found: Sequence[Term]) -> bool:
    """Whether a denial reaches the clause's target: "without blasts" behind "CR" does not."""
    at = found.index(swing)
    targets = [i for i, t in enumerate(found) if t.kind is Kind.TARGET]
    before = [i for i in targets if i < at]
    if swing.value == "before" or swing.kind is Kind.NEAR or not before:
        reached = next((i for i in targets if i > at), None)
        between = found[at + 1 : reached]
    else:
        reached = before[-1]
        between = found[reached + 1 : at]
    if reached is None or (swing.value == "after" and not before) or _ends_another(found, at):
        return False
    if before and reached == before[-1] and _is_of_what_was_done(found, at):
        return False
    known = _BETWEEN | asked_beside(between) if found[at - 1].tokens[0].text == ":" else _BETWEEN
    return all(t.kind is not Kind.NEUTRAL or t.value in known for t in between)


def _ends_another(found: Sequence[Term], at: int) -> bool:
    """Whether a sign speaks of the finding right behind it, and not of what stands before ("Sepsis, resolved shock")."""
    swing = found[at]
    leans = swing.kind is Kind.LOSE or (swing.kind is Kind.DENY and swing.value == "after")
    behind = found[at + 1] if at + 1 < len(found) else None
    return leans and behind is not None and behind.value == "finding" and behind.start - swing.end <= 1


def _is_of_what_was_done(found: Sequence[Term], at: int) -> bool:
    """Whether a bare "not" behind a name denies what was done or came of it, not the thing ("VOD not biopsied")."""
    bare = len(found[at].tokens) == 1 and found[at].tokens[0].word in ("not", "never", "no")
    behind = next((t for t in found[at + 1 :] if t.value not in ("preposition", "adverb")), None)
    if not bare or behind is None or answers_before_aside(found, at):
        return False
    if behind.kind is not Kind.NEUTRAL:
        return behind.tokens[0].word in _COURSE
    beside = behind.start - found[at].end <= 1  # "in remission but not feeling well"
    return behind.value in _DONE or (beside and behind.value not in _ITS_OWN_DENIAL)


_BARE = frozenset({"no", "not", "without", "never", "none"})


def _predicated(found: Sequence[Term], topic: Topic, swings: Sequence[Term]) -> str | None:
    """For a plan: its name alone says nothing, a denial denies it, a word of planning plans it.

    What has no date is not denied ("no transplant scheduled"), nor what has not been done ("no transplant to date").
    """
    planned = any(t.kind is Kind.AFFIRM for t in found) and all(t.value != "eligibility" for t in found)
    bare = any(t.tokens[-1].word in _BARE for t in swings)
    twice = len(swings) > 1 and not patient_denies_too(found)
    if twice or (bare and is_of_a_time(found, planned=planned)) or denies_what_it_leads_to(found, swings):
        return None
    if swings and swings[0].kind in (Kind.DENY, Kind.LOSE):
        return topic.denied["planned"]
    return "planned" if planned and not swings else None


def _cycle(found: Sequence[Term]) -> int | None:
    """The cycle after which a clause places a state ("after C1", "with 2 cycles")."""
    cycles = {t.value.removeprefix("cycle ") for t in found if t.value.startswith("cycle ")}
    return int(cycles.pop()) if len(cycles) == 1 else None
