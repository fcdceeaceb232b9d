"""The lock files: every package with its hashes, no address, and one version of each in all of them."""

from __future__ import annotations

import re

import pytest

from tests.install.conftest import ROOT

PLAIN, POSTGRES, REPLAY, DEV, SPARK = (
    f"requirements{name}.lock" for name in ("", "-postgres", "-replay", "-dev", "-spark")
)
LOCKS = (PLAIN, POSTGRES, REPLAY, DEV, SPARK)
each_lock = pytest.mark.parametrize("lock", LOCKS)


def text_of(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    """Package to version."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text_of(lock), re.MULTILINE))


def everywhere(lock: str) -> set[str]:
    """The packages that are for every platform and Python."""
    return set(re.findall(r"^([a-z0-9._-]+)==\S+ \\$", text_of(lock), re.MULTILINE))


@each_lock
def test_a_lock_names_no_address(lock: str) -> None:
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|--trusted-host", text_of(lock))


@each_lock
def test_each_package_has_a_version_and_hashes(lock: str) -> None:
    for block in re.split(r"\n(?=\S)", text_of(lock).rstrip()):
        if not block.startswith("#"):
            assert re.match(r"[a-z0-9._-]+==\S+", block), block
            assert "--hash=sha256:" in block, block


@pytest.mark.parametrize(
    ("smaller", "larger"), [(PLAIN, POSTGRES), (PLAIN, REPLAY), (POSTGRES, DEV), (REPLAY, DEV), (DEV, SPARK)]
)
def test_what_is_tested_is_what_is_deployed(smaller: str, larger: str) -> None:
    assert pins(smaller).keys() < pins(larger).keys()
    assert {name: pins(larger)[name] for name in pins(smaller)} == pins(smaller)


def test_the_driver_of_postgresql_is_locked_for_production() -> None:
    assert {"psycopg", "psycopg-binary"} <= pins("requirements-postgres.lock").keys()
