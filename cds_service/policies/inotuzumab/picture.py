"""What a reader of the detail page sees drawn: results with the policy's limits, and the doses in time.

Decides nothing. A limit in multiples of the upper limit of normal is drawn at the usual one; the
rules use the laboratory's own where it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from cds_service.clinical.chart import Chart, read_chart
from cds_service.clinical.leukemia.diagnosis import diagnosis
from cds_service.clinical.observations.series import DoseMark, EventMark, Picture, series
from cds_service.fhir.quantities import plain
from cds_service.fhir.record import Record
from cds_service.oncology.cycle_count import placings
from cds_service.oncology.doses import Dose
from cds_service.policies.inotuzumab.case.schedule import doses_of, schedule
from cds_service.policies.inotuzumab.numbers import number


def picture(record: Record, clock: datetime) -> Picture:
    """All series of the record, and the doses of all courses with what happened since, up to the clock."""
    chart, lines = read_chart(record, clock), _limits()
    drawn = tuple(replace(one, limits=lines.get(one.concept, ())) for one in series(record, clock))
    doses = doses_of(chart).doses
    readings = placings(doses, schedule())
    placed = {dose: str(label) for dose, label in readings[0].placed} if len(readings) == 1 else {}
    marks = tuple(_mark(dose, placed.get(dose, "")) for dose in doses)
    first = min((mark.day for mark in marks if mark.given), default=None)
    return Picture(drawn, marks, tuple(sorted(_events(chart, first))) if first is not None else ())


def _events(chart: Chart, first: date) -> Iterator[EventMark]:
    """Adverse events, and problems that began, since the first dose; the disease itself is no event."""
    disease = {problem.reference for problem in diagnosis(chart).leukemia}
    for problem in chart.problems:
        when = problem.dated if problem.is_event else problem.onset
        on = when.day if when is not None else None
        name = problem.words.split(" | ")[0]
        if on is not None and on >= first and name and problem.reference not in disease:
            yield EventMark(on, name if problem.verified else f"{name}, not confirmed", problem.reference)


def _limits() -> Mapping[str, tuple[tuple[str, Decimal], ...]]:
    """By concept of the series, in the series' own unit, each line labelled with what it rests on."""
    bilirubin = number("hep.bilirubin_x_uln") * number("bilirubin.default_uln")
    alt = number("hep.transaminase_x_uln") * number("alt.default_uln")
    return {
        "platelets": (("policy: hold below", number("hem.platelets")),),
        "anc": (("policy: hold below", number("hem.anc")),),
        "marrow_blasts_pct": (("policy: CR below", number("cr.marrow_blasts_max")),),
        "bilirubin_total": (
            (f"label: {plain(number('hep.bilirubin_x_uln'))} x usual upper limit", bilirubin),
        ),
        "alt": ((f"label: {plain(number('hep.transaminase_x_uln'))} x usual upper limit", alt),),
        "qtc": (
            ("recommendation: check above", number("qtc.warn")),
            ("recommendation: danger above", number("qtc.critical")),
        ),
    }


def _mark(dose: Dose, place: str) -> DoseMark:
    amounts = ((dose.mg, "mg"), (dose.mg_per_m2, "mg/m2"))
    amount = next((f"{plain(value)} {unit}" for value, unit in amounts if value is not None), "")
    label = str(dose.label) if dose.label is not None else place
    return DoseMark(dose.day, dose.given, label, amount, dose.reference)
