"""Nothing of the policy is dropped: every id has code or a reason, every leaf has tests."""

import csv
import io
import re
from pathlib import Path

import pytest

from cds_service.commands.traceability import as_csv
from cds_service.policies.inotuzumab.determine import LEAVES

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"

# Every id that the policy's sentences and this project's recommendations have.
IDS = re.findall(
    r"\S+",
    """
POL-REC-VALUE POL-REC-DECEASED POL-REC-TIME POL-REC-TEXT POL-REC-ORDER POL-COURSE-DOSE POL-COURSE POL-COURSE-COUNT
POL-META-1 POL-META-2 POL-SVC-1 POL-DESC-1 POL-BG-CD22 POL-BG-ECOG POL-BG-NCCN-RR POL-BG-NCCN-FL POL-BG-PED
POL-BBW-VOD POL-BBW-RISK POL-BBW-STOP POL-BBW-NRM POL-DEF-LINE POL-DEF-CR POL-DEF-CRI POL-DEF-CR-OR-CRI POL-DEF-MRD
POL-IND-A-AGE POL-IND-A-DX POL-IND-B POL-CODE-J9229 POL-CODE-C91 POL-CODE-C835 POL-CODE-D46A POL-CODE-DISC
POL-A-DOC POL-A-I-DX POL-A-I-CD22 POL-A-II-A POL-A-II-B-1 POL-A-II-B-2 POL-A-II-B-3 POL-A-III POL-A-IV-FL POL-A-IV-PH POL-A-V
POL-B-I-TOX POL-B-I-PROG POL-B-I-A POL-B-I-MAX POL-B-I-B POL-B-I-C-1 POL-B-I-C-2 POL-B-I-C-3 POL-B-I-C-3a POL-B-I-C-3b
POL-B-I-C-3c POL-B-I-C-3d/e POL-B-II POL-B-II-A POL-B-II-A-1/2 POL-B-III POL-B-III-A POL-REC-QT POL-C-I POL-C-II POL-D-I
POL-LIM-A POL-QL-0 POL-QL-I POL-QL-I-A POL-QL-I-B POL-QL-II POL-QL-III POL-DOSE-C1 POL-DOSE-CR POL-DOSE-NOCR POL-DOSE-BSA
POL-REC-BSA POL-DOSE-VIAL POL-EXC-1 POL-HEM-1 POL-HEM-1-28 POL-HEM-2 POL-HEM-2-28 POL-HEM-3 POL-HEM-FN
POL-INT-LT7 POL-INT-GE7 POL-INT-GE14 POL-INT-STEP2 POL-INT-STEP3 POL-INT-GT28
POL-TOX-BLEED POL-TOX-HEP POL-TOX-INF POL-TOX-IRR POL-TOX-IRR-SEV POL-TOX-GR2 POL-LAB-CYTO POL-LAB-EMBRYO
""",
)
GENERATED = as_csv("inotuzumab", TESTS)
ROWS = list(csv.DictReader(io.StringIO(GENERATED)))
TABLE = {row["id"]: row for row in ROWS}


def test_the_file_in_docs_is_the_generated_one():
    written = (ROOT / "docs" / "traceability.csv").read_text(encoding="utf-8")
    assert written == GENERATED, "run: make traceability"


@pytest.mark.parametrize("policy_id", IDS)
def test_every_sentence_has_code_or_a_reason(policy_id):
    row = TABLE[policy_id]
    assert row["path"] or row["why not computed"]


@pytest.mark.parametrize("leaf", sorted(LEAVES))
def test_every_leaf_has_tests_that_name_it(leaf):
    assert any(path.startswith("policy/") for path in TABLE[leaf]["tests"].split())


@pytest.mark.parametrize(
    "policy_id", sorted(i for i, row in TABLE.items() if row["path"] and i not in LEAVES)
)
def test_every_rule_has_tests_that_name_it(policy_id):
    assert set(TABLE[policy_id]["tests"].split()) - {"policy/test_traceability.py"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['id']}-{row['path']}-{row['line']}")
def test_every_place_is_where_it_is_said_to_be(row):
    if row["path"]:
        lines = (ROOT / row["path"]).read_text(encoding="utf-8").splitlines()
        near = "".join(lines[int(row["line"]) - 1 : int(row["line"]) + 3])
        assert row["function"] in near
