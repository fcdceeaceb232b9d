"""Where each documentation item may stand, by the policy file; and why it may be there unseen.

Rules ask by the name of an item, never by kinds of data: what keeps a rule open is then what the
checklist says to look for in the EHR.
Procedure: docs/policies/inotuzumab/case.md#open-items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cds_service.clinical.chart import Chart
from cds_service.fhir.record import DataKind
from cds_service.policies.inotuzumab.numbers import POLICY

_Kinds = tuple[DataKind, ...]


def _kinds(names: Iterable[str]) -> _Kinds:
    return tuple(map(DataKind, names))


SOURCES: Mapping[str, _Kinds] = {i.id: _kinds(i.sources) for i in POLICY.items.values()}
JUDGED_WITH: Mapping[str, _Kinds] = {i.id: _kinds(i.judged_with) for i in POLICY.items.values()}
_OVERRULED_IN: Mapping[str, _Kinds] = {
    i.id: _kinds(i.overruled_in or i.sources) for i in POLICY.items.values()
}


def unseen(chart: Chart, item: str) -> str | None:
    """Why an item may stand where nothing was seen; None when all places of it were seen."""
    return chart.unseen(*SOURCES[item])


def may_be_overruled(chart: Chart, item: str) -> str | None:
    """Why what was seen of an item does not stand yet: what overrules it may be unseen. None when it stands."""
    return chart.unseen(*_OVERRULED_IN[item])


def judged_without(chart: Chart, item: str) -> str | None:
    """Why what an item is judged with, and what is no place of it, could not be seen; None when it was."""
    return chart.unseen(*JUDGED_WITH[item])


def lacking(chart: Chart, item: str) -> list[DataKind]:
    """The places of an item that this EHR does not offer."""
    return [kind for kind in SOURCES[item] if kind in chart.record.not_offered]


def doses_not_offered(chart: Chart) -> bool:
    """Whether this EHR has no type for what decides the doses given."""
    return any(kind in chart.record.not_offered for kind in _OVERRULED_IN["cycle-number"])
