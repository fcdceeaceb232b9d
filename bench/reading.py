"""How long it takes to read a note of 20 kB for all topics: plain notes, and the lexicon's own words at random.

python -m bench.reading
"""

from __future__ import annotations

import random
import statistics
import time

from cds_service.clinical.reading.lexicon import load, rows
from cds_service.clinical.reading.markers.reader import MARKER_TOPICS
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.topics import TOPICS

SIZE = 20_000
RUNS = 9
EVERY = (*TOPICS, *MARKER_TOPICS)
NOTE = (
    "Seen in clinic today. No fever, no bleeding. In CR after C1, MRD pending. Labs stable, ANC 1.2, plt 140. VOD: none. "
    "Plan: continue inotuzumab, cycle 2 on 4/16. Allogeneic transplant planned for May. Tolerated the infusion well. "
)


def texts() -> dict[str, str]:
    """Notes of one size: an ordinary one, and two of the lexicon's phrases with and without stops."""
    vocabulary = [phrase for row in rows() for phrase in row.phrases]
    chosen = random.Random(1).choices(vocabulary, k=SIZE // 4)
    return {
        "ordinary": (NOTE * SIZE)[:SIZE],
        "the lexicon's phrases, each a sentence": ". ".join(chosen)[:SIZE],
        "the lexicon's phrases in a row": " ".join(chosen)[:SIZE],
        "one name again and again": ("no CR, " * SIZE)[:SIZE],
    }


def cost(text: str, run: int) -> float:
    """CPU milliseconds to read a text for all topics; its own ending keeps it from being remembered."""
    own = f"{text[:-7]} {run:06}"
    start = time.process_time()
    for topic in EVERY:
        read(own, topic)
    return (time.process_time() - start) * 1000


def main() -> None:
    load()
    for name, text in texts().items():
        print(
            f"{name:<42} {statistics.median(cost(text, n) for n in range(RUNS)):6.1f} ms for {len(EVERY)} topics"
        )


if __name__ == "__main__":
    main()
