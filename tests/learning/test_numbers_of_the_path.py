"""Fifty histories: what path and steps say, and what they refuse, is what the rows say."""

from __future__ import annotations

import json
import random
from typing import Any, TypeAlias

import httpx
import pytest

from portal.learning.course import Course, Step, Topic
from portal.learning.outline import TYPICAL_SECONDS
from portal.web.formats import about, plural
from tests.dashboard.oracle import ORACLE, figures
from tests.dashboard.test_numbers_of_histories import TUESDAY, Clock, hire
from tests.learning.courses import given, teach
from tests.learning.locked_course import locked_course
from tests.support import PASSWORDS, Portal
from tests.web.markup import Page

COUNT = 50
COURSE = locked_course()
# The answers, and which attempt counts, as the other oracle makes them out; then every step and
# topic with its sums, and what is missing of the prerequisites.
PARTS = f"""
{ORACLE.partition("), people AS")[0]}), course AS (
    SELECT * FROM json_to_recordset($2::json)
        AS v (id text, step text, topic text, seconds int, questions int)
), state AS (
    SELECT c.*, coalesce(p.done, false) AS done, coalesce(p.position_s, 0) AS position, k.points
    FROM course c CROSS JOIN (SELECT id AS learner FROM app_user WHERE external_id = $1) me
    LEFT JOIN video_progress p ON p.learner = me.learner AND p.video_id = c.id
    LEFT JOIN counted k ON k.learner = me.learner AND k.quiz_id = c.id
), parts AS (
    SELECT coalesce('topic ' || topic, 'step ' || step) AS part, max('step ' || step) AS step,
           count(*) AS videos, count(*) FILTER (WHERE done) AS watched,
           count(*) FILTER (WHERE questions > 0) AS quizzes, count(points) AS finished,
           coalesce(sum(points), 0) AS points, sum(15 * questions) AS most,
           coalesce(sum(greatest(seconds - position, 0)) FILTER (WHERE NOT done), 0) AS seconds
    FROM state GROUP BY GROUPING SETS ((step), (topic))
), unmet AS (
    SELECT r.part, array_agg(r.target ORDER BY r.place) AS targets
    FROM json_to_recordset($3::json) AS r (place int, part text, target text, percent int)
    JOIN parts p ON p.part = r.target
    WHERE CASE WHEN r.percent > 0 THEN p.points < r.percent / 100.0 * p.most
               ELSE p.watched < p.videos OR p.finished < p.quizzes END
    GROUP BY r.part
)
SELECT p.*, coalesce(s.targets, o.targets, '{{}}') AS waits_for
FROM parts p LEFT JOIN unmet o ON o.part = p.part LEFT JOIN unmet s ON s.part = p.step
"""
VIDEOS = json.dumps(
    [
        {
            "id": video.id,
            "step": video.step_id,
            "topic": video.topic_id,
            "seconds": video.duration or TYPICAL_SECONDS,
            "questions": len(video.quiz.questions) if video.quiz else 0,
        }
        for video in COURSE.ordered
    ]
)
Row: TypeAlias = dict[str, Any]


def key(part: Step | Topic) -> str:
    return f"{'step' if isinstance(part, Step) else 'topic'} {part.id}"


def requirements(course: Course) -> str:
    parts: list[Step | Topic] = []
    for step in course.steps:
        parts += [step, *step.topics]
    rows = [
        {
            "part": key(part),
            "target": f"step {r.step}" if r.step else f"topic {r.topic}",
            "percent": r.min_score,
        }
        for part in parts
        for r in part.requires
    ]
    return json.dumps([{**row, "place": place} for place, row in enumerate(rows)])


async def parts_of(portal: Portal, name: str) -> dict[str, Row]:
    """Returns every step and topic for a person, from the rows alone."""
    rows = await portal.database.fetch(PARTS, name, VIDEOS, requirements(COURSE))
    return {row["part"]: dict(row) for row in rows}


def reason(row: Row, parts: dict[str, Row]) -> str | None:
    """Returns the sentence for a lock."""
    said = []
    for target in row["waits_for"]:
        of = parts[target]
        name = "“The basics”" if target == "topic basics" else target
        if row["step"] == "step 2":
            said.append(f"Reach 60% in {name} first: you have {100 * of['points'] // of['most']}%.")
            continue
        videos, quizzes = of["videos"] - of["watched"], of["quizzes"] - of["finished"]
        left = [
            *([f"{videos} of {plural(of['videos'], 'video')}"] if videos else []),
            *([f"{quizzes} of {plural(of['quizzes'], 'quiz', 'quizzes')}"] if quizzes else []),
        ]
        verb = "is" if videos + quizzes == 1 else "are"
        said.append(f"Finish {name} first: {' and '.join(left)} {verb} left.")
    return " ".join(said) or None


def note(row: Row) -> str:
    """Returns what a card says of a step or a topic."""
    facts = [f"{row['watched']} of {plural(row['videos'], 'video')}"]
    if row["finished"]:
        facts.append(plural(row["finished"], "quiz", "quizzes"))
    if row["seconds"]:
        facts.append(f"{about(int(row['seconds']))} left")
    return " · ".join(facts)


