"""Frozen values: nothing changes them in the tests, mypy lets nothing try, and a service without the watch says the same."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import FrozenInstanceError
from decimal import Decimal
from pathlib import Path

import pytest

from cds_service.fhir.quantities import Interval, exactly
from tests.golden.answers import FOLDER

NAME = "relapsed-single-agent"


def test_an_assignment_to_a_frozen_value_raises() -> None:
    value = exactly(Decimal(1))
    with pytest.raises(FrozenInstanceError):
        value.low = None  # type: ignore[misc]


def test_mypy_refuses_an_assignment_to_a_frozen_value(tmp_path: Path) -> None:
    """With the settings of the project, so that what mypy remembers of ``make lint`` serves here as well."""
    code = tmp_path / "assigning.py"
    code.write_text(
        "from cds_service.fhir.quantities import Interval\ndef f(i: Interval) -> None:\n    i.low = None\n"
    )
    done = subprocess.run([sys.executable, "-m", "mypy", code], capture_output=True, text=True)
    assert 'Property "low" defined in "Interval" is read-only' in done.stdout


def unwatched(code: str) -> str:
    """What Python prints in a process as the service's, where frozen values are made without a watch."""
    env = {name: value for name, value in os.environ.items() if name != "FROZEN_VALUES"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return done.stdout


def test_without_the_watch_values_are_as_equal_and_as_hashable() -> None:
    code = (
        "from decimal import Decimal; from cds_service.fhir.quantities import Interval, exactly\n"
        "one, other = exactly(Decimal(1)), exactly(Decimal(1))\n"
        "other_hash = hash(other)\n"
        "other.low = None\n"  # which shows that nothing watches
        "print(one == exactly(Decimal(1)), one == other, hash(one) == other_hash, one)"
    )
    one = exactly(Decimal(1))
    assert unwatched(code).split() == [str(one == exactly(Decimal(1))), "False", "True", str(one)]
    assert hash(one) == hash(Interval(Decimal(1), Decimal(1)))


def test_without_the_watch_a_patient_gets_the_answer_that_is_written_down() -> None:
    code = (
        "from tests.golden.answers import bundled, text_of\n"
        f"print(text_of(dict((path.stem, body) for path, body in bundled())[{NAME!r}]), end='')"
    )
    assert unwatched(code) == (FOLDER / "bundled" / f"{NAME}.json").read_text(encoding="utf-8")
