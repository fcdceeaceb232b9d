"""What a population costs: one look at each line, no parsing for patients without an order, and memory that does not grow."""

from __future__ import annotations

import json
import tracemalloc

from cds_service.replay.deciding import patient
from cds_service.replay.reading import lines, spool
from cds_service.replay.reading.inputs import files_of, pieces_of
from tests.replay.populations import decided, exported, members, one, replay
from tests.replay.populations import lines as lines_of


def test_of_patients_without_an_order_nothing_but_their_orders_is_parsed(tmp_path, monkeypatch):
    parsed, strictly = [], []
    monkeypatch.setattr(lines, "parsed", noting(lines.parsed, parsed))
    monkeypatch.setattr(patient, "read_json", noting(patient.read_json, strictly))
    given = exported(tmp_path / "in", [*one(), *members(20)])
    monkeypatch.setattr(json, "loads", noting(json.loads, loose := []))
    assert replay(given, out=tmp_path / "out").exit_code == 0
    monkeypatch.undo()
    assert len(decided(tmp_path / "out")) == 1
    assert parsed == []
    assert len(strictly) == len(one())
    read = [json.loads(text) for text in loose if isinstance(text, bytes)]
    assert {body["resourceType"] for body in read} == {"MedicationRequest"}


def noting(do, seen):
    def noted(text, **how):
        seen.append(text)
        return do(text, **how)

    return noted


def peak(tmp_path, name, copies):
    """The most memory that the first pass over a file holds at a time, in bytes."""
    file = tmp_path / f"{name}.ndjson"
    file.write_text("\n".join(lines_of(members(20)) * copies), encoding="utf-8")
    (piece,) = pieces_of(files_of([file], tmp_path / "out"), 10**9)
    (tmp_path / name).mkdir()
    tracemalloc.start()
    spool.split(piece, spool.Spool(tmp_path / name, "0"), 8)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_the_first_pass_holds_no_more_of_a_larger_file(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "_ROOM", 500_000)
    small, large = peak(tmp_path, "small", 50), peak(tmp_path, "large", 200)
    assert large < small * 1.3


def test_what_stands_in_a_spool_is_found_again_once(tmp_path, monkeypatch):
    """Each line of a patient once, in the partition of its patient, the orders apart from the rest."""
    monkeypatch.setattr(spool, "_ROOM", 2_000)
    given = members(20)
    file = tmp_path / "x.ndjson"
    file.write_text("\n".join(lines_of(given)), encoding="utf-8")
    (piece,) = pieces_of(files_of([file], tmp_path / "out"), 10**9)
    place = spool.Spool(tmp_path, "0")
    spool.split(piece, place, 8)
    found = []
    for partition in range(8):
        for orders in (True, False):
            for _, entry in spool.entries([place], partition, orders=orders):
                assert (entry.kind in lines.ORDER_TYPES) is orders
                assert spool.bucket(entry.patient, 8) == partition
                found.append((entry.number, entry.text.decode()))
    kept = [
        (number, text)
        for number, (body, text) in enumerate(zip(given, lines_of(given), strict=True), start=1)
        if body["resourceType"] in lines.PATIENT_TYPES
    ]
    assert sorted(found) == kept
