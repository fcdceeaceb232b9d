"""The local engine: two passes by a pool of processes, each step marked when done, so that a killed run goes on.

First every piece of the input is sorted by hash of its patients into a spool; then every partition is
answered by itself. A process holds one piece, or the patients with an order of one partition.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any, TypeVar

from cds_service.json_text import NotStrictJson
from cds_service.policies import installed
from cds_service.replay.deciding.patient import Answer, Decider, Line, Reject, answered
from cds_service.replay.job import RunError
from cds_service.replay.progress import Progress
from cds_service.replay.reading import side_table
from cds_service.replay.reading.inputs import InputFile, pieces_of
from cds_service.replay.reading.spool import Entry, Spool, entries, reject, split

_PARTITION = 32 * 1024 * 1024  # bytes of input for which a partition is made
_FEWEST, _MOST = 8, 1024
_PIECE = 32 * 1024 * 1024  # bytes of a plain file that are one step, at least
_PIECES = 256  # about how many pieces a large input is cut into
_PACKED = 8  # how many times its size a compressed file is taken to be
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a run keeps what is done, until its results are written."""

    folder: Path

    @property
    def side(self) -> Path:
        return self.folder / "side.sqlite"

    def spool(self, number: int) -> Spool:
        return Spool(self.folder / "spool", f"{number:06}")

    def decided(self, partition: int) -> Path:
        return self.folder / "decided" / f"{partition:04}.ndjson"

    def rejected(self, partition: int) -> Path:
        return self.folder / "decided" / f"{partition:04}.rejects.ndjson"

    def make(self) -> None:
        for name in ("spool", "decided"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Partition:
    """What a process needs to answer one partition."""

    workspace: Workspace
    number: int
    pieces: int
    as_of: datetime | None


class LocalRun:
    """One run on this machine. Raises RunError when a process dies, OSError when the disk does not take more."""

    def __init__(
        self, files: Sequence[InputFile], as_of: datetime | None, folder: Path, workers: int
    ) -> None:
        self._workspace, self._as_of, self._workers = Workspace(folder), as_of, workers
        whole = sum(file.size for file in files)
        self._pieces = pieces_of(files, max(_PIECE, whole // _PIECES))
        weight = sum(f.size * (_PACKED if f.is_compressed else 1) for f in files)
        self._partitions = min(max(weight // _PARTITION, _FEWEST), _MOST)

    def run(self) -> None:
        """Do all that is not done yet."""
        self._workspace.make()
        with _pool(self._workers) as each:
            self._split(each)
            self._store_side()
            self._decide(each)

    def _split(self, each: _Each) -> None:
        size = [(piece.end - piece.start) / 1e6 for piece in self._pieces]
        progress = Progress("reading", sum(size), "MB")
        spools = [self._workspace.spool(number) for number in range(len(self._pieces))]
        open_ = [n for n, spool in enumerate(spools) if not spool.is_done]
        done = sum(size) - sum(size[n] for n in open_)
        progress.reached(done)
        for number in each(split, [(self._pieces[n], spools[n], self._partitions) for n in open_]):
            done += size[open_[number]]
            progress.reached(done)
        progress.end()

    def _store_side(self) -> None:
        if self._workspace.side.exists():
            return
        lines = _side_lines(self._workspace, len(self._pieces))
        refused = self._workspace.folder / "side.rejects.ndjson"
        with refused.open("w", encoding="utf-8") as file:
            for place, number, reason in side_table.store(lines, self._workspace.side):
                file.write(json.dumps([place, number, reason]) + "\n")

    def _decide(self, each: _Each) -> None:
        progress = Progress("deciding", self._partitions, "partitions")
        all_ = [
            Partition(self._workspace, number, len(self._pieces), self._as_of)
            for number in range(self._partitions)
        ]
        open_ = [p for p in all_ if not self._workspace.decided(p.number).exists()]
        done = len(all_) - len(open_)
        progress.reached(done)
        for _ in each(decide, [(p,) for p in open_]):
            done += 1
            progress.reached(done)
        progress.end()

    def answers(self) -> Iterator[Iterator[Answer]]:
        """The answers of each partition, in order in themselves."""
        for number in range(self._partitions):
            yield _answers_in(self._workspace.decided(number))

    def rejects(self) -> list[str]:
        """All lines that could not be used, as they stand in ``rejects.ndjson``."""
        before = self._lines_before()
        found = set()
        for place, number, reason in self._refused():
            piece = self._pieces[int(place)]
            found.add((piece.file.name, before[int(place)] + number, reason))
        return [reject(*one) for one in sorted(found)]

    def _refused(self) -> Iterator[tuple[str, int, str]]:
        for number in range(len(self._pieces)):
            for line, reason in _rows(self._workspace.spool(number).unread):
                yield str(number), line, reason
        for path in [
            self._workspace.folder / "side.rejects.ndjson",
            *map(self._workspace.rejected, range(self._partitions)),
        ]:
            for place, line, reason in _rows(path):
                yield place, line, reason

    def _lines_before(self) -> list[int]:
        """How many lines of its file lie before each piece."""
        before, counted = [], 0
        for number, piece in enumerate(self._pieces):
            counted = 0 if piece.start == 0 else counted
            before.append(counted)
            counted += int(self._workspace.spool(number).read_index()["lines"])
        return before

    def kinds(self) -> dict[str, int]:
        """How many lines of each type the input has."""
        found: dict[str, int] = defaultdict(int)
        for number in range(len(self._pieces)):
            for kind, count in self._workspace.spool(number).read_index()["kinds"].items():
                found[kind] += count
        return dict(sorted(found.items()))


def _rows(path: Path) -> Iterator[Any]:
    if path.exists():
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def _answers_in(path: Path) -> Iterator[Answer]:
    with path.open(encoding="utf-8") as file:
        for row in file:
            yield Answer(*json.loads(row))


def _side_lines(workspace: Workspace, pieces: int) -> Iterator[tuple[str, int, bytes]]:
    for number in range(pieces):
        with workspace.spool(number).side.open("rb") as file:
            for row in file:
                line, _, text = row.rstrip(b"\n").partition(b"\t")
                yield str(number), int(line), text


def decide(partition: Partition) -> None:
    """Answer one partition: first which patients have an order, then nothing but what is theirs."""
    workspace = partition.workspace
    spools = [workspace.spool(number) for number in range(partition.pieces)]
    with closing(side_table.StoredTable(workspace.side)) as side:
        shared = _remembered(workspace.side)
        decider = Decider(tuple(installed().values()), side, partition.as_of, shared)
        wanted, unread = _with_order(decider, entries(spools, partition.number, orders=True))
        rejects = [reject for patient, reject in unread if patient not in wanted]
        lines: dict[str, list[Line]] = defaultdict(list)
        for orders in (True, False):
            for piece, entry in entries(spools, partition.number, orders=orders):
                if entry.patient in wanted:
                    lines[entry.patient].append(_line(piece, entry))
        answers = []
        for patient in sorted(lines):
            said, refused = answered(decider, patient, lines.pop(patient))
            answers += said
            rejects += refused
    _write(workspace.rejected(partition.number), rejects)
    _write(workspace.decided(partition.number), sorted(answers))


@lru_cache(maxsize=1)
def _remembered(_side: Path) -> dict[tuple[str, str], bool]:
    """What deciders of this process remember, while they look things up in one side table."""
    return {}


def _with_order(
    decider: Decider, orders: Iterable[tuple[int, Entry]]
) -> tuple[set[str], list[tuple[str, Reject]]]:
    """The patients with an order to be answered, and the orders that cannot be read, each with its patient."""
    wanted, unread = set(), []
    for piece, entry in orders:
        try:
            if not entry.lost and decider.has_order(entry.text):
                wanted.add(entry.patient)
        except NotStrictJson as fault:
            unread.append((entry.patient, Reject(str(piece), entry.number, str(fault))))
    return wanted, unread


def _line(piece: int, entry: Entry) -> Line:
    return Line(str(piece), entry.number, entry.type, None if entry.lost else entry.text)


def _write(path: Path, rows: Iterable[tuple[Any, ...]]) -> None:
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    os.replace(part, path)


class _Each:
    """Calls a function once for each tuple of arguments and gives the places of those that are done."""

    def __init__(self, pool: ProcessPoolExecutor | None) -> None:
        self._pool = pool

    def __call__(self, do: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> Iterator[int]:
        if self._pool is None:
            for place, one in enumerate(arguments):
                do(*one)
                yield place
            return
        running: dict[Future[None], int] = {
            self._pool.submit(do, *one): place for place, one in enumerate(arguments)
        }
        try:
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    yield running.pop(future)
        except BrokenProcessPool:
            raise RunError(
                "a process of the run was ended from outside, perhaps for lack of memory: call again with fewer --workers"
            ) from None


@contextmanager
def _pool(workers: int) -> Iterator[_Each]:
    """A pool of processes that end with this one; with one worker all is done here."""
    if workers == 1:
        yield _Each(None)
        return
    apart = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, apart, initializer=_end_with_parent)
    try:
        yield _Each(pool)
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """A process whose parent was killed must not go on writing beside the run that goes on in its place."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait_for([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
