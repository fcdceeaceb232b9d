"""The whole path in a real browser: sign, read the cards, open the view in a frame of another site."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cds_service.sandbox.ehr import fhir_api
from cds_service.smart.login.session import SESSION_COOKIE
from tests.browser.conftest import Site
from tests.browser.faults import faults_of
from tests.browser.states import STATES, Going, frame_of, from_card, signed, with_fault

FIXTURES = Path(__file__).parents[2] / "fhir_fixtures"
NOBODY = {"resourceType": "Patient", "id": "nobody-yet", "name": [{"text": "Nobody Yet"}]}


@pytest.fixture(autouse=True)
def one_more_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    held: tuple[Mapping[str, Any], ...] = (*fhir_api._held(), NOBODY)
    monkeypatch.setattr(fhir_api, "_held", lambda: held)


def test_from_signing_to_the_page_in_a_frame_of_another_site(page: Page, site: Site) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    frame = from_card("relapsed-single-agent")(page, site)
    assert frame.url.startswith(f"{site.service}/view?of=")
    assert page.url.startswith("http://localhost:")
    verdict = frame.locator("#verdict")
    expect(verdict).to_have_attribute("data-coverage", "met")
    expect(frame.locator("[data-criterion]").nth(9)).to_be_attached()
    expect(frame.locator(".notice").first).to_contain_text("about the order you are signing")
    assert complaints == []


def test_the_session_lives_in_that_frame_only(page: Page, site: Site) -> None:
    from_card("relapsed-single-agent")(page, site)
    cookies = [c for c in page.context.cookies() if c.get("name") == SESSION_COOKIE]
    assert [(c.get("httpOnly"), c.get("secure"), c.get("sameSite")) for c in cookies] == [
        (True, True, "None")
    ]
    page.goto(f"{site.service}/view")
    expect(page.locator("h1")).to_contain_text("This view has ended")


def test_without_script_the_whole_path_works(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    frame = from_card("relapsed-single-agent")(page, site)
    expect(frame.locator("h1")).to_contain_text("appears to meet")
    context.close()


@pytest.mark.parametrize(("go", "words"), STATES.values(), ids=STATES.keys())
def test_each_state_is_told_in_words_and_axe_finds_nothing_at_any_width_in_light_or_dark(
    page: Page, site: Site, go: Going, words: str
) -> None:
    frame = go(page, site)
    expect(frame.locator("h1")).to_contain_text(words)
    assert faults_of(page, frame) == []


def test_a_stale_card_is_said_to_be_so(page: Page, site: Site) -> None:
    frame = with_fault("", "0" * 64)(page, site)
    expect(frame.locator(".notice").first).to_contain_text("could not be used")


def test_narrowed_scopes_are_named_as_what_could_not_be_seen(page: Page, site: Site) -> None:
    frame = with_fault("scope-narrowed")(page, site)
    expect(frame.locator(".unseen")).to_contain_text("the granted scopes do not allow it")


_TEXT_SIZES = """() => [...document.querySelectorAll("svg text")].map(
    text => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize))"""


@pytest.mark.parametrize(
    "patient", ["seventh-cycle", "reduction-due-and-ignored", "fourth-cycle-without-response"]
)
def test_text_in_drawings_is_legible_on_a_narrow_screen(page: Page, site: Site, patient: str) -> None:
    opened(page, site, patient)
    page.set_viewport_size({"width": 320, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    sizes = page.evaluate(_TEXT_SIZES)
    assert len(sizes) > 10
    assert min(sizes) >= 11


def test_what_is_urgent_stands_on_the_first_narrow_screen(page: Page, site: Site) -> None:
    opened(page, site, "qtcf-510-with-nilotinib")
    page.set_viewport_size({"width": 320, "height": 700})
    box = page.locator(".urgent").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 700
    expect(page.locator(".urgent").first).to_contain_text("QTcF 510 ms")


def test_counters_lead_to_their_rows_and_open_what_is_folded(page: Page, site: Site) -> None:
    opened(page, site, "cd22-never-tested")
    page.locator(".counters a", has_text="open").click()
    expect(page.locator("[data-verdict=unknown]:target")).to_have_count(1)
    page.locator(".counters a", has_text="met").click()
    expect(page.locator("summary:target")).to_have_count(1)


def test_the_keyboard_alone_opens_and_reads_the_view(page: Page, site: Site) -> None:
    signed(page, site, "relapsed-single-agent")
    focused = "document.activeElement.className"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "open":
            break
    page.keyboard.press("Enter")
    frame = frame_of(page)
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(frame.evaluate("(document.activeElement.innerText || document.activeElement.id).trim()"))
    assert seen.index("Skip to the verdict") < seen.index("What was searched") < seen.index("Copy as text")
    assert "Close this view and sign out" in seen


def opened(page: Page, site: Site, patient: str) -> None:
    """The detail view in the page itself, since a frame cannot be measured or printed by itself."""
    signed(page, site, patient)
    button = page.locator("[data-kind=coverage] button.open")
    button.evaluate("button => button.formAction = button.formAction.replace('/open', '/window')")
    button.click()
    page.locator("#verdict").wait_for()


def test_the_view_opens_in_a_window_of_its_own(page: Page, site: Site) -> None:
    from_card("dlbcl")(page, site)
    with page.context.expect_page() as window:
        page.get_by_role("button", name="Open in a window of its own").click()
    expect(window.value.locator("#verdict")).to_have_attribute("data-coverage", "not-met")
    expect(window.value.locator("header.patient")).to_contain_text("born")


_LETTER = b"/MediaBox [0 0 612 792]"
_PRINTED_SIZES = """() => [...document.querySelectorAll("main *, header *, footer *")]
    .filter(one => one.getClientRects().length && !one.closest("svg, [aria-hidden]")
        && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(one => parseFloat(getComputedStyle(one).fontSize))"""


@pytest.mark.parametrize("patient", sorted(p.parent.name for p in FIXTURES.glob("*/request.json")))
def test_a_print_has_at_most_two_letter_pages_of_ten_points(page: Page, site: Site, patient: str) -> None:
    opened(page, site, patient)
    pdf = page.pdf(prefer_css_page_size=True)
    pages = pdf.count(b"/Type /Page\n")
    assert 1 <= pages <= 2
    assert pdf.count(_LETTER) == pages
    page.emulate_media(media="print")
    ten_points = 10 * 96 / 72
    assert min(page.evaluate(_PRINTED_SIZES)) >= ten_points - 0.01
    assert page.locator("header.patient").evaluate("e => getComputedStyle(e).display") == "table-header-group"
    expect(page.locator("header.patient")).to_contain_text("born")
    assert page.locator(".brief li:visible").count() + page.locator("[data-criterion]:visible").count() >= 7
