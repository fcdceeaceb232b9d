"""The hematologic table: holds before the next cycle and the 28-day rule (policy analysis 2.7).

Holds apply to day-1 orders of cycle 2 or later. Each function is one step of the procedure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from cds_service.clinical.counts import anc, follows_transfusion, platelet_transfusions, platelets
from cds_service.clinical.evidence import newest, within
from cds_service.clinical.results import Result
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.quantities import Interval, plain
from cds_service.fhir.record import Need
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.policy.determination import Basis, CardKind, Finding, Indicator

Low = bool | None  # below the limit: yes, no, or not told


@dataclass(frozen=True, slots=True)
class Count:
    """ANC or platelets at one of the three times; ``low`` is None when it cannot be told."""

    name: str
    results: tuple[Result, ...]
    transfused: bool
    limit: Decimal

    @property
    def interval(self) -> Interval | None:
        """The value as far as it is known; an upper bound after a transfusion."""
        values = {r.value for r in self.results if r.value is not None}
        if len(values) != 1:
            return None
        value = values.pop()
        if value is None or not self.transfused:
            return value
        return Interval(None, value.high, high_open=value.high_open)

    @property
    def low(self) -> Low:
        found = {self._low(r.value) for r in self.results if r.value is not None}
        return found.pop() if len(found) == 1 else None

    def _low(self, value: Interval) -> Low:
        below = value.is_below(self.limit)
        return None if self.transfused and below is False else below

    @property
    def shown(self) -> str:
        if not self.results:
            return f"{self.name} not found"
        note = ", within 7 days after a platelet transfusion" if self.transfused else ""
        return f"{self.name} {' and '.join(r.shown for r in self.results)}{note}"

    @property
    def evidence(self) -> tuple[str, ...]:
        return tuple(r.reference for r in self.results)


@dataclass(frozen=True, slots=True)
class Counts:
    """ANC and platelets now, before treatment, and before the last completed cycle."""

    now: tuple[Count, Count]
    baseline: tuple[Count, Count]
    prior: tuple[Count, Count]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row's answer for one count or both: hold, no hold, or unknown, with rule and reason."""

    hold: bool | None
    rule: str
    because: str
    evidence: tuple[str, ...]
    note: str = ""


_LIMITS = {"ANC": "hem.anc", "platelets": "hem.platelets"}


def counts(case: Case) -> Counts:
    """Steps 2 to 4: the counts at the three times, platelets after a transfusion marked."""
    a, p = anc(case.chart), platelets(case.chart)
    window = timedelta(days=days("lab.max_age.cbc"))
    now = (
        _count(case, "ANC", within(a, case.planned - window, case.planned)),
        _count(case, "platelets", within(p, case.planned - window, case.planned)),
    )
    start, prior = case.frame.start, case.last_cycle_day_one
    baseline = (
        _count(case, "ANC", _baseline(case, a, start)),
        _count(case, "platelets", _baseline(case, p, start)),
    )
    before = (_count(case, "ANC", _until(a, prior)), _count(case, "platelets", _until(p, prior)))
    return Counts(now, baseline, before)


def _count(case: Case, name: str, results: Iterable[Result]) -> Count:
    found = newest(results)
    window = days("platelet_transfusion.window")
    transfusions = platelet_transfusions(case.chart)
    transfused = name == "platelets" and any(follows_transfusion(r, transfusions, window) for r in found)
    return Count(name, found, transfused, number(_LIMITS[name]))


def _baseline(case: Case, results: Iterable[Result], start: date | None) -> list[Result]:
    """Counts of the 28 days before the first dose; of its day if timed before it or untimed."""
    if start is None:
        return []
    dose = case.frame.given[0].when.instant
    found = []
    for r in within(results, start - timedelta(days=days("baseline.window")), start):
        taken = r.when.instant if r.when is not None else None
        if (
            r.when is not None
            and r.when.first == start
            and taken is not None
            and dose is not None
            and taken >= dose
        ):
            continue
        found.append(r)
    return found


