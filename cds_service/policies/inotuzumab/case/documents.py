"""Documents on record: clinical notes, administration records, pathology reports (POL-A-DOC).

A document proves that it exists; its content counts only where the text is readable.
Procedure: docs/policies/inotuzumab/case.md#documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.documents import Document
from cds_service.engine.answers import MET, Answer, unknown
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.open_items import PATHOLOGY_TYPES, PATHOLOGY_WORDS, absent, hidden
from cds_service.values import dataclass

_NOTE_TYPES = code_set("clinical_note").bare
_NOTE_WORDS = re.compile(r"\bnote\b|consult|progress|history and physical|discharge", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Note:
    """A clinical note or administration record, with what of it is readable."""

    when: When | None
    text: str
    reference: str


def clinical_notes(case: Case) -> Iterator[Note]:
    """The notes of any date."""
    return (Note(d.when, d.text, d.reference) for d in case.chart.documents if _is_note(d))


def _is_note(d: Document) -> bool:
    return d.kind == "DocumentReference" and bool(d.codes & _NOTE_TYPES or _NOTE_WORDS.search(d.words))


def administration_records(case: Case) -> Iterator[Note]:
    """The records of the doses given in any course."""
    given = {d.reference for d in case.frame.history.given}
    for use in case.chart.uses:
        if use.kind == "MedicationAdministration" and use.reference in given:
            yield Note(use.first_known, "\n".join(use.texts), use.reference)


def _is_pathology(d: Document) -> bool:
    return bool(d.codes & PATHOLOGY_TYPES or PATHOLOGY_WORDS.search(d.words))


def attachments(case: Case) -> tuple[str, ...]:
    """The newest pathology or flow report and the newest clinical note on record, each by name and date."""
    found = (
        [d for d in case.chart.documents if _is_pathology(d) and not _is_note(d)],
        [d for d in case.chart.documents if _is_note(d)],
    )
    newest = (max(ds, key=_dated) for ds in found if ds)
    return tuple(f"{_name(d)} ({d.when or 'undated'})" for d in newest)


def _name(d: Document) -> str:
    return d.words.split(" | ")[0].removeprefix("Provider-unspecified ") or "document"


def _dated(d: Document) -> tuple[date, str]:
    return (d.when.first if d.when is not None else date.min, d.reference)


def _reports(case: Case) -> list[str]:
    """The pathology and flow reports of any date, and results that are one."""
    reports = [d.reference for d in case.chart.documents if _is_pathology(d)]
    reports += [r.reference for r in case.chart.results_for("immunophenotype_panel")]
    return reports + [
        s.reference for s in case.chart.statements if s.kind == "Observation" and s.codes & {"document_type"}
    ]


def lacks_note_alone(case: Case) -> bool:
    """Whether a pathology or flow report is on record and no clinical note."""
    return bool(_reports(case)) and not any(clinical_notes(case))


def supporting_documents(case: Case) -> Answer:
    """POL-A-DOC: a pathology or flow report and a clinical note exist; never "not met"."""
    reports, notes = _reports(case), [n.reference for n in clinical_notes(case)]
    if reports and notes:
        because = "a pathology or flow report and a clinical note are on record"
        return Answer(MET, because, (reports[0], notes[0]))
    found = (("pathology or flow cytometry report", reports), ("clinical note", notes))
    missing = [name for name, listed in found if not listed]
    and_no = " and " if hidden(case.chart, "pathology") else " and no "
    because = absent(case, and_no.join(missing), "pathology")
    return unknown(because, "pathology", changes=f"attach {' and '.join(missing)}")
