"""People look at the ranks: of their track, their team or everybody, ever or lately."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from portal.db import sql
from tests.clock import Freeze
from tests.dashboard.test_kpis import TWO_QUIZZES, hire, take
from tests.learning.courses import teach
from tests.support import PASSWORDS, Portal
from tests.web.markup import Page

URL = "/api/leaderboard"
PASSWORD = PASSWORDS["alex"]
NOON = datetime(2026, 2, 24, 12, tzinfo=UTC)
GONE = timedelta(days=30)


@pytest.fixture(autouse=True)
def _course(portal: Portal) -> None:
    teach(portal, TWO_QUIZZES)


async def board(browser: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await browser.get(URL, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def page(browser: httpx.AsyncClient, **query: Any) -> Page:
    answer = await browser.get("/leaderboard", params=query)
    assert answer.status_code == 200
    return Page(answer)


async def crowd(portal: Portal, count: int) -> None:
    """Add people to the track, with 10 points more from one to the next, two by two."""
    await hire(portal, *(f"learner-{n:03}" for n in range(1, count + 1)), team="gamma")
    await portal.database.fetch(
        """
        INSERT INTO user_score (learner, track, ranked, score, quizzes_completed)
        SELECT id, 'dev', true, 10 * ((right(external_id, 3)::int + 1) / 2), 1
        FROM app_user WHERE external_id LIKE 'learner-%'
        """
    )


def places(found: dict[str, Any], part: str = "rows") -> list[tuple[Any, ...]]:
    return [(row["position"], row["id"], row["score"]) for row in found[part]]


async def test_before_anybody_has_finished_a_quiz(alex: httpx.AsyncClient) -> None:
    for scope in ("track", "team", "all"):
        for period, words in (
            ("all", "Nobody has finished a quiz yet."),
            ("30d", "Nobody has gained points in this period."),
        ):
            found = await board(alex, scope=scope, period=period)
            assert (found["total"], found["pages"], found["rows"]) == (0, 0, [])
            assert (found["me"], found["around"]) == (None, [])
            shown = await page(alex, scope=scope, period=period)
            assert words in shown.text
            assert "Open the path" in shown.text
    shown = await page(alex)
    assert shown.title == "Nobody in Dev has a rank yet · AI Training"
    assert "You are ranked after your first quiz." in shown.text


async def test_equal_points_share_a_rank_and_the_next_one_is_skipped(portal: Portal) -> None:
    for name, rights in (("alex", 2), ("mike", 1), ("priya", 1), ("jordan", 0)):
        browser = await portal.signed_in(name)
        await take(browser, "one", [number < rights for number in range(2)])
    found = await board(browser)
    assert [row["position"] for row in found["rows"]] == [1, 2, 2, 4]
    assert [row["score"] for row in found["rows"]] == [30, 15, 15, 0]
    me = {
        "id": "jordan",
        "name": "Jordan Lee",
        "score": 0,
        "position": 4,
        "gained": 0,
        "quizzesCompleted": 1,
        "team": "Alpha",
        "track": "dev",
    }
    assert found["me"] == me == found["rows"][3]
    assert found["around"] == found["rows"][1:]
    shown = await page(browser)
    assert shown.title == "You are 4th of 4 in Dev · AI Training"
    assert "0 points. 16 points to pass" in shown.text
    assert "4 Jordan Lee you Alpha 1 0 0" in shown.text
    assert "1 Alex Johnson Alpha 1 +30 30" in shown.text


async def test_the_track_the_team_and_everybody(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient, nina: httpx.AsyncClient
) -> None:
    yuki = await portal.signed_in("yuki")  # of another team of the track
    for browser, rights in ((alex, [True, True]), (yuki, [True, False]), (nina, [True, True])):
        await take(browser, "one", rights)
    await take(mike, "two", [True, True, True])

    def ids(found: dict[str, Any]) -> list[str]:
        return sorted(row["id"] for row in found["rows"])

    assert ids(await board(alex)) == ["alex", "mike", "yuki"]
    assert ids(await board(alex, scope="team")) == ["alex", "mike"]
    assert ids(await board(alex, scope="all")) == ["alex", "mike", "nina", "yuki"]
    assert ids(await board(nina)) == ["nina"]
    everyone = await page(nina, scope="all")
    assert everyone.title == "You are 2nd of 4 · AI Training"
    assert "2 Nina Patel you Beta, Business 1 +30 30" in everyone.text
    assert "You are 2nd of 2 in team Alpha" in (await page(alex, scope="team")).text
    assert everyone.link("Everyone").endswith("/leaderboard?scope=all&period=all")
    assert everyone.attributes("a", href="/leaderboard?scope=all&period=all")["aria-current"]


async def test_managers_and_admins_look_without_a_rank(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    sara, admin = await portal.signed_in("sara"), await portal.signed_in("admin")
    for browser in (alex, sara, admin):
        await take(browser, "one", [True, True])
    for browser, title in ((sara, "1 person in Dev has a rank"), (admin, "1 person has a rank")):
        found = await board(browser)
        assert (found["me"], found["around"], found["total"]) == (None, [], 1)
        shown = await page(browser)
        assert shown.title == f"{title} · AI Training"
        assert "Only learners are ranked; your quizzes count for you alone." in shown.text
    # an admin is on no team, and so on no track
    assert (await board(admin))["scope"] == "all"
    for scope in ("track", "team"):
        assert (await board(admin, scope=scope))["rows"] == []
        assert "You are on no team." in (await page(admin, scope=scope)).text


async def test_thirty_days_count_what_was_gained_in_them(
    portal: Portal, mike: httpx.AsyncClient, freeze: Freeze
) -> None:
    async def at(moment: datetime, *attempts: tuple[str, str, list[bool]]) -> None:
        freeze(moment)
        for name, quiz, rights in attempts:
            await take(await portal.signed_in(name), quiz, rights)

    await at(NOON - timedelta(days=50), ("alex", "one", [False, False]))
    await at(
        NOON - GONE - timedelta(seconds=1),
        ("alex", "one", [True, False]),
        ("priya", "one", [True, True]),
        ("jordan", "two", [True, True, False]),
    )
    await at(NOON - GONE + timedelta(seconds=1), ("yuki", "one", [True, True]))
    await at(
        NOON - timedelta(days=3),
        ("alex", "one", [True, True]),  # 10 before, 20 now: nothing was right at first
        ("priya", "one", [False, True]),  # no better
        ("priya", "two", [True, False, False]),
        ("jordan", "two", [True, False, False]),  # worse
    )
    await at(NOON, ("alex", "one", [True, False]), ("mike", "one", [False, False]))
    found = await board(await portal.signed_in("alex"), period="30d")
    gains = {row["id"]: (row["position"], row["gained"], row["score"]) for row in found["rows"]}
    assert gains == {"yuki": (1, 30, 30), "priya": (2, 15, 45), "alex": (3, 10, 20)}
    assert found["me"]["gained"] == 10
    ever = await board(await portal.signed_in("alex"))
    assert {row["id"]: row["gained"] for row in ever["rows"]} == {
        "yuki": 30,
        "priya": 15,
        "alex": 10,
        "jordan": 0,
        "mike": 0,
    }
    shown = await page(await portal.signed_in("jordan"), period="30d")
    assert shown.title.startswith("3 people in Dev have gained points in the last 30 days")
    assert "You are ranked here as soon as a quiz adds to your score." in shown.text
    # two seconds later yuki's attempt has left the period
    freeze(NOON + timedelta(seconds=2))
    found = await board(await portal.signed_in("alex"), period="30d")
    assert [row["id"] for row in found["rows"]] == ["priya", "alex"]


async def test_pages_of_fifty(portal: Portal, alex: httpx.AsyncClient) -> None:
    await crowd(portal, 120)
    await take(alex, "one", [True, False])  # 15 points: above learners 001 and 002 only
    pages = [await board(alex, page=number) for number in (1, 2, 3, 4)]
    assert [len(found["rows"]) for found in pages] == [50, 50, 21, 0]
    assert {(found["total"], found["pages"]) for found in pages} == {(121, 3)}
    rows = [place for found in pages for place in places(found)]
    assert [score for _, _, score in rows] == sorted((s for _, _, s in rows), reverse=True)
    assert len({name for _, name, _ in rows}) == 121
    # the place is known on every page
    for found in pages:
        assert (found["me"]["position"], found["me"]["score"]) == (119, 15)
        assert [row["score"] for row in found["around"]] == [20, 20, 15, 10, 10]

    first = await page(alex, page=1)
    assert first.text.count("+0") == 0
    assert "You are 119th of 121 in Dev" in first.text
    assert "66 people between" in first.text
    assert "119 Alex Johnson you" in first.text
    assert "Page 1 of 3" in first.text
    assert "1–50 of 121" in first.text
    assert first.link("Next").endswith("page=2")
    assert first.link("Your page").endswith("page=3#me")
    last = await page(alex, page=3)
    assert "between" not in last.text
    assert last.link("Previous").endswith("page=2")
    assert "Your page" not in last.text


async def test_without_a_page_the_best_and_the_own_place(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    await crowd(portal, 48)
    await take(alex, "one", [True, False])
    whole = await page(alex)
    assert "between" not in whole.text
    assert "All ranks" not in whole.text
    await crowd_more(portal)
    shown = await page(alex)
    assert "36 people between" in shown.text
    assert shown.text.count("Gamma") == 10 + 4
    assert shown.link("All ranks, page by page").endswith("page=1")


async def crowd_more(portal: Portal) -> None:
    await hire(portal, "learner-101", "learner-102", team="gamma")
    await portal.database.fetch(
        "INSERT INTO user_score (learner, track, ranked, score, quizzes_completed)"
        " SELECT id, 'dev', true, 900, 1 FROM app_user"
        " WHERE external_id IN ('learner-101', 'learner-102')"
    )


async def test_beyond_the_last_page(portal: Portal, alex: httpx.AsyncClient) -> None:
    answer = await alex.get("/leaderboard?scope=team&page=7")
    assert answer.headers["location"] == "/leaderboard?scope=team&period=all"
    await crowd(portal, 60)
    answer = await alex.get("/leaderboard?scope=track&page=999999999999")
    assert answer.headers["location"] == "/leaderboard?scope=track&period=all&page=2"
    assert (await alex.get("/leaderboard?page=-3")).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["scope=mine", "scope=", "period=week", "page=0", "page=-1", "page=x", "page=99999999999999"],
)
async def test_a_query_that_means_nothing_is_refused(alex: httpx.AsyncClient, query: str) -> None:
    answer = await alex.get(f"{URL}?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]


async def test_disabled_people_are_in_no_list(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    from portal.people import actions

    for browser in (alex, mike):
        await take(browser, "one", [True, True])
    await actions.disable("mike")
    for scope in ("track", "team", "all"):
        for period in ("all", "30d"):
            found = await board(alex, scope=scope, period=period)
            assert places(found) == [(1, "alex", 30)]


async def test_a_name_is_text(portal: Portal, alex: httpx.AsyncClient) -> None:
    await take(alex, "one", [True, True])
    await portal.database.fetch(
        "UPDATE app_user SET name = '<b>Alex</b> & co' WHERE external_id = 'alex'"
    )
    answer = await alex.get("/leaderboard")
    assert "<b>Alex" not in answer.text
    assert "<b>Alex</b> & co you" in Page(answer).text


async def test_many_people_cost_no_more_statements(portal: Portal, alex: httpx.AsyncClient) -> None:
    await take(alex, "one", [True, False])
    await crowd(portal, 130)
    for url, allowed in ((URL, 2), ("/leaderboard", 3), ("/leaderboard?page=2&scope=all", 3)):
        before = sql.engine().pool.statements
        assert (await alex.get(url)).status_code == 200
        assert sql.engine().pool.statements - before <= allowed, url


async def test_the_dashboard_leads_there(alex: httpx.AsyncClient) -> None:
    shown = Page(await alex.get("/dashboard"))
    assert shown.link("Leaderboard").endswith("/leaderboard")
    assert (await page(alex)).attributes("a", href="/leaderboard")["aria-current"] == "page"
