"""A busy day of a real server, and nothing of anybody in what an operator reads of it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, quote_plus

import asyncpg
import httpx
import pytest

from portal.config.dsn import parse_dsn
from tests.ops.command import STOPPED, Running, run_portal, running
from tests.ops.samples import Samples
from tests.support import PASSWORDS, QUIZ, Database, execute, take_quiz

EMAIL = "alexandra.privat@example.org"
NAME = "Alexandra Privat-Söderlund"
PASSWORD = 'Pä$$ "wörd" %s {0} <b>&+'
TYPED = {"username": "typed.person@example.org", "password": "typed-pass%word-é"}
TOKEN = "metrics-t0ken-of-the-operator"
DSN_PASSWORD = "dsn-p@ss/w0rd"
ADMIN = {"ADMIN_EMAIL": "first.admin@example.org", "ADMIN_PASSWORD": "first-admin-passw0rd"}
ADDRESS = "203.0.113.77"
AGENT = "Browser-of-Alexandra/1.0"
IN_A_QUERY = "query-s3cret"
IN_A_PATH = "reset-s3cret"
UNREADABLE = "broken.json@example.org"
SMTP = "smtp-passw0rd"

TEXT_LINE = re.compile(r"\[[a-z0-9_-]+(?:/[A-Za-z0-9_.-]+)+\] [^\x00-\x1f]+?(?: (\{.*\}))?")
REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'no row for %', (SELECT email FROM app_user WHERE id = NEW.learner)
            USING DETAIL = NEW::text, HINT = (SELECT name FROM app_user WHERE id = NEW.learner);
    END $$
"""


class Day:
    """What was used, so that it can be looked for afterwards."""

    def __init__(self, serving: Running, database: Database) -> None:
        self.serving = serving
        self.database = database
        self.metrics = ""
        self.secrets = {
            EMAIL,
            NAME,
            PASSWORD,
            *TYPED.values(),
            *ADMIN.values(),
            TOKEN,
            DSN_PASSWORD,
            ADDRESS,
            AGENT,
            IN_A_QUERY,
            IN_A_PATH,
            UNREADABLE,
            SMTP,
            PASSWORDS["mike"],
            "alex",  # the person's id
            QUIZ,  # an address, not its route
        }

    def browser(self) -> httpx.AsyncClient:
        browser = self.serving.browser()
        browser.headers.update({"user-agent": AGENT, "x-forwarded-for": ADDRESS})
        return browser

    async def signed_in(self, browser: httpx.AsyncClient, **credentials: str) -> None:
        """Sign in and keep the cookie, which is Secure and would not go over plain HTTP."""
        answer = await browser.post("/api/auth/login", json=credentials)
        assert answer.status_code == 200, answer.text
        sid = re.search(r"sid=([^;]+)", answer.headers["set-cookie"])
        assert sid is not None
        self.secrets.add(sid[1])
        browser.headers["cookie"] = f"sid={sid[1]}"

    async def sign_ins(self, browser: httpx.AsyncClient) -> None:
        form = {"username": EMAIL, "password": PASSWORD, "next": f"/path?token={IN_A_QUERY}"}
        answer = await browser.post("/login", data=form)
        assert answer.status_code == 303
        for _ in range(12):
            await browser.post("/api/auth/login", json=TYPED)
        assert (await browser.post("/api/auth/login", json=TYPED)).status_code == 429
        assert (await browser.post("/login", data=TYPED)).status_code == 429
        await self.signed_in(browser, username=EMAIL.upper(), password=PASSWORD)

    async def learning(self, browser: httpx.AsyncClient) -> None:
        for path in ("/", "/dashboard", "/path", "/step/1", f"/video/{QUIZ}", "/api/auth/me"):
            assert (await browser.get(path)).status_code < 400, path
        await take_quiz(browser, wrong=1)
        await browser.get(f"/video/{QUIZ}", params={"result": "1", "token": IN_A_QUERY})

    async def odd_requests(self, browser: httpx.AsyncClient) -> None:
        unreadable = f'{{"username": "{UNREADABLE}", "password": "'.encode()
        kinds = {"content-type": "application/json"}
        await browser.post("/api/auth/login", content=unreadable, headers=kinds)
        await browser.post("/api/progress", json={"videoId": [EMAIL], "done": NAME})
        await browser.post("/api/progress", json={"videoId": f"{EMAIL}\x00", "done": True})
        await browser.get(f"/reset/{IN_A_PATH}/{EMAIL}", params={"token": IN_A_QUERY})
        await browser.get(f"/step/{'9' * 6000}{IN_A_PATH}")
        await browser.get(f"/video/%0A[db/engine] {IN_A_PATH}")
        await browser.get("/dashboard", headers={"x-request-id": EMAIL})
        await browser.get("/dashboard", headers={"cookie": f"sid={IN_A_QUERY}; theme={NAME!a}"})
        await browser.get("/dashboard", headers={"referer": f"https://x.example/?{IN_A_QUERY}"})
        await browser.post("/logout", headers={"origin": f"https://{IN_A_PATH}.example"})
        with socket.create_connection(("127.0.0.1", self.serving.port)) as left:
            head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            left.sendall(f"{head}Content-Length: 999\r\n\r\n".encode() + unreadable)
        with socket.create_connection(("127.0.0.1", self.serving.port)) as noise:
            noise.sendall(f"{EMAIL} {IN_A_PATH}\r\n\r\n".encode())
            noise.recv(1000)

    async def a_bug(self, browser: httpx.AsyncClient) -> None:
        """PostgreSQL names the person in its message, its detail and its hint."""
        trigger = "TRIGGER refuse BEFORE INSERT ON video_progress"
        create = f"CREATE {trigger} FOR EACH ROW EXECUTE FUNCTION refuse()"
        await execute(self.database.url, REFUSE, create)
        answer = await browser.post("/api/progress", json={"videoId": QUIZ, "done": True})
        page = await browser.post(f"/video/{QUIZ}/done", data={"done": "true"})
        assert (answer.status_code, page.status_code) == (500, 500)
        await execute(self.database.url, "DROP TRIGGER refuse ON video_progress")

    async def a_slow_query(self, browser: httpx.AsyncClient) -> None:
        async with locked(self.database, "video_progress"):
            asked = asyncio.create_task(browser.get("/api/progress"))
            done, _ = await asyncio.wait({asked}, timeout=0.4)
            assert not done
        assert (await asked).status_code == 200

    async def an_outage(self, browser: httpx.AsyncClient) -> None:
        name, admin = self.database.name, self.database.server.url("postgres")
        leave = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        await execute(admin, leave, f"ALTER DATABASE {name} RENAME TO {name}_away")
        for path in ("/dashboard", "/api/progress", "/health/ready"):
            assert (await browser.get(path)).status_code == 503
        assert (await browser.post("/login", data=TYPED)).status_code == 503
        await execute(admin, f"ALTER DATABASE {name}_away RENAME TO {name}")
        assert (await browser.get("/api/progress")).status_code == 200

    async def scrape(self, browser: httpx.AsyncClient) -> None:
        refused = await browser.get("/metrics", headers={"authorization": f"Bearer x{TOKEN}"})
        assert refused.status_code == 404
        answer = await browser.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        self.metrics = answer.text


