"""The first pass: the lines of a piece sorted by hash of their patient into one file, and read back by partition.

A piece is done when its index lies beside its file. A line stands in it with its patient, type and
number; the orders of a partition lie apart from the rest, so that they can be read first.
"""

from __future__ import annotations

import json
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from cds_service.replay.reading.inputs import BadLine, Piece, lines_of
from cds_service.replay.reading.lines import (
    ORDER_TYPES,
    PATIENT_TYPES,
    SIDE_TYPES,
    Told,
    Unreadable,
    guessed,
    told,
)

_ROOM = 32 * 1024 * 1024  # bytes held before they are written
LOST = "!"  # before the type of a line that could not be read
UNREADABLE = "unreadable"  # what such lines are counted as


class Entry(NamedTuple):
    """A line of one patient. ``lost`` ones could not be read; of them only the type is known, if that."""

    patient: str
    kind: str
    number: int
    text: bytes

    @property
    def lost(self) -> bool:
        return self.kind.startswith(LOST)

    @property
    def type(self) -> str:
        return self.kind.removeprefix(LOST)


def reject(file: str, line: int, reason: str) -> str:
    """A line of ``rejects.ndjson``."""
    return json.dumps({"file": file, "line": line, "reason": reason}, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True)
class Spool:
    """Where the lines of one piece lie: its file, its index, and the lines of it that could not be read."""

    folder: Path
    name: str

    @property
    def lines(self) -> Path:
        return self.folder / f"{self.name}.lines"

    @property
    def index(self) -> Path:
        return self.folder / f"{self.name}.index.json"

    @property
    def unread(self) -> Path:
        return self.folder / f"{self.name}.unread.ndjson"

    @property
    def side(self) -> Path:
        return self.folder / f"{self.name}.side.ndjson"

    @property
    def is_done(self) -> bool:
        return self.index.exists()

    def read_index(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.index.read_text(encoding="utf-8"))
        return found


def bucket(patient: str, partitions: int) -> int:
    """The partition of a patient, the same in every process."""
    return zlib.crc32(patient.encode()) % partitions


def split(piece: Piece, spool: Spool, partitions: int) -> None:
    """Sort the lines of a piece into its spool. Raises OSError; a piece that was not finished is split anew."""
    with (
        spool.lines.open("wb") as lines,
        spool.side.open("wb") as side,
        spool.unread.open("w", encoding="utf-8") as unread,
    ):
        writer = _Writer(lines, partitions)
        kinds: Counter[str] = Counter()
        count = 0
        for count, line in lines_of(piece):
            if line == b"":
                continue
            try:
                found = _told(line)
            except Unreadable as fault:
                unread.write(json.dumps([count, str(fault)]) + "\n")
                kinds[UNREADABLE] += 1
                writer.add_lost(line, count)
                continue
            kinds[found.kind] += 1
            assert isinstance(line, bytes)
            if found.kind in SIDE_TYPES:
                side.write(b"%d\t%s\n" % (count, line))
            elif found.kind in PATIENT_TYPES:
                for patient in found.patients:
                    writer.add(patient, found.kind, count, line)
        writer.flush()
    about = {"lines": count, "kinds": dict(sorted(kinds.items())), "spans": writer.spans}
    whole = spool.index.with_suffix(".part")
    whole.write_text(json.dumps(about), encoding="utf-8")
    os.replace(whole, spool.index)


def _told(line: bytes | BadLine) -> Told:
    if isinstance(line, BadLine):
        raise Unreadable(line.reason)
    return told(line)


class _Writer:
    """Collects lines by bucket and writes them, bucket after bucket, whenever there is enough.

    Bucket ``2 n`` holds the orders of partition ``n``, bucket ``2 n + 1`` the rest.
    """

    def __init__(self, file: BinaryIO, partitions: int) -> None:
        self._file, self._partitions = file, partitions
        self._held: list[list[bytes]] = [[] for _ in range(2 * partitions)]
        self._room = _ROOM
        self._at = 0
        self.spans: list[list[tuple[int, int]]] = [[] for _ in self._held]

    def add(self, patient: str, kind: str, number: int, line: bytes) -> None:
        place = 2 * bucket(patient, self._partitions) + (kind not in ORDER_TYPES)
        self._held[place].append(b"%s\t%s\t%d\t%s\n" % (patient.encode(), kind.encode(), number, line))
        self._room -= len(line)
        if self._room < 0:
            self.flush()

    def add_lost(self, line: bytes | BadLine, number: int) -> None:
        seems = guessed(line.beginning if isinstance(line, BadLine) else line)
        for patient in seems.patients if seems is not None else ():
            assert seems is not None
            self.add(patient, LOST + seems.kind, number, b"")

    def flush(self) -> None:
        for place, held in enumerate(self._held):
            if held:
                text = b"".join(held)
                self._file.write(text)
                self.spans[place].append((self._at, len(text)))
                self._at += len(text)
                held.clear()
        self._room = _ROOM


def entries(spools: Sequence[Spool], partition: int, *, orders: bool) -> Iterator[tuple[int, Entry]]:
    """The orders, or else the rest, of one partition, each with the place of its spool."""
    place = 2 * partition + (not orders)
    for number, spool in enumerate(spools):
        spans = spool.read_index()["spans"]
        with spool.lines.open("rb") as file:
            for start, length in spans[place]:
                file.seek(start)
                for text in file.read(length)[:-1].split(b"\n"):
                    patient, kind, line, body = text.split(b"\t", 3)
                    yield number, Entry(patient.decode(), kind.decode(), int(line), body)
