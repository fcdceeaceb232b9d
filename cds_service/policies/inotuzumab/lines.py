"""Prior lines of ALL therapy: POL-DEF-LINE.

A line is systemic ALL therapy given before the course. Steroid prephase, cytoreduction, intrathecal
drugs, and the drugs of the regimen that starts now are none; maintenance belongs to its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

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
from cds_service.clinical.orders import Order
from cds_service.clinical.statements import when_stated
from cds_service.clinical.transplant import transplants
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.codings import System, codes_in
from cds_service.fhir.dates import When
from cds_service.fhir.json_types import as_dicts, as_text
from cds_service.fhir.record import Need
from cds_service.policies.inotuzumab import regimens
from cds_service.policies.inotuzumab.numbers import span

MEDICATION_NEEDS = (
    Need.MEDICATION_ADMINISTRATIONS,
    Need.MEDICATION_STATEMENTS,
    Need.MEDICATION_DISPENSES,
    Need.MEDICATION_REQUESTS,
)
_OPEN = frozenset({"active", "draft", "in-progress", "on-hold", "intended"})
_ORDERING = frozenset({"MedicationRequest", "ServiceRequest", "Appointment"})
_NO_PRIOR = phrase(
    r"untreated", r"treatment na(?:i|ï)ve", r"new(?:ly)? diagnos\w+", r"de novo",
    r"no (?:prior|previous) (?:systemic )?(?:therapy|treatment|chemotherapy|lines?)", r"not (?:yet |been )?treated",
)  # fmt: skip
_LATER_LINE = phrase(
    r"(?:second|third|fourth|2nd|3rd|4th) line",
    r"(?:first |second |third )?salvage",
    r"(?:first|second|third) relapse",
)
_FIRST_LINE = phrase(
    r"first line", r"1st line", r"front ?line", r"induction(?: therapy| chemotherapy| regimen)?", r"up-?front"
)
_LATER_USE = re.compile(
    r"\bre-?induction|\bprior|\bprevious|\bafter|\bfailed|\brelaps|\brefractory", re.IGNORECASE
)
_MAINTENANCE = phrase(r"maintenance", r"POMP")
_LABELLED_CYTOREDUCTION = re.compile(r"cytoreduc|debulk|pre-?phase", re.IGNORECASE)
_FAILED = phrase(
    r"(?:primary |chemo ?)?refractory", r"(?:induction|treatment|therapy) failure", r"failed induction",
    r"failure of (?:induction|first line)\w*",
)  # fmt: skip
_NO_RESPONSE_CODE = (System.SNOMED, "266721009")
_FIRST_LINE_CODE = (System.SNOMED, "708255002")


@dataclass(frozen=True, slots=True)
class Line:
    """Evidence of one prior therapy. ``last`` is when it is last known to have gone on."""

    what: str
    first: When | None
    last: When | None
    references: tuple[str, ...]

    @property
    def shown(self) -> str:
        return f"{self.what} ({self.first})" if self.first else self.what


def history_unseen(chart: Chart) -> str | None:
    """Why the therapy history could not be wholly seen; None when it was."""
    return chart.unseen(*MEDICATION_NEEDS)


def systemic(use: DrugUse) -> frozenset[str]:
    """The systemic antineoplastics of a use, without what PARTNERS step 2 leaves out by kind or reason."""
    if use.intrathecal or use.benign_reason:
        return frozenset()
    return frozenset(d for d in use.drugs if d != INOTUZUMAB and is_antineoplastic(d, use.concept))


def is_cytoreduction(use: DrugUse, day_one: date) -> bool:
    """Hydroxyurea; steroids or vincristine shortly before day 1 or so labelled (POL-A-II-B-1, step 2)."""
    if not use.drugs or use.drugs - CYTOREDUCTION:
        return False
    if "hydroxyurea" in use.drugs or _LABELLED_CYTOREDUCTION.search(use.all_text):
        return True
    ended = use.end or (use.days[-1] if use.days and use.is_given else None)
    return _begun_shortly_before(use, day_one) and ended is not None and ended.last < day_one


def _begun_shortly_before(use: DrugUse, day_one: date) -> bool:
    first = use.first_known
    return first is not None and first.first >= day_one - span("frontline.same_regimen")


def line_periods(lines: Sequence[Line]) -> list[tuple[date, date]]:
    """The periods of the dated lines: what follows within 28 days belongs to the same line."""
    found: list[tuple[date, date]] = []
    for first, last in sorted(
        (line.first.first, line.last.last) for line in lines if line.first and line.last
    ):
        if found and first - found[-1][1] <= span("frontline.same_regimen"):
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def prior_lines(chart: Chart, day_one: date, plan_texts: Sequence[str] = ()) -> tuple[Line, ...]:
    """The prior therapies before day 1 of the course: by drugs given, transplant, plan, or in words.

    ``plan_texts`` are texts of the orders being signed, which may name the regimen that starts now.
    """
    return (
        *_by_drugs(chart, day_one, plan_texts),
        *_by_transplant(chart, day_one),
        *_by_completed_plan(chart, day_one),
        *_in_words(chart, day_one),
    )


def _by_drugs(chart: Chart, day_one: date, plan_texts: Sequence[str]) -> Iterator[Line]:
    starting = _starting_now(chart, day_one, plan_texts)
    for use in chart.uses:
        drugs = systemic(use)
        first = use.first_known
        if not drugs or not (use.is_given or use.status == "stopped") or is_cytoreduction(use, day_one):
            continue
        if first is not None and first.is_before(day_one) is False:
            continue
        if (drugs <= starting and _begun_shortly_before(use, day_one)) or regimens.is_for_another_cancer(
            use.reasons
        ):
            continue
        yield Line(", ".join(sorted(shown(d) for d in drugs)), first, use.last_known, (use.reference,))


def _starting_now(chart: Chart, day_one: date, plan_texts: Sequence[str]) -> frozenset[str]:
    """The drugs of the regimen that starts now: still going on, given from day 1 on, or of the plan named."""
    found: set[str] = set()
    for use in chart.uses:
        last = use.last_known
        if use.status in _OPEN or (last is not None and last.last >= day_one):
            found |= systemic(use)
    current = (
        s.whole for s in chart.statements if s.kind in ("CarePlan", "MedicationRequest") and s.status in _OPEN
    )
    if any(regimens.plans(text, regimens.MINI_HYPER_CVD) for text in (*plan_texts, *current)):
        found |= MINI_HYPER_CVD
    return frozenset(found)


def _is_before(when: When | None, day_one: date) -> bool:
    return when is None or when.is_before(day_one) is True


def _by_transplant(chart: Chart, day_one: date) -> Iterator[Line]:
    for t in transplants(chart):
        if _is_before(t.when, day_one):
            yield Line("stem cell transplant", t.when, t.when, (t.reference,))


def _by_completed_plan(chart: Chart, day_one: date) -> Iterator[Line]:
    for act in chart.acts:
        if act.kind != "CarePlan" or act.status != "completed" or not _is_before(act.when, day_one):
            continue
        text = " ; ".join((*act.texts, act.words))
        if regimens.names_regimen(text):
            yield Line((act.texts or (act.words,))[0][:60], act.when, act.when, (act.reference,))


def _in_words(chart: Chart, day_one: date) -> Iterator[Line]:
    for s in chart.statements:
        if s.kind not in _ORDERING and s.text and (s.when is None or s.when.first <= day_one):
            for clause in regimens.prior_therapy_in(s.text):
                yield Line(clause[:80], s.when, s.when, (s.reference,))


def stated_failures(chart: Chart) -> Iterator[tuple[When | None, str, str]]:
    """Statements that a therapy failed, in words or as the reason why it was ended: when, where and what."""
    for s in chart.statements:
        if s.kind not in _ORDERING and says(s.text, _FAILED) is Said.AFFIRMED:
            yield s.when, s.reference, s.text[:80]
    for kind in ("MedicationRequest", "MedicationAdministration", "MedicationStatement", "CarePlan"):
        for resource in chart.record.of_type(kind):
            for reason in as_dicts(resource.body.get("statusReason")):
                if _NO_RESPONSE_CODE in codes_in(reason):
                    yield when_stated(resource, chart.zone), resource.reference, "ended for absent response"


def stated_untreated(chart: Chart, day_one: date, order: Order) -> tuple[str, ...]:
    """References of texts, not later than day 1, that call the disease untreated or newly diagnosed."""
    found = [
        s.reference
        for s in chart.statements
        if (s.when is None or s.when.first <= day_one) and says(s.whole, _NO_PRIOR) is Said.AFFIRMED
    ]
    if any(says(text, _NO_PRIOR) is Said.AFFIRMED for text in order.texts):
        found.append(order.reference)
    return tuple(dict.fromkeys(found))


_PLANNING = frozenset({"CarePlan", "MedicationRequest", "ServiceRequest", "DocumentReference", "Condition"})


def stated_first_line(chart: Chart, order: Order, drafts: Sequence[DrugUse]) -> tuple[str, ...]:
    """References of plans, of the order and of orders signed with it that say first line or induction."""
    found = [s.reference for s in chart.statements if s.kind in _PLANNING and _says_first_line(s.whole)]
    found += [order.reference for text in order.texts if _says_first_line(text)]
    orders = [u for u in chart.uses if u.kind == "MedicationRequest" and u.status in _OPEN]
    found += [use.reference for use in (*orders, *drafts) if _says_first_line(use.all_text)]
    planning = (
        order.resource,
        *(r for kind in ("CarePlan", "MedicationRequest") for r in chart.record.of_type(kind)),
    )
    found += [
        r.reference
        for r in planning
        if as_text(r.body.get("status")) in _OPEN and _carries_first_line_code(r.body)
    ]
    return tuple(dict.fromkeys(found))


def _says_first_line(text: str) -> bool:
    if says(text, _FIRST_LINE) is not Said.AFFIRMED or says(text, _LATER_LINE) is not Said.NOT_MENTIONED:
        return False
    return _LATER_USE.search(text) is None


def _carries_first_line_code(value: object) -> bool:
    """Whether "first line treatment" is coded anywhere in a resource: as category, reason, activity or extension."""
    if isinstance(value, list):
        return any(_carries_first_line_code(item) for item in value)
    if not isinstance(value, Mapping):
        return False
    whole: Mapping[str, Any] = value
    own = {"coding": [whole]} if "code" in whole and "system" in whole else {}
    return _FIRST_LINE_CODE in codes_in(own) or any(_carries_first_line_code(v) for v in whole.values())


def stated_new_line(chart: Chart) -> Iterator[tuple[When | None, str]]:
    """Care plans that state a new line of therapy (it ends a course): when, and where."""
    for act in chart.acts:
        if act.kind != "CarePlan" or act.status not in ("active", "completed"):
            continue
        text = " ; ".join((act.words, *act.texts))
        if says(text, _LATER_LINE) is Said.AFFIRMED and not re.search(
            r"inotuzumab|besponsa", text, re.IGNORECASE
        ):
            yield act.when, act.reference


def is_maintenance(use: DrugUse) -> bool:
    return says(use.all_text, _MAINTENANCE) is Said.AFFIRMED


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
    first = use.first_known
    before = {
        d
        for u in chart.uses
        if u.is_given and not u.intrathecal and (f := u.first_known) and first and f.first <= first.first
        for d in u.drugs & MINI_HYPER_CVD
    }
    named = any(regimens.MINI_HYPER_CVD.search(s.whole) for s in chart.statements)
    return named or before >= MINI_HYPER_CVD
