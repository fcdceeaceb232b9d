"""Regimens by name: mini-hyper-CVD, full hyper-CVAD, and other ALL therapy that notes and plans mention.

A regimen that a text names as given before is history, not part of the plan.
Procedure: docs/policies/inotuzumab/case.md#prior-lines. Also: docs/policies/inotuzumab/initial.md#partner-drugs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cds_service.clinical.reading.reader import read
from cds_service.clinical.words import Said, clauses, says

_MINI = r"mini[- ]?(?:hyper[- ]?|H[- ]?)?C[- ]?VD"  # also mini-HCVD, mini-CVD
MINI_HYPER_CVD = "mini-hyper-cvd"
HYPER_CVAD = "hyper-cvad"
_REGIMEN = (
    rf"(?:{_MINI}|(?:R-|full |dose-adjusted )?hyper[- ]?C[- ]?VAD|(?:augmented |modified )?BFM|(?:CALGB|AALL|GRAALL|UKALL)[ -]?\w*|"
    r"POMP|FLAG(?:-?IDA)?|EsPhALL|Larson|MOAD|CVP|(?:multi-?agent |induction |salvage |systemic |intensive )?chemotherapy|"
    r"(?:induction|salvage|first-line|frontline|systemic) (?:chemo)?therapy|CAR[- ]?T\b|blinatumomab|tisagenlecleucel|induction|"
    r"(?:bosu|dasa|ima|nilo|pona)tinib|lines? of therapy|allo-?SCT|HSCT)"
)
# "After" alone may order the parts of a plan; the other words place a therapy in the past.
_PAST_BEFORE = re.compile(
    r"\b(?:prior|previous(?:ly)?|failed|failure of|completed|received|s/p|status post|(?:pre)?treated with|underwent|"
    r"refractory to|(?:relapse[ds]?|progress\w+|persist\w*|refractory|failure)(?: [\w-]+){0,3}? (?:after|on|following|through)|had)\s+"
    rf"(?:(?:to|with|of|the|a|an|one|two|three|first|second|\d+|cycles?|courses?|rounds?|lines?)\s+)*(?P<regimen>{_REGIMEN})",
    re.IGNORECASE,
)
_PAST_AFTER = re.compile(
    rf"(?P<regimen>{_REGIMEN})[^,;.]{{0,30}}?\b(?:was given|were given|given in|completed|failed|failure|in 20\d\d|last (?:year|month))\b",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:plan\w*|will|to start|to receive|scheduled|intend\w*|propos\w+|recommend\w*|consider\w*)\b",
    re.IGNORECASE,
)
_OTHER_CANCER = re.compile(
    r"\b(?:breast|prostate|lung|colon|colorectal|ovarian|bladder|gastric|testicular|thyroid|cervical|hodgkin|myeloma|sarcoma|melanoma)\b",
    re.IGNORECASE,
)


def names_regimen(text: str) -> bool:
    """Whether a text affirms ALL therapy by the name of a regimen."""
    return says(text, re.compile(_REGIMEN, re.IGNORECASE)) is Said.AFFIRMED


def is_for_another_cancer(text: str) -> bool:
    """Whether a reason or note is about a cancer that is no leukemia."""
    return _OTHER_CANCER.search(text) is not None and "leuk" not in text.lower()


def prior_therapy_in(text: str) -> Iterator[str]:
    """The clauses of a text that state an ALL therapy given before."""
    for clause in clauses(text):
        match = _PAST_BEFORE.search(clause) or _PAST_AFTER.search(clause)
        if match is None or _PLANNED.search(clause) or is_for_another_cancer(clause):
            continue
        if says(clause, re.compile(re.escape(match["regimen"]), re.IGNORECASE)) is Said.AFFIRMED:
            yield clause


def plans(text: str, regimen: str) -> bool:
    """Whether a text names a regimen (one of the constants above) as part of the plan: affirmed, and not as given before."""
    return regimen in read(text, "regimen").values


def names(text: str, regimen: str) -> bool:
    """Whether a text affirms a regimen at any time, as planned or given before."""
    return any(a.value == regimen for a in read(text, "regimen").assertions)
