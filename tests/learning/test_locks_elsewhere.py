"""Dashboard and search in a course with locks: nothing there leads to something locked."""

from __future__ import annotations

import httpx
import pytest
from learning.courses import teach
from learning.locked_course import SECOND, locked_course, mark, take
from support import Portal
from web.markup import Page

from portal.db import sql
from portal.learning.catalogue import Course


@pytest.fixture(name="course")
async def locked(portal: Portal) -> Course:
    """The course that the portal shows."""
    return teach(portal, locked_course())


def inner_links(page: Page) -> set[str]:
    """Returns the links to steps and videos, without their queries."""
    return {
        httpx.URL(href).path for href, _ in page.links if href.startswith(("/step/", "/video/"))
    }


@pytest.mark.usefixtures("course")
async def test_the_dashboard_of_a_beginner_leads_only_to_what_is_open(
    alice: httpx.AsyncClient,
) -> None:
    page = Page(await alice.get("/dashboard"))
    assert inner_links(page) == {"/step/1", "/video/first", "/video/plain"}
    assert ("/path#step-2", "The step of points") in page.links
    assert SECOND in page.text


async def test_the_dashboard_offers_the_points_that_open_the_rest(
    alice: httpx.AsyncClient, course: Course
) -> None:
    await mark(alice, "first", "plain")
    await take(alice, course, "first")
    await mark(alice, "inner")
    await take(alice, course, "inner", right=0)
    page = Page(await alice.get("/dashboard"))
    assert "What is locked opens by points. This quiz can still gain 20 points." in page.text
    assert page.link("Try again").endswith("/video/inner?q=1#quiz")
    assert not inner_links(page) & {"/video/second", "/step/2"}
    await take(alice, course, "inner")
    page = Page(await alice.get("/dashboard"))
    assert {"/video/second", "/step/2"} <= inner_links(page)
    assert "/step/3" not in inner_links(page)


async def test_a_search_shows_the_lock_in_place_of_the_way(
    alice: httpx.AsyncClient, course: Course
) -> None:
    found = (await alice.get("/api/search?q=second")).json()
    results = {result["id"]: result for group in found["groups"] for result in group["results"]}
    assert {"second", "plain-second"} <= set(results)
    for result in results.values():
        assert (result["href"], result["place"]) == ("/path#step-2", f"Locked. {SECOND}")
    page = Page(await alice.get("/search?q=second"))
    assert inner_links(page) == set()
    assert f"Locked. {SECOND}" in page.text
    await mark(alice, "first", "plain")
    await take(alice, course, "first")
    await take(alice, course, "inner")
    assert "/video/second" in inner_links(Page(await alice.get("/search?q=second")))
    page = Page(await alice.get("/search"))
    assert inner_links(page) == set()  # the path says what is open
    assert "/path#step-2" in [href for href, _ in page.links]


async def test_an_explanation_behind_a_lock_that_closed_again_is_not_read(
    alice: httpx.AsyncClient, course: Course
) -> None:
    await mark(alice, "first", "plain")
    await take(alice, course, "first")
    await take(alice, course, "inner")
    url = "/api/search?q=explanation"

    async def read() -> dict[str, tuple[str, bool]]:
        groups = (await alice.get(url)).json()["groups"]
        return {r["id"]: (r["href"], bool(r["context"])) for g in groups for r in g["results"]}

    assert (await read())["inner/question-3"] == ("/video/inner?result=1#quiz", True)
    await mark(alice, "plain", done=False)
    assert (await read())["inner/question-3"] == ("/path#step-1", False)
    assert (await read())["first/question-1"] == ("/video/first?result=1#quiz", True)


@pytest.mark.usefixtures("course")
async def test_a_search_asks_once_about_locks(alice: httpx.AsyncClient) -> None:
    before = sql.engine().statements
    await alice.get("/api/search?q=second")
    assert sql.engine().statements - before == 3
