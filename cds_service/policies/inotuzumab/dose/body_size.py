"""Body sizes that quarrel with the one in use: another weight of the days before, a recorded BSA (POL-REC-BSA).

The newest decides what is expected. A dose that is out of range by it alone may be the fault of the
measure, so such a finding is at most a warning and no dose is suggested.
Procedure: docs/policies/inotuzumab/dose.md#body-sizes-that-quarrel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from cds_service.clinical.chart import Chart
from cds_service.clinical.observations.body import BodySurface, differs_by, mosteller
from cds_service.clinical.observations.results import Result
from cds_service.engine.determination import (
    Basis,
    CardKind,
    Dose,
    DoseOption,
    Finding,
    Indicator,
    ItemPart,
    NeededItem,
)
from cds_service.engine.wording import percent_off
from cds_service.fhir.decimals import to_place
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.numbers import number, said, span
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Rival:
    """A body surface area that the record supports as well, and the measure it rests on."""

    body: BodySurface
    result: Result
    text: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a dose check says with one body size: the dose against its row, and how loud it is."""

    dose: Dose
    findings: tuple[Finding, ...]

    @property
    def level(self) -> int:
        """The rank of the loudest finding of a dose out of range; -1 when it is in range."""
        return max((f.indicator.rank for f in self.findings if f.kind == "dose"), default=-1)


def item_of(measures: Sequence[str], because: str, *, decides: bool) -> NeededItem:
    """Height and weight as an item to ask for; one alone where the other is there."""
    alone = measures[0] if len(measures) == 1 else ""
    part = ItemPart(alone, f"Record the {alone}", (f"Body {alone}",)) if alone else None
    return NeededItem("height-weight", because, decides=decides, part=part)


def rivals(chart: Chart, body: BodySurface) -> tuple[Rival, ...]:
    """The sizes that differ from the one in use by more than their limit, oldest weight first."""
    if body.how != "computed" or body.m2 is None or body.height is None or body.weight is None:
        return ()
    return (*_weights(chart, body, body.weight), *_recorded(body))


def _weights(chart: Chart, body: BodySurface, newest: Result) -> Iterator[Rival]:
    """Weights of the 30 days before the newest that differ from it by a factor above 1.25."""
    now, height = _exact(newest), _exact(body.height)
    if newest.when is None or now is None or height is None:
        return
    first = newest.when.first - span("weight.quarrel_window")
    for r in sorted(chart.usable("body_weight"), key=lambda r: (str(r.when), r.reference)):
        other = _exact(r)
        if r is newest or other is None or r.when is None or not r.when.is_within(first, newest.when.last):
            continue
        times = max(now, other) / min(now, other)
        if times > number("weight.quarrel"):
            text = f"weight {newest.shown} is {_times(now / other)} times the weight {r.shown}"
            yield Rival(replace(body, m2=mosteller(height, other), weight=r), r, text)


def _recorded(body: BodySurface) -> Iterator[Rival]:
    """A recorded BSA near in time to the weight that differs too much from the computed one."""
    recorded, weight, m2 = body.recorded, body.weight, body.m2
    value = _exact(recorded)
    if value is None or m2 is None or weight is None or recorded is None:
        return
    if recorded.when is None or weight.when is None:
        return
    apart = abs(recorded.when.first - weight.when.first)
    if apart <= span("bsa.recorded_window") and differs_by(value, m2) > number("bsa.mismatch"):
        text = f"recorded BSA {recorded.shown} differs by more than {said('bsa.mismatch')} from {plain(to_place(m2, Decimal('0.01')))} m2 computed from height and weight"
        yield Rival(BodySurface(value, "recorded", recorded=recorded), recorded, text)


def _exact(result: Result | None) -> Decimal | None:
    return result.value.exact if result is not None and result.value is not None else None


def _times(value: Decimal) -> str:
    return plain(to_place(value, Decimal("0.01")))


def tempered(own: Opinion, others: Sequence[tuple[Rival, Opinion]], body: BodySurface) -> Opinion:
    """The opinion with the size in use, no louder than a warning where another size says less, and the quarrel named."""
    if not others:
        return own
    softer = any(opinion.level < own.level for _, opinion in others)
    found = [_at_most_warning(f) if softer and f.kind == "dose" else f for f in own.findings]
    return Opinion(replace(own.dose, disputed=True), (*found, _mismatch(own, others, body)))


def _at_most_warning(finding: Finding) -> Finding:
    loud = finding.indicator is Indicator.CRITICAL
    return replace(finding, indicator=Indicator.WARNING) if loud else finding


def _mismatch(own: Opinion, others: Sequence[tuple[Rival, Opinion]], body: BodySurface) -> Finding:
    said = [rival.text for rival, _ in others]
    said.append(
        "the dose is judged by the newest weight"
        if _has_weight(others)
        else "the dose is judged by the computed one"
    )
    said += [
        f"by the {'recorded BSA' if rival.body.how == 'recorded' else 'other weight'} the ordered dose would be {how}"
        for rival, opinion in others
        if opinion.level > own.level and (how := _off_by(opinion.dose))
    ]
    references = (*(rival.result.reference for rival, _ in others), *body.evidence)
    return Finding(
        "bsa-mismatch", Indicator.WARNING, CardKind.SAFETY, ("POL-REC-BSA",), Basis.RECOMMENDATION, "; ".join(said),
        "Check height, weight and BSA", tuple(dict.fromkeys(references)),
    )  # fmt: skip


def _has_weight(others: Sequence[tuple[Rival, Opinion]]) -> bool:
    return any(rival.body.how == "computed" for rival, _ in others)


def _off_by(dose: Dose) -> str:
    """How far the ordered dose lies from the expected one, in words."""
    if dose.ordered_mg is None:
        return ""
    row = dose if dose.expected_mg is not None else _nearest(dose.options, dose.ordered_mg)
    if row is None or not row.expected_mg:
        return ""
    off = percent_off(dose.ordered_mg, row.expected_mg, row.low_mg, row.high_mg)
    return f"{off} the table ({plain(row.expected_mg)} mg)"


def _nearest(rows: Sequence[DoseOption], ordered: Decimal) -> DoseOption | None:
    return min(rows, key=lambda row: abs(row.expected_mg - ordered), default=None)
