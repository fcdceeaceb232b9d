"""The steps of the local engine, each a function that any process can do, and the files that they leave.

Every step reads files and writes some; one that was not finished is done anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from cds_service.json_text import NotStrictJson
from cds_service.policies import installed
from cds_service.replay.deciding.patient import Answer, Decider, Line, answered
from cds_service.replay.deciding.scope import Scope, drug_of, drugs_of
from cds_service.replay.reading import patient_table, side_table, spool
from cds_service.replay.reading.inputs import BadLine, Piece, bare, blocks_of
from cds_service.replay.reading.lines import ORDER_TYPES, SIDE_TYPES, Unreadable, told
from cds_service.replay.reading.sight import places_of
from cds_service.replay.reading.spool import Spool
from cds_service.replay.reading.whole_files import written
from cds_service.values import dataclass

_ORDERS = frozenset(name.encode() for name in ORDER_TYPES)
_SHARED = frozenset(name.encode() for name in SIDE_TYPES)


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a run keeps what is done, until its results are written."""

    folder: Path

    @property
    def side(self) -> Path:
        return self.folder / "side.sqlite"

    @property
    def side_rejects(self) -> Path:
        return self.folder / "side.rejects.ndjson"

    @property
    def wanted(self) -> Path:
        """The patients with an order, one a line, in order."""
        return self.folder / "wanted.txt"

    @property
    def patients(self) -> Path:
        return self.folder / "patients.sqlite"

    def shared(self, piece: int) -> Path:
        """The lines of a piece that belong to no patient."""
        return self._of(piece, "side.ndjson")

    def looked_at(self, piece: int) -> Path:
        """Whether there are orders in a piece."""
        return self._of(piece, "json")

    def order_rejects(self, piece: int) -> Path:
        return self._of(piece, "orders.rejects.ndjson")

    def owners(self, piece: int) -> Path:
        """The patients with an order in a piece."""
        return self._of(piece, "owners")

    def spool(self, piece: int) -> Spool:
        return Spool(self.folder / "pieces", f"{piece:06}")

    def kept(self, piece: int) -> Path:
        """Marks that the lines of a piece are kept."""
        return self.spool(piece).index

    def decided(self, batch: int) -> Path:
        return self.folder / "decided" / f"{batch:06}.ndjson"

    def rejected(self, batch: int) -> Path:
        return self.folder / "decided" / f"{batch:06}.rejects.ndjson"

    def _of(self, piece: int, ending: str) -> Path:
        return self.folder / "pieces" / f"{piece:06}.{ending}"

    def make(self) -> None:
        for name in ("pieces", "decided"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)


def look(piece: Piece, number: int, workspace: Workspace) -> None:
    """The first look at a piece: what belongs to no patient, and whether there are orders of anything."""
    has_orders = False
    with (
        written(workspace.looked_at(number)) as about,
        workspace.shared(number).open("wb") as shared,
    ):
        for at, line, kind in _of_types(piece, _ORDERS | _SHARED):
            has_orders = has_orders or kind in ORDER_TYPES
            if kind in SIDE_TYPES and not _is_unreadable(line):
                shared.write(b"%d\t%s\n" % (at, line))
        json.dump({"orders": has_orders}, about)


def find(piece: Piece, number: int, workspace: Workspace) -> None:
    """Who has an order of a drug in a piece, now that all is known that orders point to."""
    owners: set[str] = set()
    with (
        closing(side_table.StoredTable(workspace.side)) as side,
        written(workspace.owners(number)) as file,
        workspace.order_rejects(number).open("w", encoding="utf-8") as rejects,
    ):
        scope = _scope(workspace, side)
        for at, line, kind in _of_types(piece, _ORDERS, scope):
            try:
                if kind in ORDER_TYPES and scope.covers(drug_of(kind, line)):
                    owners.update(told(line).patients)
            except NotStrictJson as fault:
                if not _is_unreadable(line):
                    rejects.write(json.dumps([str(number), at, str(fault)]) + "\n")
            except Unreadable:
                continue  # rejected when lines are kept
        file.writelines(f"{patient}\n" for patient in sorted(owners))


def _of_types(
    piece: Piece, types: frozenset[bytes], scope: Scope | None = None
) -> Iterator[tuple[int, bytes, str]]:
    """The lines of some types, each with its number and type; with a scope, not those surely of other drugs."""
    before = 0
    for block in blocks_of(piece):
        if isinstance(block, BadLine):
            before += 1
            continue
        count = block.count(b"\n") + 1
        if places := places_of(block, count, types):
            lines = block.split(b"\n")
            for place, type_ in _in_scope(places, block, lines, scope) if scope is not None else places:
                line = bare(lines[place])
                if kind := type_.decode() if type_ is not None else _kind(line):
                    yield before + place + 1, line, kind
        before += count


def _in_scope(
    places: list[tuple[int, bytes | None]], text: bytes, lines: Sequence[bytes], scope: Scope
) -> list[tuple[int, bytes | None]]:
    """The places without those of orders of other drugs, as far as that is found for all lines at once."""
    if len(places) != len(lines) or {kind for _, kind in places} != {b"MedicationRequest"}:
        return places
    said = drugs_of(text, lines)
    if said is None:
        return places
    ours = {one for one in set(said) if scope.covers(one)}
    return [place for place, one in zip(places, said, strict=True) if one in ours]


def _kind(line: bytes) -> str:
    """The type of a line; nothing when it cannot be read, or is none."""
    try:
        return told(line).kind if line else ""
    except Unreadable:
        return ""


def _is_unreadable(line: bytes) -> bool:
    """Whether a line is rejected when lines are kept."""
    return not _kind(line)


def _scope(workspace: Workspace, side: side_table.StoredTable) -> Scope:
    return Scope(tuple(installed().values()), side, _remembered(*_version(workspace.side)))


@lru_cache(maxsize=1)
def _remembered(_side: Path, _changed: int) -> dict[tuple[str, bytes], bool]:
    """What this process has found of drugs with one side table."""
    return {}


def _version(path: Path) -> tuple[Path, int]:
    """A file as it is now; another run in the same folder has another."""
    return path, path.stat().st_mtime_ns


def keep(piece: Piece, number: int, workspace: Workspace) -> None:
    """The second pass over a piece: the lines of the patients with an order."""
    spool.keep(piece, workspace.spool(number), _wanted(*_version(workspace.wanted)))


@lru_cache(maxsize=1)
def _wanted(path: Path, _changed: int) -> frozenset[bytes]:
    return frozenset(path.read_bytes().split())


def decide(patients: Sequence[str], number: int, workspace: Workspace, as_of: datetime | None) -> None:
    """Answer a batch of patients, one after the other."""
    with (
        closing(side_table.StoredTable(workspace.side)) as side,
        closing(patient_table.PatientTable(workspace.patients)) as table,
        written(workspace.decided(number)) as decided,
        workspace.rejected(number).open("w", encoding="utf-8") as rejected,
    ):
        decider = Decider(_scope(workspace, side), as_of)
        for patient in patients:
            lines = [_line(piece, entry) for piece, entry in table.of(patient)]
            answers, rejects = answered(decider, patient, lines)
            decided.writelines(_rows(answers))
            rejected.writelines(_rows(rejects))


def _line(piece: int, entry: spool.Entry) -> Line:
    return Line(str(piece), entry.number, entry.type, None if entry.lost else entry.text)


def _rows(found: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in found)


def answers_in(path: Path) -> Iterator[Answer]:
    """The answers of a batch, by patient and order."""
    with path.open(encoding="utf-8") as file:
        for row in file:
            yield Answer(*json.loads(row))
