"""Which concept a result is of when no known code says it: by its whole name, from a reviewed list.

A name alone is not enough: the value must carry a unit of that concept ("Neutrophils" are a count
or a share by it) or, where none is measured, be an answer ("Pregnancy Test, Urine: Positive"); no
code of a public system may name another test, and the specimen must be blood or marrow of the patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cds_service.clinical.observations import units
from cds_service.clinical.observations.figures import figure_of
from cds_service.clinical.observations.measurements import MEASUREMENTS
from cds_service.clinical.observations.signs import sign_of
from cds_service.clinical.terminology import rows
from cds_service.fhir.codings import System, codes_in, words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.record import Resource

_PUBLIC = frozenset({System.LOINC, System.SNOMED, System.CPT})
_OTHER_SPECIMEN = re.compile(
    r"\burine|\burinary|\bcsf\b|cerebrospinal|\bstool|fluid\b|effusion|sweat|saliva|\bfetal|\bgoal\b|\btarget\b|"
    r"\bbirth\b|\bestimated\b|\bdonor\b|\bideal\b|\bdry\b|\bcord\b|\bgraft\b|\bapheresis\b|\bpheresis\b|\bproduct\b",
    re.IGNORECASE,
)


# Commas, stops and brackets of a name change nothing; other signs are words ("neut#", "ast/sgot").
# How a thing was measured, or that it was: "Neutrophil # (Auto)", "POC Platelet", "Mg Lvl", "Dosing weight".
_HOW = frozenset(
    {"auto", "automated", "manual", "diff", "poc", "poct", "lvl", "level", "result", "value", "p5p", "ecg", "ekg", "muse", "dosing", "clinical"}
)  # fmt: skip
_MARKS = str.maketrans(dict.fromkeys(",.:;()[]-_\u2013", " ") | {sign: f" {sign} " for sign in "#%/"})


@cache
def _names() -> Mapping[str, frozenset[str]]:
    """Each name with its concepts, of which the unit tells the one meant; LOINC's own names of what is measured among them."""
    found: dict[str, set[str]] = {}
    measured = (row for row in rows("labs") if row["concept"] in MEASUREMENTS)
    for row in (*rows("lab_names"), *measured):
        found.setdefault(_tidy(row["display"]), set()).add(row["concept"])
    return {name: frozenset(concepts) for name, concepts in found.items()}


def _tidy(name: str) -> str:
    words = name.casefold().translate(_MARKS).split()
    return " ".join([w for w in words if w not in _HOW] or words)


def has_known_name(code: object) -> bool:
    """Whether one of the names of a code is on the list, which alone decides nothing."""
    return bool(_by_name(code))


def _by_name(code: object) -> dict[str, str]:
    known = _names()
    return {concept: name for name in _spoken(code) for concept in known.get(_tidy(name), ())}


def named_concepts(part: Mapping[str, Any], observation: Resource) -> dict[str, str]:
    """The concepts that a part of an Observation has by its name and unit, each with that name."""
    found = _by_name(part.get("code"))
    if not found or any(system in _PUBLIC for system, _ in codes_in(part.get("code"))):
        return {}
    sample = " | ".join(words_of_sample(observation))
    if found.keys() >= _BY_SAMPLE and bool(_MARROW.search(sample)) is bool(_BLOOD.search(sample)):
        found = {concept: name for concept, name in found.items() if concept not in _BY_SAMPLE}
    return {
        concept: name
        for concept, name in found.items()
        if _may_be_in(sample, concept) and _answers(part, concept)
    }


_OF_ANY_SPECIMEN = frozenset({"pregnancy_test"})
_OF_MARROW = frozenset({"marrow_blasts_pct"})
# Concepts of one name ("Blasts"), of which only the sample tells the one that is meant.
_BY_SAMPLE = frozenset({"marrow_blasts_pct", "pb_blasts_pct"})
_BLOOD = re.compile(r"\bblood\b|\bperipheral\b|\bvenous\b|\bCBC\b|\bhemogram\b|\bsangre\b", re.IGNORECASE)
_MARROW = re.compile(r"\bmarrow\b|\bBMA?\b|\baspirate\b|\bmédula\b", re.IGNORECASE)


def _may_be_in(sample: str, concept: str) -> bool:
    """Whether a concept can be measured in what the words on a sample name: cells of marrow are none of blood."""
    if concept in _OF_ANY_SPECIMEN:
        return True
    is_marrow = _MARROW.search(sample) is not None
    if _OTHER_SPECIMEN.search(sample) or (is_marrow and concept not in _OF_MARROW):
        return False
    return is_marrow or concept not in _OF_MARROW or not _BLOOD.search(sample)


def _answers(part: Mapping[str, Any], concept: str) -> bool:
    """Whether a value is one of the concept: by its unit, or as an answer where nothing is measured."""
    if concept in MEASUREMENTS:
        return _has_unit_of(part, MEASUREMENTS[concept].kind)
    return sign_of(part, concept) is not None


def _spoken(code: object) -> Iterator[str]:
    whole = as_dict(code)
    displays = (as_prose(c.get("display")) for c in as_dicts(whole.get("coding")))
    yield from (name for name in (as_prose(whole.get("text")), *displays) if name)


def _has_unit_of(part: Mapping[str, Any], kind: str) -> bool:
    figure = figure_of(part)
    return figure is not None and units.convert(figure.number, kind, figure.code, figure.unit) is not None


def words_of_sample(result: Resource) -> Iterator[str]:
    """The words that may say of what sample an Observation or a report is: its own, and those of the report that names it."""
    body = result.body
    yield from (words_in(body.get(member)) for member in ("code", "bodySite", "method"))
    yield from _specimens(body)
    if result.report is not None:
        yield words_in(result.report.get("code"))
        yield from _specimens(result.report)


# Samples of which a result in the patient's record tells nothing of the patient; not "marrow after cord blood transplant".
_ANOTHERS = re.compile(
    r"^\W*(?:donor|cord|umbilical|apheresis|graft|fetal|fetus|newborn)\b|[,;:(]\s*(?:donor|cord|fetal)\b|"
    r"\b(?:from|of) (?:a |the )?donor\b|\bdonor(?:'s)?$|\bapheresis product\b",
    re.IGNORECASE,
)
_ANOTHER_PERSON = re.compile(r"(?:^|/)RelatedPerson/")


def is_of_another(body: Mapping[str, Any]) -> bool:
    """Whether an Observation says that what it looked at is not the patient: a donor, a fetus, a product to infuse."""
    focus = as_dicts(body.get("focus"))
    if any(_ANOTHER_PERSON.search(as_text(one.get("reference")) or "") for one in focus):
        return True
    words = (*(as_prose(one.get("display")) or "" for one in focus), *_specimens(body))
    return any(_ANOTHERS.search(text) for text in words)


def _specimens(body: Mapping[str, Any]) -> Iterator[str]:
    """What the specimen is called: beside its reference, or by itself where the Observation contains it."""
    yield from (as_prose(one.get("display")) or "" for one in as_dicts(body.get("specimen")))
    for one in as_dicts(body.get("contained")):
        if one.get("resourceType") == "Specimen":
            yield words_in(one.get("type"))
