"""Whether the words of a recorded name surely take back what it records.

A denial, another person, a risk or teaching takes it back only where it governs the thing itself, not where it stands
beside it ("VOD, not resolved", "anaphylaxis, sister informed"). Every mention has to be taken back.
Source: docs/record-reading.md#statements, step 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from itertools import dropwhile

from cds_service.clinical.reading.clauses import Segment
from cds_service.clinical.reading.lexicon import Kind, Term


class Taken(Enum):
    """How a mention is taken back."""

    DENIED = "it is not there, it is prevented, or it is another person's"
    TALK = "a risk of it, teaching on it or a condition is named, not the thing"


IsIt = Callable[[Term], bool]

_PREVENTED = frozenset({"prophylaxis", "prophylactic", "prophylactically", "prevention", "prevent", "prevents",
    "preventing", "avoid", "avoiding"})  # fmt: skip
# Behind a name these make another thing of it ("VOD risk"); a verb there does not ("VOD discussed").
_TALK = frozenset({"risk", "risks", "education", "teaching", "monitoring", "surveillance", "screening", "screen",
    "precaution", "precautions", "consent", "warning", "warnings", "handout", "leaflet", "brochure", "pamphlet",
    "instructions", "counseling"})  # fmt: skip
_FAILED = frozenset({"failed", "fails", "failing", "failure", "positive", "ineffective", "unsuccessful"})
_CONDITIONS = frozenset({"if", "unless", "in case", "in case of", "in the event of", "should"})
_RULES = frozenset({"goal", "goals", "aim", "aims", "trial", "trials", "requires", "require", "eligibility", "exclusion",
    "exclusion criteria", "inclusion", "inclusion criteria"})  # fmt: skip
_TALKING = frozenset({"risk", "teaching", "other", "about"})  # values of what silences when it stands before
# To look out for a thing is talk of it where the name is what is looked for ("monitor for infusion reaction").
_WATCHING = frozenset({"monitor for", "monitoring for", "watch for", "watching for", "observe for", "observing for",
    "assess for", "check for", "look for", "screen for", "screening for", "surveillance for"})  # fmt: skip
_KNOWING = frozenset(
    {"aware", "knows", "told", "informed", "advised", "understands", "asks", "asked", "asking"}
)
_INSTEAD = frozenset({"rather than", "instead of"})
_PERSON_JOINS = frozenset({":", "'s", "with", "w/", "w", "had", "has", "have", "history", "hx", "h/o", "of", "for", "in",
    "developed", "who", "the", "a", "an", "his", "her", "also", "and", "-"})  # fmt: skip
_TALK_JOINS = frozenset(
    {"of", "for", "on", "about", "to", "the", "a", "an", "any", "or", "and", "/", ":", "developing", "re"}
)
_TOLD_BY = frozenset({"per", "by", "from", "with", "to", "at", "via"})  # "VOD (per mother)"
_NEGATIONS = frozenset({"no", "not", "none", "never", "without", "w/o", "nor", "non", "denies", "denied"})
_ALONE = frozenset({"no", "none", "denied", "negative"})  # answer what stands before them
# What is denied of the thing when it is denied that it was so ("VOD never developed").
_OCCURRING = frozenset({"present", "diagnosed", "developed", "develop", "occurred", "occur", "established", "proven",
    "documented", "noted", "recorded", "found", "seen", "detected", "identified", "evident", "observed", "evidence",
    "sign", "signs", "indication", "suspected", "suspicion", "concern", "confirmed", "at"})  # fmt: skip
_HOW = frozenset({"by", "on", "at", "per", "with", "via", "after", "following", "for", "in", "this", "today",
    "now", "and", "clinically", "radiographically", "so", "as", "since"})  # fmt: skip
_WORKUP = frozenset({"workup", "work-up", "work", "up", "evaluation", "screen", "screening", "test", "testing", "assessment"})  # fmt: skip
_RETRACTING = frozenset({"entered in error", "entered on wrong patient", "entered in the wrong chart", "charting error",
    "documentation error", "clerical error", "data entry error", "wrong patient", "wrong chart", "misfiled", "retracted",
    "disregard", "erroneous"})  # fmt: skip
_SKIPPED = frozenset(
    {"verb", "article", "adverb", "adjective", "sign", "grade", "preposition", "time", "now"}
)


def taken_back(sentences: Sequence[Sequence[Segment]], is_it: IsIt) -> Taken | None:
    """How all mentions of a thing are taken back; None when one of them stands, or nothing mentions it."""
    said = [taken for segments in sentences for taken in _mentions(segments, is_it)]
    if not said or any(taken is None for taken in said):
        return None
    return Taken.DENIED if Taken.DENIED in said else Taken.TALK


def _mentions(segments: Sequence[Segment], is_it: IsIt) -> Iterator[Taken | None]:
    """For each segment that mentions the thing, how it is taken back."""
    for k, segment in enumerate(segments):
        places = [i for i, t in enumerate(segment.terms) if is_it(t)]
        if places:
            yield _governed(segments, k, places, is_it)


def _governed(segments: Sequence[Segment], k: int, places: Sequence[int], is_it: IsIt) -> Taken | None:
    found = segments[k].terms
    before = [t for t in found[: places[0]] if t.kind is not Kind.DOUBT and not _grades(t)]
    behind = found[places[-1] + 1 :]
    aside = _next(segments, k, is_it) if not _left(behind) else None
    if _is_retracted(behind, aside):
        return Taken.DENIED
    if follows_denial(before) or _ends_denied_list(segments[:k], before) or _is_instead(before):
        return Taken.DENIED
    if is_denial(behind) or (aside is not None and is_denial(aside.terms)):
        return Taken.DENIED
    if _is_of_another(segments, k, before, behind, aside):
        return Taken.DENIED
    return _talk(before, behind)


_BESIDE = frozenset({Kind.NEUTRAL, Kind.UNKNOWN, Kind.AND})
_REACH = 8  # words between a denial and the last thing of its list


def follows_denial(before: Sequence[Term]) -> bool:
    """Whether a denial reaches what follows: right before it, or before a list whose last "or" it stands behind."""
    closed = listed = False
    for term in reversed(before[-_REACH:]):
        if term.kind is Kind.DENY and term.value in ("before", "either", "correlative"):
            return closed or not listed
        if (
            term.kind not in _BESIDE
            or term.value in ("verb", "reason")
            or term.tokens[0].word in ("with", "w/")
        ):
            return False
        closed = closed or (term.kind is Kind.AND and term.value == "or" and not listed)
        listed = listed or term.value not in ("adjective", "article")
    return False


def _ends_denied_list(earlier: Sequence[Segment], before: Sequence[Term]) -> bool:
    """Whether it is the last of a list that a denial leads ("no fever, bleeding or VOD")."""
    found = [t for s in earlier for t in s.terms]
    denials = [t for t in found if t.kind is Kind.DENY]
    leads = bool(denials) and (denials[-1].tokens[-1].word in _NEGATIONS | {"of", "for"})
    return leads and any(t.kind is Kind.AND for t in before) and follows_denial([*found, *before])


def _left(behind: Sequence[Term]) -> list[Term]:
    """What follows without words that say nothing of whether it is there."""
    return list(dropwhile(lambda t: t.value in _SKIPPED or _grades(t), behind))


def _grades(term: Term) -> bool:
    return term.kind is Kind.NUMBER or (_first(term) in _GRADED and term.kind is not Kind.DENY)


_GRADED = frozenset({"grade", "gr", "ctcae"})


def _next(segments: Sequence[Segment], k: int, is_it: IsIt) -> Segment | None:
    """The segment behind, after those that only name it again or give its grade."""
    for segment in segments[k + 1 :]:
        if _left([t for t in segment.terms if not is_it(t)]):
            return segment
    return None


def _is_retracted(behind: Sequence[Term], aside: Segment | None) -> bool:
    said = _left(behind) or (aside.terms if aside is not None else ())
    return len(said) > 0 and _words(said[0]) in _RETRACTING and len(said) == 1


def is_denial(behind: Sequence[Term]) -> bool:
    """Whether what follows a name denies it, and nothing else."""
    said = [t for t in _left(behind) if _words(t) not in _WORKUP] if _negative(behind) else _left(behind)
    if not said or said[0].kind is not Kind.DENY:
        return False
    deny, *rest = said
    last = deny.tokens[-1].word
    if len(deny.tokens) == 1 and last in _NEGATIONS:
        if not rest:
            return last in _ALONE
        return _first(rest[0]) in _OCCURRING and (len(rest) == 1 or _first(rest[1]) in _HOW)
    rest = [t for t in rest if t.kind is not Kind.DATE and t.value not in ("adverb", "verb")]
    if rest and (last, _first(rest[0])) in (("present", "on"), ("seen", "by")):
        return False  # "not present on admission": it came later; "not seen by hepatology yet"
    return not rest or (
        last not in ("of", "for", "with") and (_first(rest[0]) in _HOW or rest[0].kind is Kind.NOW)
    )


def _negative(behind: Sequence[Term]) -> bool:
    return any(t.kind is Kind.DENY and t.tokens[0].word in ("negative", "neg") for t in behind)


def _is_instead(before: Sequence[Term]) -> bool:
    return bool(before) and _words(before[-1]) in _INSTEAD


def _is_of_another(
    segments: Sequence[Segment], k: int, before: Sequence[Term], behind: Sequence[Term], aside: Segment | None
) -> bool:
    """Whether it is said to be another person's: in a heading, as the subject, or as nothing but whose it is."""
    if k and len(before) == 0 and segments[k].mark == "-" and _only_whose(segments[k - 1].terms):
        return True
    if _ends_in_person(before):
        return True
    within = [t for t in behind if t.kind is not Kind.NUMBER and t.value != "grade"]
    if within:
        return _first(within[0]) in ("in", "of", "occurred") and _only_whose(within)
    return aside is not None and _only_whose(aside.terms)


