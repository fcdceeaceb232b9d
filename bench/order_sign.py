"""What one order-sign call with a complete prefetch costs, beside a floor and beside another checkout.

The floor parses the same JSON with the standard library and answers a constant, in the same server. All servers run
at once and take turns, round by round, so that ratios hold on a machine that others use; CPU time is the workers' own.

    python -m bench.order_sign [--before CHECKOUT] [--rounds 5] [--quick]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.servers import ROOT, Load, Server, loaded, server
from bench.unlike import requests
from cds_service.evaluation.saved_request import prefetch_of
from cds_service.sandbox.fixtures import FOLDER

SIZES = (20, 200, 2000)
_CALLS = {20: 150, 200: 60, 2000: 8}
_CONNECTIONS = (1, 8, 32)
_KINDS = (
    ("777-3", 120, "10*9/L"), ("751-8", 2.1, "10*9/L"), ("718-7", 11.2, "g/dL"), ("2823-3", 4.1, "mmol/L"),
    ("19123-9", 2.0, "mg/dL"), ("1975-2", 0.6, "mg/dL"), ("1742-6", 25, "U/L"), ("2160-0", 0.8, "mg/dL"),
)  # fmt: skip


def observations(count: int, patient_id: str) -> Iterator[Mapping[str, Any]]:
    """Laboratory results of many days, newest first."""
    for n in range(count):
        code, value, unit = _KINDS[n % len(_KINDS)]
        day = date(2026, 4, 14) - timedelta(days=n // len(_KINDS))
        quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
        yield {
            "resourceType": "Observation", "id": f"bench-{n}", "status": "final",
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": "laboratory result"},
            "subject": {"reference": f"Patient/{patient_id}"}, "effectiveDateTime": f"{day}T08:00:00-04:00",
            "valueQuantity": quantity,
        }  # fmt: skip


def request_of(count: int) -> bytes:
    """The first bundled patient's request with ``count`` more observations."""
    folder = FOLDER / "relapsed-single-agent"
    bundle = json.loads((folder / "resources.json").read_bytes())
    raw = (folder / "request.json").read_bytes()
    patient_id = json.loads(raw)["context"]["patientId"]
    bundle["entry"] += [{"resource": o} for o in observations(count, patient_id)]
    whole = json.loads(prefetch_of(raw, json.dumps(bundle).encode()))
    whole["prefetch"]["otherObservations"] = {"resourceType": "Bundle", "type": "searchset"}
    return json.dumps(whole).encode()


def costs(made: Sequence[Server], rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of CPU a call, by what is sent and by server: the least of the rounds, since others can only add."""
    sent = {f"{size} observations": ([request_of(size)], calls) for size, calls in _CALLS.items()}
    sent["bundled patients"] = (list(requests().values()), 150)
    found: dict[str, dict[str, float]] = {}
    for what, (bodies, calls) in sent.items():
        for one in made:
            loaded(one, bodies, max(10, calls // 4))  # until all that is read once has been read
        rows: dict[str, list[Load]] = {one.name: [] for one in made}
        for _ in range(rounds):
            for one in made:
                rows[one.name].append(loaded(one, bodies, calls))
        found[what] = {name: min(load.cpu_ms for load in loads) for name, loads in rows.items()}
        wall = {name: min(load.p50_ms for load in loads) for name, loads in rows.items()}
        print(f"{what:<20} {len(bodies[0]) / 1000:>7.0f} kB", end="")
        print(
            "".join(
                f" | {name} {cpu:.2f} ms CPU, {wall[name]:.1f} ms wall" for name, cpu in found[what].items()
            ),
            flush=True,
        )
    return found


def told(found: Mapping[str, Mapping[str, float]]) -> None:
    """The ratios to the service as it is here, and how cost grows."""
    for what, cpu in found.items():
        others = [
            f"{name} / service {ms / cpu['service']:.2f}" for name, ms in cpu.items() if name != "service"
        ]
        print(f"{what:<20} {', '.join(others)}")
    for name in next(iter(found.values())):
        small, large = (found[f"{size} observations"][name] for size in (SIZES[0], SIZES[-1]))
        print(
            f"from {SIZES[0]} to {SIZES[-1]} observations the cost of {name} grows {large / small:.0f} times"
        )


def under_load(checkouts: Mapping[str, Path], folder: Path, calls: int) -> None:
    """Two workers under 1, 8 and 32 connections: the bundled patients, then 200 observations."""
    for what, bodies in (
        ("bundled patients", list(requests().values())),
        ("200 observations", [request_of(200)]),
    ):
        for name, checkout in checkouts.items():
            with server(name, checkout, folder, workers=2) as made:
                loaded(made, bodies, 60, 8)
                for connections in _CONNECTIONS:
                    load = loaded(made, bodies, calls, connections)
                    print(
                        f"{what:<17} {name:<8} c={connections:<3} {load.calls_a_second:>6.0f}/s p50 {load.p50_ms:>6.0f} "
                        f"p99 {load.p99_ms:>6.0f} ms, CPU {load.cpu_ms:>6.2f} ms, at most {made.memory_mb('VmHWM'):.0f} MB a worker",
                        flush=True,
                    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--before", type=Path, help="another checkout of this program to measure beside")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="neither load nor batch")
    given = parser.parse_args()
    checkouts = {"service": ROOT} | ({"before": given.before.resolve()} if given.before else {})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ExitStack() as running:
            made = [running.enter_context(server("floor", None, folder))]
            made += [running.enter_context(server(label, root, folder)) for label, root in checkouts.items()]
            told(costs(made, given.rounds))
        if not given.quick:
            under_load(checkouts, folder, 400)
            for label, root in checkouts.items():
                batch = [sys.executable, str(ROOT / "bench" / "batch.py"), str(root)]
                print(label, subprocess.run(batch, check=True, capture_output=True, text=True).stdout, end="")


if __name__ == "__main__":
    main()
