"""The integrators' page says what the code does."""

import re
from pathlib import Path

from cds_service.ehr.needs import NEEDS

PAGE = (Path(__file__).parents[2] / "docs" / "integrators.md").read_text(encoding="utf-8")


def test_the_table_of_prefetch_keys_is_the_table_of_needs():
    rows = re.findall(r"^\| `(\w+)` \| ([A-Z]\w+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted((row.need.value, row.resource_type, row.why) for row in NEEDS)
