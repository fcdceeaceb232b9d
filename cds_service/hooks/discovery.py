"""Discovery: what this service is and what data it would like with a call.

The templates come from the one table of data needs, so that what is advertised is what is read.
"""

from __future__ import annotations

import hashlib
from typing import Any

from cds_service.ehr.needs import prefetch_templates
from cds_service.evaluation.request import HOOK
from cds_service.json_text import write_json

SERVICE_ID = "inotuzumab-order-sign"


def services() -> dict[str, Any]:
    """The discovery answer."""
    return {
        "services": [
            {
                "hook": HOOK,
                "id": SERVICE_ID,
                "title": "Inotuzumab ozogamicin: payer policy check",
                "description": (
                    "Checks an order for inotuzumab ozogamicin (Besponsa, HCPCS J9229) against payer policy "
                    "MP-RX-FP-12-23: coverage criteria, missing documentation, dose and safety. It says what the "
                    "record shows and neither approves nor denies."
                ),
                "version": "2.0.0",
                "usageRequirements": (
                    "Orders of other drugs are answered with no cards. The prefetch alone suffices; without it a "
                    "FHIR R4 server and a token with read access to the types in the templates are needed."
                ),
                "prefetch": prefetch_templates(),
            }
        ]
    }


def etag(answer: dict[str, Any]) -> str:
    """A strong ETag, so that a client sees at once whether templates have changed."""
    return hashlib.sha256(write_json(answer).encode()).hexdigest()[:32]
