"""From the dashboard through a quiz and back."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.e2e.browser import Learner, tab_to
from tests.e2e.conftest import NewLearner
from tests.e2e.quizzes import (
    FULL,
    QUESTIONS,
    VIDEO,
    answer,
    asked,
    choices,
    find_question,
    finish_quiz,
    question_url,
    result_heading,
)
from tests.support import COURSE

ANSWERS = (
    "SELECT count(*) FROM quiz_answer JOIN quiz_attempt a ON a.id = attempt WHERE learner = $1"
)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_from_the_dashboard_to_the_score(new_learner: NewLearner, script: bool) -> None:
    page = (await new_learner(java_script_enabled=script)).page
    await page.goto("/dashboard")
    await page.get_by_role("link", name="Start the video").click()
    await expect(page.get_by_role("heading", name=VIDEO.title, level=1)).to_be_visible()
    await page.get_by_role("link", name="Start quiz").click()
    await finish_quiz(page, wrong=2)
    title = page.get_by_role("heading", name=result_heading(2), level=1)
    await expect(title).to_be_visible()
    if script:
        await expect(title).to_be_focused()
    points = FULL - 30
    await expect(page.get_by_text(f"Your total went from 0 to {points}")).to_be_visible()
    results = page.get_by_role("table", name="Your answers in attempt 1").get_by_role("row")
    await expect(results).to_have_count(1 + len(QUESTIONS))
    await expect(results.nth(1)).to_contain_text("not right")
    await expect(results.nth(3)).to_contain_text("10 + 5")
    await expect(page.locator("#score")).to_have_text(f"{points} pts")
    await page.get_by_role("link", name="Dashboard").click()
    score = page.locator(".ledger div", has=page.get_by_text("Score", exact=True)).first
    await expect(score).to_contain_text(str(points))
    recent = page.get_by_role("row", name=VIDEO.title)
    await expect(recent).to_contain_text(f"{len(QUESTIONS) - 2} of {len(QUESTIONS)}")


async def test_by_keyboard_alone(learner: Learner) -> None:
    page = learner.page
    await page.goto("/dashboard")
    await tab_to(page, "Start the video")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=VIDEO.title, level=1)).to_be_visible()
    await tab_to(page, "Start quiz")
    await page.keyboard.press("Enter")
    for number, _ in enumerate(QUESTIONS):
        question = page.get_by_role("heading", name=(await asked(page)).text)
        await expect(question).to_be_focused()
        (wanted,) = await choices(page, right=True)
        place = await page.get_by_role("radio").evaluate_all(
            "(radios, value) => radios.findIndex((radio) => radio.value === value)",
            await wanted.get_attribute("value"),
        )
        if number % 2:
            await page.keyboard.press(str(place + 1))
        else:
            await page.keyboard.press("Tab")
            await page.keyboard.press("Space")
            for _ in range(place):
                await page.keyboard.press("ArrowDown")
        await expect(wanted).to_be_checked()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Right", exact=True)).to_be_focused()
        last = number + 1 == len(QUESTIONS)
        await tab_to(page, "See my result" if last else "Next question", within=2)
        await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=result_heading(0), level=1)).to_be_focused()
    await expect(page.get_by_role("link", name="Try again")).to_have_count(0)


async def test_feedback_names_the_right_answer_and_gives_nothing_away_before(
    learner: Learner,
) -> None:
    page = learner.page
    await page.goto(question_url(1))
    question = await asked(page)
    explanation = page.get_by_text(question.explanation[:60])
    await expect(explanation).to_have_count(0)
    await answer(page, right=False)
    rows = page.locator("#quiz").get_by_role("listitem")
    key = next(choice.text for choice in question.choices if choice.id in question.key)
    await expect(rows.filter(has_text=key)).to_contain_text("The right answer")
    await expect(rows.filter(has_text="Your answer, not right")).to_have_count(1)
    await expect(explanation).to_be_visible()
    await expect(page.get_by_text("0 points", exact=True)).to_be_visible()
    await expect(page.locator("#score")).to_have_text("0 pts")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_a_reload_shows_the_same(new_learner: NewLearner, script: bool) -> None:
    page = (await new_learner(java_script_enabled=script)).page
    await page.goto(question_url(1))
    order = await page.locator("label.option").all_inner_texts()
    await page.reload()
    assert await page.locator("label.option").all_inner_texts() == order
    await answer(page, right=True)
    shown = await page.locator("#quiz").inner_text()
    await page.reload()
    await expect(page.get_by_role("heading", name="Right", exact=True)).to_be_visible()
    assert await page.locator("#quiz").inner_text() == shown


async def test_an_answered_question_can_be_read_again(learner: Learner) -> None:
    page = learner.page
    await page.goto(question_url(1))
    first = await asked(page)
    await answer(page, right=False)
    await page.get_by_role("link", name="Next question").click()
    await expect(page.get_by_role("heading", name=QUESTIONS[1].text)).to_be_focused()
    await page.get_by_role("link", name=re.compile("Question 1.*not right")).click()
    await expect(page.get_by_role("heading", name=first.text)).to_be_visible()
    await expect(page.get_by_role("radio")).to_have_count(0)


async def test_enter_twice_makes_one_answer(learner: Learner) -> None:
    page = learner.page
    pressed, sent = asyncio.Event(), []

    async def slow(route: Route) -> None:
        sent.append(route.request.method)
        await pressed.wait()
        await route.continue_()

    await page.route("**/answer", slow)
    await page.goto(question_url(1))
    (control,) = await choices(page, right=True)
    await control.check()
    async with page.expect_request("**/answer"):
        await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Checking…").click()
    pressed.set()
    await expect(page.get_by_role("heading", name="Right", exact=True)).to_be_focused()
    assert sent == ["POST"]
    assert await learner.count(ANSWERS) == 1


async def test_two_windows_on_the_same_question(learner: Learner) -> None:
    here, there = learner.page, await learner.profile.context.new_page()
    await here.goto(question_url(1))
    await there.goto(question_url(1))
    await answer(here, right=True)
    for control in await choices(there, right=False):
        await control.check()
    await there.get_by_role("button", name="Check my answer").click()
    await expect(
        there.get_by_text(
            "You already answered this in another window. This is the answer that counts."
        )
    ).to_be_visible()
    await expect(there.get_by_role("heading", name="Right", exact=True)).to_be_visible()
    await expect(there.get_by_role("listitem").filter(has_text="Your answer, right")).to_have_count(
        1
    )
    assert await learner.count(ANSWERS) == 1


async def test_an_empty_answer_is_refused_at_the_question(learner: Learner) -> None:
    page = learner.page
    await page.goto(question_url(1))
    await page.get_by_role("button", name="Check my answer").click()
    await expect(page.get_by_text("Choose an answer first.")).to_be_visible()
    first = page.get_by_role("radio").first
    await expect(first).to_be_focused()
    group = page.get_by_role("group", name=QUESTIONS[0].text)
    await expect(group).to_have_accessible_description(re.compile("^Choose an answer first."))
    await first.check()
    await expect(page.get_by_text("Choose an answer first.")).to_be_hidden()
    assert await learner.count(ANSWERS) == 0


async def test_nothing_ticked_without_script_comes_back_with_the_sentence(
    new_learner: NewLearner,
) -> None:
    page = (await new_learner(java_script_enabled=False)).page
    video, number = find_question("multiple")
    await page.goto(f"/video/{video}?q={number}")
    await page.get_by_role("button", name="Check my answer").click()
    await expect(page.get_by_text("Choose an answer first.")).to_be_visible()
    await expect(page).to_have_title(re.compile(f"^Error: Question {number} of "))
    await page.get_by_role("checkbox").first.check()
    await page.get_by_role("button", name="Check my answer").click()
    await expect(page.get_by_role("link", name="Next question")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_rows_are_put_in_order(new_learner: NewLearner, script: bool) -> None:
    page = (await new_learner(java_script_enabled=script)).page
    video, number = find_question("ordering")
    question = COURSE.quizzes[video].questions[number - 1]
    texts = [next(c.text for c in question.choices if c.id == key) for key in question.key]
    rows = page.get_by_role("group", name=question.text).get_by_role("listitem")
    await page.goto(f"/video/{video}?q={number}")
    for place, text in enumerate(texts):
        shown = [row.strip() for row in await rows.all_inner_texts()]
        for above in range(shown.index(text) - 1, place - 1, -1):
            up = page.get_by_role("button", name=f"Move up: {text}", exact=True)
            await up.focus()
            await page.keyboard.press("Enter")
            await expect(rows.nth(above)).to_have_text(text)
            if script:
                await expect(up).to_be_focused()
                said = f"{text}: moved to place {above + 1} of {len(texts)}"
                await expect(page.locator("#status")).to_have_text(said)
    await page.reload()
    await expect(rows).to_have_text(texts)
    await page.get_by_role("button", name="Check my answer").click()
    await expect(page.get_by_role("heading", name="Right", exact=True)).to_be_visible()
    graded = page.locator("#quiz li", has_text="In its place")
    await expect(graded).to_have_count(len(texts))


async def test_a_row_can_be_dragged(learner: Learner) -> None:
    page = learner.page
    video, number = find_question("ordering")
    await page.goto(f"/video/{video}?q={number}")
    rows = page.locator("#quiz .ordering > li")
    await expect(rows.first).to_have_attribute("draggable", "true")
    before = [text.strip() for text in await rows.all_inner_texts()]
    await rows.first.drag_to(rows.last, target_position={"x": 40, "y": 40})
    await expect(rows).to_have_text([*before[1:], before[0]])
    said = f"{before[0]}: moved to place {len(before)} of {len(before)}"
    await expect(page.locator("#status")).to_have_text(said)
    await page.reload()
    await expect(rows).to_have_text([*before[1:], before[0]])


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("kind", ["single", "true_false", "multiple"])
async def test_each_kind_right_and_wrong(new_learner: NewLearner, kind: str, script: bool) -> None:
    video, number = find_question(kind)
    question = COURSE.quizzes[video].questions[number - 1]
    for right in (True, False):
        page = (await new_learner(java_script_enabled=script)).page
        await page.goto(f"/video/{video}?q={number}")
        wrong = [choice.id for choice in question.choices if choice.id not in question.key][:1]
        for choice in question.choices:
            if choice.id in (question.key if right else wrong):
                await page.get_by_label(choice.text, exact=True).check()
        await page.get_by_role("button", name="Check my answer").click()
        heading = "Right" if right else "Not this time"
        await expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        await expect(
            page.get_by_text("15 points" if right else "0 points", exact=True)
        ).to_be_visible()


async def test_without_a_connection_the_choice_stays(learner: Learner) -> None:
    page = learner.page
    learner.profile.wanted.append("net::ERR_INTERNET_DISCONNECTED")
    await page.goto(question_url(1))
    (control,) = await choices(page, right=True)
    await control.check()
    await learner.profile.context.set_offline(True)
    await page.get_by_role("button", name="Check my answer").click()
    line = page.locator("#quiz").get_by_text("Not saved. Your choice is still here")
    await expect(line).to_be_visible()
    await expect(control).to_be_checked()
    await learner.profile.context.set_offline(False)
    await answer(page, right=True)
    await expect(line).to_have_count(0)


async def test_a_retry_counts_when_it_is_better(learner: Learner) -> None:
    page = learner.page
    await page.goto(question_url(1))
    await finish_quiz(page, wrong=1)
    await page.get_by_role("link", name="Try again").click()
    await expect(page.get_by_text("Quiz · attempt 2")).to_be_visible()
    await expect(page.get_by_text("Final for this attempt. 10 points.")).to_be_visible()
    await finish_quiz(page)
    points = FULL - 5
    await expect(
        page.get_by_role("heading", name=f"{len(QUESTIONS)} of {len(QUESTIONS)} right, {points}")
    ).to_be_focused()
    await expect(page.get_by_text("Your total went from")).to_be_visible()
    await expect(page.locator("#score")).to_have_text(f"{points} pts")
    await page.get_by_text("All 2 attempts").click()
    attempts = page.get_by_role("table", name="Your attempts at this quiz").get_by_role("row")
    await expect(attempts).to_have_count(3)


async def test_back_after_the_last_answer_shows_no_dead_button(learner: Learner) -> None:
    page = learner.page
    await page.goto(f"/video/{VIDEO.id}")
    await page.get_by_role("link", name="Start quiz").click()
    await finish_quiz(page)
    await page.get_by_role("link", name="Next: ").click()
    await page.go_back()
    await expect(page.get_by_role("heading", name=result_heading(0), level=1)).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("link", name="Try again")).to_be_visible()
    assert await learner.count(ANSWERS) == len(QUESTIONS)
