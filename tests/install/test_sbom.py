"""``make sbom`` lists what production installs: the locked packages at their versions, and no other."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.install.conftest import run
from tests.install.test_locks import everywhere, pins

LOCK = "requirements-postgres.lock"


@pytest.mark.install
@pytest.mark.usefixtures("registry")
def test_the_bill_of_materials_is_the_lock(clone: Path) -> None:
    run("make", f"PYTHON={sys.executable}", "sbom", cwd=clone)
    bill = json.loads((clone / "build" / "sbom.cdx.json").read_text(encoding="utf-8"))

    assert bill["bomFormat"] == "CycloneDX"
    about = bill["metadata"]["component"]
    assert (about["name"], about["type"]) == ("payer-policy-cds", "application")
    listed = {re.sub(r"[-_.]+", "-", part["name"]).lower(): part["version"] for part in bill["components"]}
    assert everywhere(LOCK) <= listed.keys()
    assert listed.items() <= pins(LOCK).items()
    assert all(part["purl"].startswith("pkg:pypi/") for part in bill["components"])
    assert {part["name"] for part in bill["components"] if not part.get("licenses")} == set()
