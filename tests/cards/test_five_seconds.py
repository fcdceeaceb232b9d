"""What a busy reader takes from a card in one look: the one thing that matters, true, once, in words."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cds_service.engine.carrying import nearest_path
from cds_service.engine.determination import Dose
from cds_service.fhir.record import DataKind, Gap
from tests.cards.rendering import cards_of, of_kind
from tests.cards.test_what_a_prescriber_reads import made, treated, with_dose
from tests.policy.chart_notes import condition, determine_all, observation, order, patient, procedure
from tests.policy.cycles import DIAGNOSIS, cycle_order, doses
from tests.policy.treated import C1D1, C2D1, COUNTS, ECGS, IN_CR, NEVER_TREATED, NOTE, TREATED

CD22 = NEVER_TREATED[3]


def coverage(resources, *orders, gaps=()):
    return of_kind(cards_of(resources, orders, gaps=gaps), "coverage")


def without(held, *left_out):
    return [r for r in held if r not in left_out]


# ---- Numbers agree with the decision ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("mg", "said"),
    [
        (1.27, "10.1 % below"),
        (1.269, "10.1 % below"),
        (1.26, "11 % below"),
        (1.554, None),
        (1.555, "10.1 % above"),
        (1.58, "12 % above"),
    ],
)
def test_a_dose_outside_of_what_is_accepted_is_never_told_as_the_limit(mg, said):
    card = of_kind(cards_of(NEVER_TREATED, [order(text="Cycle 1 Day 1", mg=mg)]), "dose")
    assert (card and card["summary"].split("Dose ")[1].split(" the table")[0]) == said


def test_by_another_weight_too_the_distance_is_never_told_as_the_limit():
    heavier = observation("29463-7", "2026-04-10", 89.4, "kg", id="other")
    card = of_kind(cards_of([*NEVER_TREATED, heavier], [order(text="Cycle 1 Day 1", mg=1.456)]), "safety")
    assert "by the other weight the ordered dose would be 10.1 % below the table" in card["detail"]


def test_where_no_range_is_known_the_distance_is_told_in_whole_percent():
    dose = Dose("under", Decimal("1.27"), Decimal("1.412"))
    card = of_kind(made(replace(with_dose("under", "1.27", "1.412"), dose=dose), C1D1), "dose")
    assert card["summary"].startswith("Dose 10 % below the table")


# ---- The summary of an open coverage ----------------------------------------------------------------


def test_an_item_that_decides_no_coverage_is_not_named_as_what_keeps_it_open():
    card = coverage([patient(), *NEVER_TREATED[1:3]], C1D1)
    assert card["summary"].endswith("leaves open: CD22 on blasts")


def test_results_that_disagree_are_not_called_lacking():
    low = observation("51124-6", "2026-03-02", 2, "%", id="again")
    card = coverage([*NEVER_TREATED, low], C1D1)
    assert card["summary"].endswith("from the record, which leaves open: CD22 on blasts")


@pytest.mark.parametrize("gaps", [(), (Gap(DataKind.OBSERVATIONS, "the server answered 503"),)])
def test_what_is_open_is_named_as_far_as_it_fits_and_the_rest_counted(gaps):
    said = coverage([], C1D1, gaps=gaps)["summary"]
    assert "birth date, diagnosis of B-cell ALL" in said
    assert "criteria" not in said
    assert len(said) > 100


def test_a_checklist_of_many_items_names_the_first():
    bare = without(TREATED, *COUNTS, *ECGS, NOTE, IN_CR)
    card = of_kind(cards_of(bare, [C2D1]), "documentation")
    assert card["summary"] == (
        "Add to the record: note on progression, response (CR or CRi), CBC with differential, baseline ECG, follow-up ECG"
    )
    more = of_kind(cards_of([*DIAGNOSIS, *doses(3)], [cycle_order(3)]), "documentation")
    assert more["summary"].startswith("Add to the record: note on progression, ")
    assert more["summary"].endswith(" more")


# ---- Once, and in words --------------------------------------------------------------------------


def test_the_verdict_stands_in_the_summary_and_is_not_said_again_in_front():
    for card in (coverage(NEVER_TREATED, C1D1), coverage(without(NEVER_TREATED, CD22), C1D1)):
        first = card["detail"].splitlines()[0]
        assert first == "Initial request, cycle 1 day 1, planned 2026-04-16."


def test_an_age_that_is_not_met_stands_once():
    infant = [patient("2025-10-01"), *NEVER_TREATED[1:]]
    assert coverage(infant, C1D1)["detail"].count("2025-10-01") == 1


def test_what_to_attach_stands_on_the_checklist_where_there_is_one():
    both = cards_of(without(TREATED, IN_CR), [C2D1])
    assert "Attach" in of_kind(both, "documentation")["detail"]
    assert "Attach" not in of_kind(both, "coverage")["detail"]
    assert "Attach: " in coverage(TREATED, C2D1)["detail"]


def test_what_is_met_is_named_in_words_before_it_is_named_by_its_sections():
    short_of_room = without(TREATED, IN_CR, ECGS[0])
    detail = coverage(short_of_room, C2D1)["detail"]
    assert "Met: no unacceptable toxicity; no progression; cycles within the limit; " in detail


def test_a_section_of_which_a_part_is_open_is_never_called_met_by_its_number_alone():
    detail = coverage([*DIAGNOSIS, *doses(3)], cycle_order(3))["detail"]
    met = next(line for line in detail.splitlines() if line.startswith("Met: "))
    assert "B.i," not in met.replace("(B.i)", "")


def test_where_every_path_fails_by_one_criterion_no_other_path_is_spoken_of():
    myelodysplasia = condition("D46.A", recorded="2026-03-01")
    detail = coverage([patient(), myelodysplasia, *NEVER_TREATED[3:]], C1D1)["detail"]
    assert "mini-hyper-CVD" not in detail
    assert "more, see every criterion" not in detail


def test_the_nearest_path_holds_the_failures_that_are_named():
    (d,) = determine_all([patient(), condition("D46.A", recorded="2026-03-01"), *NEVER_TREATED[3:]], [C1D1])
    named = {c.id for c in nearest_path(d.outline)}
    assert {"POL-A-I-DX", "POL-A-I-CD22", "POL-IND-A-AGE"} <= named
    assert named.isdisjoint({"POL-A-IV-FL", "POL-A-IV-PH", "POL-A-V"})


def test_a_recommendation_says_so_once_and_in_few_words():
    long = observation("76634-5", "2026-04-14", 510, "ms")
    card = of_kind(cards_of([*TREATED, long], [C2D1]), "safety")
    assert card["summary"] == "Do not infuse yet: QTcF 510 ms (2026-04-14): above 500 ms"
    assert card["detail"] == "- This is a recommendation, not policy."


def test_kinds_of_data_are_named_in_words():
    gaps = [Gap(kind, "the server answered 503") for kind in DataKind]
    found = cards_of(TREATED, [C2D1], gaps=gaps)
    coded = [kind.value for kind in DataKind if not kind.value.islower()]
    for card in found:
        assert not [kind for kind in coded if kind in card["summary"] + card["detail"]]


def test_what_may_be_there_unseen_needs_no_new_test():
    gaps = [Gap(DataKind.OBSERVATIONS, "the server answered 503")]
    assert "Needed" not in coverage(NEVER_TREATED, C1D1, gaps=gaps)["detail"]


# ---- Counts --------------------------------------------------------------------------------------


def test_counts_that_are_both_missing_are_missed_in_one_clause():
    card = of_kind(cards_of(without(TREATED, *COUNTS[2:]), [C2D1]), "safety")
    assert (
        card["summary"]
        == "Check the counts before day 1: no ANC or platelets within 7 days before the planned date"
    )
    assert card["detail"].startswith("- Newest: ANC 2 ")
    none = of_kind(cards_of(without(TREATED, *COUNTS), [C2D1]), "safety")
    assert "not found" not in none["detail"]
    assert (none["summary"] + none["detail"]).lower().count("no anc or platelets") == 1


def test_a_count_after_a_transfusion_stands_once():
    given = procedure("12719002", "2026-04-12", text="Platelet transfusion")
    card = of_kind(cards_of([*TREATED, given], [C2D1]), "safety")
    assert (card["summary"] + card["detail"]).count("within 7 days after a platelet transfusion") == 1
    assert "ithout it they may be below 50" in card["summary"] + card["detail"]


def test_the_same_sentence_does_not_name_what_it_asks_for():
    card = of_kind(cards_of(without(TREATED, *COUNTS[2:]), [C2D1]), "documentation")
    assert card["detail"].count("CBC with differential") <= 2
    assert treated().needed == ()


def test_what_is_met_is_named_in_a_few_words_however_much_room_there_is():
    bare = [r for r in NEVER_TREATED if r["resourceType"] != "Observation" or r is CD22]
    detail = coverage(bare, C1D1)["detail"]
    met = next(line for line in detail.splitlines() if line.startswith("Met: "))
    assert met == (
        "Met: age 1 or older (Indications A); B-cell ALL, 2024-01-10 (A.i); CD22-positive, 2026-03-02 (A.i); "
        "relapsed or refractory, 2026-03-01 (A.ii.A); used alone (A.ii.B.1)."
    )
