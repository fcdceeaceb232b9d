"""Cross-origin calls of EHRs that run in a browser: which origins may read the answers.

The origins are those that a tenant names for its frames; in development, any of loopback. Cookies
are never part of it, so any header may be sent along. A preflight carries no token and needs none.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Flask, Response, request

from cds_service.settings import Settings
from cds_service.settings.tenants import address_fault, is_loopback

_HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Expose-Headers": "ETag, Retry-After, Server-Timing, X-Request-Id",
    "Access-Control-Max-Age": "600",
}
_ALWAYS = ("authorization", "content-type")
_ASKED = "Access-Control-Request-Headers"
_NAME = re.compile(r"[0-9a-z][!#$%&'*+.^_`|~0-9a-z-]{0,99}")  # a field name in small letters, never "*" alone


def allows(settings: Settings, origin: str) -> bool:
    """Whether a page of this origin may read what the service answers."""
    if any(origin in tenant.frame_ancestors for tenant in settings.tenants):
        return True
    if not settings.dev or address_fault(origin, allow_loopback_http=True) is not None:
        return False
    return is_loopback(urlsplit(origin).hostname or "")


def share_with_browsers(app: Flask, settings: Settings) -> None:
    """Let allowed origins read what the CDS Hooks routes and the FHIR routes answer, refusals included.

    In development the sandbox EHR's FHIR API is shared as well: a browser EHR needs it for prefetch.
    """
    shared = ("/cds-services", "/fhir/", *(("/sandbox/fhir",) if settings.dev else ()))

    @app.after_request
    def share(response: Response) -> Response:
        if not request.path.startswith(shared):
            return response
        response.vary.update(("Origin", _ASKED))
        origin = request.headers.get("Origin", "")
        if origin and allows(settings, origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Headers"] = ", ".join(_allowed_headers())
            response.headers.update(_HEADERS)
        return response


def _allowed_headers() -> tuple[str, ...]:
    """The headers of every EHR's calls, and those that the preflight asks for, where they are names."""
    asked = (name.strip().lower() for name in request.headers.get(_ASKED, "").split(","))
    return tuple(dict.fromkeys((*_ALWAYS, *(name for name in asked if _NAME.fullmatch(name)))))