def _is_person(term: Term) -> bool:
    return term.kind is Kind.BLOCK and term.value == "person"


def _only_whose(terms: Sequence[Term]) -> bool:
    return any(_is_person(t) for t in terms) and all(_is_person(t) or _joins(t) for t in terms)


def _joins(term: Term) -> bool:
    if _first(term) in _TOLD_BY:
        return False
    plain = (
        term.value in ("adjective", "article", "preposition", "in", "adverb", "other")
        or term.kind is Kind.AND
    )
    return plain or all(t.word in _PERSON_JOINS or t.word in ("occurred", "only") for t in term.tokens)


def _ends_in_person(before: Sequence[Term]) -> bool:
    last = max((i for i, t in enumerate(before) if _is_person(t)), default=None)
    if last is None:
        return False
    between = before[last + 1 :]
    return all(
        t.value in ("adjective", "article", "grade")
        or t.kind in (Kind.NUMBER, Kind.DATE, Kind.PAST)
        or all(w.word in _PERSON_JOINS or w.word in _GRADED for w in t.tokens)
        for t in between
    )


def _talk(before: Sequence[Term], behind: Sequence[Term]) -> Taken | None:
    """Whether a name is only that of a risk, of teaching or of a condition; what is prevented is denied."""
    if behind and behind[0].kind in (Kind.BLOCK, Kind.WAIT):
        words = {t.word for t in behind[0].tokens}
        failed = any(_first(t) in _FAILED for t in behind[1:])
        if not words.isdisjoint(_TALK | _PREVENTED):
            return None if failed else Taken.TALK if words.isdisjoint(_PREVENTED) else Taken.DENIED
    last = max((i for i, t in enumerate(before) if _talks(t)), default=None)
    if last is None or not all(_joins_talk(t) for t in before[last + 1 :]):
        return None
    return Taken.DENIED if any(w.word in _PREVENTED for w in before[last].tokens) else Taken.TALK


def _talks(term: Term) -> bool:
    """Whether a word makes talk of what it governs; to know of a thing is none ("family aware of VOD")."""
    if _words(term) in _WATCHING:
        return True
    if term.kind is not Kind.BLOCK or _first(term) in _KNOWING:
        return False
    return term.value in _TALKING or _words(term) in _CONDITIONS | _RULES


def _joins_talk(term: Term) -> bool:
    plain = term.kind is Kind.NUMBER or term.value in ("adjective", "article", "grade")
    return plain or all(w.word in _TALK_JOINS or w.word in _GRADED for w in term.tokens)


def _words(term: Term) -> str:
    return " ".join(t.word for t in term.tokens)


def _first(term: Term) -> str:
    return term.tokens[0].word


def patient_denies_too(found: Sequence[Term]) -> bool:
    """Whether a denial gives the patient's own as its reason ("No transplant planned, patient declines")."""
    known = [t for t in found if t.value == "patient" or t.kind not in (Kind.NEUTRAL, Kind.AFFIRM)]
    said = ["patient" if t.value == "patient" else t.kind for t in known]
    return said == [Kind.DENY, Kind.TARGET, "patient", Kind.DENY]
