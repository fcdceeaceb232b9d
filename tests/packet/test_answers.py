"""The answers: as determined, open where unknown, asked for by what was answered before, each with its origin."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cds_service.engine.verdict import Verdict
from cds_service.fhir.record import Resource
from cds_service.json_text import write_json
from cds_service.packet.answers import response
from cds_service.packet.assessment import (
    Assessment,
    Facts,
    Found,
    as_json,
    assertion_id,
    assess,
    facts_of,
    from_json,
    order_content,
    order_reference,
    together,
)
from cds_service.packet.form import EVIDENCE_TYPES, items_of, questionnaire
from tests.fixtures import CLOCK, NAMES, Fixture
from tests.packet.insured import POLICY, PUBLIC, TERMS, Body, authorizations, chart, drafts, record

FORM = questionnaire(TERMS, PUBLIC)
ITEMS = {item["linkId"]: item for item in items_of(FORM)}
PARENTS = {inner["linkId"]: item["linkId"] for item in ITEMS.values() for inner in item.get("item", ())}
VALUES = {
    "boolean": "valueBoolean", "text": "valueString", "reference": "valueReference", "choice": "valueCoding",
    "date": "valueDate", "decimal": "valueDecimal", "integer": "valueInteger",
}  # fmt: skip
MET, NOT, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
each_patient = pytest.mark.parametrize("name", NAMES)
RULES = list(TERMS.criteria)


def answered(items: list[Body]) -> Iterator[Body]:
    for item in items:
        yield item
        yield from answered(item.get("item", []))


def values(made: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The answers by linkId, without their origin."""
    return {
        item["linkId"]: [next(v for k, v in a.items() if k != "extension") for a in item["answer"]]
        for item in answered(made.get("item", []))
        if "answer" in item
    }


def is_asked(link: str, given: Mapping[str, list[Any]]) -> bool:
    """Whether the form shows an item, by its own conditions and those of the groups around it."""
    item, parent = ITEMS[link], PARENTS.get(link)
    for condition in item.get("enableWhen", ()):
        found = given.get(condition["question"], [])
        if condition["operator"] == "exists":
            holds = bool(found) == condition["answerBoolean"]
        else:
            holds = condition["answerCoding"]["code"] in [coding["code"] for coding in found]
        if not holds:
            return False
    return parent is None or is_asked(parent, given)


@each_patient
def test_every_answer_has_its_origin_and_fits_its_item(name: str) -> None:
    for one in authorizations(name):
        made = response(FORM, TERMS, one.assessment)
        given = values(made)
        for item in answered(made["item"]):
            asked = ITEMS[item["linkId"]]
            assert is_asked(item["linkId"], given)
            assert item["text"] == asked["text"]
            for answer in item.get("answer", ()):
                ((origin, source),) = [(e["url"], e["extension"]) for e in answer["extension"]]
                assert origin.endswith("/information-origin")
                assert source == [{"url": "source", "valueCode": "auto-server"}]
                assert set(answer) == {"extension", VALUES[asked["type"]]}
            if asked["type"] == "choice":
                assert given[item["linkId"]][0] in [o["valueCoding"] for o in asked["answerOption"]]
            if asked["type"] == "reference":
                assert {v["reference"].split("/")[0] for v in given[item["linkId"]]} <= set(EVIDENCE_TYPES)
            assert len(item.get("answer", ())) <= 1 or asked.get("repeats")


@each_patient
def test_no_item_is_answered_twice_and_items_keep_the_forms_order(name: str) -> None:
    for one in authorizations(name):
        links = [item["linkId"] for item in answered(response(FORM, TERMS, one.assessment)["item"])]

        assert len(set(links)) == len(links)
        assert links == [link for link in ITEMS if link in links]


@each_patient
def test_unknown_attested_and_documents_are_open(name: str) -> None:
    for one in authorizations(name):
        given = values(response(FORM, TERMS, one.assessment))
        unknown = {c.id for d in one.determinations for c in d.criteria if c.verdict is UNKNOWN}

        assert not unknown & given.keys()
        assert "attested" not in given
        assert not [link for link in given if link.endswith(".attachment")]
        for link in unknown:
            if f"{link}.because" in ITEMS and is_asked(link, given):
                (said,) = given[f"{link}.because"]
                assert next(c.because for d in one.determinations for c in d.criteria if c.id == link) in said


