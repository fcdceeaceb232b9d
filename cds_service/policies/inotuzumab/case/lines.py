"""Prior lines of ALL therapy: POL-DEF-LINE.

A line is systemic ALL therapy given before the course. Steroid prephase, cytoreduction, intrathecal
drugs, and the drugs of the regimen that starts now are none; maintenance belongs to its line.
Procedure: docs/policies/inotuzumab/case.md#prior-lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from cds_service.clinical.acts import Act
from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.leukemia.cell_therapy import cell_therapies
from cds_service.clinical.leukemia.indication import Indication, indication, other_malignancies
from cds_service.clinical.leukemia.transplants.recorded import Transplant, told_transplants, transplants
from cds_service.clinical.reading.reader import read
from cds_service.clinical.statements import when_stated
from cds_service.clinical.therapy.drugs import (
    CYTOREDUCTION,
    INOTUZUMAB,
    MINI_HYPER_CVD,
    STEROIDS,
    TKIS,
    UNRESOLVED,
    drugs_in_text,
    is_antineoplastic,
    shown,
)
from cds_service.clinical.therapy.exposure import DrugUse
from cds_service.fhir.codings import codes_in
from cds_service.fhir.dates import When, whole_day
from cds_service.fhir.json_types import as_dicts
from cds_service.policies.inotuzumab.case import regimens
from cds_service.policies.inotuzumab.case.therapy_in_answers import therapy_in_answer
from cds_service.policies.inotuzumab.case.therapy_in_names import therapy_in_names
from cds_service.policies.inotuzumab.numbers import span
from cds_service.values import dataclass

OPEN_STATUSES = frozenset({"active", "draft", "in-progress", "on-hold", "intended"})
_ORDERING = frozenset({"MedicationRequest", "ServiceRequest", "Appointment"})
_LABELLED_CYTOREDUCTION = re.compile(r"cytoreduc|debulk|pre-?phase", re.IGNORECASE)
_NO_RESPONSE_CODES = code_set("no_response")
_QUOTED = 80  # characters


@dataclass(frozen=True, slots=True)
class Line:
    """Evidence of one prior therapy. ``last`` is when it is last known to have gone on.

    ``possible``: it may have been for another disease, so that it decides nothing.
    """

    what: str
    first: When | None
    last: When | None
    references: tuple[str, ...]
    possible: bool = False

    @property
    def shown(self) -> str:
        return f"{self.what} ({self.first})" if self.first else self.what


def systemic(use: DrugUse) -> frozenset[str]:
    """The systemic antineoplastics of a use, without intrathecal ones and those for another disease."""
    if not use.is_systemic or use.benign_reason or indication(use.reason_codes) is Indication.OTHER:
        return frozenset()
    return frozenset([d for d in use.drugs if d != INOTUZUMAB and is_antineoplastic(d, use.concept)])


def is_cytoreduction(use: DrugUse, day_one: date) -> bool:
    """Hydroxyurea; steroids or vincristine shortly before day 1 or so labelled (step 2)."""
    if not use.drugs or use.drugs - CYTOREDUCTION:
        return False
    if "hydroxyurea" in use.drugs or _LABELLED_CYTOREDUCTION.search(use.all_text):
        return True
    ended = use.end or (use.days[-1] if use.days and use.is_given else None)
    begun = _begun_within(use, day_one, span("frontline.cytoreduction_within"))
    return begun and ended is not None and ended.last < day_one


def _begun_within(use: DrugUse, day_one: date, most: timedelta) -> bool:
    first = use.first_known
    return first is not None and first.first >= day_one - most


def line_periods(lines: Sequence[Line]) -> list[tuple[date, date]]:
    """The periods of the dated lines: what follows shortly belongs to the same line."""
    found: list[tuple[date, date]] = []
    for first, last in sorted(
        (line.first.first, line.last.last) for line in lines if line.first and line.last
    ):
        if found and first - found[-1][1] <= span("frontline.same_regimen"):
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def prior_lines(
    chart: Chart, day_one: date, plan_texts: Sequence[str] = (), leukemia_from: date | None = None
) -> tuple[Line, ...]:
    """The prior therapies before day 1 of the course: by drugs given, procedures, plan, or in words.

    ``plan_texts`` are texts of the orders being signed, which may name the regimen that starts now.
    ``leukemia_from`` is the first entry of the leukemia, where it tells when the disease began.
    """
    since = leukemia_from if other_malignancies(chart) else None
    in_words = tuple(_in_words(chart, day_one, since))
    quoted = {line.what for line in in_words}
    told = [t for t in told_transplants(chart) if t.words[:_QUOTED] not in quoted]
    return (
        *_by_drugs(chart, day_one, plan_texts, since),
        *_by_acts(chart, day_one, since, told),
        *in_words,
        *_in_names(chart, day_one, since),
    )


def _may_be_for_another(
    reasons: Iterable[Mapping[str, Any]], ended: When | None, leukemia_from: date | None
) -> bool:
    """Whether a therapy is *possible* as a line (step 5).

    Its reason is not understood; or it has none, another malignancy is on record, and it may have
    ended more than 28 days before the leukemia's first entry (``leukemia_from``; None: no such date).
    """
    told = indication(reasons)
    if told is not Indication.NOT_TOLD or leukemia_from is None:
        return told is Indication.NOT_UNDERSTOOD
    return ended is None or ended.is_before(leukemia_from - span("frontline.other_malignancy")) is not False


def _by_drugs(
    chart: Chart, day_one: date, plan_texts: Sequence[str], leukemia_from: date | None
) -> Iterator[Line]:
    starting = _starting_now(chart, day_one, plan_texts)
    for use in (*chart.uses, *chart.ordered_services):
        named = _antineoplastic_names(use)
        first = use.first_known
        if not named or not use.was_begun or is_cytoreduction(use, day_one):
            continue
        if first is not None and first.is_before(day_one) is False:
            continue
        goes_on = systemic(use) <= starting if systemic(use) else use.status in OPEN_STATUSES
        if goes_on and _begun_within(use, day_one, span("frontline.regimen_within")):
            continue
        ended = whole_day(day_one) if use.status == "active" and use.end is None else use.last_known
        may_start_now = (
            goes_on and first is not None and first.last >= day_one - span("frontline.regimen_within")
        )
        open_ = use.in_doubt or use.status == "on-hold" or may_start_now or not _is_understood(use)
        possible = open_ or _may_be_for_another(use.reason_codes, ended, leukemia_from)
        yield Line(named, first, use.last_known, (use.reference,), possible)


def _antineoplastic_names(use: DrugUse) -> str:
    """The systemic antineoplastics of a use, or the regimen that a use without a known drug names."""
    if drugs := systemic(use):
        return ", ".join(sorted(shown(d) for d in drugs))
    if not use.is_systemic or use.benign_reason or indication(use.reason_codes) is Indication.OTHER:
        return ""
    if UNRESOLVED in use.drugs and use.concept:  # a code that no table has, not a reference to any drug
        return shown(UNRESOLVED)
    is_regimen = not use.drugs and regimens.names_therapy(use.words) is not False
    return use.words.split(" | ")[0][:60] if is_regimen else ""


def _is_understood(use: DrugUse) -> bool:
    """Whether a use names a systemic drug, or a regimen in words that are wholly understood."""
    return bool(systemic(use)) or regimens.names_therapy(use.words) is True


def _starting_now(chart: Chart, day_one: date, plan_texts: Sequence[str]) -> frozenset[str]:
    """The drugs of the regimen that starts now: still going on, given from day 1 on, or of the plan named."""
    found: set[str] = set()
    for use in (*chart.uses, *chart.ordered_services):
        last = use.last_known
        if use.status in OPEN_STATUSES or (last is not None and last.last >= day_one):
            found |= systemic(use)
    current = (
        s.whole
        for s in chart.statements
        if s.kind in ("CarePlan", "MedicationRequest") and s.status in OPEN_STATUSES
    )
    if any(regimens.plans(text, regimens.MINI_HYPER_CVD, day_one) for text in (*plan_texts, *current)):
        found |= MINI_HYPER_CVD
    return frozenset(found)


def _is_before(when: When | None, day_one: date) -> bool:
    return when is None or when.is_before(day_one) is True


def _by_acts(chart: Chart, day_one: date, since: date | None, told: Iterable[Transplant]) -> Iterator[Line]:
    """Transplants, CAR-T cells and completed plans, but for those that name another disease as their reason."""
    acts: list[tuple[str, Transplant | Act, bool]] = []
    acts += [("stem cell transplant", t, True) for t in (*transplants(chart), *told)]
    acts += [("CAR-T cells", a, True) for a in cell_therapies(chart)]
    for plan in (a for a in chart.acts if a.kind == "CarePlan" and a.status == "completed"):
        if (named := regimens.names_therapy(" ; ".join((*plan.texts, plan.words)))) is not False:
            acts.append(((plan.texts or (plan.words,))[0][:60], plan, named is True))
    for done in (
        a for a in chart.acts if a.kind == "Procedure" and a.status in ("completed", "in-progress", "")
    ):
        if (is_therapy := regimens.names_chemotherapy_given(done)) is not False:
            starts_now = done.when is None or done.when.last >= day_one - span("frontline.regimen_within")
            what = done.words.split(" | ")[0][:60] or "chemotherapy"
            acts.append((what, done, is_therapy is True and not starts_now))
    for what, act, understood in acts:
        if _is_before(act.when, day_one) and indication(act.reasons) is not Indication.OTHER:
            possible = _may_be_for_another(act.reasons, act.when, since) or not understood
            yield Line(what, act.when, act.when, (act.reference,), possible)


def _in_words(chart: Chart, day_one: date, leukemia_from: date | None) -> Iterator[Line]:
    for s in chart.statements:
        if s.kind not in _ORDERING and (s.when is None or s.when.first <= day_one):
            if (told := therapy_in_answer(s)) is not None:
                possible = not told.understood or _may_be_for_another((), s.when, leukemia_from)
                yield Line(told.quote[:_QUOTED], s.when, s.when, (s.reference,), possible)
                continue
            if not s.text:
                continue
            for prior in regimens.prior_therapy_in(s.text, s.when.last if s.when else None):
                when = prior.when or s.when
                possible = not prior.understood or _may_be_for_another((), prior.when, leukemia_from)
                yield Line(prior.quote[:_QUOTED], when, when, (s.reference,), possible)


def _in_names(chart: Chart, day_one: date, leukemia_from: date | None) -> Iterator[Line]:
    for prior, p in therapy_in_names(chart, day_one - span("frontline.regimen_within")):
        when = prior.when or p.dated
        possible = not prior.understood or _may_be_for_another((), prior.when, leukemia_from)
        yield Line(prior.quote[:_QUOTED], when, when, (p.reference,), possible)


def stated_failures(chart: Chart) -> Iterator[tuple[When | None, str, str]]:
    """Statements that a therapy failed, in words or as the reason why it was ended: when, where and what."""
    for s in chart.statements:
        if s.kind not in _ORDERING and _states(s.text, "refractory"):
            yield s.when, s.reference, s.text[:80]
    for kind in ("MedicationRequest", "MedicationAdministration", "MedicationStatement", "CarePlan"):
        for resource in chart.record.of_type(kind):
            for reason in as_dicts(resource.body.get("statusReason")):
                if _NO_RESPONSE_CODES.has_any(codes_in(reason)):
                    yield when_stated(resource, chart.zone), resource.reference, "ended for absent response"


def _states(text: str, status: str) -> bool:
    """Whether a text states a status of the leukemia, now or of the past."""
    return any(a.value == status for a in read(text, "status").assertions)


def stated_new_line(chart: Chart) -> Iterator[tuple[When | None, str]]:
    """Care plans that state a new line of therapy (it ends a course): when, and where."""
    for act in chart.acts:
        if act.kind != "CarePlan" or act.status not in ("active", "completed"):
            continue
        texts = (act.words, *act.texts)
        of_inotuzumab = any(INOTUZUMAB in drugs_in_text(text) for text in texts)
        if any("later" in read(text, "line").values for text in texts) and not of_inotuzumab:
            yield act.when, act.reference


def is_maintenance(use: DrugUse) -> bool:
    return "maintenance" in read(use.all_text, "maintenance").values


def ends_course(use: DrugUse, chart: Chart) -> frozenset[str]:
    """The drugs of a use that are another systemic ALL line, which ends a course (docs/policies/inotuzumab/case.md#course-of-treatment, step 1)."""
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
    named = any(regimens.names(s.whole, regimens.MINI_HYPER_CVD) for s in chart.statements)
    return named or before >= MINI_HYPER_CVD
