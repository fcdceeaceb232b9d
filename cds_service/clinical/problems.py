"""Problems and adverse events: Condition and AdverseEvent as dated, verified (or not) statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import Any

from cds_service.clinical.code_sets import code_set, code_shown
from cds_service.clinical.named_conditions import HEMATOLOGIC, code_of, recorded
from cds_service.clinical.problem_grades import graded_by, severity_words
from cds_service.clinical.problem_times import end_of_problem, onset_of
from cds_service.clinical.reading.clauses import is_open_or_denied_form
from cds_service.clinical.reading.tokens import folded
from cds_service.clinical.therapy.drugs import UNRESOLVED, medication_ingredients, shown
from cds_service.clinical.therapy.medication import concept_of
from cds_service.fhir.codings import System, codes_in, plain_codes, status_codes, words_in
from cds_service.fhir.dates import When, read_when, written_on
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.record import Record, Resource
from cds_service.remembering import remembered
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One Condition or AdverseEvent.

    ``undecided`` are the concepts that its name speaks of in words that are not wholly understood. ``verified`` is False
    for unconfirmed, provisional or differential diagnoses. ``onset`` is the stated onset (an AdverseEvent's date), else the
    date that the name gives, ``recorded`` when it was written down, ``resolved`` when it ended. ``grade`` is a CTCAE grade,
    ``severity`` the word for it; ``stated_grade`` is the highest of both that is recorded or surely stated of this event,
    0 for none; ``grade_open``: its words name a higher one and leave open whose it is. ``suspects`` are the causes in words.
    ``onset_text`` is the onset where it is told in words ("after cycle 1"), of which ``onset`` may understand no more
    than that it lies before they were written.
    """

    concepts: frozenset[str]
    undecided: frozenset[str]
    codes: frozenset[tuple[System, str]]
    words: str
    reference: str
    verified: bool
    clinical: str
    onset: When | None
    recorded: When | None
    resolved: When | None
    severity: str
    grade: int | None
    stated_grade: int
    grade_open: bool
    suspects: tuple[str, ...]
    notes: str
    is_event: bool
    onset_text: str = ""

    @property
    def dated(self) -> When | None:
        """Onset, else the day it was recorded."""
        return self.onset or self.recorded

    @property
    def is_active(self) -> bool:
        """Whether it is not stated as ended."""
        return self.resolved is None and self.clinical not in ("resolved", "inactive", "remission")

    def is_a(self, concept: str) -> bool:
        return concept in self.concepts

    def may_be(self, concept: str) -> bool:
        """Whether it is recorded as a concept, in whatever words: enough for a warning, not for anything that lifts one."""
        return concept in self.concepts or concept in self.undecided

    @property
    def is_hematologic(self) -> bool:
        """Whether it records low counts of blood cells, by code or name, and no infection or bleeding with them."""
        if self.may_be("infection") or self.may_be("hemorrhage"):
            return False
        return code_set("hematologic_toxicity").has_any(self.codes) or bool(self.concepts & HEMATOLOGIC)

    @property
    def shown(self) -> str:
        name = self.words.split(" | ")[0] or code_shown(self.codes) or "event"
        return f"{name}, {self.day_shown}"

    @property
    def day_shown(self) -> str:
        """When it was, for a reader: in its own words where these are not understood."""
        if self.onset_text and (self.dated is None or self.dated.first.year != self.dated.last.year):
            return f'onset "{self.onset_text[:_QUOTED]}"'
        return str(self.dated or "undated")


_QUOTED = 60  # characters of an onset in words


def problem_shown(p: Problem) -> str:
    """A condition for a prescriber: its words, else its code, and its date."""
    words = re.sub(r" \((?:disorder|finding)\)$", "", p.words.split(" | ")[0])
    name = words or code_shown(p.codes) or "a condition"
    return f"{name} ({p.day_shown})" if p.dated else name


def problems_shown(problems: Iterable[Problem]) -> str:
    """Several conditions for a prescriber, each once."""
    return ", ".join(dict.fromkeys(problem_shown(p) for p in problems))


def problems_of(record: Record, zone: tzinfo) -> Iterator[Problem]:
    born = next((read_when(p.body.get("birthDate"), zone) for p in record.of_type("Patient")), None)
    for resource in record.of_type("Condition"):
        yield _condition(resource, zone, born)
    for resource in record.of_type("AdverseEvent"):
        yield _adverse_event(resource, record, zone)


_CLINICAL = frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"})


def _name(code: object) -> str:
    """The words of a name, on one line: what breaks it over two says nothing."""
    return words_in(code).replace("\n", " ")


def _condition(resource: Resource, zone: tzinfo, born: When | None) -> Problem:
    body = resource.body
    code = code_of(body) if "extension" in body else body.get("code")
    words = _name(code)
    named = recorded(code, words)
    notes = "\n".join(t for n in as_dicts(body.get("note")) if (t := as_prose(n.get("text"))))
    doubtful = bool(
        status_codes(body.get("verificationStatus")) & {"unconfirmed", "provisional", "differential"}
    )
    clinical = status_codes(body.get("clinicalStatus")) & _CLINICAL
    if not clinical and body.get("abatementBoolean") is True:
        clinical = frozenset({"resolved"})
    graded = graded_by(body, severity_words(body), f"{words} ; {notes}", f"{words} ; {notes}")
    return Problem(
        concepts=named.stated,
        undecided=named.undecided,
        codes=frozenset(codes_in(code)),
        words=words,
        reference=resource.reference,
        verified=not doubtful and not _is_worded_as_doubtful(words),
        clinical=min(clinical, default=""),
        onset=onset_of(body, zone, born) or named.when,
        recorded=written_on(body, zone),
        resolved=end_of_problem(body, zone, born),
        severity=graded.severity,
        grade=graded.grade,
        stated_grade=graded.stated,
        grade_open=graded.open,
        suspects=tuple(named_causes(notes)),
        notes=notes,
        is_event=False,
        onset_text=(as_prose(body["onsetString"]) or "").strip() if "onsetString" in body else "",
    )


