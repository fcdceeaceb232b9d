"""How long a population takes, beside json.loads over the same lines: seconds of wall and CPU, patients/s, memory.

    .venv/bin/python bench/replay.py [MEMBERS...]

One member in a hundred had the drug (a hundred at least). Two workers. Writes to a temporary folder.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cds_service.commands.example_population import write

_LOADS = """
import json, sys
from pathlib import Path
for path in sorted(Path(sys.argv[1]).glob("*.ndjson")):
    with path.open("rb") as file:
        for line in file:
            json.loads(line)
"""


def measured(call: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command with all its processes."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - begun, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    print(
        "members    lines      MB   json.loads s (CPU)   replay s (CPU)   patients/s   MB of the largest process"
    )
    for members in map(int, sys.argv[1:] or ("10000",)):
        with tempfile.TemporaryDirectory() as held:
            folder, out = Path(held) / "in", Path(held) / "out"
            write(folder, members)
            size = sum(p.stat().st_size for p in folder.iterdir()) / 1e6
            lines = sum(p.read_bytes().count(b"\n") for p in folder.iterdir())
            loads, loads_cpu = measured([sys.executable, "-c", _LOADS, str(folder)])
            command = [sys.executable, "-m", "cds_service.cli", "replay", str(folder), "--out", str(out)]
            took, cpu = measured([*command, "--workers", "2"])
            memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(
                f"{members:7,} {lines:8,} {size:7.0f}   {loads:9.1f} ({loads_cpu:.1f})"
                f"   {took:10.1f} ({cpu:.1f})   {members / took:10,.0f}   {memory:6.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
