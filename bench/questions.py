"""How long the statistics of all questions take with many people, each with 150 answers.

    .venv/bin/python bench/questions.py --people 10000

Prints the median time of all questions, and of one step of eight.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec

from portal.config.dsn import parse_dsn
from portal.config.settings import Settings
from portal.db import sql
from portal.db.embedded import embedded
from portal.db.engine import Engine
from portal.learning.course import Course, Question, Quiz, Step, Topic, load_course
from portal.manager.questions import queries
from portal.tables import TABLES
from portal.web.actor import Actor

ROUNDS = 5


async def _run(url: str, *command: str) -> None:
    environment = {**os.environ, "DATABASE_URL": url, "DATABASE_URL_UNPOOLED": url}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environment, stdout=sys.stderr
    )
    assert await process.wait() == 0


async def _course() -> Course:
    """Returns the shipped steps with the quizzes of the generated people."""
    video = load_course().ordered[0]
    rows = await sql.fetch_records(
        "SELECT quiz_id, content_hash, body::text FROM quiz_version WHERE quiz_id LIKE 'bench-%'"
    )
    videos = [
        msgspec.structs.replace(
            video,
            id=row["quiz_id"],
            step_id=str(1 + place % 8),
            quiz=Quiz(
                row["quiz_id"],
                msgspec.json.decode(row["body"], type=tuple[Question, ...]),
                row["content_hash"],
            ),
        )
        for place, row in enumerate(rows)
    ]
    steps = tuple(
        Step(
            number,
            f"Step {number}",
            "",
            (),
            (),
            (Topic(f"t-{number}", "", "", tuple(v for v in videos if v.step_id == number)),),
        )
        for number in map(str, range(1, 9))
    )
    return Course(steps, "bench")


async def _timed(what: str, ask: Callable[[], Awaitable[object]]) -> None:
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - begun)
    print(f"{what:28} {1000 * statistics.median(took):8.0f} ms")


async def measure(people: int) -> None:
    """Print the medians for a database with that many people."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-questions-") as made,
        embedded(Path(made) / "postgres", durable=False) as server,
    ):
        url = server.url("people")
        admin = await asyncpg.connect(
            **parse_dsn(server.url("postgres"), variable="DATABASE_URL").connect_kwargs()
        )
        await admin.execute("CREATE DATABASE people")
        await admin.close()
        await _run(url, "-m", "portal", "migrate")
        generator = str(Path(__file__).with_name("generate.py"))
        await _run(url, generator, "--people", str(people), "--answers")
        settings = Settings.from_env({"DATABASE_URL": url})
        assert settings.database is not None
        engine = Engine(settings.database)
        sql.bind(engine, TABLES)
        course = await _course()
        actor = Actor(UUID(int=1), "nobody", "Nobody", "manager", None, None, None, "UTC", b"")
        await _timed("all questions", lambda: queries.questions(actor, course))
        await _timed("one step", lambda: queries.questions(actor, course, "1"))
        await engine.close_connection_pool()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0] if __doc__ else "", allow_abbrev=False
    )
    parser.add_argument("--people", type=int, default=10_000)
    asyncio.run(measure(parser.parse_args().people))
    return 0


if __name__ == "__main__":
    sys.exit(main())
