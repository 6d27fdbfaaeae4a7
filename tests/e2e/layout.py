"""What every page has to keep to: one heading, levels without gaps, a title, no sideways scroll."""

from __future__ import annotations

import itertools

from playwright.async_api import Page, ViewportSize, expect

PHONE: ViewportSize = {"width": 390, "height": 844}
WIDTHS = (320, 390, 768, 1280)
LEVELS = "[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))"


async def check(page: Page) -> None:
    """Assert it of the page shown; the window has the last of the widths afterwards."""
    address = page.url
    await expect(page.locator("h1")).to_have_count(1)
    levels = await page.evaluate(LEVELS)
    assert all(after - before < 2 for before, after in itertools.pairwise(levels)), (
        address,
        levels,
    )
    assert (await page.title()).endswith(" · AI Training"), address
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        needed = await page.evaluate("document.documentElement.scrollWidth")
        assert needed <= width, f"{address} needs {needed} px at {width}"
