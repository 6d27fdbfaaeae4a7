"""What one learner did is nobody else's: not a team mate's, not an outsider's."""

from __future__ import annotations

import httpx

from tests.support import QUIZ, Portal, answer_for, key_of, take_quiz


async def half_way(browser: httpx.AsyncClient) -> dict[str, str]:
    """Answer one question rightly and one wrongly; returns what was sent last."""
    quiz = (await browser.get(f"/api/quiz/{QUIZ}")).json()
    body: dict[str, str] = {}
    for question, right in zip(quiz["questions"][:2], (True, False), strict=True):
        body = {
            **answer_for(QUIZ, question, right=right),
            "attemptNumber": quiz["attemptNumber"],
        }
        assert (await browser.post(f"/api/quiz/{QUIZ}/answers", json=body)).status_code == 200
    return body


async def test_others_see_a_fresh_quiz(
    alex: httpx.AsyncClient, mike: httpx.AsyncClient, nina: httpx.AsyncClient
) -> None:
    await take_quiz(alex, wrong=1)
    await half_way(alex)
    for browser in (mike, nina):
        quiz = (await browser.get(f"/api/quiz/{QUIZ}")).json()
        assert quiz["attemptNumber"] == 1
        assert (quiz["answered"], quiz["attempts"], quiz["best"]) == ({}, [], None)
        page = await browser.get(f"/video/{QUIZ}")
        assert "Start quiz" in page.text
        assert (await browser.get(f"/video/{QUIZ}?result=1")).status_code == 404
        assert "Check my answer" in (await browser.get(f"/video/{QUIZ}?q=1")).text
        for text in (page.text, (await browser.get("/dashboard")).text):
            assert "quiz open" not in text
        path = (await browser.get("/api/path")).json()
        assert path["steps"][0]["topics"][0]["videos"][0]["quizCompleted"] is False


async def test_others_neither_continue_nor_disturb_an_attempt(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    last = await half_way(alex)
    # mike's same request is his own first answer, in an attempt of his own
    answer = await mike.post(f"/api/quiz/{QUIZ}/answers", json=last)
    assert (answer.status_code, answer.json()["answered"]) == (200, 1)
    right = {"questionId": last["questionId"], "attemptNumber": 1}
    key = key_of(QUIZ, last["questionId"])
    answer = await mike.post(f"/api/quiz/{QUIZ}/answers", json={**right, "choiceId": key[0]})
    assert answer.status_code == 409
    quiz = (await alex.get(f"/api/quiz/{QUIZ}")).json()
    assert len(quiz["answered"]) == 2
    # mike cannot complete it for her
    body = {"videoId": QUIZ, "attemptNumber": 1}
    assert (await mike.post("/api/quiz/submit", json=body)).status_code == 400
    rows = await portal.database.fetch(
        "SELECT external_id, completed_at FROM quiz_attempt JOIN app_user u ON u.id = learner"
    )
    assert {(row["external_id"], row["completed_at"]) for row in rows} == {
        ("alex", None),
        ("mike", None),
    }


async def test_points_are_each_learner_s_own(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient, nina: httpx.AsyncClient
) -> None:
    await take_quiz(alex)
    for browser in (mike, nina):
        kpis = (await browser.get("/api/dashboard/kpis")).json()
        assert (kpis["totalScore"], kpis["quizzesCompleted"], kpis["rank"]) == (0, 0, None)
    await take_quiz(mike, wrong=3)
    assert (await alex.get("/api/dashboard/kpis")).json()["totalScore"] == 90
    assert (await mike.get("/api/dashboard/kpis")).json()["totalScore"] == 45


async def test_the_ranking_names_people_of_the_track_and_nothing_but_their_points(
    alex: httpx.AsyncClient, mike: httpx.AsyncClient, nina: httpx.AsyncClient
) -> None:
    await take_quiz(alex)
    await take_quiz(mike, wrong=2)
    for browser in (alex, mike):
        top = (await browser.get("/api/dashboard/kpis")).json()["top10"]
        assert top == [
            {"id": "alex", "name": "Alex Johnson", "score": 90, "position": 1},
            {"id": "mike", "name": "Mike Brown", "score": 60, "position": 2},
        ]
    kpis = (await nina.get("/api/dashboard/kpis")).json()
    assert (kpis["top10"], kpis["around"], kpis["total"]) == ([], [], 0)


async def test_a_manager_takes_quizzes_without_a_rank(portal: Portal) -> None:
    sara = await portal.signed_in("sara")
    assert (await take_quiz(sara))["totalScore"] == 90
    kpis = (await sara.get("/api/dashboard/kpis")).json()
    assert (kpis["totalScore"], kpis["rank"], kpis["percentile"], kpis["grade"]) == (
        90,
        None,
        None,
        None,
    )
    assert (kpis["total"], kpis["top10"]) == (0, [])
