"""The numbers of ``policy.toml`` by name. A number lives there, with its section, and nowhere else."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files


@cache
def policy_text() -> str:
    return files("cds_service.policies.inotuzumab").joinpath("policy.toml").read_text(encoding="utf-8")


@cache
def _numbers() -> dict[str, Decimal]:
    return {key: Decimal(entry["value"]) for key, entry in tomllib.loads(policy_text())["numbers"].items()}


def number(name: str) -> Decimal:
    """A number of the policy, in the unit that ``policy.toml`` states. KeyError for an unknown name."""
    return _numbers()[name]


def days(name: str) -> int:
    """A whole number, such as of days or cycles."""
    return int(_numbers()[name])


def span(name: str) -> timedelta:
    """A number of days as a time span."""
    return timedelta(days=days(name))
