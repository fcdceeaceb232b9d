"""No number on a card or on the page ends in a needless zero: 1.410 mg is read as 1410 too easily."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from flask import Flask, render_template

from cds_service.fhir.quantities import in_words
from cds_service.fhir.record import Resource, record_from
from cds_service.policies import installed
from cds_service.sandbox import ordering
from cds_service.smart.page import charts as geometry
from cds_service.smart.page.detail import detail_page
from cds_service.smart.page.plain_text import plain_text
from cds_service.smart.page.timeline import timeline
from cds_service.smart.routes import blueprint
from tests.cards.rendering import render, texts
from tests.fixtures import CLOCK, NAMES, Fixture
from tests.web import examples

REFERENCE = re.compile(r"\b[A-Z]\w+/[\w.-]+")
NEEDLESS = re.compile(r"(?<![\w.-])\d+\.\d*0(?![\d.])")
OF_A_DOSE = re.compile(r"\d\.\d*0\s*(?:mg|m²|m2)")


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("page")
    app.register_blueprint(blueprint)
    return app


@pytest.mark.parametrize("name", NAMES)
def test_cards(name: str) -> None:
    fixture = Fixture(name)
    orders = {f"{o['resourceType']}/{o['id']}": o for o in fixture.drafts}
    cards = render(
        fixture.determine(), tenant="a", patient_id=fixture.patient_id, orders=orders, public_url="https://x"
    )

    said = [REFERENCE.sub("", text) for card in cards for text in texts(card)]
    assert [text for text in said if NEEDLESS.search(text)] == []


@pytest.mark.parametrize("name", NAMES)
def test_pages(app: Flask, name: str) -> None:
    fixture = Fixture(name)
    record = record_from(fixture.patient_id, [Resource(r, "fetched") for r in fixture.resources])
    picture = installed()["inotuzumab"].picture(record, CLOCK)
    for determination in fixture.determine():
        page = detail_page(
            determination,
            record,
            series=picture.series,
            timeline=timeline(picture.doses),
            provenance=examples.PROVENANCE,
            full_banner=True,
        )
        with app.test_request_context():
            html = render_template("smart/detail.html", page=page, text=plain_text(page), geometry=geometry)
        assert determination.dose is not None
        assert OF_A_DOSE.findall(html) == []


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ({"value": Decimal("1.410"), "unit": "mg"}, "1.41 mg"),
        ({"value": Decimal("10"), "code": "mg"}, "10 mg"),
        ({"value": Decimal("0.0"), "comparator": "<", "unit": "mg"}, "<0 mg"),
        ({"value": "1.410", "unit": "mg"}, "1.410 mg"),
        ({"unit": "mg"}, "mg"),
        ({}, ""),
    ],
)
def test_a_quantity_in_words(quantity: dict[str, object], words: str) -> None:
    assert in_words(quantity) == words


def test_an_order_in_the_sandbox() -> None:
    rate = json.loads('{"doseQuantity": {"value": 14.10, "unit": "mg"}}', parse_float=Decimal)
    order = {"code": {"text": "Besponsa"}, "dosageInstruction": [{"doseAndRate": [rate]}]}

    (line,) = ordering.lines([order], [])
    assert (line.drug, line.dose, line.state) == ("Besponsa", "14.1 mg", "added")
