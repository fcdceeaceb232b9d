"""Sessions of the detail view: what the browser holds is an opaque id, all else stays in the vault.

A session ends after fifteen idle minutes, with the access token, or by logout. Every login
gets a new id; cookies are partitioned, since the page lives in a frame of the EHR.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from flask import Response

from cds_service.smart.vault import Vault
from cds_service.values import dataclass

LAUNCH_COOKIE = "__Host-cds-launch"
SESSION_COOKIE = "__Host-cds-session"
IDLE_S = 900
LONGEST_S = 8 * 3600
_KIND = "smart-session"


@dataclass(frozen=True, slots=True)
class Login:
    """Who looks at which patient of which EHR, and with what token. ``view`` names this login in links."""

    tenant: str
    iss: str
    patient: str
    user: str
    access_token: str
    scope: str
    expires_at: float
    view: str
    app_context: str | None
    need_patient_banner: bool
    intent: str
    orders: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Login(tenant={self.tenant!r})"


class Sessions:
    """The live sessions, by the id in the cookie."""

    def __init__(self, vault: Vault, clock: Callable[[], float] = time.time) -> None:
        self._vault = vault
        self._clock = clock

    def open(self, login: Login) -> str:
        """Start a session; the id for the cookie."""
        cookie = secrets.token_urlsafe(32)
        self._vault.put(_KIND, cookie, asdict(login), self._idle(login))
        return cookie

    def find(self, cookie: str | None) -> Login | None:
        """The session's login, which now lives on for another idle time; None when it is over."""
        login = _login(self._vault.get(_KIND, cookie)) if cookie else None
        if cookie is None or login is None or login.expires_at <= self._clock():
            return None
        return login if self._vault.renew(_KIND, cookie, self._idle(login)) else None

    def end(self, cookie: str | None) -> Login | None:
        """End a session; the login that it was."""
        return _login(self._vault.take(_KIND, cookie)) if cookie else None

    def _idle(self, login: Login) -> float:
        return min(IDLE_S, login.expires_at - self._clock())


def _login(kept: Mapping[str, Any] | None) -> Login | None:
    return Login(**{**kept, "orders": tuple(kept["orders"])}) if kept else None


def set_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    """A cookie that only this host gets, only over TLS (or loopback), and only in this EHR's frames."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )


def clear_cookie(response: Response, name: str) -> None:
    """Take a cookie back; the flags must be those it was set with."""
    set_cookie(response, name, "", 0)
