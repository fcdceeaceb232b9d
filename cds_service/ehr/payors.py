"""Who pays, where that is said by reference only: the Coverages and Organizations that have to be read to know.

Reads from the EHR's own server, each once and few of them; what cannot be had is left out. Knows no payer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from cds_service.ehr.bundles import Page, read_page
from cds_service.ehr.crew import AT_ONCE, Crew
from cds_service.ehr.fhir_client import FhirClient, FhirError
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Record, Resource, counts
from cds_service.fhir.references import local_reference

MOST_READ = 5


def with_payors(
    record: Record, client: FhirClient, deadline: float, statuses: Collection[str] = ("active",)
) -> Record:
    """The record with the Organizations that its Coverages of these statuses name, and that it does not hold yet."""
    found = _read_each("Organization", _wanted(record, client, statuses), client, deadline)
    return with_more(record, "Organization", found)


def with_coverages(
    record: Record, references: Collection[str], client: FhirClient, deadline: float
) -> Record:
    """The record with these Coverages of its patient, where it does not hold them yet."""
    held = {coverage.reference for coverage in record.of_type("Coverage")}
    wanted = [(client.url(reference), reference) for reference in references if reference not in held]
    found = _read_each("Coverage", wanted, client, deadline)
    return with_more(record, "Coverage", [c for c in found if counts(c.body, record.patient_id)])


def with_more(record: Record, kind: str, found: Collection[Resource]) -> Record:
    """The record with these resources of one type beside its own."""
    if not found:
        return record
    held = (*record.of_type(kind), *sorted(found, key=lambda r: r.reference))
    return replace(record, by_type={**record.by_type, kind: held})


def _read_each(
    kind: str, wanted: Iterable[tuple[str, str]], client: FhirClient, deadline: float
) -> list[Resource]:
    """What these addresses hold, each with the reference that it should give; what cannot be had is left out."""
    if not client.access(kind, reading=True).allowed:
        return []
    crew: Crew[str, Page] = Crew(AT_ONCE)
    expected = dict(islice(wanted, MOST_READ))
    for address in expected:
        crew.give(address, _read(client, address, deadline))
    found = []
    for handed in crew.until(deadline):
        if handed.error is not None and not isinstance(handed.error, FhirError):
            raise handed.error
        own = (
            [r for r in handed.item.resources if r.reference == expected[handed.label]] if handed.item else []
        )
        found += [replace(resource, origin="fetched", name=handed.label) for resource in own]
    return found


def _wanted(record: Record, client: FhirClient, statuses: Collection[str]) -> Iterator[tuple[str, str]]:
    """Addresses on this server, each with the reference of the Organization that it should give."""
    for coverage in record.of_type("Coverage"):
        if as_text(coverage.body.get("status")) not in statuses:
            continue
        for payor in as_dicts(coverage.body.get("payor")):
            reference = as_text(payor.get("reference")) or ""
            local = local_reference(reference) or ""
            if not local.startswith("Organization/") or _is_told(payor, reference, coverage, record):
                continue
            address = reference if "://" in reference else client.url(local)
            if address.startswith(f"{client.server}/"):
                yield address, local


def _is_told(payor: Mapping[str, Any], reference: str, coverage: Resource, record: Record) -> bool:
    """Whether the Coverage itself or the record says who this payor is."""
    identifier = as_dict(payor.get("identifier"))
    if as_text(identifier.get("system")) and as_text(identifier.get("value")):
        return True
    if "://" in reference:
        return any(o.name == reference for o in record.of_type("Organization"))
    return record.resolve(reference, coverage) is not None


def _read(client: FhirClient, address: str, deadline: float) -> Iterator[Page]:
    """The page that holds one resource. Raises FhirError."""
    yield read_page(client.get(address, deadline))
