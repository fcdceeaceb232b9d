"""``make serve``: the service with its sandbox EHR on loopback, until it is stopped.

gunicorn takes this process over and prints the address to open once it can answer.
"""

from __future__ import annotations

import os

from cds_service.sandbox import starting


def main() -> None:
    """Serve on DEMO_BIND (HOST:PORT). Exits with a sentence when that address cannot be had."""
    listening = starting.listener(os.environ.get("DEMO_BIND") or "127.0.0.1:8080")
    print(f"Starting the service with its sandbox EHR, as of {starting.CLOCK}; Ctrl-C stops it.", flush=True)
    command = starting.gunicorn(listening)
    os.execve(command[0], command, os.environ | starting.environment(starting.address(listening)))


if __name__ == "__main__":
    main()
