"""Extramedullary disease (EMD): every statement that it is present, absent or resolved, with its date and its sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.leukemia.extramedullary_sites import CNS, is_within, sites_in
from cds_service.clinical.leukemia.response import ASSESSING
from cds_service.clinical.problems import Problem
from cds_service.clinical.reading.assertions import Assertion, Certainty, Time
from cds_service.clinical.reading.reader import read
from cds_service.clinical.statements import Statement
from cds_service.fhir.dates import When
from cds_service.remembering import once
from cds_service.values import dataclass

SOMEWHERE = ""  # the site of disease whose site is not told


@dataclass(frozen=True, slots=True)
class Extramedullary:
    """One statement of extramedullary disease: present, or absent (also resolved).

    ``sites`` are those that it speaks of; without any, presence is somewhere and absence everywhere.
    ``suspected``: it only may be present (doubt, an unconfirmed entry, CNS 2, a bloody tap with blasts).
    """

    present: bool
    when: When | None
    reference: str
    words: str
    sites: frozenset[str] = frozenset()
    suspected: bool = False

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
    return tuple([e for e in _told(chart) if not e.suspected])


@once
def suspicions(chart: Chart) -> tuple[Extramedullary, ...]:
    """Where there may be extramedullary disease: no finding, but neither none."""
    return tuple([e for e in _told(chart) if e.suspected])


@once
def _told(chart: Chart) -> tuple[Extramedullary, ...]:
    topics = {s.reference: s.topic for s in chart.statements if s.topic and s.kind == "DiagnosticReport"}
    return (*_in_problems(chart), *(e for s in chart.statements for e in _in_words(s, topics)))


def _in_problems(chart: Chart) -> Iterator[Extramedullary]:
    """A condition, and its end: on its date, else (stated as ended without one) undated."""
    for p in chart.problems:
        if p.is_event or not p.is_a("extramedullary_disease"):
            continue
        sites = _sites_of(p)
        if not p.verified:
            if p.is_active:
                yield Extramedullary(True, p.dated, p.reference, p.words, sites, suspected=True)
        else:
            yield Extramedullary("remission" not in p.words.lower(), p.dated, p.reference, p.words, sites)
            if not p.is_active:
                yield Extramedullary(False, p.resolved, p.reference, f"{p.words} resolved", sites)


def _sites_of(p: Problem) -> frozenset[str]:
    """The sites of a condition; one whose site is not told is a place of its own, so that its end ends no other."""
    coded = frozenset({CNS} if code_set("extramedullary_cns").has_any(p.codes) else ())
    return coded | sites_in(p.words) or frozenset({p.reference})


def _in_words(s: Statement, topics: Mapping[str, str]) -> Iterator[Extramedullary]:
    """What a text states: presence, absence, or (with its date only) a presence of the past.

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
    yield from (e for e in told if not any(_contradict(e, other) for other in told))


def _stated(said: Assertion, s: Statement, topics: Mapping[str, str]) -> Extramedullary | None:
    present = said.value in ("present", "uncertain")
    suspected = said.certainty is not Certainty.STATED or said.value == "uncertain"
    if suspected and (not present or said.time is Time.PAST):
        return None
    if said.time is Time.PAST and not present:
        return None
    sites = sites_in(said.quote)
    if not present:
        sites |= sites_in(topics.get(s.reference, ""))  # a report on one organ tells of no other
        if said.value == "absent-there" and not sites:
            return None
    when = said.when if said.time is Time.PAST else said.when or s.when
    return Extramedullary(present, when, s.reference, said.quote, sites, suspected)


def _contradict(a: Extramedullary, b: Extramedullary) -> bool:
    present, absent = (a, b) if a.present else (b, a)
    opposite = present.present and not absent.present and a.when == b.when
    return opposite and any(absent.tells_of(place) for place in present.places)
