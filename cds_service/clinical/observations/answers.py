"""Yes or no: the answer of an Observation or component, in whatever form it came, a code without words included.

One or nought is an answer only to a question that asks for yes or no ("VOD?", "Relapse (Y/N)", "CR achieved"): elsewhere
it may be a number, a grade or a stage ("CNS 1").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.clinical.code_sets import code_set
from cds_service.fhir.codings import codes_in, words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.quantities import as_decimal
from cds_service.remembering import remembered

_WORDS = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_FIGURES = {"1": True, "0": False}
_ASKS = re.compile(
    r"\?$|\b(?:y ?/ ?n|yes ?/ ?no|1 ?/ ?0|0 ?/ ?1|1 ?= ?yes)\b|\b(?:flag|indicator)$|^(?:is|was|has|have|had|does|did|any)\b|"
    r"\b(?:present|detected|planned|scheduled|occurred|confirmed|achieved|diagnosed|performed|positive)$",
    re.IGNORECASE,
)
# A fact as the whole question: "1" says that it is so, also where it is a grade or a count; of "CNS disease" it may be a stage, of "CR" which one.
_IS_SO = re.compile(
    r"VOD(?: ?/ ?SOS)?|SOS|(?:hepatic )?veno-?occlusive disease|infusion[- ](?:related )?reaction|relapsed?|(?:disease )?progression|"
    r"pregnan(?:t|cy)|extramedullary disease|(?:(?:prior|previous) )?(?:allo(?:geneic)?[- ]?)?(?:HSCT|SCT|transplant)",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"\b(?:numbers?|count|how (?:many|much|often)|grade|score|stage|line|level|times|which|what|when)\b",
    re.IGNORECASE,
)
_VALUES = ("valueBoolean", "valueCodeableConcept", "valueString", "valueInteger")


def yes_or_no(part: Mapping[str, Any]) -> bool | None:
    """Whether an Observation or component answers yes or no; None where it says anything else, or both."""
    if not any(member in part for member in _VALUES):
        return None
    found = set(_answers(part))
    return found.pop() if len(found) == 1 else None


def _answers(part: Mapping[str, Any]) -> Iterator[bool | None]:
    if isinstance(part.get("valueBoolean"), bool):
        yield part["valueBoolean"]
    concept = as_dict(part.get("valueCodeableConcept"))
    said = [as_prose(part.get("valueString")), *words_in(concept).split(" | ")]
    words = [_even(text) for text in said if text]
    yield from (_WORDS.get(text, _figure(text, part)) for text in words)
    codes = codes_in(concept)
    if code_set("answer_yes").has_any(codes):
        yield True
    if code_set("answer_no").has_any(codes):
        yield False
    bare = (as_text(c.get("code")) for c in as_dicts(concept.get("coding")) if "system" not in c)
    yield from (_WORDS.get(code.lower()) for code in bare if code and not words)
    if (number := as_decimal(part.get("valueInteger"))) is not None:
        yield _figure(f"{number.normalize():f}", part)


def _even(text: str) -> str:
    return text.removesuffix(" (qualifier value)").rstrip(".").lower()


def _figure(text: str, part: Mapping[str, Any]) -> bool | None:
    return _FIGURES[text] if text in _FIGURES and _asks(words_in(part.get("code"))) else None


@remembered(20_000)
def _asks(question: str) -> bool:
    """Whether a question is one for yes or no."""
    names = question.split(" | ")
    return any(_IS_SO.fullmatch(n) or (_ASKS.search(n) and not _COUNTS.search(n)) for n in names)
