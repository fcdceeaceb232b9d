"""How the disease and its markers are written: what names B-ALL, T-ALL, CD22 and the Philadelphia chromosome."""

import pytest

from cds_service.clinical.leukemia.marker_words import marker_sign, ph_sign
from tests.policy.chart_notes import condition, determine, patient, verdict

POSITIVE = [
    "CD22 positive (85% of blasts)", "CD22+", "CD22 (+)", "CD22: partial", "CD22 (dim partial)", "CD22 heterogeneous",
    "CD22 expressed on 95% of blasts", "weak CD22", "bright CD22 and CD19", "CD19+, CD22 dim, CD34+",
    "Blasts positive for CD19, CD22; negative for CD3", "Positive: CD19, CD22, CD10. Negative: CD3, MPO",
    "CD10+ CD19+ CD22+ CD34-", "CD22 - positive", "CD22 - Positive (85%)", "CD22 - bright", "CD22 \u2013 expressed",
    "CD22 expression on 85 % of blasts, positive", "no loss of CD22 expression",
]  # fmt: skip
NEGATIVE = [
    "CD22-", "CD22 negative", "negative for CD22", "blasts lack CD22", "CD22 is not expressed", "loss of CD22",
    "CD19+, CD10+, CD22-", "CD22 -", "CD22 (-)", "CD22 - negative", "CD22 -; CD19 +",
]  # fmt: skip
SILENT = [
    "positive for CD10, CD79a, TdT, CD19, and CD20", "CD22 not tested", "CD19 positive, CD22 pending", "CD22 expression: 40%",
    "CD22 - 85 %", "CD22 positive, but repeat showed otherwise", "CD22 positive, however the second review disagreed", "normal B cells CD22 positive", "CD22 positive. CD22 negative.", "",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sign"),
    [*((t, True) for t in POSITIVE), *((t, False) for t in NEGATIVE), *((t, None) for t in SILENT)],
)
def test_cd22_in_words(text, sign):
    assert marker_sign(text, "CD22") is sign


@pytest.mark.parametrize(
    "padding",
    [
        "blasts on in of the leukemic cells 85 % " * 400 + "CD22 " + "expression on blasts 50 % " * 300,
        "CD22" + " " * 20_000 + "x ",
        "no " * 20_000 + "CD22 " + "( " * 5_000,
    ],
    ids=["words that may stand between", "blanks", "denials and brackets"],
)
def test_a_long_text_of_the_words_that_surround_a_sign_is_read_to_its_end(padding):
    """Such texts once cost exponential time: this test then does not end."""
    assert marker_sign(f"{padding}. CD22 positive on blasts", "CD22") is True


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("46,XX,t(9;22)(q34;q11.2)[18]/46,XX[2]", True),
        ("Philadelphia chromosome positive", True),
        ("Ph+ ALL", True),
        ("BCR/ABL1 fusion detected", True),
        ("46,XY[20]", False),
        ("no t(9;22)", False),
        ("BCR::ABL1 negative", False),
        ("BCR-ABL1 not detected by FISH", False),
        ("negative for BCR::ABL1 rearrangement", False),
        ("Philadelphia-negative disease", False),
        ("Ph-like ALL", None),
        ("BCR::ABL1-like", None),
        ("ETV6-RUNX1 fusion", None),
        ("t(9;22) FISH pending", None),
        ("BCR::ABL1 - Detected", True),
        ("BCR::ABL1 - not detected", False),
    ],
)
def test_the_philadelphia_chromosome_in_words(text, sign):
    assert ph_sign(text, is_karyotype=text.startswith("46,")) is sign


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("B-cell acute lymphoblastic leukemia", "met"),
        ("Precursor B-cell ALL", "met"),
        ("Acute lymphoblastic leukemia, B-cell type", "met"),
        ("B-ALL, relapsed", "met"),
        ("pre-B ALL", "met"),
        ("BCP-ALL", "met"),
        ("B lymphoblastic leukemia/lymphoma", "met"),
        ("B lymphoblastic leukaemia or lymphoma", "met"),
        ("Precursor B lymphoblastic lymphoma/leukaemia (morphologic abnormality)", "met"),
        ("Leukemia, B-lymphoblastic", "met"),
        ("Leukemia, lymphoblastic, B-cell", "met"),
        ("Leukemia lymphoblastic, B-cell acute, in relapse", "met"),
        ("Leukaemia, B-cell, acute lymphoblastic", "met"),
        ("Lymphoblastic leukemia, acute, B-cell", "met"),
        ("PreB ALL", "met"),
        ("Leukemia, T-lymphoblastic", "not-met"),
        ("Leukemia lymphoblastic, T-cell", "not-met"),
        ("Leukemia, lymphoblastic", "unknown"),
        ("Leukemia, B-cell, acute", "unknown"),
        ("T lymphoblastic leukemia or lymphoma", "not-met"),
        ("B lymphoblastic leukemia or Burkitt lymphoma", "unknown"),
        ("T-cell acute lymphoblastic leukemia", "not-met"),
        ("early T-cell precursor ALL", "not-met"),
        ("T-ALL", "not-met"),
        ("acute lymphoblastic leukemia", "unknown"),
        ("B-cell chronic lymphocytic leukemia", "not-met"),
        ("Chronic lymphocytic leukemia, B-cell", "not-met"),
        ("Acute lymphoblastic leukemia, B-cell, ruled out", "unknown"),
        ("ALL, B-cell type - ruled out", "unknown"),
        ("Leukemia, lymphoblastic, B-cell (ruled out)", "unknown"),
        ("Acute lymphoblastic leukemia, B-cell; T-ALL ruled out", "met"),
        ("possible B-ALL", "unknown"),
        ("no evidence of B-ALL", "unknown"),
        ("allergy to all penicillins", "unknown"),
    ],
)
def test_pol_a_i_dx_reads_a_diagnosis_in_words(words, expected):
    d = determine([patient(), condition(None, text=words, recorded="2026-03-01")])
    assert verdict(d, "POL-A-I-DX") == expected
