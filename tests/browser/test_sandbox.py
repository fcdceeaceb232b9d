"""The sandbox EHR in a real browser: the list of alerts, what becomes of each, the view beside them, signing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from cds_service.store import feedback
from cds_service.web.edge import trust
from tests.browser.conftest import Site
from tests.browser.faults import WIDTHS, faults_of
from tests.browser.states import frame_of, from_card, signed

RANK = ("critical", "warning", "info")


def applied(page: Page, site: Site) -> None:
    signed(page, site, "tenfold-overdose")
    page.locator("article[data-kind=dose] button.primary").click()
    page.locator(".alert[data-outcome=applied]").wait_for()


def overridden(page: Page, site: Site) -> None:
    signed(page, site, "dlbcl")
    card = page.locator("article[data-kind=coverage]")
    card.get_by_text("Go on anyway").click()
    assert card.get_by_label("Reason").input_value() == ""
    card.get_by_label("Reason").select_option(label="Another policy or guideline applies")
    card.get_by_label("Comment").fill("appeal under way")
    card.get_by_role("button", name="Record the reason").click()
    page.locator(".alert[data-outcome=overridden]").wait_for()


def signed_anyway(page: Page, site: Site) -> None:
    signed(page, site, "vod-after-cycle-2")
    page.get_by_label("Why you sign in spite of a danger").fill("agreed with hepatology")
    page.get_by_role("button", name="Sign anyway").click()
    page.get_by_role("heading", name="Signed", exact=True).wait_for()


def removed(page: Page, site: Site) -> None:
    page.goto(f"{site.ehr}/patients/dlbcl")
    page.get_by_role("button", name="Remove order").click()
    page.get_by_text("No order waits to be signed").wait_for()


def the_list(page: Page, site: Site) -> None:
    page.goto(f"{site.ehr}/")


def before_signing(page: Page, site: Site) -> None:
    page.goto(f"{site.ehr}/patients/reduction-due-and-ignored")


def many_alerts(page: Page, site: Site) -> None:
    signed(page, site, "no-ecg-three-qt-drugs")


def with_the_view(page: Page, site: Site) -> None:
    from_card("seventh-cycle")(page, site)


Going = Callable[[Page, Site], None]
STATES: dict[str, Going] = {
    "the list": the_list,
    "before signing": before_signing,
    "many alerts": many_alerts,
    "with the view": with_the_view,
    "applied": applied,
    "overridden": overridden,
    "signed anyway": signed_anyway,
    "removed": removed,
}
each_state = pytest.mark.parametrize("go", STATES.values(), ids=STATES.keys())


@each_state
def test_axe_finds_nothing_and_nothing_overflows(page: Page, site: Site, go: Going) -> None:
    go(page, site)
    assert faults_of(page) == []


def test_every_patient_of_the_list_has_a_name_a_number_and_an_order(page: Page, site: Site) -> None:
    the_list(page, site)
    rows = page.locator("tbody tr").all_inner_texts()
    assert len(rows) == 25
    assert all("SBX-" in row and " mg" in row and "(synthetic)" in row for row in rows)


def test_the_banner_says_who_the_patient_is(page: Page, site: Site) -> None:
    before_signing(page, site)
    banner = page.locator(".banner").inner_text()
    for said in ("Basil Fixture", "1990-02-14 (36 y)", "SBX-", "SYN", "male", "none recorded", "in relapse"):
        assert said in banner


def test_the_alerts_are_listed_strongest_first_with_their_severity_in_words(page: Page, site: Site) -> None:
    signed(page, site, "qtcf-510-with-nilotinib")
    listed = page.locator(".alerts .alert")
    kinds = [listed.nth(n).get_attribute("class") or "" for n in range(listed.count())]
    ranks = [next(n for n, word in enumerate(RANK) if word in kind) for kind in kinds]
    assert len(ranks) >= 2
    assert ranks == sorted(ranks)
    assert listed.first.locator(".severity").inner_text().strip() == "Danger"
    box = listed.first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 900


def test_a_suggestion_changes_the_order_and_stays_in_the_list(page: Page, site: Site) -> None:
    applied(page, site)
    expect(page.get_by_role("status")).to_contain_text("Applied")
    expect(page.locator("article[data-kind=dose]")).to_have_count(0)
    order = page.locator("table.orders tbody tr").inner_text()
    assert "1.41 mg" in order
    assert "changed" in order
    kept = page.locator(".alert[data-outcome=applied]")
    expect(kept).to_contain_text("Dose 10 times too high")
    expect(kept).to_contain_text("Applied: Set the dose to 1.41 mg")


def test_a_reason_is_recorded_and_the_alert_marked(page: Page, site: Site) -> None:
    overridden(page, site)
    expect(page.get_by_role("status")).to_have_text("Your reason was recorded.")
    words = "Overridden: Another policy or guideline applies. appeal under way"
    marked = page.locator("article[data-kind=coverage]")
    expect(marked.locator(".answer")).to_have_text(words)
    expect(marked.get_by_text("Go on anyway")).to_have_count(0)
    expect(page.locator(".alert[data-outcome=overridden]")).to_contain_text(words)
    other = page.locator("article:not([data-kind=coverage])")
    assert other.get_by_text("Go on anyway").count() == other.count() > 0


def test_an_overridden_alert_is_still_listed_after_the_order_changed(page: Page, site: Site) -> None:
    signed(page, site, "tenfold-overdose")
    coverage = page.locator("article[data-kind=coverage]")
    coverage.get_by_text("Go on anyway").click()
    coverage.get_by_label("Reason").select_option(index=1)
    coverage.get_by_role("button", name="Record the reason").click()
    page.locator(".alert[data-outcome=overridden]").wait_for()
    page.locator("article[data-kind=dose] button.primary").click()
    page.locator(".alert[data-outcome=applied]").wait_for()
    expect(page.locator(".alert[data-outcome=overridden]")).to_have_count(1)
    expect(page.get_by_text("before the order was changed")).to_have_count(2)


def test_nothing_is_recorded_without_a_reason_and_on_a_danger_without_a_comment(
    page: Page, site: Site
) -> None:
    signed(page, site, "vod-after-cycle-2")
    card = page.locator("article.card-critical").first
    card.get_by_text("Go on anyway").click()
    offered = card.get_by_label("Reason").locator("option").all_inner_texts()
    assert "Patient declines" not in offered
    # Past the browser's own check of required fields, as a script would be.
    card.locator("details form").evaluate("form => form.noValidate = true")
    card.get_by_role("button", name="Record the reason").click()
    expect(page.get_by_role("status")).to_contain_text("Choose a reason")
    card = page.locator("article.card-critical").first
    card.get_by_text("Go on anyway").click()
    card.get_by_label("Reason").select_option(index=1)
    card.locator("details form").evaluate("form => form.noValidate = true")
    card.get_by_role("button", name="Record the reason").click()
    expect(page.get_by_role("status")).to_contain_text("Say in the comment why")
    expect(page.locator("[data-outcome=overridden]")).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_view_opens_where_it_is_seen(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    signed(page, site, "no-ecg-three-qt-drugs")
    page.locator("article[data-kind=coverage] button.open").click()
    frame_of(page)
    verdict = page.frame_locator("iframe[name=detail]").locator("#verdict").bounding_box()
    assert verdict is not None
    assert verdict["y"] >= 0
    assert verdict["y"] + verdict["height"] <= 800
    expect(page.locator(".alert").nth(1)).to_be_attached()
    page.get_by_role("button", name="Close", exact=True).click()
    page.locator("iframe").wait_for(state="detached")
    expect(page.locator(".alert").nth(1)).to_be_attached()


def test_an_order_is_signed_in_spite_of_its_alerts_and_the_service_is_told(page: Page, site: Site) -> None:
    signed_anyway(page, site)
    expect(page.get_by_role("status")).to_have_text("Signed. The service was told.")
    expect(page.locator("table.orders tbody tr")).to_contain_text("signed")
    stops = page.locator(".alert-critical[data-outcome=overridden]")
    expect(stops.first).to_be_attached()
    expect(stops.first).to_contain_text("Overridden: agreed with hepatology")
    expect(page.get_by_role("button", name="Sign")).to_have_count(0)
    with site.app.app_context():
        told = {i["card"] for i in feedback.items(trust().database) if "hepatology" in str(i)}
    assert len(told) == page.locator("[data-outcome=overridden]").count()


def test_a_danger_is_not_signed_over_without_a_word(page: Page, site: Site) -> None:
    signed(page, site, "vod-after-cycle-2")
    page.locator("form.finish").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Sign anyway").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing was signed")
    expect(page.get_by_role("button", name="Sign anyway")).to_have_count(1)


def test_what_needs_no_answer_is_signed_as_it_is(page: Page, site: Site) -> None:
    signed(page, site, "second-cycle-after-cr")
    page.get_by_role("button", name="Sign order", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Signed.")
    expect(page.locator("[data-outcome=overridden]")).to_have_count(0)


def test_another_drug_is_signed_without_a_word(page: Page, site: Site) -> None:
    page.goto(f"{site.ehr}/patients/dlbcl")
    page.get_by_text("For testers").click()
    page.get_by_role("button", name="Sign another drug instead").click()
    expect(page.locator(".said")).to_contain_text("has nothing to say")
    expect(page.locator("table.orders tbody tr")).to_contain_text("signed")


def test_the_keyboard_alone_signs_an_order(page: Page, site: Site) -> None:
    page.goto(f"{site.ehr}/patients/relapsed-single-agent")
    for then in ("Before you sign", "Signed"):
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.innerText") == "Sign order":
                break
        page.keyboard.press("Enter")
        page.get_by_role("heading", name=then, exact=True).wait_for()
