"""A steady load that does not wait for answers, and a journal of every acknowledged write.

Two thirds reads, at fixed moments whatever the portal does. The rest are learners who answer and
submit quizzes, one step after another, and people who sign in. What was acknowledged must be there
afterwards.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
import random
import re
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from portal.accounts.demo import LEARNER_PASSWORD
from portal.learning.course import Course, Question, load_course
from tests.container.faults.client import AWAY, BARE, BROKEN, ERROR, OK, Answer, ask

COURSE: Course = load_course()
QUIZZES = list(COURSE.quizzes)
READS = ("/api/auth/me", "/api/path", "/api/dashboard/kpis", "/dashboard", f"/video/{QUIZZES[0]}")
READ_SHARE = 0.7
LOGINS_PER_SECOND = 2.0
_SESSION = re.compile(r"\bsid=[^;,]+")
_PART = re.compile(r"/(quiz|video)/[^/]+")


class Seen(NamedTuple):
    """One request: when it began, in seconds since the load did, and how it ended."""

    at: float
    path: str
    kind: str
    status: int
    seconds: float


def right_answer(question: Question) -> dict[str, Any]:
    """Returns the fields of the right answer; the course knows it, the portal never tells."""
    if question.kind in ("multiple", "ordering"):
        return {"questionId": question.id, "choiceIds": list(question.key)}
    return {"questionId": question.id, "choiceId": question.key[0]}


async def sign_in(
    address: tuple[str, int], name: str, *, limit: float = 15.0
) -> tuple[str, Answer]:
    """Returns the cookie, empty when refused, and the answer."""
    body = {"username": name, "password": LEARNER_PASSWORD}
    answer = await ask(address, "/api/auth/login", body, limit=limit)
    return session_in(answer), answer


def session_in(answer: Answer) -> str:
    """Returns the session's cookie, empty when the answer sets none; it is not the only one."""
    found = _SESSION.search(answer.headers.get("set-cookie", ""))
    return found[0] if found else ""


class Learner:
    """Takes quizzes for ever, one request per `step`, and remembers what was acknowledged."""

    def __init__(self, load: Load, name: str, cookie: str) -> None:
        self.load = load
        self.name = name
        self.cookie = cookie
        self.busy = False
        self.answered: set[tuple[str, int, str]] = set()
        self.submitted: set[tuple[str, int]] = set()
        self._quizzes = itertools.cycle(random.sample(load.quizzes, len(load.quizzes)))
        self._open: tuple[str, int, list[Question]] | None = None

    async def step(self) -> None:
        self.busy = True
        try:
            if self._open is None:
                await self._begin()
            elif self._open[2]:
                await self._answer()
            else:
                await self._submit()
        finally:
            self.busy = False

    async def _begin(self) -> None:
        quiz_id = next(self._quizzes)
        answer = await self.load.ask(f"/api/quiz/{quiz_id}", cookie=self.cookie)
        if answer.status == 200:
            state = answer.json
            left = [q for q in COURSE.quizzes[quiz_id].questions if q.id not in state["answered"]]
            self._open = (quiz_id, state["attemptNumber"], left)

    async def _answer(self) -> None:
        assert self._open is not None
        quiz_id, number, left = self._open
        body = {**right_answer(left[0]), "attemptNumber": number}
        answer = await self.load.ask(f"/api/quiz/{quiz_id}/answers", body, cookie=self.cookie)
        if answer.status == 200:
            self.answered.add((quiz_id, number, left.pop(0).id))
        elif answer.status == 409:
            self._open = None

    async def _submit(self) -> None:
        assert self._open is not None
        quiz_id, number, _ = self._open
        body = {"videoId": quiz_id, "attemptNumber": number}
        answer = await self.load.ask("/api/quiz/submit", body, cookie=self.cookie)
        if answer.status == 200:
            self.submitted.add((quiz_id, number))
        if answer.status in (200, 409):  # 409: it was stored, and the answer to it was lost
            self._open = None

    async def _state(self, quiz_id: str) -> Any:
        answer = await ask(self.load.address, f"/api/quiz/{quiz_id}", cookie=self.cookie)
        if answer.status != 200:
            raise RuntimeError(f"{quiz_id} of {self.name}: {answer.status} {answer.body[:200]!r}")
        return answer.json

    async def missing(self) -> list[str]:
        """Returns what was acknowledged and is not there."""
        lost = []
        for quiz_id in {quiz_id for quiz_id, _ in self.submitted}:
            state = await self._state(quiz_id)
            there = {attempt["attemptNumber"] for attempt in state["attempts"]}
            lost += [
                f"submit {q} {n}" for q, n in self.submitted if q == quiz_id and n not in there
            ]
        if self._open is not None:
            quiz_id, number, _ = self._open
            state = await self._state(quiz_id)
            lost += [
                f"answer {q} {n} {question}"
                for q, n, question in self.answered
                if (q, n) == (quiz_id, number)
                and state["attemptNumber"] == n
                and question not in state["answered"]
            ]
        return lost


async def lasting(seconds: float) -> None:
    """Let a fault, or the calm before and after it, last. Its length is what is tried: nothing is
    waited for here, whatever is waited for has a condition."""
    await asyncio.sleep(seconds)


