"""Why a drug is used: the reasons that a resource states, and whether they name a disease that is no malignancy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cds_service.clinical.code_sets import code_set
from cds_service.fhir.codings import System, codes_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.record import Record, Resource

_NEOPLASMS, _NO_DISEASE = code_set("malignancy", "benign_neoplasm"), code_set("no_disease")
_MALIGNANT = re.compile(
    r"leuk|lymph(?!ohistio)|\bALL\b|cancer|malignan|neoplas|tumou?r|chemo|myelo|induction|consolidation|salvage",
    re.I,
)
BENIGN_REASON = re.compile(
    r"arthrit|psoria|crohn|colitis|lupus|graft|gvhd|asthma|copd|nausea|vomit|emesis|allerg|uveit|vasculit|"
    r"sarcoid|dermat|myasthen|sickle|ectopic|eczema|pemphig|multiple sclerosis|rheum|edema|adrenal|croup|sclero|lichen|"
    r"alopecia|polymyalgia|nephri|spondyl|gout|ha?emolytic an|thrombocytopenic purpura|\bITP\b|beh[cç]et|urticaria|"
    r"immune thrombocytop|\bTTP\b|nephro(?:tic|path)|ha?emophagocyt|\bHLH\b|macrophage activation|neuromyelitis|granulomatosis|"
    r"encephalitis|cryoglobulin|\bIgG4|transplant rejection|antibody.mediated rejection|\b(?:EBV|CMV) (?:reactivation|vira?emia|infection)",
    re.I,
)


def reasons_of(
    body: Mapping[str, Any], record: Record, inside: Resource | None = None
) -> Iterator[Mapping[str, Any]]:
    """The reasons that a resource states as CodeableConcepts: codes, the conditions referred to, or their words."""
    if "reasonCode" in body:
        yield from as_dicts(body["reasonCode"])
    named: list[Mapping[str, Any]] = []
    for member in ("reasonReference", "addresses"):
        if member in body:
            named += as_dicts(body[member])
    for pointer in named:
        target = record.resolve(as_text(pointer.get("reference")) or "", inside)
        if target is not None:
            yield as_dict(target.body.get("code"))
        elif display := as_prose(pointer.get("display")):
            yield {"text": display}


def is_benign(reasons: Iterable[Mapping[str, Any]], words: str) -> bool:
    """Whether the stated reason is a disease that is no malignancy."""
    icd = [code for reason in reasons for code in codes_in(reason) if code[0] is System.ICD10CM]
    if _MALIGNANT.search(words) or _NEOPLASMS.has_any(icd):
        return False
    return bool(BENIGN_REASON.search(words)) or any(code not in _NO_DISEASE for code in icd)
