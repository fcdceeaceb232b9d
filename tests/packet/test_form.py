"""The form: every criterion asked once, nothing asked that the answers do not need, versioned by its content."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cds_service.engine.policy_file import PolicyError, read_policy
from cds_service.packet.canonical import form_canonical, form_version
from cds_service.packet.elements import content_hash
from cds_service.packet.form import items_of, questionnaire
from cds_service.packet.library import library
from cds_service.policies import installed
from cds_service.policies.authorization import AuthorizationTerms, read_terms
from tests.packet.insured import PUBLIC, TERMS

FORM = questionnaire(TERMS, PUBLIC)
ITEMS = {item["linkId"]: item for item in items_of(FORM)}
COMPANIONS = (".because", ".evidence", ".attachment")
# The content of each form, by version. A form that changes gets a new revision in policy.toml, and a line here.
CONTENTS = {
    "MP-RX-FP-12-23|20260324.1.0": "51186311eebf88591d565015a1f0a7efeea222cf5a3f8c14be79862b973e2831",
}
SMALL = """
[policy]
id = "P-1"
effective = "2026-01-01"
title = "A drug"
payer = "A payer"
[drug]
name = "a drug"
short = "Drug"
billing_code = "X1"
billing_display = "a drug"
billing_unit = "1 mg"
[service]
title = "t"
description = "d"
[form]
revision = 3
name = "APriorAuthorization"
clinical_time = "under-1min"
total_time = "under-3min"
documented = ["C-2"]
[form.requests]
initial = "First"
[authorization]
service_system = "http://codes.example.org"
[[group]]
id = "initial"
operator = "all"
title = "All"
parts = ["C-1", "paths"]
[[group]]
id = "paths"
operator = "any"
title = "Either"
parts = ["left", "right"]
[[group]]
id = "left"
operator = "all"
title = "Left"
parts = ["C-2", "C-3"]
[[group]]
id = "right"
operator = "all"
title = "Right"
parts = ["C-2", "C-4"]
"""


def terms_of(text: str) -> AuthorizationTerms:
    return read_terms(read_policy(text), "library", "{}")


def criteria(*ids: str) -> str:
    return "".join(
        f'[[criterion]]\nid = "{i}"\nsection = "1"\npage = 1\nkind = "CC"\nbasis = "policy"\ntitle = "Title of {i}"\n'
        for i in ids
    )


def small(*ids: str) -> str:
    return SMALL + criteria(*ids)


def asked(terms: AuthorizationTerms) -> list[str]:
    form = questionnaire(terms, PUBLIC)
    options = [o["valueCoding"]["code"] for i in items_of(form) for o in i.get("answerOption", ())]
    return [*(item["linkId"] for item in items_of(form)), *options]


@pytest.mark.parametrize("policy", installed().values(), ids=installed())
def test_every_rule_of_the_outline_is_an_item_or_an_option_exactly_once(policy: Any) -> None:
    found = asked(policy.authorization)

    assert {rule: found.count(rule) for rule in policy.authorization.criteria} == dict.fromkeys(
        policy.authorization.criteria, 1
    )


@pytest.mark.parametrize("policy", installed().values(), ids=installed())
def test_every_link_is_of_the_outline_or_one_of_the_fixed_ones(policy: Any) -> None:
    terms = policy.authorization
    facts = {"facts", "birth-date", "height", "weight", "request", "cycle"}
    fixed = {*facts, "attestation", "attested"}
    for item in items_of(questionnaire(terms, PUBLIC)):
        link = item["linkId"]
        for companion in COMPANIONS:
            link = link.removesuffix(companion)
        assert link in fixed or link in terms.groups or link in terms.criteria


def test_a_criterion_added_to_a_policy_appears_in_its_form() -> None:
    before = asked(terms_of(small("C-1", "C-2", "C-3", "C-4")))
    text = small("C-1", "C-2", "C-3", "C-4", "C-5").replace(
        'parts = ["C-1", "paths"]', 'parts = ["C-1", "C-5", "paths"]'
    )

    assert "C-5" not in before
    assert set(asked(terms_of(text))) - set(before) == {"C-5", "C-5.because", "C-5.evidence"}


def test_what_every_alternative_needs_is_asked_before_the_choice() -> None:
    form = questionnaire(terms_of(small("C-1", "C-2", "C-3", "C-4")), PUBLIC)
    links = [item["linkId"] for item in items_of(form) if not item["linkId"].endswith(COMPANIONS)]

    assert links[links.index("initial") :] == [
        "initial", "C-1", "C-2", "paths", "left", "C-3", "right", "C-4", "attestation", "attested",
    ]  # fmt: skip


def test_an_outline_that_would_be_asked_twice_is_refused() -> None:
    text = small("C-1", "C-2", "C-3", "C-4").replace('"C-2", "C-4"', '"C-4", "C-1"')

    with pytest.raises(PolicyError, match="ask twice for C-1"):
        questionnaire(terms_of(text), PUBLIC)


@pytest.mark.parametrize(
    ("given", "instead", "fault"),
    [
        (
            'documented = ["C-2"]',
            'documented = ["C-9"]',
            "form.documented names what is no criteria or groups: C-9",
        ),
        ('initial = "First"', 'second = "Second"', "form.requests names what is no groups: second"),
        ("under-1min", "soon", "soon is none of"),
        (
            'service_system = "http://codes.example.org"',
            'service_system = "http://codes.example.org"\ndiagnosis = ["C-8"]',
            "authorization.diagnosis .* C-8",
        ),
    ],
)
def test_terms_that_name_nothing_are_refused_at_load(given: str, instead: str, fault: str) -> None:
    with pytest.raises(PolicyError, match=fault):
        terms_of(small("C-1", "C-2", "C-3", "C-4").replace(given, instead))


def test_a_form_changes_with_its_revision_only() -> None:
    """By content, without the public address. ``CONTENTS`` says what to do when this fails."""
    found = {
        f"{p.reference.id}|{form_version(p.reference)}": content_hash(questionnaire(p.authorization, ""))
        for p in installed().values()
    }

    assert found == CONTENTS


def test_the_version_is_date_and_revision() -> None:
    reference = terms_of(small("C-1", "C-2", "C-3", "C-4")).reference

    assert form_canonical(reference, PUBLIC) == f"{PUBLIC}/fhir/Questionnaire/P-1|20260101.3.0"
    assert form_canonical(TERMS.reference, PUBLIC).endswith("/MP-RX-FP-12-23|20260324.1.0")


def test_the_form_is_the_same_for_everybody_and_complete_in_itself() -> None:
    assert questionnaire(TERMS, PUBLIC) == FORM
    assert FORM["subjectType"] == ["Patient"]
    assert FORM["status"] == "active"
    assert "answerValueSet" not in json.dumps(FORM)


def test_questions_depend_on_answers_by_equality_and_existence_alone() -> None:
    operators = {c["operator"] for item in ITEMS.values() for c in item.get("enableWhen", ())}

    assert operators == {"=", "exists"}


def test_every_condition_is_about_an_earlier_question() -> None:
    links = list(ITEMS)
    for link, item in ITEMS.items():
        for condition in item.get("enableWhen", ()):
            assert links.index(condition["question"]) < links.index(link)


def test_nothing_is_hidden_or_read_only() -> None:
    text = json.dumps(FORM)

    assert "questionnaire-hidden" not in text
    assert "readOnly" not in text


def test_only_facts_have_an_expression() -> None:
    with_expression = {
        link for link, item in ITEMS.items() if "initialExpression" in json.dumps(item.get("extension", ""))
    }

    assert with_expression == {"birth-date", "height", "weight"}


def test_documents_are_asked_for_where_the_policy_says_and_the_record_has_no_evidence() -> None:
    documents = {link.removesuffix(".attachment") for link in ITEMS if link.endswith(".attachment")}

    assert documents == TERMS.form.documented
    for link in documents:
        assert ITEMS[f"{link}.attachment"]["enableWhen"] == [
            {"question": f"{link}.evidence", "operator": "exists", "answerBoolean": False}
        ]


def test_the_library_is_the_one_that_the_form_names() -> None:
    held = library(TERMS, PUBLIC)
    named = next(e["valueCanonical"] for e in FORM["extension"] if e["url"].endswith("cqf-library"))

    assert named == f"{held['url']}|{held['version']}"
    assert [content["contentType"] for content in held["content"]] == ["text/cql", "application/elm+json"]


def test_cql_and_elm_are_of_one_library_of_the_forms_version() -> None:
    """ELM is made from CQL by ``make elm``, which also writes the hash."""
    elm = json.loads(TERMS.form.elm)["library"]
    head = re.match(r"library (\w+) version '([\d.]+)'", TERMS.form.cql)
    assert head is not None
    recorded = (Path(__file__).parent / "cql" / "form.cql.sha256").read_text().strip()

    assert (head[1], head[2]) == (TERMS.form.name, form_version(TERMS.reference))
    assert (elm["identifier"]["id"], elm["identifier"]["version"]) == (head[1], head[2])
    assert hashlib.sha256(TERMS.form.cql.encode()).hexdigest() == recorded


def test_every_expression_names_a_definition_of_both() -> None:
    in_cql = set(re.findall(r'^define "(.+?)":', TERMS.form.cql, re.MULTILINE))
    in_elm = {d["name"] for d in json.loads(TERMS.form.elm)["library"]["statements"]["def"]}
    for link in ("birth-date", "height", "weight"):
        (expression,) = (e["valueExpression"] for e in ITEMS[link]["extension"])
        (alternative,) = (e["valueExpression"] for e in expression["extension"])
        define = json.loads(alternative["expression"])["name"]

        assert expression["expression"] == f'"{TERMS.form.name}"."{define}"'
        assert expression["language"] == "text/cql-identifier"
        assert alternative["language"] == "application/elm+json"
        assert define in in_cql & in_elm


def test_the_library_includes_no_other() -> None:
    assert "include" not in TERMS.form.cql
    assert "includes" not in json.loads(TERMS.form.elm)["library"]
