"""A second policy is a folder and nothing else: it is found, called, shown, explained and traced like the first."""

import csv
import io
import json
from datetime import datetime
from importlib import invalidate_caches
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask, render_template

from cds_service import policies
from cds_service.cli import main
from cds_service.commands.evaluate import explained
from cds_service.commands.traceability import as_csv
from cds_service.engine.policy_file import PolicyError
from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.services import services_from
from cds_service.fhir.record import Resource, record_from
from cds_service.settings import Settings
from cds_service.smart.page import charts as geometry
from cds_service.smart.page.detail import Provenance, detail_page
from cds_service.smart.page.plain_text import plain_text
from cds_service.smart.routes import blueprint
from cds_service.smart.subject import choose
from tests.contract.calls import CLOCK, order_sign
from tests.fixtures import Fixture

ENVIRONMENT = {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK}


@pytest.fixture
def with_folders(monkeypatch):
    """Puts folders beside the policies that are shipped."""

    def put(*folders):
        monkeypatch.setattr(policies, "__path__", [*policies.__path__, *map(str, folders)])
        invalidate_caches()
        policies.installed.cache_clear()

    yield put
    monkeypatch.undo()
    policies.installed.cache_clear()


@pytest.fixture
def sample(with_folders):
    with_folders(Path(__file__).parent)
    return policies.installed()["sample"]


def blinatumomab(mg=0.028, id="blin-1"):
    return {
        "resourceType": "MedicationRequest", "id": id, "status": "draft", "intent": "order",
        "subject": {"reference": "Patient/relapsed-single-agent"}, "authoredOn": "2026-04-15",
        "medicationCodeableConcept": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1597258"}]},
        "dosageInstruction": [{"timing": {"event": ["2026-04-16"]}, "doseAndRate": [{"doseQuantity": {"value": mg, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}]}],
    }  # fmt: skip


def platelets(value):
    return {
        "resourceType": "Observation", "id": "own-plt", "status": "final", "effectiveDateTime": "2026-04-15T07:00:00-04:00",
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]}, "subject": {"reference": "Patient/relapsed-single-agent"},
        "valueQuantity": {"value": value, "unit": "10*9/L", "system": "http://unitsofmeasure.org", "code": "10*9/L"},
    }  # fmt: skip


def answered(*orders, count=None):
    body = order_sign()
    body["context"]["draftOrders"]["entry"] = [{"resource": o} for o in orders]
    if count is not None:
        body["prefetch"]["observations"].setdefault("entry", []).append({"resource": platelets(count)})
    return answer(json.dumps(body).encode(), services_from(Settings.from_environment(ENVIRONMENT)))


def ours(card):
    return card["extension"]["payer-policy-cds"]


def of_kind(found, kind):
    (card,) = [card for card in found.cards if ours(card)["kind"] == kind]
    return card


@pytest.mark.usefixtures("sample")
def test_the_folder_is_a_name_that_a_trust_file_may_use(tmp_path):
    (tmp_path / "trust.toml").write_text(
        '[[tenant]]\nid = "a"\nfhir_servers = ["http://127.0.0.1:9/fhir"]\npolicies = ["sample"]\n'
    )
    settings = Settings.from_environment({**ENVIRONMENT, "CDS_CONFIG": str(tmp_path / "trust.toml")})
    assert settings.tenants[0].policies == ("sample",)
    assert policies.names() == ("inotuzumab", "sample")


@pytest.mark.parametrize(
    ("count", "coverage"),
    [(50, "met"), (25, "not-met"), (30, "met")],
    ids=["enough", "too few", "at the limit"],
)
@pytest.mark.usefixtures("sample")
def test_the_hook_answers_by_its_threshold(count, coverage):
    card = of_kind(answered(blinatumomab(), count=count), "coverage")
    assert ours(card)["coverage"] == coverage
    assert ours(card)["policy"] == {"id": "SAMPLE-1", "effective": "2026-01-01"}
    assert card["summary"].startswith("Blinatumomab (J9039):")
    assert [c["id"] for c in ours(card)["criteria"]] == ["SAMPLE-DX", "SAMPLE-COUNT"]
    assert "notuzumab" not in json.dumps(card)


@pytest.mark.usefixtures("sample")
def test_what_is_missing_is_its_own_item():
    body = order_sign()
    body["context"]["draftOrders"]["entry"] = [{"resource": blinatumomab()}]
    body["prefetch"]["observations"] = {"resourceType": "Bundle", "type": "searchset"}
    body["prefetch"]["otherObservations"] = {"resourceType": "Bundle", "type": "searchset"}
    found = answer(json.dumps(body).encode(), services_from(Settings.from_environment(ENVIRONMENT)))
    card = of_kind(found, "documentation")
    assert ours(card)["needed"][0]["item"] == "cbc"
    assert "Get a platelet count" in card["detail"]
    assert card["suggestions"][0]["actions"][0]["resource"]["code"]["coding"][0]["code"] == "777-3"


