"""The second pass: of a piece, the lines of the wanted patients, those that cannot be read, and how many there are.

A piece is done when its index lies beside its files.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

from cds_service.replay.reading.inputs import BadLine, Piece, bare, blocks_of
from cds_service.replay.reading.lines import PATIENT_TYPES, Unreadable, guessed, told
from cds_service.replay.reading.sight import at_sight, passed_over
from cds_service.replay.reading.whole_files import written
from cds_service.values import dataclass

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
    """Where what is kept of one piece lies."""

    folder: Path
    name: str

    @property
    def lines(self) -> Path:
        return self.folder / f"{self.name}.lines"

    @property
    def unread(self) -> Path:
        return self.folder / f"{self.name}.unread.ndjson"

    @property
    def index(self) -> Path:
        return self.folder / f"{self.name}.index.json"

    def read_index(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.index.read_text(encoding="utf-8"))
        return found

    def entries(self) -> Iterator[Entry]:
        """The lines that were kept."""
        with self.lines.open("rb") as file:
            for row in file:
                patient, kind, number, text = row[:-1].split(b"\t", 3)
                yield Entry(patient.decode(), kind.decode(), int(number), text)


def keep(piece: Piece, spool: Spool, wanted: Set[bytes]) -> None:
    """Write what is kept of a piece. Raises OSError; a piece that was not finished is done anew."""
    with ExitStack() as opened:
        kept = opened.enter_context(spool.lines.open("wb"))
        unread = opened.enter_context(spool.unread.open("w", encoding="utf-8"))
        keeper = _Keeper(kept, unread, wanted)
        for block in blocks_of(piece):
            keeper.look_at(block)
    about = {"lines": keeper.lines, "kinds": dict(sorted(keeper.kinds.items()))}
    with written(spool.index) as file:
        json.dump(about, file)


class _Keeper:
    """Sorts out the lines of a piece. ``lines`` and ``kinds`` count those that it has seen."""

    def __init__(self, kept: BinaryIO, unread: TextIO, wanted: Set[bytes]) -> None:
        self._kept, self._unread, self._wanted = kept, unread, wanted
        self.lines = 0
        self.kinds: Counter[str] = Counter()

    def look_at(self, block: bytes | BadLine) -> None:
        first = self.lines + 1
        if isinstance(block, BadLine):
            self.lines += 1
            self._lose(first, block.reason, UNREADABLE, block.beginning)
            return
        lines = block.split(b"\n")
        self.lines += len(lines)
        kinds, left = passed_over(block, lines, self._wanted)
        self.kinds.update({kind.decode(): count for kind, count in kinds.items()})
        for place in left:
            if line := bare(lines[place]):
                self._look_at_line(first + place, line)

    def _look_at_line(self, number: int, line: bytes) -> None:
        try:
            found = told(line)
        except Unreadable as fault:
            seen = at_sight(line)
            self._lose(number, str(fault), seen.kind.decode() if seen is not None else UNREADABLE, line)
            return
        self.kinds[found.kind] += 1
        if found.kind in PATIENT_TYPES:
            self._add(found.patients, found.kind, number, line)

    def _lose(self, number: int, reason: str, kind: str, beginning: bytes) -> None:
        self._unread.write(json.dumps([number, reason]) + "\n")
        self.kinds[kind] += 1
        if (seems := guessed(beginning)) is not None:
            self._add(seems.patients, LOST + seems.kind, number, b"")

    def _add(self, patients: Iterable[str], kind: str, number: int, line: bytes) -> None:
        for patient in map(str.encode, patients):
            if patient in self._wanted:
                self._kept.write(b"%s\t%s\t%d\t%s\n" % (patient, kind.encode(), number, line))
