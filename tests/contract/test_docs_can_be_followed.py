"""What the documents tell to type or to call is there: commands in their place, addresses with a route, whole examples."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.exceptions import NotFound

from cds_service.cli import main
from cds_service.packet.assembly import REQUEST

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLE = ROOT / "docs" / "examples" / "order-sign.json"
CLOCK = "2026-04-15T09:00:00-04:00"
_BLOCK = re.compile(r"^ *```console\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_OWN = re.compile(r"^ *\$ (cds-service|gunicorn)\b", re.MULTILINE)


def test_a_command_of_the_project_is_typed_with_its_path_or_after_the_environment_is_entered() -> None:
    lost = []
    for page in PAGES:
        typed = "\n".join(_BLOCK.findall(page.read_text(encoding="utf-8")))
        before, _, _ = typed.partition(". .venv/bin/activate")
        lost += [f"{page.name}: {command}" for command in _OWN.findall(before)]
    assert lost == []


def test_every_address_of_the_service_has_a_route(app: Flask) -> None:
    routes = app.url_map.bind("localhost")
    lost = []
    for page in PAGES:
        for address in re.findall(r"\{CDS_PUBLIC_URL\}(/[^\s`|)]*)", page.read_text(encoding="utf-8")):
            if address == "/fhir":  # a base, of which the page lists the routes
                continue
            try:
                routes.match(address)
            except NotFound:
                lost.append(f"{page.name}: {address}")
    assert lost == []


@pytest.mark.parametrize("service", ["inotuzumab-order-sign", "order-sign-crd"])
def test_the_example_is_answered_by_each_service(service: str) -> None:
    result = CliRunner().invoke(main, ["evaluate", str(EXAMPLE), "--service", service, "--as-of", CLOCK])

    assert result.exit_code == 0, result.output
    answer = json.loads(result.output)
    assert answer["cards"]
    assert ("systemActions" in answer) == (service == "order-sign-crd")


def test_the_packet_of_the_example_has_a_request_draft(tmp_path: Path) -> None:
    arguments = ["packet", str(EXAMPLE), "--out", str(tmp_path), "--as-of", CLOCK]

    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert (tmp_path / "draft-1" / REQUEST).exists()
    assert str(EXAMPLE.relative_to(ROOT)) in (ROOT / "README.md").read_text(encoding="utf-8")
