"""Whether the service can start, found out before the first worker is forked, and said in one line.

Knows what gunicorn is about to do with an address, and builds the application once as a worker will.
A fault is a line of JSON with the setting, the kind of fault and what to do, never a traceback.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import socket
from collections.abc import Iterable

from cds_service.settings import SettingsError
from cds_service.store.failures import StoreError
from cds_service.values import dataclass

log = logging.getLogger(__name__)
_NAMED = re.compile(r"(?:CDS|FLASK)_\w+")
_ALL_OF_THEM = "cds-service doctor looks at all settings"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no start: the setting at fault, the kind of fault, a sentence, and the way out of it."""

    setting: str
    kind: str
    text: str
    mend: str

    def tell(self, what: str, level: int = logging.CRITICAL) -> None:
        """Log one line that an operator and an alert can read."""
        fields = {"setting": self.setting, "kind": self.kind, "mend": self.mend}
        log.log(level, "%s: %s", what, self.text, extra=fields)


def fault_of(error: SettingsError) -> Fault:
    """What a refused setting means to whoever set it."""
    text = str(error)
    named = _NAMED.match(text)
    setting = named.group() if named else "CDS_CONFIG"
    cause = error.__cause__
    if isinstance(cause, StoreError):
        return Fault(setting, cause.failure.kind, text, f"{cause.failure.mend}; {_ALL_OF_THEM}")
    return Fault(setting, "setting", text, f"correct it; {_ALL_OF_THEM}")


def fault_at_start(addresses: Iterable[object]) -> Fault | None:
    """The first fault that keeps the service from starting at these addresses of gunicorn's."""
    from cds_service.app import create_app
    from cds_service.web.edge import EXTENSION

    for address in addresses:
        if (fault := _taken(address)) is not None:
            return fault
    try:
        app = create_app()
    except SettingsError as error:
        return fault_of(error)
    app.extensions[EXTENSION].database.close()
    return None


def _taken(address: object) -> Fault | None:
    """Whether an address cannot be listened at; sockets that were handed over are not looked at."""
    if not isinstance(address, tuple) or "GUNICORN_FD" in os.environ or "LISTEN_FDS" in os.environ:
        return None
    host, port = address[:2]
    try:
        family, kind, proto, _, name = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(name)
            trial.listen(1)
    except OSError as error:
        kind_of_fault, why, mend = _listening(error)
        return Fault("bind", kind_of_fault, f"{host}:{port} {why}", mend)
    return None


def _listening(error: OSError) -> tuple[str, str, str]:
    if error.errno == errno.EADDRINUSE:
        return (
            "port-taken",
            "is in use by another program",
            "stop that program, or give another address with --bind",
        )
    if error.errno == errno.EACCES:
        return (
            "port-rights",
            "may not be used by this account",
            "take a port from 1024 on, or let systemd open it",
        )
    return "bind", "is no address of this machine", "correct --bind or PORT"
