"""Which concept a result is of when no known code says it: by its whole name, from a reviewed list.

A name alone is not enough: the value must carry a unit of that concept ("Neutrophils" are a count
or a share by it), no code of a public system may name another test, and the specimen must be the
patient's own blood or marrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cds_service.clinical.observations import units
from cds_service.clinical.observations.figures import figure_of
from cds_service.clinical.observations.measurements import MEASUREMENTS
from cds_service.clinical.terminology import rows
from cds_service.fhir.codings import System, codes_in, words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose

_PUBLIC = frozenset({System.LOINC, System.SNOMED, System.CPT})
_OTHER_SPECIMEN = re.compile(
    r"\burine|\burinary|\bcsf\b|cerebrospinal|\bstool|fluid\b|effusion|sweat|saliva|\bfetal|\bgoal\b|\btarget\b|"
    r"\bbirth\b|\bestimated\b|\bdonor\b|\bideal\b|\bdry\b|\bcord\b|\bgraft\b|\bapheresis\b|\bpheresis\b|\bproduct\b",
    re.IGNORECASE,
)


# Commas, stops and brackets of a name change nothing; other signs are words ("neut#", "ast/sgot").
_MARKS = str.maketrans(dict.fromkeys(",.:;()[]-_\u2013", " ") | {sign: f" {sign} " for sign in "#%/"})


@cache
def _names() -> Mapping[str, frozenset[str]]:
    """Each name with its concepts, of which the unit tells the one meant."""
    found: dict[str, set[str]] = {}
    for row in rows("lab_names"):
        found.setdefault(_tidy(row["display"]), set()).add(row["concept"])
    return {name: frozenset(concepts) for name, concepts in found.items()}


def _tidy(name: str) -> str:
    return " ".join(name.casefold().translate(_MARKS).split())


def has_known_name(code: object) -> bool:
    """Whether one of the names of a code is on the list, which alone decides nothing."""
    return bool(_by_name(code))


def _by_name(code: object) -> dict[str, str]:
    known = _names()
    return {concept: name for name in _spoken(code) for concept in known.get(_tidy(name), ())}


def named_concepts(part: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, str]:
    """The concepts that a part of an Observation has by its name and unit, each with that name."""
    found = _by_name(part.get("code"))
    if not found or any(system in _PUBLIC for system, _ in codes_in(part.get("code"))):
        return {}
    if _of_another_specimen(body):
        return {}
    return {
        concept: name for concept, name in found.items() if _has_unit_of(part, MEASUREMENTS[concept].kind)
    }


def _spoken(code: object) -> Iterator[str]:
    whole = as_dict(code)
    displays = (as_prose(c.get("display")) for c in as_dicts(whole.get("coding")))
    yield from (name for name in (as_prose(whole.get("text")), *displays) if name)


def _has_unit_of(part: Mapping[str, Any], kind: str) -> bool:
    figure = figure_of(part)
    return figure is not None and units.convert(figure.number, kind, figure.code, figure.unit) is not None


def _of_another_specimen(body: Mapping[str, Any]) -> bool:
    words = (words_in(body.get("code")), words_in(body.get("bodySite")), words_in(body.get("method")))
    return any(_OTHER_SPECIMEN.search(text) for text in (*words, *_specimens(body)))


def _specimens(body: Mapping[str, Any]) -> Iterator[str]:
    """What the specimen is called: beside its reference, or by itself where the Observation contains it."""
    yield as_prose(as_dict(body.get("specimen")).get("display")) or ""
    for one in as_dicts(body.get("contained")):
        if one.get("resourceType") == "Specimen":
            yield words_in(one.get("type"))
