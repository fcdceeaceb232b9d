"""What a determination costs, in calls of functions: the one figure that a busy machine cannot blur.

The bound is what was measured and a tenth. Lower it when a change makes a determination cheaper; raise it
only for a rule that is worth it.
"""

from __future__ import annotations

import cProfile
import statistics
from dataclasses import replace

from cds_service.fhir.record import Resource
from cds_service.policies import installed
from tests.fixtures import CLOCK, NAMES, Fixture

MOST_CALLS = 6_550  # mean over the bundled patients, functions of C counted as well


def calls(name: str) -> int:
    """Calls of one bundled patient's determination from a record that is made, once its words were read before."""
    fixture = Fixture(name)
    drafts = [Resource(draft, "draft order") for draft in fixture.drafts]
    fixture.determine()
    record = replace(fixture.record(), may_hold_long_texts=False)  # as is known of a short request
    profile = cProfile.Profile()
    profile.enable()
    installed()["inotuzumab"].determine(record, drafts, CLOCK)
    profile.disable()
    return sum(entry.callcount for entry in profile.getstats())


def test_a_determination_takes_no_more_calls_than_before() -> None:
    mean = statistics.mean(map(calls, NAMES))
    assert mean <= MOST_CALLS, f"{mean:.0f} calls"
