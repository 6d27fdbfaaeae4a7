"""A course with locks of every kind, and what a learner does to open them."""

from __future__ import annotations

from typing import Any

import httpx
from msgspec.structs import replace

from portal.learning.course import Course, Requirement, Step, Task, Topic, Video, content_hash
from tests.learning.courses import given, question, singles, video

# Step 1: a topic that opens when the one before it is finished. Step 2 opens with 60% of the points
# of step 1, step 3 when steps 1 and 2 are finished.
TASKS = (Task("first-task", "Do the first task"), Task("second-task", "Do it again"), "Only read")
FIRST = "Finish “The basics” first: 2 of 2 videos and 1 of 1 quiz are left."
SECOND = "Reach 60% in step 1 first: you have 0%."
THIRD = (
    "Finish step 1 first: 3 of 3 videos and 2 of 2 quizzes are left."
    " Finish step 2 first: 2 of 2 videos and 1 of 1 quiz are left."
)
LOCKED_VIDEOS = ("inner", "second", "plain-second", "third")


def _topic(step: str, name: str, title: str, *videos: Video, requires: Any = ()) -> Topic:
    placed = tuple(replace(v, step_id=step, topic_id=name) for v in videos)
    return Topic(name, title, f"About {title.lower()}.", placed, requires)


def locked_course() -> Course:
    """Returns three steps; the positions of the videos are those of the course."""
    steps = [
        Step(
            "1",
            "The open step",
            "Where everybody begins.",
            ("Begin",),
            TASKS,
            (
                _topic("1", "basics", "The basics", video("first", singles(2)), video("plain")),
                _topic(
                    "1",
                    "inner",
                    "The inner part",
                    video("inner", (question(3), question(4))),
                    requires=(Requirement(topic="basics"),),
                ),
            ),
        ),
        Step(
            "2",
            "The step of points",
            "What opens by points.",
            ("Collect",),
            (Task("locked-task", "Do it later"),),
            (
                _topic(
                    "2",
                    "second",
                    "The second part",
                    video("second", (question(5),)),
                    video("plain-second"),
                ),
            ),
            (Requirement(step="1", min_score=60),),
        ),
        Step(
            "3",
            "The last step",
            "What opens at the end.",
            ("Finish",),
            (),
            (
                _topic(
                    "3", "third", "The third part", video("third", (question(6),), duration=None)
                ),
            ),
            (Requirement(step="1"), Requirement(step="2")),
        ),
    ]
    return numbered(steps)


def numbered(steps: list[Step]) -> Course:
    """Returns the course of these steps, with the positions of its videos set."""
    position = 0
    placed = []
    for step in steps:
        topics = []
        for topic in step.topics:
            videos = []
            for entry in topic.videos:
                position += 1
                videos.append(replace(entry, position=position))
            topics.append(replace(topic, videos=tuple(videos)))
        placed.append(replace(step, topics=tuple(topics)))
    return Course(tuple(placed), content_hash(tuple(placed)))


async def mark(browser: httpx.AsyncClient, *videos: str, done: bool = True) -> None:
    for name in videos:
        answer = await browser.post("/api/progress", json={"videoId": name, "done": done})
        assert answer.status_code == 200, answer.text


async def take(
    browser: httpx.AsyncClient, course: Course, name: str, *, right: int | None = None
) -> dict[str, Any]:
    """Complete an attempt with the first `right` answers right, by default all, and return what
    the submit says."""
    questions = course.quizzes[name].questions
    count = len(questions) if right is None else right
    standing = (await browser.get(f"/api/quiz/{name}")).json()
    answer = await browser.post(
        "/api/quiz/submit",
        json={
            "videoId": name,
            "attemptNumber": standing["attemptNumber"],
            "answers": [given(q, right=n < count) for n, q in enumerate(questions)],
        },
    )
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said