def _until(results: Iterable[Result], day: date | None) -> list[Result]:
    return [] if day is None else [r for r in results if r.when is not None and r.when.last <= day]


def decide(c: Counts) -> tuple[Outcome, ...]:
    """Steps 5 to 7: which row applies by the baselines, and what it says of the counts now."""
    base_anc, base_plt = (count.low for count in c.baseline)
    if base_anc is True or base_plt is True:
        return (_row_three(c),)
    if base_anc is False and base_plt is False:
        return _rows_one_two(c)
    if all(count.low is False for count in c.now):
        return tuple(
            Outcome(False, rule, count.shown, count.evidence)
            for rule, count in zip(("POL-HEM-1", "POL-HEM-2"), c.now, strict=True)
        )
    rows = (*_rows_one_two(c), _row_three(c))
    one_two, three = rows[:2], rows[2]
    if any(o.hold for o in one_two) and three.hold:
        return one_two
    missing = " and ".join(count.name for count in c.baseline if count.low is None)
    because = f"{missing} before treatment not known, so the row of the table that applies is open; now {c.now[0].shown}, {c.now[1].shown}"
    return (Outcome(None, "POL-HEM-3", because, (*c.now[0].evidence, *c.now[1].evidence)),)


def _rows_one_two(c: Counts) -> tuple[Outcome, Outcome]:
    return _single(c.now[0], c.baseline[0], "POL-HEM-1"), _single(c.now[1], c.baseline[1], "POL-HEM-2")


def _single(now: Count, baseline: Count, rule: str) -> Outcome:
    limit = plain(now.limit)
    before = (
        f", before treatment {' and '.join(r.shown for r in baseline.results)}" if baseline.results else ""
    )
    if now.low is True:
        return Outcome(
            True,
            rule,
            f"{now.shown}{before}: hold the next cycle until >= {limit}",
            (*now.evidence, *baseline.evidence),
        )
    if now.low is False:
        return Outcome(False, rule, now.shown, now.evidence)
    return Outcome(None, rule, _why_open(now), now.evidence)


def _why_open(now: Count) -> str:
    if not now.results:
        return f"no {now.name} within {days('lab.max_age.cbc')} days before the planned date"
    if now.transfused:
        return f"{now.shown}: an upper bound, at or above {plain(now.limit)}"
    return f"{now.shown}: it cannot be told whether it is below {plain(now.limit)}"


def _row_three(c: Counts) -> Outcome:
    """Step 7: a count below its prior-cycle baseline, and neither (a) nor (b): hold."""
    evidence = tuple(e for pair in (c.now, c.prior, c.baseline) for count in pair for e in count.evidence)
    before = f"before treatment {c.baseline[0].shown}, {c.baseline[1].shown}"
    now = f"now {c.now[0].shown}, {c.now[1].shown}"
    recovered = [count.low is False for count in c.now]
    if all(recovered):
        return Outcome(False, "POL-HEM-3", f"{now}: both at or above the limits", evidence)
    if any(not count.results for count in c.now):
        missing = [count for count in c.now if not count.results]
        return Outcome(None, "POL-HEM-3", "; ".join(_why_open(m) for m in missing), evidence)
    below = [_fell(now_count, prior_count) for now_count, prior_count in zip(c.now, c.prior, strict=True)]
    if any(b is None for b in below) and True not in below:
        return Outcome(
            None, "POL-HEM-3", f"{before}; {now}; counts before the last cycle not known", evidence
        )
    if not any(below):
        return Outcome(
            False, "POL-HEM-3", f"{now}: both at least at their level before the last cycle", evidence
        )
    if any(count.low is None for count in c.now) and not any(count.low is True for count in c.now):
        return Outcome(
            None, "POL-HEM-3", f"{now}: it cannot be told whether both are at or above the limits", evidence
        )
    fallen = [n for n, b in zip(c.now, below, strict=True) if b]
    prior = "; ".join(f"{p.shown} before the last cycle" for p, b in zip(c.prior, below, strict=True) if b)
    mixed = all(n.low is False for n in fallen)
    note = " Each count is at an accepted level, confirm." if mixed else ""
    because = (
        f"{before}; {now}; {prior}: hold until both are back at their level before the last cycle, or ANC >= 1.0 and "
        f"platelets >= 50, or marrow disease is stable or improved and the fall is judged due to disease{note}"
    )
    return Outcome(True, "POL-HEM-3", because, evidence, note)


