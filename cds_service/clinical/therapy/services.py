"""Drugs that are ordered as a service (ServiceRequest), as infusions often are, or given as one (Procedure), as they are billed.

Tells an order for a drug from one about a drug: its level, a test, a visit. Words that are not wholly
understood leave it open. Does not know what a use means for any policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from cds_service.clinical.terms import concepts
from cds_service.clinical.therapy.drugs import ingredients, names_in_words
from cds_service.clinical.therapy.exposure import ONLY_PROPOSED, DrugUse, use_of
from cds_service.clinical.therapy.route import Route, route_of
from cds_service.fhir.codings import System, codes_in, plain_codes, words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Record, Resource

_PRODUCTS = frozenset({System.RXNORM, System.NDC, System.ATC})
_DRUG_CHAPTERS = ("J", "Q", "C9", "S0")  # of HCPCS: drugs given and billed
_LABORATORY_CPT = "8"  # 80047 to 89398
_OTHER_CATEGORY = re.compile(
    r"\b(?:lab\w*|imaging|radiology|counsell?ing|education|patholog\w+)\b", re.IGNORECASE
)
# A level or an assay is never the drug; a visit or a test may be asked for in the order that gives it.
_MEASURED = re.compile(
    r"\b(?:levels?|concentrations?|troughs?|assays?|serum|plasma|titers?|immunoassay|metabolites?|genotyp\w*|pharmacogen\w*|"
    r"therapeutic drug monitoring|TDM|drug screen)\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:tests?|testing|screen\w*|panel|monitor\w*|measur\w+|count|CBC|LFTs?|E[CK]G|electrocardiogra\w*|echo\w*|CT|MRI|PET|"
    r"ultrasound|x-?ray|scan|biops\w+|marrow|MRD|cytometry|PCR|mutations?|resistance|sensitivity|antibod\w+|consult\w*|"
    r"refer\w*|evaluat\w+|assess\w*|education|teaching|counsel\w*|follow-?\s?up|visit|appointment|clearance|authorization|"
    r"allerg\w*|toxicit\w+|reaction|extravasation)\b",
    re.IGNORECASE,
)
_GIVING = re.compile(
    r"\b(?:infus\w+|inject\w+|administ\w+|give|giv(?:en|ing)|chemo\w*|doses?|mg|mcg|cycle|IV|PO)\b",
    re.IGNORECASE,
)
_UNDERSTOOD = frozenset({
    "a", "administer", "administration", "and", "ampule", "at", "bag", "begin", "biw", "bolus", "by", "bsa", "c", "central",
    "chemo", "chemotherapy", "chloride", "continue", "continuous", "course", "cycle", "cycles", "d", "daily", "day", "days",
    "dose", "doses", "drip", "drug", "each", "every", "for", "g", "give", "given", "giving", "gm", "gram", "grams",
    "h", "hcl", "home", "hour", "hours", "hourly", "hr", "hrs", "hydrochloride", "im", "in", "inj", "injectable",
    "injection", "infuse", "infusion", "intramuscular", "intravenous", "iv", "kg", "line", "liposomal", "liposome",
    "m", "mcg", "mg", "microgram", "micrograms", "milligram", "milligrams", "min", "minutes", "ml", "month", "nos",
    "not", "of", "on", "once", "oral", "orally", "order", "otherwise", "outpatient", "over", "pegylated", "per",
    "phosphate", "po", "pump", "push", "q", "s", "sc", "sodium", "solution", "specified", "sq", "start", "subcut",
    "subcutaneous", "sulfate", "t", "tablet", "tablets", "the", "then", "therapy", "tid", "to", "treatment", "ug",
    "unit", "units", "via", "vial", "vials", "week", "weekly", "weeks", "x",
})  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")


def services_of(record: Record, zone: tzinfo) -> Iterator[DrugUse]:
    """The drugs that a record's requests for services order, without what is only proposed or of unknown state."""
    for resource in record.of_type("ServiceRequest"):
        body = resource.body
        if as_text(body.get("intent")) in ONLY_PROPOSED or body.get("status") == "unknown":
            continue
        if (use := service_use(resource, record, zone)) is not None:
            yield use


