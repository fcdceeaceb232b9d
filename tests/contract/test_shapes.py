"""Shapes in which real records come, each on a bundled patient: what must hold however the fact was written.

``shapes.json``: the patient, the resources that are changed or gone, the draft orders where they differ, and
what holds: verdicts by criterion, findings that must not be, cycle and day, the dose row, the ordered dose.
"""

import json
from pathlib import Path

import pytest

from cds_service.evaluation.saved_request import prefetch_of
from tests.fixtures import ROOT

SHAPES = json.loads(Path(__file__).with_name("shapes.json").read_text(encoding="utf-8"))


@pytest.fixture(params=SHAPES, ids=lambda s: f"{s['title']}: {s['variant']}")
def shape(request):
    return request.param


def answered(client, shape):
    """The coverage card's facts, the only one, and the kinds of all findings."""
    cards = client.post("/cds-services/inotuzumab-order-sign", data=as_request(shape)).json["cards"]
    ours = [card["extension"]["payer-policy-cds"] for card in cards]
    (coverage,) = (one for one in ours if one["kind"] == "coverage")
    return coverage, {f["kind"] for one in ours for f in one.get("findings", ())}


def as_request(shape):
    folder = ROOT / shape["patient"]
    held = json.loads((folder / "resources.json").read_bytes())
    named = {f"{e['resource']['resourceType']}/{e['resource']['id']}": e["resource"] for e in held["entry"]}
    named |= {f"{r['resourceType']}/{r['id']}": r for r in shape["changed"]}
    held["entry"] = [{"resource": r} for name, r in named.items() if name not in shape["gone"]]
    request = json.loads((folder / "request.json").read_bytes())
    if "drafts" in shape:
        request["context"]["draftOrders"]["entry"] = [{"resource": r} for r in shape["drafts"]]
    return prefetch_of(json.dumps(request).encode(), json.dumps(held).encode())


def test_what_must_hold_holds(client, shape):
    coverage, kinds = answered(client, shape)
    holds, dose = shape["holds"], coverage["dose"]
    verdicts = {c["id"]: c["verdict"] for c in coverage["criteria"]}

    assert {
        i: v for i, v in verdicts.items() if i in holds["criteria"] and v not in holds["criteria"][i]
    } == {}
    assert set(holds["criteria"]) <= set(verdicts)
    assert not kinds & set(holds["no_findings"])
    if "place" in holds:
        assert [coverage["cycle"], coverage["day"]] == holds["place"]
    if "row" in holds:
        assert dose["mg_per_m2"] == holds["row"]
    if "row_not" in holds:
        assert dose["mg_per_m2"] != holds["row_not"]
    if "coverage_not" in holds:
        assert coverage["coverage"] != holds["coverage_not"]
    if "ordered_mg" in holds:
        assert dose["ordered_mg"] is None
