"""What an OperationOutcome beside the rows of an answer means: a notice, rows withheld, or a failure.

Knows FHIR's issue types and the codes of one vendor that come with nearly every answer of its
servers. An issue type alone is not enough: the same one is used for standing notices and for gaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text


class Meaning(IntEnum):
    """In rising order of harm."""

    NOTICE = 0
    PARTIAL = 1
    FAILED = 2


# Epic: a standing notice, nothing found, parameters that were ignored.
_NOTICES = frozenset({"4119", "4101", "4122", "59100", "59109"})
# Epic: a sub-type that the client or the user may not see, break the glass, more than 100 results.
_SUB_TYPES = frozenset({"59204", "59205"})
_CUT_OFF = frozenset({"4134", "59133"})
_WITHHELD = frozenset(
    {"suppressed", "security", "forbidden", "expired", "incomplete", "timeout", "throttled", "too-costly", "exception",
     "login", "transient", "no-store", "lock-error"}
)  # fmt: skip
_NOT_UNDERSTOOD = frozenset({"not-supported", "invalid", "code-invalid", "value"})

# Sub-types in which none of the facts that we read can stand, reviewed one by one; all others may hold one.
_HARMLESS = frozenset(
    {
        ("Condition", "dental finding"), ("Observation", "dental finding"), ("Procedure", "dental procedure"),
        ("Observation", "smoking history"), ("Observation", "sdoh assessments"), ("Observation", "study finding"),
        ("ServiceRequest", "community resource"), ("CarePlan", "dental treatment plan"), ("Appointment", "community resource"),
    }
)  # fmt: skip
_NAMED = re.compile(
    r"not authori[sz]ed for (?P<type>[A-Z]\w+)\s*[-\u2013:]\s*(?P<sub>[^.;\n]+)", re.IGNORECASE
)

PARTIAL_TEXT = "the server says that rows are withheld or cut off"
FAILED_TEXT = "the server reported an error in its answer"
NOT_UNDERSTOOD_TEXT = "the server did not understand the whole search"


def meaning_of(outcomes: Iterable[Mapping[str, Any]], *, has_rows: bool) -> tuple[Meaning, str | None]:
    """The gravest meaning of these outcomes and its clause for a prescriber; a notice has none."""
    issues = [issue for outcome in outcomes for issue in as_dicts(outcome.get("issue"))]
    found = [_of_issue(issue, has_rows) for issue in issues]
    return max(found, key=lambda pair: pair[0], default=(Meaning.NOTICE, None))


def _of_issue(issue: Mapping[str, Any], has_rows: bool) -> tuple[Meaning, str | None]:
    code, coded = as_text(issue.get("code")) or "", _details(issue)
    if issue.get("severity") in ("error", "fatal"):
        return Meaning.FAILED, FAILED_TEXT
    if coded & _SUB_TYPES:
        return (Meaning.NOTICE, None) if _is_harmless(issue) else (Meaning.PARTIAL, PARTIAL_TEXT)
    if coded & _CUT_OFF:
        return Meaning.PARTIAL, PARTIAL_TEXT
    if coded & _NOTICES:
        return Meaning.NOTICE, None
    if code in _WITHHELD:
        return Meaning.PARTIAL, PARTIAL_TEXT
    if not has_rows and issue.get("severity") == "warning" and code in _NOT_UNDERSTOOD:
        return Meaning.FAILED, NOT_UNDERSTOOD_TEXT
    return Meaning.NOTICE, None


def _details(issue: Mapping[str, Any]) -> frozenset[str]:
    coded = as_dicts(as_dict(issue.get("details")).get("coding"))
    return frozenset(code for c in coded if (code := as_text(c.get("code"))))


def _is_harmless(issue: Mapping[str, Any]) -> bool:
    """Whether every sub-type that is named as withheld holds none of our facts; one that is not named may hold any."""
    texts = (as_prose(issue.get("diagnostics")), as_prose(as_dict(issue.get("details")).get("text")))
    named = [m for text in texts if text for m in _NAMED.finditer(text)]
    return bool(named) and all((m["type"], m["sub"].strip().lower()) in _HARMLESS for m in named)


def issue_codes(body: object) -> frozenset[str]:
    """The issue types of an OperationOutcome that came in the place of an answer."""
    return frozenset(c for issue in as_dicts(as_dict(body).get("issue")) if (c := as_text(issue.get("code"))))
