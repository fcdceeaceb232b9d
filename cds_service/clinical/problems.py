"""Problems and adverse events: Condition and AdverseEvent as dated, verified (or not) statements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from cds_service.clinical.exposure import medication_concept
from cds_service.clinical.terms import concepts
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.codings import System, codes_in, plain_codes, words_in
from cds_service.fhir.dates import When, read_when, start_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.quantities import as_decimal
from cds_service.fhir.record import Record, Resource

# Text fallbacks for concepts whose codes are incomplete (conditions.csv, system "text").
WORDS: Mapping[str, re.Pattern[str]] = {
    "vod_sos": phrase(
        r"(?:hepatic )?veno-?occlusive(?: liver)? (?:disease|syndrome)(?: of the liver)?", r"veno occlusive(?: liver)? disease", r"sinusoidal obstructi\w+(?: syndrome)?",
        r"VOD(?:\s*/\s*SOS)?", r"SOS of (?:the )?liver", r"SOS",
    ),
    "infusion_reaction": phrase(
        r"infusion(?: |-)?related (?:hypersensitivity )?reactions?", r"infusion reactions?", r"anaphyla\w+(?: shock| reaction)?",
    ),
    "hemorrhage": phrase(r"ha?emorrhag\w*", r"bleed\w*", r"epistaxis", r"hematemesis", r"melena"),
    "infection": phrase(
        r"sepsis", r"septic shock", r"pneumonia", r"bacter[ae]mia", r"fungemia", r"(?:severe |serious |invasive )?infections?",
        r"cellulitis", r"mucormycosis", r"aspergillosis",
    ),
    "liver_disease": phrase(r"cirrhosis", r"chronic liver disease", r"hepatic failure", r"chronic hepatitis(?: [bc])?", r"liver failure"),
    "gilbert_or_hemolysis": phrase(r"gilbert'?s?(?: syndrome)?", r"hemoly(?:sis|tic an(?:a)?emia)"),
    "pregnancy": phrase(r"pregnan(?:t|cy)"),
    "lactation": phrase(r"lactati(?:on|ng)", r"breast ?-?feeding"),
    "extramedullary_disease": phrase(
        r"extramedullary (?:disease|leuk\w+|involvement|relapse|mass\w*)", r"EMD", r"chloroma", r"(?:CNS|testicular|leptomeningeal) (?:disease|leuk\w+|involvement|relapse)",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """One Condition or AdverseEvent.

    ``verified`` is False for unconfirmed, provisional or differential diagnoses. ``onset`` is the
    stated onset (an AdverseEvent's date), ``recorded`` when it was written down, ``resolved``
    when it ended. ``grade`` is a CTCAE grade, ``severity`` the word for it. ``suspects`` are the
    drugs or causes it is attributed to, in words.
    """

    concepts: frozenset[str]
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
    suspects: tuple[str, ...]
    notes: str
    is_event: bool

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

    @property
    def shown(self) -> str:
        date = f", {self.dated}" if self.dated else ", undated"
        return f"{self.words.split(' | ')[0] or 'event'}{date}"


def problems_of(record: Record, zone: tzinfo) -> Iterator[Problem]:
    for resource in record.of_type("Condition"):
        yield _condition(resource, zone)
    for resource in record.of_type("AdverseEvent"):
        yield _adverse_event(resource, record, zone)


def _concepts(concept: object, words: str) -> frozenset[str]:
    found = set(concepts(concept, "conditions"))
    found |= {name for name, pattern in WORDS.items() if says(words, pattern) is Said.AFFIRMED}
    return frozenset(found)


def _condition(resource: Resource, zone: tzinfo) -> Problem:
    body = resource.body
    code = body.get("code")
    words = words_in(code)
    notes = " ; ".join(t for n in as_dicts(body.get("note")) if (t := as_text(n.get("text"))))
    doubtful = bool(
        plain_codes(body.get("verificationStatus")) & {"unconfirmed", "provisional", "differential"}
    )
    clinical = plain_codes(body.get("clinicalStatus"))
    onset = read_when(body.get("onsetDateTime"), zone) or start_of(body.get("onsetPeriod"), zone)
    ended = read_when(body.get("abatementDateTime"), zone) or start_of(body.get("abatementPeriod"), zone)
    severity = words_in(body.get("severity")) or " ".join(plain_codes(body.get("severity")))
    return Problem(
        concepts=_concepts(code, words),
        codes=frozenset(codes_in(code)),
        words=words,
        reference=resource.reference,
        verified=not doubtful and not _is_worded_as_doubtful(words),
        clinical=next(iter(sorted(clinical)), ""),
        onset=onset,
        recorded=read_when(body.get("recordedDate"), zone),
        resolved=ended,
        severity=_severity(severity, body.get("severity"), f"{words} {notes}"),
        grade=_grade(body, f"{words} ; {notes}"),
        suspects=tuple(named_causes(notes)),
        notes=notes,
        is_event=False,
    )


def _adverse_event(resource: Resource, record: Record, zone: tzinfo) -> Problem:
    body = resource.body
    code = body.get("event")
    words = words_in(code)
    outcome = plain_codes(body.get("outcome"))
    severity = words_in(body.get("severity")) or " ".join(plain_codes(body.get("severity")))
    severity += " " + " ".join(sorted(plain_codes(body.get("seriousness"))))  # SeriousIsLifeThreatening
    description = as_text(body.get("description")) or ""
    notes = " ; ".join(t for n in as_dicts(body.get("note")) if (t := as_text(n.get("text"))))
    resolved = read_when(body.get("recordedDate"), zone) if outcome & {"resolved", "recovered"} else None
    date = read_when(body.get("date"), zone) or read_when(body.get("detected"), zone)
    return Problem(
        concepts=_concepts(code, words),
        codes=frozenset(codes_in(code)),
        words=words or description,
        reference=resource.reference,
        verified=as_text(body.get("actuality")) != "potential" and not _is_worded_as_doubtful(words),
        clinical="resolved" if outcome & {"resolved", "recovered", "resolvedWithSequelae"} else "active",
        onset=date,
        recorded=read_when(body.get("recordedDate"), zone),
        resolved=resolved,
        severity=_severity(severity, body.get("severity"), words),
        grade=_grade(body, f"{words} ; {description} ; {notes}"),
        suspects=tuple(_suspects(body, record)) or tuple(named_causes(description)),
        notes=" ; ".join(t for t in (description, notes) if t),
        is_event=True,
    )


def _is_worded_as_doubtful(words: str) -> bool:
    return bool(
        re.search(r"\b(?:possible|probable|suspected|rule out|r/o|concern for)\b|\?", words, re.IGNORECASE)
    )


_SEVERITIES = (
    ("life-threatening", r"life[ -]?threatening|442452003|\bfatal\b|anaphylactic shock"),
    ("severe", r"\bsevere\b|24484000"),
    ("moderate", r"\bmoderate\b|6736007"),
    ("mild", r"\bmild\b|255604002"),
)


def _severity(words: str, concept: object, text: str) -> str:
    stated = f"{words} {' '.join(plain_codes(concept))}"
    for source in (stated, text):
        for name, pattern in _SEVERITIES:
            if re.search(pattern, source, re.IGNORECASE):
                return name
    return ""


_GRADE = re.compile(r"\b(?:CTCAE\s*)?(?:grade|gr\.?|G)\s*([1-5])\b", re.IGNORECASE)


def _grade(body: Mapping[str, Any], text: str) -> int | None:
    """The CTCAE grade, from an extension, the severity, or the words."""
    for extension in as_dicts(body.get("extension")):
        if "grade" in (as_text(extension.get("url")) or "").lower():
            concept = as_dict(extension.get("valueCodeableConcept"))
            for code in (
                *plain_codes(concept),
                *plain_codes({"coding": [as_dict(extension.get("valueCoding"))]}),
            ):
                if (digits := re.search(r"[1-5]$", code)) is not None:
                    return int(digits[0])
            number = as_decimal(extension.get("valueInteger"))
            if number is not None and number in (1, 2, 3, 4, 5):
                return int(number)
    for source in (words_in(body.get("severity")), text):
        if (match := _GRADE.search(source)) is not None:
            return int(match[1])
    return None


def _suspects(body: Mapping[str, Any], record: Record) -> Iterator[str]:
    for entity in as_dicts(body.get("suspectEntity")):
        pointer = as_dict(entity.get("instance"))
        target = record.resolve(as_text(pointer.get("reference")) or "")
        words = as_text(pointer.get("display")) or ""
        if target is not None:
            concept = (
                target.body.get("code") if target.type == "Medication" else medication_concept(target, record)
            )
            words = f"{words} {words_in(concept)}"
            codings = as_dicts(as_dict(concept).get("coding"))
            words += " " + " ".join(str(c.get("code")) for c in codings)
        if text := words.strip() or as_text(pointer.get("reference")):
            yield text


_CAUSE = re.compile(
    r"\b(?:due to|caused by|secondary to|attributed to|related to|(?:reaction|allergy|allergic) to)\s+(?:the\s+)?([\w\- ]{3,60})",
    re.IGNORECASE,
)


def named_causes(text: str) -> Iterator[str]:
    """What a text names as the cause. "After" and "following" tell a time, not a cause."""
    for match in _CAUSE.finditer(text):
        yield match[1].strip()