@asynccontextmanager
async def locked(database: Database, table: str) -> AsyncIterator[None]:
    """Nobody else reads or writes the table while the block runs."""
    dsn = parse_dsn(database.url, variable="DATABASE_URL")
    connection = await asyncpg.connect(**dsn.connect_kwargs())
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table}")
            yield
    finally:
        await connection.close()


def in_any_form(secret: str) -> set[str]:
    """Returns a text as it is, and as URLs, JSON and Python would write it."""
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), repr(secret)[1:-1]}
    forms.add(json.dumps(secret)[1:-1])
    return {form.lower() for form in forms}


def events_of(output: str, log_format: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Returns route, message and context of each line; fails when one is not in the pattern."""
    events = []
    for line in output.splitlines():
        if log_format == "json":
            entry = json.loads(line)
            assert {"time", "level", "route", "message"} <= entry.keys(), line
            events.append((entry["route"], entry["message"], entry.get("context", {})))
            continue
        found = TEXT_LINE.fullmatch(line)
        assert found, line
        route, _, rest = line[1:].partition("] ")
        context = json.loads(found[1]) if found[1] else {}
        events.append((route, rest.partition(" {")[0], context))
    return events


@pytest.mark.parametrize("log_format", ["text", "json"])
async def test_a_busy_day_leaves_nothing_personal(database: Database, log_format: str) -> None:
    await database.fetch(
        "UPDATE app_user SET email = $1, name = $2 WHERE external_id = 'alex'", EMAIL, NAME
    )
    changed = run_portal(
        database.url, "user", "set-password", "alex", "--password-stdin", typed=PASSWORD + "\n"
    )
    assert changed.returncode == 0, changed.stderr
    url = database.url.replace("postgres@", f"postgres:{quote(DSN_PASSWORD, safe='')}@")
    assert DSN_PASSWORD not in url != database.url
    environment = {
        "APP_ENV": "development",
        "ACCESS_LOG": "true",
        "LOG_FORMAT": log_format,
        "METRICS_TOKEN": TOKEN,
        "PUBLIC_URL": "https://learn.example.org",
        "TRUSTED_PROXIES": "127.0.0.1",
        "SMTP_URL": f"smtp://mailer:{SMTP}@mail.example.org:587",
        "MAIL_FROM": "learning@example.org",
        **ADMIN,
    }
    with running("serve", url=url, **environment) as serving:
        day = Day(serving, database)
        await serving.answers("/health/ready")
        async with day.browser() as browser:
            await day.sign_ins(browser)
            await day.learning(browser)
            await day.odd_requests(browser)
            await day.signed_in(browser, username="alex", password=PASSWORD)
            await day.a_bug(browser)
            await day.a_slow_query(browser)
            await day.an_outage(browser)
            await day.scrape(browser)
            await browser.post("/api/auth/logout")
        serving.signal(signal.SIGTERM)
        assert await serving.ended() in STOPPED
        output = serving.output()

    events = events_of(output, log_format)
    told = [(route, message) for route, message, _ in events]
    for expected in (
        ("serve/release", "ready"),
        ("http/access", "POST /api/auth/login"),
        ("http/access", "GET none"),
        ("portal/progress", "RaiseError"),
        ("video/done", "RaiseError"),
        ("db/engine", "slow query"),
        ("db/engine", "the database is back"),
        ("serve/stop", "stopped"),
    ):
        assert expected in told, expected
    assert sum(message.startswith("the database is away") for _, message in told) == 1
    numbers = [context["requestId"] for route, _, context in events if route == "http/access"]
    assert len(set(numbers)) == len(numbers)

    samples = Samples(day.metrics)
    assert samples.of("portal_server_errors_total", kind="bug") == 2
    assert samples.of("portal_db_reconnects_total") == 1
    for secret in day.secrets:
        for form in in_any_form(secret):
            assert form not in output.lower(), f"{form!r} is in the log"
            assert form not in day.metrics.lower(), f"{form!r} is in the metrics"
