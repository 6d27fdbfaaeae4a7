"""An operator looks at the tables in a browser, and mends what can be mended there."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from portal.tables import TABLES
from tests.ops.command import free_port, only_line, run_portal
from tests.support import Database, Portal, execute, portal_environment, take_quiz

INSTALLED = importlib.util.find_spec("piccolo_admin") is not None
needs_piccolo_admin = pytest.mark.skipif(
    not INSTALLED, reason="piccolo-admin is not installed: install the extra studio"
)
# The command, with another port than its own, which somebody may be using.
STUDIO = """
import sys
from portal.cli import main
from portal.ops.studio import run
run.PORT = int(sys.argv[1])
main(["studio"])
"""
NAMES = [table._meta.tablename for table in TABLES]
LOOK = ["audit_event", "quiz_attempt", "quiz_answer", "quiz_version", "user_score", "score_count"]
ALEX = "SELECT id, name, role, password_hash FROM app_user WHERE external_id = 'alex'"
EVENTS = "SELECT action, target, detail FROM audit_event WHERE action LIKE 'studio.%' ORDER BY id"


@contextlib.contextmanager
def studio(url: str) -> Iterator[str]:
    """Run `portal studio` and return the address that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-c", STUDIO, str(free_port())],
        env=portal_environment(url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("Studio: http://127.0.0.1:"), line + process.stdout.read()
        yield line.removeprefix("Studio: ").strip()
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate()
    assert process.returncode == 130, rest
    assert "Traceback" not in rest


def refused(code: str, port: str, *, url: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, because it cannot start."""
    return subprocess.run(
        [sys.executable, "-c", code, port],
        env=portal_environment(url),
        capture_output=True,
        text=True,
        check=False,
    )


@contextlib.asynccontextmanager
async def browser(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A page of studio, as it writes: with Piccolo Admin's own token against forgery."""
    async with httpx.AsyncClient(base_url=address, timeout=20) as client:
        page = await client.get("")
        assert page.status_code == 200
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        yield client


@pytest.fixture
async def learned(portal: Portal) -> Database:
    """A database in which somebody has signed in, failed to, watched and taken a quiz."""
    alex = await portal.signed_in("alex")
    await take_quiz(alex)
    await alex.post("/api/progress", json={"videoId": "introduction-to-ai-fluency", "done": True})
    await portal.browser().post("/api/auth/login", json={"username": "x", "password": "y"})
    await execute(
        portal.database.url,
        "INSERT INTO audit_event (action, target, detail) VALUES ('user.move', 'x', '{\"a\": 1}')",
    )
    return portal.database


@needs_piccolo_admin
async def test_every_table_is_shown_without_a_secret(learned: Database) -> None:
    with studio(learned.url) as address:
        async with browser(address) as page:
            assert sorted((await page.get("api/tables/")).json()) == sorted(NAMES)
            shown = set()
            for name in NAMES:
                answer = await page.get(f"api/tables/{name}/?__readable=true")
                assert answer.status_code == 200, name
                rows = answer.json()["rows"]
                assert "$argon2" not in answer.text
                if not rows:
                    continue
                shown.add(name)
                key = (await page.get(f"api/tables/{name}/schema/")).json()["extra"]
                one = await page.get(f"api/tables/{name}/{rows[0][key['primary_key_name']]}/")
                assert one.status_code == 200, name
                assert "$argon2" not in one.text
            assert shown >= {*LOOK, "app_user", "login_session", "video_progress"}
            session = (await page.get("api/tables/login_session/?__readable=true")).json()["rows"]
            assert session[0]["member_readable"] == "alex"
    done = run_portal(learned.url, "db", "diff")
    assert done.returncode == 0, f"it made something: {done.stdout}"


@needs_piccolo_admin
async def test_only_the_printed_address_opens_it(database: Database) -> None:
    with studio(database.url) as address:
        parts = urlsplit(address)
        root = f"http://{parts.netloc}"
        async with httpx.AsyncClient() as stranger:
            for path in ("/", "/api/tables/", "/x/api/tables/", f"{parts.path[:-2]}/api/tables/"):
                assert (await stranger.get(root + path)).status_code == 401, path
            for host in ("evil.example", f"evil.example:{parts.port}", "127.0.0.1"):
                answer = await stranger.get(f"{address}api/tables/", headers={"host": host})
                assert answer.status_code == 421, host
            local = {"host": f"localhost:{parts.port}"}
            answer = await stranger.get(f"{address}api/tables/", headers=local)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            signing_in = {"username": "admin", "password": "admin123"}
            answer = await stranger.post(f"{address}public/login/", json=signing_in)
            assert answer.status_code == 404


@needs_piccolo_admin
async def test_another_page_cannot_write(database: Database) -> None:
    (before,) = await database.fetch(ALEX)
    row = f"api/tables/app_user/{before['id']}/"
    with studio(database.url) as address:
        async with browser(address) as page:
            for headers in (
                {"origin": "http://evil.example"},
                {"origin": "http://localhost:3000"},
                {"origin": "null"},
                {"sec-fetch-site": "cross-site"},
                {"sec-fetch-site": "same-site"},
                {"x-csrftoken": "another"},
            ):
                answer = await page.patch(row, json={"name": "Mallory"}, headers=headers)
                assert answer.status_code == 403, headers
    assert await database.fetch(ALEX) == [before]


@needs_piccolo_admin
async def test_a_form_changes_what_may_be_changed_and_says_so_in_the_audit(
    database: Database,
) -> None:
    (before,) = await database.fetch(ALEX)
    row = f"api/tables/app_user/{before['id']}/"
    with studio(database.url) as address:
        async with browser(address) as page:
            # As Piccolo Admin's form does: every column, times to the second, secrets as null.
            form = (await page.get(row)).json()
            del form["id"]
            form["created_at"] = form["created_at"].partition(".")[0] + "Z"
            saved = await page.patch(row, json={**form, "name": " Alexandra  Johnson "})
            assert saved.status_code == 200, saved.text
            unchanged = await page.patch(row, json={**form, "name": "Alexandra Johnson"})
            assert unchanged.status_code == 200, unchanged.text
            for change in ({"role": "admin"}, {"team": "beta"}, {"disabled_at": "2026-01-01"}):
                refused = await page.patch(row, json={**form, **change})
                assert refused.status_code == 403
                assert "portal user set-role" in refused.json()["detail"]
            for change, word in (
                ({"name": ""}, "Enter a name"),
                ({"name": "\u3164"}, "with visible letters"),
                ({"name": "Al\u00adex"}, "invisible characters"),
                ({"email": "nobody"}, "e-mail address"),
                ({"time_zone": "Mars/Olympus"}, "time zone"),
            ):
                refused = await page.patch(row, json={**form, **change})
                assert refused.status_code == 400, change
                assert word in refused.json()["detail"]
    (after,) = await database.fetch(ALEX)
    assert dict(after) == {**before, "name": "Alexandra Johnson"}
    events = await database.fetch(EVENTS)
    assert [(event["action"], event["target"]) for event in events] == [
        ("studio.update", f"app_user:{before['id']}")
    ]
    assert json.loads(events[0]["detail"]) == {"columns": ["name"]}


@needs_piccolo_admin
async def test_what_scores_and_the_audit_rest_on_is_for_reading(learned: Database) -> None:
    with studio(learned.url) as address:
        async with browser(address) as page:
            for name in LOOK:
                content = f'SELECT * FROM "{name}" ORDER BY 1'
                before = await learned.fetch(content)
                rows = (await page.get(f"api/tables/{name}/")).json()["rows"]
                schema = (await page.get(f"api/tables/{name}/schema/")).json()["extra"]
                one = f"api/tables/{name}/{rows[0][schema['primary_key_name']]}/"
                answers = [
                    await page.patch(one, json=rows[0]),
                    await page.put(one, json=rows[0]),
                    await page.delete(one),
                    await page.post(f"api/tables/{name}/", json=rows[0]),
                    await page.delete(f"api/tables/{name}/"),
                ]
                for answer in answers:
                    assert answer.status_code in {405, 422}, (name, answer.text)
                assert await learned.fetch(content) == before, name


@needs_piccolo_admin
async def test_a_rate_limit_is_lifted_and_a_session_ended(learned: Database) -> None:
    with studio(learned.url) as address:
        async with browser(address) as page:
            for bucket in (await page.get("api/tables/rate_bucket/")).json()["rows"]:
                gone = await page.delete(f"api/tables/rate_bucket/{bucket['key']}/")
                assert gone.status_code == 204, gone.text
            (session,) = (await page.get("api/tables/login_session/")).json()["rows"]
            ended = await page.patch(
                f"api/tables/login_session/{session['token_hash']}/",
                json={"ended_at": "2026-01-01T00:00:00Z"},
            )
            assert ended.status_code == 200, ended.text
            kept = await page.delete(f"api/tables/login_session/{session['token_hash']}/")
            assert kept.status_code == 405
    assert await learned.value("SELECT count(*) FROM rate_bucket") == 0
    assert await learned.value("SELECT count(ended_at) FROM login_session") == 1
    actions = {event["action"] for event in await learned.fetch(EVENTS)}
    assert actions == {"studio.delete", "studio.update"}


@needs_piccolo_admin
async def test_what_keeps_it_from_starting_is_told_in_one_line(
    database: Database, blank: Database
) -> None:
    pooled = run_portal(f"{database.url}&pgbouncer=true", "studio")
    behind = run_portal(blank.url, "studio")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        busy = refused(STUDIO, port, url=database.url)
    for done, words in (
        (pooled, "DATABASE_URL_UNPOOLED"),
        (behind, "portal migrate"),
        (busy, f"Port {port} on 127.0.0.1: another process listens there"),
    ):
        assert (done.returncode, done.stdout) == (1, "")
        assert words in only_line(done.stderr)


def test_without_piccolo_admin_the_command_that_installs_it_is_named() -> None:
    code = f"import sys; sys.modules['piccolo_admin'] = None\n{STUDIO}"
    done = refused(code, "1", url="postgresql://someone@127.0.0.1:1/nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install 'piccolo-admin" in only_line(done.stderr)
