"""Thirty histories over two months: the ranks are what the answers say, for everybody who looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.dashboard.ranks import ranks
from tests.dashboard.test_numbers_of_histories import QUIZZES, Clock, History, change, hire
from tests.learning.courses import course_of, teach, video
from tests.support import PASSWORDS, Portal

COUNT = 30
SCOPES = ("track", "team", "all")
PERIODS = ("all", "30d")
PASSWORD = PASSWORDS["alex"]


async def test_they_are_what_the_answers_say(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("portal.clock.now", clock.now)
    teach(portal, course_of(*(video(n, asked) for n, asked in QUIZZES.items()), video("three")))
    histories = [History(number, clock) for number in range(COUNT)]
    await hire(portal, [history.name for history in histories])
    became: dict[str, str] = {}
    for round_, days in enumerate((40, 12, 0)):  # the second is within the last 30 days
        for number, history in enumerate(histories):
            if became.get(history.name) == "disabled":
                continue
            history.browser = await portal.signed_in(history.name, PASSWORD)
            for _ in range(history.dice.randrange(4) if number % 3 != round_ else 0):
                await history.take(history.dice.choice(list(QUIZZES)))
            if round_ == 1:
                became[history.name] = await change(history, number)
        clock.moment += timedelta(days=days)
    since = clock.moment - timedelta(days=30)

    different = 0
    for history in histories:
        if became[history.name] == "disabled":
            continue
        browser = await portal.signed_in(history.name, PASSWORD)
        for scope in SCOPES:
            seen: list[list[dict[str, Any]]] = []
            for period in PERIODS:
                expected = await ranks(portal.database, history.name, scope, period, since)
                url = f"/api/leaderboard?scope={scope}&period={period}"
                found = (await browser.get(url)).json()
                place = f"{history.name} {scope} {period}"
                assert without_team(found["rows"]) == expected, place
                assert found["total"] == len(expected), place
                mine = [row for row in found["rows"] if row["id"] == history.name]
                assert found["me"] == (mine[0] if mine else None), place
                seen.append([row["id"] for row in expected])
            different += seen[0] != seen[1]
    assert different > COUNT, "the period makes no difference"
    assert len({became[history.name] for history in histories}) > 4


def without_team(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "team"} for row in rows]
