"""A learner goes from the first step to the last: nothing is empty on the way."""

from __future__ import annotations

import httpx

from portal.learning.course import load_course
from portal.scoring.rules import POINTS_MAX
from tests.support import take_quiz
from tests.web.markup import Page

COURSE = load_course()


async def test_every_page_of_the_course_has_something_to_say(alex: httpx.AsyncClient) -> None:
    for step in COURSE.steps:
        text = Page(await alex.get(f"/step/{step.id}")).text
        told = [step.title, step.summary, *step.objectives, *step.practice]
        assert len(step.practice) >= 3
        assert [part for part in told if part not in text] == []
        for video in step.videos:
            text = Page(await alex.get(f"/video/{video.id}")).text
            told = [video.title, video.summary, *video.objectives]
            assert len(video.objectives) >= 2
            assert [part for part in told if part not in text] == [], video.id
            for number, asked in enumerate(COURSE.quizzes[video.id].questions, start=1):
                text = Page(await alex.get(f"/video/{video.id}?q={number}")).text
                told = [asked.text, *(choice.text for choice in asked.choices)]
                assert [part for part in told if part not in text] == [], asked.id


async def test_who_answers_everything_rightly_has_every_point(alex: httpx.AsyncClient) -> None:
    for video in COURSE.ordered:
        await take_quiz(alex, video.id)
    kpis = (await alex.get("/api/dashboard/kpis")).json()
    questions = sum(len(quiz.questions) for quiz in COURSE.quizzes.values())
    assert kpis["totalScore"] == kpis["maxScore"] == POINTS_MAX * questions
    assert (kpis["quizzesCompleted"], kpis["accuracy"]) == (len(COURSE.ordered), 100)
