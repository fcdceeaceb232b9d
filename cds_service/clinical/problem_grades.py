"""How severe a Condition or AdverseEvent is recorded: its severity, and its CTCAE grade, wherever FHIR has them.

What words say of it is known by ``reading.grades``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.reading.grades import RANKS, grade_in, open_rank, severity_in, stated_rank
from cds_service.fhir.codings import codes_in, plain_codes, words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.quantities import as_decimal

_SEVERITY_CODES = {
    code: severity
    for name, severity in {
        "severity_life_threatening": "life-threatening",
        "severity_severe": "severe",
        "severity_moderate": "moderate",
        "severity_mild": "mild",
    }.items()
    for code in code_set(name).bare
}
_GRADE_CODES = {
    code: grade
    for name, grade in {
        "ctcae_grade_1": 1, "ctcae_grade_2": 2, "ctcae_grade_3": 3, "ctcae_grade_4": 4, "ctcae_grade_5": 5,
    }.items()
    for code in code_set(name).codes
}  # fmt: skip


def severity_words(body: Mapping[str, Any]) -> str:
    """What stands in ``severity``, in words, else its codes; empty where nothing does."""
    if "severity" not in body:
        return ""
    return words_in(body["severity"]) or " ".join(plain_codes(body["severity"]))


class Graded(NamedTuple):
    """Severity in a word and the CTCAE grade; the highest that is surely stated, and whether a higher one is open."""

    severity: str
    grade: int | None
    stated: int
    open: bool


def graded_by(body: Mapping[str, Any], severity: str, name: str, text: str) -> Graded:
    """What is recorded in ``severity`` or an extension, else what the words say: ``name``'s severity, ``text``'s grade."""
    word, number = _recorded_severity(severity, body.get("severity")), _recorded_grade(body)
    stated = max(RANKS.get(word, 0), number or 0, stated_rank(text))
    grade = grade_in(text) if number is None else number
    return Graded(word or severity_in(name), grade, stated, open_rank(text) > stated)


def _recorded_severity(words: str, concept: object) -> str:
    codes = plain_codes(concept)
    if not words and not codes:
        return ""
    coded = [_SEVERITY_CODES[c] for c in sorted(codes) if c in _SEVERITY_CODES]
    return severity_in(f"{words} {' '.join(codes)}") or (coded[0] if coded else "")


def _recorded_grade(body: Mapping[str, Any]) -> int | None:
    """The CTCAE grade that an extension, the severity or the stage gives."""
    for extension in as_dicts(body.get("extension")):
        if "grade" in (as_text(extension.get("url")) or "").lower():
            concept = as_dict(extension.get("valueCodeableConcept"))
            concept = concept or {"coding": [as_dict(extension.get("valueCoding"))]}
            if (
                said := as_prose(extension.get("valueString")) or as_text(extension.get("valueCode"))
            ) is not None:
                concept = {"coding": [{"code": said}], "text": said}
            figures = (_ENDS_IN_GRADE.fullmatch(code) for code in sorted(plain_codes(concept)))
            figure = next((int(f[1]) for f in figures if f), None)
            if (told := _grade_coded(concept) or figure or grade_in(words_in(concept))) is not None:
                return told
            number = as_decimal(extension.get("valueInteger"))
            if number is not None and number in (1, 2, 3, 4, 5):
                return int(number)
    if "severity" not in body and "stage" not in body:
        return None
    given = [_grade_of(body.get("severity"))]
    given += [_grade_of(s.get("summary"), s.get("type")) for s in as_dicts(body.get("stage"))]
    return max((grade for grade in given if grade is not None), default=None)


# Of an extension that says by its address that it is the grade; more digits are the code of something.
_ENDS_IN_GRADE = re.compile(r"\D{0,40}([1-5])")
_GRADING = re.compile(r"\bctc(?:ae)?\b|adverse event|toxicity", re.IGNORECASE)
_FIGURE = re.compile(r"(?:ctc\w{0,9}-?|grade-?|g)?([1-5])", re.IGNORECASE)


def _grade_coded(concept: object) -> int | None:
    """The grade whose own code a concept has, whatever the words."""
    return max((_GRADE_CODES[key] for key in codes_in(concept) if key in _GRADE_CODES), default=None)


def _grade_of(concept: object, kind: object = None) -> int | None:
    """The grade that a concept is, in words or by a code of a scale of toxicity; ``kind`` may say that it is one."""
    if (coded := _grade_coded(concept)) is not None:
        return coded
    words, codings = words_in(concept), as_dicts(as_dict(concept).get("coding"))
    if (worded := grade_in(words)) is not None:
        return worded
    scales = (words_in(kind), *(as_text(c.get("system")) or "" for c in codings))
    if not any(_GRADING.search(scale.replace("-", " ")) for scale in scales):
        return None
    figures = (_FIGURE.fullmatch(name) for name in (words, *sorted(plain_codes(concept))))
    return max((int(figure[1]) for figure in figures if figure), default=None)
