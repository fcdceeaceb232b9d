"""Hematopoietic stem cell transplant: performed (as recorded, or as texts tell), planned, or said not to be planned.

The name of a procedure or request means one only by a code or beside hematopoietic words; a bare
"transplant" in a note means one unless an organ transplant is on record.
Source: docs/record-reading.md#transplants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from cds_service.clinical.acts import Act
from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.leukemia.transplants.done import is_of_one_done, performed_in, without_reason
from cds_service.clinical.leukemia.transplants.names import is_request, is_transplant
from cds_service.clinical.leukemia.transplants.plans import intention_in
from cds_service.clinical.statements import Statement
from cds_service.fhir.codings import System, words_in
from cds_service.fhir.dates import When, whole_day
from cds_service.remembering import once
from cds_service.values import dataclass

_PLAN_STATUSES = {"draft", "active", "on-hold", "booked", "pending", "proposed", "arrived", "waitlist", ""}
_PLANS = {"ServiceRequest", "Appointment", "CarePlan"}
_HEMATOPOIETIC = re.compile(
    r"\bha?emato?poietic\b|\bhemopoietic\b|\b(?:stem|progenitor)[- ]cells?\b|\bbone[- ]marrow\b|\bcord[- ]blood\b|\bmarrow\b|"
    r"\b(?:allo|auto|haplo)?-?(?:HSCT|HCT|SCT|BMT|PBSCT?|UCBT)\b|\ballo(?:geneic)?\b|\bautologous\b|\bhaplo(?:identical)?\b",
    re.IGNORECASE,
)
_ORGAN = re.compile(
    r"\b(?:kidney|renal|liver|hepatic|heart|cardiac|lungs?|cornea\w*|kerato\w*|limbal|pancrea\w*|islets?|intestin\w*|bowel|skin|hair|"
    r"tendons?|ligaments?|cartilage|chondrocytes?|nerves?|uter\w+|ovar\w+|thymus|valves?|muscles?|fat|f(?:a)?ecal|microbiota|"
    r"hand|face|limb|tooth|teeth|organs?)\b",
    re.IGNORECASE,
)
_TRANSPLANT = re.compile(r"transplant", re.IGNORECASE)
_ORGAN_CODES, _STEM_CELL_CODES = code_set("organ_transplant"), code_set("stem_cell_transplant")
_FINDING_OUT = re.compile(
    r"\b(?:refer(?:ral|red)?|evaluat\w+|assess\w*|consult\w*|candidacy|eligib\w+|work-?\s?up|HLA|typing|donor (?:search|identification|selection)|"
    r"search|education|discussion|clinic|visit|follow-?\s?up|check-?\s?up|pre-?\s?(?:HSCT|HCT|SCT|BMT|allo\w*))\b",
    re.IGNORECASE,
)
# What else a reason, note or detail of a request may say that is wholly about finding out ("new patient evaluation for allo").
_BESIDE_FINDING_OUT = re.compile(
    r"\b(?:a|an|the|and|or|for|of|to|by|with|at|only|please|pre|prior|before|initial|new|first|second|opinion|pt|patient|donors?|"
    r"transplant\w*|(?:allo|auto|haplo)\w*|bmt|h?sct|hct|stem|cells?|bone|marrow|request(?:ed)?|order|service|team|physician|eval|"
    r"sibling|siblings|related|unrelated|matched|appointment|procedure|outpatient|clinical|medicine|hematology|oncology|office|return|"
    r"established|video|tele(?:health|phone|medicine)|phone|virtual|in|person|nurse|provider|md|np|pa|exam|short|long|extended|min(?:utes)?)\b",
    re.IGNORECASE,
)
_GRAFT_DISEASE = re.compile(r"gvhd|graft", re.IGNORECASE)
_AFTER_ONE = frozenset({"hsct_status", "hsct_complication"})
_ORDERING = frozenset({"MedicationRequest", "ServiceRequest", "Appointment", "CarePlan"})
_HSCT_CONCEPTS = frozenset({"hsct", "hsct_allogeneic", "hsct_autologous", "hsct_conditioning"})


@dataclass(frozen=True, slots=True)
class Transplant:
    """A transplant performed. ``when`` is None when the record gives no date.

    ``known_by`` is the time by which it had taken place, as far as a status or complication tells.
    ``reasons`` are those that its procedure states.
    """

    when: When | None
    reference: str
    words: str
    known_by: When | None = None
    reasons: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Intention:
    """A statement that a transplant is planned, or is not."""

    planned: bool
    when: When | None
    reference: str
    words: str


@once
def transplants(chart: Chart) -> tuple[Transplant, ...]:
    """Transplants performed up to the clock, dated or not."""
    found = [
        Transplant(a.when, a.reference, a.words, a.when, a.reasons)
        for a in chart.acts
        if a.kind == "Procedure"
        and a.status in ("completed", "in-progress", "")
        and (a.concepts & _HSCT_CONCEPTS or (is_transplant(a.words) and _is_hematopoietic(a.words)))
    ]
    for p in chart.problems:
        if p.verified and not p.is_event and (p.concepts & _AFTER_ONE or _is_after_one(p.words)):
            when = p.onset if p.is_a("hsct_status") else None
            found.append(
                Transplant(when, p.reference, p.words, p.dated, _reasons(without_reason(p.words)[1]))
            )
    return tuple(found)


def _reasons(disease: str) -> tuple[Mapping[str, Any], ...]:
    return ({"text": disease},) if disease else ()


def _is_after_one(name: str) -> bool:
    """Whether the name of a condition says that stem cells were transplanted; a bare "transplant" may be of any organ."""
    name = without_reason(name)[0]
    return is_of_one_done(name) and (_is_hematopoietic(name) or _GRAFT_DISEASE.search(name) is not None)


@once
def told_transplants(chart: Chart) -> tuple[Transplant, ...]:
    """Transplants that only texts tell of. What may be one that is recorded, or told with its date, is not repeated."""
    recorded = transplants(chart)
    organ = organ_transplant_on_record(chart)
    found: list[Transplant] = []
    for s in chart.statements:
        if s.kind in _ORDERING or not s.text:
            continue
        for told in performed_in(s.whole if s.answered else s.text, s.when.last if s.when else None):
            if not organ or _HEMATOPOIETIC.search(told.quote):
                known_by, reasons = told.known_by or s.when, _reasons(told.reason)
                found.append(Transplant(told.when, s.reference, told.quote, known_by, reasons))
    dated = [t for t in (*recorded, *found) if t.when is not None]
    undated = () if dated or recorded else found[:1]
    return (*(t for t in found if t.when is not None and not _is_among(t, recorded)), *undated)


def _is_among(told: Transplant, recorded: Iterable[Transplant]) -> bool:
    """Whether a transplant told of with its date may be one that is recorded."""
    day = told.when
    return any(
        day is None or w is None or (w.first <= day.last and w.last >= day.first)
        for w in (t.when for t in recorded)
    )


@once
def intentions(chart: Chart) -> tuple[Intention, ...]:
    """All statements of the transplant plan. A revoked or completed request is no plan."""
    found = list(_requests(chart))
    organ = organ_transplant_on_record(chart)
    for s in chart.statements:
        planned = intention_in(s.whole, s.when.last if s.when else None) if s.kind != "Procedure" else None
        closed = s.kind in _PLANS and s.status not in _PLAN_STATUSES
        if planned is None or (planned and (closed or _only_prepares(s))):
            continue
        if not organ or _HEMATOPOIETIC.search(s.whole):
            found.append(Intention(planned, s.when, s.reference, s.whole[:120]))
    return tuple(found)


def _only_prepares(s: Statement) -> bool:
    """Whether a request or appointment is for a referral, evaluation, typing or donor search."""
    return s.kind in ("ServiceRequest", "Appointment") and bool(_FINDING_OUT.search(s.topic or s.text))


def _is_hematopoietic(name: str) -> bool:
    """Whether the name of a procedure or request that names a transplant means one of stem cells."""
    return bool(_HEMATOPOIETIC.search(name)) and not _ORGAN.search(name)


@once
def organ_transplant_on_record(chart: Chart) -> bool:
    """Whether an organ was transplanted, or is to be: then a bare "transplant" may mean that one."""
    acts = ((a.words, frozenset[tuple[System, str]]()) for a in chart.acts)
    problems = ((p.words, p.codes) for p in chart.problems)
    return any(
        (_TRANSPLANT.search(words) and _ORGAN.search(words))
        or any(code in _ORGAN_CODES and code not in _STEM_CELL_CODES for code in codes)
        for words, codes in (*acts, *problems)
    )


def _requests(chart: Chart) -> Iterator[Intention]:
    """Requests, appointments and plans for a transplant that stand."""
    stated = {s.reference: s.when for s in chart.statements if s.when}
    for act in chart.acts:
        texts = " ; ".join((act.words, *act.texts))
        if (
            act.kind not in _PLANS
            or act.status not in _PLAN_STATUSES
            or (said := intention_in(texts)) is False
        ):
            continue
        names = act.names if said is None else (act.words,)  # what a title says is a statement already
        named = any(_names_one_to_come(name, chart.today) for name in names)
        if (act.concepts & _HSCT_CONCEPTS or named) and not _finds_out(act):
            yield Intention(True, stated.get(act.reference), act.reference, act.words or texts[:120])


# What an appointment's name says around the transplant that it is for; "BMT admission" may be to a ward of that name.
_TO_BE_ADMITTED = re.compile(
    r"^(?:(?:direct|planned|elective|scheduled|inpatient|hospital) )*(?:admission|admit)\s?(?:for\b|:|-)\s?|"
    r"(?<!BMT)\s(?:inpatient )?admission$|\s?[-:,;(]\s?(?:start of )?conditioning(?: chemo\w*)?(?: start\w*| begins?)?\)?$",
    re.IGNORECASE,
)


def _names_one_to_come(name: str, today: date) -> bool:
    """Whether a name is a stem cell transplant, and not one that it says is done ("HSCT 2024")."""
    name = " | ".join(_TO_BE_ADMITTED.sub("", part.strip()) for part in name.split(" | "))
    return is_request(name) and _is_hematopoietic(name) and not performed_in(name, today)


def _finds_out(act: Act) -> bool:
    """Whether a request or visit is for a referral, evaluation, typing or donor search: by its name, or wholly by a reason, note or kind."""
    told = (*act.texts, *(words_in(reason) for reason in act.reasons)) if act.kind != "CarePlan" else ()
    return _FINDING_OUT.search(act.words) is not None or any(map(_is_of_finding_out, told))


def _is_of_finding_out(text: str) -> bool:
    rest = re.sub(r"\beval\b", "evaluation", text, flags=re.IGNORECASE)
    if not _FINDING_OUT.search(rest):
        return False
    return not re.search(r"[^\W\d_]", _BESIDE_FINDING_OUT.sub(" ", _FINDING_OUT.sub(" ", rest)))


def newest_intention(
    chart: Chart, more: Iterable[Intention] = ()
) -> tuple[bool | None, tuple[Intention, ...]]:
    """The newest statement of the plan: True, False, or None when there is none or those of one day differ.

    A statement without a date (an appointment's own day is none) may be the newest.
    """
    found = [_stated(i, chart) for i in (*intentions(chart), *more)]
    last = max((i.when.first for i in found if i.when is not None), default=None)
    newest = tuple(i for i in found if i.when is None or (last is not None and i.when.last >= last))
    signs = {i.planned for i in newest}
    return (signs.pop() if len(signs) == 1 else None), newest


def _stated(intention: Intention, chart: Chart) -> Intention:
    """A day that is still to come is when the transplant is planned, not when it was stated."""
    when = intention.when
    ahead = when is not None and not when.has_happened(chart.clock)
    return replace(intention, when=None) if ahead else intention


def stated_in_order(texts: Iterable[str], chart: Chart, reference: str) -> Iterator[Intention]:
    """What the order being signed says of the plan; it is stated today."""
    for text in texts:
        if (planned := intention_in(text, chart.today)) is not None:
            yield Intention(planned, whole_day(chart.today), reference, text[:120])
