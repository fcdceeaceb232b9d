"""The CPU time of the CRD service beside the plain one, on the same calls in turn.

python bench/crd.py [--rounds 80]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.order_sign import SIZES, request_of
from cds_service import create_app
from cds_service.settings import Settings


def cpu_of_both(folder: Path, rounds: int) -> Iterator[tuple[int, float, float]]:
    """Median CPU milliseconds of a call to the plain and to the CRD service, for each size."""
    app = create_app(
        Settings.from_environment(
            {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": "2026-04-15T09:00:00-04:00", "CDS_LOG_LEVEL": "WARNING",
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
    parser.add_argument("--rounds", type=int, default=80, help="calls of each service for each size")
    rounds = parser.parse_args().rounds
    print(f"{'observations':>12} {'plain CPU ms':>13} {'CRD CPU ms':>11} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as name:
        for size, plain, crd in cpu_of_both(Path(name), rounds):
            print(f"{size:>12} {plain:>13.2f} {crd:>11.2f} {crd / plain:>6.2f}")


if __name__ == "__main__":
    main()
