"""What a coverage card says of what is met and not met, of how the order was read, of a reason in whole, and of a dose that fits none of several rows."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cards.dose_text import dose_line, dose_summary
from cds_service.engine.determination import Dose, DoseOption
from cds_service.smart.page.head import head
from tests.cards.rendering import cards_of, of_kind
from tests.cards.test_card_shape import bundled_cards
from tests.cards.test_what_a_prescriber_reads import treated
from tests.fixtures import NAMES
from tests.policy.chart_notes import (
    administration,
    body_size,
    care_plan,
    condition,
    determine,
    document,
    drug_order,
    observation,
    order,
    patient,
    procedure,
)
from tests.policy.cycles import DIAGNOSIS, doses
from tests.policy.treated import NEVER_TREATED


def test_met_criteria_stand_with_the_day_of_their_evidence_where_there_is_room():
    detail = of_kind(bundled_cards("second-cycle-after-cr"), "coverage")["detail"]
    met = next(line for line in detail.splitlines() if line.startswith("Met: "))
    assert "response documented, 2026-04-10 (B.i.B)" in met
    assert "cycles within the limit (B.i, B.ii, B.iii)" in met
    initial = of_kind(bundled_cards("relapsed-single-agent"), "coverage")["detail"]
    assert "CD22-positive, 2026-03-02 (A.i)" in initial
    assert "age 1 or older (Indications A)" in initial
    partner = [
        observation("51867-0", "2026-03-28", text="Positive"),
        drug_order("Dasatinib", authored="2026-04-10"),
    ]
    with_tki = of_kind(cards_of([*NEVER_TREATED, *partner], [order()]), "coverage")["detail"]
    assert (
        "with a listed TKI (A.ii.B.2)" in with_tki
    )  # on which day its evidence was found says nothing of it


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


MINI_HYPER_CVD = care_plan("Inotuzumab ozogamicin + mini-hyper-CVD, induction", start="2026-04-10")
FRONTLINE = [
    patient(),
    condition("C91.00", recorded="2026-03-10"), observation("51124-6", "2026-03-10", 85, "%"), *body_size(),
    document("2026-03-10", "Newly diagnosed B-ALL, untreated."), MINI_HYPER_CVD,
]  # fmt: skip


def test_the_failed_criterion_of_the_path_that_comes_nearest_is_named_first():
    """Frontline with mini-hyper-CVD fails by the Philadelphia chromosome, not by being no single agent."""
    card = of_kind(
        cards_of([*FRONTLINE, observation("51867-0", "2026-03-11", text="Positive")], [order()]), "coverage"
    )
    assert "does not appear to meet A.iv: Philadelphia chromosome positive" in card["summary"]
    d = determine([*FRONTLINE, observation("51867-0", "2026-03-11", text="Positive")], order())
    assert head(d, "", ()).coverage.why.startswith("Philadelphia chromosome positive")
    lines = [line for line in card["detail"].splitlines() if line.startswith("- **")]
    assert [line.split(":**")[0] for line in lines] == ["- **Not met, A.iv", "- **Not met, A.ii.A"]


def test_a_section_of_two_criteria_is_never_told_as_both_met_and_not_met():
    """A.i is the diagnosis and CD22: what is met of it is named."""
    dlbcl = [condition("C83.30", recorded="2026-03-01"), observation("51124-6", "2026-03-02", 85, "%")]
    detail = of_kind(cards_of([patient(), *dlbcl, *body_size()], [order()]), "coverage")["detail"]
    assert "- **Not met, A.i:**" in detail
    met = next(line for line in detail.splitlines() if line.startswith("Met: "))
    assert "CD22-positive, 2026-03-02 (A.i)" in met
    assert "A.i," not in met.replace("(A.i)", "")


def test_how_the_order_was_read_stands_on_the_card_however_much_is_open():
    """A label that contradicts the doses given, and what the policy leaves open about an earlier course."""
    contradicting = of_kind(cards_of([*DIAGNOSIS, *doses(2)], [order(text="Cycle 1 Day 1")]), "coverage")[
        "detail"
    ]
    assert "the order says cycle 1 day 1, but cycle 1 day 1 is already past" in contradicting
    earlier = [administration("2025-01-20"), procedure("425843001", "2025-03-01")]
    again = of_kind(cards_of([*DIAGNOSIS, *earlier], [order(text="Cycle 1 Day 1")]), "coverage")["detail"]
    assert "inotuzumab was given before (last 2025-01-20), then stem cell transplant 2025-03-01." in again
    assert "The policy does not state whether earlier cycles count toward six." in again


def test_a_reason_that_two_items_share_stands_once_on_the_checklist():
    lymphoma = [condition("C83.50", recorded="2026-03-01"), *body_size()]
    detail = of_kind(cards_of(lymphoma, [order()]), "documentation")["detail"]
    assert detail.count("leaves the diagnosis of B-cell ALL open") == 1
    assert "**Attach the pathology or flow cytometry report.**" in detail
