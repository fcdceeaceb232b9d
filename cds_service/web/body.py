"""The body of a call: how much of it, in which encoding. Knows Flask's request, no CDS Hooks."""

from __future__ import annotations

from typing import Any

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.evaluation.refused import Refused, json_from

LARGEST = 8 * 1024 * 1024


def json_body(request: Request) -> Any:
    """The body as JSON. Raises Refused with 413, 415 or 400.

    The Content-Type is not looked at: EHRs send ``application/json+fhir``, and some none at all.
    """
    return json_from(raw_body(request))


def raw_body(request: Request) -> bytes:
    """The body's bytes, at most 8 MiB of them."""
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise Refused(415, "not-supported", "The body must not be compressed or otherwise encoded.")
    # One byte more: a body without a stated length is cut in silence where the limit stands.
    request.max_content_length = LARGEST + 1
    try:
        raw = whole_body(request)
    except RequestEntityTooLarge:
        raise _too_long() from None
    if len(raw) > LARGEST:
        raise _too_long()
    return raw


def whole_body(request: Request, *, keep: bool = False) -> bytes:
    """The body's bytes, to the end that its caller stated; ``keep`` leaves them to be read again, as a form.

    Raises Refused with 400 where they break off, RequestEntityTooLarge where the request's limit is exceeded.
    """
    try:
        raw = request.get_data(cache=keep)
    except RequestEntityTooLarge:
        raise
    except Exception:  # servers tell broken chunks by exceptions of their own
        raise _broken_off() from None
    if request.content_length is not None and len(raw) < request.content_length:
        raise _broken_off()
    return raw


def _broken_off() -> Refused:
    return Refused(400, "structure", "The body breaks off before its stated end, or is in broken chunks.")


def _too_long() -> Refused:
    return Refused(413, "too-long", "The body is larger than 8 MiB.")
