"""What every test may rest on, whichever tests ran before it in its process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings

# Before the program is imported: whatever changes a frozen value fails here (cds_service/values.py).
os.environ["FROZEN_VALUES"] = "1"

from cds_service.operations.logs import OURS

# How busy the machine is decides no test.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Hears our loggers, also where the application of another test left them at a higher level."""
    with ExitStack() as levels:
        for name in OURS:
            levels.enter_context(caplog.at_level("INFO", logger=name))
        yield caplog
