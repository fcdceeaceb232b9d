"""The Spark engine: the same functions as the local one, with Spark to read, shuffle and sort.

Needs the extra ``spark`` and Java 17. Runs in this process's Spark: on this machine's cores by default,
on a cluster when started by spark-submit. What belongs to no patient, such as Medications, goes to
every worker whole.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from threading import Event, Thread
from typing import Any

from cds_service.json_text import NotStrictJson
from cds_service.policies import installed
from cds_service.replay.deciding.patient import Answer, Decider, Line, answered
from cds_service.replay.deciding.scope import Scope, drug_of
from cds_service.replay.job import RunError
from cds_service.replay.reading.inputs import LONGEST, bare, over_length
from cds_service.replay.reading.lines import ORDER_TYPES, PATIENT_TYPES, SIDE_TYPES, Unreadable, guessed, told
from cds_service.replay.reading.side_table import HeldTable, side_resource
from cds_service.replay.reading.sight import at_sight
from cds_service.replay.reading.spool import LOST, UNREADABLE, reject

# A line stands once for each of its patients, the first time with ``counts``. Of one that cannot be
# used, ``why`` says so, and ``line`` is its digest; without ``counts`` that is said only if its patient has an order.
_TOLD = "patient string, kind string, counts boolean, file string, line binary, why string"
_DECIDED = "patient string, order string, text string, file string, line binary, why string"
_LOOKED_AT = "patient string, file string, line binary, why string"
_FILES = "*.{ndjson,ndjson.gz}"
_ROWS = 500  # lines handed over at a time
_EVERY_S = 10.0
_Rows = Iterator[dict[str, Any]]


class SparkRun:
    """One run on Spark. Raises RunError when there is none to be had, or it fails."""

    def __init__(self, inputs: Sequence[str], as_of: datetime | None) -> None:
        self._inputs, self._as_of = list(inputs), as_of
        self._spark = session()

    def run(self) -> None:
        """Answer all orders; what is read and answered is kept on Spark's disks until the run's end."""
        with _told_of(self._spark):
            lines = self._lines()
            self._kinds = {
                r["kind"]: r["count"] for r in lines.where("counts").groupBy("kind").count().collect()
            }
            if not self._kinds:
                raise RunError(f"{', '.join(self._inputs)}: no line of a file ending in {_FILES} is there")
            held, refused = _side(_side_lines(lines))
            looked_at, self._decided = self._answer(lines, held)
            self._rejects = self._numbered(refused, lines.where("counts"), looked_at, self._decided)

    def _lines(self) -> Any:
        return _mapped(self._read(self._inputs), _told, _TOLD).persist(_disk())

    def _read(self, paths: Sequence[str]) -> Any:
        reader = self._spark.read.option("lineSep", "\n").option("recursiveFileLookup", "true")
        lines = reader.option("pathGlobFilter", _FILES).text(list(paths))
        return lines.selectExpr("cast(value as binary) as line", "_metadata.file_path as file")

    def _answer(self, lines: Any, held: list[Any]) -> tuple[Any, Any]:
        """First which patients have an order, then the answers from nothing but what is theirs."""
        shared, as_of = self._spark.sparkContext.broadcast(held), self._as_of

        def scope() -> Scope:
            return Scope(tuple(installed().values()), HeldTable(shared.value))

        def with_order(rows: _Rows) -> _Rows:
            found = scope()
            for row in rows:
                try:
                    if found.covers(drug_of(row["kind"], row["line"])):
                        yield {"patient": row["patient"]}
                except NotStrictJson as fault:
                    yield {"file": row["file"], "line": _digest(row["line"]), "why": str(fault)}

        def decided(rows: _Rows) -> _Rows:
            found = Decider(scope(), as_of)
            for patient, own in groupby(rows, itemgetter("patient")):
                yield from _answered(found, patient, list(own))

        orders = lines.where(lines.kind.isin(*ORDER_TYPES))
        looked_at = _mapped(orders, with_order, _LOOKED_AT).persist(_disk())
        wanted = looked_at.where("why is null").select("patient").distinct()
        theirs = lines.join(wanted, "patient", "left_semi")
        by_patient = theirs.repartition("patient").sortWithinPartitions("patient")
        return looked_at, _mapped(by_patient, decided, _DECIDED).persist(_disk())

    def _numbered(self, refused: dict[tuple[str, bytes], str], *frames: Any) -> list[str]:
        """The lines that could not be used; their numbers are counted now, in the files that have some."""
        whys = dict(refused)
        for frame in frames:
            rows = frame.where("why is not null").toLocalIterator()
            whys |= {(row["file"], bytes(row["line"])): row["why"] for row in rows}
        found = []
        for file in sorted({file for file, _ in whys}):
            reasons = {digest: why for (name, digest), why in whys.items() if name == file}
            digests = self._read([file]).rdd.map(lambda row: _digest(bare(bytes(row["line"]))))
            rejected = digests.zipWithIndex().filter(lambda one, those=frozenset(reasons): one[0] in those)
            found += [(self._name(file), place + 1, reasons[d]) for d, place in rejected.collect()]
        return [reject(*one) for one in sorted(found)]

    def answers(self) -> Iterator[Answer]:
        """All answers, sorted by Spark."""
        found = self._decided.where("why is null").orderBy("patient", "order", "text")
        return (Answer(row["patient"], row["order"], row["text"]) for row in found.toLocalIterator())

    def rejects(self) -> list[str]:
        return self._rejects

    def kinds(self) -> dict[str, int]:
        return dict(sorted(self._kinds.items()))

    def _name(self, file: str) -> str:
        """A file as the local engine names it: by its path from the folder that was given, else its own name."""
        for given in self._inputs:
            _, found, rest = file.partition(f"{given.rstrip('/')}/")
            if found:
                return rest
        return file.rpartition("/")[2]


def session() -> Any:
    """The Spark of this process; on this machine unless spark-submit says otherwise. Raises RunError."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise RunError("--engine spark needs pyspark and Java 17: see docs/replay.md") from None
    builder = SparkSession.builder.appName("payer-policy-cds replay")
    options: dict[str, Any] = {"spark.sql.execution.arrow.maxRecordsPerBatch": _ROWS}
    if "PYSPARK_GATEWAY_PORT" not in os.environ:  # not started by spark-submit, so all is on this machine
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        options |= {
            "spark.sql.shuffle.partitions": 4 * (os.cpu_count() or 1),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower(),
            "spark.log.level": "ERROR",
        }
    try:
        return builder.config(map=options).getOrCreate()
    except Exception as fault:
        raise RunError(
            f"Spark did not start ({type(fault).__name__}); it needs Java 17 in JAVA_HOME"
        ) from None