@each_patient
def test_the_answers_are_the_determinations_verdicts_both_ways(name: str) -> None:
    for one in authorizations(name):
        given = values(response(FORM, TERMS, one.assessment))
        decided = {c.id: c.verdict for d in one.determinations for c in d.criteria}

        for rule in decided.keys() & given.keys():
            assert given[rule] == [decided[rule] is MET]
        for rule, verdict in decided.items():
            if verdict is not UNKNOWN and rule in ITEMS and is_asked(rule, given):
                assert rule in given
        assert given["request"][0]["code"] == one.determinations[0].request


@each_patient
def test_a_shuffled_record_gives_the_same_answers(name: str) -> None:
    shuffled = chart(name)
    random.Random(name).shuffle(shuffled)
    made, again = (
        [response(FORM, TERMS, one.assessment) for one in authorizations(name, record(name, resources))]
        for resources in (chart(name), shuffled)
    )

    assert made == again


def assessment(request: str = "initial", **verdicts: Verdict) -> Assessment:
    """One with every criterion met but those named (dashes as underscores)."""
    given = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}
    return Assessment(
        "P", "1", "Patient/1", (), "Coverage/1", CLOCK.isoformat(), MET, request, 1,
        {rule: Found(given.get(rule, MET), f"why {rule}", (f"Observation/{rule}",)) for rule in RULES},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("verdicts", "path"),
    [
        ({}, "A-path-1"),
        ({"POL_A_II_A": NOT}, "A-path-2"),
        ({"POL_A_II_A": NOT, "POL_A_IV_FL": UNKNOWN}, "A-path-2"),
        ({"POL_A_II_A": UNKNOWN, "POL_A_IV_FL": NOT}, "A-path-1"),
        ({"POL_A_II_A": UNKNOWN, "POL_A_IV_FL": UNKNOWN}, None),
        ({"POL_A_I_DX": UNKNOWN}, None),
        ({"POL_A_I_DX": NOT}, "none"),
        ({"POL_A_II_A": NOT, "POL_A_IV_PH": NOT}, "none"),
    ],
)
def test_of_paths_the_one_that_is_met_or_alone_not_ruled_out_is_chosen(
    verdicts: dict[str, Verdict], path: str | None
) -> None:
    given = values(response(FORM, TERMS, assessment(**verdicts)))

    assert [v["code"] for v in given.get("A-paths", [])] == ([path] if path else [])


@pytest.mark.parametrize(
    ("verdicts", "chosen"),
    [
        ({}, "POL-A-II-B-1"),
        ({"POL_A_II_B_1": NOT}, "POL-A-II-B-2"),
        ({"POL_A_II_B_1": UNKNOWN, "POL_A_II_B_2": NOT}, "POL-A-II-B-3"),
        ({"POL_A_II_B_1": UNKNOWN, "POL_A_II_B_2": NOT, "POL_A_II_B_3": NOT}, None),
        ({"POL_A_II_B_1": UNKNOWN, "POL_A_II_B_2": UNKNOWN, "POL_A_II_B_3": NOT}, None),
    ],
)
def test_of_single_criteria_only_one_that_is_met_is_chosen(
    verdicts: dict[str, Verdict], chosen: str | None
) -> None:
    """What is open among them stays open, also where one alone is not ruled out: choosing it would claim it."""
    given = values(response(FORM, TERMS, assessment(**{"POL_A_IV_FL": NOT, **verdicts})))

    assert [v["code"] for v in given.get("A-II-B", [])] == ([chosen] if chosen else [])
    assert given["A-II-B.because"] == ["why POL-A-II-B-1; why POL-A-II-B-2; why POL-A-II-B-3"]


def test_when_no_alternative_is_met_none_is_chosen() -> None:
    verdicts = {f"POL_A_II_B_{n}": NOT for n in (1, 2, 3)}
    given = values(response(FORM, TERMS, assessment(POL_A_IV_FL=UNKNOWN, POL_A_IV_PH=NOT, **verdicts)))

    assert [v["code"] for v in given["A-paths"]] == ["none"]
    assert "A-II-B" not in given


