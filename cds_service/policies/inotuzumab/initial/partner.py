"""A drug beside inotuzumab, and which uses of drugs are none: premedication, intrathecal, cytoreduction.

Procedure: docs/policies/inotuzumab/initial.md#partner-drugs.
"""

from __future__ import annotations

import re
from datetime import date

from cds_service.clinical.therapy.drugs import (
    INOTUZUMAB,
    MINI_HYPER_CVD,
    STEROIDS,
    UNRESOLVED,
    is_antineoplastic,
    shown,
)
from cds_service.clinical.therapy.exposure import DrugUse
from cds_service.oncology.concurrency import Concurrency
from cds_service.policies.inotuzumab.case.lines import is_cytoreduction
from cds_service.values import dataclass

_PREMEDICATION = re.compile(
    r"\bpre-?med\w*|\b(?:prior to|before) (?:each |every |the )?(?:inotuzumab|infusion|dose)|\bpre-?treatment for infusion|"
    r"\bantiemet\w*|\bnausea|\bvomiting|\binfusion reaction",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Partner:
    """One drug beside inotuzumab, how sure that is, and where it stands."""

    drug: str
    concurrency: Concurrency
    reference: str
    why: str

    @property
    def shown(self) -> str:
        return f"{shown(self.drug)} ({self.why})"


def counted(use: DrugUse, day_one: date) -> frozenset[str]:
    """The drugs of a use that may be partners, after step 2 left out what is none."""
    if not use.is_systemic or use.benign_reason or use.status == "not-done":
        return frozenset()
    drugs = frozenset([d for d in use.drugs if may_be_partner(d, use) and d != "hydroxyurea"])
    premedication = drugs <= STEROIDS and _PREMEDICATION.search(use.all_text)
    if premedication or is_cytoreduction(use, day_one):
        return frozenset()
    return drugs


def may_be_partner(drug: str, use: DrugUse) -> bool:
    return drug != INOTUZUMAB and (
        is_antineoplastic(drug, use.concept) or drug in MINI_HYPER_CVD or drug == UNRESOLVED
    )
