"""What people read: the table, the counts, the page, and what changed between two runs."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyarrow import parquet

from cds_service.cli import main
from cds_service.commands.example_population import population
from cds_service.replay.results.comparing import Comparison, pairs
from cds_service.replay.results.page import rendered
from cds_service.replay.results.plots import Row, bars, columns
from cds_service.replay.results.summary import Summary
from tests.fixtures import NAMES
from tests.replay.populations import bundled, decided, exported, members, replay


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    result = replay(exported(folder / "in", [*bundled(), *members(5)]), out=folder / "out")
    assert result.exit_code == 0, result.output
    return folder / "out"


@pytest.fixture(scope="module")
def summary(out):
    return json.loads((out / "summary.json").read_text(encoding="utf-8"))


def test_the_table_has_a_row_an_order_and_a_column_a_verdict_count_and_figure(out):
    rows = parquet.read_table(out / "decisions.parquet").to_pylist()
    lines = decided(out)
    assert [(r["patient"], r["order"], r["coverage"]) for r in rows] == [
        (d["patient"], d["order"], d["coverage"]) for d in lines
    ]
    for row, line in zip(rows, lines, strict=True):
        verdicts = {c["id"]: c["verdict"] for c in line["criteria"]}
        assert {name: row[name] for name in verdicts} == verdicts
        assert row["criteria_not_met"] == list(verdicts.values()).count("not-met")
        assert row["findings_warning"] == sum(f["indicator"] == "warning" for f in line["findings"])
        assert row["needed_deciding"] == sum(n.get("decides", True) for n in line["needed"])
        assert (row["dose_verdict"], row["dose_expected_mg"]) == (
            line["dose"]["verdict"],
            line["dose"]["expected_mg"],
        )
        assert (row["dose_units"], row["dose_vials"]) == (line["dose"]["units_j9229"], line["dose"]["vials"])
    of_the_other_request = {r["POL-B-I-TOX"] for r in rows if r["request"] == "initial"}
    assert of_the_other_request == {None}


def test_the_columns_are_those_that_the_page_for_analysts_explains(out):
    named = set(
        re.findall(r"`([A-Za-z0-9_]+)`", (Path(__file__).parents[2] / "docs" / "replay.md").read_text())
    )
    columns_ = parquet.read_schema(out / "decisions.parquet").names
    assert {name for name in columns_ if not name.startswith("POL-")} <= named


def test_the_counts_are_those_of_the_lines(out, summary):
    lines = decided(out)
    assert (summary["orders"], summary["patients"]) == (len(lines), len(NAMES))
    for verdict, count in summary["coverage"].items():
        assert count == sum(d["coverage"] == verdict for d in lines)
    assert summary["months"] == [{"month": "2026-04", **summary["coverage"]}]
    for row in summary["criteria"]:
        found = [c["verdict"] for d in lines for c in d["criteria"] if c["id"] == row["id"]]
        assert (row["met"], row["not-met"], row["unknown"]) == tuple(
            found.count(v) for v in ("met", "not-met", "unknown")
        )
    items = [n["item"] for d in lines for n in d["needed"]]
    assert {r["item"]: r["decides"] + r["informs"] for r in summary["needed"]} == {
        i: items.count(i) for i in items
    }
    ranks = [r["decides"] + r["informs"] for r in summary["needed"]]
    assert ranks == sorted(ranks, reverse=True)
    assert sum(summary["dose"].values()) == len(lines)
    kinds = {(f["kind"]) for d in lines for f in d["findings"]}
    assert {r["kind"] for r in summary["findings"]} == kinds


def test_the_summary_says_what_a_record_of_the_past_cannot_tell_and_what_the_export_lacks(out, summary):
    said = " ".join(summary["limits"])
    assert "corrected later" in said
    assert "Status at that time" in said
    assert "Appointment" in summary["types_absent"]
    assert "Observation" not in summary["types_absent"]
    page = (out / "summary.html").read_text(encoding="utf-8")
    assert "corrected later" in page
    assert "Appointment" in page


def test_the_page_has_tables_and_drawings_with_words_and_nothing_from_elsewhere(out):
    page = (out / "summary.html").read_text(encoding="utf-8")
    for title in ("Coverage by month", "Criteria", "Needed items", "Dose", "Findings"):
        assert f">{title}</h2>" in page
    drawings = re.findall(r'<svg viewBox="0 0 720.*?</svg>', page, re.DOTALL)
    assert len(drawings) == 5
    assert all('role="img"' in d and "<title id=" in d and "<desc id=" in d for d in drawings)
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=""", page)
    assert page.count("<table>") >= 5


