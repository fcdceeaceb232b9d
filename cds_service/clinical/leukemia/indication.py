"""What a therapy is for: acute lymphoblastic leukemia, another disease, or not stated.

Read from reason codes, the conditions that reasons refer to, and their words. "Chemotherapy",
"conditioning" and Z51.1x are no reason. A reason that is not understood is kept apart.
Source: docs/record-reading.md#what-a-therapy-is-for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.leukemia.diagnosis import OTHER_DISEASES, PAST_LEUKEMIA, disease_in_words
from cds_service.clinical.problems import Problem
from cds_service.clinical.terms import concepts
from cds_service.clinical.therapy.reasons import BENIGN_REASON
from cds_service.fhir.codings import System, codes_in, words_in
from cds_service.remembering import once, remembered


class Indication(Enum):
    """What a therapy is said to be for."""

    ALL = "acute lymphoblastic leukemia or lymphoma, or leukemia of unstated type"
    OTHER = "another disease"
    NOT_TOLD = "no reason is given"
    NOT_UNDERSTOOD = "a reason is given in words that are not understood"


_ALL_CONCEPTS = frozenset(
    {"b_all", "t_all", "all_unspecified_lineage", "ph_positive", "ph_negative", "all_relapsed", "all_refractory", "null_cell_all",
     "lymphoblastic_lymphoma_c835"}
)  # fmt: skip
_ALL_CODES = code_set("all_by_code", "all_unclear")
_CANCER_CODES = code_set("malignancy", "history_of_cancer")
_NO_DISEASE = code_set("no_disease")
_CANCER = re.compile(
    r"\b(?:cancer|carcinoma|adenocarcinoma|malignan\w+|neoplasm|tumou?r|lymphoma|myeloma|sarcoma|melanoma|glioma|\w*blastoma|"
    r"mesothelioma|seminoma|myelodysplas\w+|macroglobulin\w+|hodgkin\w*|DCIS|GIST)\b",
    re.IGNORECASE,
)
_MYELOID_OR_CHRONIC = re.compile(
    r"\b(?:myel\w+|chronic|hairy|monocyt\w+|eosinophil\w+|AML|CML|CLL)\b", re.IGNORECASE
)
# Words of a reason that name no disease.
_NEUTRAL = frozenset(
    re.findall(
        r"\w+",
        "chemotherapy chemo cns remission high dose myeloablative reduced intensity antineoplastic immunotherapy conditioning induction reinduction consolidation maintenance salvage bridging "
        "per day days cycle cycles week weekly daily encounter for admission treatment therapy regimen protocol prophylaxis relapse relapsed refractory cancer malignancy malignant "
        "neoplasm disease hematologic haematologic hematological blood oncology the of to and with before after prior transplant stem "
        "cell bone marrow first second line frontline ph positive negative mrd residual persistent progressive progression intensive "
        "unspecified primary systemic preparative cytoreduction procedure situation finding disorder administration drug medication standard care planned",
    )
)  # fmt: skip


def indication(reasons: Iterable[Mapping[str, Any]]) -> Indication:
    """What these reasons say together: ALL among them decides, then another disease."""
    found = [_of(reason) for reason in reasons]
    for one in (Indication.ALL, Indication.OTHER, Indication.NOT_UNDERSTOOD):
        if one in found:
            return one
    return Indication.NOT_TOLD


def _of(reason: Mapping[str, Any]) -> Indication:
    coded = concepts(reason, "conditions")
    icd = [code for code in codes_in(reason) if code[0] is System.ICD10CM]
    if coded & _ALL_CONCEPTS or _ALL_CODES.has_any(icd):
        return Indication.ALL
    if coded & OTHER_DISEASES or any(code not in _NO_DISEASE for code in icd):
        return Indication.OTHER
    return _in_words(words_in(reason))


@remembered(400_000)
def _in_words(words: str) -> Indication:
    named = disease_in_words(words)
    if named is not None and named != "other":
        return Indication.ALL
    if (
        named == "other"
        or names_other_cancer(words)
        or (BENIGN_REASON.search(words) and not _CANCER.search(words))
    ):
        return Indication.OTHER
    if re.search(r"leuk(?:a)?emi", words, re.IGNORECASE):
        return Indication.OTHER if _MYELOID_OR_CHRONIC.search(words) else Indication.ALL
    return Indication.NOT_UNDERSTOOD if _telling(words) else Indication.NOT_TOLD


def _telling(words: str) -> set[str]:
    """The words of a reason that may name a disease."""
    return set(re.findall(r"[a-z]{2,}", words.lower())) - _NEUTRAL


def names_other_cancer(words: str) -> bool:
    """Whether words name a cancer that is no leukemia ("carcinoma of breast"); "cancer" alone names none."""
    return _CANCER.search(words) is not None and "leuk" not in words.lower() and bool(_telling(words))


@once
def other_malignancies(chart: Chart) -> tuple[Problem, ...]:
    """The conditions, also past ones, of a malignancy that is no lymphoblastic leukemia or lymphoma."""
    return tuple(p for p in chart.problems if not p.is_event and _is_other_malignancy(p))


def _is_other_malignancy(p: Problem) -> bool:
    if p.concepts & _ALL_CONCEPTS or re.search(r"\bfamily\b", p.words, re.IGNORECASE):
        return False
    if _ALL_CODES.has_any(p.codes) or PAST_LEUKEMIA.has_any(p.codes):
        return False
    if p.concepts & OTHER_DISEASES or _CANCER_CODES.has_any(p.codes):
        return True
    is_coded = any(system is System.ICD10CM for system, _ in p.codes)
    return disease_in_words(p.words) == "other" or (not is_coded and names_other_cancer(p.words))
