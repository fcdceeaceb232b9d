"""Small populations as exports have them, and replay called on them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from cds_service.cli import main
from cds_service.commands.example_population import population
from cds_service.json_text import write_json
from tests.fixtures import NAMES, Fixture

Body = Mapping[str, Any]


def bundled() -> list[Body]:
    """The bundled patients with their draft orders."""
    return [body for name in NAMES for body in (*Fixture(name).resources, *Fixture(name).drafts)]


def members(count: int = 30) -> list[Body]:
    """Some members who never had the drug, and the drugs that their orders point to."""
    made = (
        b for b in population(100 + count) if "member-" in write_json(b) or b["resourceType"] == "Medication"
    )
    return list(made)


def one(name: str = "second-cycle-after-cr") -> list[dict[str, Any]]:
    """One bundled patient with the draft order, which stands last, as bodies that may be changed."""
    fixture = Fixture(name)
    found: list[dict[str, Any]] = json.loads(write_json([*fixture.resources, *fixture.drafts]))
    return found


def lines(bodies: Iterable[Body]) -> list[str]:
    return [write_json(body) for body in bodies]


def exported(folder: Path, bodies: Iterable[Body]) -> Path:
    """Write a file for each type."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for body in bodies:
        by_type[str(body["resourceType"])].append(write_json(body))
    folder.mkdir(parents=True, exist_ok=True)
    for kind, found in by_type.items():
        (folder / f"{kind}.ndjson").write_text("\n".join(found) + "\n", encoding="utf-8")
    return folder


def replay(*inputs: Path | str, out: Path, more: Iterable[str] = ("--workers", "1")) -> Result:
    arguments = ["replay", *map(str, inputs), "--out", str(out), *more]
    return CliRunner().invoke(main, arguments)


def decided(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "decisions.ndjson").read_text(encoding="utf-8").splitlines()]


def decisions_of(tmp_path: Path, bodies: Iterable[Body], *more: str, status: int = 0) -> list[dict[str, Any]]:
    """The decisions of a population."""
    result = replay(exported(tmp_path / "in", bodies), out=tmp_path / "out", more=("--workers", "1", *more))
    assert result.exit_code == status, result.output
    return decided(tmp_path / "out")


def rejected(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "rejects.ndjson").read_text(encoding="utf-8").splitlines()]