def given_as_procedures(record: Record, zone: tzinfo) -> Iterator[DrugUse]:
    """The drugs that a record's procedures surely say were given, such as those under a billing code."""
    for resource in record.of_type("Procedure"):
        use = service_use(resource, record, zone)
        if use is not None and use.is_given and not use.in_doubt:
            yield use


def draft_use(resource: Resource, record: Record, zone: tzinfo) -> DrugUse | None:
    """A draft as the use of a drug; None when it orders none."""
    if resource.type == "MedicationRequest":
        return use_of(resource, record, zone)
    return service_use(resource, record, zone) if resource.type == "ServiceRequest" else None


def service_use(resource: Resource, record: Record, zone: tzinfo) -> DrugUse | None:
    """A ServiceRequest as the use of the drugs that its code or details name; None when it orders none.

    ``in_doubt`` where its words do not surely order them.
    """
    drugs, sure = drugs_ordered(resource.body)
    if not drugs:
        return None
    words = " ; ".join(w for part in service_parts(resource.body) if (w := words_in(part)))
    use, route = use_of(resource, record, zone), route_of((), (words,))
    return replace(
        use, drugs=drugs, words=words, in_doubt=use.in_doubt or route is Route.MIXED or not sure,
        intrathecal=use.intrathecal or route is Route.INTRATHECAL,
    )  # fmt: skip


def drugs_ordered(body: Mapping[str, Any]) -> tuple[frozenset[str], bool]:
    """The drugs that a ServiceRequest orders by its code or details, and whether its words surely order them."""
    parts = service_parts(body)
    naming = [part for part in parts if ingredients(part)]
    if not naming or is_another_service(body):
        return frozenset(), False
    words = " ; ".join(w for part in parts if (w := words_in(part)))
    unclear = bool(_ABOUT.search(words)) and not any(_is_coded(part) for part in naming)
    if unclear and not _GIVING.search(words):
        return frozenset(), False
    sure = not unclear and all(_is_coded(part) or _is_understood(part) for part in naming)
    return frozenset[str]().union(*(ingredients(part) for part in naming)), sure


def service_parts(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a ServiceRequest asks for: its code, and the details of it."""
    return [as_dict(body.get("code")), *as_dicts(body.get("orderDetail"))]


def is_another_service(body: Mapping[str, Any]) -> bool:
    """Whether a ServiceRequest is for a laboratory test, a measured level, imaging or teaching, by code, category or words."""
    codes = codes_in(body.get("code"))
    if any(s is System.LOINC or (s is System.CPT and code.startswith(_LABORATORY_CPT)) for s, code in codes):
        return True
    for category in as_dicts(body.get("category")):
        if any(_OTHER_CATEGORY.search(said) for said in (words_in(category), *plain_codes(category))):
            return True
    return any(_MEASURED.search(words_in(part)) for part in service_parts(body))


def _is_coded(part: Mapping[str, Any]) -> bool:
    """Whether it has a code of a drug, of the tables or of a system that codes drugs."""
    if concepts(part, "drugs", "rxnorm_products", "qt_drugs"):
        return True
    return any(
        system in _PRODUCTS or (system is System.HCPCS and code.startswith(_DRUG_CHAPTERS))
        for system, code in codes_in(part)
    )


def _is_understood(part: Mapping[str, Any]) -> bool:
    """Whether all words are names of the drugs or say how they are given."""
    names = names_in_words()
    known = {
        word
        for drug in ingredients(part)
        for name in (drug.replace("_", " "), *names.get(drug, ()))
        for word in _WORD.findall(name.lower())
    }
    return all(word in _UNDERSTOOD or word in known for word in _WORD.findall(words_in(part).lower()))
