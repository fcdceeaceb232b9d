"""What a population costs: of patients without an order nothing is parsed or written, and memory does not grow with it."""

from __future__ import annotations

import json
import tracemalloc
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from cds_service.policies import installed
from cds_service.replay import pool, steps
from cds_service.replay.deciding import patient, scope
from cds_service.replay.reading import inputs, lines, refused, spool
from cds_service.replay.reading.inputs import files_of, pieces_of
from tests.replay.populations import decided, exported, members, one, rejected, replay
from tests.replay.populations import lines as lines_of


def noting(do, seen):
    def noted(text, **how):
        seen.append(text)
        return do(text, **how)

    return noted


def test_of_patients_without_an_order_nothing_is_parsed(tmp_path, monkeypatch):
    """Nor are the orders of other drugs: what they say of their drug is cut out, and each way to say it read once."""
    parsed, strictly, said = [], [], []
    monkeypatch.setattr(lines, "parsed", noting(lines.parsed, parsed))
    monkeypatch.setattr(patient, "read_json", noting(patient.read_json, strictly))
    monkeypatch.setattr(scope, "read_json", noting(scope.read_json, said))
    given = exported(tmp_path / "in", [*one(), *members(20)])
    scope._is_json.cache_clear()
    monkeypatch.setattr(json, "loads", noting(json.loads, loose := []))
    assert replay(given, out=tmp_path / "out").exit_code == 0
    monkeypatch.undo()
    assert len(decided(tmp_path / "out")) == 1
    assert parsed == [text for text in loose if isinstance(text, bytes)] == []
    assert len(strictly) == len(one())
    assert all(b"subject" not in text for text in said)
    ways = {text for text in said if b"Reference" in text or b"Concept" in text}
    assert len(said) <= 2 * len(ways) < len(members(20)) / 10  # one that is JSON, and whether it is in scope


def test_of_patients_without_an_order_nothing_is_written(tmp_path, monkeypatch):
    given = exported(tmp_path / "in", [*one(), *members(20)])
    monkeypatch.setattr("cds_service.replay.run.shutil.rmtree", lambda *_, **__: None)
    assert replay(given, out=tmp_path / "out").exit_code == 0
    kept = [p for p in (tmp_path / "out" / "unfinished").rglob("*.lines") if p.stat().st_size]
    assert len(kept) == len({body["resourceType"] for body in one()})
    assert not any(b"member-" in path.read_bytes() for path in kept)


def peak(do):
    """The most memory that something holds at a time, in bytes."""
    tracemalloc.start()
    do()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("step", ["look", "keep"])
def test_a_pass_holds_no_more_of_a_larger_file(tmp_path, monkeypatch, step):
    monkeypatch.setattr(inputs, "_BLOCK", 20_000)
    installed()

    def passed(copies):
        file = tmp_path / f"{copies}.ndjson"
        file.write_text("\n".join(lines_of([*one(), *members(20)]) * copies), encoding="utf-8")
        (piece,) = pieces_of(files_of([file], tmp_path / "out"), 10**9)
        workspace = steps.Workspace(tmp_path / f"{copies}")
        workspace.make()
        workspace.wanted.write_text("second-cycle-after-cr\n")
        return peak(lambda: getattr(steps, step)(piece, 0, workspace))

    passed(1)  # what is found once for all
    small, large = passed(20), passed(80)
    assert large < small * 1.3


def test_a_batch_holds_one_patient_at_a_time(tmp_path, monkeypatch):
    """Its lines are let go before those of the next are read."""
    held = []

    def answered(_decider, name, given):
        held.append((name, len(given)))
        return [], []

    monkeypatch.setattr(steps, "answered", answered)
    given = exported(tmp_path / "in", [*one(), *one("relapsed-single-agent")])
    read = []
    of = steps.patient_table.PatientTable.of

    def noted(table, name):
        read.append((name, len(held)))
        return of(table, name)

    monkeypatch.setattr(steps.patient_table.PatientTable, "of", noted)
    assert replay(given, out=tmp_path / "out").exit_code == 0
    assert read == [("relapsed-single-agent", 0), ("second-cycle-after-cr", 1)]
    assert dict(held)["second-cycle-after-cr"] == len(one())


def test_tasks_are_handed_over_some_at_a_time():
    """However many there are: arguments are made when a process is about to be free."""
    made = []

    def arguments():
        for number in range(1000):
            made.append(number)
            yield (number,)

    def at_once(do, *one):
        future = Future()
        future.set_result(do(*one))
        return future

    each = pool.Each(SimpleNamespace(submit=at_once), 2)
    seen = 0
    for _ in each(lambda _: None, arguments()):
        seen += 1
        assert len(made) - seen < 20
    assert seen == 1000


def test_lines_that_could_not_be_used_are_not_held(tmp_path):
    def sorted_out(count):
        found = ((f"{n % 7}.ndjson", count - n, "it is not JSON") for n in range(count))
        return peak(lambda: [None for _ in refused.in_order(found, tmp_path / "refused")])

    sorted_out(10)
    assert sorted_out(20_000) < sorted_out(2_000) + 200_000


def test_lines_that_could_not_be_used_stand_in_order_and_once(tmp_path):
    found = [("b", 2, "y"), ("a", 10, "x"), ("b", 2, "y"), ("a", 9, "x"), ("b", 2, "x")]
    assert list(refused.in_order(found, tmp_path / "refused")) == sorted(set(found))


def test_what_is_kept_of_a_piece_is_each_line_of_a_wanted_patient_once(tmp_path, monkeypatch):
    """With its number; a line that cannot be read with what it seems to be, and without its text."""
    monkeypatch.setattr(inputs, "_BLOCK", 2_000)
    texts = lines_of(members(20))
    texts.insert(30, '{"resourceType":"Observation","subject":{"reference":"Patient/member-000003"},"co')
    texts.insert(40, "")
    file = tmp_path / "x.ndjson"
    file.write_text("\n".join(texts), encoding="utf-8")
    (piece,) = pieces_of(files_of([file], tmp_path / "out"), 10**9)
    place = spool.Spool(tmp_path, "0")
    wanted = {"member-000003", "member-000007"}
    spool.keep(piece, place, {name.encode() for name in wanted})
    found = [(e.patient, e.number, e.text.decode()) for e in place.entries() if not e.lost]
    assert found == [
        (name, number, text)
        for number, text in enumerate(texts, start=1)
        for name in wanted
        if text.endswith("}") and (f'"Patient/{name}"' in text or f'"id":"{name}"' in text)
        if json.loads(text)["resourceType"] in lines.PATIENT_TYPES
    ]
    assert [(e.patient, e.number, e.type, e.text) for e in place.entries() if e.lost] == [
        ("member-000003", 31, "Observation", b"")
    ]
    index = place.read_index()
    assert index["lines"] == len(texts)
    assert sum(index["kinds"].values()) == len(texts) - 1  # a blank line is of no kind


def test_many_rejects_are_written_as_they_come(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.ndjson").write_text("bad\n" * 3000)
    assert replay(tmp_path / "in", out=tmp_path / "out").exit_code == 1
    assert [r["line"] for r in rejected(tmp_path / "out")] == list(range(1, 3001))
