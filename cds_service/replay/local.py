"""The local engine: two passes over the input by a pool of processes, then the patients in batches.

The first pass finds who has an order of a drug, the second keeps the lines of those patients; nothing
else is parsed or written. Each step leaves files, so that a killed run goes on. A process holds some
lines, or one patient, and the names of the patients with an order.
"""

from __future__ import annotations

import gc
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from cds_service.policies import installed
from cds_service.replay import steps
from cds_service.replay.deciding.patient import Answer
from cds_service.replay.pool import Each, pool
from cds_service.replay.progress import Progress
from cds_service.replay.reading import patient_table, refused, side_table
from cds_service.replay.reading.inputs import InputFile, pieces_of
from cds_service.replay.reading.spool import Entry, reject
from cds_service.replay.reading.whole_files import written
from cds_service.replay.steps import Workspace

_PIECE = 32 * 1024 * 1024  # bytes of a plain file that are one step, at least
_PIECES = 256  # about how many pieces a large input is cut into
_BATCH = 20  # patients that are answered in one step


class LocalRun:
    """One run on this machine. Raises RunError when a process dies, OSError when the disk does not take more."""

    def __init__(
        self, files: Sequence[InputFile], as_of: datetime | None, folder: Path, workers: int
    ) -> None:
        self._at, self._as_of, self._workers = Workspace(folder), as_of, workers
        self._pieces = pieces_of(files, max(_PIECE, sum(file.size for file in files) // _PIECES))
        self._numbers = range(len(self._pieces))

    def run(self) -> None:
        """Do all that is not done yet."""
        self._at.make()
        _load_policies()
        with pool(self._workers) as each:
            self._pass(each, "looking for orders", steps.look, self._at.looked_at, self._numbers)
            self._store_side()
            self._find(each)
            self._pass(each, "reading records", steps.keep, self._at.kept, self._numbers)
            if not self._at.patients.exists():
                patient_table.store(self._entries(), self._at.patients)
            self._decide(each)

    def _pass(
        self, each: Each, name: str, step: Callable[..., None], mark: Callable[[int], Path], pieces: Sequence[int]
    ) -> None:  # fmt: skip
        """Do a step with all of some pieces for which its mark is not there yet."""
        sizes = {number: (piece.end - piece.start) / 1e6 for number, piece in enumerate(self._pieces)}
        open_ = [number for number in pieces if not mark(number).exists()]
        progress = Progress(name, total := sum(sizes[number] for number in pieces), "MB")
        progress.reached(done := total - sum(sizes[number] for number in open_))
        for _, number, _ in each(step, [(self._pieces[number], number, self._at) for number in open_]):
            progress.reached(done := done + sizes[number])
        progress.end()

    def _store_side(self) -> None:
        if self._at.side_rejects.exists():
            return
        lines = chain.from_iterable(self._side_lines(number) for number in self._numbers)
        with written(self._at.side_rejects) as file:
            for row in side_table.store(lines, self._at.side):
                file.write(json.dumps(row) + "\n")

    def _side_lines(self, number: int) -> Iterator[tuple[str, int, bytes]]:
        with self._at.shared(number).open("rb") as file:
            for row in file:
                line, _, text = row.rstrip(b"\n").partition(b"\t")
                yield str(number), int(line), text

    def _find(self, each: Each) -> None:
        """Write down who has an order of a drug."""
        if self._at.wanted.exists():
            return
        ordering = [n for n in self._numbers if json.loads(self._at.looked_at(n).read_text())["orders"]]
        self._pass(each, "reading orders", steps.find, self._at.owners, ordering)
        owners = {row for number in ordering for row in _text_rows(self._at.owners(number))}
        with written(self._at.wanted) as file:
            file.writelines(sorted(owners))

    def _entries(self) -> Iterator[tuple[int, Entry]]:
        for number in self._numbers:
            for entry in self._at.spool(number).entries():
                yield number, entry

    def _batches(self) -> Iterator[tuple[int, list[str]]]:
        """The patients with an order, in order, some at a time."""
        patients = map(str.strip, _text_rows(self._at.wanted))
        number = 0
        while batch := list(islice(patients, _BATCH)):
            yield number, batch
            number += 1

    def _decide(self, each: Each) -> None:
        total = done = 0
        for number, batch in self._batches():
            total += len(batch)
            done += len(batch) if self._at.decided(number).exists() else 0
        progress = Progress("deciding", total, "patients")
        progress.reached(done)
        open_ = (
            (batch, number, self._at, self._as_of)
            for number, batch in self._batches()
            if not self._at.decided(number).exists()
        )
        for batch, *_ in each(steps.decide, open_):
            progress.reached(done := done + len(batch))
        progress.end()

    def answers(self) -> Iterator[Answer]:
        """All answers, by patient and order."""
        for number, _ in self._batches():
            yield from steps.answers_in(self._at.decided(number))

    def rejects(self) -> Iterator[str]:
        """All lines that could not be used, as they stand in ``rejects.ndjson``."""
        before = self._lines_before()
        found = (
            (self._pieces[int(place)].file.name, before[int(place)] + line, reason)
            for place, line, reason in self._refused()
        )
        for one in refused.in_order(found, self._at.folder / "rejects.sqlite"):
            yield reject(*one)

    def _refused(self) -> Iterator[tuple[str, int, str]]:
        for number in self._numbers:
            yield from ((str(number), line, why) for line, why in _rows(self._at.spool(number).unread))
        of_orders = filter(Path.exists, map(self._at.order_rejects, self._numbers))
        of_batches = (self._at.rejected(number) for number, _ in self._batches())
        for path in chain([self._at.side_rejects], of_orders, of_batches):
            yield from _rows(path)

    def _lines_before(self) -> list[int]:
        """How many lines of its file lie before each piece."""
        before, counted = [], 0
        for number, piece in enumerate(self._pieces):
            counted = 0 if piece.start == 0 else counted
            before.append(counted)
            counted += int(self._at.spool(number).read_index()["lines"])
        return before

    def kinds(self) -> dict[str, int]:
        """How many lines of each type the input has."""
        found: Counter[str] = Counter()
        for number in self._numbers:
            found.update(self._at.spool(number).read_index()["kinds"])
        return dict(sorted(found.items()))


def _load_policies() -> None:
    """Before there are other processes, so that they need not; nothing that is loaded is garbage."""
    gc.disable()
    try:
        installed()
    finally:
        gc.enable()


def _text_rows(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        yield from file


def _rows(path: Path) -> Iterable[Any]:
    return map(json.loads, _text_rows(path))
