"""The states that the detail view can be in, and how a prescriber gets there in the sandbox EHR."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from playwright.sync_api import Frame, Page

from cds_service.sandbox.ehr.sign_in import Launch
from cds_service.sandbox.ehr.smart_server import SIGN_IN
from tests.browser.conftest import Site


def frame_of(page: Page) -> Frame:
    """The frame of the detail view, once it shows a page of the service."""
    page.frame_locator("iframe[name=detail]").locator("h1").wait_for()
    frame = page.frame(name="detail")
    assert frame is not None
    return frame


def signed(page: Page, site: Site, patient: str) -> None:
    """Sign a patient's order."""
    page.goto(f"{site.ehr}/patients/{patient}")
    page.get_by_role("button", name="Sign order", exact=True).click()
    page.get_by_role("heading", name="Before you sign").wait_for()


def from_card(patient: str) -> Callable[[Page, Site], Frame]:
    def go(page: Page, site: Site) -> Frame:
        signed(page, site, patient)
        page.locator("[data-kind=coverage] button.open").click()
        return frame_of(page)

    return go


def with_fault(fault: str, app_context: str = "") -> Callable[[Page, Site], Frame]:
    def go(page: Page, site: Site) -> Frame:
        page.goto(f"{site.ehr}/patients/relapsed-single-agent")
        page.get_by_text("For testers").click()
        page.get_by_label("What goes wrong").select_option(fault)
        page.get_by_label("App context").fill(app_context)
        page.locator("button.open-fault").click()
        return frame_of(page)

    return go


def without_chart(page: Page, site: Site) -> Frame:
    """A patient of whom the EHR holds a name and nothing else."""
    sign_in = site.app.extensions[SIGN_IN]
    launch = sign_in.launch(Launch("nobody-yet", "Practitioner/sandbox-oncologist"))
    query = urlencode({"iss": sign_in.issuer, "launch": launch})
    with_fault("denied")(page, site)
    page.locator("iframe").evaluate(f"frame => frame.src = '{site.service}/launch?{query}'")
    return frame_of(page)


def ended(page: Page, site: Site) -> Frame:
    """Signed out, and the page asked for once more."""
    frame = from_card("relapsed-single-agent")(page, site)
    address = frame.url
    frame.get_by_role("button", name="Close this view").click()
    page.frame_locator("iframe[name=detail]").get_by_role("heading", name="Signed out").wait_for()
    frame.goto(address)
    return frame_of(page)


Going = Callable[[Page, Site], Frame]
STATES: dict[str, tuple[Going, str]] = {
    "all met": (from_card("relapsed-single-agent"), "appears to meet"),
    "mixed": (from_card("dlbcl"), "does not appear to meet"),
    "a continuation with doses": (from_card("seventh-cycle"), "does not appear to meet"),
    "a continuation with held doses": (from_card("reduction-due-and-ignored"), "appears to meet"),
    "a stop with an event": (from_card("vod-after-cycle-2"), "does not appear to meet"),
    "a dose far too high": (from_card("tenfold-overdose"), "appears to meet"),
    "mostly unknown": (with_fault("scope-narrowed"), "does not tell"),
    "no data": (without_chart, "does not tell"),
    "refused scope": (with_fault("scope-refused"), "The EHR does not allow this"),
    "session ended": (ended, "This view has ended"),
    "stale app context": (with_fault("", "0" * 64), "payer's criteria"),
    "EHR down": (with_fault("fhir-down"), "The EHR did not answer as it should"),
}
