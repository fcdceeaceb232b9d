"""Extramedullary disease (EMD): every statement that it is present, absent or resolved, and every suspicion, with its date and its sites."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import Enum

from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.leukemia.extramedullary_sites import CNS, is_of_marrow, is_within, sites_in
from cds_service.clinical.leukemia.response import ASSESSING
from cds_service.clinical.problems import Problem
from cds_service.clinical.reading.assertions import Assertion, Certainty, Time
from cds_service.clinical.reading.reader import read
from cds_service.clinical.statements import Statement
from cds_service.fhir.dates import When
from cds_service.remembering import once
from cds_service.values import dataclass


class Finding(Enum):
    """Whether a statement is a finding, or leaves open what there is."""

    STATED = "stated"
    SUSPECTED = "suspected"
    CNS_2 = "few leukocytes with blasts in the cerebrospinal fluid, or blood in it"


SOMEWHERE = ""  # the site of disease whose site is not told


@dataclass(frozen=True, slots=True)
class Extramedullary:
    """One statement of extramedullary disease: present, or absent (also resolved).

    ``sites`` are those that it speaks of; without any, presence is somewhere and absence everywhere.
    ``finding``: whether it is one.
    """

    present: bool
    when: When | None
    reference: str
    words: str
    sites: frozenset[str] = frozenset()
    finding: Finding = Finding.STATED

    @property
    def places(self) -> frozenset[str]:
        """The sites of a presence."""
        return self.sites or frozenset({SOMEWHERE})

    def tells_of(self, place: str) -> bool:
        """Whether it says that there is disease at a place of one, or none there."""
        if self.present:
            return place in self.places
        return not self.sites or any(is_within(place, site) for site in self.sites)


@once
def extramedullary(chart: Chart) -> tuple[Extramedullary, ...]:
    """All statements of extramedullary disease: conditions (and their end) and texts."""
    return tuple(e for e in _told(chart) if e.finding is Finding.STATED)


@once
def suspicions(chart: Chart) -> tuple[Extramedullary, ...]:
    """What leaves open whether there is such disease: suspected in a text, or a condition that is not confirmed."""
    return tuple(e for e in _told(chart) if e.finding is Finding.SUSPECTED)


def new_cns_2(chart: Chart) -> tuple[Extramedullary, ...]:
    """CNS 2 where the central nervous system was clear or unmentioned before, and nothing later settles it."""
    told = [(e, e.when) for e in _told(chart) if e.when is not None and e.tells_of(CNS)]
    told = [(e, when) for e, when in told if e.finding is not Finding.SUSPECTED]
    return tuple(e for e, when in told if e.finding is Finding.CNS_2 and _is_new(when.first, told))


def _is_new(day: date, told: Iterable[tuple[Extramedullary, When]]) -> bool:
    """Whether what was found on a day was not there at the time before, and is not cleared since."""
    _, was_there = max(((when.last, e.present) for e, when in told if when.last < day), default=(day, False))
    return not was_there and not any(not e.present and when.first >= day for e, when in told)


@once
def _told(chart: Chart) -> tuple[Extramedullary, ...]:
    topics = {s.reference: s.topic for s in chart.statements if s.topic and s.kind == "DiagnosticReport"}
    return (*_in_problems(chart), *(e for s in chart.statements for e in _in_words(s, topics)))


def _in_problems(chart: Chart) -> Iterator[Extramedullary]:
    """A condition, and its end: on its date, else (stated as ended without one) undated."""
    for p in chart.problems:
        if p.is_event or not p.may_be("extramedullary_disease"):
            continue
        sites = _sites_of(p)
        if not p.verified and p.is_active:
            yield Extramedullary(True, p.dated, p.reference, p.words, sites, Finding.SUSPECTED)
        if p.verified and p.is_a("extramedullary_disease"):
            yield Extramedullary("remission" not in p.words.lower(), p.dated, p.reference, p.words, sites)
            if not p.is_active:
                yield Extramedullary(False, p.resolved, p.reference, f"{p.words} resolved", sites)


def _sites_of(p: Problem) -> frozenset[str]:
    """The sites of a condition; one whose site is not told is a place of its own, so that its end ends no other."""
    coded = frozenset({CNS} if code_set("extramedullary_cns").has_any(p.codes) else ())
    return coded | sites_in(p.words) or frozenset({p.reference})


def _in_words(s: Statement, topics: Mapping[str, str]) -> Iterator[Extramedullary]:
    """What a text states: presence, absence, a suspicion, or (with its date only) a presence of the past.

    Presence and absence of the same sites and time in one text are neither.
    """
    if s.kind not in ASSESSING or (s.kind == "Condition" and not s.text):
        return
    text = f"{s.topic.split(' | ')[0]}: {s.text}" if s.answered else s.text or s.topic
    told = [
        found
        for said in read(text, "extramedullary", s.when.last if s.when else None).assertions
        if (found := _stated(said, s, topics)) is not None
    ]
    findings = [e for e in told if e.finding is Finding.STATED]
    yield from (e for e in told if e not in findings or not any(_contradict(e, other) for other in findings))


_PRESENT = frozenset({"present", "cns2", "open"})


def _finding(said: Assertion) -> Finding:
    if said.certainty is Certainty.SUSPECTED or said.value == "open":
        return Finding.SUSPECTED
    return Finding.CNS_2 if said.value == "cns2" else Finding.STATED


def _stated(said: Assertion, s: Statement, topics: Mapping[str, str]) -> Extramedullary | None:
    finding = _finding(said)
    present = said.value in _PRESENT
    if said.time is Time.PAST and (not present or finding is not Finding.STATED):
        return None
    if (finding is Finding.SUSPECTED and not present) or (present and is_of_marrow(said.quote, s.text)):
        return None
    sites = sites_in(said.quote) | frozenset({CNS} if finding is Finding.CNS_2 else ())
    if not present:
        sites |= sites_in(topics.get(s.reference, ""))  # a report on one organ tells of no other
        if said.value == "absent-there" and not sites:
            return None
    when = said.when if said.time is Time.PAST else said.when or s.when
    return Extramedullary(present, when, s.reference, said.quote, sites, finding)


def _contradict(a: Extramedullary, b: Extramedullary) -> bool:
    present, absent = (a, b) if a.present else (b, a)
    opposite = present.present and not absent.present and a.when == b.when
    return opposite and any(absent.tells_of(place) for place in present.places)
