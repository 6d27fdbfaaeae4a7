"""Asking the providers whether their videos may be shown here, and what learners see of it."""

from __future__ import annotations

import html
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from msgspec.structs import replace

from portal.authoring import oembed
from portal.db import sql
from tests.learning.courses import course_of, teach, video
from tests.ops.command import only_line, run_portal
from tests.support import CONTENT, COURSE, QUIZ, Database, Portal, execute
from tests.web.markup import Page

REF = COURSE.videos[QUIZ].ref
BESIDE = f'It may not play here. <a href="https://www.youtube.com/watch?v={REF}"'
WATCH = f"https://www.youtube.com/watch?v={REF}"


class Provider:
    """A provider on this machine. Whatever `answers` says nothing about may be shown."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self.referers: set[str | None] = set()
        self.silent = threading.Event()
        self.hangs: set[str] = set()
        self.at_once = self.most_at_once = 0
        self.slow = 0.0
        self.lock = threading.Lock()
        self.address = ""

    def options(self) -> list[str]:
        return [
            option
            for name in oembed.ENDPOINTS
            for option in ("--endpoint", f"{name}={self.address}/{name}")
        ]


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = parse_qs(urlsplit(self.path).query)["url"][0]
            with provider.lock:
                provider.asked.append(url)
                provider.referers.add(self.headers.get("Referer"))
                provider.at_once += 1
                provider.most_at_once = max(provider.most_at_once, provider.at_once)
            if url in provider.hangs:
                provider.silent.wait(30)
            elif provider.slow:
                provider.silent.wait(provider.slow)
            with provider.lock:
                provider.at_once -= 1
            status, body = provider.answers.get(url, (200, b'{"type": "video", "html": "..."}'))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # who asked has given up
                return

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        provider.silent.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving(Provider()) as running:
        yield running


def check(database: Database, provider: Provider, *more: str) -> tuple[int, list[str]]:
    done = run_portal(
        database.url, "content", "links", *provider.options(), *more, PUBLIC_URL="https://learn.co"
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


async def player(browser: httpx.AsyncClient, video_id: str = QUIZ) -> str:
    answer = await browser.get(f"/video/{video_id}")
    assert answer.status_code == 200
    return html.unescape(answer.text)


async def test_every_video_is_asked_about_at_its_own_provider(
    database: Database, provider: Provider
) -> None:
    code, lines = check(database, provider)
    assert (code, lines) == (
        0,
        ["62 videos asked about: 0 refused, 0 without a clear answer."],
    )
    assert len(provider.asked) == 62
    assert {WATCH, "https://vimeo.com/1076192112/752c4d2b80"} <= set(provider.asked)
    assert provider.referers == {"https://learn.co/"}
    assert provider.most_at_once <= oembed.AT_ONCE
    assert await database.value("SELECT count(*) FROM embed_check WHERE NOT refused") == 62


async def test_a_video_that_is_gone_becomes_a_link_until_it_is_there_again(
    portal: Portal, alex: httpx.AsyncClient, provider: Provider
) -> None:
    assert "data-embed" in await player(alex)
    provider.answers[WATCH] = (404, b"Not Found")
    code, lines = check(portal.database, provider)
    assert code == 1
    detail = "YouTube answered 404 Not Found"
    assert lines[0] == f"{QUIZ}: {detail}. Learners get a link instead of the player."
    assert lines[1] == "62 videos asked about: 1 refused, 0 without a clear answer."

    text = await player(alex)
    assert "data-embed" not in text
    assert "This video cannot play here. Open it on YouTube, then mark it as watched." in text
    assert f'href="{WATCH}"' in text
    assert BESIDE not in text
    assert detail not in text
    other = COURSE.ordered[1]
    assert "data-embed" in await player(alex, other.id)

    del provider.answers[WATCH]
    assert check(portal.database, provider)[0] == 0
    assert "data-embed" in await player(alex)


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        (401, b"Unauthorized", "YouTube answered 401 Unauthorized"),
        (403, b"<html>no</html>", "YouTube answered 403 Forbidden"),
        (200, b"Forbidden", "YouTube answered 403 Forbidden"),
        (200, b'{"domain_status_code": 403}', "YouTube answered 403 Forbidden"),
    ],
)
async def test_a_refusal_that_depends_on_who_asks_takes_no_player_away(
    portal: Portal,
    alex: httpx.AsyncClient,
    provider: Provider,
    status: int,
    body: bytes,
    detail: str,
) -> None:
    assert BESIDE not in await player(alex)
    provider.answers[WATCH] = (status, body)
    code, lines = check(portal.database, provider)
    assert code == 1
    assert lines[0] == f"{QUIZ}: {detail}. Learners get a link beside the player."
    text = await player(alex)
    assert "data-embed" in text
    assert BESIDE in text
    assert detail not in text
    # an answer of which only the words were kept
    await portal.database.fetch("UPDATE embed_check SET status = NULL")
    assert "data-embed" in await player(alex)

    del provider.answers[WATCH]
    assert check(portal.database, provider)[0] == 0
    assert BESIDE not in await player(alex)


async def test_admins_see_what_the_provider_answered(portal: Portal, provider: Provider) -> None:
    provider.answers[WATCH] = (401, b"")
    check(portal.database, provider)
    page = Page(await (await portal.signed_in("admin")).get(f"/video/{QUIZ}"))
    assert "For admins: YouTube answered 401 Unauthorized, today" in page.text


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (503, b""), (429, b""), (400, b"Bad"), (200, b"<html>")]
)
async def test_a_provider_with_a_problem_hides_nothing_and_clears_nothing(
    portal: Portal, alex: httpx.AsyncClient, provider: Provider, status: int, body: bytes
) -> None:
    other = COURSE.ordered[1]
    provider.answers[WATCH] = (404, b"")
    check(portal.database, provider)
    for entry in (COURSE.videos[QUIZ], other):
        provider.answers[f"https://www.youtube.com/watch?v={entry.ref}"] = (status, body)
    code, lines = check(portal.database, provider)
    assert code == 0
    assert lines[0] == (
        f"{QUIZ}: YouTube answered {status}, which says nothing about the video."
        " What was known before stays."
    )
    assert lines[-1].endswith("0 refused, 2 without a clear answer.")
    assert "data-embed" not in await player(alex)
    assert "data-embed" in await player(alex, other.id)


async def test_a_provider_that_does_not_answer_hides_nothing(
    portal: Portal, alex: httpx.AsyncClient, provider: Provider
) -> None:
    provider.hangs.add(WATCH)
    code, lines = check(portal.database, provider, "--timeout", "0.3")
    assert code == 0
    assert lines[0].startswith(f"{QUIZ}: YouTube did not answer in time.")
    assert "data-embed" in await player(alex)
    closed = Provider()
    closed.address = "http://127.0.0.1:1"
    code, lines = check(portal.database, closed)
    assert (code, lines[-1]) == (
        0,
        "62 videos asked about: 0 refused, 62 without a clear answer.",
    )


async def test_a_few_are_asked_at_once(provider: Provider) -> None:
    endpoints = dict.fromkeys(oembed.ENDPOINTS, provider.address)
    await oembed.ask_all(COURSE.ordered[:1], endpoints)  # the first request loads the client
    provider.slow = 0.05
    started = time.monotonic()
    answers = await oembed.ask_all(COURSE.ordered[:12], endpoints, at_once=3)
    assert time.monotonic() - started < 12 * 0.05
    assert provider.most_at_once == 3
    assert [answer.video for answer in answers] == list(COURSE.ordered[:12])
    assert {answer.refused for answer in answers} == {False}


async def test_another_video_in_its_place_is_not_held_to_the_old_answer(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    course = course_of(video("basics"), replace(video("film"), provider="file", ref="a.mp4"))
    teach(portal, course)
    refused = [
        oembed.ProviderAnswer(course.ordered[0], True, "YouTube answered 404 Not Found", 404)
    ]
    await oembed.keep(refused)
    assert "data-embed" not in await player(alex, "basics")
    teach(portal, course_of(replace(video("basics"), ref="4szRHy_CT7s")))
    assert "data-embed" in await player(alex, "basics")
    assert await oembed.ask_all(course.ordered[1:]) == []


async def test_it_costs_no_statement(portal: Portal, alex: httpx.AsyncClient) -> None:
    async def statements() -> int:
        before = sql.engine().pool.statements
        await player(alex)
        return sql.engine().pool.statements - before

    without = await statements()
    await oembed.keep([oembed.ProviderAnswer(v, True, "no") for v in COURSE.ordered])
    assert await statements() == without
    # a refused video that nobody has touched is still none that was touched
    assert (await alex.get("/api/progress")).json() == {"videos": {}}
    assert (await alex.get("/api/path")).json()["nextVideoId"] == COURSE.ordered[0].id


async def test_a_course_of_ones_own_can_be_checked(
    database: Database, provider: Provider, tmp_path: Path
) -> None:
    shutil.copytree(CONTENT / "01-ai-and-claude-fundamentals", tmp_path / "01-start")
    assert check(database, provider, str(tmp_path))[0] == 0
    assert len(provider.asked) == len(COURSE.steps[0].videos)


async def test_what_is_no_endpoint_and_a_schema_behind_are_refused(database: Database) -> None:
    refused = run_portal(database.url, "content", "links", "--endpoint", "youtube=file:///etc")
    assert refused.returncode == 1
    assert only_line(refused.stderr).endswith("is not a provider, = and an address.")
    await execute(database.url, "DELETE FROM migration")
    behind = run_portal(database.url, "content", "links")
    assert (behind.returncode, only_line(behind.stderr)) == (
        1,
        "The schema is behind: run portal migrate first.",
    )


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "601", "soon"])
def test_a_time_that_is_none_is_one_line(seconds: str) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    done = run_portal(nowhere, "content", "links", f"--timeout={seconds}")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{seconds} is not a number of seconds up to 600" in only_line(done.stderr)
