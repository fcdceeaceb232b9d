"""``make demo``: start the service and the sandbox EHR, sign each bundled order over HTTP, print the cards.

Everything it starts listens on loopback and is stopped at the end, whatever happens. It waits long
enough for a slow machine; a service that does not start or answer shows its own last lines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

from cds_service.evaluation.saved_request import prefetch_of
from cds_service.hooks.services import plain_id
from cds_service.sandbox import starting
from cds_service.sandbox.card_text import WIDTH, CardText, filled
from cds_service.sandbox.fixtures import FOLDER, about, names

_STARTS_WITHIN_S = 300
_ANSWERS_WITHIN_S = 120
_STOPS_WITHIN_S = 60
_LAST_LINES = 20
_SERVICE = plain_id("inotuzumab")
_STRONGEST_FIRST = ("critical", "warning", "info")
# The service is on this machine: a proxy that the environment names has no part in it.
_ASK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class DemoFailed(Exception):
    """The service did not start or answer; the text says why."""


def main() -> int:
    """Run the demo; 0 when every order was answered."""
    print(f"Starting the service and its sandbox EHR on loopback, as of {starting.CLOCK}.", flush=True)
    print("To see the same in a browser: make serve", flush=True)
    cards = CardText(whole=bool(os.environ.get("FULL")))
    strongest: dict[str, str] = {}
    try:
        with tempfile.TemporaryDirectory() as folder, _service(Path(folder)) as base:
            print(f"Signing the order of each of the {len(names())} bundled patients.\n", flush=True)
            for index, name in enumerate(names()):
                answered = _signed(base, name, with_prefetch=index == 0)
                _show(name, answered, "from the prefetch" if index == 0 else "by REST", cards)
                strongest[name] = _strongest(answered)
    except DemoFailed as fault:
        print(f"The demo failed: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(_what_was_shown(strongest))
    return 0


@contextmanager
def _service(folder: Path) -> Iterator[str]:
    """The service on DEMO_BIND, or else on a free port, with embedded defaults. Adds its last lines to a failure."""
    listening = starting.listener(os.environ.get("DEMO_BIND") or "127.0.0.1:0")
    base = starting.address(listening)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
    settings = starting.environment(base) | {
        "CDS_DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3",
        "CDS_LOG_LEVEL": "WARNING",
        # On a slow machine the budget of a real call would run out, and the cards would say so.
        "CDS_DEADLINE_S": "60",
    }
    command = starting.gunicorn(listening, "--workers", "1", "--log-level", "warning")
    said = folder / "service.log"
    with said.open("wb") as log, listening:
        process = subprocess.Popen(
            command, env=kept | settings, pass_fds=[listening.fileno()], stdout=log, stderr=log
        )
    try:
        _wait_for(base, process)
        yield base
    except DemoFailed as fault:
        last = said.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        raise DemoFailed("\n".join([f"{fault}. Its last lines:", *last])) from None
    finally:
        _stop(process)


def _wait_for(base: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until:
        if (status := process.poll()) is not None:
            raise DemoFailed(f"the service did not start, it ended with status {status}")
        try:
            with _ASK.open(f"{base}/readyz", timeout=5):
                return
        except (OSError, HTTPException):
            time.sleep(0.1)
    raise DemoFailed(f"the service did not answer within {_STARTS_WITHIN_S} s")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _signed(base: str, name: str, *, with_prefetch: bool) -> Sequence[Mapping[str, Any]]:
    """The cards for one patient's order, asked for as an EHR would."""
    raw = (FOLDER / name / "request.json").read_bytes()
    if with_prefetch:
        payload = prefetch_of(raw, (FOLDER / name / "resources.json").read_bytes())
    else:
        payload = json.dumps(json.loads(raw) | {"fhirServer": f"{base}/sandbox/fhir"}).encode()
    headers = {"Content-Type": "application/json"}
    call = urllib.request.Request(f"{base}/cds-services/{_SERVICE}", payload, headers)
    try:
        with _ASK.open(call, timeout=_ANSWERS_WITHIN_S) as answered:
            cards: list[Mapping[str, Any]] = json.load(answered)["cards"]
            return cards
    except (OSError, HTTPException) as fault:
        raise DemoFailed(f"the service gave no answer for {name} ({fault})") from None


def _show(name: str, answered: Sequence[Mapping[str, Any]], how: str, cards: CardText) -> None:
    print("=" * WIDTH)
    print(f"{name} ({how})\n{filled(about(name))}")
    for card in answered:
        print("\n".join(cards.lines(card)))
    if not answered:
        print("  no card: nothing to say about this order")
    print(flush=True)


def _strongest(answered: Sequence[Mapping[str, Any]]) -> str:
    found = {card["indicator"] for card in answered}
    return next((indicator for indicator in _STRONGEST_FIRST if indicator in found), "no")


def _what_was_shown(strongest: Mapping[str, str]) -> str:
    """The closing line: how many patients, and how strong the strongest card of each was."""
    count = Counter(strongest.values())
    critical = ", ".join(name for name, indicator in strongest.items() if indicator == "critical")
    return filled(
        f"{len(strongest)} patients: {count['critical']} with a critical card ({critical}), "
        f"{count['warning']} with a warning, {count['info']} with information alone, {count['no']} without a card."
    )


if __name__ == "__main__":
    sys.exit(main())
