"""Tries an update, and the way back, on a real Docker Engine: two images and one database in use.

    .venv/bin/python tests/container/upgrade.py OLD_IMAGE NEW_IMAGE      about three minutes
    RATE=100 REQUESTS=8000 .venv/bin/python tests/container/upgrade.py OLD_IMAGE NEW_IMAGE

The old release serves people who learn, the new one migrates, both serve, then the new one alone;
then the old one comes back to the schema as it is, and serves alone. Every request has to be
answered, and what was acknowledged has to be in the database.

Requests go to the containers in turn, as a load balancer sends them: to those that are ready, and
to none that is about to be stopped. Needs docker, the portal's environment for development, and a
machine that reaches the containers' addresses, which Linux does. One line for each assertion; exit
1 when one does not hold.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.container.faults import report  # noqa: E402
from tests.container.faults.client import ask  # noqa: E402
from tests.container.faults.load import Load, percentiles  # noqa: E402
from tests.container.faults.report import say, tell  # noqa: E402
from tests.container.faults.stack import MAKE_LEARNERS, docker  # noqa: E402
from tests.container.learner import Learner  # noqa: E402

RATE = float(os.environ.get("RATE", "50"))
REQUESTS = int(os.environ.get("REQUESTS", "4000"))
AT_ONCE = 12
PEOPLE = 1000  # with a past, so that a migration meets tables that are in use
LEARNERS = 40
READY_SECONDS = 90.0
NAME = f"portal-upgrade-{os.getpid()}"
DATABASE = "claude_training"
PASSWORD = "postgres"
STOPPED = {"0", "143"}  # 137 would be: killed after ten seconds
# What a person opens, and what platforms ask.
PAGES = ("/dashboard", "/path", "/leaderboard", "/search?q=claude", "/account", "/api/openapi.json")
PROBES = ("/api/health", "/health/live", "/health/ready", "/health/startup")

COURSE = (
    "import pathlib, portal;"
    "print((pathlib.Path(portal.__file__).parent / 'content/course.json').read_text())"
)
ANSWERS = """
    SELECT u.external_id, a.quiz_id, a.attempt_number, q.question_id
    FROM quiz_answer q JOIN quiz_attempt a ON a.id = q.attempt JOIN app_user u ON u.id = a.learner
    WHERE u.external_id LIKE 'learner-%'
"""
SUBMITS = """
    SELECT u.external_id, a.quiz_id, a.attempt_number
    FROM quiz_attempt a JOIN app_user u ON u.id = a.learner
    WHERE u.external_id LIKE 'learner-%' AND a.completed_at IS NOT NULL
