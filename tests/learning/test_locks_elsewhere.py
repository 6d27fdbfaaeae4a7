"""Dashboard and search in a course with locks: nothing there leads to something locked."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from portal.db import sql
from portal.learning.course import Course, Cue, Step, Task, Topic, content_hash
from tests.learning.courses import teach
from tests.learning.locked_course import SECOND, locked_course, mark, take
from tests.support import Portal
from tests.web.markup import Page


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
    alex: httpx.AsyncClient,
) -> None:
    page = Page(await alex.get("/dashboard"))
    assert inner_links(page) == {"/step/1", "/video/first", "/video/plain"}
    assert ("/path#step-2", "The step of points") in page.links
    assert SECOND in page.text


async def test_the_dashboard_offers_the_points_that_open_the_rest(
    alex: httpx.AsyncClient, course: Course
) -> None:
    await mark(alex, "first", "plain")
    await take(alex, course, "first")
    await mark(alex, "inner")
    await take(alex, course, "inner", right=0)
    page = Page(await alex.get("/dashboard"))
    assert "What is locked opens by points. This quiz can still gain 20 points." in page.text
    assert page.link("Try again").endswith("/video/inner?q=1#quiz")
    assert not inner_links(page) & {"/video/second", "/step/2"}
    await take(alex, course, "inner")
    page = Page(await alex.get("/dashboard"))
    assert {"/video/second", "/step/2"} <= inner_links(page)
    assert "/step/3" not in inner_links(page)


async def test_a_search_shows_the_lock_in_place_of_the_way(
    alex: httpx.AsyncClient, course: Course
) -> None:
    found = (await alex.get("/api/search?q=second")).json()
    results = {result["id"]: result for group in found["groups"] for result in group["results"]}
    assert {"second", "plain-second"} <= set(results)
    for result in results.values():
        assert (result["href"], result["place"]) == ("/path#step-2", f"Locked. {SECOND}")
    page = Page(await alex.get("/search?q=second"))
    assert inner_links(page) == set()
    assert f"Locked. {SECOND}" in page.text
    await mark(alex, "first", "plain")
    await take(alex, course, "first")
    await take(alex, course, "inner")
    assert "/video/second" in inner_links(Page(await alex.get("/search?q=second")))
    page = Page(await alex.get("/search"))
    assert inner_links(page) == set()  # the path says what is open
    assert "/path#step-2" in [href for href, _ in page.links]


async def test_an_explanation_behind_a_lock_that_closed_again_is_not_found(
    alex: httpx.AsyncClient, course: Course
) -> None:
    await mark(alex, "first", "plain")
    await take(alex, course, "first")
    await take(alex, course, "inner")
    url = "/api/search?q=explanation"

    async def read() -> dict[str, tuple[str, bool]]:
        groups = (await alex.get(url)).json()["groups"]
        return {r["id"]: (r["href"], bool(r["context"])) for g in groups for r in g["results"]}

    assert (await read())["inner/question-3"] == ("/video/inner?result=1#quiz", True)
    await mark(alex, "plain", done=False)
    assert "inner/question-3" not in await read()
    assert (await read())["first/question-1"] == ("/video/first?result=1#quiz", True)


async def test_what_is_said_behind_a_lock_is_told_by_no_search(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    """Neither by a result, a number or a line, nor by how a word is mended, suggested or cut."""
    course = locked_course()
    said = (Cue(0.0, "A zeppelin is an airship."), Cue(9.0, "生成式人工智能"), Cue(12.0, "Log in."))

    def open_step(step: Step) -> Step:
        return replace(step, requires=(), topics=tuple(map(with_words, step.topics)))

    def with_words(topic: Topic) -> Topic:
        told = tuple(replace(entry, transcript=said) for entry in topic.videos)
        return replace(topic, description="Of quicksilver.", videos=told, requires=())

    tasks = (Task("secret", "Practise the trombone"),)
    step = replace(open_step(course.steps[1]), tasks=tasks)
    first = course.steps[0]
    opened = (first, step)
    locked = (first, replace(step, requires=course.steps[1].requires))
    typed = [
        *("zeppelin", "zeppelins", "zepelin", "zepp", "airship", "人工智能", "人工", "login"),
        *("quicksilver", "quiksilver", "trombone", "trombne", "zeppelin+second"),
    ]

    async def answers() -> dict[str, dict[str, Any]]:
        return {q: (await alex.get(f"/api/search?q={q}")).json() for q in typed}

    teach(portal, Course(opened, content_hash(opened)))
    for query, answer in (await answers()).items():
        assert answer["total"] > 0, query
    teach(portal, Course(locked, content_hash(locked)))
    for query, answer in (await answers()).items():
        if query == "zeppelin+second":  # the titles of what is locked may be found
            assert answer["partial"], query
            assert "zeppelin" not in str(answer["groups"])
        else:
            assert (answer["total"], answer["read"], answer["suggestions"]) == (0, None, []), query
        page = (await alex.get(f"/search?q={query}")).text
        assert "is an" not in page
        assert "生成式" not in page
    shown = (await alex.get("/api/search?q=second")).json()
    lines = [part["text"] for g in shown["groups"] for r in g["results"] for part in r["context"]]
    assert not any("quicksilver" in line for line in lines)


@pytest.mark.usefixtures("course")
async def test_a_search_asks_once_about_locks(alex: httpx.AsyncClient) -> None:
    before = sql.engine().pool.statements
    await alex.get("/api/search?q=second")
    assert sql.engine().pool.statements - before == 3
