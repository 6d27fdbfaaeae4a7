"""A video or a question under a new name keeps everything that people did with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from portal.authoring.compiler import read_sources
from portal.learning.course import Course
from portal.learning.pages import label_of
from tests.authoring.checking import check, kitchen
from tests.learning.courses import course_of, given, question, singles, teach, video
from tests.support import Portal
from tests.web.markup import Page

EGGS = """
title = "Eggs"
provider = "youtube"
ref = "JpGtOfSgR-c"
channel = "Anthropic"
level = "beginner"
summary = "How to boil eggs."
objectives = ["Boil an egg"]
{aliases}
[[questions]]
id = "{question}"
kind = "true_false"
text = "Salt shortens the time."
answer = false
explanation = "It hardly changes the temperature."
{former}
"""


def write(
    root: Path, name: str = "eggs", aliases: str = "", question: str = "salt", former: str = ""
) -> Path:
    """Write a course of one video with one question; returns its folder."""
    folder = root / "01-kitchen"
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    (root / "course.toml").write_text("min_questions = 1")
    (folder / "step.toml").write_text(kitchen(name))
    text = EGGS.replace("{aliases}", aliases).replace("{former}", former)
    (folder / f"{name}.toml").write_text(text.replace("{question}", question))
    return root


def test_the_first_name_stays_the_id(tmp_path: Path) -> None:
    before = read_sources(write(tmp_path))
    root = write(
        tmp_path,
        "boiled-eggs",
        'aliases = ["eggs", "cooked-eggs"]',
        "salted-water",
        'aliases = ["salt"]',
    )
    assert check(root) == []
    after = read_sources(root)
    (entry,) = after.ordered
    assert (entry.id, entry.aliases) == ("eggs", ("cooked-eggs", "boiled-eggs"))
    for name in ("eggs", "cooked-eggs", "boiled-eggs"):
        assert after.find(name) is entry
    assert after.find("fried-eggs") is None
    # the quiz is the same version to the database: nobody in the middle of it notices
    assert after.quizzes["eggs"].content_hash == before.quizzes["eggs"].content_hash


@pytest.mark.parametrize(
    ("change", "where", "problem"),
    [
        (lambda r: write(r, aliases='aliases = ["eggs"]'), "aliases", '"eggs" is the present id'),
        (lambda r: write(r, aliases='aliases = ["Old Eggs"]'), "aliases",
         '"Old Eggs" is not a slug'),
        (lambda r: write(r, former='aliases = ["salt"]'), 'question "salt", aliases',
         '"salt" is the present id'),
        (lambda r: write(r, former='aliases = [""]'), 'question "salt", aliases',
         "has an empty text"),
    ],
)  # fmt: skip
def test_a_name_of_no_use_is_found(
    tmp_path: Path, change: Callable[[Path], Path], where: str, problem: str
) -> None:
    found = [(f.where, f.problem) for f in check(change(tmp_path))]
    assert (where, problem) in found


def test_a_name_that_somebody_else_has_is_found(tmp_path: Path) -> None:
    root = write(tmp_path, aliases='aliases = ["pans"]', former='aliases = ["sugar"]')
    folder = root / "01-kitchen"
    text = (folder / "eggs.toml").read_text()
    sugar = text[text.index("[[questions]]") :].replace('aliases = ["sugar"]', "")
    sugar = sugar.replace('"salt"', '"sugar"').replace("Salt shortens", "Sugar lengthens")
    (folder / "eggs.toml").write_text(text + sugar)
    other = text.replace('aliases = ["pans"]', "").replace("JpGtOfSgR-c", "4szRHy_CT7s")
    (folder / "pans.toml").write_text(other[: other.index("[[questions]]")])
    step = folder / "step.toml"
    step.write_text(step.read_text().replace('["eggs"]', '["eggs", "pans"]'))
    assert [(f.file, f.where, f.problem) for f in check(root)] == [
        ("01-kitchen/eggs.toml", 'question "sugar"', "the id is used twice"),
        (
            "01-kitchen/pans.toml",
            'video "pans"',
            "the video id is also used in 01-kitchen/eggs.toml",
        ),
    ]


def renamed(course: Course, *names: str) -> Course:
    return course_of(*(replace(entry, aliases=names) for entry in course.ordered))


async def test_a_renamed_video_keeps_its_history_under_both_addresses(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    before = teach(portal, course_of(video("basics", singles(2))))
    await alex.post("/api/progress", json={"videoId": "basics", "done": True})
    answers = [given(entry) for entry in singles(2)]
    body = {"videoId": "basics", "attemptNumber": 1, "answers": answers}
    await alex.post("/api/quiz/submit", json=body)
    teach(portal, renamed(before, "foundations"))

    opened = await alex.get("/video/foundations")
    assert (opened.status_code, opened.headers["location"]) == (303, "/video/basics")
    page = Page(await alex.get("/video/basics"))
    assert "Watched" in page.text or "Marked as watched" in page.text
    quiz = (await alex.get("/api/quiz/foundations")).json()
    assert (quiz["videoId"], quiz["attemptNumber"], quiz["best"]["scoreEarned"]) == (
        "basics",
        2,
        30,
    )
    # who still has a form or a script with either name goes on where they were
    body = {**given(question(1)), "attemptNumber": 2}
    assert (await alex.post("/api/quiz/foundations/answers", json=body)).status_code == 200
    answer = await alex.post("/api/progress", json={"videoId": "foundations", "done": False})
    assert answer.json() == {"videoId": "basics", "done": False}
    assert list((await alex.get("/api/progress")).json()["videos"]) == ["basics"]
    unusable = await alex.post(
        "/video/foundations/answer", data={"attempt": "2", "question": "question-2"}
    )
    assert unusable.status_code == 422
    assert await portal.database.value("SELECT count(DISTINCT quiz_id) FROM quiz_attempt") == 1


def test_a_visitor_is_told_where_a_former_address_leads() -> None:
    course = renamed(course_of(video("basics")), "foundations")
    labels = [label_of(course, f"/video/{place}") for place in ("foundations?t=3", "basics")]
    assert labels == ["The video basics"] * 2
