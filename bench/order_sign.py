"""Throughput of one worker answering order-sign with a complete prefetch, beside a floor.

The floor parses the same JSON with the standard library and answers a constant, in the same server.
Prints requests a second, milliseconds a call, the ratio to the floor, and how cost grows with input; then
the CPU time of the CRD service beside the plain one, on the same calls in turn.

    python bench/order_sign.py [--seconds 5]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cds_service import create_app  # noqa: E402
from cds_service.evaluation.saved_request import prefetch_of  # noqa: E402
from cds_service.sandbox.fixtures import FOLDER  # noqa: E402
from cds_service.settings import Settings  # noqa: E402

CLOCK = "2026-04-15T09:00:00-04:00"
SIZES = (20, 200, 2000)
_KINDS = (
    ("777-3", 120, "10*9/L"), ("751-8", 2.1, "10*9/L"), ("718-7", 11.2, "g/dL"), ("2823-3", 4.1, "mmol/L"),
    ("19123-9", 2.0, "mg/dL"), ("1975-2", 0.6, "mg/dL"), ("1742-6", 25, "U/L"), ("2160-0", 0.8, "mg/dL"),
)  # fmt: skip
_FLOOR = """
import json
from flask import Flask, Response, request
def create_app():
    app = Flask(__name__)
    @app.post("/cds-services/inotuzumab-order-sign")
    def answer():
        json.loads(request.get_data())
        return Response('{"cards":[]}', mimetype="application/json")
    return app
"""


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


@contextmanager
def server(target: str, folder: Path) -> Iterator[int]:
    """One worker of gunicorn on a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environ = os.environ | {
        "CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK, "CDS_LOG_LEVEL": "WARNING",
        "CDS_DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3", "PYTHONPATH": f"{ROOT}:{folder}",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4",
               "--log-level", "warning", target]  # fmt: skip
    process = subprocess.Popen(command, env=environ, cwd=folder)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def measure(port: int, body: bytes, seconds: float) -> float:
    """Median milliseconds of one call over a kept-open connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    spent: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.perf_counter()
        connection.request(
            "POST", "/cds-services/inotuzumab-order-sign", body, {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"the server answered {answer.status}")
        spent.append((time.perf_counter() - begun) * 1000)
    connection.close()
    return statistics.median(spent[len(spent) // 10 :])


def cpu_of_both(folder: Path, rounds: int) -> Iterator[tuple[int, float, float]]:
    """Median CPU milliseconds of a call to the plain and to the CRD service, for each size."""
    app = create_app(
        Settings.from_environment(
            {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK, "CDS_LOG_LEVEL": "WARNING",
             "CDS_DATABASE_URL": f"sqlite:///{folder}/cpu.sqlite3"}
        )
    )  # fmt: skip
    client = app.test_client()
    for size in SIZES:
        body = with_coverage(request_of(size))
        spent: dict[str, list[float]] = {"inotuzumab-order-sign": [], "order-sign-crd": []}
        for _ in range(rounds):
            for service, times in spent.items():
                begun = time.process_time()
                answer = client.post(f"/cds-services/{service}", data=body, content_type="application/json")
                times.append((time.process_time() - begun) * 1000)
                if answer.status_code != 200:
                    raise SystemExit(f"{service} answered {answer.status_code}")
        plain, crd = (statistics.median(times[rounds // 10 :]) for times in spent.values())
        yield size, plain, crd


def with_coverage(body: bytes) -> bytes:
    """The request with one Coverage of a payor, which CRD is about."""
    whole = json.loads(body)
    coverage = {
        "resourceType": "Coverage", "id": "bench", "status": "active",
        "beneficiary": {"reference": f"Patient/{whole['context']['patientId']}"},
        "payor": [{"identifier": {"system": "urn:oid:1.2.3", "value": "MMM"}}],
    }  # fmt: skip
    whole["prefetch"]["coverage"] = {"resourceType": "Bundle", "entry": [{"resource": coverage}]}
    return json.dumps(whole).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each size and server")
    seconds = parser.parse_args().seconds
    bodies = {size: request_of(size) for size in SIZES}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "floor.py").write_text(_FLOOR)
        found: dict[str, dict[int, float]] = {}
        for label, target in (("floor", "floor:create_app()"), ("service", "cds_service:create_app()")):
            with server(target, folder) as port:
                found[label] = {size: measure(port, body, seconds) for size, body in bodies.items()}
        both = list(cpu_of_both(folder, rounds=max(20, int(seconds * 20))))
    print(
        f"{'observations':>12} {'body kB':>8} {'floor ms':>9} {'service ms':>11} {'calls/s':>8} {'of floor':>9}"
    )
    for size in SIZES:
        floor, ours = found["floor"][size], found["service"][size]
        print(
            f"{size:>12} {len(bodies[size]) / 1000:>8.0f} {floor:>9.2f} {ours:>11.2f} {1000 / ours:>8.0f} {floor / ours:>8.0%}"
        )
    small, large = found["service"][200], found["service"][2000]
    grown = len(bodies[2000]) / len(bodies[200])
    print(
        f"from 200 to 2000 observations the body grows {grown:.1f} times and the cost {large / small:.1f} times"
    )
    print(f"{'observations':>12} {'plain CPU ms':>13} {'CRD CPU ms':>11} {'ratio':>6}")
    for size, plain, crd in both:
        print(f"{size:>12} {plain:>13.2f} {crd:>11.2f} {crd / plain:>6.2f}")


if __name__ == "__main__":
    main()
