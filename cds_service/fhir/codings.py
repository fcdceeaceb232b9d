"""Codings: which code system is meant, whatever way it is spelled, and the words beside a code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cds_service.fhir.json_types import as_dicts, as_prose, as_text


class System(StrEnum):
    """A code system that this service reads, by its canonical URI."""

    LOINC = "http://loinc.org"
    SNOMED = "http://snomed.info/sct"
    RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
    HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
    CPT = "http://www.ama-assn.org/go/cpt"
    NDC = "http://hl7.org/fhir/sid/ndc"
    ATC = "http://www.whocc.no/atc"
    ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
    ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
    ICDO3 = "http://terminology.hl7.org/CodeSystem/icd-o-3"
    NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
    INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    HGNC = "http://www.genenames.org"
    YES_NO = "http://terminology.hl7.org/CodeSystem/v2-0136"
    MEDDRA = "http://terminology.hl7.org/CodeSystem/mdr"


# Other spellings met in the wild (hl7.terminology NamingSystems; OIDs; scheme and slash variants).
_ALIASES = {
    "urn:oid:2.16.840.1.113883.6.1": System.LOINC,
    "urn:oid:2.16.840.1.113883.6.96": System.SNOMED,
    "urn:oid:2.16.840.1.113883.6.88": System.RXNORM,
    "urn:oid:2.16.840.1.113883.6.285": System.HCPCS,
    "urn:oid:2.16.840.1.113883.6.14": System.HCPCS,
    "http://terminology.hl7.org/codesystem/hcpcs-all-codes": System.HCPCS,
    "urn:oid:2.16.840.1.113883.6.12": System.CPT,
    "urn:oid:2.16.840.1.113883.6.69": System.NDC,
    "urn:oid:2.16.840.1.113883.6.73": System.ATC,
    "urn:oid:2.16.840.1.113883.6.90": System.ICD10CM,
    "http://hl7.org/fhir/sid/icd-10": System.ICD10CM,  # often written for it; where both have a code, it means the same
    "urn:oid:2.16.840.1.113883.6.3": System.ICD10CM,
    "urn:oid:2.16.840.1.113883.6.4": System.ICD10PCS,
    "http://hl7.org/fhir/sid/icd-10-pcs": System.ICD10PCS,
    "urn:oid:2.16.840.1.113883.6.43.1": System.ICDO3,
    "urn:oid:2.16.840.1.113883.3.26.1.1": System.NCIT,
    "http://ncimeta.nci.nih.gov": System.NCIT,
    "http://hl7.org/fhir/v2/0078": System.INTERPRETATION,
    "http://terminology.hl7.org/codesystem/v2-0078": System.INTERPRETATION,
    "http://hl7.org/fhir/v3/observationinterpretation": System.INTERPRETATION,
    "http://www.genenames.org/geneid": System.HGNC,
    "http://hl7.org/fhir/v2/0136": System.YES_NO,
    "urn:oid:2.16.840.1.113883.12.136": System.YES_NO,
    "http://terminology.hl7.org/codesystem/v2-0532": System.YES_NO,  # whose Y and N are the same
    "http://hl7.org/fhir/v2/0532": System.YES_NO,
    "urn:oid:2.16.840.1.113883.12.532": System.YES_NO,
    "http://www.meddra.org": System.MEDDRA,
    "http://meddra.org": System.MEDDRA,
    "http://terminology.hl7.org/codesystem/mdrae": System.MEDDRA,
    "urn:oid:2.16.840.1.113883.6.163": System.MEDDRA,
}
_ALIASES |= {s.value.lower(): s for s in System}
# The OIDs by themselves, as HL7 v2 and C-CDA have them, and the names of HL7's table 0396.
_ALIASES |= {uri.removeprefix("urn:oid:"): s for uri, s in _ALIASES.items() if uri.startswith("urn:oid:")}
_ALIASES |= {
    "ln": System.LOINC,
    "sct": System.SNOMED,
    "rxnorm": System.RXNORM,
    "i10c": System.ICD10CM,
    "ndc": System.NDC,
}
_EDITIONS = "http://snomed.info/sct/"


def system_of(uri: object) -> System | None:
    """The code system that a URI names; None when there is no URI or it names no known system.

    HCPCS has many addresses in use; each ends with its name. Behind that of SNOMED CT an edition may stand.
    """
    text = as_text(uri)
    if text is None:
        return None
    plain = text.lower().rstrip("/")
    known = _ALIASES.get(plain) or _ALIASES.get(plain.replace("https://", "http://", 1))
    if known is None and plain.replace("https://", "http://", 1).startswith(_EDITIONS):
        return System.SNOMED
    return known or (System.HCPCS if plain.rsplit("/", 1)[-1].startswith("hcpcs") else None)


def normal_code(system: System, code: str) -> str:
    """A code in the form it is compared in: ICD without its dot, NDC without hyphens, upper case."""
    if system in (System.ICD10CM, System.ICD10PCS):
        return code.replace(".", "").upper()
    if system is System.NDC:
        return code.replace("-", "")
    return code.upper()


_LONGEST_REMEMBERED = 200  # characters


def codes_in(concept: object) -> list[tuple[System, str]]:
    """The (system, code) pairs of a CodeableConcept whose system is known, in normal form."""
    if type(concept) is not dict or "coding" not in concept:
        return []
    return [pair for coding in as_dicts(concept["coding"]) if (pair := _pair(coding)) is not None]


def _pair(coding: Mapping[str, Any]) -> tuple[System, str] | None:
    if "system" not in coding or "code" not in coding:
        return None
    uri, code = coding["system"], coding["code"]
    if type(uri) is not str or type(code) is not str:
        return None
    is_long = uri[_LONGEST_REMEMBERED:] or code[_LONGEST_REMEMBERED:]
    return _read(uri, code) if is_long else _remembered(uri, code)


def _read(uri: str, written: str) -> tuple[System, str] | None:
    system, code = system_of(uri), as_text(written)
    normal = normal_code(system, code) if system is not None and code is not None else ""
    return (system, normal) if system is not None and normal else None  # "." has nothing to compare


_remembered = lru_cache(maxsize=2048)(_read)  # a chart has few codes and says them often


def plain_codes(concept: object) -> frozenset[str]:
    """The bare codes of a CodeableConcept, for FHIR's own closed lists such as clinicalStatus."""
    if type(concept) is not dict or "coding" not in concept:
        return frozenset()
    return frozenset([code for c in as_dicts(concept["coding"]) if (code := as_text(c.get("code")))])