def test_an_unknown_request_opens_neither_section() -> None:
    made = response(FORM, TERMS, replace(assessment(), request="", cycle=None))

    assert "item" not in made


def test_a_criterion_without_evidence_has_no_evidence_item_and_places_are_no_references() -> None:
    found = {
        "POL-A-I-DX": Found(MET, "why"),
        "POL-A-I-CD22": Found(MET, "", ("draftOrders.entry[0]", "Observation")),
    }
    given = values(response(FORM, TERMS, replace(assessment(), criteria=found)))

    assert given["POL-A-I-DX"] == [True]
    assert not {"POL-A-I-DX.evidence", "POL-A-I-CD22.evidence", "POL-A-I-CD22.because"} & given.keys()


def test_the_head_names_form_coverage_orders_and_purpose() -> None:
    (one,) = authorizations("relapsed-single-agent")
    made = response(FORM, TERMS, one.assessment)

    assert made["status"] == "in-progress"
    assert made["questionnaire"] == f"{FORM['url']}|{FORM['version']}"
    assert made["authored"] == "2026-04-15T09:00:00-04:00"
    assert "author" not in made
    assert "contained" not in made
    urls = [e["url"].rsplit("/", 1)[1] for e in made["extension"]]
    assert urls == ["qr-coverage", "qr-context", "intendedUse"]
    assert made["extension"][0]["valueReference"] == {"reference": "Coverage/cov-1"}
    assert made["extension"][1]["valueReference"] == {
        "reference": "MedicationRequest/relapsed-single-agent-draft-1"
    }


def test_the_facts_are_those_of_the_dose_check() -> None:
    facts = facts_of(record("relapsed-single-agent"), CLOCK)
    (one,) = authorizations("relapsed-single-agent")

    assert facts == Facts("1980-02-03", Decimal(165), Decimal(68))
    dose = one.determinations[0].dose
    assert dose is not None
    assert dose.bsa_m2 is not None
    assert abs((165 * Decimal(68) / 3600).sqrt() - dose.bsa_m2) < Decimal("0.0001")


@pytest.mark.parametrize(
    ("born", "known"),
    [("1980-02", "1980-02"), ("1980", "1980"), ("03.02.1980", ""), ("0001-01-01", ""), (None, "")],
)
def test_a_birth_date_is_given_as_recorded_or_not_at_all(born: str | None, known: str) -> None:
    resources = [{**r, "birthDate": born} if r["resourceType"] == "Patient" else r for r in chart("dlbcl")]

    assert facts_of(record("dlbcl", resources), CLOCK).birth_date == known


def test_facts_that_the_record_lacks_are_open() -> None:
    (one,) = authorizations("no-height-or-weight")
    given = values(response(FORM, TERMS, one.assessment))

    assert not {"height", "weight"} & given.keys()
    assert given["birth-date"] == ["1990-12-12"]


def days_of_a_cycle(name: str = "relapsed-single-agent") -> list[Body]:
    (first,) = drafts(name)
    made = []
    for day, date in ((1, "2026-04-16"), (8, "2026-04-23"), (15, "2026-04-30")):
        order = copy.deepcopy(first) | {"id": f"day-{day}"}
        order["dosageInstruction"][0]["timing"] = {"event": [date]}
        order["dosageInstruction"][0]["text"] = f"Cycle 1 Day {day}"
        made.append(order)
    return made


def test_the_orders_of_one_cycle_are_one_authorization() -> None:
    (one,) = authorizations("relapsed-single-agent", orders=days_of_a_cycle()[::-1])
    made = response(FORM, TERMS, one.assessment)
    contexts = [
        e["valueReference"]["reference"] for e in made["extension"] if e["url"].endswith("qr-context")
    ]

    assert contexts == ["MedicationRequest/day-1", "MedicationRequest/day-8", "MedicationRequest/day-15"]