def test_a_text_of_the_export_is_no_markup_of_the_page(summary):
    hostile = "<img src=x onerror=alert(1)>"
    changed = copy.deepcopy(summary)
    changed["types_absent"] = [hostile]
    changed["months"][0]["month"] = hostile
    assert hostile not in rendered(changed)
    assert "&lt;img" in rendered(changed)


def test_bars_and_columns_stand_on_one_scale_and_lose_no_count():
    rows = [Row("a", {"met": 3, "unknown": 1}), Row("b", {"met": 8}), Row("c", {"met": 0})]
    flat = bars("p", "title", rows)
    assert [(p.label, p.tone, p.count) for p in flat.parts] == [
        ("a", "met", 3),
        ("a", "unknown", 1),
        ("b", "met", 8),
    ]
    assert flat.parts[0].width * 8 == pytest.approx(flat.parts[2].width * 3)
    assert flat.parts[1].x == pytest.approx(flat.parts[0].x + flat.parts[0].width)
    assert [label.text for label in flat.numbers] == ["4", "8", "0"]
    tall = columns("p", "title", rows)
    assert tall.parts[1].y + tall.parts[1].height == pytest.approx(tall.parts[0].y)
    assert tall.ticks[-1].text == "8"
    assert columns("p", "title", []).parts == ()


def line_of(patient, coverage, *verdicts):
    criteria = [{"id": f"C{n}", "section": "1", "verdict": v} for n, v in enumerate(verdicts)]
    return {
        "patient": patient,
        "order": "MedicationRequest/1",
        "coverage": coverage,
        "criteria": criteria,
        "findings": [],
    }


def test_a_comparison_tells_what_changed_by_criterion_and_patient(tmp_path):
    before = [
        line_of("a", "met", "met"),
        line_of("b", "unknown", "unknown"),
        line_of("c", "met", "met"),
        line_of("e", "met", "met"),
    ]
    now = [
        line_of("a", "met", "met"),
        line_of("b", "met", "met"),
        line_of("d", "met", "met"),
        line_of("e", "not-met", "not-met"),
    ]
    with (tmp_path / "changed.ndjson").open("w") as file:
        found = Comparison(file).counted(pairs(before, now)).as_json("before")
    assert found["orders"] == {"both": 3, "changed": 2, "only_before": 1, "only_now": 1}
    coverage, criterion = found["tables"]
    assert (coverage["name"], criterion["name"]) == ("coverage", "C0")
    assert coverage["cells"]["met"] == {"met": 1, "not-met": 1, "unknown": 0}
    assert coverage["cells"]["unknown"]["met"] == 1
    assert [(c["before"], c["now"], c["patients"], c["more"]) for c in coverage["patients"]] == [
        ("met", "not-met", ["e"], 0), ("unknown", "met", ["b"], 0),
    ]  # fmt: skip
    changed = [json.loads(row) for row in (tmp_path / "changed.ndjson").read_text().splitlines()]
    assert [(c["patient"], c["before"], c["now"]) for c in changed] == [
        ("b", "unknown", "met"), ("c", "met", None), ("d", None, "met"), ("e", "met", "not-met"),
    ]  # fmt: skip
    assert changed[0]["verdicts"] == {"coverage": ["unknown", "met"], "C0": ["unknown", "met"]}


def test_other_words_or_another_clock_are_no_change_and_another_finding_item_or_dose_is(tmp_path):
    one_ = {**line_of("a", "met", "met"), "as_of": "2026-01-01", "needed": [], "dose": {"verdict": "ok"}}
    finding = {"kind": "hem-hold", "indicator": "warning"}
    other_words = copy.deepcopy(one_) | {"as_of": "2026-02-02"}
    other_words["criteria"][0]["because"] = "in other words"
    changes = [
        {"findings": [finding]},
        {"needed": [{"item": "cbc", "because": "x"}]},
        {"dose": {"verdict": "over"}},
        {"cycle": 2},
    ]
    for place, (now, changed) in enumerate([(other_words, 0), *((one_ | change, 1) for change in changes)]):
        with (tmp_path / f"{place}.ndjson").open("w") as file:
            assert Comparison(file).counted(pairs([one_], [now])).as_json("x")["orders"]["changed"] == changed
    assert json.loads((tmp_path / "1.ndjson").read_text())["findings"] == {"gone": [], "new": ["hem-hold"]}
    assert json.loads((tmp_path / "2.ndjson").read_text())["needed"] == {"gone": [], "new": ["cbc"]}
    assert json.loads((tmp_path / "3.ndjson").read_text())["dose"] == ["ok", "over"]