def _fell(now: Count, prior: Count) -> bool | None:
    """Whether a count is below its level before the last cycle."""
    a, b = now.interval, prior.interval
    if a is None or b is None or b.exact is None:
        return None
    return a.is_below(b.exact)


_RELEASED = phrase(
    r"(?:due|related|secondary|attribut\w+) to (?:the )?(?:underlying |leukemic |persistent )?(?:disease|leuk\w+|marrow)",
    r"(?:decrease|cytopeni\w+|counts?) (?:considered|judged|felt|thought) (?:to be )?(?:due to |related to )?(?:the )?(?:underlying )?disease",
)  # fmt: skip


def released_by_disease(case: Case) -> str | None:
    """(c) of row 3: the record says that disease is stable or improved and causes the fall; its reference."""
    since = case.last_cycle_day_one
    for s in case.chart.statements:
        about = any(
            word in s.whole.lower() for word in ("platelet", "anc", "count", "cytopeni", "neutropeni")
        )
        recent = since is None or (s.when is not None and s.when.first >= since)
        if (
            about
            and recent
            and says(s.whole, _RELEASED) is Said.AFFIRMED
            and "stable" in s.whole.lower() + ("stable" if "improv" in s.whole.lower() else "")
        ):
            return s.reference
    return None


def findings(case: Case) -> tuple[list[Finding], list[tuple[str, str, bool]]]:
    """The table's findings for a day-1 order of cycle 2 or later, and the items it asks for."""
    found: list[Finding] = []
    needed: list[tuple[str, str, bool]] = []
    applies = case.day == 1 and (case.highest_cycle or 0) >= 2 and (case.cycle is None or case.cycle >= 2)
    if applies:
        if (case.planned - case.chart.today).days > days("hem.ask_ahead"):
            found_now = f"newest: {_newest_text(case)}"
            needed.append(
                ("cbc", f"CBC due before day 1: ANC >= 1.0 and platelets >= 50 x10*9/L ({found_now})", False)
            )
        else:
            found, needed = _hold_findings(case)
    return found, needed


def _newest_text(case: Case) -> str:
    texts = []
    for name, results in (("ANC", anc(case.chart)), ("platelets", platelets(case.chart))):
        tied = newest(results)
        texts.append(f"{name} {' and '.join(r.shown for r in tied)}" if tied else f"no {name} found")
    return ", ".join(texts)


def _hold_findings(case: Case) -> tuple[list[Finding], list[tuple[str, str, bool]]]:
    outcomes = decide(counts(case))
    holds = [o for o in outcomes if o.hold]
    released = released_by_disease(case) if holds and holds[0].rule == "POL-HEM-3" else None
    if holds and released is None:
        return [
            Finding(
                "hem-hold",
                Indicator.WARNING,
                CardKind.SAFETY,
                (o.rule,),
                Basis.POLICY,
                _sentence(o.because),
                "Hold the next cycle",
                o.evidence,
            )
            for o in holds
        ], []
    open_ = [o for o in outcomes if o.hold is None]
    if open_:
        unseen = case.chart.unseen(Need.OBSERVATIONS)
        text = "; ".join(dict.fromkeys(o.because for o in open_)) + (
            f"; not all results were seen ({unseen})" if unseen else ""
        )
        evidence = tuple(e for o in open_ for e in o.evidence)
        rules = tuple(dict.fromkeys(o.rule for o in open_))
        return [
            Finding(
                "hem-unknown",
                Indicator.WARNING,
                CardKind.SAFETY,
                rules,
                Basis.POLICY,
                _sentence(text),
                "Check the counts before day 1",
                evidence,
            )
        ], [("cbc", f"CBC with differential before day 1: {text}", True)]
    return [], []


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Persistence:
    """A count low for more than 28 days: since when, and whether inotuzumab is suspected."""

    name: str
    rule: str
    first: Result
    last: Result
    suspected: bool | None
    evidence: tuple[str, ...]

    @property
    def length(self) -> int:
        assert self.first.when is not None and self.last.when is not None
        return (self.last.when.first - self.first.when.last).days


