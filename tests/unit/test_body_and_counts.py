"""Body surface area, and blood counts as reported or derived."""

from datetime import datetime
from decimal import Decimal

import pytest

from cds_service.clinical.chart import read_chart
from cds_service.clinical.observations.body import (
    body_surface,
    differs_by,
    mosteller,
    possible_surfaces,
)
from cds_service.clinical.observations.counts import (
    anc,
    follows_transfusion,
    platelet_transfusions,
    platelets,
)
from tests.policy.chart_notes import (
    administration,
    drug_order,
    observation,
    procedure,
    quantity,
    record,
)

CLOCK = datetime.fromisoformat("2026-04-15T09:00:00-04:00")
COUNT = "10*9/L"


def chart(*resources):
    return read_chart(record(*resources), CLOCK)


def rounded(value):
    return value.quantize(Decimal("0.0001"))


def du_bois(height_cm, weight_kg):
    """The older formula, found apart from ours."""
    return Decimal("0.007184") * height_cm ** Decimal("0.725") * weight_kg ** Decimal("0.425")


FORMULAS = [(165, 68, "1.7654", "1.7493"), (180, 80, "2.0000", "1.9964"), (95, 14, "0.6078", "0.5989")]


@pytest.mark.parametrize(("cm", "kg", "by_mosteller", "by_du_bois"), FORMULAS)
def test_mosteller_beside_du_bois(cm, kg, by_mosteller, by_du_bois):
    found = mosteller(Decimal(cm), Decimal(kg)), du_bois(Decimal(cm), Decimal(kg))
    assert [str(rounded(value)) for value in found] == [by_mosteller, by_du_bois]
    assert differs_by(*found) < 5


def test_one_bsa_for_each_combination_of_values_of_one_time():
    sizes = [observation("8302-2", "2026-04-14", 180, "cm")]
    sizes += [observation("29463-7", "2026-04-14", kg, "kg") for kg in (80, 45)]
    both = chart(*sizes)
    assert [b.m2 for b in possible_surfaces(both)] == [Decimal("1.5"), Decimal(2)]
    assert body_surface(both).m2 is None


WHY_NOT = [
    ([], "no height or weight found"),
    ([observation("8302-2", "2026-04-14", 180, "cm")], "no weight found"),
    ([observation("8302-2", "2026-04-14", 180, "cm"), observation("29463-7", "2026-04-14", 80, "stone")],
     "weight of 2026-04-14 cannot be used (unit missing or not accepted: '80 stone')"),
    ([observation("8302-2", "2026-04-14", 180, "cm"), observation("29463-7", None, 80, "kg")], "weight has no date"),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "why"), WHY_NOT)
def test_why_there_is_no_bsa(resources, why):
    assert body_surface(chart(*resources)).why_not == why


def values(results):
    return [str(r.value) for r in results]


ANC = [
    ("reported", [observation("751-8", "2026-04-14", 1.2, COUNT)], ["1.2"]),
    ("white cells and per cent", [observation("6690-2", "2026-04-14", 4, COUNT), observation("770-8", "2026-04-14", 25, "%")], ["1"]),
    ("white cells, segmented and bands", [observation("6690-2", "2026-04-14", 4, COUNT), observation("769-0", "2026-04-14", 20, "%"), observation("764-1", "2026-04-14", 5, "%")], ["1"]),
    ("per cent of another day", [observation("6690-2", "2026-04-14", 4, COUNT), observation("770-8", "2026-04-13", 25, "%")], []),
    ("segmented alone: a lower bound", [observation("30451-9", "2026-04-14", 0.9, COUNT)], [">= 0.9"]),
    ("reported beside segmented", [observation("751-8", "2026-04-14", 1.2, COUNT), observation("30451-9", "2026-04-14", 0.9, COUNT)], ["1.2"]),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "expected"), [a[1:] for a in ANC], ids=[a[0] for a in ANC])
def test_anc_reported_derived_or_bounded(resources, expected):
    assert [v.removesuffix(".00").removesuffix(".0") for v in values(anc(chart(*resources)))] == expected


