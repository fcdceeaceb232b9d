"""SECURITY.md names tests: each of them exists, so that no claim outlives its proof."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLAIMS = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+)`", CLAIMS)))
PLACES = sorted(set(re.findall(r"`((?:tests|docs)/[\w/.]+)`", CLAIMS)))


@pytest.fixture(scope="module")
def defined() -> set[str]:
    """The names of all tests in the tree."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}


def test_the_threat_table_names_tests() -> None:
    assert len(NAMED) > 10
    assert len(PLACES) > 5


@pytest.mark.parametrize("name", NAMED)
def test_a_named_test_exists(defined: set[str], name: str) -> None:
    assert name in defined


@pytest.mark.parametrize("place", PLACES)
def test_a_named_place_exists(place: str) -> None:
    assert (ROOT / place).exists()
