"""A visitor of the running containers. verify.sh feeds it to the Python of the image.

Every command prints lines that begin with `ok` or `FAIL`; `wait` prints a time instead. What one
command must remember for the next (the session, the score) lies in the client's own /tmp.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from portal.accounts.demo import LEARNER_PASSWORD
from portal.learning.course import Question, load_course

LEARNER = "alex"
QUIZ = "introduction-to-ai-fluency"
STATE = Path("/tmp/state.json")
# The contract's two seconds for a probe and for coming back, and the longest any request may take
# while the database is silent: a statement's five seconds, and some for the machine.
PROMPT_SECONDS = 2.0
LONGEST_SECONDS = 7.0


class Answer(NamedTuple):
    """`status` is 0 when nobody answered."""

    status: int
    seconds: float
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def say(good: bool, text: str) -> None:
    print(f"{'ok  ' if good else 'FAIL'} {text}", flush=True)


def ask(
    path: str,
    body: object = None,
    *,
    host: str = "web:3000",
    cookie: str | None = None,
    timeout: float = 20.0,
) -> Answer:
    """Returns the answer to a GET, or to a POST of `body` as JSON."""
    headers = {"accept": "application/json"}
    if cookie is not None:
        headers["cookie"] = cookie
    data = None
    if body is not None:
        headers["content-type"] = "application/json"
        data = json.dumps(body)
    name, port = host.split(":")
    connection = http.client.HTTPConnection(name, int(port), timeout=timeout)
    started = time.monotonic()
    try:
        connection.request("POST" if data else "GET", path, body=data, headers=headers)
        response = connection.getresponse()
        content = response.read()
        return Answer(response.status, time.monotonic() - started, response.headers, content)
    except (OSError, http.client.HTTPException):
        return Answer(0, time.monotonic() - started, http.client.HTTPMessage(), b"")
    finally:
        connection.close()


def remembered() -> dict[str, Any]:
    state: dict[str, Any] = json.loads(STATE.read_text(encoding="utf-8"))
    return state


def wait(host: str, path: str, seconds: str) -> None:
    """Print when `path` first answered 200, in milliseconds since 1970; exit 1 if it never did."""
    deadline = time.monotonic() + float(seconds)
    while time.monotonic() < deadline:
        if ask(path, host=host, timeout=2).status == 200:
            print(time.time_ns() // 1_000_000)
            return
        time.sleep(0.02)
    sys.exit(1)


def probes() -> None:
    """The three probes of a service that is ready."""
    health = ask("/api/health")
    stamp = health.json.get("timestamp", "") if health.status == 200 else ""
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    good = health.status == 200 and health.json["status"] == "ok"
    say(good and bool(re.fullmatch(form, stamp)), f"/api/health {health.status} {stamp}")
    for path in ("/health/live", "/health/ready", "/health/startup"):
        answer = ask(path)
        say(answer.status == 200, f"{path} {answer.status} in {answer.seconds * 1000:.0f} ms")


def _right(question: Question) -> dict[str, Any]:
    if question.kind in ("multiple", "ordering"):
        return {"questionId": question.id, "choiceIds": list(question.key)}
    return {"questionId": question.id, "choiceId": question.key[0]}


def quiz() -> None:
    """Sign in, answer every question of one quiz rightly, and remember the score."""
    login = ask("/api/auth/login", {"username": LEARNER, "password": LEARNER_PASSWORD})
    say(login.status == 200, f"sign-in {login.status} in {login.seconds * 1000:.0f} ms")
    cookie = (login.headers.get("set-cookie") or "").partition(";")[0]
    questions = load_course().quizzes[QUIZ].questions
    number = ask(f"/api/quiz/{QUIZ}", cookie=cookie).json["attemptNumber"]
    correct = 0
    for question in questions:
        body = {**_right(question), "attemptNumber": number}
        committed = ask(f"/api/quiz/{QUIZ}/answers", body, cookie=cookie)
        correct += committed.status == 200 and committed.json["correct"]
    say(correct == len(questions), f"{correct} of {len(questions)} right answers were committed")
    done = ask("/api/quiz/submit", {"videoId": QUIZ, "attemptNumber": number}, cookie=cookie)
    score = done.json["totalScore"] if done.status == 200 else None
    say(score == 15 * len(questions), f"quiz submitted {done.status}, total score {score}")
    STATE.write_text(json.dumps({"cookie": cookie, "score": score}), encoding="utf-8")


def kept(when: str) -> None:
    """The session and the score are what they were."""
    state = remembered()
    answer = ask("/api/dashboard/kpis", cookie=state["cookie"])
    score = answer.json["totalScore"] if answer.status == 200 else None
    say(score == state["score"], f"{when}: session {answer.status}, total score {score}")


def inflight() -> None:
    """One request that the caller makes slow, and a stop in the middle of it."""
    answer = ask("/api/dashboard/kpis", cookie=remembered()["cookie"])
    say(
        answer.status == 200 and answer.seconds > 1,
        f"the request in flight was answered: {answer.status} after {answer.seconds:.1f} s",
    )


def outage(kind: str) -> None:
    """Without a database: alive, not ready, everything else 503, and none of it takes long."""
    cookie = remembered()["cookie"]
    health = ask("/api/health")
    say(
        health.status == 200 and health.seconds < 1,
        f"database {kind}: /api/health {health.status} in {health.seconds * 1000:.0f} ms",
    )
    ready = ask("/health/ready")
    say(
        ready.status == 503 and ready.seconds < PROMPT_SECONDS,
        f"database {kind}: /health/ready {ready.status} in {ready.seconds * 1000:.0f} ms",
    )
    for path in ("/api/dashboard/kpis", "/dashboard"):
        answer = ask(path, cookie=cookie)
        again = answer.headers.get("retry-after")
        say(
            answer.status == 503 and again is not None and answer.seconds < LONGEST_SECONDS,
            f"database {kind}: {path} {answer.status} in {answer.seconds:.1f} s,"
            f" Retry-After {again}",
        )


def recovery(dsn: str, kind: str) -> None:
    """From the first connection that the database accepts until requests are served again."""
    cookie = remembered()["cookie"]
    asyncio.run(_until_accepting(dsn))
    returned = time.monotonic()
    for path in ("/health/ready", "/api/dashboard/kpis", "/dashboard"):
        while (answer := ask(path, cookie=cookie)).status != 200:
            if time.monotonic() - returned > 30:
                break
            time.sleep(0.02)
        took = time.monotonic() - returned
        say(
            answer.status == 200 and took < PROMPT_SECONDS,
            f"database {kind}: {path} {answer.status} {took * 1000:.0f} ms after its return",
        )


async def _until_accepting(dsn: str) -> None:
    while True:
        try:
            connection = await asyncpg.connect(dsn, timeout=1)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            await asyncio.sleep(0.02)
        else:
            await connection.close()
            return


COMMANDS = {
    command.__name__: command for command in (wait, probes, quiz, kept, inflight, outage, recovery)
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
