"""The same bytes whatever the workers and the order of input, after a kill as well; and bad input never stops a run."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest

from cds_service.replay import pool, steps
from cds_service.replay.job import RunError
from cds_service.replay.progress import Progress
from cds_service.replay.reading.inputs import BadLine, blocks_of, files_of, pieces_of
from tests.replay.populations import bundled, decided, exported, lines, members, one, rejected, replay

NAMED_AS_RESULTS = {"decisions.ndjson", "decisions.parquet", "rejects.ndjson", "summary.json", "summary.html"}


@pytest.fixture(scope="module")
def population():
    return [*bundled(), *members()]


@pytest.fixture(scope="module")
def whole(population, tmp_path_factory):
    """The folder of the input and the bytes of the decisions, from one run on one worker."""
    folder = tmp_path_factory.mktemp("whole")
    given = exported(folder / "in", population)
    assert replay(given, out=folder / "out").exit_code == 0
    return given, (folder / "out" / "decisions.ndjson").read_bytes()


def bytes_of(out: Path) -> bytes:
    return (out / "decisions.ndjson").read_bytes()


def test_two_workers_write_the_same_bytes(whole, tmp_path):
    result = replay(whole[0], out=tmp_path, more=("--workers", "2"))
    assert result.exit_code == 0, result.output
    assert bytes_of(tmp_path) == whole[1]


def test_shuffled_mixed_and_compressed_input_gives_the_same_bytes(population, whole, tmp_path):
    shuffled = lines(population)
    random.Random(7).shuffle(shuffled)
    for number in range(3):
        text = "\r\n".join(shuffled[number::3])
        (tmp_path / f"part-{number}.ndjson.gz").write_bytes(gzip.compress(text.encode()))
    assert replay(tmp_path, out=tmp_path / "out").exit_code == 0
    assert bytes_of(tmp_path / "out") == whole[1]


def lines_of(piece, longest=10**9):
    """The lines of a piece, one by one."""
    blocks = blocks_of(piece, longest)
    return [line for b in blocks for line in ([b] if isinstance(b, BadLine) else b.split(b"\n"))]


def test_a_file_cut_into_many_pieces_is_read_to_the_line(whole):
    for file in files_of([whole[0]], Path("nowhere")):
        text = file.path.read_bytes().splitlines()
        for size in (1, 1000, 4096):
            pieces = pieces_of([file], size)
            assert [line for piece in pieces for line in lines_of(piece)] == text
            assert [piece.end for piece in pieces[:-1]] == [piece.start for piece in pieces[1:]]


@pytest.mark.parametrize("block", [1, 700, 5_000])
def test_input_that_is_read_in_many_turns_gives_the_same_bytes(whole, tmp_path, monkeypatch, block):
    """As input that is larger than what a process holds."""
    monkeypatch.setattr("cds_service.replay.reading.inputs._BLOCK", block)
    monkeypatch.setattr("cds_service.replay.local._PIECE", 20_000)
    monkeypatch.setattr("cds_service.replay.local._BATCH", 3)
    assert replay(whole[0], out=tmp_path).exit_code == 0
    assert bytes_of(tmp_path) == whole[1]


def test_rejects_have_the_line_of_their_file_wherever_it_is_cut(tmp_path, monkeypatch):
    """Blank lines count, also where a piece ends with them."""
    text = b'\n\nbad\n{"resourceType":"Location"}\n\n\n\r\nbad\n\nbad'
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.ndjson").write_bytes(text)
    for size in (1, 5, 30, 1000):
        monkeypatch.setattr("cds_service.replay.local._PIECE", size)
        out = tmp_path / f"out-{size}"
        assert replay(tmp_path / "in", out=out).exit_code == 1
        assert [r["line"] for r in rejected(out)] == [3, 8, 10]


KILLED = """
import os, signal, sys
from cds_service.cli import main
from cds_service.replay import local, steps
left = int(sys.argv[1])
def counted(do):
    def step(*arguments):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return do(*arguments)
    return step
for name in ("look", "find", "keep", "decide"):
    setattr(steps, name, counted(getattr(steps, name)))
