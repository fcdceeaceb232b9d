"""What a text says of a stem cell transplant: planned, not planned, or neither; and whether a name names one.

A transplant of the past is no plan, nor is a former plan; doubt and preparation (evaluation, typing, donor search) are
neither. To exclude one kind or donor excludes no other, and transplants of organs are other things.
Source: docs/record-reading.md#transplants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cds_service.clinical.reading.assertions import Assertion, Time
from cds_service.clinical.reading.clauses import Sentence, sentences
from cds_service.clinical.reading.layout.past import with_course_told, with_history_told
from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.clinical.reading.mentioned import names_in
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.text_dates import HALF_A_YEAR, read_date
from cds_service.clinical.reading.tokens import folded
from cds_service.clinical.reading.topics import KINDS_OF_TRANSPLANT
from cds_service.remembering import remembered

_TOPIC = "transplant"
_BARE = frozenset({"transplant", "transplantation", "transplants", "tplant", "txplant"})


_PLANNED, _NOT_PLANNED = "planned", "not-planned"
# The value of words for what is done or said around a transplant ("consent signed"): none of them is part of its name.
_AROUND = "around"
# What undoes a plan, wherever a text says it.
_UNDONE = re.compile(
    r"\b(?:pt|patient|she|he) (?:now |has |then |has now )?(?:declines|declined|refuses|refused)(?: (?:it|this|that))?(?=[.;,\n]|\s*$)|"
    r"\b(?:fell through|falls through|backed out|withdrew as donor|donor (?:is )?(?:no longer available|unavailable|withdrew|declined))\b",
    re.IGNORECASE,
)
# What is planned told as a verb ("is going to be transplanted in May", "will transplant her").
_TRANSPLANTED = re.compile(r"\bbe transplanted\b", re.IGNORECASE)
_TRANSPLANTS = re.compile(
    r"\btransplant (him|her|pt|patient|the patient|this patient)\b(?! to\b)", re.IGNORECASE
)
# A transplant of which something is said and which the same sentence goes on to decline ("it was offered, but she declined it").
_DECLINED_IT = re.compile(
    r"(?:\b(?:transplant(?:ation)?|HSCT|BMT|SCT|HCT)|\ballo-?(?:HSCT|SCT|HCT|BMT))(?=[ ](?:offers|is|was|has|would|could|can|may|might|remains|as)\b)(?P<told>[^.;\n]{0,120}?)"
    r"\b(?:but|however,?|and|although) (?:the )?(?:patient|pt|she|he) (?:has |have )?(?:(?:again|now|still|firmly|clearly|ultimately|repeatedly) ){0,2}"
    r"(?:declined|declines|refused|refuses|(?:decided|opted|elected) against|turned down|does not want|doesn't want|is not interested in|rejected) (?:it|this|that)\b"
    r"(?! (?:for now|at this|yet|until|unless|if|before|today))",
    re.IGNORECASE,
)
_ANOTHER_IT = re.compile(
    r"\b(?:trial|study|biopsy|marrow|prophylaxis|evaluation|clinic|consult\w*|appointment|referral|search|typing|line|visit|drug|therapy|inotuzumab|CAR|chemo\w*|TBI|"
    r"conditioning|donat\w*|brother|sister|mother|father|son|daughter|wife|husband|friend)\b",
    re.IGNORECASE,
)
# What goes on to speak of a plan or of its denial: the rest of its sentence, and the next one where that has no subject of its own.
_GOES_ON = re.compile(
    r"[^.;\n]{0,120}(?:[.;\n][\s*\u2022-]*(?:it|it's|that|that's|this|which|now|off|having|i|we|bmt|(?:the )?(?:plans?|(?:bmt |transplant )?team)|pt|patient|she|he)\b[^.;\n]{0,80})?",
    re.IGNORECASE,
)
# What leaves open there whether it holds.
_IN_DOUBT = re.compile(
    r"(?<!no )(?<!any )\bdoubt(?:ed)?(?=\s*(?:[.,;)\n]|$|(?:it|that|this|whether|if|s?he|we|they|the|her|his|pt|patient)\b))|\bdoubtful\b|"
    r"\b(?:have|has|my|our|her|his|some|serious|grave) doubts\b|"
    r"(?:^|[,(-]|\b(?:but|though|although|which|it|is|looks|seems|appears|now|less))\s*(?:(?:very|highly|increasingly|less and) )?(?:un|less )likely\b|"
    r"\b(?:unsure|not (?:so |yet |at all |entirely )?sure|unconvinced|not (?:so |fully )?convinced|waver\w*|hesita\w*|second thoughts|re-?consider\w*|re-?think\w*|"
    r"leaning (?:against|away|toward)|on the fence|torn|cold feet|(?:may|might|could) (?:well )?change|(?:plans?|minds?|things) (?:has |have )?changed|"
    r"chang\w+ (?:(?:her|his|their) )?minds?|(?:we'll|we will|we shall) see|\w+ permitting|subject to|not (?:yet )?final|eventually|down the road|back(?:ing|s) out)\b",
    re.IGNORECASE,
)
# What ends a plan there ("planned, now off").
_IS_OFF = re.compile(
    r"(?:^|[^\w'])(?:(?:it|that|this|which|plan)(?:'s)? )?(?:(?:is|was|but|now|all) )*(?:off|out|over)(?=\s*(?:[.,;)\n]|$|(?:for|since|again|the (?:table|calendar|books)|of the question)\b))|"
    r"\b(?:scrapped|nixed|shelved|called (?:\w+ )?off|pulled the plug|no[ -]go|dead in the water|never (?:happened|materiali[sz]ed)|"
    r"did(?:n't| not) (?:happen|materiali[sz]e|go (?:through|ahead|forward))|denied(?=\s*(?:[.,;)\n]|$|by\b))|"
    r"instead(?! of)|no longer recommends?|recommends? against|thinks? otherwise|plans? (?:(?:is|was|has been) )?(?:dropped|abandoned|withdrawn)|died|deceased|expired)\b",
    re.IGNORECASE,
)
# What leaves a plan that is cancelled for its day or for now ("cancelled, will reschedule", "to be readdressed").
_PUT_OFF = re.compile(
    r"\b(?:re-?schedul|postpone|(?:will|to|now|and|be) (?:be )?re-?(?:address|visit|consider|discuss|evaluat))",
    re.IGNORECASE,
)
# A rule on the number of cycles ("no HSCT - 6 cycles") speaks of all patients.
_NAME = r"\b(?:transplant\w*|(?:allo|auto|haplo)?-?(?:HSCT|SCT|HCT|BMT))\b"
_CYCLES = r"(?:\d|two|three|four|six)\s(?:(?:more|further|additional) )?(?:cycle|course)s?\b"
_RULE = re.compile(
    rf"{_NAME}[^.;\n]{{0,40}}(?:[:=]|\s-)\s*(?:up to |at most |max(?:imum)?(?: of)? )?{_CYCLES}"
    rf"|\b{_CYCLES}\s\((?:if |when |not )?[^).;\n]{{0,40}}{_NAME}",
    re.IGNORECASE,
)
# What is said of the drug, or of what is usual, and of nothing of this patient ("inotuzumab is given as a bridge to transplant").
_GENERAL = re.compile(
    r"^(?:(?:(?:the )?(?:drug|agent)|inotuzumab(?: ozogamicin)?|besponsa|InO)(?: (?:therapy|treatment))? "
    r"(?:is (?!being\b|ordered\b|requested\b|continu)|serves\b|bridges\b|acts\b)|(?:most|many|half|the majority|(?:the )?(?:usual|standard|typical))\b)",
    re.IGNORECASE,
)
_OF_PATIENT = re.compile(
    r"\b(?:s?he|her|his|him|pt|patient|here|in this case|we|our|i|now|currently|today|planned|scheduled|booked|arranged|c\d|cycles?|course|\d{1,2}/\d{1,2}|"
    r"jan\w*|feb\w*|march|april|may|june|july|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*|next \w+)\b",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[;\n])|(?<=\.)(?=\s)")


@remembered(400_000)
def intention_in(text: str, on: date | None = None) -> bool | None:
    """Whether a text of a day says that a transplant is planned (True), is not (False), or neither (None)."""
    text = _TRANSPLANTED.sub("undergo transplant", folded(with_history_told(text)))
    text = _TRANSPLANTS.sub(r"take \1 to transplant", text)
    text = "".join(s for s in _SENTENCES.split(text) if not _is_general(s))
    stated = [a for a in read(text, _TOPIC, on).assertions if a.time is Time.PRESENT and not _is_over(a, on)]
    said = {a.value for a in stated} - {a.value for a in stated if _is_turned(a, text)}
    if _NOT_PLANNED in said or _declines_it(text):
        other = "autologous" in names_in(text, KINDS_OF_TRANSPLANT)  # beside a denial, one that may be open
        return None if other or _PLANNED in said or _PUT_OFF.search(text) else False
    planned = _PLANNED in said or (not stated and (_is_dated_ahead(text, on) or _is_told_ahead(text, on)))
    return True if planned and not _UNDONE.search(text) else None


def _declines_it(text: str) -> bool:
    """Whether a sentence speaks of a transplant and of nothing else, and says that the patient declined it."""
    return any(_ANOTHER_IT.search(found["told"]) is None for found in _DECLINED_IT.finditer(text))


def _is_turned(said: Assertion, text: str) -> bool:
    """Whether what goes on about a plan or its denial doubts it, or says that the plan is off ("planned, but I doubt it")."""
    behind = _GOES_ON.match(text, said.span[1])
    told = behind[0] if behind is not None else ""
    return _IN_DOUBT.search(told) is not None or (said.value == _PLANNED and _IS_OFF.search(told) is not None)


def _is_general(sentence: str) -> bool:
    """Whether a sentence is a rule, or speaks of the drug and of nothing of this patient."""
    if _RULE.search(sentence):
        return True
    opened = sentence.lstrip(" \n*\u2022-")
    return _GENERAL.match(opened) is not None and _OF_PATIENT.search(sentence) is None


# A name that is of the procedure alone: "BMT 5/20" and "transplant 5/20" may be a visit, "HCT" a hematocrit.
_PROCEDURE = re.compile(r"\b(?:allo|haplo|mud|msd)|\bhsct\b", re.IGNORECASE)
_MONTH_OF_YEAR = re.compile(r"\d{1,2}[/-]\d\d")
_PLAIN = frozenset({Kind.TARGET, Kind.NEUTRAL, Kind.NUMBER, Kind.DATE, Kind.AND})


def _is_dated_ahead(text: str, on: date | None) -> bool:
    """Whether a text gives nothing but the day of a transplant, which lies ahead ("alloSCT 5/20")."""
    if on is None:
        return False
    return any(_gives_a_day_ahead(s, text, on) for s in sentences(text, _TOPIC))


def _is_told_ahead(text: str, on: date | None) -> bool:
    """Whether a timeline of the disease ends with a plan whose days lie ahead ("ONC HX: ... 5/2026 planned alloHSCT")."""
    told = with_course_told(text)
    if on is None or told == text:
        return False
    stated = read(told, _TOPIC, on).assertions
    planned = (a for a in stated if a.value == _PLANNED and not _is_turned(a, told))
    return any(
        all(_lies_ahead(day, on) for day in days)
        for a in planned
        if (
            days := [
                t.tokens[-1].text for s in sentences(a.quote, _TOPIC) for t in s.terms if t.kind is Kind.DATE
            ]
        )
    )


def _gives_a_day_ahead(sentence: Sentence, text: str, on: date) -> bool:
    found = sentence.terms
    if sentence.silenced or sentence.question or not all(t.kind in _PLAIN for t in found):
        return False
    days = [t.tokens[-1].text for t in found if t.kind is Kind.DATE]
    named = (text[t.start : t.end] for t in found if t.kind is Kind.TARGET)
    ahead = bool(days) and all(_lies_ahead(day, on) for day in days)
    return ahead and any(_PROCEDURE.search(name) for name in named)


def _lies_ahead(day: str, on: date) -> bool:
    """Whether a day lies ahead for sure: "5/18" may be May 2018."""
    when = read_date(day, on)
    if when is None or (_MONTH_OF_YEAR.fullmatch(day) and int(day[-2:]) <= on.year % 100):
        return False
    return when.first > on or (when.last < on and not _lies_behind(day, on))


def _is_over(said: Assertion, on: date | None) -> bool:
    """Whether the only days that a plan names lie before that of its text ("HSCT planned for 2/2026")."""
    if said.value != _PLANNED or on is None:
        return False
    days = list(_days(said.quote))
    return bool(days) and all(_lies_behind(day, on) for day in days)


def _lies_behind(day: str, on: date) -> bool:
    when = read_date(day, on)
    if when is None or when.last >= on:
        return False
    has_year = read_date(day, None) is not None
    return has_year or on - when.last < HALF_A_YEAR


def _days(quote: str) -> Iterator[str]:
    """The days and months that stand behind the name of the transplant or its plan."""
    named = False
    for term in (t for s in sentences(quote, _TOPIC) for t in s.terms):
        named = named or term.kind in (Kind.TARGET, Kind.AFFIRM)
        if named and _is_day(term):
            yield term.tokens[-1].text


def _is_day(term: Term) -> bool:
    return term.kind is Kind.DATE or term.value == "month"


def is_transplant(name: str) -> bool:
    """Whether the name of a procedure is a stem cell transplant itself, and not what is done around one.

    A bare "transplant" is none: it may be of any organ.
    """
    return _names(name, frozenset({Kind.TARGET, Kind.NEUTRAL, Kind.NUMBER, Kind.DATE, Kind.AND}))


def is_request(name: str) -> bool:
    """Whether the name of a request, appointment or plan is a stem cell transplant, also as planned."""
    return _names(name, frozenset({Kind.TARGET, Kind.NEUTRAL, Kind.NUMBER, Kind.DATE, Kind.AND, Kind.AFFIRM}))


def _names(name: str, allowed: frozenset[Kind]) -> bool:
    """Whether some name of several (a code's displays) is wholly understood and names the transplant."""
    return any(_is_named(folded(part), allowed) for part in name.split(" | "))


# In a name a stop parts no statements: what stands behind it says of what sort the thing is ("transplant; HLA typing").
_STOP = re.compile(r"\s?[.;](?=\s\S)")


def _is_named(name: str, allowed: frozenset[Kind]) -> bool:
    name = _STOP.sub(",", name)
    found = [t for s in sentences(name, _TOPIC) for t in s.terms]
    named = [t for t in found if t.kind is Kind.TARGET]
    bare = all(" ".join(w.word for w in t.tokens) in _BARE for t in named)
    if any(t.kind is Kind.NEUTRAL and t.value == _AROUND for t in found):
        return False
    return bool(named) and not bare and all(t.kind in allowed for t in found)
