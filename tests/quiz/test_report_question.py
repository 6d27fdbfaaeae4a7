"""A learner says that something is wrong with a question: after answering it, once."""

from __future__ import annotations

import httpx
import pytest

from tests.learning.courses import course_of, given, question, singles, teach, video
from tests.support import Portal
from tests.web.markup import Page, send

QUESTIONS = singles(3)
URL = "/api/quiz/basics/reports"
FORM = "/video/basics/report"


@pytest.fixture
async def learner(portal: Portal) -> httpx.AsyncClient:
    teach(portal, course_of(video("basics", QUESTIONS), video("plain")))
    return await portal.signed_in("alex")


async def commit(browser: httpx.AsyncClient, number: int = 1) -> None:
    body = {**given(QUESTIONS[number - 1], right=False), "attemptNumber": 1}
    assert (await browser.post("/api/quiz/basics/answers", json=body)).status_code == 200


async def report(
    browser: httpx.AsyncClient, reason: str = "It is out of date", number: int = 1
) -> httpx.Response:
    return await browser.post(URL, json={"questionId": f"question-{number}", "reason": reason})


async def kept(portal: Portal) -> list[tuple[str, str, str, str]]:
    return [
        tuple(row)
        for row in await portal.database.fetch(
            "SELECT external_id, quiz_id, question_id, reason FROM question_report"
            " JOIN app_user u ON u.id = learner ORDER BY question_report.id"
        )
    ]


async def test_once_after_the_answer(
    portal: Portal, learner: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    early = await report(learner)
    assert early.status_code == 409
    assert early.json()["error"] == "Answer this question first. Then you can report it."
    await commit(learner)
    done = await report(learner, "  Two are right \n")
    assert (done.status_code, done.json()) == (
        200,
        {"questionId": "question-1", "reported": True},
    )
    again = await report(learner, "Still wrong")
    assert again.status_code == 409
    assert again.json()["error"] == "You have reported this question already."
    assert (await report(mike)).status_code == 409  # who has not answered it
    await commit(mike)
    assert (await report(mike)).status_code == 200
    assert await kept(portal) == [
        ("alex", "basics", "question-1", "Two are right"),
        ("mike", "basics", "question-1", "It is out of date"),
    ]


async def test_an_answer_of_an_earlier_attempt_is_enough(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    answers = [given(asked) for asked in QUESTIONS]
    body = {"videoId": "basics", "attemptNumber": 1, "answers": answers}
    assert (await learner.post("/api/quiz/submit", json=body)).status_code == 200
    assert (await report(learner, number=3)).status_code == 200
    # also when a new release of the course asks it no more
    teach(portal, course_of(video("basics", QUESTIONS[:1])))
    assert (await report(learner, number=2)).status_code == 200


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Say in a few words what is wrong."),
        (" \n ", "Say in a few words what is wrong."),
        ("\u202e \u2066", "Say in a few words what is wrong."),
        ("x" * 501, "Use at most 500 characters."),
        ("a\0b", "The text holds a character that cannot be stored."),
    ],
)
async def test_a_reason_that_is_none(
    portal: Portal, learner: httpx.AsyncClient, reason: str, sentence: str
) -> None:
    await commit(learner)
    answer = await report(learner, reason)
    assert answer.status_code == 400
    assert answer.json() == {"error": sentence, "details": {"reason": sentence}}
    assert await kept(portal) == []
    assert (await report(learner, "x" * 500)).status_code == 200


async def test_what_there_is_not(learner: httpx.AsyncClient) -> None:
    assert (await report(learner, number=9)).status_code == 404
    for quiz in ("plain", "no-such-video"):
        body = {"questionId": "question-1", "reason": "Why"}
        assert (await learner.post(f"/api/quiz/{quiz}/reports", json=body)).status_code == 404


async def test_twenty_within_an_hour(portal: Portal) -> None:
    questions = tuple(question(number) for number in range(1, 23))
    teach(portal, course_of(video("basics", questions)))
    alex = await portal.signed_in("alex")
    answers = [given(asked) for asked in questions]
    body = {"videoId": "basics", "attemptNumber": 1, "answers": answers}
    assert (await alex.post("/api/quiz/submit", json=body)).status_code == 200
    got = [(await report(alex, number=number)).status_code for number in range(1, 22)]
    assert got == [200] * 20 + [429]
    limited = await report(alex, number=22)
    assert int(limited.headers["retry-after"]) > 3000


async def test_on_the_page_with_a_usual_reason(portal: Portal, learner: httpx.AsyncClient) -> None:
    page = Page(await learner.get("/video/basics?q=1"))
    assert "Something is wrong" not in page.text
    await commit(learner)
    page = Page(await learner.get("/video/basics?q=1"))
    assert "Something is wrong with this question" in page.text
    form = page.form(FORM)
    assert form.options["reason"] == ["key", "unclear", "missing", "dated", "other"]
    sent = await send(learner, form, reason="unclear", words=" Which model? ")
    assert sent.status_code == 200
    assert sent.url.params["q"] == "1"
    thanked = Page(sent)
    assert "Thank you: reported." in thanked.text
    assert "Something is wrong with this question" not in thanked.text
    later = Page(await learner.get("/video/basics?q=1"))
    assert "You reported this question." in later.text
    again = await send(learner, form, reason="dated")
    assert "You reported" in Page(again).text or "Thank you" in Page(again).text
    assert await kept(portal) == [
        ("alex", "basics", "question-1", "The question is unclear: Which model?")
    ]
    await commit(learner, 2)
    other = Page(await learner.get("/video/basics?q=2"))
    assert "Something is wrong with this question" in other.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Choose what is wrong."),
        ({"reason": "nonsense"}, "Choose what is wrong."),
        ({"reason": "other"}, "Say in a few words what is wrong."),
        ({"reason": "key", "words": "x" * 480}, "Use at most 500 characters."),
    ],
)
async def test_a_refused_form_keeps_what_was_written(
    portal: Portal, learner: httpx.AsyncClient, fields: dict[str, str], sentence: str
) -> None:
    await commit(learner)
    form = Page(await learner.get("/video/basics?q=1")).form(FORM)
    answer = await send(learner, form, **fields)
    assert answer.status_code == 422
    page = Page(answer)
    assert sentence in page.text
    assert fields.get("words", "") in answer.text
    assert "open" in page.attributes("details", id="report")
    kind = page.form(FORM)
    if fields.get("reason") in ("other", "key"):
        assert kind.fields["reason"] == fields["reason"]
    assert await kept(portal) == []
    reopened = await learner.get(FORM)
    assert (reopened.status_code, reopened.headers["location"][:16]) == (303, "/video/basics?q=")


async def test_what_was_said_survives_the_erasing_of_who_said_it(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    await commit(learner)
    await report(learner, "Two are right")
    await portal.database.fetch(
        "UPDATE app_user SET disabled_at = now() WHERE external_id = 'alex'"
    )
    sara = await portal.signed_in("sara")
    rows = (await sara.get("/api/manager/questions")).json()["rows"]
    assert rows[0]["reports"] == 1
