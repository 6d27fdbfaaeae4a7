"""A database in which people have learned, and what two databases are compared by."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.ops.command import PORTAL, run_portal
from tests.support import Database, Portal, portal_environment, take_quiz

_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname
"""

Rows = list[dict[str, Any]]


async def rows_of(database: Database) -> dict[str, Rows]:
    """Returns every row of every table, in order."""
    found = {}
    for (table,) in await database.fetch(_TABLES):
        rows = await database.fetch(f'SELECT to_jsonb(t) AS row FROM "{table}" t')
        found[table] = in_order([json.loads(row["row"]) for row in rows])
    return found


def in_order(rows: Rows) -> Rows:
    """Returns the rows in an order that depends on nothing but what is in them."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


async def learn(portal: Portal) -> None:
    """Let people do everything that leaves rows: quizzes, one of them open, videos, the audit."""
    alex = await portal.signed_in("alex")
    for wrong in (2, 1):
        await take_quiz(alex, wrong=wrong)
    await take_quiz(await portal.signed_in("nina"))
    mike = await portal.signed_in("mike")
    quiz = (await mike.get("/api/quiz/introduction-to-ai-fluency")).json()
    question = quiz["questions"][0]
    body = {"questionId": question["id"], "attemptNumber": quiz["attemptNumber"]}
    choices = [choice["id"] for choice in question["choices"]]
    chosen = {"choiceId": choices[0]} if question["kind"] != "multiple" else {"choiceIds": choices}
    answer = await mike.post(
        "/api/quiz/introduction-to-ai-fluency/answers", json={**body, **chosen}
    )
    assert answer.status_code == 200, answer.text
    report = {"videoId": "introduction-to-ai-fluency", "from": 0, "to": 20, "position": 20}
    answer = await mike.post("/api/progress/watch", json={**report, "duration": 200})
    assert answer.status_code == 200, answer.text
    answer = await alex.post("/api/progress", json={"videoId": report["videoId"], "done": True})
    assert answer.status_code == 200, answer.text
    await (await portal.signed_in("yuki")).post("/api/auth/logout")
    await portal.browser().post("/api/auth/login", json={"username": "dan", "password": "wrong"})
    for arguments in (("disable", "helen"), ("set-role", "rami", "manager")):
        done = run_portal(portal.database.url, "user", *arguments)
        assert done.returncode == 0, done.stderr


def backed_up(database: Database, folder: Path, **environment: str) -> Path:
    """Returns a backup of the database, made by the command."""
    path = folder / "portal.dump"
    done = run_portal(database.url, "backup", str(path), **environment)
    assert done.returncode == 0, done.stderr
    return path


def manifest_of(path: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))
    return manifest


def change_manifest(path: Path, **changes: Any) -> None:
    text = json.dumps(manifest_of(path) | changes)
    Path(f"{path}.json").write_text(text, encoding="utf-8")


def lose_manifest(path: Path) -> None:
    Path(f"{path}.json").unlink()


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def plain_dump(database: Database, path: Path) -> None:
    """Dump as the runbook does it with the database's own container."""
    with path.open("wb") as file:
        command = [str(database.server.binaries / "pg_dump"), "-Fc", database.url]
        subprocess.run(command, stdout=file, check=True)


def run_inside(line: str, url: str, programs: Path) -> None:
    """Run what a line with `docker run` runs in the container, with no more than is in there."""
    script = "bash -c " + line.partition(" bash -c ")[2]
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "DATABASE_URL": url}
    subprocess.run(["sh", "-c", script], env=environment, check=True)


@contextlib.contextmanager
def started(database: Database, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A portal command that goes on, for as long as the test looks at it."""
    with subprocess.Popen(
        [*PORTAL, *arguments],
        env=portal_environment(database.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
