"""Every code that a page of the detail view can end with stands in docs/detail-view.md, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from cds_service.smart import refusals
from cds_service.smart.login import grant, launch
from cds_service.trust.failures import Kind

ROOT = Path(__file__).parents[2]
SMART = sorted((ROOT / "cds_service" / "smart").rglob("*.py"))
ID_TOKEN = ROOT / "cds_service" / "trust" / "id_token.py"

# Codes that are made of something else: the expression, without its quotes, and all that it can give.
MADE = {
    "refusals.code_of(error)": {
        refusals.code_of(e) for e in launch.REFUSALS | launch.UNASKED | launch.FAILURES | grant.REFUSALS
    },
    "f{member.replace(_, -)}-elsewhere": {
        f"{member}-elsewhere"
        for member in ("authorization-endpoint", "token-endpoint", "jwks-uri", "revocation-endpoint")
    },
    "fehr-{failure.kind}": {f"ehr-{kind}" for kind in get_args(Kind) if kind != "timeout"},
    "fid-token-{str(failure).replace( , -)}": set(),  # of IdTokenError, see below
}


def calls(path: Path, *names: str) -> Iterator[ast.Call]:
    """The calls of these functions, or of any of the module ``refusals``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in names or re.fullmatch(r"refusals\.(?!code_of)\w+", called):
                yield node


def given(call: ast.Call) -> list[ast.expr]:
    """The arguments that are codes."""
    lost_cookie = ast.unparse(call.func) == "refusals.lost_cookie"  # whose argument is an address
    return [] if lost_cookie else [*call.args, *(keyword.value for keyword in call.keywords)]


def constants(nodes: list[ast.expr]) -> set[str]:
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def codes() -> set[str]:
    """All codes that the program can give."""
    found: set[str] = set()
    for path in SMART:
        for call in calls(path):
            found |= constants(given(call))
    for call in calls(ROOT / "cds_service" / "smart" / "refusals.py", "Refused"):
        found |= constants(call.args[3:4])
    for function in ast.walk(ast.parse((ROOT / "cds_service" / "smart" / "refusals.py").read_text())):
        if isinstance(function, ast.FunctionDef):
            found |= constants(list(function.args.defaults))
    checks = [call.args[0] for call in calls(ID_TOKEN, "IdTokenError")]
    checks += [branch for e in checks if isinstance(e, ast.IfExp) for branch in (e.body, e.orelse)]
    found |= {f"id-token-{check.replace(' ', '-')}" for check in constants(checks)}
    return found.union(*MADE.values())


def documented() -> set[str]:
    page = (ROOT / "docs" / "detail-view.md").read_text(encoding="utf-8")
    table = page.partition("| code on the page |")[2].partition("\n\n")[0]
    return {code for row in table.splitlines() for code in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])}


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    assert documented() == codes()
    assert len(codes()) > 50


def test_no_code_is_made_in_a_way_that_this_test_does_not_know() -> None:
    made = {
        re.sub("[\"']", "", ast.unparse(argument))
        for path in SMART
        for call in calls(path)
        for argument in given(call)
        if not isinstance(argument, ast.Constant)
    }
    assert made == MADE.keys()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        ("access_denied", 403, "access-denied"),
        ("invalid_client", 403, "invalid-client"),
        ("unauthorized_client", 403, "unauthorized-client"),
        ("consent_required", 403, "consent-required"),
        ("invalid_request", 403, "invalid-request"),
        ("login_required", 403, "login-required"),
        ("interaction_required", 403, "interaction-required"),
        ("account_selection_required", 403, "account-selection-required"),
        ("server_error", 502, "server-error"),
        ("unsupported_response_type", 502, "unsupported-response-type"),
        ("<script>", 403, "sign-in-refused"),
        ("LOGIN_REQUIRED", 403, "sign-in-refused"),
    ],
)
def test_an_authorization_error_has_a_code_of_its_own(error: str, status: int, code: str) -> None:
    refused = launch.refused_by_ehr(error)

    assert (refused.status, refused.reason) == (status, code)