"""


class Trial:
    """One database, and the containers that serve on it: `load` sends to its `backends`."""

    def __init__(self, old: str, new: str) -> None:
        self.images = {"old": old, "new": new}
        self._numbers = itertools.count(1)
        self.made: list[str] = []
        self.load: Load

    def run(self, name: str, *arguments: str) -> str:
        """Start a container in the network of the trial and return its address."""
        full = f"{NAME}-{name}"
        self.made.append(full)
        docker("run", "-d", "--name", full, "--network", NAME, *arguments)
        return self.ip(full)

    def ip(self, container: str) -> str:
        form = f'{{{{(index .NetworkSettings.Networks "{NAME}").IPAddress}}}}'
        return docker("inspect", "-f", form, container)

    def variables(self) -> list[str]:
        settings = {
            "DATABASE_URL": f"postgresql://postgres:{PASSWORD}@{NAME}-db:5432/{DATABASE}",
            "SEED_DB": "true",
            "APP_ENV": "production",
        }
        return [word for each in settings.items() for word in ("-e", "=".join(each))]

    def portal(self, which: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of an image's portal to its end, as a job of the platform would."""
        started = ["docker", "run", "--rm", "--network", NAME, *self.variables()]
        return subprocess.run(
            [*started, self.images[which], "portal", *command],
            capture_output=True,
            text=True,
            check=False,
        )

    def sql(self, statement: str) -> list[tuple[str, ...]]:
        words = ("psql", "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-U", "postgres")
        said = docker("exec", f"{NAME}-db", *words, "-d", DATABASE, "-c", statement)
        return [tuple(line.split("\t")) for line in said.splitlines()]

    async def start(self) -> None:
        """A database of the old release with people in it, and the old release in front of it."""
        docker("network", "create", NAME)
        self.run(
            "db",
            *("-e", f"POSTGRES_PASSWORD={PASSWORD}", "-e", f"POSTGRES_DB={DATABASE}"),
            "postgres:16-alpine",
        )
        ready = ("exec", f"{NAME}-db", "pg_isready", "-h", "127.0.0.1", "-d", DATABASE)
        await until("the database answers", lambda: "accepting" in docker(*ready, check=False))
        released = self.portal("old", "release")
        if released.returncode != 0:
            raise RuntimeError(f"portal release of the old image: {released.stderr[-500:]}")
        self.sql(MAKE_LEARNERS.format(count=LEARNERS))
        self.fill()
        backends = [await self.serve("old"), await self.serve("old")]
        names = [f"learner-{number}" for number in range(1, LEARNERS + 1)]
        self.load = Load(backends[0], RATE, names, self.quizzes(), AT_ONCE)
        self.load.backends = backends
        await self.load.prepare()

    def fill(self) -> None:
        address = f"postgresql://postgres:{PASSWORD}@{self.ip(f'{NAME}-db')}:5432/{DATABASE}"
        filled = subprocess.run(
            [sys.executable, str(ROOT / "bench/generate.py"), "--people", str(PEOPLE)],
            env=os.environ | {"DATABASE_URL": f"{address}?sslmode=disable"},
            capture_output=True,
            text=True,
            check=False,
        )
        if filled.returncode != 0:
            raise RuntimeError(f"bench/generate.py: {filled.stderr[-500:]}")
        tell(filled.stdout.splitlines()[-1])

    def course(self, which: str) -> str:
        """Returns the compiled course of an image."""
        return docker("run", "--rm", "--entrypoint", "python", self.images[which], "-c", COURSE)

    def quizzes(self) -> list[str]:
        """Returns the quizzes that both images have, question for question."""
        found: list[dict[str, Any]] = []
        for which in self.images:
            topics = [
                topic
                for step in json.loads(self.course(which))["steps"]
                for topic in step["topics"]
            ]
            quizzes = [video.get("quiz") for topic in topics for video in topic["videos"]]
            found.append({quiz["video_id"]: quiz for quiz in quizzes if quiz})
        return [name for name, quiz in found[0].items() if found[1].get(name) == quiz]

    async def serve(self, which: str) -> tuple[str, int]:
        """Returns the address of one more container of an image, once it is ready."""
        name = f"{which}-{next(self._numbers)}"
        made = await asyncio.to_thread(self.run, name, *self.variables(), self.images[which])
        address = (made, 3000)
        deadline = time.monotonic() + READY_SECONDS
        while (await ask(address, "/health/ready", limit=2)).status != 200:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} is not ready: {docker('logs', f'{NAME}-{name}')}")
            await asyncio.sleep(0.05)
        return address

    async def replace(self, by: str) -> None:
        """Put one more container into the rotation, and stop the one that is there longest."""
        self.load.backends.append(await self.serve(by))
        self.load.backends.pop(0)
        await self.stop_unused()

    async def stop_unused(self) -> None:
        used = {host for host, _ in self.load.backends}
        for name in [name for name in self.made if not name.endswith("-db")]:
            if await asyncio.to_thread(self.ip, name) not in used:
                await asyncio.to_thread(docker, "stop", "-t", "10", name)
                state = ("inspect", "-f", "{{.State.ExitCode}}", name)
                code = await asyncio.to_thread(docker, *state)
                say(code in STOPPED, f"{name.removeprefix(f'{NAME}-')} was stopped: exit {code}")
                self.made.remove(name)
                await asyncio.to_thread(docker, "rm", name)

    async def phase(self, what: str, share: float, *steps: Callable[[], Any]) -> None:
        """Do the steps under load, and let it go on for this share of all requests."""
        begun, since = len(self.load.seen), self.load.now()
        for step in steps:
            await step()
        await until(what, lambda: len(self.load.seen) - begun >= share * REQUESTS, seconds=600)
        seen = self.load.seen[begun:]
        bad = collections.Counter(f"{s.kind} {s.status} {s.path}" for s in seen if is_lost(s))
        say(
            not bad,
            f"{what}: {sum(bad.values())} of {len(seen)} requests lost, "
            f"{percentiles(s.seconds for s in seen)}, {self.load.now() - since:.0f} s"
            + "".join(f"\n     {count} {kind}" for kind, count in bad.most_common(5)),
        )

    async def migrate(self) -> None:
        started = time.monotonic()
        done = await asyncio.to_thread(self.portal, "new", "migrate")
        lines = done.stdout.splitlines()
        took = time.monotonic() - started
        say(
            done.returncode == 0,
            f"the new release migrates: {len(lines)} lines, the last {lines[-1:]}, {took:.1f} s",
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-500:])

    async def compare(self, when: str) -> None:
        """Everything acknowledged is stored, and the totals are those of what is stored."""
        acknowledged = {
            (learner.name, quiz, str(number), question)
            for learner in self.load.learners
            for quiz, number, question in learner.answered
        }
        stored = {*self.sql(ANSWERS)}
        say(
            acknowledged == stored,
            f"{when}: {len(acknowledged)} answers acknowledged, {len(stored)} stored,"
            f" {len(acknowledged - stored)} lost",
        )
        submitted = {
            (learner.name, quiz, str(number))
            for learner in self.load.learners
            for quiz, number in learner.submitted
        }
        complete = {*self.sql(SUBMITS)}
        say(
            submitted == complete,
            f"{when}: {len(submitted)} quizzes acknowledged, {len(complete)} stored,"
            f" {len(submitted - complete)} lost",
        )
        lost = await self.load.missing()
        sessions = len(self.load.sessions)
        say(not lost, f"{when}: {sessions} sign-ins acknowledged, lost: {lost[:3] or 'none'}")
        for which in self.images:
            done = self.portal(which, "scores", "check")
            said = (done.stdout + done.stderr).strip().splitlines()[-1:]
            say(done.returncode == 0, f"{when}: portal scores check of the {which} image: {said}")

    async def smoke(self, which: str) -> None:
        """The image that serves now: its commands, its probes, its pages, and a quiz of its course.
        Nothing is assumed of how its code is laid out."""
        for command in (("migrate", "status"), ("migrate",), ("db", "check"), ("seed",)):
            done = await asyncio.to_thread(self.portal, which, *command)
            said = (done.stdout + done.stderr).strip().splitlines()[-1:]
            say(done.returncode == 0, f"portal {' '.join(command)} of the {which} image: {said}")
        for path in PROBES:
            status = (await ask(self.load.address, path)).status
            say(status == 200, f"{path} of the {which} image: {status}")
        cookie = self.load.learners[0].cookie
        for path in PAGES:
            status = (await ask(self.load.address, path, cookie=cookie)).status
            say(status == 200, f"{path} of the {which} image: {status}")
        host, port = self.load.address
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(await asyncio.to_thread(self.course, which))
            file.flush()
            learner = Learner(f"http://{host}:{port}", Path(file.name))
        try:
            await asyncio.to_thread(learner.sign_in)
            await asyncio.to_thread(learner.take_next_quiz)
            score = await asyncio.to_thread(learner.score)
        except OSError as error:  # a refusal is one, too
            say(False, f"a quiz on the {which} image: {error}")
        else:
            say(score == learner.expected > 0, f"a quiz on the {which} image: total score {score}")

    def remove(self) -> None:
        for name in self.made:
            docker("rm", "-f", "-v", name, check=False)
        docker("network", "rm", NAME, check=False)


