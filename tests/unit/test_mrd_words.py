"""MRD results in words: the limit is 0.01 % of cells."""

from decimal import Decimal

import pytest

from cds_service.clinical.leukemia.marker_words import Source, stated_in
from cds_service.clinical.leukemia.mrd import mrd_negative


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