@contextmanager
def _told_of(spark: Any) -> Iterator[None]:
    """Off a terminal, where Spark draws no bar: a line every ten seconds. What fails in Spark is a RunError."""
    from pyspark.errors import PySparkException

    over = Event()
    tracker = spark.sparkContext.statusTracker()

    def tell() -> None:
        while not over.wait(_EVERY_S):
            stages = [found for id_ in tracker.getActiveStageIds() if (found := tracker.getStageInfo(id_))]
            for stage in stages:
                said = f"spark: stage {stage.stageId}, {stage.numCompletedTasks} of {stage.numTasks} tasks"
                print(said, file=sys.stderr, flush=True)

    if not sys.stderr.isatty():
        Thread(target=tell, daemon=True).start()
    try:
        yield
    except PySparkException as fault:
        raise RunError(f"Spark: {str(fault).strip().splitlines()[0]}") from None
    finally:
        over.set()


def taken_out(spark: Any, folder: Path, out: str) -> None:
    """Copy the results of a folder of this machine to a folder on any file system that Spark writes to."""
    hadoop = spark.sparkContext._jvm.org.apache.hadoop.fs
    target = hadoop.Path(out)
    files = target.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    files.mkdirs(target)
    for path in sorted(folder.iterdir()):  # summary.json last: it says that the run is finished
        files.copyFromLocalFile(False, True, hadoop.Path(path.as_uri()), hadoop.Path(target, path.name))


