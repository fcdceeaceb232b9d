"""Codings: which code system is meant, whatever way it is spelled, and the words beside a code."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text


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
    NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
    INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    HGNC = "http://www.genenames.org"


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
    "urn:oid:2.16.840.1.113883.6.4": System.ICD10PCS,
    "http://hl7.org/fhir/sid/icd-10-pcs": System.ICD10PCS,
    "urn:oid:2.16.840.1.113883.3.26.1.1": System.NCIT,
    "http://hl7.org/fhir/v2/0078": System.INTERPRETATION,
    "http://terminology.hl7.org/codesystem/v2-0078": System.INTERPRETATION,
    "http://hl7.org/fhir/v3/observationinterpretation": System.INTERPRETATION,
    "http://www.genenames.org/geneid": System.HGNC,
}
_ALIASES |= {s.value.lower(): s for s in System}


def system_of(uri: object) -> System | None:
    """The code system that a URI names; None when there is no URI or it names no known system.

    HCPCS has many addresses in use; each ends with its name.
    """
    text = as_text(uri)
    if text is None:
        return None
    plain = text.lower().rstrip("/")
    known = _ALIASES.get(plain) or _ALIASES.get(plain.replace("https://", "http://", 1))
    return known or (System.HCPCS if plain.rsplit("/", 1)[-1].startswith("hcpcs") else None)


def normal_code(system: System, code: str) -> str:
    """A code in the form it is compared in: ICD without its dot, NDC without hyphens, upper case."""
    if system in (System.ICD10CM, System.ICD10PCS):
        return code.replace(".", "").upper()
    if system is System.NDC:
        return code.replace("-", "")
    return code.upper()


def codes_in(concept: object) -> Iterator[tuple[System, str]]:
    """The (system, code) pairs of a CodeableConcept whose system is known, in normal form."""
    for coding in as_dicts(as_dict(concept).get("coding")):
        system, code = system_of(coding.get("system")), as_text(coding.get("code"))
        normal = normal_code(system, code) if system is not None and code is not None else ""
        if system is not None and normal:  # a code such as "." has nothing to compare
            yield system, normal


def plain_codes(concept: object) -> frozenset[str]:
    """The bare codes of a CodeableConcept, for FHIR's own closed lists such as clinicalStatus."""
    codings = as_dicts(as_dict(concept).get("coding"))
    return frozenset(code for c in codings if (code := as_text(c.get("code"))))


def words_in(concept: object) -> str:
    """The text and displays of a CodeableConcept, one after another."""
    whole = as_dict(concept)
    if not whole:
        return ""
    parts = [as_prose(whole.get("text"))]
    parts += [as_prose(c.get("display")) for c in as_dicts(whole.get("coding"))]
    said = [p for p in parts if p]
    return " | ".join(dict.fromkeys(said)) if said[1:] else said[0] if said else ""