def _adverse_event(resource: Resource, record: Record, zone: tzinfo) -> Problem:
    body = resource.body
    code = body.get("event") or body.get("type") or _resulting(resource, record)  # ``type``, as STU3 calls it
    words = _name(code)
    named = recorded(code, words)
    outcome = status_codes(body.get("outcome"))
    severity = severity_words(body)
    severity += " " + " ".join(sorted(plain_codes(body.get("seriousness"))))  # SeriousIsLifeThreatening
    description = as_prose(body.get("description")) or ""
    notes = "\n".join(t for n in as_dicts(body.get("note")) if (t := as_prose(n.get("text"))))
    graded = graded_by(body, severity, words, f"{words} ; {description} ; {notes}")
    resolved = read_when(body.get("recordedDate"), zone) if outcome & {"resolved", "recovered"} else None
    date = read_when(body.get("date"), zone) or read_when(body.get("detected"), zone)
    return Problem(
        concepts=named.stated,
        undecided=named.undecided,
        codes=frozenset(codes_in(code)),
        words=words or description,
        reference=resource.reference,
        verified=as_text(body.get("actuality")) != "potential" and not _is_worded_as_doubtful(words),
        clinical="resolved" if outcome & {"resolved", "recovered", "resolvedwithsequelae"} else "active",
        onset=date or named.when,
        recorded=read_when(body.get("recordedDate"), zone),
        resolved=resolved,
        severity=graded.severity,
        grade=graded.grade,
        stated_grade=graded.stated,
        grade_open=graded.open,
        suspects=tuple(_suspects(resource, record)) or tuple(named_causes(description)),
        notes="\n".join(t for t in (description, notes) if t),
        is_event=True,
    )


def _resulting(event: Resource, record: Record) -> Mapping[str, Any]:
    """The condition that an event resulted in, where the event has no name of its own."""
    for pointer in as_dicts(event.body.get("resultingCondition")):
        target = record.resolve(as_text(pointer.get("reference")) or "", event)
        if (
            code := as_dict(target.body.get("code"))
            if target is not None
            else {"text": pointer.get("display")}
        ):
            return code
    return {}


_DOUBTFUL = re.compile(
    r"\b(?:possible|probable|suspected|rule out|r/o|concern for)\b|\?(?! ?(?:yes|y)\b)", re.IGNORECASE
)


@remembered(200_000)
def _is_worded_as_doubtful(words: str) -> bool:
    """Whether the words of an entry doubt it, or its own name is a form that is open or says "no"."""
    return _DOUBTFUL.search(words) is not None or is_open_or_denied_form(folded(words.split(" | ")[0]))


def _suspects(resource: Resource, record: Record) -> Iterator[str]:
    """Each suspect in words, by the drugs of its codes, and in codes; one that could not be read as a bare reference."""
    for entity in as_dicts(resource.body.get("suspectEntity")):
        pointer = as_dict(entity.get("instance"))
        reference = as_text(pointer.get("reference")) or ""
        target = record.resolve(reference, resource)
        inside = resource if reference.startswith("#") else None
        concept = concept_of(target, record, inside) if target is not None else {}
        concept = concept or as_dict(entity.get("instanceCodeableConcept"))
        codes = [code for c in as_dicts(concept.get("coding")) if (code := as_prose(c.get("code")))]
        said, drugs = as_prose(pointer.get("display")) or "", medication_ingredients(concept)
        if UNRESOLVED in drugs and not said:
            yield reference or _CODE_ALONE
            continue
        named = sorted(shown(d) for d in drugs - {UNRESOLVED})
        words = " ".join(w for w in (said, words_in(concept), *named, *codes) if w)
        if text := words or reference:
            yield text


_CODE_ALONE = "#code"  # of what no table has
_UNREAD = re.compile(r"(?:https?://\S+/)?[A-Z]\w+/\S+|urn:\S+|#\S+")


def is_unread(suspect: str) -> bool:
    """Whether a suspect is only a reference, or a code, that could not be read: then no cause is stated."""
    return _UNREAD.fullmatch(suspect) is not None


_CAUSE = re.compile(
    r"\b(?:due to|caused by|secondary to|attributed to|related to|(?:reactions?|anaphylaxis|hypersensitivity|allergy|allergic) to)\s(?:the\s)?([\w\- ]{3,60})",
    re.IGNORECASE,
)


_CLAUSE_END = re.compile(r"[.;,|()\n]")
_NO_CAUSE = re.compile(r"\b(?:no|not|never|without|denies|denied|neither|nor)\b", re.IGNORECASE)
_ALLERGY = re.compile(r"allerg", re.IGNORECASE)
_ANOTHER_TIME = re.compile(r"\b(?:history|hx|h/o|prior|previous|previously|past|family)\b", re.IGNORECASE)


def named_causes(text: str) -> Iterator[str]:
    """What a text names as the cause. "After" and "following" name a time, not a cause.

    A cause that is denied is none ("no reactions to platelets"), nor is that of a past event or of
    an allergy that the patient has, told beside this one.
    """
    text = folded(text)
    for match in _CAUSE.finditer(text):
        *earlier, clause = _CLAUSE_END.split(text[: match.start()])
        patients = _ANOTHER_TIME.search(clause) or _ALLERGY.match(match[0])
        beside = any(earlier) and patients is not None
        if not beside and _NO_CAUSE.search(clause) is None:
            yield match[1].strip()
