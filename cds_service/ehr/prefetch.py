"""The states of a prefetch value: known, known to be empty, tried without success, or not there.

Knows what CDS clients put under a prefetch key, asked for or not. Fetches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cds_service.ehr.bundles import Page, read_page
from cds_service.fhir.gaps import Reason
from cds_service.fhir.json_types import as_dict
from cds_service.fhir.record import DataKind

_NOT_SENT = Reason("the EHR sent an error instead")


def prefetched(prefetch: Mapping[str, Any], need: DataKind) -> Page | None:
    """What the client sent for a need; None when it is absent and has to be fetched.

    An error that the client met is a failed page: repeating its query would fail again. What is
    no FHIR at all (an error page in HTML, say) counts as absent.
    """
    return sent(prefetch, need.value)


def sent(prefetch: Mapping[str, Any], key: str) -> Page | None:
    """What the client sent under a key, as :func:`prefetched` tells it of a need."""
    if key not in prefetch:
        return None
    value = prefetch[key]
    if isinstance(value, dict) and "resourceType" not in value and "response" in value:
        return _of_entry(value)
    if value is None:
        return Page()
    if isinstance(value, list):
        value = {"resourceType": "Bundle", "entry": value}
    if not isinstance(value, dict) or "resourceType" not in value:
        return None
    page = read_page(value)
    return replace(page, remark=_NOT_SENT) if page.failed else page


def _of_entry(entry: Mapping[str, Any]) -> Page:
    """A value wrapped as the entry of a batch answer, as early CDS clients sent it."""
    if as_dict(entry.get("resource")):
        return read_page(entry["resource"])
    status = str(as_dict(entry["response"]).get("status", ""))
    return Page() if status.startswith("2") else Page(remark=_NOT_SENT, failed=True)
