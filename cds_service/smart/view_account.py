"""The account of one view of the detail page, or of its packet: who looked at which patient, and how it ended.

Knows the login and the order's reference, and nothing of what the page shows.
"""

from __future__ import annotations

from cds_service.smart.login.session import Login
from cds_service.web.accounts import Account, opened

SERVICE = "detail-view"


def viewed(login: Login, order: str, result: str, what: str = "view") -> None:
    """Let the view that is being answered be accounted for; ``result`` is a word of this program.

    ``what`` is ``packet`` where the packet was downloaded.
    """
    opened(
        Account(
            what,
            SERVICE,
            login.tenant,
            caller=login.iss,
            user=login.user,
            patient=login.patient,
            orders=[order] if order else [],
            facts=[("result", result)],
        )
    )
