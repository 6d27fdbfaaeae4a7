"""No key, no explanation and no mark of a right answer leaves before its question is answered."""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx

from portal.learning.course import Question
from portal.web.assets import STATIC, shipped
from tests.learning.courses import given
from tests.support import COURSE, QUIZ, Portal, take_quiz
from tests.web.markup import plain
from tests.web.portals import address, routes_of

# Flags that would tell a right answer, in JSON or in markup.
FLAGS = re.compile(
    r'"(?:key|right|correct|isCorrect|answer|solution)"\s*:\s*(?:true|false|\[|")'
    r"|data-(?:key|right|correct|answer)",
)
# What stands between the parts of a text with marked words, on the page and in JSON.
MARKS = re.compile(r'</?mark>|","mark":(?:true|false)\},\{"text":"')
QUESTIONS = {quiz_id: quiz.questions for quiz_id, quiz in COURSE.quizzes.items()}


NEAR = [video.id for video in COURSE.steps[0].videos]  # the quiz that is taken, and some others


def searches(asked: Question) -> list[str]:
    words = quote(asked.text[:100])
    return [f"/search?q={words}", f"/api/search?q={words}"]


async def everything(
    portal: Portal, browser: httpx.AsyncClient, videos: list[str]
) -> dict[str, str]:
    """Returns address → text of all that can be read: each route with each of its ids."""
    addresses = set()
    for route in routes_of(portal):
        if route.method == "GET":
            addresses |= {address(portal, route.path, step=step.id) for step in COURSE.steps}
            addresses |= {address(portal, route.path, video=video) for video in videos}
    for video in videos:
        for number in range(1, len(QUESTIONS.get(video, ())) + 1):
            addresses.add(f"/video/{video}?q={number}")
        addresses |= {search for asked in QUESTIONS.get(video, ()) for search in searches(asked)}
    addresses |= {f"/video/{QUIZ}?result={number}" for number in range(3)}
    assets = shipped()
    for path in STATIC.rglob("*"):
        name = path.relative_to(STATIC).as_posix()
        if path.is_file() and assets.find(name):
            addresses.add(assets.url(name))
    texts = {}
    for url in sorted(addresses):
        answer = await browser.get(url)
        assert answer.status_code < 500, url
        texts[url] = answer.text
    return texts


def check(texts: dict[str, str], open_questions: list[Question], *, allowed: int = 0) -> None:
    """`allowed` is how many flags of answered questions may occur in the one quiz they are of."""
    # a search shows only a part
    explanations = [plain(question.explanation)[:60] for question in open_questions]
    for url, source in texts.items():
        text = plain(MARKS.sub("", source))
        for explanation in explanations:
            assert explanation not in text, url
        flags = FLAGS.findall(source)
        assert len(flags) <= (allowed if url == f"/api/quiz/{QUIZ}" else 0), (url, flags)


def all_but(*answered: Question) -> list[Question]:
    known = {question.id for question in answered}
    return [
        question
        for quiz_id, questions in QUESTIONS.items()
        for question in questions
        if not (quiz_id == QUIZ and question.id in known)
    ]


async def test_nothing_tells_a_key_before_the_answer(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    texts = await everything(portal, alex, [video.id for video in COURSE.ordered])
    assert len(texts) > 150
    check(texts, all_but())
    first, second, *_ = QUESTIONS[QUIZ]
    for question, right in ((first, True), (second, False)):
        body = {**given(question, right=right), "attemptNumber": 1}
        answer = await alex.post(f"/api/quiz/{QUIZ}/answers", json=body)
        assert plain(answer.json()["explanation"]) == plain(question.explanation)
    texts = await everything(portal, alex, NEAR)
    check(texts, all_but(first, second), allowed=2)
    # the test would see it: what was answered is there to be found
    for number, question in ((1, first), (2, second)):
        assert plain(question.explanation) in plain(texts[f"/video/{QUIZ}?q={number}"])
        assert plain(question.explanation) in plain(texts[f"/api/quiz/{QUIZ}"])
        for url in searches(question):
            assert plain(question.explanation)[:60] in plain(MARKS.sub("", texts[url]))


async def test_the_next_attempt_keeps_its_secrets_too(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    """The result of the first lets its answers be read again, but not while the second is open."""
    await take_quiz(alex)
    first = QUESTIONS[QUIZ][0]
    result = await alex.get(f"/video/{QUIZ}?result=1")
    assert plain(QUESTIONS[QUIZ][1].explanation) in plain(result.text)
    body = {**given(first, right=True), "attemptNumber": 2}
    assert (await alex.post(f"/api/quiz/{QUIZ}/answers", json=body)).status_code == 200
    check(await everything(portal, alex, NEAR), all_but(first), allowed=1)


async def test_a_refusal_tells_no_key(alex: httpx.AsyncClient) -> None:
    question = QUESTIONS[QUIZ][0]
    wrong = {**given(question, right=False), "attemptNumber": 1}
    refused = [
        await alex.post(f"/api/quiz/{QUIZ}/answers", json={**wrong, "attemptNumber": 2}),
        await alex.post(f"/api/quiz/{QUIZ}/answers", json={**wrong, "choiceId": "z"}),
        await alex.post("/api/quiz/submit", json={"videoId": QUIZ, "attemptNumber": 1}),
        await alex.post(
            "/api/quiz/submit",
            json={"videoId": QUIZ, "attemptNumber": 1, "answers": [given(question, right=False)]},
        ),
        await alex.post(f"/video/{QUIZ}/answer", data={"question": question.id, "attempt": "1"}),
    ]
    for answer in refused:
        assert 400 <= answer.status_code < 500
        assert plain(question.explanation) not in plain(answer.text)
        assert not FLAGS.search(answer.text)


async def test_submitting_tells_the_score_and_no_key(alex: httpx.AsyncClient) -> None:
    questions = QUESTIONS[QUIZ]
    answers = [given(question, right=False) for question in questions]
    done = await alex.post(
        "/api/quiz/submit", json={"videoId": QUIZ, "attemptNumber": 1, "answers": answers}
    )
    assert done.status_code == 200
    for question in questions:
        assert plain(question.explanation) not in plain(done.text)
    assert not FLAGS.search(done.text)
