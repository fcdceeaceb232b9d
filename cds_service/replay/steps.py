"""The steps of the local engine, each a function that any process can do, and the files that they leave.

Every step reads files and writes some; one that was not finished is done anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from cds_service.json_text import NotStrictJson
from cds_service.policies import installed
from cds_service.replay.deciding.patient import Answer, Decider, Line, answered
from cds_service.replay.deciding.scope import Scope, drug_of, may_point_away
from cds_service.replay.reading import patient_table, side_table, spool
from cds_service.replay.reading.inputs import BadLine, Piece, bare, blocks_of
from cds_service.replay.reading.lines import ORDER_TYPES, SIDE_TYPES, Unreadable, told
from cds_service.replay.reading.sight import places_of
from cds_service.replay.reading.spool import Spool
from cds_service.replay.reading.whole_files import written

_ORDERS = frozenset(name.encode() for name in ORDER_TYPES)
_REMEMBERED = 16384  # ways to say a drug
_LOOKED_FOR = _ORDERS | {name.encode() for name in SIDE_TYPES}


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

    def orders(self, piece: int) -> Path:
        """Orders that may be of a drug: the patient, and what the order says of its drug. Also marks the first pass."""
        return self._of(piece, "orders")

    def order_rejects(self, piece: int) -> Path:
        return self._of(piece, "orders.rejects.ndjson")

    def owners(self, piece: int) -> Path:
        """The patients with an order in a piece."""
        return self._of(piece, "owners")

    def spool(self, piece: int) -> Spool:
        return Spool(self.folder / "pieces", f"{piece:06}")

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
    """The first pass over a piece: what belongs to no patient, and who has an order that may be of a drug."""
    with (
        written(workspace.orders(number)) as orders,
        workspace.order_rejects(number).open("w", encoding="utf-8") as rejects,
        workspace.shared(number).open("wb") as shared,
    ):
        for at, type_, line in _looked_for(piece):
            try:
                kind = type_.decode() if type_ is not None else told(line).kind
                if kind in ORDER_TYPES:
                    _note_order(kind, line, orders)
                elif kind in SIDE_TYPES and told(line):
                    shared.write(b"%d\t%s\n" % (at, line))
            except NotStrictJson as fault:
                rejects.write(json.dumps([str(number), at, str(fault)]) + "\n")
            except Unreadable:
                continue  # the second pass rejects it


def _looked_for(piece: Piece) -> Iterator[tuple[int, bytes | None, bytes]]:
    """The orders, what belongs to no patient, and what is of unknown type, each with its number."""
    before = 0
    for block in blocks_of(piece):
        count = 1 if isinstance(block, BadLine) else block.count(b"\n") + 1
        places = places_of(block, count, _LOOKED_FOR) if isinstance(block, bytes) else []
        lines = block.split(b"\n") if places and isinstance(block, bytes) else []
        for place, kind in places:
            if line := bare(lines[place]):
                yield before + place + 1, kind, line
        before += count


def _note_order(kind: str, line: bytes, orders: TextIO) -> None:
    """Write down whose an order is, unless it is surely of another drug. Raises Unreadable or NotStrictJson."""
    try:
        said = drug_of(kind, line)
    except NotStrictJson:
        told(line)
        raise
    if may_point_away(said) or _covers_by_itself(said):
        for patient in told(line).patients:
            orders.write(f"{patient}\t{said.decode()}\n")


@lru_cache(maxsize=_REMEMBERED)
def _covers_by_itself(said: bytes) -> bool:
    return Scope(tuple(installed().values()), side_table.HeldTable(())).covers(said)


def settle(number: int, workspace: Workspace) -> None:
    """Which patients of a piece have an order of a drug, now that all is known that orders point to."""
    with closing(side_table.StoredTable(workspace.side)) as side:
        scope = Scope(tuple(installed().values()), side, _remembered(workspace.side))
        with workspace.orders(number).open(encoding="utf-8", newline="\n") as rows:
            orders = (row.rstrip("\n").split("\t", 1) for row in rows)
            owners = {patient for patient, said in orders if scope.covers(said.encode())}
    with written(workspace.owners(number)) as file:
        file.writelines(f"{patient}\n" for patient in owners)


@lru_cache(maxsize=1)
def _remembered(_side: Path) -> dict[tuple[str, bytes], bool]:
    """What this process has found of drugs with one side table."""
    return {}


def keep(piece: Piece, number: int, workspace: Workspace) -> None:
    """The second pass over a piece: the lines of the patients with an order."""
    spool.keep(piece, workspace.spool(number), _wanted(workspace.wanted))


@lru_cache(maxsize=1)
def _wanted(path: Path) -> frozenset[bytes]:
    return frozenset(path.read_bytes().split())


def decide(patients: Sequence[str], number: int, workspace: Workspace, as_of: datetime | None) -> None:
    """Answer a batch of patients, one after the other."""
    with (
        closing(side_table.StoredTable(workspace.side)) as side,
        closing(patient_table.PatientTable(workspace.patients)) as table,
        written(workspace.decided(number)) as decided,
        workspace.rejected(number).open("w", encoding="utf-8") as rejected,
    ):
        scope = Scope(tuple(installed().values()), side, _remembered(workspace.side))
        decider = Decider(scope, as_of)
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
