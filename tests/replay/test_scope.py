"""What an order says of its drug is cut out of its line, and never says otherwise than the whole order would."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.json_text import NotStrictJson
from cds_service.policies import installed
from cds_service.replay.deciding import scope as scoping
from cds_service.replay.deciding.scope import Scope, drug_of, drugs_of
from cds_service.replay.reading.side_table import HeldTable

J9229 = {"coding": [{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J9229"}]}
OTHER = {
    "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "860975"}],
    "text": "metformin",
}
SCOPE = Scope(
    tuple(installed().values()),
    HeldTable([{"resourceType": "Medication", "id": "b", "code": J9229}, {"resourceType": "Medication", "id": "m", "code": OTHER}]),
)  # fmt: skip
CONCEPTS = st.sampled_from(
    [J9229, OTHER, {"text": "inotuzumab ozogamicin"}, {"text": "besponsa {vial}"}, {"text": "x}"}, {}, None, "besponsa",
     {"coding": [{**J9229["coding"][0], "extension": [{"valueCoding": {"code": "{"}}]}]}, {"text": 'say "Besponsa"'}]
)  # fmt: skip
POINTERS = st.sampled_from(
    [
        {"reference": "Medication/b"},
        {"reference": "Medication/m"},
        {"reference": "#c"},
        {"display": "Besponsa"},
        {},
    ]
)
DEEP = {"coding": [{**J9229["coding"][0], "extension": [{"valueCoding": {"code": "x"}}]}]}
CONTAINED = [{"resourceType": "Medication", "id": "c", "code": J9229}]
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "medicationCodeableConcept": CONCEPTS,
        "medicationReference": POINTERS,
        "contained": st.just(CONTAINED),
        "code": CONCEPTS,
        "note": st.sampled_from(["{", "}", "a\nb", '"medicationReference":{}', {"medicationReference": {"reference": "Medication/b"}}]),
        "extension": st.just([{"medicationCodeableConcept": OTHER}]),
        "medicationNote": st.just("flat"),
    },
).flatmap(lambda body: st.permutations(list(body.items())))  # fmt: skip


def line_of(members, kind="MedicationRequest"):
    return json.dumps({"resourceType": kind, **dict(members)}, separators=(",", ":")).encode()


@given(MEMBERS, st.sampled_from(["MedicationRequest", "ServiceRequest"]))
def test_an_order_is_in_scope_by_what_is_cut_out_if_it_is_by_all_of_it(members, kind):
    """Or else a member of that name stands elsewhere in it; then its patient is looked at for nothing."""
    line = line_of(members, kind)
    says_as_the_whole(members, kind, line)


@pytest.mark.parametrize(
    "members",
    [
        {"medicationReference": {"reference": "#c"}, "contained": CONTAINED},
        {"medicationCodeableConcept": DEEP, "medicationReference": {"reference": "Medication/m"}},
        {"medicationCodeableConcept": DEEP},
        {"medicationCodeableConcept": OTHER, "medicationReference": {"reference": "Medication/b"}},
        {"medicationReference": {"reference": "Medication/m", "display": "}"}},
        {"medicationReference": {"display": 'x","medicationReference":{"reference":"Medication/m"}'}},
        {"note": "a\\", "medicationReference": {"reference": "Medication/b"}},
    ],
)
def test_hostile_orders(members):
    line = line_of(members.items())
    says_as_the_whole(members, "MedicationRequest", line)
    escaped = line.replace(b"Medication/", b"Medication\\/").replace(b"J9229", b"J\\u0039229")
    says_as_the_whole(members, "MedicationRequest", escaped)


def says_as_the_whole(members, kind, line):
    whole = any(SCOPE.is_for(policy, json.loads(line)) for policy in SCOPE.policies)
    found = SCOPE.covers(drug_of(kind, line))
    assert found is whole or (found and {"extension", "note"} & dict(members).keys())


@given(st.lists(MEMBERS, min_size=1, max_size=5))
def test_of_many_orders_at_once_each_is_said_as_by_itself(orders):
    lines = [line_of(members) for members in orders]
    found = drugs_of(b"\n".join(lines), lines)
    each = [drugs_of(line, [line]) for line in lines]
    assert found == (None if None in each else [one for said in each for one in said])


def test_most_orders_are_not_parsed():
    lines = [line_of({"medicationCodeableConcept": J9229}.items()), line_of({"medicationReference": {"reference": "Medication/m"}}.items())]  # fmt: skip
    said = drugs_of(b"\n".join(lines), lines)
    assert said is not None
    assert [SCOPE.covers(one) for one in said] == [True, False]


def test_one_line_that_says_it_twice_does_not_make_up_for_one_that_does_not():
    twice = line_of(
        {"medicationCodeableConcept": OTHER, "medicationReference": {"reference": "Medication/b"}}.items()
    )
    assert drugs_of(twice + b"\n" + line_of(()), [twice, line_of(())]) is None


def test_a_long_saying_is_not_remembered():
    """So that what is remembered has a bound in bytes too."""
    long = line_of({"medicationCodeableConcept": {"text": "x" * 10_000}}.items())
    assert drugs_of(long, [long]) is None
    before = len(SCOPE.remembered)
    assert not SCOPE.covers(drug_of("MedicationRequest", long))
    assert len(SCOPE.remembered) == before


def test_what_is_remembered_has_a_bound(monkeypatch):
    monkeypatch.setattr(scoping, "_REMEMBERED", 10)
    scope = Scope(SCOPE.policies, SCOPE.side)
    for number in range(50):
        scope.covers(
            b'{"resourceType":"MedicationRequest","medicationCodeableConcept":{"text":"drug %d"}}' % number
        )
    assert 0 < len(scope.remembered) <= 10


def test_an_order_that_cannot_be_read_is_refused():
    with pytest.raises(NotStrictJson):
        drug_of("MedicationRequest", b'{"resourceType":"MedicationRequest","a":tru}')


@pytest.mark.parametrize("depth", [30, 100, 300, 600, 900, 960, 980, 990, 5000])
def test_an_order_that_is_nested_too_deeply_is_refused_and_ends_nothing(depth):
    line = line_of({"contained": "DEEP"}.items()).replace(b'"DEEP"', b"[" * depth + b"]" * depth)
    if depth < 60:
        assert not SCOPE.covers(drug_of("MedicationRequest", line))
    else:
        with pytest.raises(NotStrictJson, match="nested deeper"):
            SCOPE.covers(drug_of("MedicationRequest", line))
