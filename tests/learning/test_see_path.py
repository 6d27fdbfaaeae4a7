"""The path: all steps, topics and videos with the learner's state."""

from __future__ import annotations

from typing import Any

import httpx

from tests.learning.courses import course_of, given, singles, teach, video
from tests.support import COURSE, Portal
from tests.web.markup import Page

VIDEO_KEYS = {
    "id",
    "title",
    "level",
    "durationSeconds",
    "topPick",
    "done",
    "watchedPercent",
    "positionSeconds",
    "hasQuiz",
    "questions",
    "quizCompleted",
    "score",
    "maxScore",
    "locked",
    "lockReason",
}


def videos_of(path: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        entry["id"]: entry
        for step in path["steps"]
        for topic in step["topics"]
        for entry in topic["videos"]
    }


async def test_the_whole_course_is_there_in_its_order(alex: httpx.AsyncClient) -> None:
    path = (await alex.get("/api/path")).json()
    assert [step["id"] for step in path["steps"]] == [step.id for step in COURSE.steps]
    assert list(videos_of(path)) == [entry.id for entry in COURSE.ordered]
    for step in path["steps"]:
        assert step["videosTotal"] == sum(len(topic["videos"]) for topic in step["topics"])
        assert (step["videosCompleted"], step["locked"], step["lockReason"]) == (0, False, None)
    for video_id, entry in videos_of(path).items():
        assert set(entry) == VIDEO_KEYS
        quiz = COURSE.quizzes.get(video_id)
        assert entry["hasQuiz"] is (quiz is not None)
        assert entry["questions"] == (len(quiz.questions) if quiz else 0)
        assert entry["maxScore"] == 15 * entry["questions"]
    assert path["nextVideoId"] == COURSE.ordered[0].id


async def test_it_shows_what_was_done_and_what_comes_next(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    course = teach(
        portal, course_of(video("one", singles(2)), video("two"), video("three", singles(1)))
    )

    async def path() -> dict[str, Any]:
        shown: dict[str, Any] = (await alex.get("/api/path")).json()
        return shown

    async def mark(video_id: str) -> None:
        await alex.post("/api/progress", json={"videoId": video_id, "done": True})

    async def take(video_id: str, *, right: bool) -> None:
        quiz = course.quizzes[video_id]
        standing = (await alex.get(f"/api/quiz/{video_id}")).json()
        answer = await alex.post(
            "/api/quiz/submit",
            json={
                "videoId": video_id,
                "attemptNumber": standing["attemptNumber"],
                "answers": [given(question, right=right) for question in quiz.questions],
            },
        )
        assert answer.status_code == 200

    assert (await path())["nextVideoId"] == "one"
    # a video that was begun comes before all others
    watch = {"videoId": "two", "from": 0, "to": 10, "position": 10, "duration": 100}
    await alex.post("/api/progress/watch", json=watch)
    assert (await path())["nextVideoId"] == "two"
    assert videos_of(await path())["two"]["watchedPercent"] == 10
    await mark("two")
    await mark("one")
    assert (await path())["nextVideoId"] == "one"  # its quiz
    assert (await path())["steps"][0]["videosCompleted"] == 2
    # an open quiz comes before everything
    question = course.quizzes["three"].questions[0]
    await alex.post("/api/quiz/three/answers", json={**given(question), "attemptNumber": 1})
    assert (await path())["nextVideoId"] == "three"
    await take("three", right=True)
    await take("one", right=False)
    shown = videos_of(await path())
    assert (shown["one"]["quizCompleted"], shown["one"]["score"]) == (True, 0)
    assert (shown["three"]["score"], shown["three"]["maxScore"]) == (15, 15)
    assert shown["two"]["score"] is None
    await mark("three")
    assert (await path())["nextVideoId"] == "one"  # its quiz can still gain points
    await take("one", right=True)
    assert videos_of(await path())["one"]["score"] == 20
    # mended mistakes do not earn the bonus of a first answer: nothing is left to gain
    assert (await path())["nextVideoId"] is None


async def test_the_pages_lead_from_the_path_to_every_video(alex: httpx.AsyncClient) -> None:
    page = Page(await alex.get("/path"))
    links = [href for href, _ in page.links]
    assert page.text.count("Step ") >= len(COURSE.steps)
    for step in COURSE.steps:
        assert f"/step/{step.id}" in links
        below = Page(await alex.get(f"/step/{step.id}"))
        assert below.title == f"Step {step.id}: {step.title} · AI Training"
        for entry in step.videos:
            assert f"/video/{entry.id}" in [href for href, _ in below.links]


async def test_steps_lead_to_their_neighbours(alex: httpx.AsyncClient) -> None:
    count = len(COURSE.steps)
    for number in range(1, count + 1):
        page = Page(await alex.get(f"/step/{number}"))
        around = {href for href, _ in page.links if href.startswith("/step/")}
        expected = {f"/step/{n}" for n in (number - 1, number + 1) if 1 <= n <= count}
        assert around - {f"/step/{number}"} == expected


async def test_an_unknown_step_has_a_way_on(alex: httpx.AsyncClient) -> None:
    for url in ("/step/0", "/step/9", "/step/01", "/step/one"):
        answer = await alex.get(url)
        page = Page(answer)
        assert answer.status_code == 404
        assert "There is no such step. The path lists all of them." in page.text
        assert page.link("Open the path")


async def test_every_video_has_its_page(alex: httpx.AsyncClient) -> None:
    for entry in COURSE.ordered:
        answer = await alex.get(f"/video/{entry.id}")
        assert answer.status_code == 200
        page = Page(answer)
        assert page.title == f"{entry.title} · AI Training"
        page.form(f"/video/{entry.id}/done")
    answer = await alex.get("/video/no-such-video")
    assert answer.status_code == 404
    assert "There is no such video." in answer.text