@pytest.mark.usefixtures("sample")
def test_the_dose_is_its_own():
    card = of_kind(answered(blinatumomab(mg=0.28), count=50), "dose")
    assert "10 times too high" in card["summary"]
    dose = ours(card)["dose"]
    assert (dose["verdict"], dose["expected_mg"], dose["units_j9039"], dose["vials"]) == (
        "over",
        0.028,
        28,
        1,
    )


@pytest.mark.usefixtures("sample")
def test_its_rules_find():
    (finding,) = ours(of_kind(answered(blinatumomab(), count=15), "safety"))["findings"]
    assert (finding["kind"], finding["rules"]) == ("hem-hold", ["SAMPLE-HOLD"])


@pytest.mark.usefixtures("sample")
def test_a_bundle_with_both_drugs_gets_the_cards_of_both():
    inotuzumab = order_sign()["context"]["draftOrders"]["entry"][0]["resource"]
    found = answered(inotuzumab, blinatumomab(), count=50)
    alone = answered(inotuzumab, count=50)
    by_policy = {ours(c)["policy"]["id"] for c in found.cards if ours(c)["kind"] == "coverage"}
    assert by_policy == {"MP-RX-FP-12-23", "SAMPLE-1"}
    of_first = [c for c in found.cards if ours(c)["order"].endswith(inotuzumab["id"])]
    assert {ours(c)["kind"] for c in of_first} == {ours(c)["kind"] for c in alone.cards}


@pytest.mark.usefixtures("sample")
def test_explain_prints_its_tree():
    (determination,) = answered(blinatumomab(), count=50).determinations
    text = explained(determination)
    assert "SAMPLE-COUNT: platelets 50 x10*9/L" in text


@pytest.mark.usefixtures("sample")
def test_the_command_answers_for_it(tmp_path):
    body = order_sign()
    body["context"]["draftOrders"]["entry"] = [{"resource": blinatumomab()}]
    (tmp_path / "request.json").write_text(json.dumps(body))
    result = CliRunner().invoke(main, ["evaluate", str(tmp_path / "request.json"), "--as-of", CLOCK])
    assert "SAMPLE-1" in result.output


def test_the_table_of_its_sentences_says_where_each_is_decided(sample):
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(as_csv(sample.name, Path(__file__).parent)))}
    assert {id: row["function"] for id, row in rows.items()} == {
        "SAMPLE-DX": "diagnosis",
        "SAMPLE-COUNT": "count",
        "SAMPLE-DOSE": "dose",
        "SAMPLE-HOLD": "hold",
    }
    assert rows["SAMPLE-COUNT"]["tests"] == "test_a_second_policy.py"


def test_the_detail_view_shows_its_order_and_its_criteria(sample):
    body = order_sign()
    resources = [Resource(blinatumomab())] + [
        Resource(r)
        for r in Fixture("relapsed-single-agent").resources
        if r["resourceType"] != "MedicationRequest"
    ]
    record = record_from(body["context"]["patientId"], resources)
    clock = datetime.fromisoformat(CLOCK)
    subject = choose([sample], record, None, named=(), came_from_card=False, clock=clock)
    (determination,) = sample.determine(record, subject.orders, clock)
    page = detail_page(
        determination,
        record,
        series=sample.picture(record, clock).series,
        timeline=None,
        provenance=Provenance(clock, "1", "https://ehr.example.org", "Practitioner/1", subject.notices),
        full_banner=True,
    )
    app = Flask("page")
    app.register_blueprint(blueprint)
    with app.test_request_context():
        html = render_template("smart/detail.html", page=page, text=plain_text(page), geometry=geometry)
    assert 'data-criterion="SAMPLE-COUNT"' in html
    assert "blinatumomab (J9039)" in html
    assert "notuzumab" not in html


def test_a_folder_without_a_policy_is_refused_by_its_name(with_folders, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "__init__.py").write_text("")
    (tmp_path / "empty" / "policy.toml").write_text("")
    with_folders(tmp_path)
    with pytest.raises(PolicyError, match="policy empty"):
        policies.installed()


def test_a_folder_that_is_no_policy_changes_nothing(with_folders, tmp_path):
    (tmp_path / "oncology").mkdir()
    (tmp_path / "oncology" / "__init__.py").write_text("")
    with_folders(tmp_path)
    assert tuple(policies.installed()) == ("inotuzumab",)
