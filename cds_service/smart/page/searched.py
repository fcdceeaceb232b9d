"""What was searched: for each kind of data what was asked, why, how much came, and what could not be seen."""

from __future__ import annotations

import re

from cds_service.ehr.needs import NEEDS, DataNeed
from cds_service.fhir.record import DataKind, Record
from cds_service.values import dataclass

_PATIENT = re.compile(r"[&?]?(?:patient|subject|beneficiary)=(?:Patient/)?\{\{context\.patientId\}\}&?")
_SHOWN = 240


@dataclass(frozen=True, slots=True)
class SearchedRow:
    """One kind of data. ``gap`` is empty when all of it was seen; ``lacking`` says that the EHR has no such type."""

    name: str
    asked: str
    why: str
    found: int
    gap: str
    lacking: str = ""


def searched(record: Record) -> tuple[SearchedRow, ...]:
    """One row for each row of the table of data needs."""
    return tuple(
        SearchedRow(
            name=_name(row),
            asked=_asked(row.search),
            why=row.why,
            found=len(record.of_type(row.resource_type)),
            gap=record.unseen(row.need) or "",
            lacking=_not_offered(row, record),
        )
        for row in NEEDS
    )


def _name(row: DataNeed) -> str:
    """The type; where two rows ask for one type, the second says that it asks for the rest."""
    return f"{row.resource_type}, others" if row.need is DataKind.OTHER_OBSERVATIONS else row.resource_type


def _not_offered(row: DataNeed, record: Record) -> str:
    if row.need not in record.not_offered:
        return ""
    return f"this EHR does not offer {row.resource_type}; its facts are judged by the other sources"


def _asked(search: str) -> str:
    """The search without the patient, and without the tail of a long list of codes."""
    query = _PATIENT.sub("", search.partition("?")[2]).replace("&", ", ").strip(", ")
    if len(query) > _SHOWN:
        head = query[:_SHOWN].rsplit(",", 1)[0]
        more = query[len(head) :].count(",")
        query = f"{head} and {more} more"
    return query or "all of this patient"
