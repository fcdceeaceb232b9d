"""MRD results in words: the limit is 0.01 % of cells."""

from decimal import Decimal

import pytest

from cds_service.clinical.chart import read_chart
from cds_service.clinical.leukemia.marker_words import Source, stated_in
from cds_service.clinical.leukemia.mrd import mrd_negative, mrd_results
from tests.policy.chart_notes import CLOCK, record, report


def mrd_sign(text, limit):
    """What the answer under an MRD question says: negative, positive or neither."""
    found = stated_in(Source(text, "", None, question=True), "mrd")
    return next((mrd_negative(s, limit) for s in found if s.when is None), None)


@pytest.mark.parametrize(
    ("text", "negative"),
    [
        ("negative", True), ("MRD-", True), ("MRD -", True), ("MRD (-)", True), ("undetectable", True), ("not detected", True), ("no MRD detected", True),
        ("No measurable residual disease", True), ("0.009%", True), ("<0.01 %", True), ("1x10^-5", True), ("5e-5", True),
        ("MRD < 10^-4", True), ("below 0.01 %", True), ("MRD negativity reached", True),
        ("uMRD", True), ("CR, uMRD by NGS", True), ("not uMRD", False), ("uMRD pending", None), ("uMRD not achieved", False),
        ("complete MRD response", True), ("complete MRD response not achieved", False),
        ("No residual leukemia (MRD 0.5%)", None), ("MRD negative, but repeat differs", None),
        ("positive", False),
        ("MRD - positive", False), ("MRD - 0.1 %", False),
        ("CR with MRD positivity", False),
        ("MRD negativity not reached", False),
        ("did not reach MRD negativity", False),
        ("not negative", False), ("MRD+", False), ("0.01 %", False), ("0.5%", False), ("1x10^-3", False), (">0.01%", False),
        ("detected at 0.02 %", False), ("positive, 0.005 %", False),
        ("< 0.1 %", None), ("> 0.001 %", None), ("pending", None), ("not performed", None), ("see report", None), ("", None),
    ],
)  # fmt: skip
def test_mrd_in_words(text, negative):
    assert mrd_sign(text, Decimal("0.01")) is negative


def told(text):
    return [s.sign for s in stated_in(Source(text, "", None), "mrd")]


@pytest.mark.parametrize("test", ["Flow", "Flow cytometry", "MFC", "Marrow flow cytometry", "NGS"])
@pytest.mark.parametrize(
    "cells",
    ["residual leukemia", "residual B-ALL", "abnormal lymphoblasts", "abnormal B lymphoblast population"],
)
def test_what_a_sensitive_test_does_not_find_is_negative_mrd(cells, test):
    assert told(f"{test}: no {cells} detected.") == [False]
    assert told(f"No {cells} identified by {test.lower()}.") == [False]
    assert told(f"{test} shows no {cells} (limit of detection 0.01%).") == [False]


@pytest.mark.parametrize("text", [
    "No residual leukemia.", "Morphology: no residual leukemia.", "Flow pending. No residual leukemia.", "Flow to follow; no residual leukemia.",
    "No residual leukemia, flow pending.", "Flow inadequate: no residual leukemia.", "If flow shows no residual leukemia, transplant.",
    "Flow: no residual leukemia. NGS positive.", "NGS: 12 clones; flow: no residual leukemia.", "NGS detected; flow: no residual leukemia.",
    "Flow: no residual leukemia. NGS: 0.05%.", "MRD negative, inotuzumab is chosen to get there.", "MRD negative, we plan to achieve.",
    "MRD negative, going by last report.", "78% complete MRD response.", "Complete MRD response of 78%.", "Complete MRD response in 78%.",
    "Flow: no residual leukemia, then positive", "Flow: no residual leukemia (later positive)", "MRD negative, PCR positive.", "MRD negative (CSF)", "MRD positive (lymph node)", "MRD negative. Not so.", "MRD negative; not anymore",
    "MRD negative\nAddendum: above is incorrect",
    "CSF flow: no residual leukemia.", "Lymph node flow: no residual leukemia.", "MRD negative in CSF.", "CSF: MRD negative.", "Skin biopsy: MRD positive.",
    "Lymph node aspirate: MRD negative.", "MRD negative on lymph node aspirate.", "Peritoneal fluid: MRD negative.", "Peritoneal fluid, flow: no residual leukemia.",
])  # fmt: skip
def test_without_one_or_of_another_sample_it_says_nothing(text):
    assert told(text) == []


@pytest.mark.parametrize("text", ["CSF clear, MRD negative.", "MRD negative in marrow, CSF clear.", "Bone marrow and CSF: MRD negative.", "CSF clear. MRD negative."])  # fmt: skip
def test_another_sample_beside_it_hides_nothing(text):
    assert told(text) == [False]


TITLE = {"text": "MRD FLOW CYTOMETRY, B-ALL"}
# The conclusion of a report that is titled as the test -> negative, positive, or nothing read.
CONCLUSIONS = {
    "Residual B lymphoblastic leukemia detected, 0.4% of mononuclear cells.": [False],
    "Positive for residual B-ALL (0.4% of WBC).": [False],
    "DETECTED, 0.4%": [False],
    "No residual B lymphoblastic leukemia detected.": [True],
    "NOT DETECTED, <0.01%": [True],
    "Negative for residual B-ALL (<0.01%).": [True],
    "See comment.": [],
    "Blasts positive for CD19 and CD10.": [],
    "Negative for CD20.": [],
}


@pytest.mark.parametrize("text", CONCLUSIONS)
def test_the_short_conclusion_of_a_report_answers_its_title(text):
    body = report("2026-04-10", text, code=TITLE)
    found = mrd_results(read_chart(record(body), CLOCK), Decimal("0.01"))
    assert [m.negative for m in found] == CONCLUSIONS[text]


@pytest.mark.parametrize("title", ["Flow cytometry", "BCR::ABL1 MRD, p190"])
def test_another_title_asks_for_no_residual_disease(title):
    body = report("2026-04-10", "NOT DETECTED, <0.01%", code={"text": title})
    assert mrd_results(read_chart(record(body), CLOCK), Decimal("0.01")) == ()
