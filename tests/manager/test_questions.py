"""Which question is bad: sara and admin may know, alex and nina, who learn, may not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import msgspec
import numpy as np
import pytest

from portal.db import sql
from portal.learning.course import Course, Question
from portal.manager.questions.rules import OWN_WORDS
from tests.learning.courses import course_of, given, question, singles, teach, video
from tests.support import Portal
from tests.web.markup import Page

QUESTIONS = (
    *singles(2),
    question(3, "multiple", ("a", "c")),
    question(4, "ordering", ("c", "a", "b"), choices=3),
)
URL = "/api/manager/questions"
PAGE = "/manager/questions"


@pytest.fixture
def course(portal: Portal) -> Course:
    return teach(portal, course_of(video("basics", QUESTIONS), video("more", singles(1))))


def choices_of(asked: Question, lot: np.random.Generator, *, right: bool) -> tuple[str, ...]:
    if right:
        return asked.key
    ids = [choice.id for choice in asked.choices]
    if asked.kind == "ordering":
        return tuple(ids) if tuple(ids) != asked.key else tuple(reversed(ids))
    wrong = [each for each in ids if each not in asked.key]
    return (str(lot.choice(wrong[:2])),)


async def answered(
    portal: Portal,
    course: Course,
    people: int,
    *,
    questions: Sequence[Question] = QUESTIONS,
    seed: int = 1,
    attempt: int = 1,
    rights: np.ndarray[Any, np.dtype[np.bool_]] | None = None,
) -> tuple[np.ndarray[Any, Any], list[list[tuple[str, ...]]]]:
    """Store completed attempts of invented people; returns who was right in what, and the
    choices."""
    lot = np.random.default_rng(seed)
    if rights is None:
        rights = lot.normal(size=(people, 1)) + lot.normal(size=(people, len(questions))) > 0
    quiz = course.quizzes["basics"]
    body = msgspec.json.encode(quiz.questions).decode()
    given_by: list[list[tuple[str, ...]]] = []
    connection = await asyncpg.connect(portal.database.url)
    try:
        await connection.execute(
            "INSERT INTO quiz_version (content_hash, quiz_id, body) VALUES ($1, 'basics', $2)"
            " ON CONFLICT DO NOTHING",
            quiz.content_hash,
            body,
        )
        for person in range(people):
            name = f"made-{seed}-{person}-{uuid4().hex[:8]}"
            learner = await connection.fetchval(
                "INSERT INTO app_user (external_id, name, role, disabled_at) VALUES"
                " ($1, $1, $2, CASE WHEN $3 THEN now() END) RETURNING id",
                name,
                "manager" if person % 7 == 0 else "learner",
                person % 5 == 0,
            )
            right = rights[person]
            made = await connection.fetchval(
                "INSERT INTO quiz_attempt (learner, quiz_id, attempt_number, content_hash,"
                " completed_at, total_questions, correct_answers,"
                " first_try_correct, score)"
                " VALUES ($1, 'basics', $2, $3, now(), $4, $5, $5, 15 * $5) RETURNING id",
                learner,
                attempt,
                quiz.content_hash,
                len(questions),
                int(right.sum()),
            )
            given_by.append([])
            for place, asked in enumerate(questions):
                choices = choices_of(asked, lot, right=bool(right[place]))
                given_by[-1].append(choices)
                await connection.execute(
                    "INSERT INTO quiz_answer (attempt, question_id, choices, correct, first_ever)"
                    " VALUES ($1, $2, $3, $4, true)",
                    made,
                    asked.id,
                    list(choices),
                    bool(right[place]),
                )
    finally:
        await connection.close()
    return rights, given_by


async def items(browser: httpx.AsyncClient, query: str = "") -> dict[tuple[str, str], Any]:
    answer = await browser.get(f"{URL}{query}")
    assert answer.status_code == 200, answer.text
    return {(row["videoId"], row["questionId"]): row for row in answer.json()["rows"]}


async def test_the_figures_equal_a_reference(portal: Portal, course: Course) -> None:
    rights, choices = await answered(portal, course, 60)
    await answered(portal, course, 12, seed=2, attempt=2)  # no first attempts
    sara = await portal.signed_in("sara")
    await _answer_all(sara, QUESTIONS)
    rows = await items(sara)
    for place, asked in enumerate(QUESTIONS):
        row = rows["basics", asked.id]
        own, rest = rights[:, place], np.delete(rights, place, axis=1).sum(axis=1)
        assert row["n"] == 60
        assert row["facility"] == pytest.approx(own.mean(), abs=1e-6)
        assert row["discrimination"] == pytest.approx(np.corrcoef(own, rest)[0, 1], abs=1e-6)
        assert row["answered"] is True
        for choice in row["choices"]:
            took = [
                (choice["id"] in each[place])
                and (
                    asked.kind != "ordering"
                    or each[place].index(choice["id"]) == asked.key.index(choice["id"])
                )
                for each in choices
            ]
            assert choice["share"] == pytest.approx(np.mean(took), abs=1e-6)
    assert rows["more", "question-1"]["n"] == 0
    assert rows["more", "question-1"]["facility"] is None
    assert {choice["share"] for choice in rows["more", "question-1"]["choices"]} == {None}


async def _answer_all(browser: httpx.AsyncClient, questions: Sequence[Question]) -> None:
    """Answer without completing: that counts nowhere, but shows the keys."""
    for asked in questions:
        answer = await browser.post(
            "/api/quiz/basics/answers", json={**given(asked), "attemptNumber": 1}
        )
        assert answer.status_code == 200


async def test_whoever_has_not_answered_cannot_tell_the_key(portal: Portal, course: Course) -> None:
    """Not even from the share that is the facility: whose share it is stays open."""
    await answered(portal, course, 40)
    for name in ("sara", "admin"):
        browser = await portal.signed_in(name)
        for row in (await items(browser)).values():
            assert row["answered"] is False
            if row["videoId"] == "basics":
                assert [choice["id"] for choice in row["choices"]] == [None] * len(row["choices"])
                shares = [choice["share"] for choice in row["choices"]]
                assert shares == sorted(shares, reverse=True)
        json, page = (await browser.get(URL)).text, (await browser.get(PAGE)).text
        for asked in QUESTIONS:
            for choice in asked.choices:
                assert choice.text not in json
                assert choice.text not in page
        assert "choices are almost never chosen" in page
        assert "Answer the question to see which ones." in page
        assert "key</strong>" not in page
    # After the first question of four, of that one alone.
    sara = await portal.signed_in("sara")
    await _answer_all(sara, QUESTIONS[:1])
    rows = await items(sara)
    known = {row["questionId"] for row in rows.values() if row["answered"]}
    assert known == {QUESTIONS[0].id}
    page = (await sara.get(PAGE)).text
    assert page.count("key</strong>") == 1
    assert "Choice b of question 1" in page
    assert "Choice b of question 2" not in page


async def test_a_new_key_is_not_told_to_who_answered_by_the_old_one(
    portal: Portal, course: Course
) -> None:
    sara = await portal.signed_in("sara")
    await _answer_all(sara, QUESTIONS)
    mended = (msgspec.structs.replace(QUESTIONS[0], key=("c",)), *QUESTIONS[1:])
    await answered(portal, course, 20)
    before = (await items(sara))["basics", "question-1"]
    teach(portal, course_of(video("basics", mended)))
    row = (await items(sara))["basics", "question-1"]
    assert (before["answered"], row["answered"]) == (True, False)
    assert row["n"] == 20  # the same words: their answers count, by today's key
    assert row["facility"] != before["facility"]
    assert {choice["id"] for choice in row["choices"]} == {None}


async def test_answers_to_other_words_do_not_count(portal: Portal, course: Course) -> None:
    await answered(portal, course, 20)
    changed = msgspec.structs.replace(QUESTIONS[0], text="What is asked now?")
    now = teach(portal, course_of(video("basics", (changed, *QUESTIONS[1:]))))
    sara = await portal.signed_in("sara")
    rows = await items(sara)
    assert [row["n"] for row in rows.values()] == [0, 20, 20, 20]
    await answered(portal, now, 11, questions=now.quizzes["basics"].questions, seed=3)
    assert [row["n"] for row in (await items(sara)).values()] == [11, 31, 31, 31]


async def test_nine_answers_show_nothing(portal: Portal, course: Course) -> None:
    await answered(portal, course, 9)
    sara = await portal.signed_in("sara")
    row = (await items(sara))["basics", "question-1"]
    assert (row["n"], row["facility"], row["discrimination"]) == (9, None, None)
    assert {choice["share"] for choice in row["choices"]} == {None}
    page = Page(await sara.get(PAGE))
    assert "No question has enough answers yet" in page.text
    assert "Too few answers" in page.text


async def test_filters_and_order(portal: Portal, course: Course) -> None:
    rights = np.zeros((20, 4), dtype=bool)
    rights[:4, 0] = True  # 20 % right
    rights[:19, 1] = True  # 95 %
    rights[:10, 2] = True
    rights[10:, 3] = True
    await answered(portal, course, 20, rights=rights)
    sara = await portal.signed_in("sara")
    page = Page(await sara.get(PAGE))
    assert page.title.startswith("3 of 5 questions need a look")

    async def listed(query: str) -> list[str]:
        answer = await sara.get(f"{PAGE}{query}")
        assert answer.status_code == 200
        return [text for href, text in Page(answer).links if href.endswith("#quiz")]

    texts = [asked.text for asked in QUESTIONS]
    more = "What is asked in question 1?"
    assert await listed("?sort=course") == [*texts, more]
    assert await listed("?flag=hard") == [texts[0]]
    assert await listed("?flag=reversed") == texts[2:]
    assert await listed("?flag=easy") == [texts[1]]
    assert await listed("?flag=few") == [more]
    assert await listed("?flag=reported") == []
    assert (await listed("?sort=right"))[0] == texts[0]
    assert (await listed("?sort=-right"))[0] == texts[1]
    assert (await listed("?sort=-right"))[-1] == more  # without a figure
    assert [row["questionId"] for row in (await items(sara, "?flag=hard")).values()] == [
        "question-1"
    ]
    filtered = Page(await sara.get(f"{PAGE}?step=1&flag=hard&sort=-n"))
    assert filtered.link("Clear all").endswith(f"{PAGE}?sort=-n")
    assert "1 question" in filtered.text
    for wrong in ("?step=77", "?flag=nonsense", "?sort=up"):
        assert (await sara.get(f"{URL}{wrong}")).status_code == 400
    beyond = await sara.get(f"{PAGE}?page=9&flag=easy")
    assert beyond.headers["location"] == f"{PAGE}?flag=easy"


async def test_the_page_says_where_a_question_stands(portal: Portal, course: Course) -> None:
    sara = await portal.signed_in("sara")
    page = Page(await sara.get(PAGE))
    assert "01-*/basics.toml" in page.text
    assert page.link(QUESTIONS[0].text).endswith("/video/basics#quiz")
    assert page.link("Team").endswith("/manager")
    row = (await items(sara))["basics", "question-2"]
    assert (row["file"], row["stepId"]) == ("01-*/basics.toml", "1")


async def test_reports_stand_here_and_name_nobody(
    portal: Portal, course: Course, alex: httpx.AsyncClient, nina: httpx.AsyncClient
) -> None:
    for browser, reason in ((alex, "It is out of date"), (nina, "Two are right: b and <c>")):
        await _answer_all(browser, QUESTIONS[:1])
        body = {"questionId": "question-1", "reason": reason}
        assert (await browser.post("/api/quiz/basics/reports", json=body)).status_code == 200
    sara = await portal.signed_in("sara")
    row = (await items(sara))["basics", "question-1"]
    assert row["reports"] == 2
    # What somebody wrote may name the right choice.
    assert [each["reason"] for each in row["reasons"]] == [OWN_WORDS, "It is out of date"]
    assert "Two are right" not in (await sara.get(f"{PAGE}?flag=reported")).text
    await _answer_all(sara, QUESTIONS[:1])
    row = (await items(sara))["basics", "question-1"]
    assert [each["reason"] for each in row["reasons"]] == [
        "Two are right: b and <c>",
        "It is out of date",
    ]
    answer = await sara.get(f"{PAGE}?flag=reported")
    assert "Two are right: b and &lt;c&gt;" in answer.text.replace("&#x27;", "'")
    page = Page(answer)
    assert page.title.startswith("1 of 5 questions needs a look")
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    for name in ("alex", "nina", "Alex", "Nina"):
        assert name not in main
        assert name not in (await sara.get(URL)).text


async def test_learners_are_kept_out(portal: Portal, course: Course) -> None:
    for name, status in (("alex", 403), ("nina", 403), ("sara", 200), ("admin", 200)):
        browser = await portal.signed_in(name)
        for url in (URL, PAGE):
            assert (await browser.get(url)).status_code == status, (name, url)


async def test_it_takes_two_statements(portal: Portal, course: Course) -> None:
    """Beside that of the session, and of the score in the header of a page."""
    sara = await portal.signed_in("sara")
    await answered(portal, course, 12)
    for url, allowed in ((URL, 3), (PAGE, 4)):
        before = sql.engine().pool.statements
        await sara.get(url)
        assert sql.engine().pool.statements - before <= allowed, url


async def test_an_order_of_many_questions_goes_over_pages(portal: Portal) -> None:
    teach(portal, course_of(*(video(f"video-{n}", singles(5)) for n in range(12))))
    sara = await portal.signed_in("sara")
    first = Page(await sara.get(PAGE))
    assert "1–50 of 60" in first.text
    second = Page(await sara.get(first.link("Next")))
    assert "51–60 of 60" in second.text
