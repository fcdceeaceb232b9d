"""Who the patient on the order page is: what an EHR keeps in view beside every order.

Shows what the sandbox's record holds, and says "none recorded" where it holds nothing; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.quantities import in_words
from cds_service.sandbox.ehr.front_desk import PLAN
from cds_service.smart.page.wording import as_said
from cds_service.values import dataclass

_PAST = {"resolved", "inactive", "remission"}
_SIZES = ("body_height", "body_weight")


@dataclass(frozen=True, slots=True)
class Banner:
    """One patient, in words. ``age`` is in years on the sandbox's day."""

    name: str
    sex: str
    born: str
    age: int
    mrn: str
    member: str
    plan: str
    problems: tuple[str, ...]
    allergies: tuple[str, ...]
    body: str


def banner(held: Iterable[Mapping[str, Any]], today: date) -> Banner:
    """The banner from a patient's own resources, front desk included."""
    by_type: dict[str, list[Mapping[str, Any]]] = {}
    for resource in held:
        by_type.setdefault(str(resource.get("resourceType")), []).append(resource)
    patient, insurance = by_type["Patient"][0], by_type["Coverage"][0]
    born = str(patient.get("birthDate"))
    return Banner(
        name=as_text(as_dicts(patient.get("name"))[0].get("text")) or "",
        sex=as_text(patient.get("gender")) or "",
        born=born,
        age=_years(date.fromisoformat(born), today),
        mrn=str(as_dicts(patient.get("identifier"))[0].get("value")),
        member=str(insurance.get("subscriberId")),
        plan=PLAN,
        problems=_named(by_type.get("Condition", ())),
        allergies=_named(by_type.get("AllergyIntolerance", ())),
        body=", ".join(_measured(by_type.get("Observation", ()))),
    )


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _named(found: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The entries that are not over, each once, the newest first."""
    current = [one for one in found if not _PAST & set(_codes(one.get("clinicalStatus")))]
    current.sort(key=lambda one: str(one.get("recordedDate")), reverse=True)
    words = (as_said(words_in(one.get("code")).split(" | ")[0]) for one in current)
    return tuple(dict.fromkeys(word for word in words if word))


def _codes(concept: object) -> Iterator[str]:
    yield from (str(coding.get("code")) for coding in as_dicts(as_dict(concept).get("coding")))


def _measured(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """``165 cm``, ``68 kg (2026-04-14)``: the newest of each."""
    for size in _SIZES:
        own = [one for one in found if size in concepts(one.get("code"), "labs")]
        if own:
            newest = max(own, key=lambda one: str(one.get("effectiveDateTime")))
            day = str(newest.get("effectiveDateTime"))[:10]
            yield f"{in_words(as_dict(newest.get('valueQuantity')))} ({day})"
