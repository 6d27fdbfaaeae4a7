"""Putting things in order with buttons alone, then committing that order."""

from __future__ import annotations

import httpx
import pytest

from tests.learning.courses import course_of, question, singles, teach, video
from tests.support import Portal
from tests.web.markup import Page, send

ORDERING = question(1, "ordering", ("c", "a", "d", "b"), choices=4)
URL = "/video/basics"
FORM = f"{URL}/answer"
STORED = "SELECT count(*) FROM quiz_answer"


@pytest.fixture
async def learner(portal: Portal) -> httpx.AsyncClient:
    teach(portal, course_of(video("basics", (ORDERING, *singles(2)[1:]))))
    return await portal.signed_in("alex")


def rows(page: Page) -> list[str]:
    found = page.form(FORM).fields["choice"]
    assert isinstance(found, list)
    return found


async def first_page(browser: httpx.AsyncClient) -> Page:
    return Page(await browser.get(f"{URL}?q=1"))


async def move(browser: httpx.AsyncClient, page: Page, choice: str, direction: str) -> Page:
    pressed = page.attributes("button", name="move", value=f"{direction}:{choice}")
    assert pressed["aria-label"] == f"Move {direction}: Choice {choice} of question 1"
    answer = await send(browser, page.form(FORM), move=pressed["value"])
    assert answer.status_code == 200
    return Page(answer)


async def test_rows_are_moved_and_committed(portal: Portal, learner: httpx.AsyncClient) -> None:
    page = await first_page(learner)
    assert sorted(rows(page)) == ["a", "b", "c", "d"]
    wanted = list(ORDERING.key)
    for place, choice in enumerate(wanted):
        while rows(page).index(choice) > place:
            before = rows(page)
            page = await move(learner, page, choice, "up")
            assert rows(page).index(choice) == before.index(choice) - 1
            assert [r for r in rows(page) if r != choice] == [r for r in before if r != choice]
    assert rows(page) == wanted
    # moving commits nothing and tells nothing
    assert await portal.database.value(STORED) == 0
    assert ORDERING.explanation not in page.text
    page = Page(await send(learner, page.form(FORM)))
    assert "Right" in page.text
    assert page.text.count("In its place") == 4
    assert ORDERING.explanation in page.text
    assert await portal.database.value(STORED) == 1


async def test_a_wrong_order_shows_where_each_belongs(learner: httpx.AsyncClient) -> None:
    answer = await send(
        learner, (await first_page(learner)).form(FORM), choice=["c", "d", "a", "b"]
    )
    page = Page(answer)
    assert "Not this time" in page.text
    assert page.text.count("In its place") == 2
    for text in (
        "Choice d of question 1 Belongs in place 3",
        "Choice a of question 1 Belongs in place 2",
    ):
        assert text in page.text


async def test_nothing_moves_beyond_the_ends(learner: httpx.AsyncClient) -> None:
    page = await first_page(learner)
    first, last = rows(page)[0], rows(page)[-1]
    for choice, direction in ((first, "up"), (last, "down")):
        assert rows(await move(learner, page, choice, direction)) == rows(page)
    assert rows(await move(learner, page, first, "down"))[1] == first


async def test_an_order_that_is_none_is_refused_or_ignored(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    form = (await first_page(learner)).form(FORM)
    for choice, message in (
        (["c", "a"], "Order all of them."),
        (["c", "a", "d", "d"], "This question has no such choice."),
        (["c", "a", "d", "z"], "This question has no such choice."),
    ):
        answer = await send(learner, form, choice=choice)
        assert answer.status_code == 422
        assert message in Page(answer).text
    expected = rows(await first_page(learner))
    for order in ("", "a", "a,b,c,z", "a,a,b,c", "%00", ",,,", "c,a,d,b,e"):
        page = Page(await learner.get(f"{URL}?q=1&order={order}"))
        assert rows(page) == expected, order
    for pressed in ("up", "up:", "up:z", "sideways:a", ":a"):
        answer = await send(learner, form, choice=["c", "a"], move=pressed)
        assert answer.status_code in (200, 422), pressed
    assert await portal.database.value(STORED) == 0


async def test_an_answered_order_cannot_be_moved(learner: httpx.AsyncClient) -> None:
    page = await first_page(learner)
    await send(learner, page.form(FORM), choice=list(ORDERING.key))
    answer = await send(learner, page.form(FORM), move="up:a")
    assert "Right" in Page(answer).text
    assert Page(answer).forms
    assert not [form for form in Page(answer).forms if form.action == FORM]
