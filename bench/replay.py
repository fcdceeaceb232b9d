"""How long a population takes, beside json.loads over the same lines: seconds of wall and CPU, patients/s, memory.

    .venv/bin/python bench/replay.py [MEMBERS...]

One member in a hundred had the drug (a hundred at least). Two workers. Writes to a temporary folder.
Memory is looked at in a run of its own, since looking costs the time that is measured. It is that of the largest process, and of all together without counting twice what they share (Linux only).
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
_EVERY_S = 0.1


def measured(call: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command with all its processes."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    took = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def most_memory(call: list[str]) -> float:
    """The most memory that a command and its processes have together, in MB."""
    running = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0.0
    while running.poll() is None:
        most = max(most, sum(map(_megabytes, _with_children(running.pid))))
        time.sleep(_EVERY_S)
    return most


def _with_children(pid: int) -> list[int]:
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [one for child in path.read_text().split() for one in _with_children(int(child))]
        except OSError:
            continue  # it has just ended
    return found


def _megabytes(pid: int) -> float:
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(row.split()[1]) / 1024 for row in rows if row.startswith("Pss:")), 0.0)


def main() -> None:
    print(
        "members    lines      MB   json.loads s (CPU)   replay s (CPU)   patients/s   MB: largest process, all"
    )
    for members in map(int, sys.argv[1:] or ("10000",)):
        with tempfile.TemporaryDirectory() as held:
            folder, out = Path(held) / "in", Path(held) / "out"
            write(folder, members)
            size = sum(p.stat().st_size for p in folder.iterdir()) / 1e6
            lines = 0
            for path in folder.iterdir():
                with path.open("rb") as file:
                    lines += sum(1 for _ in file)
            loads, loads_cpu = measured([sys.executable, "-c", _LOADS, str(folder)])
            replay = [
                sys.executable,
                "-m",
                "cds_service.cli",
                "replay",
                str(folder),
                "--workers",
                "2",
                "--out",
            ]
            took, cpu = measured([*replay, str(out)])
            all_ = most_memory([*replay, str(out.with_name("again"))])
            largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(
                f"{members:7,} {lines:8,} {size:7.0f}   {loads:9.1f} ({loads_cpu:.1f})"
                f"   {took:10.1f} ({cpu:.1f})   {members / took:10,.0f}   {largest:6.0f}, {all_:.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
