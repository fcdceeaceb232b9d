"""Of which disease and of whom a clause speaks: "in complete remission" is said of what stands before it.

A clause that names the leukemia, its marrow or its treatment speaks of the leukemia. One without such a word
speaks of what is named before it, behind a comma, dash, bracket, arrow or full stop; where that is another
disease, another person or not understood, the clause says nothing here. Knows no polarity.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from cds_service.clinical.reading.clauses import Segment, Sentence
from cds_service.clinical.reading.layout.headings import is_section
from cds_service.clinical.reading.lexicon import OPEN, OTHER_DISEASE, SWINGS, Kind, Term, terms
from cds_service.clinical.reading.tokens import Shape

_LEUKEMIA = frozenset({
    "leukemia", "leukaemia", "leukemic", "leukaemic", "lymphoblastic", "ball", "bcp", "blast", "blasts", "lymphoblasts", "marrow", "bm",
    "bmbx", "bma", "bmb", "aspirate", "trephine", "mrd", "inotuzumab", "ino", "besponsa", "cr1", "cr2", "cr3", "cri", "crh", "crp",
})  # fmt: skip
# Endings of words that name a disease, whether or not the lexicon knows it.
_DISEASED = ("oma", "omas", "itis", "osis", "opathy", "sclerosis")
# What is said of the patient in one word, and names nothing.
_STATES = frozenset({
    "afebrile", "asymptomatic", "alert", "oriented", "comfortable", "ambulatory", "great", "fine", "good", "hi", "hello", "nad", "ecog",
    "outpatient", "inpatient", "infusion", "follow", "f/u", "next", "tolerates", "feels", "looks",
})  # fmt: skip
_ANSWERS = frozenset(
    {"pos", "neg", "positive", "negative", "+", "normal", "wnl", "none", "no", "n/a", "unknown"}
)
_ATTENDING = frozenset({
    "bedside", "present", "room", "updated", "accompanied", "accompanies", "here", "called", "phone", "match", "matched",
})  # fmt: skip
_SIGNED = frozenset({*SWINGS, *OPEN, Kind.AFFIRM})
_LONGEST_NAME = 4  # words


def speaks_of_another(clause: Segment, sentence: Sentence, topic: str) -> bool:
    """Whether a clause that does not name the leukemia is said of something else, or of nobody knows what."""
    if _names_leukemia(clause.terms):
        return False
    told = _within(clause, sentence)
    return _before(clause, sentence, topic) if told is None else told


def _within(clause: Segment, sentence: Sentence) -> bool | None:
    """What the segments before a clause tell; None when they name nothing."""
    first = clause.terms[0].start
    behind = [s for s in sentence.segments if s.terms[0].start <= first]
    for segment, after in reversed(tuple(pairwise(behind))):
        if _names_leukemia(segment.terms):
            return after.mark != "," and _ends_with_another(segment.terms)
        if _names_another(segment.terms):
            return True
        if not _is_name(segment.terms):
            continue
        if after.mark != "," or (_leans(clause) and len(segment.terms) <= _LONGEST_NAME):
            return True
    return None


def _before(clause: Segment, sentence: Sentence, topic: str) -> bool:
    """What the sentences before tell, back to the name of a list or a line that names one thing alone."""
    bulleted, near = sentence.bulleted, True
    for before in reversed(sentence.before):
        found = terms(before.plain, topic)
        if before.ending == "\n" and not (bulleted or len(found) <= _LONGEST_NAME):
            return False
        bulleted = bulleted or before.bulleted
        if _names_leukemia(found) or is_section(before.plain):
            return _is_of_person(found) and not _names_patient(clause)
        if _names_another(found):
            return True
        if any(t.kind is Kind.TARGET for t in found):
            return False
        if near and _is_name(found) and _is_short(found):
            return not _names_patient(clause)
        near = near and all(t.kind is not Kind.UNKNOWN for t in found)
    return False


def _names_patient(clause: Segment) -> bool:
    return any(t.value == "patient" for t in clause.terms)


def _names_leukemia(found: Sequence[Term]) -> bool:
    return any(_is_leukemia(t) for t in found)


def _is_leukemia(term: Term) -> bool:
    if term.value == OTHER_DISEASE:
        return False
    if term.value.startswith("cycle "):
        return True
    words = {t.word for t in term.tokens}
    return not words.isdisjoint(_LEUKEMIA) or (
        "all" in words and (len(words) > 1 or term.tokens[0].text == "ALL")
    )


def _names_another(found: Sequence[Term]) -> bool:
    """Whether terms name another disease, and do not deny it."""
    for i, term in enumerate(found):
        if term.kind is Kind.DENY:
            return False
        if term.value == OTHER_DISEASE:
            return not _is_answered_no(found[i + 1 :])
    return False


def _is_answered_no(behind: Sequence[Term]) -> bool:
    """Whether a label is answered with a denial and nothing else ("CMV: negative")."""
    return len(behind) == 2 and behind[0].tokens[0].text == ":" and behind[1].kind is Kind.DENY


def _ends_with_another(found: Sequence[Term]) -> bool:
    last = next(t for t in reversed(found) if t.value == OTHER_DISEASE or _is_leukemia(t))
    return last.value == OTHER_DISEASE


def _is_name(found: Sequence[Term]) -> bool:
    """Whether terms hold a name that is not known, and are no statement of their own ("Tolerating diet", "no fever")."""
    unknown = [t for t in found if t.kind is Kind.UNKNOWN and t.tokens[0].shape is Shape.WORD]
    if any(t.value.endswith(_DISEASED) for t in unknown):
        return not any(t.kind is Kind.DENY for t in found)
    if found[-1].tokens[-1].word in _ANSWERS and any(t.tokens[0].text == ":" for t in found):
        return False  # "Ph: pos"
    if not unknown or any(t.kind in _SIGNED or t.value == "verb" for t in found):
        return False
    return not unknown[0].value.endswith(("ing", "ed")) and any(t.value not in _STATES for t in unknown)


def _is_short(found: Sequence[Term]) -> bool:
    """Whether a sentence is a name alone: no day, no visit, nobody who is only at hand."""
    if not _ATTENDING.isdisjoint(w.word for t in found for w in t.tokens):
        return False
    dated = any(t.kind is Kind.DATE and not t.value.isdigit() for t in found)
    return len(found) <= _LONGEST_NAME and not dated and all(t.value != "report" for t in found)


def _leans(segment: Segment) -> bool:
    """Whether a segment begins as what is said of the name before it ("in remission", "no progression", "CR")."""
    first = next(
        (t for t in segment.terms if t.kind is not Kind.DATE and t.value != "report"), segment.terms[0]
    )
    return first.kind in (Kind.TARGET, Kind.NOW, Kind.DENY) or first.value in ("in", "verb", "adjective")


def _is_of_person(found: Sequence[Term]) -> bool:
    """Whether a sentence is of another person, who is ill and not only at hand ("Friend w/ ALL", not "Wife at bedside")."""
    opens = next((t for t in found if t.value not in ("article", "adjective", "adverb", "patient")), None)
    person = opens is not None and opens.kind is Kind.BLOCK and opens.value == "person"
    return person and _ATTENDING.isdisjoint(w.word for t in found for w in t.tokens)


_INO = r"(?:inotuzumab|ino|besponsa)"
_BEGUN = r"(?:begun|began|started|initiated|commenced)"
_TREATED = rf"(?:{_BEGUN}|begin|start|starts|starting|begins|beginning|initiate|received|placed|put|treated|switched|went|proceeded)"
# "so InO was begun", "and was started on inotuzumab", "now on InO", "-> InO", "InO C1 3/18", "day 14 of InO".
_FOR_WHICH_BEGUN = re.compile(
    rf"(?<!before )(?<!prior to )(?<!since )\b{_TREATED}(?: (?:to|on|with|the|single|agent|salvage|c1|cycle 1)){{0,4}} {_INO}\b"
    rf"|\b{_INO}(?: (?:ozogamicin|therapy|c1|cycle 1|was|is|has|been|then)){{0,4}} (?:{_BEGUN}|given)\b"
    rf"|(?:^|[,;.:] |\b(?:now|currently|presently|and|is|so) )on {_INO}\b"
    rf"|(?:->|[,;.:]|\bthen|\bso) {_INO}(?= (?:ozogamicin|c1|cycle 1|since|from|\d)|\W*$|[.,;]| ->)"
    rf"|\bday \d{{1,2}} of {_INO}\b"
    rf"|(?:^|[,;.:] )(?:now|currently|presently|today) {_INO}(?=\W*$|[.,;]| (?:ozogamicin|c1|cycle 1|alone|monotherapy)\b)|\b{_INO} (?:now|today)(?=\W*$|[.,;])"
    rf"|\b(?:referred|refer|here|presents|presenting|admitted) (?:for|to (?:start|begin|receive)) {_INO}\b(?! c)"
)
_GIVEN_FOR = re.compile(
    rf"(?<!longer )(?<!not )\bon {_INO} (?:due to|because of|for|given|secondary to)\b"
    rf"|\b(?:with|received|receiving|completed|got|(?:cycles?|courses?|rounds?|doses?) of) {_INO}(?: ozogamicin| therapy| treatment)* for\b"
)


def is_reason_to_treat(clause: Segment, sentence: Sentence, text: str, states: frozenset[str]) -> bool:
    """Whether a state without a day is the one for which inotuzumab was begun ("relapsed, so InO was begun")."""
    held = next((s for s in sentence.segments if _target_of(s, states) in clause.terms), None)
    if held is None:
        return False
    if _GIVEN_FOR.search(text[sentence.start : held.terms[-1].end].lower()) is not None:
        return True
    if any(t.kind is Kind.DATE or _is_of_course(t) for t in held.terms):
        return False
    behind = text[held.terms[-1].end : sentence.after]
    return _FOR_WHICH_BEGUN.search(behind.lower().replace("-agent", " agent").strip()) is not None


def is_explained(clause: Segment, sentence: Sentence) -> bool:
    """Whether a clause only says what its letters stand for ("CR = complete remission"), or that they mean another thing.

    "PD (Parkinson disease)": the words in brackets begin with the letters and are none of the topic's.
    """
    equals = any(t.tokens[0].text == "=" for t in clause.terms)
    names = sum(t.kind is Kind.TARGET for t in clause.terms)
    if equals and names > 1 and len(clause.terms) == names + 1:
        return True
    for segment, aside in pairwise(sentence.segments):
        name = segment.terms[-1]
        if aside.mark == "(" and name.kind is Kind.TARGET and len(name.tokens) == 1 and name in clause.terms:
            words = [w.word for t in aside.terms for w in t.tokens]
            unknown = any(t.kind is Kind.UNKNOWN for t in aside.terms)
            if unknown and "".join(w[0] for w in words) == name.tokens[0].word:
                return True
    return False


# What may stand beside the name of a disease and is no statement of its own.
_BESIDE_NAME = frozenset({
    "sign", "article", "adjective", "patient", "preposition", "and", "disease", "report", "after", "drug", "in", "name",
})  # fmt: skip
_DISEASE = frozenset({"disease", "dz", "leukemia", "leukaemia"})


def only_names_disease(clause: Segment, sentence: Sentence, states: frozenset[str]) -> bool:
    """Whether a state is only part of the disease's name ("# B-ALL, relapsed"), and nothing else is said."""
    state = next((t for t in clause.terms if t.kind is Kind.TARGET and t.value in states), None)
    if state is None or state.tokens[0].word in ("has", "is", "back"):
        return False
    if not all(_is_beside_name(t) for t in clause.terms if t.kind is not Kind.TARGET):
        return False
    before = (t for t in reversed(sentence.terms) if t.start < state.start)
    name = next((t for t in before if t.value not in ("sign", "in", "adjective")), None)
    if name is None or not (name.value == "disease" or name.tokens[-1].word in ("all", "lymphoblastic")):
        return False
    said_of_it = state.start - name.end <= 1 and name.tokens[-1].word in _DISEASE
    return not said_of_it and all(t.tokens[0].word != "after" for t in clause.terms)


def _is_beside_name(term: Term) -> bool:
    if term.kind in (Kind.NUMBER, Kind.THERAPY) or term.tokens[0].word == "here":
        return True
    known = term.value in _BESIDE_NAME or term.value.startswith("cycle")
    return known and term.kind in (Kind.NEUTRAL, Kind.AND)


def _target_of(segment: Segment, states: frozenset[str]) -> Term | None:
    return next((t for t in segment.terms if t.kind is Kind.TARGET and t.value in states), None)


def _is_of_course(term: Term) -> bool:
    return term.value.startswith("cycle ") or not {w.word for w in term.tokens}.isdisjoint(
        ("ino", "inotuzumab", "besponsa")
    )
