"""FHIR references: relative, absolute, versioned, contained and ``urn:`` forms."""

from __future__ import annotations

import re
from functools import lru_cache

_LITERAL = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?$")


_LONGEST_REMEMBERED = 300  # characters


def local_reference(reference: str) -> str | None:
    """``Type/id`` of a relative, absolute or versioned literal reference; None for other forms."""
    return _remembered(reference) if len(reference) <= _LONGEST_REMEMBERED else _read(reference)


def _read(reference: str) -> str | None:
    match = _LITERAL.search(reference)
    return f"{match[1]}/{match[2]}" if match else None


_remembered = lru_cache(maxsize=1024)(_read)  # nearly all rows of a call name one patient


def contained_id(reference: str) -> str | None:
    """The id that a ``#id`` reference names inside its own resource."""
    return reference[1:] if reference.startswith("#") and len(reference) > 1 else None