def test_orders_whose_cycle_is_not_known_stand_alone() -> None:
    (one,) = authorizations("relapsed-single-agent")
    first = replace(one.determinations[0], cycle=None)

    assert len(together([first, replace(first, order="MedicationRequest/other")])) == 2


def test_where_orders_of_one_authorization_disagree_the_criterion_is_open() -> None:
    (one,) = authorizations("relapsed-single-agent", orders=days_of_a_cycle()[:2])
    first, second = one.determinations
    other = tuple(
        replace(c, verdict=NOT, because="another") if c.id == "POL-A-I-CD22" else c for c in second.criteria
    )
    made = assess([first, replace(second, criteria=other)], one.orders, one.record, "", CLOCK)

    assert made.criteria["POL-A-I-CD22"].verdict is UNKNOWN
    assert made.criteria["POL-A-I-CD22"].because.endswith("; another")
    assert made.criteria["POL-A-I-DX"].verdict is MET


@each_patient
def test_what_is_kept_gives_the_same_response_and_holds_no_resource(name: str) -> None:
    for one in authorizations(name):
        kept = json.loads(write_json(as_json(one.assessment)))

        assert response(FORM, TERMS, from_json(kept)) == response(FORM, TERMS, one.assessment)
        assert "resourceType" not in write_json(kept)


def test_the_assertions_id_is_of_tenant_and_findings_not_of_the_hour() -> None:
    (one,) = authorizations("relapsed-single-agent")
    made = one.assessment

    assert assertion_id("a", made) == assertion_id("a", replace(made, decided="2026-04-15T10:00:00-04:00"))
    assert assertion_id("a", made) != assertion_id("b", made)
    assert assertion_id("a", made) != assertion_id("a", replace(made, cycle=2))


ORDER = drafts("relapsed-single-agent")[0]


def changed(**members: Any) -> Body:
    return {**copy.deepcopy(ORDER), **members}


def with_dosage(**members: Any) -> Body:
    body = copy.deepcopy(ORDER)
    body["dosageInstruction"][0].update(members)
    return body


@pytest.mark.parametrize(
    "body",
    [
        changed(status="active"),
        changed(id="42"),
        changed(note=[{"text": "call me"}]),
        changed(meta={"versionId": "2"}),
        changed(extension=[{"url": "http://example.org", "valueString": "x"}]),
        changed(subject={"reference": "https://ehr.example.org/fhir/Patient/relapsed-single-agent", "display": "R"}),
        with_dosage(doseAndRate=[{"doseQuantity": {"value": Decimal("1.410"), "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}]),
    ],
)  # fmt: skip
def test_what_was_not_assessed_may_change(body: Body) -> None:
    assert order_content(body) == order_content(ORDER)


@pytest.mark.parametrize(
    "body",
    [
        changed(medicationCodeableConcept={"text": "another drug"}),
        changed(subject={"reference": "Patient/other"}),
        with_dosage(timing={"event": ["2026-04-17"]}),
        with_dosage(doseAndRate=[{"doseQuantity": {"value": 2, "unit": "mg"}}]),
        with_dosage(text="Cycle 2 Day 1"),
    ],
)
def test_drug_dose_timing_and_subject_may_not(body: Body) -> None:
    assert order_content(body) != order_content(ORDER)


def test_an_order_without_an_id_is_named_by_its_address_or_its_content() -> None:
    body = {k: v for k, v in ORDER.items() if k != "id"}
    url = "urn:uuid:0f5b7a36-9f4d-4a9e-8f0f-000000000001"

    assert order_reference(Resource(body, name=url)) == url
    by_place = order_reference(Resource(body, name="draftOrders.entry[0]"))
    assert by_place.startswith("urn:uuid:")
    assert by_place == order_reference(Resource(body, name="draftOrders.entry[7]"))


def test_an_order_that_was_not_read_gives_no_kind_of_request() -> None:
    fixture = Fixture("relapsed-single-agent")
    orders = [Resource(o, "draft order") for o in fixture.drafts]
    (found,) = POLICY.determine(record(fixture.name), orders, CLOCK)
    lost = replace(found, planned="for a day that was not read", cycle=None)

    assert assess([lost], orders, record(fixture.name), "", CLOCK).request == ""
