"""Blood counts: ANC and platelets as reported or derived, and platelet transfusions.

ANC is the direct result; else WBC times the neutrophil percentage of the same time; segmented
neutrophils alone are a lower bound. A platelet count soon after a transfusion is an upper bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from cds_service.clinical.chart import Chart
from cds_service.clinical.evidence import deciding, newest
from cds_service.clinical.observations.results import Result
from cds_service.clinical.reading.recorded import is_recorded
from cds_service.clinical.therapy.exposure import DrugUse
from cds_service.fhir.dates import When
from cds_service.fhir.quantities import Interval
from cds_service.remembering import once


def platelets(chart: Chart, *, unreadable: bool = False) -> Sequence[Result]:
    """Usable platelet counts, in 10*9/L; with ``unreadable`` also those that cannot be read."""
    return _platelets_or_unreadable(chart) if unreadable else chart.usable("platelets")


@once
def _platelets_or_unreadable(chart: Chart) -> Sequence[Result]:
    return deciding(chart.usable("platelets"), chart.unusable(("platelets",)))


def anc(chart: Chart, *, unreadable: bool = False) -> Sequence[Result]:
    """Usable absolute neutrophil counts, in 10*9/L, direct ones before derived ones of the same time.

    With ``unreadable`` also those that cannot be read.
    """
    return _anc_or_unreadable(chart) if unreadable else _usable_anc(chart)


@once
def _anc_or_unreadable(chart: Chart) -> Sequence[Result]:
    return deciding(_usable_anc(chart), (*chart.unusable(("anc",)), *_underivable(chart)))


def has_unreadable(chart: Chart) -> bool:
    """Whether some ANC or platelet count cannot be read."""
    return any(len(count(chart, unreadable=True)) > len(count(chart)) for count in (anc, platelets))


@once
def _usable_anc(chart: Chart) -> Sequence[Result]:
    direct = chart.usable("anc")
    covered = {_moment(r) for r in direct}
    derived = [r for r in _derived(chart) if _moment(r) not in covered]
    covered |= {_moment(r) for r in derived}
    bounds = [
        replace(r, concept="anc", value=Interval(r.value.low, None))
        for r in chart.usable("anc_segmented")
        if r.value is not None and _moment(r) not in covered
    ]
    return (*direct, *derived, *bounds)


def _derived(chart: Chart) -> Iterator[Result]:
    white = _by_moment(chart.usable("wbc"))
    for pct in (*chart.usable("neutrophil_pct"), *_segs_and_bands(chart)):
        for total in newest(white.get(_moment(pct), ())):
            if total.value is not None and pct.value is not None:
                yield replace(
                    pct,
                    concept="anc",
                    value=_product(total.value, pct.value),
                    words="WBC x neutrophil %",
                    upper_limit=None,
                    lower_limit=None,
                )


def _by_moment(results: Iterable[Result]) -> dict[object, list[Result]]:
    """The dated results of each moment; which of several counts is for :func:`newest` to say."""
    found: dict[object, list[Result]] = {}
    for r in results:
        if r.when is not None:
            found.setdefault(_moment(r), []).append(r)
    return found


def _underivable(chart: Chart) -> Iterator[Result]:
    """ANCs that would follow from WBC and neutrophils of one time, where one of the two cannot be read."""
    white = _by_moment(chart.results_of("wbc"))
    for pct in chart.results_of("neutrophil_pct"):
        totals = newest(white.get(_moment(pct), ()))
        unread = next((r for r in (*totals, pct) if r.is_unreadable), None)
        if totals and unread is not None:
            yield replace(pct, concept="anc", value=None, sign=None, problem=unread.problem)


def _product(count: Interval, percent: Interval) -> Interval:
    """So many per cent of a count; both are at least zero."""
    low = (count.low or Decimal(0)) * (percent.low or Decimal(0)) / 100
    share = min(percent.high, Decimal(100)) if percent.high is not None else Decimal(100)
    return Interval(low, None if count.high is None else count.high * share / 100)


def _segs_and_bands(chart: Chart) -> Iterator[Result]:
    bands = _by_moment(chart.usable("neutrophil_band_pct"))
    for seg in chart.usable("neutrophil_seg_pct"):
        for band in newest(bands.get(_moment(seg), ())):
            if band.value is None or seg.value is None:
                continue
            a, b = seg.value, band.value
            low = (a.low or Decimal(0)) + (b.low or Decimal(0))
            high = None if a.high is None or b.high is None else a.high + b.high
            yield replace(seg, value=Interval(low, high))


def _moment(result: Result) -> object:
    when = result.when
    return None if when is None else when.instant or when.first


_PLATELETS = ("platelet-transfusion", "platelets")


@once
def platelet_transfusions(chart: Chart) -> tuple[When, ...]:
    """When platelets were transfused, as a procedure or as an administration of the product (docs/record-reading.md#values, step 5).

    Screens, cross-matches and orders that were not carried out are none.
    """
    found: list[When] = [w for u in chart.uses if _is_transfusion(u) for w in u.days]
    for act in chart.acts:
        worded = "transfus" in act.words.lower() and is_recorded(act.words, *_PLATELETS)
        named = "platelet_transfusion" in act.concepts or worded
        if (
            named
            and act.kind == "Procedure"
            and act.status in ("completed", "in-progress", "")
            and act.when is not None
        ):
            found.append(act.when)
    return tuple(found)


def _is_transfusion(use: DrugUse) -> bool:
    """Whether a use gave platelets: as a product, or by the code or words of a transfusion of them."""
    coded = "platelet_transfusion" in use.drugs
    may_be = use.is_given and (coded or use.kind == "MedicationAdministration")
    return may_be and is_recorded(use.words, *_PLATELETS, unnamed=coded)


def follows_transfusion(result: Result, transfusions: Iterable[When], window: int) -> bool:
    """Whether a count was taken within ``window`` days after a platelet transfusion."""
    if result.when is None:
        return False
    return any(_follows(result.when, t, window) for t in transfusions)


def _follows(count: When, transfusion: When, window: int) -> bool:
    if count.instant is not None and transfusion.instant is not None and count.instant < transfusion.instant:
        return False
    days = (count.last - transfusion.first).days
    return 0 <= days <= window
