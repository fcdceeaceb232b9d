"""What is wrong with a page for whoever sees or hears it otherwise, in each color scheme and width."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Frame, Page

WIDTHS = (320, 768, 1280)
_UNFOLD = "document.querySelectorAll('details').forEach(one => one.open = true)"
# A frame of another site never answers axe, which would wait for it; it is looked at by itself.
_AXE = """axe.run({resultTypes: ["violations"], iframes: false})
    .then(found => found.violations.map(one => `${one.id}: ${one.nodes.map(node => node.target)}`))"""
_OVERFLOW = """() => document.documentElement.scrollWidth > window.innerWidth
    || [...document.querySelectorAll("main *")].some(e => e.getBoundingClientRect().right > window.innerWidth + 1)"""


def faults_of(page: Page, *frames: Frame) -> list[tuple[str, int, str, str]]:
    """What axe finds and whether anything overflows, in a page and in frames of it, with all that is folded opened."""
    found = []
    for shown in (page, *frames):
        shown.evaluate(_UNFOLD)
        shown.evaluate(AXE_SCRIPT)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for shown in (page, *frames):
                found += [(scheme, width, shown.url, fault) for fault in shown.evaluate(_AXE)]
                if shown.evaluate(_OVERFLOW):
                    found.append((scheme, width, shown.url, "overflow"))
    return found
