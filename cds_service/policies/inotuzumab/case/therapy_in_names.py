"""Prior therapy that conditions tell by their own names or codes: "status post blinatumomab", a history of CAR-T cells.

A transplant in a name is :mod:`cds_service.clinical.leukemia.transplants`'s, and therapy in the name of another
malignancy was for that.
Procedure: docs/policies/inotuzumab/case.md#prior-lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.leukemia.indication import other_malignancies
from cds_service.clinical.leukemia.transplants.names import is_transplant
from cds_service.clinical.problems import Problem
from cds_service.policies.inotuzumab.case.regimens import PriorTherapy, prior_therapy_in

# "Antineoplastic chemotherapy" says neither which drugs nor against what.
_CELLS, _CHEMOTHERAPY = code_set("past_cell_therapy"), code_set("past_chemotherapy")
_ENCOUNTER = code_set("chemotherapy_encounter")
_PAST = re.compile(
    r"\b(?:history|hx|h/o|s/p|status|post|after|following|prior|previous|past)\b", re.IGNORECASE
)


def therapy_in_names(chart: Chart, now: date) -> Iterator[tuple[PriorTherapy, Problem]]:
    """What verified conditions tell of therapy given before, each with its condition.

    An encounter for chemotherapy is one of earlier therapy where it lies before the therapy that begins ``now``.
    """
    for p in chart.problems:
        if not p.verified or p.is_event:
            continue
        if (of_cells := _CELLS.has_any(p.codes)) or _CHEMOTHERAPY.has_any(p.codes):
            told = "CAR-T cells in the past" if of_cells else "chemotherapy in the past"
            yield PriorTherapy(told, None, understood=of_cells), p
        elif _ENCOUNTER.has_any(p.codes):
            if p.dated is not None and p.dated.is_before(now) is True:
                yield PriorTherapy("an encounter for chemotherapy", p.dated, understood=False), p
        elif _PAST.search(p.words) is not None and p not in other_malignancies(chart):
            for name in dict.fromkeys(p.words.split(" | ")):
                if not is_transplant(name):
                    yield from ((prior, p) for prior in prior_therapy_in(name, None))
