"""How long the service waits for an EHR that takes 50 ms for every answer, with no prefetch.

Counts the rounds of waiting (how many answers the slowest chain had to wait for, one after another)
and the wall time of the whole gathering. Prints; fails on more than three rounds.
Run: .venv/bin/python -m bench.fetch
"""

import statistics
import sys
import time

from tests.ehr.hostile import Ehr, running
from tests.ehr.looking import gaps, look
from tests.policy.chart_notes import body_size, condition, observation, patient

DELAY_S = 0.05
CALLS = 30
MOST_ROUNDS = 3


class SlowEhr(Ehr):
    """Every answer takes a while; how many are under way at once is kept."""

    at_once = most_at_once = 0

    def reply_to(self, target):
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(DELAY_S)
        self.at_once -= 1
        return super().reply_to(target)


def main() -> int:
    chart = [patient(), condition("C91.02"), observation("51124-6", "2026-03-01", 95, "%"), *body_size()]
    with running(chart, kind=SlowEhr) as ehr:
        look(ehr)  # opens the connections, which later calls use again
        ehr.requests.clear()
        spent = []
        for _ in range(CALLS):
            started = time.perf_counter()
            seen = look(ehr, budget=4.0)
            spent.append(time.perf_counter() - started)
            assert gaps(seen) == {}
        requests = len(ehr.requests) / CALLS
    middle = statistics.median(spent)
    rounds = int(middle / DELAY_S)
    print(f"{requests:.0f} requests of {DELAY_S * 1000:.0f} ms each, {ehr.most_at_once} at once at most")
    print(f"median {middle * 1000:.0f} ms, longest {max(spent) * 1000:.0f} ms: {rounds} rounds of waiting")
    print(f"of the median, {(middle - rounds * DELAY_S) * 1000:.0f} ms are the service's own work")
    return 0 if rounds <= MOST_ROUNDS else 1


if __name__ == "__main__":
    sys.exit(main())
