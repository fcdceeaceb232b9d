"""What a policy file says of itself for discovery and claims: title, description, billing code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from cds_service.engine.policy_file import PolicyError
from cds_service.fhir.json_types import as_dict


@dataclass(frozen=True, slots=True)
class Described:
    """Title and description of the CDS service for a policy, and the code and display of HCPCS for its drug."""

    title: str
    description: str
    billing: Mapping[str, str]


def described_in(folder: str) -> Described:
    """What the policy of a folder, given as a package, says of itself. Raises PolicyError."""
    return described(files(folder).joinpath("policy.toml").read_text(encoding="utf-8"))


def described(text: str) -> Described:
    """Read the ``[service]`` table of a policy file. Raises PolicyError that names what is missing."""
    table = as_dict(tomllib.loads(text).get("service"))
    billing = as_dict(table.get("billing"))
    missing = [name for name in ("title", "description") if not table.get(name)]
    missing += [f"billing.{name}" for name in ("code", "display") if not billing.get(name)]
    if missing:
        raise PolicyError(f"[service] lacks: {', '.join(missing)}")
    return Described(table["title"], table["description"], dict(billing))