def persistent_cytopenias(case: Case) -> tuple[Persistence, ...]:
    """Step 9, for every order: rows 1 and 2, the 28-day rule."""
    if case.frame.start is None:
        return ()
    found = []
    for name, rule, results in (
        ("ANC", "POL-HEM-1-28", anc(case.chart)),
        ("platelets", "POL-HEM-2-28", platelets(case.chart)),
    ):
        if _count(case, name, _baseline(case, results, case.frame.start)).low is not False:
            continue
        run = _low_run(case, name, results)
        if run is None:
            continue
        first, last = run
        suspected, evidence = _suspected(case, name)
        persistence = Persistence(
            name, rule, first, last, suspected, (first.reference, last.reference, *evidence)
        )
        if persistence.length > days("hem.discontinue_after"):
            found.append(persistence)
    return tuple(found)


def _low_run(case: Case, name: str, results: Sequence[Result]) -> tuple[Result, Result] | None:
    """The first and last count of the run below the limit that reaches to the newest count."""
    start = case.frame.start
    assert start is not None
    after = [
        r
        for r in results
        if r.when is not None and r.when.day is not None and r.when.first > start and r.value is not None
    ]
    run: list[Result] = []
    for r in sorted(
        after,
        key=lambda r: (r.when.first if r.when else start, str(r.when.instant) if r.when else "", r.reference),
    ):
        low = _count(case, name, [r]).low
        if low is True:
            run.append(r)
        elif low is False:
            run = []
    return (run[0], run[-1]) if run else None


_INOTUZUMAB = phrase(r"inotuzumab(?: ozogamicin)?", r"besponsa", r"study drug")
_CYTOPENIA = {
    "ANC": phrase(r"neutropeni\w*", r"ANC", r"neutrophils?", r"(?:pan)?cytopeni\w*", r"myelosuppression"),
    "platelets": phrase(r"thrombocytopeni\w*", r"platelets?", r"(?:pan)?cytopeni\w*", r"myelosuppression"),
}
_CONCEPTS = {
    "ANC": {"neutropenia", "pancytopenia", "myelosuppression", "febrile_neutropenia"},
    "platelets": {"thrombocytopenia", "pancytopenia", "myelosuppression"},
}


def _suspected(case: Case, name: str) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a statement or AdverseEvent attributes the low count to inotuzumab; None when no cause is stated."""
    for p in case.chart.problems:
        if p.concepts & _CONCEPTS[name] or says(p.words, _CYTOPENIA[name]) is Said.AFFIRMED:
            said = says(" ; ".join((*p.suspects, p.notes)), _INOTUZUMAB)
            if said is Said.AFFIRMED:
                return True, (p.reference,)
            if p.suspects:
                return False, (p.reference,)
    for s in case.chart.statements:
        if s.text and says(s.text, _CYTOPENIA[name]) is Said.AFFIRMED and s.kind != "MedicationRequest":
            if says(s.text, _INOTUZUMAB) is Said.AFFIRMED and any(
                w in s.text.lower()
                for w in ("due", "related", "suspect", "attribut", "caused", "secondary", "toxicity")
            ):
                return True, (s.reference,)
            if any(w in s.text.lower() for w in ("due to", "attributed to", "secondary to")):
                return False, (s.reference,)
    return None, ()
