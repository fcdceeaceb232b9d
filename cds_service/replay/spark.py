"""The Spark engine: the same functions as the local one, with Spark to read, shuffle and sort.

Needs the extra ``spark`` and Java 17. Runs in this process's Spark: on this machine's cores by default,
on a cluster when started by spark-submit. What belongs to no patient, such as Medications, goes to
every worker whole.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from cds_service.json_text import NotStrictJson
from cds_service.policies import installed
from cds_service.replay.deciding.patient import Answer, Decider, Line, answered
from cds_service.replay.job import RunError
from cds_service.replay.reading.inputs import LONGEST, bare, over_length
from cds_service.replay.reading.lines import ORDER_TYPES, PATIENT_TYPES, SIDE_TYPES, Unreadable, guessed, told
from cds_service.replay.reading.side_table import HeldTable, side_resource
from cds_service.replay.reading.spool import LOST, UNREADABLE, reject

# A line stands once for each of its patients, the first time with ``counts``. Of one that cannot be
# used, ``why`` says so, and ``line`` is its digest.
_TOLD = "patient string, kind string, counts boolean, file string, line binary, why string"
_DECIDED = "patient string, order string, text string, file string, line binary, why string"
_FILES = "*.{ndjson,ndjson.gz}"
_ROWS = 500  # lines handed over at a time
_Rows = Iterator[dict[str, Any]]


class SparkRun:
    """One run on Spark. Raises RunError when there is none to be had, or it fails."""

    def __init__(self, inputs: Sequence[str], as_of: datetime | None) -> None:
        self._inputs, self._as_of = list(inputs), as_of
        self._spark = session()

    def run(self) -> None:
        """Answer all orders; what is read and answered is kept on Spark's disks until the run's end."""
        from pyspark import StorageLevel

        lines = _mapped(self._read(self._inputs), _told, _TOLD).persist(StorageLevel.DISK_ONLY)
        side = [(r.file, bytes(r.line)) for r in lines.where(lines.kind.isin(*SIDE_TYPES)).toLocalIterator()]
        held, self._side_rejects = _side(side)
        shared = self._spark.sparkContext.broadcast(held)
        as_of = self._as_of

        def decider() -> Decider:
            return Decider(tuple(installed().values()), HeldTable(shared.value), as_of)

        def with_order(rows: _Rows) -> _Rows:
            found = decider()
            yield from ({"patient": r["patient"]} for r in rows if found.has_order(r["line"]))

        def decided(rows: _Rows) -> _Rows:
            found = decider()
            for patient, own in groupby(rows, itemgetter("patient")):
                yield from _answered(found, patient, list(own))

        orders = lines.where(lines.kind.isin(*ORDER_TYPES))
        wanted = _mapped(orders, with_order, "patient string").distinct()
        theirs = lines.join(wanted, "patient", "left_semi")
        by_patient = theirs.repartition("patient").sortWithinPartitions("patient")
        self._lines = lines
        self._decided = _mapped(by_patient, decided, _DECIDED).persist(StorageLevel.DISK_ONLY)

    def _read(self, paths: Sequence[str]) -> Any:
        reader = self._spark.read.option("lineSep", "\n").option("recursiveFileLookup", "true")
        lines = reader.option("pathGlobFilter", _FILES).text(list(paths))
        return lines.selectExpr("cast(value as binary) as line", "_metadata.file_path as file")

    def answers(self) -> list[Iterator[Answer]]:
        """All answers as one stream, sorted by Spark."""
        found = self._decided.where("why is null").orderBy("patient", "order", "text")
        return [(Answer(row["patient"], row["order"], row["text"]) for row in found.toLocalIterator())]

    def rejects(self) -> list[str]:
        """The lines that could not be used; their numbers are counted now, in the files that have some."""
        whys = dict(self._side_rejects)
        for frame in (self._lines, self._decided):
            rows = frame.where("why is not null").toLocalIterator()
            whys |= {(row.file, bytes(row.line)): row.why for row in rows}
        found = []
        for file in sorted({file for file, _ in whys}):
            digests = self._read([file]).rdd.map(lambda row: _digest(bare(bytes(row.line)))).zipWithIndex()
            rejected = digests.filter(lambda one, of=file: (of, one[0]) in whys).collect()
            found += [(self._name(file), place + 1, whys[file, digest]) for digest, place in rejected]
        return [reject(*one) for one in sorted(found)]

    def _name(self, file: str) -> str:
        """A file as the local engine names it: by its path from the folder that was given, else its own name."""
        for given in self._inputs:
            _, found, rest = file.partition(f"{given.rstrip('/')}/")
            if found:
                return rest
        return file.rpartition("/")[2]

    def kinds(self) -> dict[str, int]:
        """How many lines of each type the input has."""
        counted = self._lines.where("counts").groupBy("kind").count().collect()
        return dict(sorted((row["kind"], row["count"]) for row in counted))


def session() -> Any:
    """The Spark of this process; on this machine unless spark-submit says otherwise. Raises RunError."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise RunError(
            "--engine spark needs pyspark: pip install 'payer-policy-cds[spark]', and Java 17"
        ) from None
    if (
        "PYSPARK_GATEWAY_PORT" not in os.environ
    ):  # not started by spark-submit, so the workers are of this machine
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        builder = SparkSession.builder.appName("payer-policy-cds replay")
        return builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", _ROWS).getOrCreate()
    except Exception as fault:
        raise RunError(
            f"Spark did not start ({type(fault).__name__}); it needs Java 17 in JAVA_HOME"
        ) from None


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
            yield _row(None, UNREADABLE, True, file, _digest(line), str(fault))
            seems = guessed(line)
            for patient in seems.patients if seems is not None else ():
                yield _row(patient, LOST + (seems.kind if seems is not None else ""), False, file, b"")
            continue
        of_patient = found.patients if found.kind in PATIENT_TYPES else ()
        kept = line if of_patient or found.kind in SIDE_TYPES else b""
        for place, owner in enumerate(of_patient or (None,)):
            yield _row(owner, found.kind, place == 0, file, kept)


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
