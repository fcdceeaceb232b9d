"""How much a worker grows over calls of which no two have a text or an id in common.

Fails when it grows by more than 5 MB in 20,000 calls, counted from when its caches are full. A single reading wavers by
10 MB, so that the mean of the last five is compared with that of the first five.

    python -m bench.memory [--calls 20000] [--checkout CHECKOUT]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from itertools import islice
from pathlib import Path
from statistics import mean

from bench.servers import ROOT, loaded, server
from bench.unlike import calls

STEP = 1000
STEADY = 5  # readings
FILLING = 8000  # calls until the caches are full and memory is as fragmented as it gets
MOST_MB = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=20_000, help="after the caches are full")
    parser.add_argument("--checkout", type=Path, default=ROOT)
    given = parser.parse_args()
    bodies, held = calls(), list[float]()
    with (
        tempfile.TemporaryDirectory() as folder,
        server("memory", given.checkout.resolve(), Path(folder)) as one,
    ):
        for sent in range(STEP, FILLING + given.calls + 1, STEP):
            loaded(one, list(islice(bodies, STEP)), STEP)
            megabytes = one.memory_mb()
            print(f"{sent:>6} calls: {megabytes:.1f} MB", flush=True)
            if sent >= FILLING:
                held.append(megabytes)
    grown = mean(held[-STEADY:]) - mean(held[:STEADY])
    print(f"grown by {grown:.1f} MB in {given.calls} calls")
    return 0 if grown <= MOST_MB * given.calls / 20_000 else 1


if __name__ == "__main__":
    sys.exit(main())