async def act(
    portal: Portal, browser: httpx.AsyncClient, dice: random.Random, name: str, opens: bool
) -> int:
    """Do one thing with a video; returns the status of the answer."""
    quiz = COURSE.quizzes.get(name)
    if quiz is None or dice.random() < 0.55:
        if dice.random() < 0.3:
            body = {"videoId": name, "from": 0, "to": 9, "position": dice.randrange(90)}
            answer = await browser.post("/api/progress/watch", json={**body, "duration": 100})
        else:
            body = {"videoId": name, "done": dice.random() < 0.95}
            answer = await browser.post("/api/progress", json=body)
        return answer.status_code
    standing = await browser.get(f"/api/quiz/{name}")
    number = standing.json()["attemptNumber"] if opens else 1
    answers = [given(q, right=dice.random() < 0.8) for q in quiz.questions]
    body = {"videoId": name, "attemptNumber": number, "answers": answers}
    answer = await browser.post("/api/quiz/submit", json=body)
    assert (answer.status_code == 200) is (standing.status_code == 200)
    return answer.status_code


def check_path(shown: dict[str, Any], parts: dict[str, Row]) -> None:
    for step in shown["steps"]:
        row = parts[f"step {step['id']}"]
        numbers = ("watched", "videos", "finished", "quizzes", "seconds")
        names = (
            "videosCompleted",
            "videosTotal",
            "quizzesCompleted",
            "quizzesTotal",
            "secondsLeft",
        )
        assert [step[name] for name in names] == [row[name] for name in numbers]
        assert (step["locked"], step["lockReason"]) == (
            bool(row["waits_for"]),
            reason(row, parts),
        )
        for topic in step["topics"]:
            inner = parts[f"topic {topic['id']}"]
            assert topic["lockReason"] == reason(inner, parts)
            for video in topic["videos"]:
                assert (video["locked"], video["lockReason"]) == (
                    topic["locked"],
                    topic["lockReason"],
                )
    locked = {
        v["id"] for s in shown["steps"] for t in s["topics"] for v in t["videos"] if v["locked"]
    }
    assert shown["nextVideoId"] not in locked


async def check_pages(browser: httpx.AsyncClient, parts: dict[str, Row]) -> None:
    page = Page(await browser.get("/path"))
    total = sum(parts[f"step {n}"]["watched"] for n in "123")
    quizzes = sum(parts[f"step {n}"]["finished"] for n in "123")
    assert (
        f"{total} of 6 videos watched, {plural(quizzes, 'quiz', 'quizzes')} finished." in page.text
    )
    for row in parts.values():
        assert note(row) in page.text
        if said := reason(row, parts):
            assert said in page.text
    for step in COURSE.steps:
        row = parts[key(step)]
        answer = await browser.get(f"/step/{step.id}")
        assert answer.status_code == (403 if row["waits_for"] else 200)
        if row["waits_for"]:
            continue
        facts = [
            f"{row['watched']} of {plural(row['videos'], 'video')}",
            f"{row['finished']} of {plural(row['quizzes'], 'quiz', 'quizzes')}",
            f"{100 * row['points'] // row['most']}% of the points",
            f"{about(int(row['seconds']))} left" if row["seconds"] else "all videos watched",
        ]
        assert " · ".join(facts) in Page(answer).text


async def test_fifty_histories(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("portal.clock.now", clock.now)
    teach(portal, COURSE)
    names = [f"learner-{number:02}" for number in range(COUNT)]
    await hire(portal, names)
    refused = 0
    seen: list[frozenset[str]] = []
    for number, name in enumerate(names):
        dice = random.Random(f"path {number}")
        browser = await portal.signed_in(name, PASSWORDS["alex"])
        for _ in range(dice.randrange(25, 45) if number % 4 == 0 else dice.randrange(12)):
            clock.tick()
            video = dice.choice(COURSE.ordered)
            parts = await parts_of(portal, name)
            opens = not parts[f"topic {video.topic_id}"]["waits_for"]
            status = await act(portal, browser, dice, video.id, opens)
            assert status == (200 if opens else 403), (name, video.id)
            refused += not opens
        parts = await parts_of(portal, name)
        check_path((await browser.get("/api/path")).json(), parts)
        await check_pages(browser, parts)
        totals = await figures(portal.database, name, TUESDAY.date())
        steps = [parts[key(step)] for step in COURSE.steps]
        assert totals["totalScore"] == sum(row["points"] for row in steps)
        assert totals["videosCompleted"] == sum(row["watched"] for row in steps)
        assert totals["quizzesCompleted"] == sum(row["finished"] for row in steps)
        seen.append(frozenset(part for part, row in parts.items() if not row["waits_for"]))

    # the script is worth something
    assert refused > 100
    opened = [sum(part in known for known in seen) for part in ("topic inner", "step 2", "step 3")]
    assert min(opened) > 2, opened
    assert max(opened) < COUNT - 5, opened
