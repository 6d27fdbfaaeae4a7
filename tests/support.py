"""What tests share and fixtures cannot hold."""

from __future__ import annotations

import asyncio
import itertools
import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

import asyncpg
import httpx
import msgspec

from portal.accounts import queries, sessions
from portal.accounts.browser import Browser
from portal.accounts.demo import ACCOUNTS
from portal.app import build_application, create_app
from portal.cli.dev import clean_environment
from portal.config.dsn import parse_dsn
from portal.config.settings import Settings
from portal.db.embedded import Embedded
from portal.learning.course import Course, load_course
from portal.web.lifecycle import Lifecycle
from portal.web.middleware import Envelope
from portal.web.session import COOKIE, KNOWN_COOKIE, cookie
from tests.web import described

ROOT = Path(__file__).parents[1]
CONTENT = ROOT / "src" / "portal" / "content"
EMPTY_TEMPLATE = "template_empty"
DEMO_TEMPLATE = "template_demo"
LIVED_TEMPLATE = "template_lived"
PASSWORDS = {account.id: account.password for account in ACCOUNTS}
COURSE: Course = load_course()
# Building it takes longer than most tests. It serves one portal after the other.
APPLICATION = build_application()
QUIZ = "introduction-to-ai-fluency"

THIS_BROWSER = Browser(
    address=ip_address("127.0.0.1"),
    user_agent=f"python-httpx/{httpx.__version__}",
    zone="",
    session=None,
    known={},
)

_numbers = itertools.count(1)


def portal_environment(url: str, **more: str) -> dict[str, str]:
    """Returns the environment for a portal command against a database. Its demo people have done
    nothing yet, unless `SEED_HISTORY` says otherwise."""
    quiet = {"DATABASE_URL": url, "SEED_HISTORY": "false"}
    return {**clean_environment(os.environ), **quiet, **more}


def settings_for(url: str, **changes: Any) -> Settings:
    """Returns the settings of a fresh installation on this database."""
    settings = Settings.from_env({"DATABASE_URL": url, "SEED_DB": "true", "SEED_HISTORY": "false"})
    return msgspec.structs.replace(settings, **changes)


async def execute(url: str, *statements: str) -> None:
    """Run statements, each outside a transaction."""
    connection = await asyncpg.connect(**parse_dsn(url, variable="DATABASE_URL").connect_kwargs())
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


