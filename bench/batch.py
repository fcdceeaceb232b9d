"""How many patients a second and core are determined from JSON, without HTTP, cards or a database.

Run: .venv/bin/python bench/batch.py [CHECKOUT]
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

sys.path.insert(0, sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().parents[1]))

from cds_service.ehr.gather import EhrRequest, gather
from cds_service.evaluation.request import order_sign
from cds_service.evaluation.saved_request import prefetch_of
from cds_service.json_text import read_json
from cds_service.policies import installed
from cds_service.sandbox.fixtures import FOLDER
from cds_service.settings import Settings

CLOCK = Settings.from_environment({"CDS_DEV": "1", "CDS_FIXED_NOW": "2026-04-15T09:00:00-04:00"}).fixed_now
ROUNDS = 7


def determined(raw: bytes) -> str:
    """One patient from the bytes of a call to the determination; what kind of request it was."""
    call = order_sign(read_json(raw))
    record = gather(
        EhrRequest(call.patient_id, call.prefetch, call.drafts), None, time.monotonic() + 60
    ).record
    assert CLOCK is not None
    (found,) = installed()["inotuzumab"].determine(record, call.drafts, CLOCK)
    return found.request


def main() -> None:
    folders = [folder for folder in sorted(FOLDER.iterdir()) if (folder / "request.json").exists()]
    raws = [
        prefetch_of((folder / "request.json").read_bytes(), (folder / "resources.json").read_bytes())
        for folder in folders
    ]
    kinds: dict[str, list[bytes]] = {}
    for raw in raws:
        kinds.setdefault(determined(raw), []).append(raw)
    gc.collect()
    gc.freeze()  # as a worker does, written out, since another checkout may do it elsewhere
    gc.set_threshold(50_000, 10, 50)
    for kind, those in sorted(kinds.items()):
        best = min(_round(those) for _ in range(ROUNDS))
        print(f"batch, {kind}: {len(those) / best:.0f} patients a second and core")


def _round(those: list[bytes]) -> float:
    begun = time.process_time()
    for raw in those * 4:
        determined(raw)
    return (time.process_time() - begun) / 4


if __name__ == "__main__":
    main()
