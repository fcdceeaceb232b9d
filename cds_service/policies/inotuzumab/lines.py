"""Prior lines of ALL therapy: POL-DEF-LINE.

A line is systemic ALL therapy given before the course. Steroid prephase, cytoreduction, intrathecal
drugs, maintenance after a plan completed, and the drugs of the regimen that starts now are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from cds_service.clinical.chart import Chart
from cds_service.clinical.drugs import (
    CYTOREDUCTION,
    INOTUZUMAB,
    MINI_HYPER_CVD,
    STEROIDS,
    TKIS,
    UNRESOLVED,
    is_antineoplastic,
    shown,
)
from cds_service.clinical.exposure import DrugUse
from cds_service.clinical.transplant import transplants
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.dates import When
from cds_service.fhir.record import Need
from cds_service.policies.inotuzumab.numbers import days, span

MEDICATION_NEEDS = (
    Need.MEDICATION_ADMINISTRATIONS,
    Need.MEDICATION_STATEMENTS,
    Need.MEDICATION_DISPENSES,
    Need.MEDICATION_REQUESTS,
)
_REGIMEN = phrase(
    r"(?:mini-?|R-|full |dose-adjusted )*hyper-?C-?VA?D", r"(?:augmented |modified )?BFM", r"(?:CALGB|AALL|GRAALL|ECOG|UKALL|AYA)[ -]?\w+",
    r"POMP", r"FLAG(?:-?IDA)?", r"EsPhALL", r"Larson(?: regimen)?", r"MOAD", r"CVP regimen", r"multi-?agent chemotherapy",
    r"induction chemotherapy", r"salvage (?:chemo)?therapy", r"CAR-?T(?:-?cells?)?(?: therapy)?", r"blinatumomab", r"chemotherapy",
)  # fmt: skip
_GIVEN_BEFORE = re.compile(
    r"\b(?:prior|previous(?:ly)?|after|following|failed|failure of|completed|received|s/p|status post|treated with|relapsed (?:after|on|following)|"
    r"refractory to|history of|progress\w+ (?:after|on)|underwent)\b",
    re.IGNORECASE,
)
_NO_PRIOR = phrase(
    r"untreated", r"treatment[ -]na(?:i|ï)ve", r"newly diagnosed", r"new(?:ly)? diagnos\w+", r"de novo",
    r"no prior (?:systemic )?(?:therapy|treatment|chemotherapy|lines?)", r"no previous (?:therapy|treatment|chemotherapy)",
    r"previously untreated", r"not (?:yet |been )?treated",
)  # fmt: skip
_LATER_LINE = phrase(
    r"(?:second|third|fourth|2nd|3rd|4th)(?: |-)line", r"(?:first|second|third) salvage", r"salvage", r"(?:first|second|third) relapse",
)  # fmt: skip
_FIRST_LINE = phrase(
    r"first(?: |-)line",
    r"1st(?: |-)line",
    r"front(?: |-)?line",
    r"induction(?: therapy| chemotherapy| regimen)?",
    r"up-?front",
)
_MAINTENANCE = phrase(r"maintenance", r"POMP")


@dataclass(frozen=True, slots=True)
class Line:
    """Evidence of one prior therapy. ``last`` is when it is last known to have gone on."""

    what: str
    first: When | None
    last: When | None
    references: tuple[str, ...]

    @property
    def shown(self) -> str:
        return f"{self.what} ({self.first or 'undated'})"


def systemic(use: DrugUse) -> frozenset[str]:
    """The systemic antineoplastics of a use, without what PARTNERS step 2 leaves out by kind or reason."""
    if use.intrathecal or use.benign_reason:
        return frozenset()
    return frozenset(d for d in use.drugs if d != INOTUZUMAB and is_antineoplastic(d, use.concept))


def is_maintenance(use: DrugUse) -> bool:
    return says(use.all_text, _MAINTENANCE) is Said.AFFIRMED


def is_cytoreduction(use: DrugUse, day_one: date) -> bool:
    """Hydroxyurea; steroids or vincristine shortly before day 1 or so labelled (POL-A-II-B-1, step 2)."""
    if not use.drugs & CYTOREDUCTION or use.drugs - CYTOREDUCTION:
        return False
    if "hydroxyurea" in use.drugs or re.search(
        r"cytoreduc|debulk|prephase|pre-phase", use.all_text, re.IGNORECASE
    ):
        return True
    ended = use.end or (use.days[-1] if use.days and use.is_given else None)
    first = use.first_known
    soon = first is not None and first.first >= day_one - span("frontline.same_regimen")
    return soon and ended is not None and ended.last < day_one


def prior_lines(chart: Chart, day_one: date) -> tuple[Line, ...]:
    """The prior therapies before day 1 of the course: by drugs given, transplant, or in words."""
    return (*_by_drugs(chart, day_one), *_by_transplant(chart, day_one), *_in_words(chart, day_one))


def _by_drugs(chart: Chart, day_one: date) -> Iterator[Line]:
    uses = [u for u in chart.uses if u.is_given or u.status == "stopped"]
    regimen = _regimen_starting(chart, day_one)
    for use in uses:
        drugs = systemic(use)
        first, last = use.first_known, use.last_known
        if not drugs or is_cytoreduction(use, day_one):
            continue
        if first is not None and first.is_before(day_one) is not True:
            continue
        if drugs <= regimen and _belongs_to_start(use, day_one):
            continue
        yield Line(", ".join(sorted(shown(d) for d in drugs)), first, last, (use.reference,))


def _regimen_starting(chart: Chart, day_one: date) -> frozenset[str]:
    """Drugs given or ordered from day 1 on: those of the regimen that starts now."""
    found: set[str] = set()
    for use in chart.uses:
        last = use.last_known
        if use.status in ("active", "draft", "in-progress", "on-hold") or (
            last is not None and last.last >= day_one
        ):
            found |= systemic(use)
    return frozenset(found) | MINI_HYPER_CVD


def _belongs_to_start(use: DrugUse, day_one: date) -> bool:
    """Begun at most 28 days before day 1, and of the regimen that goes on."""
    first = use.first_known
    return first is not None and first.first >= day_one - timedelta(days=days("frontline.same_regimen"))


def _by_transplant(chart: Chart, day_one: date) -> Iterator[Line]:
    for t in transplants(chart):
        if t.when is None or t.when.is_before(day_one):
            yield Line("stem cell transplant", t.when, t.when, (t.reference,))
    for act in chart.acts:
        if (
            act.kind == "CarePlan"
            and act.status == "completed"
            and says(act.words + " ; " + " ; ".join(act.texts), _REGIMEN) is Said.AFFIRMED
        ):
            if act.when is None or act.when.is_before(day_one):
                yield Line((act.texts or (act.words,))[0][:60], act.when, act.when, (act.reference,))


def _in_words(chart: Chart, day_one: date) -> Iterator[Line]:
    for s in chart.statements:
        if s.kind in ("MedicationRequest", "ServiceRequest", "Appointment") or not s.text:
            continue
        for clause in re.split(r"[.;\n]", s.text):
            if says(clause, _REGIMEN) is Said.AFFIRMED and _GIVEN_BEFORE.search(clause):
                if s.when is None or s.when.first <= day_one:
                    yield Line(clause.strip()[:60], s.when, s.when, (s.reference,))


def stated_untreated(chart: Chart, day_one: date) -> tuple[str, ...]:
    """References of texts, not later than day 1, that call the disease untreated or newly diagnosed."""
    return tuple(
        s.reference
        for s in chart.statements
        if (s.when is None or s.when.first <= day_one) and says(s.whole, _NO_PRIOR) in (Said.AFFIRMED,)
    )


def stated_first_line(chart: Chart, extra: tuple[str, ...] = ()) -> tuple[str, ...]:
    """References of plans (and of the order's own texts) that say first line or induction."""
    found = []
    for s in chart.statements:
        planning = s.kind in (
            "CarePlan",
            "MedicationRequest",
            "ServiceRequest",
            "DocumentReference",
            "Condition",
        )
        if (
            planning
            and says(s.whole, _FIRST_LINE) is Said.AFFIRMED
            and says(s.whole, _LATER_LINE) is Said.NOT_MENTIONED
        ):
            if not re.search(r"\bre-?induction|prior|previous|after|failed|relapse", s.whole, re.IGNORECASE):
                found.append(s.reference)
    found += [
        "order"
        for text in extra
        if says(text, _FIRST_LINE) is Said.AFFIRMED and not re.search(r"re-?induction", text, re.IGNORECASE)
    ]
    found += [a.reference for a in chart.acts if "line_of_therapy" in a.concepts]
    return tuple(found)


def stated_new_line(chart: Chart) -> Iterator[tuple[When | None, str]]:
    """Care plans that state a new line of therapy (it ends a course): when, and where."""
    for act in chart.acts:
        text = " ; ".join((act.words, *act.texts))
        if (
            act.kind == "CarePlan"
            and act.status in ("active", "completed")
            and says(text, _LATER_LINE) is Said.AFFIRMED
        ):
            if not re.search(r"inotuzumab|besponsa", text, re.IGNORECASE):
                yield act.when, act.reference


def ends_course(use: DrugUse, chart: Chart) -> frozenset[str]:
    """The drugs of a use that are another systemic ALL line, which ends a course (POL-COURSE 1 b)."""
    if not use.is_given or is_maintenance(use):
        return frozenset()
    drugs = systemic(use) - TKIS - MINI_HYPER_CVD - STEROIDS - {"hydroxyurea", UNRESOLVED}
    if "blinatumomab" in drugs and _after_mini_hyper_cvd(use, chart):
        drugs -= {"blinatumomab"}
    return drugs


def _after_mini_hyper_cvd(use: DrugUse, chart: Chart) -> bool:
    """Whether blinatumomab follows mini-hyper-CVD: as consolidation it is a partner, alone another line."""
    named = any(re.search(r"mini-?\s?hyper-?\s?C-?VD", s.whole, re.IGNORECASE) for s in chart.statements)
    first = use.first_known
    before = {
        d
        for u in chart.uses
        if u.is_given and not u.intrathecal and (f := u.first_known) and first and f.first <= first.first
        for d in u.drugs & MINI_HYPER_CVD
    }
    return named or before >= MINI_HYPER_CVD


def history_unseen(chart: Chart) -> str | None:
    """Why the therapy history could not be wholly seen; None when it was."""
    return chart.unseen(*MEDICATION_NEEDS)