local._BATCH = 3
main(["replay", *sys.argv[2:], "--workers", "1"])
"""


@pytest.mark.parametrize("count", [0, 5, 12, 13, 18, 30])
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(whole, tmp_path, count, monkeypatch):
    """Killed before the first step, in each of the passes, and while patients are answered."""
    monkeypatch.setattr("cds_service.replay.local._BATCH", 3)
    call = [sys.executable, "-c", KILLED, str(count), str(whole[0]), "--out", str(tmp_path)]
    assert subprocess.run(call, check=False, capture_output=True).returncode == -signal.SIGKILL
    assert not NAMED_AS_RESULTS & set(os.listdir(tmp_path))
    done = []
    for name in ("look", "find", "keep", "decide"):
        monkeypatch.setattr(steps, name, noted(name, done))
    assert replay(whole[0], out=tmp_path).exit_code == 0
    assert (bytes_of(tmp_path), set(os.listdir(tmp_path))) == (whole[1], NAMED_AS_RESULTS)
    batches = -(-len(whole[1].splitlines()) // 3)  # each bundled patient has one order
    assert len(done) == 2 * len(list(whole[0].iterdir())) + 1 + batches - count  # one file has orders


def noted(name, done):
    step = getattr(steps, name)

    def do(*arguments):
        done.append(name)
        return step(*arguments)

    return do


def test_no_process_outlives_a_killed_run(whole, tmp_path):
    """One that did would go on writing beside the run that takes over."""
    call = [
        sys.executable,
        "-m",
        "cds_service.cli",
        "replay",
        str(whole[0]),
        "--out",
        str(tmp_path),
        "--workers",
        "2",
    ]
    parent = subprocess.Popen(call, start_new_session=True, stderr=subprocess.DEVNULL)
    pieces = tmp_path / "unfinished" / "pieces"
    wait_until(lambda: pieces.exists() and any(pieces.iterdir()))
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(parent.pid))


def wait_until(holds, seconds=60):
    for _ in range(seconds * 20):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it did not come to pass")


def is_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_second_run_in_the_same_folder_remembers_nothing_of_the_first(tmp_path):
    """Also in one process: who had an order, and what orders pointed to."""
    *rest, order = one()
    del order["medicationCodeableConcept"]
    order["medicationReference"] = {"reference": "Medication/m"}
    code = one()[-1]["medicationCodeableConcept"]
    for drug, count in (({"text": "metformin"}, 0), (code, 1), ({"text": "metformin"}, 0)):
        medication = {"resourceType": "Medication", "id": "m", "code": drug}
        folder = exported(tmp_path / "in", [*rest, order, medication])
        assert replay(folder, out=tmp_path / "out").exit_code == 0
        assert len(decided(tmp_path / "out")) == count
        shutil.rmtree(tmp_path / "out")


def test_a_finished_run_is_not_done_again(whole, tmp_path, monkeypatch):
    assert replay(whole[0], out=tmp_path).exit_code == 0
    (tmp_path / "decisions.parquet").unlink()
    monkeypatch.setattr("cds_service.replay.local.LocalRun.run", None)
    result = replay(whole[0], out=tmp_path)
    assert result.exit_code == 0, result.output
    assert "finished before" in result.output
    assert (tmp_path / "decisions.parquet").exists()


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_run_killed_while_results_get_their_names_ends_with_all_of_them(
    whole, tmp_path, monkeypatch, count
):
    """Nothing of its work is left either, which holds patients' data."""
    given = []

    def replaced(source, target):
        if Path(target).parent == tmp_path:
            given.append(Path(target).name)
            if len(given) > count:
                raise KeyboardInterrupt
        os.rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("cds_service.replay.run.os.replace", replaced)
        patch.setattr("cds_service.replay.run.shutil.rmtree", lambda *_, **__: given.append("removed"))
        assert replay(whole[0], out=tmp_path).exit_code == 2
    assert "removed" not in given
    assert replay(whole[0], out=tmp_path).exit_code == 0
    assert (bytes_of(tmp_path), set(os.listdir(tmp_path))) == (whole[1], NAMED_AS_RESULTS)