def test_many_patients_behind_a_cell_are_counted(tmp_path):
    before = [line_of(f"p{n:02}", "unknown") for n in range(30)]
    now = [line_of(f"p{n:02}", "met") for n in range(30)]
    with (tmp_path / "changed.ndjson").open("w") as file:
        (table,) = Comparison(file).counted(pairs(before, now)).as_json("before")["tables"]
    (cell,) = table["patients"]
    assert (len(cell["patients"]), cell["more"]) == (20, 10)


def test_compare_on_the_command_line(out, tmp_path):
    given = out.parent / "in"
    result = replay(
        given, out=tmp_path, more=("--workers", "1", "--as-of", "2026-02-01T00:00:00Z", "--compare", str(out))
    )
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "comparison.json").read_text())
    assert found["orders"]["both"] == len(NAMES)
    assert f"{found['orders']['changed']} of {len(NAMES)} orders changed" in result.output
    assert len((tmp_path / "comparison.ndjson").read_text().splitlines()) == found["orders"]["changed"] > 0
    assert "What changed" in (tmp_path / "summary.html").read_text()
    same = replay(given, out=out, more=("--workers", "1", "--compare", str(out)))
    assert f"0 of {len(NAMES)} orders changed" in same.output


def test_without_pyarrow_all_but_the_table_is_written_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("cds_service.replay.results.parquet.is_available", lambda: False)
    result = replay(exported(tmp_path / "in", members(2)), out=tmp_path / "out")
    assert result.exit_code == 0
    assert "decisions.parquet is not written" in result.output
    assert not (tmp_path / "out" / "decisions.parquet").exists()
    assert (tmp_path / "out" / "summary.html").exists()


def test_a_summary_grows_with_months_not_with_orders():
    lines = (
        {
            "as_of": "2026-01-01",
            "request": "initial",
            "needed": [],
            "dose": None,
            **line_of(str(n), "met", "met"),
        }
        for n in range(1000)
    )
    counted = Summary().counted(lines).as_json()
    assert (counted["orders"], counted["patients"], len(counted["months"])) == (1000, 1000, 1)


def test_the_example_is_the_same_each_time_and_holds_the_bundled_patients_as_they_are():
    first, again = ([json.dumps(b, default=str) for b in population(150)] for _ in range(2))
    assert first == again
    patients = [b["id"] for b in population(150) if b["resourceType"] == "Patient"]
    assert patients[: len(NAMES)] == NAMES
    assert len(patients) == len(set(patients)) == 150
    ids = [(b["resourceType"], b["id"]) for b in population(150)]
    assert len(ids) == len(set(ids))


def test_an_example_is_written_beside_nothing_of_the_same_name(tmp_path):
    (tmp_path / "Patient.ndjson").write_text("mine")
    result = CliRunner().invoke(main, ["replay", "--example", str(tmp_path), "--members", "5"])
    assert result.exit_code == 2
    assert (tmp_path / "Patient.ndjson").read_text() == "mine"


def test_the_bundled_patients_of_the_example_are_answered_at_a_clock_as_elsewhere(out, tmp_path):
    """The example's own copies are other patients; the bundled ones among them are as in an export of them alone."""
    given = exported(tmp_path / "in", population(20))
    result = replay(given, out=tmp_path / "out")
    assert result.exit_code == 0, result.output
    found = {line["patient"]: line for line in decided(tmp_path / "out")}
    assert {name: found[name] for name in NAMES} == {line["patient"]: line for line in decided(out)}
    assert len(found) == 100


def test_the_commands_of_the_page_for_analysts_run_as_printed(tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "replay.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ \.venv/bin/cds-service (replay .*)$", page, re.MULTILINE)
    assert len(commands) == 3
    monkeypatch.chdir(tmp_path)
    for command in commands:
        result = CliRunner().invoke(
            main, [*command.split(), *([] if "--example" in command else ["--workers", "1"])]
        )
        assert result.exit_code == 0, result.output
    assert (tmp_path / "results" / "summary.html").exists()
    assert (tmp_path / "results-new" / "comparison.json").exists()
