"""A CDS Hooks service that checks orders against a payer's medical policy.

Servers load ``cds_service:create_app()``. The application is imported only when asked for, so
that the policy can be used without a web framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from cds_service.settings import Settings

__version__ = "0.2.0"


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application, wired from ``settings`` or else from the environment."""
    from cds_service.app import create_app as create

    return create(settings)
