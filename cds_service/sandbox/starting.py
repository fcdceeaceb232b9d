"""How a development service is started on loopback, for ``make demo`` and ``make serve`` alike.

The address is taken here, before gunicorn runs, so that a taken one is a sentence and not a log.
"""

from __future__ import annotations

import errno
import socket
import sys
from urllib.parse import urlsplit

from cds_service.settings.tenants import is_loopback

CLOCK = "2026-04-15T09:00:00-04:00"
"""The day on which the bundled patients are seen."""


def listener(bind: str) -> socket.socket:
    """A socket bound to HOST:PORT of loopback; port 0 is any free one. Exits with what to do when it cannot be."""
    host, port = _host_and_port(bind)
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        taken.set_inheritable(True)
    except OSError as fault:
        taken.close()
        if fault.errno == errno.EADDRINUSE:
            raise SystemExit(
                f"{bind} is taken by another program: choose another with {_example(port)}"
            ) from None
        raise SystemExit(f"DEMO_BIND: cannot listen on {bind} ({fault.strerror})") from None
    return taken


def _host_and_port(bind: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{bind}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if port is None or not is_loopback(host):
        raise SystemExit(
            f"DEMO_BIND must be an address of this machine alone, as in {_example(8080)}, not {bind}"
        )
    return host, port


def _example(port: int) -> str:
    return f"DEMO_BIND=127.0.0.1:{port + 1 if port < 65535 else 8081}"


def address(listening: socket.socket) -> str:
    """The base URL of a bound socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def environment(base: str) -> dict[str, str]:
    """The settings of a development service that shows the bundled patients on their own day."""
    return {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK, "CDS_PUBLIC_URL": base}


def gunicorn(listening: socket.socket, *options: str) -> list[str]:
    """The command that serves on a bound socket, which the process must inherit."""
    return [
        sys.executable, "-m", "gunicorn", "--config", "python:cds_service.gunicorn_conf",
        "--bind", f"fd://{listening.fileno()}", *options, "cds_service:create_app()",
    ]  # fmt: skip