_STATUS = re.compile(r"[a-z]+(?:-[a-z]+)*")
_JOINED = {
    "enteredinerror": "entered-in-error", "inprogress": "in-progress", "onhold": "on-hold", "notdone": "not-done",
    "nottaken": "not-taken",
}  # fmt: skip


def status_word(status: str) -> str:
    """A status as FHIR writes it, of one in capitals, in words or in the name that a program has for it."""
    if _STATUS.fullmatch(status) is not None:
        return status
    letters = "".join(c for c in status.lower() if c.isalpha())
    return _JOINED.get(letters) or re.sub(r"[\s_]+", "-", status.strip().lower())


def status_codes(concept: object) -> frozenset[str]:
    """The codes of a status in small letters; of one that is given in words alone, its words ("Entered in error").

    Before R4 a status was a bare code.
    """
    if type(concept) is str:
        return frozenset({status_word(concept)})
    codes = plain_codes(concept)
    if not codes and type(concept) is dict and (words := as_prose(concept.get("text"))) is not None:
        codes = frozenset({words})
    return frozenset([status_word(code) for code in codes])


def words_in(concept: object) -> str:
    """The text and displays of a CodeableConcept, one after another."""
    if type(concept) is not dict or not concept:
        return ""
    said = [as_prose(concept["text"])] if "text" in concept else []
    if "coding" in concept:
        said += [as_prose(coding["display"]) for coding in as_dicts(concept["coding"]) if "display" in coding]
    if not said[1:]:
        return (said[0] or "") if said else ""
    return " | ".join(dict.fromkeys([words for words in said if words is not None]))