@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")])
def test_of_white_counts_of_one_time_the_more_final_one_gives_the_anc(ids):
    day, share = "2026-04-14", observation("770-8", "2026-04-14", 50, "%")
    early = observation("6690-2", day, 5, COUNT, id=ids[0], status="preliminary")
    corrected = observation("6690-2", day, 0.5, COUNT, id=ids[1], status="corrected")
    assert values(anc(chart(early, corrected, share))) == ["0.25"]
    tied = observation("6690-2", day, 5, COUNT, id=ids[0], status="corrected")
    assert sorted(values(anc(chart(tied, corrected, share)))) == ["0.25", "2.5"]


def test_platelets_in_plasma_are_no_platelet_count():
    assert platelets(chart(observation("13056-7", "2026-04-14", 20, COUNT))) == ()


FOLLOWS = [
    ("2026-04-07", "2026-04-14", True),
    ("2026-04-06", "2026-04-14", False),
    ("2026-04-14", "2026-04-14", True),  # which came first is not known
    ("2026-04-14T06:00:00-04:00", "2026-04-14T08:00:00-04:00", True),
    ("2026-04-14T10:00:00-04:00", "2026-04-14T08:00:00-04:00", False),
    ("2026-04-15", "2026-04-14", False),
]


@pytest.mark.parametrize(("transfused", "counted", "follows"), FOLLOWS)
def test_whether_a_count_follows_a_transfusion(transfused, counted, follows):
    found = chart(
        procedure(None, transfused, text="Transfusion of platelets"),
        observation("777-3", counted, 60, COUNT),
    )
    (count,) = platelets(found)
    assert follows_transfusion(count, platelet_transfusions(found), 7) is follows


WORDS = [
    ("Platelet transfusion", True),
    ("Transfusion of Nonautologous Platelets into Peripheral Vein, Percutaneous Approach", True),
    ("Platelets, 1 unit, transfused", True),
    ("Transfusion of red blood cells", False),
    ("Platelet function test", False),
    ("Platelet crossmatch before transfusion", False),
    ("Screen for platelet antibodies, transfusion", False),
    ("Platelet transfusion of the quux kind", True),
    ("Consent for platelet transfusion", False),
    ("Platelet transfusion declined", False),
    ("No platelet transfusion", False),
    ("Platelet transfusion education", False),
    ("Donor platelet collection for the brother, transfusion", False),
]


@pytest.mark.parametrize(("words", "is_one"), WORDS)
def test_a_platelet_transfusion_in_words(words, is_one):
    assert bool(platelet_transfusions(chart(procedure(None, "2026-04-12", text=words)))) is is_one


PRODUCTS = [
    ("Platelets, apheresis, leukoreduced", True),
    ("PLATELET CONCENTRATE, irradiated", True),
    ("Red blood cells, leukoreduced", False),
    ("Antiplatelet agent", False),
    ("Platelet aggregation inhibitor", False),
    ("Platelets, crossmatch", False),
    ("Platelets xyzzy", True),
]


@pytest.mark.parametrize(("product", "is_one"), PRODUCTS)
def test_platelets_given_as_a_product(product, is_one):
    given = administration("2026-04-12", None, drug={"text": product})
    assert bool(platelet_transfusions(chart(given))) is is_one


def test_a_product_that_was_only_ordered_or_not_given_is_none():
    drug = {"text": "Platelets, apheresis"}
    for resource in (
        administration("2026-04-12", None, drug=drug, status="not-done"),
        drug_order(drug, status="completed", day="2026-04-12"),
        drug_order("Platelet transfusion", day="2026-04-12"),
    ):
        assert platelet_transfusions(chart(resource)) == ()


def test_a_transfusion_that_was_not_done_is_none():
    found = chart(procedure(None, "2026-04-12", text="Platelet transfusion", status="not-done"))
    assert platelet_transfusions(found) == ()


def test_a_bound_is_kept():
    low = observation("777-3", "2026-04-14", None, valueQuantity=quantity(10, COUNT) | {"comparator": "<"})
    assert values(platelets(chart(low))) == ["< 10"]
