"""A whole run: begun or gone on with, answered by an engine, written down, and compared with another.

Results are written under other names and get their own when all are whole, the summary last: what
stands in the folder is the result of one finished run, or of none.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from cds_service.replay.deciding.as_of import LIMITS
from cds_service.replay.deciding.patient import Answer
from cds_service.replay.job import RunError, differences, read_description
from cds_service.replay.reading.lines import PATIENT_TYPES
from cds_service.replay.reading.whole_files import written
from cds_service.replay.results import comparing, decisions, page, parquet
from cds_service.replay.results.summary import Summary
from cds_service.values import dataclass

REJECTS, SUMMARY, PAGE, COMPARISON = "rejects.ndjson", "summary.json", "summary.html", "comparison.json"
UNFINISHED = "unfinished"
_RUN = "run.json"


class Engine(Protocol):
    """Answers all orders of a job. Raises RunError or OSError; then nothing of its results is used."""

    def run(self) -> None: ...

    def answers(self) -> Iterable[Answer]:
        """All answers, by patient and order."""

    def rejects(self) -> Iterable[str]:
        """The lines of ``rejects.ndjson``, in order."""

    def kinds(self) -> Mapping[str, int]:
        """How many lines of each type the input has."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of the results, and in it the one for what is not finished."""

    out: Path

    @property
    def work(self) -> Path:
        return self.out / UNFINISHED

    def finished(self) -> dict[str, Any] | None:
        """The summary of a finished run."""
        return read_description(self.out / SUMMARY)

    def is_finished(self, described: Mapping[str, Any]) -> bool:
        """Whether this very run is finished. Raises RunError when the folder is another run's."""
        summary = self.finished()
        begun = read_description(self.work / _RUN)
        if summary is not None and begun is None:
            if other := differences(summary.get("run", {}), described):
                raise RunError(
                    f"{self.out} holds the results of another run ({' and '.join(other)}): give another --out, "
                    "or remove it"
                )
            shutil.rmtree(self.work, ignore_errors=True)  # left when it was killed at its very end
            return True
        if begun is not None and (other := differences(begun, described)):
            raise RunError(
                f"{self.work} holds a run that was begun with {' and '.join(other)}: remove it, or give another --out"
            )
        return False

    @contextmanager
    def begun(self, described: Mapping[str, Any], *, goes_on: bool) -> Iterator[None]:
        """The folder as this run's alone, until it ends. Raises RunError when another is running.

        ``goes_on``: a run that ends early can be gone on with, so what it has done is kept.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        with (self.work / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RunError(f"another run is writing to {self.out}") from None
            if not (self.work / _RUN).exists():
                _whole(self.work / _RUN, json.dumps(described))
            try:
                yield
            finally:
                if not goes_on:
                    shutil.rmtree(self.work, ignore_errors=True)


def write_up(folder: Folder, engine: Engine, described: Mapping[str, Any]) -> None:
    """Write all results of an engine that has run, then give them their names. Raises OSError."""
    work = folder.work
    decided = work / decisions.NAME
    decisions.write(engine.answers(), decided)
    rejects = 0
    with written(work / REJECTS) as file:
        for line in engine.rejects():
            file.write(line)
            rejects += 1
    summary = Summary().counted(decisions.read(decided))
    kinds = engine.kinds()
    about = {
        "run": dict(described),
        **summary.as_json(),
        "rejects": rejects,
        "lines": sum(kinds.values()),
        "types": dict(kinds),
        "types_absent": sorted(PATIENT_TYPES - kinds.keys()),
        "limits": list(LIMITS),
    }
    if parquet.is_available():
        parquet.write(decisions.read(decided), summary.criteria, work / parquet.NAME)
    _whole(work / PAGE, page.rendered(about))
    _whole(work / SUMMARY, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    for name in (decisions.NAME, REJECTS, parquet.NAME, PAGE, SUMMARY):
        if (work / name).exists():
            os.replace(work / name, folder.out / name)
    (work / _RUN).unlink()  # from here on the run is finished, whatever is left of its work
    shutil.rmtree(work)


def write_table(folder: Folder) -> None:
    """Write the Parquet table of a finished run that has none yet. Raises OSError."""
    table = folder.out / parquet.NAME
    if parquet.is_available() and not table.exists():
        decided = folder.out / decisions.NAME
        part = table.with_suffix(".part")
        parquet.write(decisions.read(decided), Summary().counted(decisions.read(decided)).criteria, part)
        os.replace(part, table)


def compare(folder: Folder, other: Path) -> dict[str, Any]:
    """Write what changed since another run: a file of orders, the tables, and the page with them.

    Raises OSError, or ValueError when the other folder holds no decisions.
    """
    part = folder.out / f"{comparing.NAME}.part"
    with part.open("w", encoding="utf-8", newline="\n") as file:
        both = comparing.pairs(
            decisions.read(other / decisions.NAME), decisions.read(folder.out / decisions.NAME)
        )
        found = comparing.Comparison(file).counted(both).as_json(str(other))
    os.replace(part, folder.out / comparing.NAME)
    summary = folder.finished()
    assert summary is not None
    _whole(folder.out / COMPARISON, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    _whole(folder.out / PAGE, page.rendered(summary, found))
    return found


def _whole(path: Path, text: str) -> None:
    with written(path) as file:
        file.write(text)
