"""A made-up policy, complete: a diagnosis, a count with a limit, one dose, and a hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files

from cds_service.clinical.chart import Chart, read_chart
from cds_service.clinical.evidence import newest, within
from cds_service.clinical.observations.results import Result
from cds_service.clinical.observations.series import Picture, series
from cds_service.clinical.problems import problems_shown
from cds_service.clinical.therapy.orders import Order, read_order
from cds_service.engine.answers import MET, NOT, Answer, refs, unknown
from cds_service.engine.attempts import Allowance
from cds_service.engine.carrying import coverage_finding, decisive, needed_criteria
from cds_service.engine.checklist import checklist, documentation
from cds_service.engine.determination import (
    Basis,
    CardKind,
    Determination,
    Dose,
    Finding,
    Indicator,
)
from cds_service.engine.finders import Finder, find
from cds_service.engine.numbers import in_force_on
from cds_service.engine.outline import bind, leaves_of
from cds_service.engine.policy_file import read_policy
from cds_service.fhir.decimals import whole_up
from cds_service.fhir.quantities import plain
from cds_service.fhir.record import Record, Resource
from cds_service.policies import DrugPolicy
from cds_service.policies.orders import is_order_of, orders_of, without_drafts

FILE = read_policy(files(__name__).joinpath("policy.toml").read_text(encoding="utf-8"))
DRUG = "blinatumomab"
number, said = FILE.numbers.number, FILE.numbers.said


@dataclass(frozen=True)
class Case:
    chart: Chart
    order: Order

    @property
    def platelets(self) -> tuple[Result, ...]:
        """The newest counts within the window."""
        start = self.order.planned - FILE.numbers.span("count.window")
        return newest(within(self.chart.usable("platelets"), start, self.order.planned))


def diagnosis(case: Case) -> Answer:
    """SAMPLE-DX."""
    found = [p for p in case.chart.problems if p.is_a("all") or p.is_a("b_all")]
    if found:
        return Answer(MET, f"recorded: {problems_shown(found)}", refs(found))
    return unknown("no acute lymphoblastic leukemia is recorded", "diagnosis", changes="the diagnosis")


def count(case: Case) -> Answer:
    """SAMPLE-COUNT."""
    found = case.platelets
    if not found or any(r.value is None for r in found):
        return unknown(f"no platelet count of the last {said('count.window')}", "cbc", changes="a count")
    low = [r for r in found if r.value is not None and r.value.is_below(number("count.least")) is not False]
    shown = f"platelets {found[0].shown}, limit {said('count.least')}"
    return Answer(NOT if low else MET, shown, refs(found))


def hold(case: Case) -> Iterator[Finding]:
    """SAMPLE-HOLD."""
    for r in case.platelets:
        if r.value is not None and r.value.is_below(number("hold.below")):
            text = f"Platelets {r.shown}, below {said('hold.below')}"
            yield Finding(
                "hem-hold", Indicator.WARNING, CardKind.SAFETY, ("SAMPLE-HOLD",), Basis.POLICY, text, "Hold the dose", (r.reference,)
            )  # fmt: skip


OUTLINE = bind(
    FILE,
    {"SAMPLE-DX": diagnosis, "SAMPLE-COUNT": count},
    [Finder(("SAMPLE-HOLD",), "platelets before the dose", hold)],
)


def dose(order: Order) -> tuple[Dose, tuple[Finding, ...]]:
    """SAMPLE-DOSE."""
    table = number("dose.flat")
    slack = table * number("dose.tolerance") / 100
    mg = next((s.value for a in order.doses[0].amounts for s in a.stated if s.unit == "mg"), None)
    verdict = (
        "unknown" if mg is None else "under" if mg < table - slack else "over" if mg > table + slack else "ok"
    )
    units, vials = whole_up(table, number("billing.unit")), whole_up(table, number("vial"))
    facts = Dose(verdict, mg, table, table - slack, table + slack, billing_units=units, vials=vials)
    if mg is None or verdict == "ok":
        return facts, ()
    text = f"{plain(mg)} mg ordered, the policy gives {said('dose.flat')}"
    found = Finding(
        "dose", Indicator.WARNING, CardKind.DOSE, ("SAMPLE-DOSE",), Basis.POLICY, text, "Check the dose"
    )
    return facts, (found,)


def decide(case: Case, time: Allowance) -> Determination:
    outline = OUTLINE.evaluate("coverage", case, time)
    leaves, decided = leaves_of(outline), list(decisive(outline))
    found, asked = find(OUTLINE.finders, case, time, FILE)
    facts, wrong = dose(case.order)
    needs = checklist(FILE, decided, asked=asked)
    return Determination(
        order=case.order.reference,
        policy=FILE.reference,
        request="initial",
        cycle=None,
        day=None,
        coverage=outline.verdict,
        outline=outline,
        criteria=tuple(replace(c, applies=c.id in needed_criteria(outline)) for c in leaves),
        findings=(coverage_finding(outline), *documentation(needs, decided, "SAMPLE-DX"), *wrong, *found),
        needed=needs,
        dose=facts,
        planned=case.order.planned.isoformat(),
    )


def determine(
    record: Record, drafts: Sequence[Resource], clock: datetime, time: Allowance | None = None
) -> tuple[Determination, ...]:
    """One determination for each order of the drug."""
    known = without_drafts(record, drafts)
    chart = read_chart(known, clock)
    made = []
    for draft in orders_of(DRUG, known, drafts):
        order = read_order(draft, clock)
        with in_force_on(order.planned):
            made.append(decide(Case(chart, order), time or Allowance()))
    return tuple(made)


def in_scope(resource: Resource, resolve: Callable[[str, Resource], Resource | None]) -> bool:
    return is_order_of(DRUG, resource, resolve)


def picture(record: Record, clock: datetime) -> Picture:
    return Picture(series(record, clock), ())


POLICY = DrugPolicy("sample", OUTLINE, in_scope, read_order, determine, picture)
