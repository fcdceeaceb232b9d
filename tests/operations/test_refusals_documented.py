"""Every code of an OperationOutcome and every reason of a 401 stands in docs/integrators.md, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from cds_service.trust.failures import Kind
from cds_service.web import errors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "integrators.md").read_text(encoding="utf-8")


def documented(heading: str) -> set[str]:
    """The codes in the first column of the table that begins with this row."""
    table = PAGE.partition(heading)[2].partition("\n\n")[0]
    return {code for row in table.splitlines()[1:] for code in re.findall(r"`([^`]+)`", row.split("|")[1])}


def arguments(path: Path, place: int, *names: str) -> Iterator[ast.expr]:
    """The argument at a place of every call of these functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
            yield node.args[place]


def constants(nodes: Iterator[ast.expr]) -> tuple[set[str], list[str]]:
    """The texts, and what is no text and so has to be known."""
    found, others = set(), []
    for node in nodes:
        if isinstance(node, ast.Constant):
            found.add(str(node.value))
        else:
            others.append(ast.unparse(node))
    return found, others


def test_the_codes_of_outcomes() -> None:
    # Of werkzeug's errors: a table by status, and these two for what is not in it.
    found = {"processing", "exception", *errors._HTTP_CODES.values()}
    rooms = ("hooks", "web", "crd", "evaluation", "fhir_api")
    for path in (p for room in rooms for p in sorted((ROOT / "cds_service" / room).rglob("*.py"))):
        for place, names in ((1, ("Refused",)), (0, ("_fault", "outcome"))):
            codes, others = constants(arguments(path, place, *names))
            found |= codes
            assert set(others) <= {"code", "error.code"}

    assert documented("| `issue.code` | status | meaning |\n") == found


def test_the_reasons_of_a_401() -> None:
    found, others = constants(arguments(ROOT / "cds_service" / "web" / "gate.py", 0, "self._refused"))
    unavailable: set[str] = set(get_args(Kind))
    for name in ("callers.py", "compact.py", "jwks.py"):
        path = ROOT / "cds_service" / "trust" / name
        reasons, more = constants(arguments(path, 0, "Refusal", "MalformedToken"))
        kinds, held = constants(arguments(path, 0, "KeysUnavailable"))
        found, unavailable, others = found | reasons, unavailable | kinds, [*others, *more, *held]
    unavailable.add("stale")  # where nothing else was held against the address

    assert {re.sub("[\"']", "", other) for other in others} == {
        "str(refusal)", "str(fault)", "fkeys {fault}", "error.kind", "held.fault or stale",
    }  # fmt: skip
    assert documented("| reason | what was wrong |\n") == found | {f"keys {kind}" for kind in unavailable}
