"""What a policy file says of itself for discovery and claims: title, description, billing code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.engine.outline import PolicyError


@dataclass(frozen=True, slots=True)
class Described:
    """Title and description of the CDS service for a policy, and the coding that claims for its drug use."""

    title: str
    description: str
    billing: Mapping[str, str]


def described(text: str) -> Described:
    """Read the ``[service]`` table of a policy file. Raises PolicyError that names what is missing."""
    table = tomllib.loads(text).get("service", {})
    if missing := [name for name in ("title", "description", "billing") if not table.get(name)]:
        raise PolicyError(f"[service] lacks: {', '.join(missing)}")
    if missing := [name for name in ("system", "code", "display") if not table["billing"].get(name)]:
        raise PolicyError(f"[service] billing lacks: {', '.join(missing)}")
    return Described(table["title"], table["description"], dict(table["billing"]))
