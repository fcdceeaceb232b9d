"""Order-free by construction: shuffled, duplicated, padded and re-united records give equal answers."""

import copy
import json
import random
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.engine.verdict import Verdict
from cds_service.fhir.record import DataKind, Gap, Resource
from cds_service.policies import installed
from tests.fixtures import CLOCK, NAMES, Fixture

each_fixture = pytest.mark.parametrize("name", NAMES)


@each_fixture
def test_shuffling_a_record_changes_nothing(name):
    fixture = Fixture(name)
    expected = fixture.determine()
    for seed in range(5):
        resources = fixture.resources
        random.Random(seed).shuffle(resources)
        assert fixture.determine(resources) == expected


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_permutation_of_any_record_gives_the_same_answer(data):
    fixture = Fixture(data.draw(st.sampled_from(NAMES)))
    resources = data.draw(st.permutations(fixture.resources))
    assert fixture.determine(list(resources)) == fixture.determine()


@each_fixture
def test_a_resource_received_twice_counts_once(name):
    fixture = Fixture(name)
    assert fixture.determine([*fixture.resources, *fixture.resources]) == fixture.determine()


@each_fixture
def test_resources_of_another_patient_and_withdrawn_ones_change_nothing(name):
    fixture = Fixture(name)
    padding = []
    for resource in fixture.resources:
        if resource["resourceType"] == "Patient":
            continue
        other = copy.deepcopy(resource)
        other["id"] = f"other-{resource['id']}"
        for member in ("subject", "patient", "beneficiary"):
            if member in other:
                other[member] = {"reference": "Patient/somebody-else"}
        withdrawn = copy.deepcopy(resource) | {
            "id": f"withdrawn-{resource['id']}",
            "status": "entered-in-error",
        }
        if resource["resourceType"] in ("Condition", "AdverseEvent"):
            withdrawn["verificationStatus"] = {"coding": [{"code": "entered-in-error"}]}
        padding += [other, withdrawn]
    assert fixture.determine([*fixture.resources, *padding]) == fixture.determine()


_OTHER_UNITS = {
    "10*9/L": ("/uL", Decimal(1000)),
    "mg/dL": ("mg/L", Decimal(10)),
    "cm": ("m", Decimal("0.01")),
    "kg": ("g", Decimal(1000)),
    "ms": ("s", Decimal("0.001")),
}


def _in_other_units(resource):
    quantity = resource.get("valueQuantity")
    bilirubin = {"1975-2"} & {c.get("code") for c in resource.get("code", {}).get("coding", ())}
    if (
        not quantity
        or quantity.get("code") not in _OTHER_UNITS
        or (quantity["code"] == "mg/dL" and not bilirubin)
    ):
        return resource
    if "referenceRange" in resource:
        return resource
    code, factor = _OTHER_UNITS[quantity["code"]]
    changed = quantity | {"value": Decimal(str(quantity["value"])) * factor, "unit": code, "code": code}
    return resource | {"valueQuantity": changed}


@each_fixture
def test_the_same_values_in_other_units_give_the_same_verdicts(name):
    fixture = Fixture(name)
    changed = fixture.determine([_in_other_units(r) for r in fixture.resources])
    for before, after in zip(fixture.determine(), changed, strict=True):
        assert {c.id: c.verdict for c in after.criteria} == {c.id: c.verdict for c in before.criteria}
        assert {(f.kind, f.indicator) for f in after.findings} == {
            (f.kind, f.indicator) for f in before.findings
        }
        assert after.dose == before.dose


_DAY = re.compile(r"\b\d{4}-\d\d-\d\d")


def _moved(text, days):
    """A text with all its calendar days so many days later."""
    return _DAY.sub(lambda m: str(date.fromisoformat(m[0]) + timedelta(days=days)), text)


# Into summer and winter time, over the end of a year, to a leap day.
@pytest.mark.parametrize("days", [1, 200, 261, 332, 366, 685])
@each_fixture
def test_the_same_record_on_other_days_gives_the_same_answer_of_those_days(name, days):
    fixture = Fixture(name)

    def later(resource):
        text = _moved(json.dumps(resource, default=float), days)
        return Resource(json.loads(text, parse_float=Decimal))

    def said(determinations):
        return repr([replace(d, policy=None) for d in determinations])  # its days stay

    record = fixture.record([later(r).body for r in fixture.resources])
    drafts = [later(draft) for draft in fixture.drafts]
    moved = installed()["inotuzumab"].determine(record, drafts, CLOCK + timedelta(days=days))
    assert _moved(said(moved), -days) == said(fixture.determine())


@each_fixture
def test_a_record_that_could_not_be_seen_is_never_not_met_for_want_of_evidence(name):
    """With no data at all, nothing but what the order itself proves can be denied."""
    fixture = Fixture(name)
    gaps = [Gap(need, "the server answered 503") for need in DataKind]
    for d in fixture.determine([], gaps):
        proven = {"POL-B-I-MAX"} if d.cycle is not None and d.cycle > 6 else set()
        assert d.coverage is (Verdict.NOT_MET if proven else Verdict.UNKNOWN)
        assert {c.id for c in d.criteria if c.verdict is Verdict.NOT_MET} == proven


@each_fixture
def test_the_two_mini_hyper_cvd_criteria_always_agree(name):
    for d in Fixture(name).determine():
        verdicts = {c.id: c.verdict for c in d.criteria}
        assert verdicts.get("POL-A-V") == verdicts.get("POL-A-II-B-3")