class Database:
    """A database of one test, with a way to look into it behind the application's back."""

    def __init__(self, server: Embedded, name: str) -> None:
        self.server = server
        self.name = name
        self.url = server.url(name)

    @classmethod
    def next(cls, server: Embedded) -> Self:
        return cls(server, f"test_{next(_numbers)}")

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Returns the rows of a query on a connection of its own."""
        dsn = parse_dsn(self.url, variable="DATABASE_URL")
        connection = await asyncpg.connect(**dsn.connect_kwargs())
        try:
            return list(await connection.fetch(query, *args))
        finally:
            await connection.close()

    async def value(self, query: str, *args: Any) -> Any:
        """Returns the first column of the first row, or None."""
        rows = await self.fetch(query, *args)
        return rows[0][0] if rows else None


class Databases:
    """Makes the databases of the tests on one connection, the next while a test runs, and drops
    them when nobody waits."""

    def __init__(self, server: Embedded, connection: asyncpg.Connection[Any]) -> None:
        self.server = server
        self._connection = connection
        self._one_at_a_time = asyncio.Lock()
        self._next: dict[str, asyncio.Task[Database]] = {}
        self._dropping: set[asyncio.Task[None]] = set()

    async def take(self, template: str) -> Database:
        """Returns a new database that is a copy of the template."""
        made = await (self._next.pop(template, None) or self._make(template))
        self._next[template] = asyncio.create_task(self._make(template))
        return made

    def drop(self, database: Database) -> None:
        """Have a database dropped, with whoever is still connected to it."""
        task = asyncio.create_task(self._execute(f"DROP DATABASE {database.name} WITH (FORCE)"))
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)

    async def close(self) -> None:
        """Wait for what is under way; what failed is raised here."""
        await asyncio.gather(*self._next.values(), *self._dropping)

    async def _make(self, template: str) -> Database:
        made = Database.next(self.server)
        await self._execute(f"CREATE DATABASE {made.name} TEMPLATE {template} STRATEGY FILE_COPY")
        return made

    async def _execute(self, statement: str) -> None:
        async with self._one_at_a_time:
            await self._connection.execute(statement)


def portal_on(settings: Settings, lifecycle: Lifecycle | None = None) -> Envelope:
    """Returns the application, ready, with these settings. It is the same one every time: what was
    returned before is of no use any more."""
    return create_app(
        settings,
        lifecycle=lifecycle or Lifecycle(ready=True, at_head=True),
        application=APPLICATION,
    )


class Portal:
    """The running application. Browsers are httpx clients with a cookie jar each."""

    def __init__(self, app: Envelope, database: Database) -> None:
        self.app = app
        self.database = database
        self._browsers: list[httpx.AsyncClient] = []

    def browser(self, **options: Any) -> httpx.AsyncClient:
        """Returns a browser without a session; `client=(address, port)` is where it comes from."""
        address = options.pop("client", ("127.0.0.1", 50_000))
        browser = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app, client=address),  # type: ignore[arg-type]
            base_url=options.pop("base_url", "http://localhost:3000"),
            event_hooks={"response": [described.check]},
            **options,
        )
        self._browsers.append(browser)
        return browser

    async def signed_in(self, name: str, password: str | None = None) -> httpx.AsyncClient:
        """Returns a browser in which somebody is signed in: through the API with that password, and
        without one by what signing in writes, as checking passwords is slow on purpose."""
        browser = self.browser()
        if password is not None:
            answer = await browser.post(
                "/api/auth/login", json={"username": name, "password": password}
            )
            assert answer.status_code == 200, answer.text
            return browser
        account = await queries.credentials_of(name, [])
        assert account is not None, name
        signed_in = await sessions._open_session(account, THIS_BROWSER, self.app.settings, None)
        assert signed_in is not None, name
        cookies = [
            cookie(COOKIE, signed_in.token, seconds=24 * 3600, secure=False),
            cookie(KNOWN_COOKIE, ".".join(signed_in.known), seconds=24 * 3600, secure=False),
        ]
        answer = httpx.Response(
            200,
            headers=[("set-cookie", made.to_header(header="")) for made in cookies],
            request=httpx.Request("POST", "http://localhost:3000/api/auth/login"),
        )
        browser.cookies.extract_cookies(answer)
        return browser

    async def close(self) -> None:
        for browser in self._browsers:
            await browser.aclose()


def key_of(quiz_id: str, question_id: str) -> tuple[str, ...]:
    """Returns the right choices, which only the course knows."""
    return next(q.key for q in COURSE.quizzes[quiz_id].questions if q.id == question_id)


def answer_for(quiz_id: str, question: dict[str, Any], *, right: bool) -> dict[str, Any]:
    """Returns the body fields of a right or wrong answer to a question as the API shows it."""
    key = key_of(quiz_id, question["id"])
    if question["kind"] in ("multiple", "ordering"):
        others = [c["id"] for c in question["choices"] if c["id"] not in key]
        wrong = others or list(reversed(key))
        return {"questionId": question["id"], "choiceIds": list(key) if right else wrong}
    if right:
        return {"questionId": question["id"], "choiceId": key[0]}
    wrong_choice = next(c["id"] for c in question["choices"] if c["id"] not in key)
    return {"questionId": question["id"], "choiceId": wrong_choice}


async def take_quiz(
    browser: httpx.AsyncClient, quiz_id: str = QUIZ, *, wrong: int = 0
) -> dict[str, Any]:
    """Answer all questions one by one, the first `wrong` of them wrongly, submit, and return the
    submit's answer."""
    quiz = (await browser.get(f"/api/quiz/{quiz_id}")).json()
    for number, question in enumerate(quiz["questions"]):
        body = answer_for(quiz_id, question, right=number >= wrong)
        answer = await browser.post(
            f"/api/quiz/{quiz_id}/answers", json={**body, "attemptNumber": quiz["attemptNumber"]}
        )
        assert answer.status_code == 200, answer.text
    done = await browser.post(
        "/api/quiz/submit", json={"videoId": quiz_id, "attemptNumber": quiz["attemptNumber"]}
    )
    assert done.status_code == 200, done.text
    result: dict[str, Any] = done.json()
    return result
