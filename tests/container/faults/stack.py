"""Starts the portal with Compose, with overrides of deploy/compose, and breaks its containers."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from tests.container.faults.client import Answer, ask

ROOT = Path(__file__).parents[3]
IMAGE = os.environ.get("IMAGE", "ai-training-portal:local")
PROJECT = f"portal-faults-{os.getpid()}"
SUBNET = f"10.203.{os.getpid() % 250}.0/24"
# Settings of this shell are not what is looked at here.
OWN = {
    "SEED_DB",
    "SEED_HISTORY",
    "APP_ENV",
    "PUBLIC_URL",
    "TRUSTED_PROXIES",
    "ADMIN_EMAIL",
    "ADMIN_PASSWORD",
}

MAKE_LEARNERS = """
    INSERT INTO app_user (id, external_id, name, role, team, password_hash)
    SELECT gen_random_uuid(), 'learner-' || n, 'Learner ' || n, 'learner', u.team, u.password_hash
    FROM app_user u, generate_series(1, {count}) AS n WHERE u.external_id = 'alex'
"""


def docker(*arguments: str, check: bool = True, timeout: float = 180) -> str:
    """Returns what a docker command writes; `RuntimeError` with its words when it fails."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=False, timeout=timeout
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout.strip()


class Stack:
    """A running Compose project. `host` and `port` are where browsers reach it."""

    def __init__(self, folder: Path, files: Sequence[str], changes: dict[str, Any]) -> None:
        override = folder / "override.json"
        override.write_text(json.dumps(changes), encoding="utf-8")
        self._files = [*files, str(override)]
        self.names: list[str] = []
        self.front = "balancer" if any("replicas" in name for name in files) else "web"

    def compose_arguments(self) -> list[str]:
        """Returns what leads `docker compose` to this project."""
        named = [word for name in self._files for word in ("-f", name)]
        project = ["--project-directory", str(ROOT), "--env-file", os.devnull, "-p", PROJECT]
        return [*project, *named]

    def environment(self) -> dict[str, str]:
        """Returns the variables that the files are read with."""
        environment = {name: value for name, value in os.environ.items() if name not in OWN}
        return environment | {"PORTAL_PORT": "0", "PORTAL_SUBNET": SUBNET}

    def compose(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["docker", "compose", *self.compose_arguments(), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"docker compose {' '.join(arguments)}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    @property
    def address(self) -> tuple[str, int]:
        """Where the service is reached from here; looked up again, a restart may move it."""
        return "127.0.0.1", int(self.compose("port", self.front, "3000").rpartition(":")[2])

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-aq", service).split()

    def ip(self, container: str) -> str:
        """Returns an address of a container; the machine reaches it directly on Linux."""
        networks = json.loads(
            docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", container)
        )
        found = [network["IPAddress"] for network in networks.values() if network["IPAddress"]]
        if not found:
            raise RuntimeError(f"{container} has no address")
        return str(found[0])

    def sql(self, statement: str) -> str:
        return self.compose(
            *("exec", "-T", "db", "psql", "-qAtX", "-v", "ON_ERROR_STOP=1"),
            *("-U", "postgres", "-d", "claude_training", "-c", statement),
        )

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Any]:
        """A connection past everything that is in between."""
        host = self.ip(self.containers("db")[0])
        dsn = f"postgresql://postgres:postgres@{host}:5432/claude_training"
        connection = await asyncpg.connect(dsn, timeout=2, ssl=False)
        try:
            yield connection
        finally:
            await connection.close(timeout=2)

    def logs(self, service: str = "web") -> list[str]:
        """Returns what the containers of a service have written, without Compose's prefix."""
        return [
            line
            for container in self.containers(service)
            for line in subprocess.run(
                ["docker", "logs", container],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=True,
            ).stdout.splitlines()
        ]

    def make_learners(self, count: int = 40) -> None:
        """Make people with the demo accounts' password; `names` is what they sign in with."""
        self.sql(MAKE_LEARNERS.format(count=count))
        self.names = [f"learner-{number}" for number in range(1, count + 1)]

    async def ask(self, path: str, *, cookie: str = "") -> Answer:
        return await ask(self.address, path, cookie=cookie)

    async def ask_container(self, container: str, path: str, *, cookie: str = "") -> Answer:
        """Ask one replica, past the load balancer."""
        return await ask((self.ip(container), 3000), path, cookie=cookie)

    async def until(self, path: str, status: int = 200, *, cookie: str = "") -> float:
        """Returns the seconds until `path` has this status."""
        address, started, seconds = self.address, time.monotonic(), 60.0
        while time.monotonic() - started < seconds:
            if (await ask(address, path, cookie=cookie)).status == status:
                return time.monotonic() - started
            await asyncio.sleep(0.02)
        raise RuntimeError(f"{path} is not {status} within {seconds} s: {self.logs()[-5:]}")


async def until_database_answers(stack: Stack) -> float:
    """Returns the moment, on the monotonic clock, of the first connection that PostgreSQL takes."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            async with stack.database():
                return time.monotonic()
        except (OSError, TimeoutError, asyncpg.PostgresError, RuntimeError):
            await asyncio.sleep(0.02)
    raise RuntimeError("the database does not come back")


def limited(cpus: float, memory: str) -> dict[str, Any]:
    """Returns the part of a service that says how much of the machine it may use."""
    return {"deploy": {"resources": {"limits": {"cpus": str(cpus), "memory": memory}}}}


@asynccontextmanager
async def started(
    *files: str, volumes: dict[str, Any] | None = None, **services: dict[str, Any]
) -> AsyncIterator[Stack]:
    """Run docker-compose.yml with these overrides from deploy/compose, and with changes to its
    services and volumes; removed with its data at the end."""
    paths = [str(ROOT / "docker-compose.yml"), *(str(ROOT / "deploy/compose" / f) for f in files)]
    services.setdefault("web", {})["image"] = IMAGE
    with tempfile.TemporaryDirectory(prefix="portal-faults-") as made:
        stack = Stack(Path(made), paths, {"services": services, "volumes": volumes or {}})
        try:
            stack.compose("up", "-d", "--no-build", "--wait")
            await stack.until("/health/ready")
            yield stack
        finally:
            stack.compose("down", "-v", "--remove-orphans", "--timeout", "5", check=False)
