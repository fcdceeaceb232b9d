"""What has come for one need so far, and what is known to be missing of it."""

from __future__ import annotations

import logging
from dataclasses import field

from cds_service.ehr.bundles import Page
from cds_service.ehr.medications import without_foreign
from cds_service.ehr.needs import DataNeed
from cds_service.fhir.belonging import MAY_NAME_NOBODY, Owner, owners
from cds_service.fhir.gaps import Reason
from cds_service.fhir.record import Gap, Resource
from cds_service.fhir.requests import CHANGES_ALL
from cds_service.values import dataclass

log = logging.getLogger(__name__)
_INCLUDED = MAY_NAME_NOBODY | {"Patient"}
_CHANGED = Reason(
    "entries with an extension that changes their meaning in a way not known here were left out"
)
_OTHER_KIND = Reason("what came is of another kind than was asked for")


@dataclass(frozen=True, slots=True)
class Note:
    """How one need was answered: from where, with how many rows and pages, and what is missing.

    ``strangers`` counts the rows of other patients that were dropped.
    """

    need: str
    origin: str
    rows: int
    pages: int
    reason: str
    strangers: int = 0


@dataclass(slots=True)
class Seen:
    """One need of one patient. ``failure`` ends it; ``remark`` says that a part is missing.

    ``strangers`` counts the rows of other patients that were dropped; ``not_offered`` says that the
    EHR has no such type; ``has_asked`` that a row of the kind asked for came, whoever's it is.
    """

    row: DataNeed
    patient_id: str
    server: str | None
    resources: list[Resource] = field(default_factory=list)
    pages: int = 0
    origin: str = ""
    failure: Reason | None = None
    remark: Reason | None = None
    strangers: int = 0
    not_offered: bool = False
    has_asked: bool = False

    def add(self, page: Page, origin: str) -> list[Resource]:
        """Take a page in; gives back what of it is this patient's."""
        self.origin = origin
        self.pages += 1
        if page.failed:
            self.failure = page.remark
        else:
            self.remark = page.remark or self.remark
        if not page.resources:
            return []
        self.has_asked = self.has_asked or any(r.type == self.row.resource_type for r in page.resources)
        where = origin if self.pages == 1 else f"{origin} page {self.pages}"
        whose = owners(self.patient_id)
        found = [whose(resource.body) for resource in page.resources]
        self._note_others(found.count(Owner.ANOTHER), found.count(Owner.UNCLEAR))
        own = [
            without_foreign(resource, self.server).come_by(where)
            for resource, owner in zip(page.resources, found, strict=True)
            if owner is Owner.PATIENT and not resource.body.get(CHANGES_ALL)
        ]
        if len(own) != found.count(Owner.PATIENT):
            self.remark = _CHANGED
        self.resources += own
        return own

    def _note_others(self, others: int, unclear: int) -> None:
        if others:
            log.warning("safety: %d %s of another patient discarded", others, self.row.resource_type)
            self.strangers += others
        if unclear:
            self.remark = Reason("entries that do not say whose they are were left out")

    @property
    def _reason(self) -> Reason | None:
        return self.failure or self.remark or (_OTHER_KIND if self._is_other_kind else None)

    @property
    def _is_other_kind(self) -> bool:
        """Whether rows of one other kind came alone: another search's. What may be included with any says nothing.

        A client that sends all it has under each key sends rows of several kinds.
        """
        return not self.has_asked and len({r.type for r in self.resources} - _INCLUDED) == 1

    @property
    def gap(self) -> Gap | None:
        """What is missing; partial when something was seen all the same."""
        reason = self._reason
        if self.not_offered or reason is None:
            return None
        return Gap(self.row.need, reason.words, bool(self.resources) and self.has_asked, reason.code)

    @property
    def note(self) -> Note:
        dropped = f"{self.strangers} rows of another patient were left out" if self.strangers else ""
        reason = str(self._reason or dropped)
        return Note(self.row.need, self.origin, len(self.resources), self.pages, reason, self.strangers)
