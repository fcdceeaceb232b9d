"""What whoever opens the service's bare address in a browser sees. Tells nothing about calls or settings."""

from __future__ import annotations

from flask import Blueprint, redirect
from werkzeug import Response

from cds_service.settings import Settings

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>payer-policy-cds</title></head>
<body>
<h1>payer-policy-cds</h1>
<p>This is a CDS Hooks service. EHRs call it while an order is signed; there is nothing to do here.</p>
<p>For EHRs: <code>/cds-services</code>. For monitoring: <code>/healthz</code> and <code>/readyz</code>.</p>
</body>
</html>
"""


def front_routes(settings: Settings) -> Blueprint:
    """The route ``/``: a short page, or in development the way to the sandbox EHR."""
    routes = Blueprint("front", __name__)

    @routes.get("/")
    def front() -> Response | str:
        return redirect("/sandbox/") if settings.dev else _PAGE

    return routes
