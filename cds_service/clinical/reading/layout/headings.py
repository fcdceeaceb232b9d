"""Headings of notes: what they are, which of them silence what follows, and which begin another part of the note."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

from cds_service.clinical.reading.layout.company import KIN, at_hand
from cds_service.clinical.reading.lexicon import OPEN, SWINGS, Kind, terms
from cds_service.clinical.reading.tokens import Shape, Token, tokens
from cds_service.clinical.reading.topics import TOPICS
from cds_service.remembering import remembered

# Titles of a sample or a test, which under the name of another person may be that person's.
_SAMPLES = frozenset(
    {
        "results", "pathology", "bone marrow biopsy", "marrow biopsy", "bmbx", "flow", "flow cytometry", "pet", "pet / ct", "diagnosis",
        "final diagnosis", "bone marrow", "marrow", "response", "findings", "interpretation", "current status", "disease status", "imaging",
    }
)  # fmt: skip
_ASSESSING = frozenset({"assessment", "impression", "a/p", "assessment / plan", "assessment and plan"})
# All titles that begin a part of a note on the present.
_SECTIONS = frozenset(
    {
        *_SAMPLES, *_ASSESSING,
        "today", "summary", "conclusion", "interval", "interval history", "interval hx", "interval events", "subjective", "objective", "data",
        "vitals", "micro", "current therapy", "labs", "exam", "update", "update today", "today's update", "hospital course", "physical exam",
        "physical examination", "laboratory data", "lab data",
    }
)  # fmt: skip
# Titles that stand on a line of their own without a colon, of parts that are not about the present.
_TITLES = frozenset(
    {
        "pmh", "pmhx", "past medical history", "past history", "medical history", "past surgical history", "family history", "fhx", "fh",
        "history", "hpi", "history of present illness", "onc history", "onc hx", "oncologic history", "oncologic hx", "oncology history",
        "oncology hx", "cancer history", "treatment history", "prior therapy", "prior treatment",
        "patient education", "education", "teaching", "patient teaching", "instructions", "patient instructions", "discharge instructions",
        "return precautions", "precautions", "warnings", "warning signs", "side effects", "possible side effects", "adverse effects",
        "consent", "informed consent", "risks", "indications", "eligibility", "inclusion criteria", "exclusion criteria", "plan", "goals",
        "pending", "awaiting", "awaited", "pending results", "results pending", "pending studies", "to follow", "to be determined", "tbd",
        "not done", "ruled out", "denies", "pertinent negatives", "relevant negatives", "significant negatives", "allergies",
        "drug allergies", "medication allergies", "allergies and intolerances", "known allergies", "allergy list", "adverse drug reactions",
    }
)  # fmt: skip
# Titles without a colon that name another person, or rules for all patients, and what may stand beside these words in them.
_OTHERS = frozenset({*KIN, "donor", "donors", "donor's", "sibling", "siblings"}) - {"partner"}
_RULES = frozenset(
    {"eligibility", "criteria", "indications", "guideline", "guidelines", "requirements", "prescribing"}
)
_BESIDE = frozenset(
    {
        "information", "info", "evaluation", "workup", "results", "data", "labs", "testing", "screening", "typing", "chart", "summary",
        "details", "demographics", "history", "potential", "related", "unrelated", "matched", "stem", "cell", "haploidentical", "(", ")",
        "of", "for", "and", "the", "key", "inclusion", "exclusion", "trial", "study", "clinical", "usage", "use", "policy", "coverage", "nccn",
        "her", "his", "general", "main", "major", "treatment", "medical", "necessity", "approval", "payer",
    }
)  # fmt: skip
_SPECIMENS = frozenset({"specimen", "sample", "source"})  # what stands behind may name whose it is
_PATIENT = frozenset({"patient", "recipient", "patient results", "recipient results"})
_AWAITED = frozenset({"pending", "awaiting", "await", "awaited", "awaits", "tbd", "not"})
_TOLD = frozenset({"reviewed", "covered", "addressed"})
_WITH = frozenset(
    {
        "with",
        "w/",
        "pt",
        "patient",
        "the",
        "her",
        "him",
        "today",
        "again",
        "and",
        "family",
        "in",
        "clinic",
        "also",
    }
)
BULLETS = frozenset({"-", "*", "\u2022"})
_OPEN, _CLOSED = frozenset("(["), frozenset(")]")
_FINDING = 4  # words before the arrow of a rule
_HEADING_WORDS = 6
_BRACKETED = 12  # words of a heading with those in brackets
_SILENT = frozenset({Kind.BLOCK, Kind.PAST})


def heading_end(words: Sequence[Token]) -> int:
    """How many words there are before the colon of a heading; 0 when there is none."""
    outside = depth = 0
    for i, token in enumerate(words[:_BRACKETED]):
        depth += (token.text in _OPEN) - (token.text in _CLOSED)
        if depth > 0 or token.text in _CLOSED:
            continue
        if token.text == ":":
            return i
        outside += 1
        if outside > _HEADING_WORDS:
            break
        if token.shape not in (Shape.WORD, Shape.DATE) and token.text not in ("/", "-", "&"):
            break
    return 0


def _outside_brackets(words: Sequence[Token]) -> list[Token]:
    kept: list[Token] = []
    depth = 0
    for token in words:
        depth += (token.text in _OPEN) - (token.text in _CLOSED)
        if depth <= 0 and token.text not in _CLOSED:
            kept.append(token)
    return kept


class _Judged(NamedTuple):
    """What a title does to what is under it."""

    silent: bool
    section: bool  # it begins another part of the note
    open: bool  # it says that what it lists is open
    lists: bool  # what it lists, line by line, is denied, awaited or open
    past: bool  # it is silent of what is past alone, and the topic may ask about the past
    told: bool  # it is silent of what is past alone
    person: bool  # it names another person


# What is asked of the present alone.
_OF_NOW = frozenset({"cd22", "mrd", *(t.name for t in TOPICS.values() if t.passing or t.parts)})


@remembered(200_000)
def _judged(title: str, topic: str) -> _Judged:
    """Notes share their titles."""
    words = tokens(title)
    found = at_hand(terms(words, topic))
    kinds = {t.kind for t in found}
    about = TOPICS.get(topic)
    opening = {Kind.WAIT} if about is None or about.suspects else OPEN
    ended = about is not None and bool(about.lost)  # "Resolved problems:"
    listing = [
        t for t in found if t.kind is Kind.DENY or t.kind in opening or (ended and t.kind is Kind.LOSE)
    ]
    if any(
        t.value == "specimen" or t.tokens[-1].word == "marrow" for t in found
    ):  # a marrow "for follow-up" is one that was taken
        listing = [t for t in listing if t.tokens[0].word in _AWAITED]
    return _Judged(
        bool(kinds & _SILENT),
        " ".join(t.word for t in words) in _SECTIONS,
        about is not None
        and (title.lower() == "differential" if kinds.isdisjoint(OPEN) else about.of_leukemia),
        about is not None and bool(listing) and Kind.TARGET not in kinds,
        Kind.BLOCK not in kinds and topic not in _OF_NOW,
        Kind.BLOCK not in kinds,
        not _OTHERS.isdisjoint(w.word for w in words),
    )


def _is_checklist(words: Sequence[Token], colon: int, topic: str) -> bool:
    """Whether a sentence is a list of what the patient was told of ("Reviewed with patient: VOD, infection"): bare names."""
    about = TOPICS.get(topic)
    title = {t.word for t in words[:colon]}
    if about is None or not about.suspects or title.isdisjoint(_TOLD) or not title <= _TOLD | _WITH:
        return False
    said = {t.kind for t in terms(words[colon + 1 :], topic)}
    return said.isdisjoint({*SWINGS, *OPEN, Kind.AFFIRM, Kind.NUMBER, Kind.DATE})


class Part:
    """What the titles met so far in a note say of the sentences under them, for one topic."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._silenced = self._listed = False
        self._until_line_ends = False  # what silences is of one line
        self._person = False  # what silences is the name of another person

    def silences(self, words: Sequence[Token], colon: int, *, opens_line: bool, ends_line: bool) -> bool:
        """Whether the next sentence is silenced; ``colon``: where that of its title stands, or 0."""
        if opens_line and self._until_line_ends:
            self._silenced, self._until_line_ends = self._person, False
        if colon:
            return self._titled(words, colon, opens_line=opens_line, ends_line=ends_line)
        if opens_line and ends_line:
            self._alone(words)
        return self._silenced or self._listed

    def _titled(self, words: Sequence[Token], colon: int, *, opens_line: bool, ends_line: bool) -> bool:
        title = [t.text for t in _outside_brackets(words[:colon]) if t.shape is not Shape.DATE]
        is_ = _judged(" ".join(title), self._topic)
        alone = ends_line and colon == len(words) - 1
        # "Marrow 4/10:" begins another part of a note where it begins a line.
        begins = self._begins(" ".join(title).lower(), is_, at_start=opens_line or len(title) == colon)
        if title and title[0].lower() in _SPECIMENS:
            self._person = not _OTHERS.isdisjoint(t.word for t in words[colon:])
        elif begins or (is_.silent and alone):
            self._person = is_.silent and is_.person
        silent = is_.silent or _is_statistic(words[:colon]) or self._person
        self._silenced = silent or (self._silenced and not begins)
        of_line = _is_of_a_line(words[:colon]) or (is_.told and _is_answer(words[colon + 1 :]))
        self._until_line_ends = is_.silent and of_line and not alone
        told = _is_checklist(words, colon, self._topic)
        if opens_line and words[0].text not in BULLETS:
            self._listed = (is_.lists or told) and alone
        return self._silenced or self._listed or is_.open or told

    def _begins(self, title: str, is_: _Judged, *, at_start: bool) -> bool:
        """Whether a title begins another part of a note; under the name of another person a sample is that person's."""
        if self._person and (title in _PATIENT or title.partition(" ")[0] in _SPECIMENS):
            return True
        return is_.section and at_start and not (self._person and title in _SAMPLES)

    def _alone(self, words: Sequence[Token]) -> None:
        """A title that is a line of its own, without a colon."""
        title = " ".join(t.word for t in words)
        others = _names_others(words)
        if others or title in _PATIENT:
            self._person = others and not _RULES & {t.word for t in words}
            self._silenced, self._listed = others, False
        elif title in _TITLES:
            is_ = _judged(title, self._topic)
            self._silenced, self._listed = self._silenced or (is_.silent and not is_.past), is_.lists
        elif (
            title in _SECTIONS
            and (title in _ASSESSING or all(t.text.isupper() for t in words if t.word[0].isalpha()))
            and not (self._person and title in _SAMPLES)
        ):
            self._silenced = self._listed = self._person = False


