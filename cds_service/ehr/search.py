"""Answering one need by FHIR search: pages followed, caps kept, a refused search asked another way.

Relies on no sorting, no includes and no page size. Knows one need at a time; what the answers mean together,
and whose they are, is for ``gather``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl

from cds_service.ehr.bundles import Page, read_page
from cds_service.ehr.capabilities import SHARED
from cds_service.ehr.fhir_client import FhirClient, FhirError
from cds_service.ehr.needs import DataNeed
from cds_service.fhir.gaps import GapCode, Reason

MAX_PAGES = 20
MAX_ROWS = 2000


class NotOfferedError(FhirError):
    """The server has no such type: nothing was missed."""


# Without these nothing can be decided: a server that does not offer them failed.
_NEEDED_ALWAYS = frozenset({"Patient", "Condition", "Observation", "MedicationRequest"})
_NO_SUCH_TYPE = frozenset({404, 405, 501})


def answers(client: FhirClient, row: DataNeed, patient_id: str, deadline: float) -> Iterator[Page]:
    """The pages that answer a need, one by one as they come.

    Raises FhirError where they end too soon, NotOfferedError where the server has no such type.
    """
    for path in row.paths(patient_id):
        try:
            # Where a row has a search of its own for refusals, that is the likelier cure than the page size.
            asked, first = (
                (path, _first(client, path, deadline)) if row.refused else _asked(client, path, deadline)
            )
        except FhirError as error:
            yield from _otherwise(client, row, patient_id, error, deadline)
            return
        yield from _with_following(client, client.url(asked), first, deadline)


def _asked(client: FhirClient, path: str, deadline: float) -> tuple[str, Page]:
    """The path that was answered and its first page; a page size that the server refuses is left to it."""
    try:
        return path, _first(client, path, deadline)
    except FhirError as error:
        plain = _COUNT.sub("", path)
        if not error.is_refusal or plain == path:
            raise
        return plain, _first(client, plain, deadline)


_COUNT = re.compile(r"&_count=\d+")


def _otherwise(
    client: FhirClient, row: DataNeed, patient_id: str, error: FhirError, deadline: float
) -> Iterator[Page]:
    """The pages by another search when the first failed. Raises FhirError when there is none."""
    last = error
    for paths in _other_ways(row, patient_id, error):
        try:
            answered = [_asked(client, path, deadline) for path in paths]
        except FhirError as failure:
            last = failure
            continue
        for path, first in answered:
            yield from _with_following(client, client.url(path), first, deadline)
        return
    if _is_missing(client, row, last, deadline):
        raise NotOfferedError(f"this EHR does not offer {row.resource_type}", last.status)
    raise error


def _other_ways(row: DataNeed, patient_id: str, error: FhirError) -> Iterator[tuple[str, ...]]:
    """The searches to try after a refusal: the row's own other one, then the bare one of all the patient has."""
    if error.is_refusal and (others := row.refused_paths(patient_id)):
        yield others
    bare = row.bare_path(patient_id)
    if bare is not None and (error.is_refusal or error.status in _NO_SUCH_TYPE):
        tried = {path if row.refused else _COUNT.sub("", path) for path in row.paths(patient_id)}
        if bare not in tried:
            yield (bare,)


def _is_missing(client: FhirClient, row: DataNeed, error: FhirError, deadline: float) -> bool:
    """Whether the server does not offer the type: by its CapabilityStatement, else by how it refused the bare search."""
    if row.resource_type in _NEEDED_ALWAYS or error.status in (None, 401):
        return False
    types = SHARED.types_of(client, deadline)
    if types is not None:
        return row.resource_type not in types
    return error.status in _NO_SUCH_TYPE or "not-supported" in error.issues


def _first(client: FhirClient, path: str, deadline: float) -> Page:
    page = read_page(client.get(client.url(path), deadline))
    if page.resources or page.failed or "?" not in path or not _lost_its_patient(page.self_link, path):
        return page
    return replace(page, remark=Reason("the server did not understand the whole search"), failed=True)


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
            yield Page(remark=Reason("the next page lies on another server, which is not asked"))
            return
        if url in visited:
            yield Page(remark=Reason("the server's pages lead back to themselves"))
            return
        if rows >= MAX_ROWS:
            yield Page(remark=Reason(f"only the first {rows} rows were read", GapCode.CUT_OFF))
            return
        visited.add(url)
        page = read_page(client.get(url, deadline))
        rows += len(page.resources)
        yield page
    if page.next_link is not None:
        yield Page(remark=Reason(f"only the first {MAX_PAGES} pages were read", GapCode.CUT_OFF))
