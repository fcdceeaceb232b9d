"""Why a dose was held, in words: a non-hematologic toxicity, another reason, or not told.

A reason that is not understood decides nothing; blood counts and logistics are no toxicity of
the interruption table (policy analysis 2.8).
"""

from __future__ import annotations

import re

from cds_service.clinical.words import Said, phrase, says

MARROW = frozenset({"neutropenia", "thrombocytopenia", "pancytopenia", "myelosuppression"})

_COUNTS = phrase(
    r"febrile neutropenia", r"neutropeni\w*(?: fever)?", r"thrombocytopeni\w*", r"(?:pan)?cytopeni\w*", r"myelosuppress\w*",
    r"low (?:platelets?|ANC|counts?|neutrophils?|blood counts?)", r"(?:ANC|platelets?|plt|neutrophils?|(?:blood )?counts?)",
    r"an(?:a)?emia", r"hematologic(?:al)?(?: toxicity)?",
)  # fmt: skip
_OTHER = phrase(
    r"patient(?:'s)? (?:request|choice|preference|decision|vacation|travel)", r"schedul\w+", r"holidays?", r"vacation", r"weather",
    r"insurance", r"authori[sz]ation", r"drug (?:supply|shortage)", r"logistic\w*", r"no show", r"missed appointment", r"transport\w*",
    r"transplant\w*", r"progress(?:ion|ive)(?: of)?(?: disease)?",
)  # fmt: skip
_TOXIC = phrase(
    r"hepat\w*", r"liver", r"ALT", r"AST", r"(?:hyper)?bilirubin\w*", r"transamin\w*", r"infect\w*", r"sepsis", r"septic", r"bacter(?:a)?emia",
    r"pneumoni\w*", r"fevers?", r"mucositis", r"stomatitis", r"nausea", r"vomiting", r"emesis", r"diarrh\w*", r"colitis", r"rash", r"dermatitis",
    r"bleed\w*", r"ha?emorrhag\w*", r"fatigue", r"pain", r"neuropath\w*", r"pancreatitis", r"lipase", r"amylase", r"QTc?(?: prolongation)?",
    r"reactions?", r"renal", r"kidney", r"creatinine", r"cardi\w*", r"arrhythmi\w*", r"headaches?", r"seizures?", r"VOD", r"SOS",
    r"veno ?occlusive", r"thrombos\w*", r"embol\w*", r"hypotension", r"hypoxi\w*", r"ascites", r"tumou?r lysis",
)  # fmt: skip
_GENERIC = phrase(
    r"(?:non ?hematologic(?:al)? )?toxicit\w*",
    r"adverse (?:event|reaction|effect)s?",
    r"side effects?",
    r"grade [2-5]",
    r"CTCAE",
)
_NOT_HEMATOLOGIC = re.compile(r"\bnon[\s-]+(?=hematolog)", re.IGNORECASE)


def reason_kind(text: str) -> bool | None:
    """True for a non-hematologic toxicity, False for another reason, None when none is told."""
    words = _NOT_HEMATOLOGIC.sub("non", text).replace(":", ";")
    if _names(_COUNTS.sub(" ", words), _TOXIC):
        return True
    if _names(words, _COUNTS) or _names(words, _OTHER):
        return False
    return True if _names(words, _GENERIC) else None


def _names(text: str, thing: re.Pattern[str]) -> bool:
    """Whether a reason names a thing, be it as suspected; a denial names none."""
    return says(text, thing) in (Said.AFFIRMED, Said.DOUBTED)


_RECOVERED = phrase(
    r"recover(?:ed|y)?", r"resol(?:ved|ution)", r"grade [01]", r"back to baseline", r"normali[sz]ed"
)
_CONDITION = re.compile(
    r"\b(?:(?:until|till|when|once|pending|awaiting|before)\b|after (?:full |complete )?(?:recovery|resolution))[^.;]*",
    re.IGNORECASE,
)
# Words that tell no toxicity from another.
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "grade acute severe chronic toxicity toxic adverse event reaction dose doses held hold therapy treatment disease "
        "leukemia lymphoblastic patient related inotuzumab besponsa cycle disorder unspecified elevated increased high low "
        "blood the and for not due with was has are now had from since day",
    )
)


def says_recovered(text: str, reason: str) -> bool:
    """Whether a statement says that the toxicity of a hold has recovered ("hold until recovery" does not)."""
    said = _CONDITION.sub(" ", text)
    about = shared_words(said, reason) or (not _content(reason) and _names(said, _GENERIC))
    return bool(about) and says(said, _RECOVERED) is Said.AFFIRMED


def shared_words(a: str, b: str) -> set[str]:
    """The telling words that two texts share."""
    return _content(a) & _content(b)


def _content(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.lower())) - _COMMON
