"""One answer of a FHIR server, or one prefetch value, as resources plus what it leaves open.

Knows Bundles in all the shapes that EHRs send them in. Does not know whose resources they are,
where they came from, or what was asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cds_service.ehr.outcomes import FAILED_TEXT, Meaning, meaning_of
from cds_service.fhir.gaps import GapCode, Reason
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Resource
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """The resources of one answer and the address of the next.

    ``remark`` says why the answer may not be whole; with ``failed`` nothing may be concluded from it.
    """

    resources: tuple[Resource, ...] = ()
    next_link: str | None = None
    remark: Reason | None = None
    failed: bool = False
    self_link: str | None = None


_UNREAD = Reason("entries whose resource cannot be read were left out")


def read_page(answer: object) -> Page:
    """The page that an answer is: a Bundle, a lone resource, an OperationOutcome, or no FHIR at all."""
    body = as_dict(answer)
    kind = as_text(body.get("resourceType"))
    if kind is None:
        return Page(remark=Reason("the answer is not FHIR"), failed=True)
    if kind == "OperationOutcome":
        return Page(remark=Reason("the server answered with an error", GapCode.STATUS), failed=True)
    if kind != "Bundle":
        return Page((Resource(body),))
    given = body.get("entry")
    entries = as_dicts(given)
    if not entries:  # as most of a call's answers are
        return Page((), _link(body, "next"), _UNREAD if given else None, self_link=_link(body, "self"))
    contents = [_content(entry) for entry in entries]
    resources = tuple(_resources(entries, contents))
    remark, failed = _remark(entries, contents, has_rows=bool(resources))
    if remark is None and len(resources) != len(entries) and _has_unread(entries, contents):
        remark = _UNREAD
    return Page(resources, _link(body, "next"), remark, failed and not resources, _link(body, "self"))


def _has_unread(entries: Iterable[Mapping[str, Any]], contents: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an entry tells of a resource by its address or content, and brings none that says what it is."""
    return any(
        ("resource" in entry or as_text(entry.get("fullUrl")))
        and "response" not in entry
        and not as_text(content.get("resourceType"))
        for entry, content in zip(entries, contents, strict=True)
    )


def _link(bundle: Mapping[str, Any], relation: str) -> str | None:
    if "link" not in bundle:
        return None
    links = as_dicts(bundle["link"])
    return next((as_text(link.get("url")) for link in links if link.get("relation") == relation), None)


def _content(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resource of an entry; some clients put it in the entry's place."""
    return entry if "resourceType" in entry else as_dict(entry.get("resource"))


def _resources(
    entries: Iterable[Mapping[str, Any]], contents: Iterable[Mapping[str, Any]]
) -> Iterator[Resource]:
    for entry, content in zip(entries, contents, strict=True):
        resource = Resource(content, name=as_text(entry.get("fullUrl")) or "")
        if resource.type == "Bundle":
            inner = as_dicts(content.get("entry"))
            yield from _resources(inner, map(_content, inner))
        elif resource.type and resource.type != "OperationOutcome":
            yield resource


def _remark(
    entries: list[Mapping[str, Any]], contents: list[Mapping[str, Any]], *, has_rows: bool
) -> tuple[Reason | None, bool]:
    """What outcomes among the entries say about completeness, and whether that means failure."""
    statuses = [as_text(as_dict(e["response"]).get("status")) or "200" for e in entries if "response" in e]
    if [status for status in statuses if status[0] not in "23"]:
        return Reason(FAILED_TEXT), True
    outcomes = [c for c in contents if c.get("resourceType") == "OperationOutcome"]
    if not outcomes:
        return None, False
    meaning, words = meaning_of(outcomes, has_rows=has_rows)
    return Reason(words) if words is not None else None, meaning is Meaning.FAILED