def _names_others(title: Sequence[Token]) -> bool:
    """Whether a line is the title of what is said of another person ("Donor information") or of all patients ("Eligibility criteria")."""
    words = {t.word for t in title}
    return words <= _OTHERS | _RULES | _BESIDE and not words.isdisjoint(_OTHERS | _RULES)


_OF_A_LINE = frozenset({"reason", "donor", "donors", "caregiver", "contact", "spouse", "family"})


def _is_of_a_line(title: Sequence[Token]) -> bool:
    """Whether a title is of one line: what a visit or an examination is for ("Reason for visit"), or who somebody is ("Donor")."""
    history = title[-1].word in ("history", "hx")
    return (title[0].word in _OF_A_LINE and not history) or title[-1].word in ("indication", "indications")


_ANSWERS = frozenset({"yes", "no", "none", "never", "denies", "unknown", "n/a", "na"})


def _is_answer(words: Sequence[Token]) -> bool:
    """Whether behind a title there is nothing but the answer to it, so that it is of one line ("Prior VOD: no")."""
    return (
        bool(words)
        and words[0].word in _ANSWERS
        and all(t.shape is not Shape.WORD or t.word in _ANSWERS for t in words)
    )


def _is_statistic(title: Sequence[Token]) -> bool:
    """Whether a title sets a bound of frequency ("Adverse reactions (>10%)"), as drug information does."""
    signs = {t.text for t in title}
    return "%" in signs and not signs.isdisjoint("<>") and not signs.isdisjoint(_OPEN)


def is_rule(words: Sequence[Token], telling: Set[str]) -> bool:
    """Whether words say what follows from a finding that they begin with ("MRD neg -> transplant"); a chain of events does not."""
    arrows = [i for i, t in enumerate(words[:-1]) if t.text == "-" and words[i + 1].text == ">"]
    return len(arrows) == 1 and arrows[0] <= _FINDING and any(t.word in telling for t in words[: arrows[0]])


def is_section(words: Sequence[Token]) -> bool:
    """Whether words are the title of a part of a note."""
    return " ".join(t.word for t in words).removesuffix(" :") in _SECTIONS
