"""Policy files: numbers told once and by date, items in order, and what is refused at load."""

from datetime import date
from decimal import Decimal

import pytest

from cds_service.engine.determination import Basis
from cds_service.engine.numbers import in_force_on
from cds_service.engine.policy_file import PolicyError, read_policy

HEAD = """
[policy]
id = "P-1"
effective = "2026-01-01"
title = "t"
payer = "p"
[drug]
name = "drug"
short = "Drug"
billing_code = "J0000"
billing_display = "Drug"
billing_unit = "{unit!}"
[service]
title = "t"
description = "d"
[[group]]
id = "all"
operator = "all"
title = "all"
parts = ["A"]
[[criterion]]
id = "A"
section = "1"
page = 1
title = "{most:word} doses of {dose!}, then {dose:cut} less, never a {most:nth} above {blasts:per_mm3}/mm3"
basis = "policy"
kind = "CC"
[criterion.numbers]
most = { value = "3", unit = "1" }
dose = { values = { "2026-01-01" = "0.8", "2027-01-01" = "0.75" }, unit = "mg/m2" }
unit = { value = "0.10", unit = "mg" }
window = { value = "1", unit = "d", basis = "recommendation", note = "a reading" }
blasts = { value = "10", unit = "10*9/L" }
[[item]]
id = "cbc"
name = "count of the last {window!}"
act = "Get a count"
sources = ["observations"]
tests = [{ name = "CBC" }]
"""


def test_a_number_stands_under_its_rule_with_unit_and_basis():
    window = read_policy(HEAD).numbers["window"]
    assert (window.value, window.rule, window.section, window.basis, window.note) == (
        Decimal(1),
        "A",
        "1",
        Basis.RECOMMENDATION,
        "a reading",
    )


@pytest.mark.parametrize(
    ("name", "said"), [("window", "1 day"), ("most", "3"), ("unit", "0.1 mg"), ("blasts", "10 x 10*9/L")]
)
def test_a_number_is_said_with_its_unit_and_without_a_needless_zero(name, said):
    assert read_policy(HEAD).numbers.said(name) == said


def test_titles_and_items_say_the_numbers():
    reference = read_policy(HEAD).reference
    assert (
        reference.rules["A"].title
        == "Three doses of 0.75 mg/m2, then 25 % less, never a third above 10,000/mm3"
    )
    assert reference.items["cbc"].name == "count of the last 1 day"
    assert reference.drug.billing_unit == "0.1 mg"


@pytest.mark.parametrize(
    ("day", "value"),
    [("2025-06-01", "0.8"), ("2026-12-31", "0.8"), ("2027-01-01", "0.75"), ("2030-01-01", "0.75")],
)
def test_the_value_in_force_on_the_day_is_used_and_said(day, value):
    policy = read_policy(HEAD)
    with in_force_on(date.fromisoformat(day)):
        assert policy.numbers.number("dose") == Decimal(value)
        assert f"doses of {value} mg/m2" in policy.reference.rules["A"].title


def test_one_number_for_all_days_needs_no_date():
    policy = read_policy(HEAD)
    with in_force_on(date(1990, 1, 1)):
        assert policy.numbers.days("most") == 3


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('{ value = "3", unit = "1" }', '{ value = "three", unit = "1" }', "number most of A"),
        ('{ value = "3", unit = "1" }', '{ value = "3" }', "number most of A"),
        ('{ value = "3", unit = "1" }', '{ unit = "1" }', "number most of A"),
        ('"2027-01-01" = "0.75"', '"next year" = "0.75"', "number dose of A"),
        ("{most:word}", "{mots:word}", "mots"),
        ("{most:word}", "{most:shout}", "shout"),
        ('parts = ["A"]', 'parts = ["B"]', "names B"),
        ('operator = "all"', 'operator = "some"', "operator"),
        ('id = "cbc"', 'id = "cbc"\ncolour = "red"', "colour"),
        ('act = "Get a count"\n', "", "act"),
        ('billing_code = "J0000"\n', "", "billing_code"),
        ('description = "d"\n', "", "description"),
        ("[policy]", "[policy", "no TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_what_is_wrong(old, new, named):
    assert old in HEAD
    with pytest.raises(PolicyError, match=named):
        read_policy(HEAD.replace(old, new))


def test_an_id_that_stands_twice_is_refused():
    with pytest.raises(PolicyError, match="cbc stands twice"):
        read_policy(HEAD + HEAD[HEAD.index("[[item]]") :])
