"""Answering one need by FHIR search: pages followed, caps kept, a refused search asked another way.

Relies on no sorting and no includes. Knows one need at a time; what the answers mean together,
and whose they are, is for ``gather``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl

from cds_service.ehr.bundles import Page, read_page
from cds_service.ehr.fhir_client import FhirClient, FhirError
from cds_service.ehr.needs import DataNeed

MAX_PAGES = 20
MAX_ROWS = 2000


def answers(client: FhirClient, row: DataNeed, patient_id: str, deadline: float) -> Iterator[Page]:
    """The pages that answer a need, one by one as they come. Raises FhirError where they end too soon."""
    for path in row.paths(patient_id):
        try:
            first = _first(client, path, deadline)
        except FhirError as error:
            if not (error.is_refusal and row.refused):
                raise
            for other in row.refused_paths(patient_id):
                yield from _with_following(
                    client, client.url(other), _first(client, other, deadline), deadline
                )
            return
        yield from _with_following(client, client.url(path), first, deadline)


def _first(client: FhirClient, path: str, deadline: float) -> Page:
    page = read_page(client.get(client.url(path), deadline))
    if page.resources or page.failed or "?" not in path or not _lost_its_patient(page.self_link, path):
        return page
    return replace(page, remark="the server did not understand the whole search", failed=True)


def _lost_its_patient(self_link: str | None, path: str) -> bool:
    """Whether an empty answer says by its ``self`` link that another search was answered."""
    patient = path.partition("?")[2].partition("=")[0]
    answered = parse_qsl((self_link or "").partition("?")[2])
    return bool(answered) and patient not in {name.partition(":")[0] for name, _ in answered}


def _with_following(client: FhirClient, url: str, first: Page, deadline: float) -> Iterator[Page]:
    yield first
    if first.next_link is not None:
        yield from following(client, url, first, deadline)


def following(client: FhirClient, url: str, page: Page, deadline: float) -> Iterator[Page]:
    """The pages after a page that was read at ``url``, as far as its links lead on this server."""
    visited, rows = {url}, len(page.resources)
    for _ in range(MAX_PAGES - 1):
        if page.next_link is None:
            return
        url = client.url(page.next_link, url)
        if not client.is_own(url):
            yield Page(remark="the next page lies on another server, which is not asked")
            return
        if url in visited:
            yield Page(remark="the server's pages lead back to themselves")
            return
        if rows >= MAX_ROWS:
            yield Page(remark=f"only the first {rows} rows were read")
            return
        visited.add(url)
        page = read_page(client.get(url, deadline))
        rows += len(page.resources)
        yield page
    if page.next_link is not None:
        yield Page(remark=f"only the first {MAX_PAGES} pages were read")
