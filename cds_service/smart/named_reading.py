"""Reading what an order names by reference, with the login's own token: who ordered, where, for which organization.

Reads from the EHR's own server, each once and few of them, from one to the next; what cannot be had is left
out, and a gap of the packet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from cds_service.ehr.bundles import Page, read_page
from cds_service.ehr.crew import AT_ONCE, Crew
from cds_service.ehr.fhir_client import FhirClient, FhirError
from cds_service.fhir.record import Record, Resource
from cds_service.packet.named import still_named, with_named
from cds_service.smart.login.session import Login
from cds_service.trust.outbound import Outbound

MOST_READ = 12
_STEPS = 3  # order, role or encounter, organization or place


def read_named(
    door_to: Callable[[str], Outbound],
    login: Login,
    record: Record,
    orders: Sequence[Resource],
    deadline: float,
) -> Record:
    """The record with what the orders name, as far as the login may read it before a monotonic deadline."""
    client = FhirClient(door_to(login.iss), login.iss, login.access_token, login.scope)
    tried: set[str] = set()
    for _ in range(_STEPS):
        wanted = [
            r for r in still_named(record, orders, client.server) if r not in tried and _may_read(client, r)
        ]
        wanted = wanted[: MOST_READ - len(tried)]
        if not wanted:
            break
        tried.update(wanted)
        record = with_named(record, _read_all(client, wanted, deadline))
    return record


def _may_read(client: FhirClient, reference: str) -> bool:
    return client.access(reference.partition("/")[0], reading=True).allowed


def _read_all(client: FhirClient, references: Sequence[str], deadline: float) -> Iterator[Resource]:
    """The resources that came, each the one that was asked for."""
    crew: Crew[str, Page] = Crew(AT_ONCE)
    for reference in references:
        crew.give(reference, _read(client, reference, deadline))
    found = []
    for handed in crew.until(deadline):
        if handed.error is not None and not isinstance(handed.error, FhirError):
            raise handed.error
        found += [r for r in (handed.item.resources if handed.item else ()) if r.reference == handed.label]
    yield from sorted((replace(r, origin="fetched") for r in found), key=lambda r: r.reference)


def _read(client: FhirClient, reference: str, deadline: float) -> Iterator[Page]:
    """The page that holds one resource. Raises FhirError."""
    yield read_page(client.get(client.url(reference), deadline))
