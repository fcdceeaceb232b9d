"""``make demo``: start the service and the sandbox EHR, sign each bundled order over HTTP, print the cards.

Everything it starts listens on loopback and is stopped at the end, whatever happens.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cds_service.hooks.discovery import SERVICE_ID
from cds_service.sandbox.fixtures import FOLDER, names, prefetch_of

CLOCK = "2026-04-15T09:00:00-04:00"  # the day on which the bundled patients are seen
_WIDTH = 100
_STARTS_WITHIN_S = 30


def main() -> int:
    """Run the demo; 0 when every order was answered."""
    print(f"Bundled patients as of {CLOCK}. The service reads them from the sandbox EHR over HTTP.\n")
    with tempfile.TemporaryDirectory() as folder, _service(Path(folder)) as base:
        for index, name in enumerate(names()):
            _show(base, name, with_prefetch=index == 0)
    return 0


@contextmanager
def _service(folder: Path) -> Iterator[str]:
    """The service on a free port of loopback, with embedded defaults."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
    environ = kept | {
        "CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK, "CDS_PUBLIC_URL": base,
        "CDS_DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3", "CDS_LOG_LEVEL": "WARNING",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8",
               "--log-level", "warning", "cds_service:create_app()"]  # fmt: skip
    process = subprocess.Popen(command, env=environ)
    try:
        _wait_for(base, process)
        yield base
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(base: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{base}/cds-services", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit("the service did not start")


def _show(base: str, name: str, *, with_prefetch: bool) -> None:
    folder = FOLDER / name
    raw = (folder / "request.json").read_bytes()
    body = json.loads(raw) | {"fhirServer": f"{base}/sandbox/fhir"}
    payload = json.dumps(body).encode()
    if with_prefetch:
        payload = prefetch_of(raw, (folder / "resources.json").read_bytes())
    headers = {"Content-Type": "application/json"}
    call = urllib.request.Request(f"{base}/cds-services/{SERVICE_ID}", payload, headers)
    with urllib.request.urlopen(call, timeout=15) as answered:
        cards = json.load(answered)["cards"]
    about = (folder / "about.txt").read_text(encoding="utf-8").strip().splitlines()[0]
    how = "from the prefetch" if with_prefetch else "by REST"
    print("=" * _WIDTH)
    print(f"{name} ({how})\n{textwrap.fill(about, _WIDTH)}")
    for card in cards:
        _print_card(card)
    if not cards:
        print("  no card: nothing to say about this order")
    print()


def _print_card(card: Mapping[str, Any]) -> None:
    kind = card["extension"]["payer-policy-cds"]["kind"]
    print(f"\n  [{card['indicator'].upper()}] {kind}")
    print(_wrapped(card["summary"], "  ", "  "))
    for line in card["detail"].replace("**", "").replace("\\", "").splitlines():
        print(_wrapped(line, "    ", "      ") if line else "")
    for suggestion in card.get("suggestions", ()):
        print(f"    > {suggestion['label']}")
    print(f"    Source: {card['source']['label']}")


def _wrapped(text: str, first: str, then: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


if __name__ == "__main__":
    sys.exit(main())
