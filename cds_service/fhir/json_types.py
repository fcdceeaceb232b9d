"""Reading untrusted JSON by type: a value of another type than asked for is taken as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_dict(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The array, or an empty one."""
    return value if isinstance(value, list) else []


def as_dicts(value: object) -> list[Mapping[str, Any]]:
    """The objects of an array; a lone object (seen where an array belongs) counts as one."""
    if isinstance(value, dict):
        return [value]
    return [item for item in as_list(value) if isinstance(item, dict)]


def as_text(value: object) -> str | None:
    """The string with its outer blanks removed, or None when it is no string or blank."""
    return (value.strip() or None) if isinstance(value, str) else None
