"""The Spark engine says the same in the same bytes. Needs pyspark and Java; ``make test-spark`` brings the first."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import subprocess
import sys

import pytest

from tests.replay.populations import bundled, exported, lines, members, one, replay

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(shutil.which("java") is None, reason="no Java on this machine"),
]
pytest.importorskip("pyspark")


def on_spark(*arguments):
    call = [sys.executable, "-m", "cds_service.cli", "replay", *map(str, arguments), "--engine", "spark"]
    return subprocess.run(call, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The folders of a run on Spark and one on this machine, of the same population with bad lines among it."""
    folder = tmp_path_factory.mktemp("spark")
    given = exported(folder / "in", [*bundled(), *members(5), *by_reference()])
    cut = '{"resourceType":"Observation","subject":{"reference":"Patient/relapsed-single-agent"},"code":{"te'
    twice = '{"resourceType":"Observation","id":"x","id":"y","subject":{"reference":"Patient/stale-cbc"}}'
    broken = '{"resourceType":"Observation","subject":{"reference":"Patient/%s"},"note":"a\\nb","x":tru}'
    (given / "bad.ndjson").write_bytes(
        f"\nnonsense\n{cut}\r\n{twice}\n{broken % 'stale-cbc'}\n{broken % 'member-000001'}\n".encode()
        + b'{"resourceType":"Group","id":"\xff"}'
    )
    assert replay(given, out=folder / "local").exit_code == 1
    result = on_spark(given, "--out", folder / "spark")
    assert result.returncode == 1, result.stderr
    return folder / "spark", folder / "local"


def by_reference():
    """A patient whose order names its drug by reference."""
    code = {
        "coding": [{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J9229"}]
    }
    *_, order = json.loads(json.dumps(one("dlbcl")))
    del order["medicationCodeableConcept"]
    pointer = {"medicationReference": {"reference": "Medication/b"}}
    return [order | pointer | {"id": "by-reference"}, {"resourceType": "Medication", "id": "b", "code": code}]


@pytest.mark.parametrize("name", ["decisions.ndjson", "rejects.ndjson"])
def test_both_engines_write_the_same_bytes(both, name):
    spark, local = both
    assert (spark / name).read_bytes() == (local / name).read_bytes()
    assert (spark / name).stat().st_size > 0


def test_both_engines_count_alike(both):
    spark, local = (json.loads((out / "summary.json").read_text()) for out in both)
    assert spark.pop("run")["inputs"] != local.pop("run")["inputs"]
    assert spark == local


def test_shuffled_and_compressed_input_by_addresses_gives_the_same_bytes(both, tmp_path):
    """Also where input and results are named as URLs, as on a cluster's file system."""
    given = [p for p in both[0].parent.glob("in/*.ndjson") if p.name != "bad.ndjson"]
    shuffled = [line for path in given for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(shuffled) == len(lines([*bundled(), *members(5), *by_reference()]))
    random.Random(3).shuffle(shuffled)
    (tmp_path / "in").mkdir()
    for number in range(2):
        text = "\n".join(shuffled[number::2]).encode()
        (tmp_path / "in" / f"{number}.ndjson.gz").write_bytes(gzip.compress(text))
    result = on_spark((tmp_path / "in").as_uri(), "--out", (tmp_path / "out").as_uri())
    assert result.returncode == 0, result.stderr
    assert replay(*given, out=tmp_path / "local").exit_code == 0
    assert (tmp_path / "out" / "decisions.ndjson").read_bytes() == (
        tmp_path / "local" / "decisions.ndjson"
    ).read_bytes()
    assert (tmp_path / "out" / "summary.html").exists()


def test_a_folder_without_input_is_said(tmp_path):
    (tmp_path / "in").mkdir()
    empty = on_spark(tmp_path / "in", "--out", tmp_path / "out")
    assert empty.returncode == 2
    assert "no line" in empty.stderr
    away = on_spark(tmp_path / "away", "--out", tmp_path / "out2")
    assert away.returncode == 2
    assert "away" in away.stderr
    assert "Traceback" not in away.stderr
