"""What lines of NDJSON say at first sight: their type, and the one patient that they name at all.

A resource names its patient by ``Patient/`` and the id (a Patient, by its ``id``). So a line in which
one such name stands, and no escapes that could spell another, is of that patient or of nobody, however
it is built. Whether the line is JSON at all is not looked at. Of many lines together this costs a few
searches of the whole text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from itertools import repeat
from operator import contains
from typing import NamedTuple

from cds_service.replay.reading.lines import is_utf8

_END = b"}\n"  # of the line before
_HEAD = re.compile(rb'\}\n\{[ \t]*"resourceType"[ \t]*:[ \t]*"([A-Za-z]+)"')
_LONGEST_HEAD = 200
_TYPE = b'"resourceType"'
_PATIENT = b"Patient"
_ANOTHER_WAY = frozenset({b"Appointment", b"Bundle"})  # these name several patients, or none


class _Name(NamedTuple):
    """How a patient is named: by what each time, and the whole with the id."""

    by: bytes
    whole: re.Pattern[bytes]


_REFERENCE = _Name(
    b"Patient/",
    re.compile(rb'"reference":[ ]?"(?:[A-Za-z][^"\s\\]*/)?Patient/([A-Za-z0-9\-.]{1,64})"'),
)
_ID = _Name(b'"id"', re.compile(rb'"id":[ ]?"([A-Za-z0-9\-.]{1,64})"'))


class Seen(NamedTuple):
    """A type of resource, and the id of a patient."""

    kind: bytes
    patient: bytes


def at_sight(line: bytes) -> Seen | None:
    """What a line says at first sight; None when in doubt."""
    kind = _kind(line)
    if kind is None or kind in _ANOTHER_WAY or not line.endswith(b"}") or not is_utf8(line):
        return None
    name = _ID if kind == _PATIENT else _REFERENCE
    found = name.whole.search(line) if line.count(name.by) == 1 else None
    return Seen(kind, found[1]) if found is not None else None


def _kind(line: bytes) -> bytes | None:
    """The type of a line; None when in doubt."""
    head = _HEAD.match(_END + line)
    return head[1] if head is not None and line.count(_TYPE) == 1 and not _may_hide(line) else None


def _may_hide(text: bytes) -> bool:
    """Whether a name may be spelled in escapes."""
    return b"\\" in text and (b"\\u" in text or b"\\/" in text)


def _kinds(text: bytes, lines: int) -> list[bytes] | None:
    """The types of a number of lines; None when one of them is in doubt. Mostly all are alike, and are counted."""
    first = _HEAD.match(_END + text[:_LONGEST_HEAD])
    if first is not None and text.count(first[0]) == lines - 1:
        kinds = [first[1]] * lines
    else:
        kinds = _HEAD.findall(_END + text)
    return kinds if len(kinds) == lines == text.count(_TYPE) and not _may_hide(text) else None


def places_of(text: bytes, lines: int, types: Set[bytes]) -> list[tuple[int, bytes | None]]:
    """Where among a number of lines those of some types stand, each with its type, or None when that is in doubt."""
    kinds: Sequence[bytes | None] | None = _kinds(text, lines)
    if kinds is None:
        kinds = [_kind(line) for line in text.split(b"\n")]
    elif types.isdisjoint(kinds):
        return []
    return [(place, kind) for place, kind in enumerate(kinds) if kind is None or kind in types]


def passed_over(text: bytes, lines: Sequence[bytes], wanted: Set[bytes]) -> tuple[Counter[bytes], list[int]]:
    """Of a text and its lines: the types of those that at first sight are of no wanted patient, and the places of the others."""
    found = _all_at_sight(text, lines)
    if found is None:
        seen = [at_sight(line) for line in lines]
        left = [place for place, one in enumerate(seen) if one is None or one.patient in wanted]
        return Counter(one.kind for one in seen if one is not None and one.patient not in wanted), left
    kinds, patients = found
    if wanted.isdisjoint(patients):
        return Counter(kinds), []
    left = [place for place, patient in enumerate(patients) if patient in wanted]
    counts = Counter(kinds)
    counts.subtract(kinds[place] for place in left)
    return +counts, left


def _all_at_sight(text: bytes, lines: Sequence[bytes]) -> tuple[list[bytes], list[bytes]] | None:
    """What :func:`at_sight` says of lines when it is in doubt of none: their types, and their patients."""
    kinds = _kinds(text, len(lines))
    if kinds is None or not text.endswith(b"}"):
        return None
    some = set(kinds)
    name = _ID if some == {_PATIENT} else _REFERENCE
    patients = name.whole.findall(text)
    certain = (
        len(patients) == len(lines) == text.count(name.by)
        and all(map(contains, lines, repeat(name.by)))
        and some.isdisjoint(_ANOTHER_WAY)
        and (name is _ID or _PATIENT not in some)
        and is_utf8(text)
    )
    return (kinds, patients) if certain else None
