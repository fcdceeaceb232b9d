"""The packet of the page's order: downloaded with the page's session, its gaps a checklist on the page."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import replace
from typing import Any

import pytest

from cds_service.fhir.record import Resource
from cds_service.smart.login.session import Login
from cds_service.smart.named_reading import read_named
from cds_service.store.vault import Vault
from tests.ehr.hostile import fhir, hangs, outcome, running
from tests.ehr.looking import OUTBOUND
from tests.packet.insured import around, coverage
from tests.web import examples
from tests.web.conftest import HandClock
from tests.web.keys import ISSUER
from tests.web.launching import Bench, bench
from tests.web.test_view import ORDER, handed_off, opened

LINK = "Download the prior-authorization packet"
LOGIN = Login("a", "", "p1", "Practitioner/1", "token", "", 0, "v", None, True, "", ())


def with_order(vault: Vault) -> Bench:
    desk = opened(vault, appContext=handed_off(vault))
    desk.read = lambda *_: examples.record(coverage("p1"))
    return desk


def test_the_page_links_to_the_packet_and_lists_what_it_lacks(vault: Vault) -> None:
    page = with_order(vault).view().text

    assert LINK in page
    assert "/view/packet?of=" in page
    assert "Complete and attest the form" in page
    assert "No place of service in the record <strong>(required)</strong>" in page
    assert page.index("You, in the form") > page.index("Your practice, in the request")


def test_the_packet_is_an_archive_of_three_files_that_is_kept_nowhere(vault: Vault) -> None:
    answer = with_order(vault).view("/view/packet")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))

    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="prior-authorization-draft-1.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert archive.namelist() == ["questionnaire-package.json", "pas-request.json", "packet.json"]
    assert json.loads(archive.read("packet.json"))["orders"] == ["MedicationRequest/draft-1"]
    assert f"{ISSUER}/Coverage/cov-1" in archive.read("pas-request.json").decode()


def test_the_same_chart_gives_the_same_bytes(vault: Vault) -> None:
    desk = with_order(vault)

    assert desk.view("/view/packet").data == desk.view("/view/packet").data


def test_without_an_order_there_is_neither_link_nor_packet(vault: Vault) -> None:
    desk = opened(vault)
    answer = desk.view("/view/packet")

    assert LINK not in desk.view().text
    assert answer.status_code == 404
    assert "no-packet" in answer.text
    assert desk.views[-2][2] == "no-packet"


def test_without_a_session_or_for_another_view_there_is_none(vault: Vault, clock: HandClock) -> None:
    assert bench(vault).view("/view/packet").status_code == 401
    desk = with_order(vault)
    assert desk.view("/view/packet?of=another").status_code == 401
    clock.now += 901
    assert desk.view("/view/packet").status_code == 401


def test_a_download_is_told_of_apart_from_views(vault: Vault) -> None:
    desk = with_order(vault)
    given: list[tuple[str, str]] = []
    told = replace(desk.door, downloaded=lambda _, order, result: given.append((order, result)))
    desk.app.extensions["payer-policy-cds-smart"] = told
    desk.view("/view/packet")

    assert given == [("MedicationRequest/draft-1", "given")]
    assert desk.views == []


def test_a_packet_that_cannot_be_made_does_not_cost_the_page(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("MARKER")

    desk = with_order(vault)
    monkeypatch.setattr("cds_service.smart.packing.packets_of", broken)

    assert desk.view().status_code == 200
    assert LINK not in desk.view().text
    assert desk.view("/view/packet").status_code == 404


ASKED = Resource(
    {
        **ORDER,
        "requester": {"reference": "PractitionerRole/role-1"},
        "encounter": {"reference": "Encounter/visit"},
    }
)
BESIDE = around("p1")
NAMED = [
    "Encounter/visit",
    "Location/infusion",
    "Organization/clinic",
    "Practitioner/oncologist-1",
    "PractitionerRole/role-1",
]


def read(ehr: Any, order: Resource = ASKED, scope: str = "", budget: float = 2.0) -> list[str]:
    """What of people, organizations and places the record holds in the end."""
    login = replace(LOGIN, iss=ehr.base, scope=scope)
    found = read_named(lambda _: OUTBOUND, login, examples.record(), [order], time.monotonic() + budget)
    return sorted(r.reference for kind, held in found.by_type.items() if kind != "Patient" for r in held)


def test_what_the_order_names_is_read_from_one_to_the_next_and_once() -> None:
    with running(BESIDE) as ehr:
        assert read(ehr) == NAMED
    assert sorted(ehr.requests) == NAMED


def test_another_servers_references_are_not_asked_for_here() -> None:
    order = Resource(
        {**ORDER, "requester": {"reference": "https://other.example.org/fhir/PractitionerRole/role-1"}}
    )
    with running(BESIDE) as ehr:
        assert read(ehr, order) == []
    assert ehr.requests == []


def test_what_the_scopes_do_not_allow_is_not_asked_for() -> None:
    with running(BESIDE) as ehr:
        assert read(ehr, scope="patient/Encounter.rs patient/Location.rs") == [
            "Encounter/visit",
            "Location/infusion",
        ]


@pytest.mark.parametrize(
    "answer",
    [
        fhir(outcome("error", "forbidden"), 403),
        fhir(outcome("error", "exception"), 500),
        fhir({"resourceType": "Patient", "id": "p2"}),
    ],
)
def test_what_cannot_be_had_is_left_out(answer: Any) -> None:
    with running(BESIDE) as ehr:
        ehr.script("PractitionerRole/role-1", answer)
        assert read(ehr) == ["Encounter/visit", "Location/infusion"]


def test_an_ehr_that_hangs_costs_no_more_than_the_deadline() -> None:
    with running(BESIDE) as ehr:
        ehr.script("PractitionerRole/role-1", hangs)
        assert read(ehr, budget=1.5) == ["Encounter/visit"]
