"""One order through everything: signed with the CRD service, its form completed, attested and downloaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.faults import faults_of

OPEN = "no-ecg-three-qt-drugs"


def signed_with_crd(page: Page, site: Site, patient: str) -> None:
    page.goto(f"{site.ehr}/patients/{patient}")
    page.get_by_label("coverage information on the order").check()
    page.get_by_role("button", name="Sign order", exact=True).click()
    page.get_by_role("heading", name="Coverage information from the payer").wait_for()


def with_the_form(page: Page, site: Site, patient: str = OPEN) -> None:
    signed_with_crd(page, site, patient)
    page.get_by_role("button", name="Prior authorization").click()
    page.get_by_role("heading", name="Open questions").wait_for()


def answered(page: Page) -> None:
    """Answer every open question yes, and attest."""
    while (left := page.locator("fieldset.question:not(.is-answered)")).count():
        for n in range(left.count()):
            left.nth(n).get_by_label("Yes", exact=True).check()
        left.first.get_by_label("What this rests on").fill("seen on paper")
        page.get_by_label("I have checked these answers").check()
        with page.expect_event("load"):
            page.get_by_role("button", name="Save answers").click()


def downloaded(page: Page, button: str) -> tuple[str, Any]:
    with page.expect_download() as going:
        page.get_by_role("button", name=button).click()
    return going.value.suggested_filename, json.loads(Path(going.value.path()).read_text("utf-8"))


def answers_in(holder: Any) -> Iterator[tuple[str, Any]]:
    for item in holder.get("item", ()):
        if "answer" in item:
            yield item["linkId"], item["answer"]
        yield from answers_in(item)


def source_and_author(answer: Any) -> tuple[str, str | None]:
    (origin,) = answer["extension"]
    parts = {part["url"]: part for part in origin["extension"]}
    author = parts.get("author", {"extension": [{"valueReference": {"reference": None}}]})
    return parts["source"]["valueCode"], author["extension"][0]["valueReference"]["reference"]


def test_one_order_from_signing_to_the_packet(page: Page, site: Site) -> None:
    signed_with_crd(page, site, OPEN)
    stated = page.locator(".coverage").inner_text()
    for said in (
        "Conditional",
        "Prior authorization is needed",
        "What to add",
        "Questionnaire/",
        "Assertion id",
    ):
        assert said in stated

    page.get_by_role("button", name="Prior authorization").click()
    expect(page.get_by_role("status")).to_contain_text("1 required question is open")
    expect(page.get_by_role("status")).to_contain_text("Nothing is submitted")
    headings = page.locator("main h2").all_inner_texts()
    assert headings.index("Open questions") < headings.index("Answers that came with the form")
    from_record = page.locator("li.question")
    expect(from_record.nth(4)).to_be_attached()
    assert all("from the record" in text for text in from_record.all_inner_texts())
    assert page.locator("li.question .evidence li").count() >= 1
    asked = page.locator("fieldset.question:not(.is-answered)")
    link = asked.first.get_attribute("data-link")
    expect(asked.first).to_contain_text("What the record shows")

    answered(page)
    expect(page.get_by_role("status")).to_contain_text("Complete and attested")
    name, package = downloaded(page, "Download the packet")
    assert name == "questionnaire-package.json"
    form, response, library = (e["resource"] for e in package["parameter"][0]["resource"]["entry"])
    kinds = [r["resourceType"] for r in (form, response, library)]
    assert kinds == ["Questionnaire", "QuestionnaireResponse", "Library"]
    assert response["status"] == "completed"
    found = dict(answers_in(response))
    manual = ("manual", "Practitioner/sandbox-oncologist")
    assert found[link][0]["valueBoolean"] is True
    assert source_and_author(found[link][0]) == manual
    assert found[f"{link}.because"][0]["valueString"] == "seen on paper"
    assert source_and_author(found[f"{link}.because"][0])[0] == "override"
    assert found["attested"][0]["valueBoolean"] is True
    assert source_and_author(found["attested"][0]) == manual
    assert source_and_author(found["birth-date"][0]) == ("auto-server", None)
    assert downloaded(page, "Download the answers alone") == ("questionnaire-response.json", response)

    page.get_by_role("button", name="Order", exact=True).click()
    page.get_by_role("button", name="Sign anyway").click()
    page.get_by_role("heading", name="Signed", exact=True).wait_for()
    expect(page.get_by_role("status")).to_have_text("Signed. The service was told.")
    page.get_by_role("button", name="Prior authorization").click()
    expect(page.get_by_role("status")).to_contain_text("Complete and attested")


def test_an_answer_of_the_record_is_changed_by_a_person_and_says_so(page: Page, site: Site) -> None:
    with_the_form(page, site)
    weight = page.locator("li.question[data-link=weight]")
    weight.get_by_text("Change this answer").click()
    weight.get_by_label("Answer").fill("seventy")
    page.get_by_role("button", name="Save answers").click()
    expect(weight).to_contain_text("Write a number. It was not taken.")
    weight.get_by_label("Answer").fill("70.5")
    page.get_by_role("button", name="Save answers").click()
    expect(weight).to_contain_text("your answer, instead of the record's")
    _, response = downloaded(page, "Download the answers alone")
    (answer,) = dict(answers_in(response))["weight"]
    assert answer["valueDecimal"] == 70.5
    assert source_and_author(answer)[0] == "override"
    assert response["status"] == "in-progress"


def test_what_is_not_covered_has_a_reason_and_no_form(page: Page, site: Site) -> None:
    signed_with_crd(page, site, "dlbcl")
    stated = page.locator(".coverage").inner_text()
    assert "Not covered" in stated
    assert "does not appear to meet" in stated
    expect(page.get_by_role("button", name="Prior authorization")).to_have_count(0)


def with_a_statement(page: Page, site: Site) -> None:
    signed_with_crd(page, site, OPEN)


def with_answers(page: Page, site: Site) -> None:
    with_the_form(page, site)
    answered(page)


@pytest.mark.parametrize("go", [with_a_statement, with_the_form, with_answers])
def test_axe_finds_nothing_and_nothing_overflows(page: Page, site: Site, go: Any) -> None:
    go(page, site)
    assert faults_of(page) == []
