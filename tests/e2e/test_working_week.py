"""The dashboard's calendar with a team's week of one to seven days, down to the narrowest phone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.browser import Learner
from tests.e2e.layout import check

TEAM = """
    INSERT INTO team (id, name, track, working_days) VALUES ($1, 'Weekly', 'dev', $2::smallint[])
    ON CONFLICT (id) DO UPDATE SET working_days = excluded.working_days
"""
MOVE = "UPDATE app_user SET team = $2 WHERE external_id = $1"
# Squares whose sides stand outside of the card, or that nobody can see.
OUTSIDE = """
    [...document.querySelectorAll('.calendar td .day')].filter((square) => {
        const card = square.closest('.card').getBoundingClientRect();
        const { left, right, width } = square.getBoundingClientRect();
        return left < card.left || right > card.right || width < 12;
    }).length
"""


@pytest.mark.parametrize(
    ("days", "columns"),
    [
        ([3], ["Wed"]),
        ([6, 7], ["Sat", "Sun"]),
        ([1, 3, 5], ["Mon", "Wed", "Fri"]),
        ([1, 2, 4, 5], ["Mon", "Tue", "Thu", "Fri"]),
        ([7, 1, 2, 3, 4], ["Sun", "Mon", "Tue", "Wed", "Thu"]),
        ([1, 2, 3, 4, 5, 6], ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]),
        ([1, 2, 3, 4, 5, 6, 7], ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]),
    ],
    ids=lambda value: str(len(value)),
)
async def test_one_to_seven_columns(learner: Learner, days: list[int], columns: list[str]) -> None:
    database, team = learner.profile.site.database, f"week-{len(days)}"
    await database.fetch(TEAM, team, days)
    await database.fetch(MOVE, learner.name, team)
    page = learner.page
    await page.goto("/dashboard")
    head = page.locator(".calendar thead th")
    await expect(head).to_have_text(["Week of", *columns])
    await check(page)
    for width in (320, 390, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate(OUTSIDE) == 0, width
