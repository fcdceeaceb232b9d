"""Cross-origin calls of EHRs that run in a browser: which origins may read the answers.

The origins are those that a tenant names for its frames; in development, any of loopback. Cookies
are never part of it. A preflight carries no token and needs none.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from cds_service.settings import Settings
from cds_service.tenants import address_fault, is_loopback

_HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Expose-Headers": "ETag, Retry-After, Server-Timing, X-Request-Id",
    "Access-Control-Max-Age": "600",
}


def allows(settings: Settings, origin: str) -> bool:
    """Whether a page of this origin may read what the service answers."""
    if any(origin in tenant.frame_ancestors for tenant in settings.tenants):
        return True
    if not settings.dev or address_fault(origin, allow_loopback_http=True) is not None:
        return False
    return is_loopback(urlsplit(origin).hostname or "")


def share_with_browsers(app: Flask, settings: Settings) -> None:
    """Let allowed origins read what the CDS Hooks routes answer, refusals included."""

    @app.after_request
    def share(response: Response) -> Response:
        if not request.path.startswith("/cds-services"):
            return response
        response.vary.add("Origin")
        origin = request.headers.get("Origin", "")
        if origin and allows(settings, origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers.update(_HEADERS)
        return response