def test_what_is_left_of_the_work_of_a_finished_run_is_removed(whole, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("cds_service.replay.run.shutil.rmtree", lambda *_, **__: None)
        assert replay(whole[0], out=tmp_path).exit_code == 0
    assert (tmp_path / "unfinished").exists()
    assert replay(whole[0], out=tmp_path).exit_code == 0
    assert set(os.listdir(tmp_path)) == NAMED_AS_RESULTS


def test_the_folder_of_another_run_is_refused_and_left_as_it_is(whole, tmp_path):
    assert replay(whole[0], out=tmp_path).exit_code == 0
    again = replay(whole[0], out=tmp_path, more=("--as-of", "2026-04-15T00:00:00Z"))
    other = replay(exported(tmp_path.parent / f"{tmp_path.name}-other", one()), out=tmp_path)
    assert (again.exit_code, other.exit_code) == (2, 2)
    assert "another --as-of" in again.output
    assert "other input files" in other.output
    assert bytes_of(tmp_path) == whole[1]


def test_a_run_beside_another_in_the_same_folder_is_refused(whole, tmp_path):
    (tmp_path / "unfinished").mkdir()
    with (tmp_path / "unfinished" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = replay(whole[0], out=tmp_path)
    assert result.exit_code == 2
    assert "another run is writing" in result.output


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_is_said_and_nothing_wrong_is_written(whole, tmp_path, workers):
    """A limit on the size of files stands for the disk; without it the run goes on to its end."""
    call = [
        sys.executable,
        "-m",
        "cds_service.cli",
        "replay",
        str(whole[0]),
        "--out",
        str(tmp_path),
        "--workers",
        workers,
    ]
    limited = subprocess.run(
        call, check=False, capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert limited.returncode == 2, limited.stderr
    assert "File too large" in limited.stderr
    assert "Nothing was written as a result" in limited.stderr
    assert "Traceback" not in limited.stderr
    assert not NAMED_AS_RESULTS & set(os.listdir(tmp_path))
    assert replay(whole[0], out=tmp_path).exit_code == 0
    assert bytes_of(tmp_path) == whole[1]


def test_bad_lines_are_rejected_by_file_and_line_and_stop_nothing(whole, tmp_path, population):
    folder = exported(tmp_path / "in", population)
    long = b'{"resourceType":"Binary","id":"b","data":"' + b"A" * 50_000_000 + b'"}'
    bad = [
        b"nonsense",
        b"",
        b'{"resourceType":"Bundle"}',
        long,
        b'{"resourceType":"Location","id":"\xe9"}',
        b"[]",
    ]
    (folder / "bad.ndjson").write_bytes(b"\n".join(bad))
    (folder / "wide.ndjson").write_bytes("\n".join(lines(members(2))).encode("utf-16"))
    packed = gzip.compress(b'{"resourceType":"Location","id":"l"}\n' * 1000)
    (folder / "cut.ndjson.gz").write_bytes(packed[: len(packed) // 2])
    (folder / "marked.ndjson").write_bytes(b"\xef\xbb\xbf" + b'{"resourceType":"Location","id":"m"}')
    result = replay(folder, out=tmp_path / "out")
    assert result.exit_code == 1
    assert "rejects.ndjson" in result.output
    assert bytes_of(tmp_path / "out") == whole[1]
    found = {(r["file"], r["line"]): r["reason"] for r in rejected(tmp_path / "out")}
    cut = found.pop(next(place for place in found if place[0] == "cut.ndjson.gz"))
    assert "damaged or cut off" in cut
    assert found == {
        ("bad.ndjson", 1): "it is not JSON at column 1",
        ("bad.ndjson", 3): "it is a Bundle; an export has one resource on each line",
        ("bad.ndjson", 4): "the line is longer than 32 MiB and was not read",
        ("bad.ndjson", 5): "it is not UTF-8",
        ("bad.ndjson", 6): "it is not a JSON object",
        ("wide.ndjson", 1): "the file is UTF-16, not UTF-8; nothing of it was read",
    }
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["rejects"] == 7


@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("before", [b"", b'{"a":1}\n'])
@pytest.mark.parametrize("after", [b"", b'\n{"b":2}', b'\n\n{"b":2}\n{"c":3}'])
def test_a_line_that_is_too_long_loses_no_other(tmp_path, before, after, end):
    file = tmp_path / "x.ndjson"
    file.write_bytes(before + b"x" * 3_000_000 + after + end)
    (piece,) = pieces_of(files_of([file], tmp_path / "out"), 10**9)
    found = lines_of(piece, longest=1_000_000)
    place = before.count(b"\n")
    assert isinstance(found.pop(place), BadLine)
    assert found == before.splitlines() + after[1:].splitlines()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("EMPTY", "--out", "OUT"), "no file ending in .ndjson"),
        (("FULL", "--out", "FULL"), "lie in the folder of --out"),
        (("AWAY", "--out", "OUT"), "no such file or folder"),
        (("EMPTY",), "--out DIR"),
        (("--out", "OUT"), "INPUT"),
        (("EMPTY", "--out", "OUT", "--as-of", "yesterday"), "is not an ISO instant"),
        (("EMPTY", "--out", "OUT", "--as-of", "2026-04-15T09:00:00"), "needs an offset"),
        (("EMPTY", "--out", "OUT", "--compare", "EMPTY"), "holds no decisions.ndjson"),
        (("EMPTY", "--out", "s3://bucket/x"), "only --engine spark"),
        (("EMPTY", "--out", "OUT", "--engine", "abacus"), "abacus"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what(tmp_path, arguments, says):
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL" / "Patient.ndjson").write_text("{}")
    given = [str(tmp_path / a) if a in ("EMPTY", "FULL", "AWAY", "OUT") else a for a in arguments]
    call = [sys.executable, "-m", "cds_service.cli", "replay", *given]
    result = subprocess.run(call, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 2
    assert says in result.stderr
    assert not (tmp_path / "OUT").exists()


def test_an_export_without_an_order_of_the_drug_is_done(tmp_path):
    result = replay(exported(tmp_path / "in", members(5)), out=tmp_path / "out")
    assert result.exit_code == 0
    assert decided(tmp_path / "out") == []
    assert set(os.listdir(tmp_path / "out")) == NAMED_AS_RESULTS


def test_results_inside_the_input_folder_are_no_input(tmp_path):
    folder = exported(tmp_path, one())
    assert replay(folder, out=folder / "out").exit_code == 0
    (folder / "out" / "summary.json").unlink()
    assert replay(folder, out=folder / "out").exit_code == 0
    assert len(decided(folder / "out")) == 1


def test_a_process_that_was_ended_from_outside_ends_the_run_with_a_word():
    """As the system does for lack of memory."""
    with pytest.raises(RunError, match="fewer --workers"), pool.pool(2) as each:
        list(each(os._exit, [(1,)]))


def test_processes_are_no_copies_of_one_that_has_threads(monkeypatch):
    """A lock that another thread holds would never be let go in the copy."""
    monkeypatch.setattr(pool.threading, "active_count", lambda: 1)
    monkeypatch.setattr(pool.sys, "platform", "linux")
    assert pool._start_method() == "fork"
    monkeypatch.setattr(pool.threading, "active_count", lambda: 2)
    assert pool._start_method() == "spawn"
    monkeypatch.setattr(pool.sys, "platform", "darwin")
    monkeypatch.setattr(pool.threading, "active_count", lambda: 1)
    assert pool._start_method() == "spawn"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_both_ways_to_start_processes_give_the_same_bytes(whole, tmp_path, monkeypatch, method):
    monkeypatch.setattr(pool, "_start_method", lambda: method)
    assert replay(whole[0], out=tmp_path, more=("--workers", "2")).exit_code == 0
    assert bytes_of(tmp_path) == whole[1]


class Terminal(StringIO):
    def isatty(self):
        return True


def test_progress_is_a_bar_on_a_terminal():
    at = iter([0, 1, 5, 5.1, 9])
    screen = Terminal()
    progress = Progress("reading", 200, "MB", screen, lambda: next(at))
    for done in (0, 100, 150):
        progress.reached(done)
    progress.end()
    drawn = screen.getvalue().split("\r")
    assert "50%" in drawn[2]
    assert "20.0 MB/s, 5 s left" in drawn[2]
    assert "100%" in drawn[-1]
    assert len(drawn) == 4  # what comes too soon is not drawn


def test_progress_elsewhere_is_a_line_every_ten_seconds():
    at = iter([0, 1, 9, 10, 15, 20.5])
    log = StringIO()
    progress = Progress("deciding", 8, "partitions", log, lambda: next(at))
    for done in (0, 1, 2, 3, 4):
        progress.reached(done)
    progress.end()
    assert [line[:27] for line in log.getvalue().splitlines()] == [
        "deciding:  25%, 2 of 8 part",
        "deciding:  50%, 4 of 8 part",
    ]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (KeyboardInterrupt(), "call again to go on"),
        (KeyError("x"), "error of the program"),
        (OSError(28, "No space left on device"), "No space left"),
    ],
)
def test_a_run_that_does_not_end_never_ends_with_a_status_of_one_that_did(tmp_path, monkeypatch, error, says):
    def fails(*_):
        raise error

    monkeypatch.setattr("cds_service.replay.local.LocalRun.run", fails)
    result = replay(exported(tmp_path / "in", one()), out=tmp_path / "out")
    assert result.exit_code == 2
    assert says in result.output
    assert os.listdir(tmp_path / "out") == ["unfinished"]
