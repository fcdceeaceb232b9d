"""Documents and reports, with the text that could be read of them."""

from __future__ import annotations

from datetime import tzinfo

from cds_service.clinical.statements import when_stated
from cds_service.clinical.terms import concepts, condition_in
from cds_service.fhir.attachments import attachments_of
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import When, end_of
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text
from cds_service.fhir.record import Resource
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """A DocumentReference or DiagnosticReport: its type, day and readable text.

    ``content_unread`` says that a document is attached and its text could not be read.
    """

    concepts: frozenset[str]
    codes: frozenset[str]
    words: str
    text: str
    when: When | None
    reference: str
    kind: str
    status: str = ""
    content_unread: bool = False


def document_of(resource: Resource, attached: str, zone: tzinfo) -> Document:
    """One such resource; ``attached`` is the text of its attachments, empty where none could be read."""
    body = resource.body
    kind = body.get("type") if resource.type == "DocumentReference" else body.get("code")
    categories = as_dicts(body.get("category"))
    codes = {
        code
        for x in (as_dict(kind), *categories)
        for c in as_dicts(x.get("coding"))
        if (code := as_text(c.get("code")))
    }
    texts = [as_prose(body.get(m)) for m in ("description", "conclusion")]
    texts += [*(condition_in(c) for c in as_dicts(body.get("conclusionCode"))), attached]
    when = when_stated(resource, zone) or end_of(as_dict(body.get("context")).get("period"), zone)
    return Document(
        concepts=concepts(kind, "fhir_codes", "labs"),
        codes=frozenset(codes),
        words=" | ".join([w for w in (words_in(kind), *(words_in(c) for c in categories)) if w]),
        text="\n".join([t for t in texts if t]),
        when=when,
        reference=resource.reference,
        kind=resource.type,
        status=as_text(body.get("status")) or "",
        content_unread=not attached and bool(attachments_of(resource)),
    )
