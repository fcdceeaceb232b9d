"""A disease's name with its course ("B-ALL, relapsed") is no relapse of this course; a statement of it is one."""

from datetime import date

import pytest

from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.reader import read

NOTED = date(2026, 4, 13)


def present(text):
    return {a.value for a in read(text, "response", NOTED).assertions if a.time is Time.PRESENT}


@pytest.mark.parametrize("text", [
    "# B-ALL, relapsed", "B-ALL, relapsed", "1. B-ALL, relapsed\n- s/p C1 inotuzumab", "#1 B-ALL - relapsed, refractory", "B-ALL (relapsed)",
    "B-ALL: relapsed", "B-ALL, in relapse", "ALL, relapsed", "Impression: B-ALL relapsed", "57 yo F with B-ALL, relapsed, here for C2.",
    "Acute lymphoblastic leukemia, in relapse", "Active problems:\n- B-ALL, in relapse\n- Hypertension", "B-ALL, relapsed s/p hyper-CVAD",
])  # fmt: skip
def test_a_name_states_no_relapse(text):
    assert present(text) == set()


@pytest.mark.parametrize("text", [
    "Marrow 4/10: B-ALL, relapsed", "B-ALL has relapsed", "Her leukemia relapsed", "B-ALL, relapsed after C1", "B-ALL now relapsed",
    "B-ALL, relapsed 4/12/2026", "Disease status: relapsed", "Relapsed.",
])  # fmt: skip
def test_a_statement_of_relapse_is_one(text):
    assert present(text) == {"relapse"}
