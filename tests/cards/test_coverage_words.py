"""What a coverage card says of what is met, of a reason in whole, and of a dose that fits none of several rows."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cards.dose_text import dose_line, dose_summary
from cds_service.engine.determination import Dose, DoseOption
from tests.cards.rendering import of_kind
from tests.cards.test_card_shape import bundled_cards
from tests.cards.test_what_a_prescriber_reads import treated
from tests.fixtures import NAMES


def test_met_criteria_stand_with_the_day_of_their_evidence_where_there_is_room():
    detail = of_kind(bundled_cards("second-cycle-after-cr"), "coverage")["detail"]
    met = next(line for line in detail.splitlines() if line.startswith("Met: "))
    assert "response documented, 2026-04-10 (B.i.B)" in met
    assert "number of cycles (B.i, B.ii, B.iii)" in met
    initial = of_kind(bundled_cards("relapsed-single-agent"), "coverage")["detail"]
    assert "CD22-positive, 2026-03-02 (A.i)" in initial
    assert "age 1 or older (Indications A)" in initial


def test_a_third_cycle_before_transplant_gives_its_whole_reason():
    for name in NAMES:
        for card in bundled_cards(name):
            assert "(shortened)" not in card["detail"], name


@pytest.mark.parametrize(
    ("ordered", "verdict", "where", "end"),
    [
        ("0.5", "under", "below every row of the table", ": below all."),
        ("0.88", "over", "between the rows of the table", ": between them."),
        ("1.9", "over", "above every row of the table", ": above all."),
    ],
)
def test_a_dose_that_fits_none_of_the_open_rows_says_on_which_side_it_stands(ordered, verdict, where, end):
    rows = tuple(
        DoseOption(Decimal(a), Decimal(b), Decimal(c), Decimal(e), when, when)
        for a, b, c, e, when in (
            ("0.375", "0.662", "0.596", "0.728", "cr-or-cri"), ("0.6", "1.059", "0.953", "1.165", "no-cr"),
        )
    )  # fmt: skip
    dose = Dose(verdict, Decimal(ordered), None, options=rows)
    open_rows = replace(treated(), dose=dose)
    assert where in dose_summary(open_rows, "")
    assert dose_line(open_rows).endswith(end)
