"""Answering a quiz on the page, the way a reader does."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from portal.learning.course import Question
from tests.support import COURSE, QUIZ

VIDEO = COURSE.videos[QUIZ]
QUESTIONS = COURSE.quizzes[QUIZ].questions
FULL = 15 * len(QUESTIONS)
TITLE = f"{VIDEO.title} · AI Training"


def question_url(number: int) -> str:
    return f"/video/{QUIZ}?q={number}#quiz"


def find_question(kind: str) -> tuple[str, int]:
    """Returns the video and the number of the first question of a kind."""
    return next(
        (video, number)
        for video, quiz in COURSE.quizzes.items()
        for number, question in enumerate(quiz.questions, 1)
        if question.kind == kind
    )


async def asked(page: Page) -> Question:
    """Returns the question of the course that the page shows."""
    key = await page.locator("input[name=question]").get_attribute("value")
    return next(question for question in QUESTIONS if question.id == key)


async def choices(page: Page, *, right: bool) -> list[Locator]:
    """Returns the controls to tick for a right or a wrong answer to the question shown."""
    question = await asked(page)
    wanted = question.key
    if not right:
        wanted = tuple(c.id for c in question.choices if c.id not in question.key)[:1]
    texts = [choice.text for choice in question.choices if choice.id in wanted]
    return [page.get_by_label(text, exact=True) for text in texts]


async def answer(page: Page, *, right: bool) -> None:
    """Choose, check, and wait for the feedback."""
    for control in await choices(page, right=right):
        await control.check()
    await page.get_by_role("button", name="Check my answer").click()
    heading = "Right" if right else "Not this time"
    await expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()


async def finish_quiz(page: Page, *, wrong: int = 0) -> None:
    """From the first question to the result, the first `wrong` answers being wrong."""
    for number in range(len(QUESTIONS)):
        await expect(page).to_have_title(f"Question {number + 1} of {len(QUESTIONS)} · {TITLE}")
        await answer(page, right=number >= wrong)
        if number + 1 < len(QUESTIONS):
            await page.get_by_role("link", name="Next question").click()
    await page.get_by_role("button", name="See my result").click()


def result_heading(wrong: int) -> str:
    """Returns the heading of a first attempt's result."""
    right = len(QUESTIONS) - wrong
    return f"{right} of {len(QUESTIONS)} right, {15 * right} points"
