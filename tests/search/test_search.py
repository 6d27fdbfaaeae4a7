"""A learner searches: what is found, what it looks like, and what is never told."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from portal.db import sql
from portal.learning.course import Course, Cue, Question, Quiz, content_hash
from portal.search.text import content_words, stem, words_of
from tests.learning.courses import course_of, given, question, singles, teach, video
from tests.support import COURSE, QUIZ, Portal, take_quiz
from tests.web.markup import Page

DELEGATION = "a-closer-look-at-delegation"
QUESTIONS = COURSE.quizzes[QUIZ].questions


async def found(browser: httpx.AsyncClient, query: str) -> dict[str, Any]:
    answer = await browser.get("/api/search", params={"q": query})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def results(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for group in answer["groups"] for result in group["results"]]


async def explanations(browser: httpx.AsyncClient, query: str) -> list[str]:
    """Returns the ids of the questions whose explanations are among the results."""
    groups = (await found(browser, query))["groups"]
    return [r["id"] for g in groups if g["kind"] == "explanation" for r in g["results"]]


async def commit(browser: httpx.AsyncClient, quiz: str, asked: Question, attempt: int = 1) -> None:
    body = {**given(asked), "attemptNumber": attempt}
    answer = await browser.post(f"/api/quiz/{quiz}/answers", json=body)
    assert answer.status_code == 200, answer.text


def secret_words(quiz: Quiz) -> dict[str, str]:
    """Returns, for each question, a word of its explanation whose family stands nowhere else."""
    texts = {
        (other.video_id, q.id): q.explanation
        for other in COURSE.quizzes.values()
        for q in other.questions
    }
    rest = [
        " ".join((s.title, s.summary, *s.objectives, *s.practice, *(t.title for t in s.topics)))
        for s in COURSE.steps
    ]
    rest += [t.description for t in COURSE.topics.values()]
    rest += [" ".join((v.title, v.summary, *v.objectives)) for v in COURSE.ordered]
    rest += [q.text for other in COURSE.quizzes.values() for q in other.questions]
    known = {stem(word) for text in rest for word in words_of(text)}
    words = {}
    for asked in quiz.questions:
        this = (quiz.video_id, asked.id)
        others = {stem(w) for key, text in texts.items() if key != this for w in words_of(text)}
        own = [
            w for w in content_words(words_of(asked.explanation)) if stem(w) not in known | others
        ]
        if own:
            words[asked.id] = max(own, key=len)
    return words


async def test_a_result_has_its_place_and_its_marks(alex: httpx.AsyncClient) -> None:
    answer = await found(alex, "  delegation ")
    assert answer["query"] == "delegation"
    assert (answer["read"], answer["partial"], answer["more"]) == (None, False, 0)
    assert answer["total"] == len(results(answer))
    assert answer["groups"][0]["heading"] == "Videos"
    assert results(answer)[0] == {
        "kind": "video",
        "id": DELEGATION,
        "href": f"/video/{DELEGATION}",
        "title": [
            {"text": "Lesson 4: A closer look at ", "mark": False},
            {"text": "Delegation", "mark": True},
        ],
        "place": "Step 3 · The 4D Framework",
        "context": [{"text": COURSE.videos[DELEGATION].summary, "mark": False}],
        "durationSeconds": 348,
    }


async def test_every_kind_leads_to_a_page_that_exists(alex: httpx.AsyncClient) -> None:
    await take_quiz(alex, wrong=1)
    met = set()
    for query in ("fluency", "power features", "core features", "skills"):
        for result in results(await found(alex, query)):
            met.add(result["kind"])
            page = await alex.get(result["href"])
            assert page.status_code == 200, result
            if "#" in result["href"]:
                assert f'id="{result["href"].partition("#")[2]}"' in page.text
    assert met == {"video", "step", "topic", "explanation"}


async def test_the_page_shows_what_the_interface_tells(alex: httpx.AsyncClient) -> None:
    answer = await found(alex, "conector")
    page = Page(await alex.get("/search", params={"q": "conector"}))
    assert page.title == "conector · Search · AI Training"
    assert page.attributes("input", name="q")["value"] == "conector"
    assert f"{answer['total']} results" in page.text
    assert "Showing results for" in page.text
    for result in results(answer):
        title = "".join(part["text"] for part in result["title"])
        assert page.link(title).endswith(result["href"])
    assert page.source.count("<mark>") == sum(
        part["mark"] for result in results(answer) for part in result["title"] + result["context"]
    )


async def test_more_than_twenty_are_counted(alex: httpx.AsyncClient) -> None:
    answer = await found(alex, "claude")
    assert len(results(answer)) == 20
    assert answer["more"] == answer["total"] - 20 > 0
    page = Page(await alex.get("/search?q=claude"))
    assert f"{answer['more']} more. Another word narrows them down." in page.text


async def test_nothing_found_has_a_way_on(alex: httpx.AsyncClient) -> None:
    page = Page(await alex.get("/search?q=zqxj"))
    assert "Nothing matches “zqxj”. Try fewer words, or open the path ." in page.text
    assert page.link("open the path").endswith("/path")
    assert page.link(f"Step 3: {COURSE.steps[2].title}").endswith("/step/3")
    page = Page(await alex.get("/search?q=delgtionn"))
    assert "Did you mean" in page.text
    again = Page(await alex.get(page.link("delegation")))
    assert "Delegation" in again.text


async def test_an_empty_query_offers_the_steps(alex: httpx.AsyncClient) -> None:
    for url in ("/search", "/search?q=", "/search?q=+%09"):
        page = Page(await alex.get(url))
        assert page.title == "Search · AI Training"
        assert "Nothing matches" not in page.text
        assert page.link(f"Step 1: {COURSE.steps[0].title}").endswith("/step/1")
        assert "autofocus" in page.attributes("input", name="q")
    for url in ("/api/search", "/api/search?q="):
        assert (await alex.get(url)).json()["total"] == 0


async def test_a_query_is_bounded(alex: httpx.AsyncClient) -> None:
    assert (await found(alex, "x" * 100))["total"] == 0
    refused = await alex.get("/api/search", params={"q": "x" * 101})
    sentence = "Search for at most 100 characters."
    assert refused.status_code == 400
    assert refused.json() == {"error": sentence, "details": {"q": sentence}}
    answer = await alex.get("/search", params={"q": "x" * 3_000})
    assert answer.status_code == 400
    page = Page(answer)
    assert page.title.startswith("Error: ")
    assert sentence in page.text
    assert page.attributes("input", name="q")["aria-invalid"] == "true"
    answer = await alex.get("/search", params={"q": "x" * 50_000})
    assert (answer.status_code, answer.text) == (400, "This address is too long.")
    assert page.attributes("input", name="q")["value"] == "x" * 100


@pytest.mark.parametrize(
    "raw", ["%00", "%ff%fe", "%ed%a0%80", "%F0%9F%99%82", "a&q=b", "%22%27%3B--", "+" * 300]
)
async def test_odd_queries_are_answered(alex: httpx.AsyncClient, raw: str) -> None:
    for path in ("/search", "/api/search"):
        assert (await alex.get(f"{path}?q={raw}")).status_code in (200, 400)


async def test_texts_stay_texts(portal: Portal, alex: httpx.AsyncClient) -> None:
    evil = "<img src=x onerror=alert(1)> & delegation"
    course = course_of(replace(video("plain"), title=evil, summary=f"{evil} again"))
    teach(portal, course)
    for query in ("delegation", "onerror", "img alert"):
        source = (await alex.get("/search", params={"q": query})).text
        assert "<img" not in source
        assert "<mark>" in source
        assert "&amp; " in source
    source = (await alex.get("/search", params={"q": '"><script>alert(1)</script>'})).text
    assert "<script>" not in source
    assert 'value=""' not in source


async def test_nobody_searches_without_signing_in(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/api/search?q=delegation")
    assert (answer.status_code, answer.json()) == (401, {"error": "Sign in first."})
    answer = await visitor.get("/search?q=delegation")
    assert answer.status_code == 303
    target = httpx.URL(answer.headers["location"])
    assert (target.path, target.params["next"]) == ("/login", "/search?q=delegation")


async def test_answers_are_not_stored_on_the_way(alex: httpx.AsyncClient) -> None:
    for url in ("/search?q=skills", "/api/search?q=skills", "/search", "/api/search"):
        assert (await alex.get(url)).headers["cache-control"] == "private, no-store"


async def test_one_statement_beyond_the_session(alex: httpx.AsyncClient) -> None:
    """The page also reads the score in its header. Nor do many finished quizzes cost more."""

    async def count(url: str) -> int:
        before = sql.engine().pool.statements
        assert (await alex.get(url)).status_code == 200
        return sql.engine().pool.statements - before

    for _ in range(2):
        assert await count("/api/search?q=fluency") == 2
        assert await count("/search?q=fluency") == 3
        assert await count("/api/search?q=delagation+xyzzy") == 2
        for quiz in list(COURSE.quizzes)[:3]:
            await take_quiz(alex, quiz)


async def test_an_explanation_is_found_once_its_question_is_answered(
    alex: httpx.AsyncClient,
) -> None:
    words = secret_words(COURSE.quizzes[QUIZ])
    assert len(words) >= 3
    for asked in QUESTIONS:
        word = words.get(asked.id)
        if word is not None:
            assert f"{QUIZ}/{asked.id}" not in await explanations(alex, word)
        await commit(alex, QUIZ, asked)
        if word is not None:
            assert await explanations(alex, word) == [f"{QUIZ}/{asked.id}"]
            result = results(await found(alex, word))[0]
            assert result["title"] == [{"text": asked.text, "mark": False}]
            assert {"text": word, "mark": True} in [
                {**part, "text": part["text"].lower()} for part in result["context"]
            ]
            assert asked.explanation[:40] in Page(await alex.get(result["href"])).text


async def test_the_result_leads_to_the_answers_of_a_finished_quiz(alex: httpx.AsyncClient) -> None:
    await take_quiz(alex, wrong=2)
    await take_quiz(alex, wrong=1)
    for asked_id, word in secret_words(COURSE.quizzes[QUIZ]).items():
        result = results(await found(alex, word))[0]
        assert result["id"] == f"{QUIZ}/{asked_id}"
        assert result["href"] == f"/video/{QUIZ}?result=2#quiz"


async def test_an_open_attempt_hides_what_it_still_asks(alex: httpx.AsyncClient) -> None:
    """As its page does, although the attempt before has answered everything."""
    await take_quiz(alex)
    words = secret_words(COURSE.quizzes[QUIZ])
    first, *others = [asked for asked in QUESTIONS if asked.id in words]
    await commit(alex, QUIZ, first, attempt=2)
    assert await explanations(alex, words[first.id]) == [f"{QUIZ}/{first.id}"]
    for asked in others:
        assert await explanations(alex, words[asked.id]) == []


async def test_another_learners_answers_open_nothing(
    alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    """Nor are the words used to mend or to suggest a spelling."""
    await take_quiz(alex)
    for asked_id, word in secret_words(COURSE.quizzes[QUIZ]).items():
        assert await explanations(alex, word) == [f"{QUIZ}/{asked_id}"]
        for typed in (word, word[:-2], word[0] + word[2:], f"{word[:2]}x{word[2:]}"):
            answer = await found(mike, typed)
            assert not any(result["id"] == f"{QUIZ}/{asked_id}" for result in results(answer))
            assert word not in (answer["read"] or "")
            assert word not in answer["suggestions"]


async def test_no_query_gets_an_open_explanation(alex: httpx.AsyncClient) -> None:
    """For every question of the course, its own words."""
    await commit(alex, QUIZ, QUESTIONS[0])
    for quiz_id, quiz in COURSE.quizzes.items():
        for asked in quiz.questions:
            for query in (asked.explanation[:100], asked.text[:100]):
                met = set(await explanations(alex, query))
                assert met <= {f"{QUIZ}/{QUESTIONS[0].id}"}, (quiz_id, asked.id)


async def test_what_a_video_says_is_found_at_its_moment(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    cues = (Cue(0.0, "Welcome."), Cue(65.4, "A zeppelin is an airship."))
    teach(portal, course_of(replace(video("plain"), transcript=cues)))
    result = results(await found(alex, "zepelin"))[0]
    assert result["href"] == "/video/plain?t=65"
    assert result["place"] == "Step 1 · All of it · said at 1:05"
    assert {"text": "zeppelin", "mark": True} in result["context"]


def changed(course: Course, word: str) -> Course:
    """Returns the course with other explanations under the same questions."""
    first = course.ordered[0]
    assert first.quiz is not None
    questions = tuple(replace(q, explanation=f"{q.id} {word}.") for q in first.quiz.questions)
    quiz = Quiz(first.id, questions, content_hash(questions))
    return course_of(replace(first, quiz=quiz))


async def test_what_was_seen_stays_what_it_was(portal: Portal, alex: httpx.AsyncClient) -> None:
    """After a change of the course, the learner finds the old wording, and never the new one."""
    course = teach(portal, course_of(video("plain", singles(2))))
    asked = course.quizzes["plain"].questions[0]
    await commit(alex, "plain", asked)
    assert await explanations(alex, "explanation") == ["plain/question-1"]
    teach(portal, changed(course, "zeppelin"))
    assert await explanations(alex, "zeppelin") == []
    result = results(await found(alex, "because"))[0]
    assert result["id"] == "plain/question-1"
    text = "".join(part["text"] for part in result["context"])
    assert text == asked.explanation
    assert asked.explanation in Page(await alex.get(result["href"])).text


async def test_a_quiz_that_left_the_course_is_left_out(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    course = teach(portal, course_of(video("plain", (question(1),))))
    await commit(alex, "plain", course.quizzes["plain"].questions[0])
    teach(portal, course_of(video("another", (question(2),))))
    assert await explanations(alex, "explanation") == []


async def test_the_header_leads_here_from_every_page(alex: httpx.AsyncClient) -> None:
    for url in ("/dashboard", "/path", "/step/1", f"/video/{QUIZ}", "/no-such-page", "/search"):
        page = Page(await alex.get(url))
        links = [v for tag, v in page.tags if tag == "a" and v.get("href") == "/search"]
        assert len(links) == 2, url  # in the header, and in the tab bar of phones
        current = {"aria-current" in values for values in links}
        assert current == {url == "/search"}
        assert re.search(r'<form[^>]* action="/search"', page.source)
