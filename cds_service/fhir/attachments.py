"""The text of a document where EHRs keep it: attached inline, in ``presentedForm``, or in a Binary of the record.

Reads plain text, HTML and RTF, whole or not at all: the assessment comes last, so nothing is cut. Knows
nothing of what a text says.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, tzinfo
from html.parser import HTMLParser
from operator import itemgetter
from typing import Any

from cds_service.fhir.dates import When, read_when
from cds_service.fhir.json_types import as_dict, as_dicts, as_text, evened
from cds_service.fhir.record import Record, Resource
from cds_service.fhir.rtf import rtf_text

LARGEST = 64 * 1024  # bytes of one text; a larger one is not read
_MOST_TEXT = 6 * LARGEST  # characters of one record: reading takes time
_HTML = ("text/html", "application/xhtml+xml")
_RTF = ("text/rtf", "application/rtf", "application/x-rtf")
_READABLE = ("text/plain", *_HTML, *_RTF)


def attachments_of(resource: Resource) -> tuple[Mapping[str, Any], ...]:
    """The attachments of a DocumentReference or DiagnosticReport."""
    body = resource.body
    held = [as_dict(content.get("attachment")) for content in as_dicts(body.get("content"))]
    if "presentedForm" in body:
        held += as_dicts(body["presentedForm"])
    return tuple([a for a in held if a])


def attached_on(resource: Resource, zone: tzinfo = UTC) -> When | None:
    """When the first of the attachments that say so was made: for a document that has no date of its own."""
    made = (read_when(a.get("creation"), zone) for a in attachments_of(resource))
    return next((when for when in made if when is not None), None)


def readable(attachments: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those attachments that say that they are text, or do not say what they are; the plainest first."""
    kinds = [(_content_type(a.get("contentType"))[0], a) for a in attachments]
    found = [(_READABLE.index(kind) if kind else 0, a) for kind, a in kinds if not kind or kind in _READABLE]
    return [a for _, a in sorted(found, key=itemgetter(0))]


def attached_texts(documents: Iterable[Resource], record: Record) -> dict[str, str]:
    """The text of each document that has one, by reference; of very much text, the documents given first."""
    found: dict[str, str] = {}
    room = _MOST_TEXT
    for document in documents:
        text = _attached_text(document, record)
        if text and len(text) <= room:
            found[document.reference] = text
            room -= len(text)
    return found


def _attached_text(resource: Resource, record: Record) -> str:
    """The text attached to a document: the first that can be read, plain before HTML before RTF; empty when none can."""
    read = [(kind, text) for a in attachments_of(resource) for kind, text in _read(a, record)]
    return next((text for wanted in _READABLE for kind, text in read if kind == wanted), "")


def _read(attachment: Mapping[str, Any], record: Record) -> Iterator[tuple[str, str]]:
    kind, charset = _content_type(attachment.get("contentType"))
    data = as_text(attachment.get("data"))
    if data is None and (binary := _binary_of(attachment, record)) is not None:
        data = as_text(binary.body.get("data"))
        kind, charset = _content_type(binary.body.get("contentType"))
    text = _decoded(data, charset) if data is not None and kind in _READABLE else None
    if kind in _RTF and text is not None:
        text = rtf_text(text)
    if text is not None:
        yield kind, html_text(text) if kind in _HTML else evened(text)


def _binary_of(attachment: Mapping[str, Any], record: Record) -> Resource | None:
    """The Binary that was read at the attachment's own address; one of the same id elsewhere is another."""
    url = as_text(attachment.get("url"))
    found = record.resolve(url) if url is not None else None
    return found if found is not None and found.type == "Binary" and found.name == url else None


def _content_type(value: object) -> tuple[str, str]:
    kind, _, parameters = (as_text(value) or "").lower().partition(";")
    charset = re.search(r"charset=\"?([\w.:-]+)", parameters)
    return kind.strip(), charset[1] if charset else "utf-8"


def _decoded(data: str, charset: str) -> str | None:
    """The text of base64 data; None when it is too large, no base64 or not in its charset."""
    if len(data) > LARGEST * 2:
        return None
    try:
        raw = base64.b64decode("".join(data.split()), validate=True)
        text = raw.decode(charset)
    except (binascii.Error, LookupError, ValueError):
        return None
    return text if len(raw) <= LARGEST and "\0" not in text else None


_BLOCKS = frozenset(
    {"p", "div", "br", "li", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "hr", "pre"}
)  # fmt: skip
_SILENT = frozenset({"script", "style", "head", "title"})
_CDATA = "CDATA["
_STRUCK = frozenset({"del", "s", "strike"})
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})  # which hold nothing
_UNSEEN_STYLE = re.compile(
    r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden|line-through", re.IGNORECASE
)


class _Text(HTMLParser):
    """Collects what a reader would see and is not struck out, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = ""  # the element that is not read
        self._depth = 0  # of such elements in each other

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unseen:
            self._depth += tag == self._unseen
        elif _is_unseen(tag, attrs):
            self._unseen, self._depth = tag, 1
        elif tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._depth -= 1
            self._unseen = tag if self._depth else ""
        if tag in _BLOCKS:
            self.parts.append("\n")

    def unknown_decl(self, data: str) -> None:
        if data.startswith(_CDATA):  # text of an XHTML page, written so that its signs need no escape
            self.handle_data(data.removeprefix(_CDATA))

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(re.sub(r"\s+", " ", data))


def _is_unseen(tag: str, attrs: list[tuple[str, str | None]]) -> bool:
    """Whether what an element holds is not shown, or is struck out."""
    if tag in _SILENT or tag in _STRUCK:
        return True
    unseen = any(
        name == "hidden" or (name == "style" and _UNSEEN_STYLE.search(value or "")) for name, value in attrs
    )
    return unseen and tag not in _VOID


def html_text(html: str) -> str:
    """The text of an HTML page, without scripts, styles, and what is hidden or struck out."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return evened("".join(parser.parts))