class Load:
    """`seen` grows by one entry for every request that has ended. `backends` get the requests in
    turn; they may change while the load runs. With `at_once`, so many people wait for answers and
    the others for their turn: what a slow machine cannot do then takes longer."""

    def __init__(
        self,
        address: tuple[str, int],
        rate: float,
        names: Iterable[str],
        quizzes: Sequence[str] = QUIZZES,
        at_once: int | None = None,
    ) -> None:
        self.backends = [address]
        self.quizzes = quizzes
        self.at_once = at_once
        self.rate = rate
        self.names = list(names)
        self.seen: list[Seen] = []
        self.learners: list[Learner] = []
        self.sessions: list[tuple[str, str]] = []
        self.odd: list[str] = []
        self.skipped = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._started = time.monotonic()
        self._turn = itertools.count()

    @property
    def address(self) -> tuple[str, int]:
        """Where the next request goes."""
        return self.backends[next(self._turn) % len(self.backends)]

    def now(self) -> float:
        return time.monotonic() - self._started

    async def ask(self, path: str, body: object = None, *, cookie: str = "") -> Answer:
        at = self.now()
        answer = await ask(self.address, path, body, cookie=cookie)
        self.seen.append(Seen(at, path, answer.kind, answer.status, answer.seconds))
        if answer.kind in (BARE, ERROR, BROKEN):
            self.odd.append(
                f"at {at:.2f} {path}: {answer.kind} {answer.status} {answer.body[:120]!r}"
            )
        return answer

    async def prepare(self) -> None:
        for name in self.names:
            cookie, answer = await sign_in(self.address, name)
            if not cookie:
                raise RuntimeError(f"{name} cannot sign in: {answer.status} {answer.body[:200]!r}")
            self.learners.append(Learner(self, name, cookie))
        self._started = time.monotonic()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The load goes on while the block runs; at the end what is under way is waited for."""
        drive = asyncio.create_task(self._drive())
        try:
            yield
        finally:
            drive.cancel()
            await asyncio.wait({drive})
            while self._tasks:
                await asyncio.wait(self._tasks)

    async def _drive(self) -> None:
        turns = itertools.cycle(self.learners)
        next_login = self.now()
        for number in itertools.count():
            delay = self._due(number) - self.now()
            if delay > 0:
                await asyncio.sleep(delay)
            if self.at_once is not None and len(self._tasks) >= self.at_once:
                self.skipped += 1
            elif self.now() > next_login:
                next_login += 1 / LOGINS_PER_SECOND
                self._spawn(self._login(random.choice(self.names)))
            elif random.random() < READ_SHARE:
                cookie = random.choice(self.learners).cookie
                self._spawn(self.ask(random.choice(READS), cookie=cookie))
            else:
                free = next(
                    (n for n in itertools.islice(turns, len(self.learners)) if not n.busy), None
                )
                if free is None:
                    self.skipped += 1
                else:
                    free.busy = True
                    self._spawn(free.step())

    def _due(self, number: int) -> float:
        return number / self.rate

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _login(self, name: str) -> None:
        body = {"username": name, "password": LEARNER_PASSWORD}
        answer = await self.ask("/api/auth/login", body)
        if answer.status == 200:
            self.sessions.append((name, session_in(answer)))

    async def missing(self) -> list[str]:
        """Returns every acknowledged write that is not there."""
        lost: list[str] = []
        for learner in self.learners:
            lost += await learner.missing()
        for name, cookie in self.sessions:
            answer = await ask(self.address, "/api/auth/me", cookie=cookie)
            if answer.status != 200 or (answer.json["user"] or {}).get("id") != name:
                lost.append(f"session of {name}: {answer.status} {answer.body[:80]!r}")
        return lost

    def between(self, start: float, end: float) -> list[Seen]:
        """Returns the requests that began in this time."""
        return [seen for seen in self.seen if start <= seen.at < end]

    def failures(self, start: float = 0.0, end: float = float("inf")) -> dict[str, int]:
        """Returns how many began in this time and ended in each way other than ok."""
        counted = collections.Counter(s.kind for s in self.between(start, end) if s.kind != OK)
        return dict(counted)

    def refused(self) -> dict[str, int]:
        """Returns the addresses of the requests that were not answered as they should, counted."""
        return dict(collections.Counter(_plain(s.path) for s in self.seen if s.kind != OK))

    def longest(self, start: float = 0.0, end: float = float("inf")) -> Seen:
        return max(self.between(start, end), key=lambda seen: seen.seconds)

    def last_failure(self) -> float:
        """Returns when the last request began that was not answered as it should; 0 for none."""
        return max((s.at for s in self.seen if s.kind != OK), default=0.0)

    def writes(self) -> str:
        answered = sum(len(learner.answered) for learner in self.learners)
        submitted = sum(len(learner.submitted) for learner in self.learners)
        return f"{submitted} submits, {answered} answers, {len(self.sessions)} sign-ins"

    def histogram(self) -> str:
        """Returns one line for each second in which something was not ok."""
        seconds: dict[int, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        longest: dict[int, float] = collections.defaultdict(float)
        for seen in self.seen:
            seconds[int(seen.at)][seen.kind] += 1
            longest[int(seen.at)] = max(longest[int(seen.at)], seen.seconds)
        return "\n".join(
            f"     second {second}: "
            + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items()))
            for second, counts in sorted(seconds.items())
            if set(counts) != {OK}
        )


def _plain(path: str) -> str:
    return path if path == "/api/quiz/submit" else _PART.sub(r"/\1/{id}", path)


def percentiles(seconds: Iterable[float]) -> str:
    """Returns p50, p95, p99 and the longest in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return "none"
    picked = [ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in (0.5, 0.95, 0.99)]
    p50, p95, p99 = (1000 * value for value in picked)
    return f"p50 {p50:.0f} p95 {p95:.0f} p99 {p99:.0f} max {1000 * ordered[-1]:.0f} ms"


def only_away(failures: dict[str, int]) -> bool:
    """Returns whether all that failed was a 503 that says when to try again."""
    return set(failures) <= {AWAY}
