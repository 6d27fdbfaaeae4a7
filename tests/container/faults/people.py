"""How much a demo and a course of twenty people need, and how long they wait."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from tests.container.faults.client import OK, Answer, ask
from tests.container.faults.load import COURSE, QUIZZES, percentiles, right_answer, sign_in
from tests.container.faults.report import say, tell
from tests.container.faults.stack import Stack, docker, limited, started

_STATIC = re.compile(rb'(?:href|src)="(/static/[^"]+)"')
_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'portal'"


class Watch:
    """The most memory and connections seen while the block runs."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.memory: dict[str, float] = {}
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._memory()), asyncio.create_task(self._sessions())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _memory(self) -> None:
        names = {service: self.stack.containers(service)[0] for service in ("web", "db")}
        while True:
            for service, container in names.items():
                stats = json.loads(
                    await asyncio.to_thread(
                        docker, "stats", "--no-stream", "--format", "{{json .}}", container
                    )
                )
                used = _megabytes(stats["MemUsage"].split("/")[0])
                self.memory[service] = max(self.memory.get(service, 0.0), used)

    async def _sessions(self) -> None:
        async with self.stack.database() as connection:
            while True:
                self.connections = max(self.connections, await connection.fetchval(_CONNECTIONS))
                await asyncio.sleep(0.2)

    def __str__(self) -> str:
        memory = ", ".join(f"{service} {used:.0f} MB" for service, used in self.memory.items())
        return f"memory at most {memory}; connections at most {self.connections}"


def _megabytes(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text.strip()).groups()  # type: ignore[union-attr]
    return float(number) * {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}.get(unit, 1) / 1e6


class Person:
    """Somebody with a browser, who reads before the next click. `think` is in seconds."""

    def __init__(self, stack: Stack, name: str, think: tuple[float, float]) -> None:
        self.address = stack.address
        self.name = name
        self.think = think
        self.cookie = ""
        self.cached: set[bytes] = set()
        self.seen: list[tuple[str, Answer]] = []

    async def click(self, what: str, path: str, body: Any = None) -> Answer:
        answer = await ask(self.address, path, body, cookie=self.cookie)
        self.seen.append((what, answer))
        assets = set(_STATIC.findall(answer.body)) - self.cached if body is None else set()
        self.cached |= assets
        found = await asyncio.gather(*(ask(self.address, a.decode()) for a in assets))
        self.seen += [("static file", answer) for answer in found]
        await asyncio.sleep(random.uniform(*self.think))
        return answer

    async def enter(self) -> None:
        await self.click("sign-in page", "/login")
        self.cookie, answer = await sign_in(self.address, self.name)
        self.seen.append(("sign-in", answer))
        await self.click("dashboard", "/dashboard")

    async def learn(self, quiz_id: str) -> None:
        await self.click("path", "/path")
        await self.click("video page", f"/video/{quiz_id}")
        for second in range(0, 60, 20):
            report = {"from": second, "to": second + 20, "position": second + 20, "duration": 60}
            await self.click("watched", "/api/progress/watch", {"videoId": quiz_id, **report})
        for question in COURSE.quizzes[quiz_id].questions:
            body = {**right_answer(question), "attemptNumber": 1}
            await self.click("answer", f"/api/quiz/{quiz_id}/answers", body)
        body = {"videoId": quiz_id, "attemptNumber": 1}
        await self.click("submit", "/api/quiz/submit", body)
        await self.click("dashboard", "/dashboard")


def table(people: list[Person]) -> None:
    """Print the waiting times of each kind of click."""
    by_kind: dict[str, list[float]] = {}
    for person in people:
        for what, answer in person.seen:
            by_kind.setdefault(what, []).append(answer.seconds)
    for what, seconds in by_kind.items():
        tell(f"{what:>13}: {len(seconds):4} x {percentiles(seconds)}")


def errors(people: list[Person]) -> list[str]:
    return [
        f"{person.name} {what} {answer.kind} {answer.status}"
        for person in people
        for what, answer in person.seen
        if answer.kind != OK or answer.status >= 400
    ]


async def demo(stack: Stack) -> None:
    """docker-compose.yml as it is, 0.5 CPUs and 512 MB in all, with one person."""
    async with Watch(stack) as watch:
        person = Person(stack, "alex", (0.5, 1.0))
        await person.enter()
        for quiz_id in QUIZZES[:4]:
            await person.learn(quiz_id)
    table([person])
    found = errors([person])
    say(
        not found,
        f"one person in 0.5 CPUs and 512 MB: {len(person.seen)} requests, errors: {found}",
    )
    say(sum(watch.memory.values()) < 512, f"one person: {watch}")


async def course(stack: Stack) -> None:
    """Twenty people learn at once inside one CPU and 1 GB."""
    people = [Person(stack, name, (1.0, 4.0)) for name in stack.names[:20]]

    async def learns(person: Person) -> None:
        await asyncio.sleep(random.uniform(0, 10))
        await person.enter()
        for quiz_id in random.sample(QUIZZES, 2):
            await person.learn(quiz_id)

    started_at = time.monotonic()
    async with Watch(stack) as watch:
        await asyncio.gather(*(learns(person) for person in people))
    took = time.monotonic() - started_at
    table(people)
    requests = [answer.seconds for person in people for _, answer in person.seen]
    tell(f"all: {percentiles(requests)}, {len(requests) / took:.0f} a second for {took:.0f} s")
    found = errors(people)
    say(not found, f"twenty people in 1 CPU and 1 GB: {len(requests)} requests, errors: {found}")
    say(sum(watch.memory.values()) < 1000 and watch.connections <= 10, f"twenty people: {watch}")


@asynccontextmanager
async def as_it_is() -> AsyncIterator[Stack]:
    """What `docker compose up` starts."""
    async with started() as stack:
        yield stack


@asynccontextmanager
async def one_cpu() -> AsyncIterator[Stack]:
    """Half a CPU and 512 MB for each of the two."""
    async with started(web=limited(0.5, "512M"), db=limited(0.5, "512M")) as stack:
        stack.make_learners(20)
        yield stack


SCENARIOS = {demo: as_it_is, course: one_cpu}