def is_lost(seen: Any) -> bool:
    """Whether a request did not get what it asked for: nothing in the load deserves a refusal."""
    return bool(seen.status == 0 or seen.status >= 400)


async def until(what: str, holds: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {seconds:.0f} s: {what}")
        await asyncio.sleep(0.05)


async def run(trial: Trial) -> None:
    await trial.start()
    names = "SELECT name FROM migration"
    before = len(trial.sql(names))
    load = trial.load
    async with load.running():
        await trial.phase("old on its own schema", 0.15)
        await trial.phase("old while the new one migrates", 0.15, trial.migrate)
        applied = len(await asyncio.to_thread(trial.sql, names)) - before
        tell(f"{applied} migrations between the two")
        await trial.phase("old and new", 0.2, lambda: trial.replace("new"))
        await trial.phase("new alone", 0.15, lambda: trial.replace("new"))
        await trial.phase("new and old again", 0.2, lambda: trial.replace("old"))
        await trial.phase("old alone on the new schema", 0.15, lambda: trial.replace("old"))
    lost = sum(map(is_lost, load.seen))
    say(lost == 0, f"{lost} of {len(load.seen)} requests lost; {load.writes()}")
    await trial.compare("in the end")
    await trial.smoke("old")


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    trial = Trial(*sys.argv[1:])
    try:
        asyncio.run(run(trial))
    except RuntimeError as error:
        say(False, str(error))
    finally:
        trial.remove()
    print(f"{len(report.failed)} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