def _disk() -> Any:
    from pyspark import StorageLevel

    return StorageLevel.DISK_ONLY


def _side_lines(lines: Any) -> Iterator[tuple[str, bytes]]:
    rows = lines.where(lines.kind.isin(*SIDE_TYPES)).toLocalIterator()
    return ((row["file"], bytes(row["line"])) for row in rows)


def _mapped(frame: Any, rows_of: Callable[[_Rows], _Rows], schema: str) -> Any:
    """A frame made of another's rows by a function of rows, in each partition by itself."""

    def batches(given: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        kinds = {"string": pa.string(), "binary": pa.binary(), "boolean": pa.bool_()}
        arrow = pa.schema([(name, kinds[kind]) for name, kind in map(str.split, schema.split(", "))])
        rows = rows_of(row for batch in given for row in batch.to_pylist())
        while some := list(islice(rows, _ROWS)):
            yield pa.RecordBatch.from_pylist(some, schema=arrow)

    return frame.mapInArrow(batches, schema)


def _told(rows: _Rows) -> _Rows:
    """Each line of the input with what it is and whose."""
    for row in rows:
        line, file = bare(bytes(row["line"])), row["file"]
        if not line:
            continue
        try:
            if len(line) > LONGEST:
                raise Unreadable(over_length())
            found = told(line)
        except Unreadable as fault:
            yield from _lost(line, file, str(fault))
            continue
        of_patient = found.patients if found.kind in PATIENT_TYPES else ()
        kept = line if of_patient or found.kind in SIDE_TYPES else b""
        for place, owner in enumerate(of_patient or (None,)):
            yield _row(owner, found.kind, place == 0, file, kept)


def _lost(line: bytes, file: str, why: str) -> _Rows:
    """A line that cannot be used, and whose it seems to be."""
    # One that is too long is said in any case.
    seen, seems = at_sight(line) if len(line) <= LONGEST else None, guessed(line)
    if seen is not None:
        yield _row(None, seen.kind.decode(), True, file, b"")
    else:
        yield _row(None, UNREADABLE, True, file, _digest(line), why)
    for patient in seems.patients if seems is not None else ():
        yield _row(patient, LOST + (seems.kind if seems is not None else ""), False, file, _digest(line), why)


def _row(
    patient: str | None, kind: str, counts: bool, file: str, line: bytes, why: str | None = None
) -> dict[str, Any]:
    return {"patient": patient, "kind": kind, "counts": counts, "file": file, "line": line, "why": why}


def _digest(line: bytes) -> bytes:
    return sha256(line).digest()


def _side(lines: Iterable[tuple[str, bytes]]) -> tuple[list[Any], dict[tuple[str, bytes], str]]:
    """The resources of no patient, and those that cannot be read with the reason."""
    held, rejects = [], {}
    for file, line in lines:
        try:
            held.append(side_resource(line))
        except NotStrictJson as fault:
            rejects[file, _digest(line)] = str(fault)
    return held, rejects


def _answered(decider: Decider, patient: str, rows: Sequence[dict[str, Any]]) -> _Rows:
    """The answers of one patient, and the lines of the patient that could not be used."""
    lines = [
        Line(
            row["file"],
            number,
            row["kind"].removeprefix(LOST),
            None if row["kind"].startswith(LOST) else row["line"],
        )
        for number, row in enumerate(rows)
    ]
    answers, rejects = answered(decider, patient, lines)
    empty = dict.fromkeys(("patient", "order", "text", "file", "line", "why"))
    yield from ({**empty, **answer._asdict()} for answer in answers)
    for one in rejects:
        yield {**empty, "file": one.place, "line": _digest(rows[one.number]["line"]), "why": one.reason}
    for row in rows:
        if row["why"] is not None:
            yield {**empty, "file": row["file"], "line": row["line"], "why": row["why"]}
