"""POL-A-DOC: a pathology or flow report and a clinical note exist; asked for as information, never not met."""

import pytest

from tests.policy.chart_notes import document, needed, observation, report
from tests.policy.treated import first_cycle

NOTE = document("2026-03-03", "Relapsed B-ALL")
DOCUMENTS = {
    "report and note": ([report("2026-03-02"), NOTE], False),
    "flow cytometry as a document": ([document("2026-03-02", loinc="33719-6"), NOTE], False),
    "immunophenotype as a result": ([observation("101119-6", "2026-03-02", text="B-lymphoblasts, CD22 positive"), NOTE], False),
    "a marrow report named in words": ([report("2026-03-02", code={"text": "Bone marrow biopsy"}), NOTE], False),
    "no report": ([NOTE], True),
    "no note": ([report("2026-03-02")], True),
    "neither": ([], True),
    "a report of tomorrow": ([report("2026-04-16"), NOTE], True),
}  # fmt: skip


@pytest.mark.parametrize(("documents", "asked"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_pol_a_doc_missing_documents_are_asked_for_and_change_no_verdict(documents, asked):
    d = first_cycle(*documents)
    assert ("pathology" in needed(d)) is asked
    assert d.coverage.value == "met"
    assert not any(n.decides for n in d.needed)


def test_pol_a_doc_names_what_is_missing():
    (item,) = first_cycle(NOTE).needed
    assert "pathology or flow cytometry report" in item.because
    assert "clinical note" not in item.because
