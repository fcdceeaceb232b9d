"""Which conditions a Condition or AdverseEvent records, by its codes and by its name.

Being recorded asserts: the entry's own name can take a code back ("Sepsis, resolved") or leave it undecided, and a
name that is not wholly understood leaves the condition undecided, never silent. Decides no treatment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.recorded import Named, named, opening
from cds_service.clinical.terms import concepts
from cds_service.fhir.dates import When
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose
from cds_service.remembering import remembered

# Concepts that a name adds to those of the codes: topic of the reader, and values.
_ADDED = {
    "vod_sos": ("vod", "vod"),
    "infusion_reaction": ("reaction", "reaction", "anaphylaxis"),
    "extramedullary_disease": ("extramedullary", "present"),
}
# Concepts of which the entry's own name has the last word.
_NAMED = {
    "hemorrhage": ("bleeding", "bleeding"),
    "infection": ("infection", "infection", "severe"),
    "severe_infection": ("infection", "severe"),
    "liver_disease": ("liver-disease", "liver-disease", "serious"),
    "serious_liver_disease": ("liver-disease", "serious"),
    "gilbert_or_hemolysis": ("hemolysis", "gilbert-or-hemolysis"),
    "pregnancy": ("pregnancy", "pregnant"),
    "lactation": ("lactation", "lactating"),
    "cytopenia": ("cytopenia", "cytopenia"),
}
# Concepts that record low counts of blood cells, by code or by name.
HEMATOLOGIC = frozenset({"neutropenia", "thrombocytopenia", "pancytopenia", "myelosuppression", "cytopenia"})
_STRONGEST = tuple(Named)


class Recorded(NamedTuple):
    """The concepts that an entry states, and those that it names in words which leave them undecided.

    ``when`` is the date that its own name gives ("Pneumonia in 1999"), None when it gives none.
    """

    stated: frozenset[str]
    undecided: frozenset[str]
    when: When | None


def recorded(concept: object, words: str) -> Recorded:
    """What a CodeableConcept with its words records. ``words``: its text and displays, the own name first."""
    coded = concepts(concept, "conditions")
    if "febrile_neutropenia" in coded:  # an infection, and by its definition a severe one
        coded |= {"infection", "severe_infection"}
    named_as = _named_as(words)
    stated = named_as.added | (coded - _NAMED.keys())
    undecided: set[str] = set()
    for condition, said in named_as.said:
        if said is Named.STATED or (condition in coded and said in (Named.UNDECIDED, Named.ABSENT)):
            stated |= {condition}
        elif said is Named.UNDECIDED or (condition in coded and said in (Named.ABOUT, Named.SUSPECTED)):
            undecided |= {condition}
    topics = {_NAMED[c][0] for c in (stated | undecided) & _NAMED.keys()}
    return Recorded(stated, frozenset(undecided), _date_in(words.split(" | ")[0], topics))


class _NamedAs(NamedTuple):
    """What the names of an entry say, whatever its codes: concepts that they add, and of which they have the last word."""

    added: frozenset[str]
    said: tuple[tuple[str, Named], ...]


@remembered(200_000)
def _named_as(words: str) -> _NamedAs:
    names = words.split(" | ")
    added = (c for c, asked in _ADDED.items() if any(named(n, *asked) is Named.STATED for n in names))
    return _NamedAs(frozenset(added), tuple((c, _said(names, asked)) for c, asked in _NAMED.items()))


def _date_in(name: str, topics: Collection[str]) -> When | None:
    """The one date that a name gives for what it states."""
    if not topics:
        return None
    dates = {a.when for topic in topics for a in read(name, topic).assertions if a.when is not None}
    return dates.pop() if len(dates) == 1 else None


def _said(names: Sequence[str], asked: tuple[str, ...]) -> Named:
    """What the own name says; where it does not name the thing, what the names of its codes say."""
    own, *others = (opening(name, *asked) for name in names)
    return own if own is not Named.ABSENT or not others else min(others, key=_STRONGEST.index)


_HISTOLOGY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"


def code_of(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    """The code of a Condition, with the histology that mCODE states in an extension beside it."""
    code = as_dict(condition.get("code"))
    told = [
        as_dict(e.get("valueCodeableConcept"))
        for e in as_dicts(condition.get("extension"))
        if e.get("url") == _HISTOLOGY
    ]
    beside = [c for h in told for c in (*as_dicts(h.get("coding")), {"display": as_prose(h.get("text"))})]
    return {**code, "coding": [*as_dicts(code.get("coding")), *beside]} if told else code
