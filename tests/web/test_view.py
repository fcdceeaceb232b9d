"""The page after sign-in: whose it is, what it is about, how long it lasts, and what ends it."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from cds_service.fhir.record import Resource
from cds_service.policies import installed
from cds_service.smart import refusals, viewing
from cds_service.smart.door import BUDGET_S
from cds_service.smart.login.session import IDLE_S, SESSION_COOKIE, Login, Sessions
from cds_service.smart.page.detail import DetailPage
from cds_service.smart.viewing import shown
from cds_service.store.vault import Vault
from tests.web import examples
from tests.web.conftest import HandClock, remembered
from tests.web.keys import ISSUER
from tests.web.launching import EHR, OTHER, Bench, bench

ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "inotuzumab ozogamicin"},
    "dosageInstruction": [
        {
            "timing": {"event": ["2026-04-16"]},
            "doseAndRate": [{"doseQuantity": {"value": Decimal("1.41"), "unit": "mg", "code": "mg"}}],
        }
    ],
}
PLATELETS = examples.observation(
    "plt",
    "Platelets",
    48,
    "10*9/L",
    "2026-04-14",
    code={"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
)
HEIGHT, WEIGHT = (
    examples.observation(
        code, code, value, unit, "2026-04-14", code={"coding": [{"system": "http://loinc.org", "code": code}]}
    )
    for code, value, unit in (("8302-2", 165, "cm"), ("29463-7", 68, "kg"))
)
WHO = {"iss": ISSUER, "patient": "p1", "user": "Practitioner/1"}
LOST = "could not be used"


def opened(vault: Vault, **answer: Any) -> Bench:
    desk = bench(vault, answer=answer)
    assert desk.signed_in().status_code == 303
    return desk


def handed_off(vault: Vault, **who: str) -> str:
    return remembered(vault, bench(vault).door.handoff, Resource(ORDER, "draft order"), **{**WHO, **who})


def test_the_page_says_in_one_sentence_whose_plan_is_in_force(vault: Vault) -> None:
    desk = bench(vault, (replace(EHR, payer_identifiers=("urn:oid:1.2.3|MMM",)), OTHER))
    desk.signed_in()
    page = desk.view().text

    assert page.count('data-payer="none"') == 1
    assert "No insurance is on record for" in page
    assert "insurance" not in opened(vault).view().text


def test_the_page_shows_the_patient_and_every_criterion(vault: Vault) -> None:
    page = opened(vault).view()
    assert page.status_code == 200
    assert "Ada Example" in page.text
    assert re.search(r'id="verdict" data-coverage="(met|not-met|unknown)"', page.text)
    criteria = re.findall(r'data-criterion="([^"]+)"', page.text)
    assert len(criteria) == len(set(criteria)) >= 10


def test_the_order_behind_the_card_is_what_the_page_is_about(vault: Vault) -> None:
    desk = opened(vault, appContext=handed_off(vault))
    desk.read = lambda *_: examples.record(HEIGHT, WEIGHT)
    page = desk.view()
    assert "about the order you are signing" in page.text
    assert "planned 2026-04-16" in page.text
    assert "<dt>Ordered</dt><dd>1.41 mg</dd>" in page.text


@pytest.mark.parametrize(
    "who",
    [{"iss": "https://other.example.org/fhir"}, {"patient": "p2"}, {"user": "Practitioner/2"}],
    ids=["another EHR", "another patient", "another user"],
)
def test_a_foreign_app_context_is_ignored_and_the_page_says_so(vault: Vault, who: dict[str, str]) -> None:
    page = opened(vault, appContext=handed_off(vault, **who)).view()
    assert page.status_code == 200
    assert LOST in page.text
    assert "1.41" not in page.text


def test_an_expired_app_context_is_ignored_and_the_page_says_so(vault: Vault, clock: HandClock) -> None:
    app_context = handed_off(vault)
    clock.now += 900
    page = opened(vault, appContext=app_context).view()
    assert (page.status_code, LOST in page.text) == (200, True)


@pytest.mark.parametrize("app_context", ["unknown", "{}", "x" * 5000, 7, {"odd": 1}])
def test_an_unknown_app_context_never_stops_the_page(vault: Vault, app_context: object) -> None:
    assert opened(vault, appContext=app_context).view().status_code == 200


def test_without_a_card_the_page_is_from_the_chart_alone_and_says_so(vault: Vault) -> None:
    page = opened(vault).view()
    assert "from the chart alone" in page.text
    assert "as if it were ordered today" in page.text


@pytest.mark.parametrize(
    ("orders", "answer", "about"),
    [
        ({"later": "2026-05-01", "next": "2026-04-16", "past": "2026-03-01"}, {}, "next"),
        ({"old": "2026-02-01", "past": "2026-03-01"}, {}, "past"),
        (
            {"later": "2026-05-01", "next": "2026-04-16"},
            {"fhirContext": [{"reference": "MedicationRequest/later"}]},
            "later",
        ),
        (
            {"later": "2026-05-01", "next": "2026-04-16"},
            {"fhirContext": [{"reference": "MedicationRequest/later", "role": "comparison"}]},
            "next",
        ),
    ],
    ids=["the next planned", "else the last", "the one the launch names", "not one of another role"],
)
def test_an_order_of_the_chart_is_taken(
    vault: Vault, orders: dict[str, str], answer: dict[str, Any], about: str
) -> None:
    desk = opened(vault, **answer)
    placed = [
        {**ORDER, "id": name, "status": "active", "dosageInstruction": [{"timing": {"event": [day]}}]}
        for name, day in orders.items()
    ]
    desk.read = lambda *_: examples.record(*placed)
    page = desk.view()
    assert page.status_code == 200
    assert f"It is about MedicationRequest/{about} (active)." in page.text


def page_in(vault: Vault, step: float, late: float = 0.0) -> DetailPage:
    """The page of a view whose clock goes on by so many seconds with each step; the EHR kept it waiting so long."""
    desk = opened(vault, appContext=handed_off(vault))
    asked: list[tuple[Login, float]] = []

    def read(login: Login, _drafts: object, deadline: float) -> Any:
        asked.append((login, deadline))
        return examples.record(HEIGHT, WEIGHT, PLATELETS)

    desk.read = read
    desk.view()
    login, _ = asked.pop()
    readings = (late + n * step for n in count())
    page = shown(desk.door, EHR, login, ends=BUDGET_S, monotonic=lambda: next(readings))
    assert asked[0][1] == pytest.approx(BUDGET_S * 0.8)
    return page


def late_criteria(page: DetailPage) -> list[str]:
    return [c.id for c in page.determination.criteria if "not reached in time" in c.because]


@pytest.mark.parametrize("late", [0.0, BUDGET_S, 60.0])
def test_a_view_with_time_enough_reaches_all_however_late_the_ehr_was(vault: Vault, late: float) -> None:
    page = page_in(vault, 0.0, late)
    assert (late_criteria(page), page.determination.dose and page.determination.dose.verdict) == ([], "ok")
    assert page.results
    assert "not drawn" not in str(page.provenance.notices)


@pytest.mark.parametrize("step", [0.3, 0.5, 10.0])
def test_what_a_view_had_no_time_for_is_unknown_and_named_on_the_page(
    vault: Vault, step: float, caplog: pytest.LogCaptureFixture
) -> None:
    page = page_in(vault, step, late=BUDGET_S)
    assert late_criteria(page)
    assert any("ot reached in time" in finding.text for finding in page.safety)
    assert page.results == ()
    assert page.provenance.notices[-1] == "Results and doses are not drawn: not reached in time."
    assert any(m.startswith("the evaluation of a view was not finished in time: ") for m in caplog.messages)
    assert "p1" not in caplog.text


def test_a_fault_in_the_charts_costs_the_charts_alone(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("Ada")

    policy = replace(installed()["inotuzumab"], picture=broken)
    monkeypatch.setattr(viewing, "installed", lambda: {"inotuzumab": policy})
    page = opened(vault).view()
    assert page.status_code == 200
    assert "data-criterion=" in page.text
    assert re.search(
        r"Results and doses are not drawn: could not be evaluated \(error [0-9a-f]{8}\)", page.text
    )


def test_the_drafts_are_read_together_with_the_chart(vault: Vault) -> None:
    desk, seen = opened(vault, appContext=handed_off(vault)), []

    def read(_login: object, drafts: tuple[Resource, ...], _deadline: float) -> Any:
        seen.extend(drafts)
        return examples.CHART

    desk.read = read
    desk.view()
    assert [draft.reference for draft in seen] == ["MedicationRequest/draft-1"]


def test_the_ehrs_own_banner_is_not_repeated(vault: Vault) -> None:
    assert "MRN-0001" not in opened(vault, need_patient_banner=False).view().text
    assert "MRN-0001" in opened(vault).view().text


def test_the_summary_intent_is_followed_and_an_unknown_one_is_not_minded(vault: Vault) -> None:
    plain, summary = opened(vault, intent="dance"), opened(vault, intent="summary")
    for desk in (plain, summary):
        desk.read = lambda *_: examples.record(PLATELETS)
    assert "<svg" in plain.view().text
    assert "<svg" not in summary.view().text


def test_a_tenant_that_names_no_policy_has_them_all(vault: Vault) -> None:
    desk = bench(vault, (replace(EHR, policies=()),))
    desk.signed_in()
    assert desk.view().status_code == 200


# Sessions.


def test_without_a_session_there_is_no_page(vault: Vault) -> None:
    assert bench(vault).view().status_code == 401


def test_a_made_up_session_id_opens_nothing(vault: Vault) -> None:
    desk = bench(vault)
    desk.browser.set_cookie(SESSION_COOKIE, "x" * 43, domain="cds.example.org")
    assert desk.view().status_code == 401


def test_an_idle_session_ends_and_a_used_one_lives_on(vault: Vault, clock: HandClock) -> None:
    desk = opened(vault)
    for _ in range(3):
        clock.now += IDLE_S - 1
        assert desk.view().status_code == 200
    clock.now += IDLE_S
    assert desk.view().status_code == 401


def test_a_session_ends_with_its_token_however_busy(vault: Vault) -> None:
    desk = opened(vault, expires_in=600)
    cookie = desk.browser.get_cookie(SESSION_COOKIE, domain="cds.example.org")
    assert cookie is not None
    login = desk.door.sessions.find(cookie.value)
    assert login is not None
    assert Sessions(vault, lambda: login.expires_at - 1).find(cookie.value) is not None
    assert Sessions(vault, lambda: login.expires_at).find(cookie.value) is None


def test_logging_out_ends_the_session_and_gives_the_token_back(vault: Vault) -> None:
    desk = opened(vault)
    assert desk.logout().status_code == 200
    assert desk.view().status_code == 401
    assert desk.ehr.asked[-1].endswith("/revoke")
    assert desk.ehr.forms[-1]["token"] == "canary-access-token"
    assert desk.ehr.form_headers[-1]["Authorization"].startswith("Basic ")


def test_an_old_cookie_stays_dead_after_logout(vault: Vault) -> None:
    desk = opened(vault)
    cookie = desk.browser.get_cookie(SESSION_COOKIE, domain="cds.example.org")
    assert cookie is not None
    desk.logout()
    desk.browser.set_cookie(SESSION_COOKIE, cookie.value, domain="cds.example.org")
    assert desk.view().status_code == 401


@pytest.mark.parametrize("kind", ["timeout", "connection"])
def test_logging_out_works_though_the_ehr_cannot_take_the_token_back(vault: Vault, kind: str) -> None:
    desk = opened(vault)
    desk.ehr.failing = {"/revoke": kind}
    assert desk.logout().status_code == 200
    assert desk.view().status_code == 401


def test_logging_out_without_a_session_is_harmless(vault: Vault) -> None:
    assert bench(vault).logout().status_code == 200


OWN = "https://cds.example.org"
FRAMING = "https://ehr.example.org"
OUR_FORMS = [
    {}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Sec-Fetch-Site": "same-origin", "Origin": OWN}, {"Origin": OWN},
    {"Origin": "null"}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "cross-site", "Origin": FRAMING}, {"Origin": FRAMING},
]  # fmt: skip
OTHER_FORMS = [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "cross-site", "Origin": "null"}, {"Sec-Fetch-Site": "same-site", "Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, {"Origin": "https://evil.example"},
    {"Origin": "https://cds.example.org.evil.example"}, {"Origin": "http://cds.example.org"}, {"Origin": "https://other.example.org"},
    {"Sec-Fetch-Site": "cross-site", "Origin": OWN}, {"Sec-Fetch-Site": "nonsense"},
]  # fmt: skip


@pytest.mark.parametrize("headers", OUR_FORMS)
def test_our_own_page_and_the_ehr_that_frames_it_may_log_out(vault: Vault, headers: dict[str, str]) -> None:
    desk = opened(vault)
    assert desk.logout(**headers).status_code == 200
    assert desk.view().status_code == 401


@pytest.mark.parametrize("headers", OTHER_FORMS)
def test_another_site_cannot_log_out(vault: Vault, headers: dict[str, str]) -> None:
    desk = opened(vault)
    refused = desk.logout(**headers)
    assert refused.status_code == 403
    assert f"frame-ancestors {FRAMING}" in refused.headers["Content-Security-Policy"]
    assert desk.view().status_code == 200


def test_logging_out_is_not_a_link(vault: Vault) -> None:
    assert bench(vault).view("/logout").status_code == 405


def test_a_view_of_another_patient_opened_since_is_not_shown_in_its_place(vault: Vault) -> None:
    desk = bench(vault)
    first = desk.signed_in().headers["Location"]
    second = desk.signed_in().headers["Location"]
    assert desk.view(second).status_code == 200
    replaced = desk.view(first)
    assert replaced.status_code == 401
    assert "Ada" not in replaced.text


# What the EHR refuses.


@pytest.mark.parametrize(
    ("refused", "status", "live"),
    [
        (refusals.session_over("token-refused"), 401, False),
        (refusals.not_allowed("patient-refused"), 403, True),
        (refusals.ehr_failed("patient-not-readable"), 502, True),
        (refusals.ehr_late(), 504, True),
    ],
)
def test_what_the_ehr_refuses_is_a_page_and_only_a_dead_token_ends_the_session(
    vault: Vault, refused: refusals.Refused, status: int, live: bool
) -> None:
    desk = opened(vault)

    def failing(*_: object) -> Any:
        raise refused

    desk.read = failing
    assert desk.view().status_code == status
    desk.read = lambda *_: examples.CHART
    assert desk.view().status_code == (200 if live else 401)


def test_every_view_is_told_to_the_audit_with_who_and_whom(vault: Vault) -> None:
    desk = opened(vault)
    desk.view()
    assert desk.views == [("Practitioner/1", "p1", "shown")]


def test_the_page_can_not_be_kept_and_names_nobody_in_its_title(vault: Vault) -> None:
    page = opened(vault).view()
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Security-Policy"].endswith("frame-ancestors https://ehr.example.org")
    assert "Ada" not in page.text[: page.text.index("</title>")]
