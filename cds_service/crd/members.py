"""Who is a member: the payer's list, as far as a deployment has one.

Knows the list's file and how a Coverage names a member. Without a list nobody is ever said to be no member.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.settings.members_list import read_members

log = logging.getLogger(__name__)
_MEMBER_NUMBER = "MB"  # of HL7's identifier types
_last: dict[Path, frozenset[tuple[str, str]]] = {}


def members(path: Path) -> frozenset[tuple[str, str]]:
    """The list as pairs of payer and member id; read again when the file has changed.

    A file that cannot be read leaves the list that was read before. Raises OSError when there is none.
    """
    try:
        stat = path.stat()
        _last[path] = _read(path, stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError):
        if path not in _last:
            raise OSError("the members file cannot be read") from None
        log.error("the members file cannot be read, the list before it is used")
    return _last[path]


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int, _size: int) -> frozenset[tuple[str, str]]:
    return read_members(path)


def is_member(
    coverage: Mapping[str, Any], payors: Collection[str], known: Collection[tuple[str, str]]
) -> bool:
    """Whether a Coverage names a member of one of its payors."""
    number = next(_numbers(coverage), None)
    return number is not None and any((payor, number) in known for payor in payors)


def _numbers(coverage: Mapping[str, Any]) -> Iterator[str]:
    """The member's number: what the subscriber is known by, else an identifier that says it is one."""
    if subscriber := as_text(coverage.get("subscriberId")):
        yield subscriber.strip()
    for identifier in as_dicts(coverage.get("identifier")):
        codes = {as_text(c.get("code")) for c in as_dicts(as_dict(identifier.get("type")).get("coding"))}
        if _MEMBER_NUMBER in codes and (value := as_text(identifier.get("value"))):
            yield value.strip()
