"""Fifty histories: what the API and the page say is what the answers and the script say."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import httpx
import pytest

from portal.people import actions
from portal.quiz.regrade import check_scores
from portal.web.formats import ordinal
from tests.dashboard.oracle import figures
from tests.learning.courses import course_of, given, one_of_each, singles, teach, video
from tests.support import PASSWORDS, Portal
from tests.web.markup import Page

COUNT = 50
QUIZZES = {"one": singles(2), "two": one_of_each()}
MAX_SCORE = 15 * 6
TEAMS = ("alpha", "beta", "gamma", "delta")
TUESDAY = datetime(2026, 2, 24, 9, tzinfo=UTC)
Rights: TypeAlias = list[bool]


class Clock:
    """The time that the portal sees; it stands still between two attempts."""

    moment = TUESDAY

    def now(self) -> datetime:
        return self.moment

    def tick(self) -> None:
        self.moment += timedelta(seconds=30)


class History:
    """What one learner does, and the sums that follow from it, counted here once more."""

    def __init__(self, number: int, clock: Clock) -> None:
        self.clock = clock
        self.dice = random.Random(f"history {number}")
        self.name = f"learner-{number:02}"
        self.attempts: dict[str, list[Rights]] = {"one": [], "two": []}
        self.recent: list[tuple[str, int, int, int]] = []
        self.browser: httpx.AsyncClient

    async def post(self, path: str, body: dict[str, Any]) -> None:
        answer = await self.browser.post(path, json=body)
        assert answer.status_code == 200, answer.text

    async def take(self, quiz_id: str) -> None:
        """Complete an attempt, better or worse than the one before."""
        self.clock.tick()
        chance = self.dice.choice([0.3, 0.6, 0.9, 1.0])
        rights = [self.dice.random() < chance for _ in QUIZZES[quiz_id]]
        answers = [given(q, right=r) for q, r in zip(QUIZZES[quiz_id], rights, strict=True)]
        self.attempts[quiz_id].append(rights)
        number = len(self.attempts[quiz_id])
        body = {"videoId": quiz_id, "attemptNumber": number, "answers": answers}
        await self.post("/api/quiz/submit", body)
        points = self.points(quiz_id, rights)
        self.recent.insert(0, (f"The video {quiz_id}", sum(rights), len(rights), points))

    async def leave_open(self, quiz_id: str) -> None:
        """Give some answers, all right, of an attempt that is never completed."""
        for asked in self.dice.sample(
            QUIZZES[quiz_id], self.dice.randint(1, len(QUIZZES[quiz_id]))
        ):
            body = {**given(asked), "attemptNumber": len(self.attempts[quiz_id]) + 1}
            await self.post(f"/api/quiz/{quiz_id}/answers", body)

    async def mark(self, video_id: str) -> None:
        done = self.dice.random() < 0.7
        await self.post("/api/progress", {"videoId": video_id, "done": done})

    def points(self, quiz_id: str, rights: Rights) -> int:
        first = self.attempts[quiz_id][0]
        pairs = zip(rights, first, strict=True)
        return sum(10 * right + 5 * (right and at_first) for right, at_first in pairs)

    def sums(self) -> tuple[int, int, int, int]:
        """Returns answered and right answers, of the attempts that count and of the first ones."""
        taken = {quiz: attempts for quiz, attempts in self.attempts.items() if attempts}
        best = [
            max(attempts, key=lambda rights: (self.points(quiz, rights), sum(rights)))
            for quiz, attempts in taken.items()
        ]
        first = [attempts[0] for attempts in taken.values()]
        return sum(map(len, best)), sum(map(sum, best)), sum(map(len, first)), sum(map(sum, first))


def rows(people: list[dict[str, Any]], me: str) -> str:
    """Returns a table of ranks as it reads."""
    return "Rank Name Score " + " ".join(
        f"{person['position']} {person['name']}{' you' if person['id'] == me else ''}"
        f" {person['score']}"
        for person in people
    )


def check_page(page: Page, history: History, expected: dict[str, Any], track: str | None) -> None:
    """All numbers of the page, against the oracle's and the script's."""
    text = page.text
    answered, correct, first_answered, first_correct = history.sums()
    assert f"{expected['totalScore']} pts" in text
    assert f"Score {expected['totalScore']} of {MAX_SCORE} Sum of your best attempts" in text
    assert f"Quizzes {expected['quizzesCompleted']} of 2 Finished at least once" in text
    if answered:
        shares = (expected["accuracy"], expected["firstTryAccuracy"])
        assert f"Accuracy {shares[0]}% {correct} of {answered} answers right" in text
        assert f"First try {shares[1]}% {first_correct} of {first_answered} on attempt 1" in text
    else:
        assert "Accuracy – none No quiz finished yet" in text
        assert "First try – none No quiz finished yet" in text
    streak = expected["streak"]
    days = "day" if streak == 1 else "days"
    assert f"Streak {streak} {days} " in text
    heading = "A streak of 1 working day" if streak == 1 else f"{streak} working days in a row"
    assert (f"{heading} " in text) is (streak > 0)
    assert f"Videos {expected['videosCompleted']} of 3 90% watched or declared" in text
    if expected["rank"] is None:
        assert f"Ranks in {track.title()} " in text if track else "Ranks in" not in text
        assert "Percentile" not in text
        shown = expected["top10"][:5]
    else:
        assert track
        place = f"{ordinal(expected['rank'])} of {expected['total']} in {track.title()} "
        assert place in text
        assert f"Percentile {expected['percentile']}, grade {expected['grade']}." in text
        shown = expected["around"]
    if shown:
        assert f"The ranks around you {rows(shown, history.name)}" in text
    if len(expected["top10"]) > len(shown):
        assert f"The best of your track {rows(expected['top10'], history.name)}" in text
    recent = [f"{n} {right} of {count} {points}" for n, right, count, points in history.recent[:5]]
    listed = f"Quiz Right Points {' '.join(recent)} Your path" if recent else "Quiz Right Points"
    assert (listed in text) is bool(recent)


async def learn(history: History) -> None:
    """Up to six things in a random order; nothing follows on a quiz that is left open."""
    for _ in range(history.dice.randrange(7)):
        quiz_id = history.dice.choice(["one", "two", "two"])
        if history.dice.random() < 0.6:
            await history.take(quiz_id)
        else:
            await history.mark(history.dice.choice(["one", "two", "three"]))
    if history.dice.random() < 0.3:
        await history.leave_open(history.dice.choice(["one", "two"]))


async def change(history: History, number: int) -> str:
    """Some change teams, roles or are disabled. Returns what became of them."""
    match number % 10:
        case 2:
            await actions.move_to_team(history.name, TEAMS[(number + 1) % 4])
            return "moved"
        case 4 if number > 20:
            await actions.move_to_team(history.name, None)
            return "without a team"
        case 5:
            await actions.set_role(history.name, "manager")
            return "manager"
        case 7:
            await actions.disable(history.name)
            if number < 30:
                return "disabled"
            await actions.enable(history.name)
            return "back"
    return "as before"


async def hire(portal: Portal, names: list[str]) -> None:
    await portal.database.fetch(
        """
        INSERT INTO app_user (id, external_id, name, role, team, password_hash)
        SELECT gen_random_uuid(), n.name, 'Learner ' || right(n.name, 2), 'learner',
               ($2::text[])[n.place % 4 + 1], u.password_hash
        FROM unnest($1::text[]) WITH ORDINALITY AS n(name, place), app_user u
        WHERE u.external_id = 'alex'
        """,
        names,
        list(TEAMS),
    )


async def set_days(portal: Portal, histories: list[History], today: date) -> None:
    """Give everybody their days of activity, weekends and gaps included, instead of today."""
    await portal.database.fetch("DELETE FROM activity_day")
    for history in histories:
        missing = history.dice.choice([0.0, 0.15, 0.5, 1.0])
        days = [
            today - timedelta(days=back)
            for back in range(40)
            if history.dice.random() >= (0.3 if back == 0 else missing)
        ]
        await portal.database.fetch(
            "INSERT INTO activity_day (learner, day) SELECT id, unnest($2::date[])"
            " FROM app_user WHERE external_id = $1",
            history.name,
            days,
        )


async def test_fifty_histories(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("portal.clock.now", clock.now)
    today = TUESDAY.date()
    teach(portal, course_of(*(video(n, asked) for n, asked in QUIZZES.items()), video("three")))
    histories = [History(number, clock) for number in range(COUNT)]
    await hire(portal, [history.name for history in histories])
    became: dict[str, str] = {}
    for number, history in enumerate(histories):
        history.browser = await portal.signed_in(history.name, PASSWORDS["alex"])
        await learn(history)
        became[history.name] = await change(history, number)
        if became[history.name] in ("manager", "back"):
            history.browser = await portal.signed_in(history.name, PASSWORDS["alex"])
    await set_days(portal, histories, today)
    assert [str(difference) async for difference in check_scores()] == []

    seen: list[dict[str, Any]] = []
    for history in histories:
        if became[history.name] == "disabled":
            continue
        expected = await figures(portal.database, history.name, today)
        found = (await history.browser.get("/api/dashboard/kpis")).json()
        assert {key: found[key] for key in expected} == expected, history.name
        assert found["maxScore"] == MAX_SCORE
        sums = tuple(found[k] for k in ("answered", "correct", "firstAnswered", "firstCorrect"))
        assert sums == history.sums(), history.name
        me = (await history.browser.get("/api/auth/me")).json()["user"]
        page = Page(await history.browser.get("/dashboard"))
        check_page(page, history, expected, me["track"])
        seen.append(expected)

    # the script is worth something
    assert len(seen) == COUNT - list(became.values()).count("disabled") >= 46
    assert {entry["grade"] for entry in seen} == {"A", "B", "C", "D", None}
    assert {0, 1}.issubset(entry["streak"] for entry in seen)
    assert max(entry["streak"] for entry in seen) > 9
    assert sum(not history.recent for history in histories) > 3
    assert max(len(entry["top10"]) for entry in seen) == 10
    scores = [person["score"] for person in seen[0]["top10"]]
    assert len(set(scores)) < len(scores)
