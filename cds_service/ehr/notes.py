"""Which documents' texts are read by reference, and how: Binaries on the EHR's own server.

Only the newest few of the listed types, of the time that a decision may ask about. A text that is
not had leaves its document "on file, content not read"; that is no gap.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from cds_service.clinical.terms import concepts
from cds_service.ehr.bundles import Page
from cds_service.fhir.attachments import LARGEST, attached_on, attachments_of, readable
from cds_service.fhir.dates import When, effective, read_when
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Resource
from cds_service.fhir.references import local_reference
from cds_service.fhir.requests import is_no_document

if TYPE_CHECKING:  # choosing notes needs no client
    from cds_service.ehr.fhir_client import FhirClient

MOST_READ = 6
_WINDOW = timedelta(days=90)
_LISTED = frozenset({"document_type", "document_category"})
_ROOM = LARGEST * 2  # for base64 and JSON around it
_GIVEN = frozenset({"completed", "in-progress", "stopped"})


def documents_to_read(resources: Iterable[Resource], server: str, today: date) -> list[str]:
    """The addresses of the Binaries to read, newest document first.

    ``server`` is the base of the EHR's own server: what lies elsewhere is not read.
    Documents of the last 90 days, or since the first dose of inotuzumab on record when that is longer.
    """
    held = list(resources)
    since = min([today - _WINDOW, *_doses(held)])
    dated = [
        (when, r) for r in held if _is_listed(r) and (when := _when(r)) is not None and when.last >= since
    ]
    dated.sort(key=lambda pair: (pair[0].last, pair[1].reference), reverse=True)
    urls = (url for _, document in dated for url in _addresses(document, server))
    return list(dict.fromkeys(urls))[:MOST_READ]


def _doses(held: Iterable[Resource]) -> Iterator[date]:
    for r in held:
        given = r.type == "MedicationAdministration" and as_text(r.body.get("status")) in _GIVEN
        if given and "inotuzumab_ozogamicin" in concepts(r.body.get("medicationCodeableConcept"), "drugs"):
            when = effective(r.body)
            if when is not None:
                yield when.first


def _is_listed(resource: Resource) -> bool:
    if resource.type not in ("DocumentReference", "DiagnosticReport") or is_no_document(resource.body):
        return False
    kind = as_dict(resource.body.get("type" if resource.type == "DocumentReference" else "code"))
    return any(concepts(c, "fhir_codes") & _LISTED for c in (kind, *as_dicts(resource.body.get("category"))))


def _when(resource: Resource) -> When | None:
    body = resource.body
    stated = effective(body) or read_when(body.get("date")) or read_when(body.get("issued"))
    return stated or attached_on(resource)


def _addresses(document: Resource, server: str) -> Iterator[str]:
    """The addresses of a document's text on this server; none when a text is attached inline."""
    attachments = readable(attachments_of(document))
    if any(as_text(a.get("data")) for a in attachments):
        return
    for attachment in attachments:
        url = as_text(attachment.get("url")) or ""
        named = local_reference(url) or ""
        own = "://" not in url or url.startswith(f"{server}/")
        if own and named.startswith("Binary/"):
            yield url
            return


def read_note(client: FhirClient, url: str, deadline: float) -> Iterator[Page]:
    """The page that holds the Binary at an address, named by the address as the document gives it. Raises FhirError."""
    content, content_type = client.content(client.url(url), deadline, _ROOM)
    body = {
        "resourceType": "Binary",
        "id": (local_reference(url) or "").partition("/")[2],
        "contentType": content_type,
        "data": base64.b64encode(content).decode("ascii"),
    }
    yield Page((Resource(body, "fetched", url),))
