"""Taking a quiz on its page, with forms and links alone: question, feedback, result."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.learning.courses import course_of, given, question, singles, teach, video
from tests.support import Portal
from tests.web.markup import Page, send

QUESTIONS = (
    *singles(2),
    question(3, "true_false", ("false",)),
    question(4, "multiple", ("a", "c")),
)
URL = "/video/basics"
FORM = f"{URL}/answer"


@pytest.fixture
async def learner(portal: Portal) -> httpx.AsyncClient:
    teach(portal, course_of(video("basics", QUESTIONS), video("plain")))
    return await portal.signed_in("alex")


async def choose(
    browser: httpx.AsyncClient, page: Page, number: int, *, right: bool = True
) -> Page:
    """Choose an answer to question `number` on its page and press the button."""
    answer = given(QUESTIONS[number - 1], right=right)
    choice = answer.get("choiceId") or answer["choiceIds"]
    sent = await send(browser, page.form(FORM), choice=choice)
    assert sent.status_code == 200
    return Page(sent)


async def open_page(browser: httpx.AsyncClient, query: str = "") -> Page:
    answer = await browser.get(f"{URL}{query}")
    assert answer.status_code == 200
    return Page(answer)


async def test_from_the_first_question_to_the_result(learner: httpx.AsyncClient) -> None:
    page = await open_page(learner)
    assert "Quiz: 4 questions" in page.text
    for number, asked in enumerate(QUESTIONS, 1):
        label = "Start quiz" if number == 1 else "Next question"
        page = await open_page(learner, page.link(label).partition(URL)[2])
        assert page.title.startswith(f"Question {number} of 4 · The video basics")
        assert asked.text in page.text
        assert asked.explanation not in page.text
        form = page.form(FORM)
        assert sorted(form.options["choice"]) == sorted(choice.id for choice in asked.choices)
        assert form.kinds["choice"] == ("checkbox" if asked.kind == "multiple" else "radio")
        assert "choice" not in form.fields  # nothing is chosen yet
        right = number != 2
        page = await choose(learner, page, number, right=right)
        assert ("Right" if right else "Not this time") in page.text
        assert ("15 points" if right else "0 points") in page.text
        assert asked.explanation in page.text
        assert ("Your answer, right" in page.text) is right
        assert f"{number} of 4 answered · {15 * (number - (number > 1))} points so far" in page.text
        assert page.link(f"Watch this part, 0:{10 * number}").endswith(f"?t={10 * number}")
    answer = await send(learner, page.form(f"{URL}/submit"))
    page = Page(answer)
    assert str(answer.url).endswith(f"{URL}?result=1#quiz")
    assert page.title.startswith("3 of 4 right, 45 points")
    assert "Your total went from 0 to 45, and you are 1st of 1 in Dev." in page.text
    assert "Best so far 45 of 60, attempt 1." in page.text
    assert page.link("What is asked in question 2? (0:20)").endswith(f"{URL}?t=20")
    assert page.link("Next: The video plain (1:40)").endswith("/video/plain")
    assert "45 pts" in page.text
    page = await open_page(learner, page.link("Try again").partition(URL)[2])
    assert "Quiz · attempt 2" in page.text


async def test_an_empty_answer_asks_again_and_keeps_the_page(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    for number in (1, 4):
        form = (await open_page(learner, f"?q={number}")).form(FORM)
        answer = await send(learner, form)
        page = Page(answer)
        assert answer.status_code == 422
        assert page.title.startswith(f"Error: Question {number} of 4")
        assert "Choose an answer first." in page.text
        message = page.attributes("p", id="question-error")
        assert "hidden" not in message
        fieldset = page.attributes("fieldset", **{"class": "options"})
        assert fieldset["aria-describedby"].startswith("question-error")
        await choose(learner, page, number)
    assert await portal.database.value("SELECT count(*) FROM quiz_answer") == 2


async def test_choices_that_do_not_exist_ask_again(learner: httpx.AsyncClient) -> None:
    form = (await open_page(learner, "?q=1")).form(FORM)
    for choice, message in (
        ("z", "This question has no such choice."),
        (["a", "b"], "Choose one answer."),
        (["a", "a"], "This question has no such choice."),
    ):
        answer = await send(learner, form, choice=choice)
        assert answer.status_code == 422
        assert message in Page(answer).text


async def test_a_reload_and_a_second_press_show_the_same(learner: httpx.AsyncClient) -> None:
    question_page = await open_page(learner, "?q=1")
    first = await choose(learner, question_page, 1)
    again = await choose(learner, question_page, 1)
    reloaded = await open_page(learner, "?q=1")
    assert first.text == again.text == reloaded.text
    assert "in another window" not in first.text


async def test_an_answer_given_in_another_window_is_shown_as_it_is(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    stale = await open_page(learner, "?q=1")
    other = await portal.signed_in("alex")
    await choose(other, await open_page(other, "?q=1"), 1, right=False)
    page = await choose(learner, stale, 1, right=True)
    assert "You already answered this in another window." in page.text
    assert "Not this time" in page.text
    quiz = (await learner.get("/api/quiz/basics")).json()
    assert quiz["answered"]["question-1"]["choiceId"] == "a"


async def finish(browser: httpx.AsyncClient) -> Page:
    for number in range(1, 5):
        page = await choose(browser, await open_page(browser, f"?q={number}"), number)
    return page


async def test_pressed_twice_the_result_is_the_same(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    form = (await finish(learner)).form(f"{URL}/submit")
    answers = await asyncio.gather(*(send(learner, form) for _ in range(5)))
    answers.append(await send(learner, form))
    for answer in answers:
        assert str(answer.url).endswith("?result=1#quiz")
        assert "4 of 4 right, 60 points" in Page(answer).text
        assert "Your total went from 0 to 60" in Page(answer).text
    assert await portal.database.value("SELECT count(*) FROM quiz_attempt") == 1


async def test_an_answer_to_a_finished_attempt_does_not_start_another(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    stale = await open_page(learner, "?q=1")
    await send(learner, (await finish(learner)).form(f"{URL}/submit"))
    answer = await send(learner, stale.form(FORM), choice="a")
    assert answer.status_code == 200
    assert "Quiz · attempt 2" in Page(answer).text
    assert await portal.database.value("SELECT count(*) FROM quiz_attempt") == 1


async def test_submitting_too_early_leads_to_the_first_open_question(
    learner: httpx.AsyncClient,
) -> None:
    await choose(learner, await open_page(learner, "?q=1"), 1)
    answer = await learner.post(f"{URL}/submit", data={"attempt": "1"}, follow_redirects=True)
    assert str(answer.url).endswith("?q=2#quiz")
    for attempt in ("7", "", "x", "-1"):
        answer = await learner.post(f"{URL}/submit", data={"attempt": attempt})
        assert (answer.status_code, answer.headers["location"]) == (303, URL)


async def test_a_quiz_is_resumed_where_it_was_left(learner: httpx.AsyncClient) -> None:
    await choose(learner, await open_page(learner, "?q=1"), 1)
    await choose(learner, await open_page(learner, "?q=3"), 3)
    page = await open_page(learner)
    assert "2 of 4 answered in attempt 1." in page.text
    assert page.link("Resume quiz").endswith("?q=2#quiz")
    # answered boxes are links, the others are not; the last open one leads back
    page = await open_page(learner, "?q=3")
    boxes = [href.removeprefix(URL) for href, label in page.links if label.startswith("Question ")]
    assert boxes == ["?q=1#quiz", "?q=3#quiz"]
    assert page.link("Next question").endswith("?q=4#quiz")
    await choose(learner, page := await open_page(learner, "?q=4"), 4)
    page = await open_page(learner, "?q=4")
    assert page.link("Next question").endswith("?q=2#quiz")


async def test_questions_that_do_not_exist(learner: httpx.AsyncClient) -> None:
    for query in ("?q=0", "?q=5", "?result=0", "?result=1", "?result=99"):
        answer = await learner.get(f"{URL}{query}")
        assert answer.status_code == 404, query
        assert Page(answer).link("Open the path")
    for query in ("?q=", "?q=one", "?q=1.5", "?result=x", "?elsewhere=1"):
        assert "Quiz: 4 questions" in (await open_page(learner, query)).text
    # a video without a quiz has none to show, and takes no answers
    assert "Quiz" not in Page(await learner.get("/video/plain?q=1")).text
    for path in ("plain", "no-such-video"):
        for action in ("answer", "submit"):
            answer = await learner.post(f"/video/{path}/{action}", data={"attempt": "1"})
            assert answer.status_code == 404
    assert (await learner.post(FORM, data={"question": "none", "attempt": "1"})).status_code == 404


async def test_a_retry_says_what_can_still_be_won(learner: httpx.AsyncClient) -> None:
    page = await open_page(learner, "?q=1")
    assert "Final for this attempt. 10 points, +5 if your first answer is right." in page.text
    await choose(learner, page, 1, right=False)
    for number in (2, 3, 4):
        last = await choose(learner, await open_page(learner, f"?q={number}"), number)
    await send(learner, last.form(f"{URL}/submit"))
    first = await open_page(learner, "?q=1")
    assert "Final for this attempt. 10 points." in first.text
    second = await open_page(learner, "?q=2")
    assert "10 points, +5 kept from your first answer." in second.text
    assert "10 points" in (await choose(learner, first, 1)).text
