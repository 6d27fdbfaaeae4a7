"""The single server of deploy/vps, from nothing by its README, and exchanged while people use it.

IMAGE is the version that it starts with. The next version is the same image under another name.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from portal.accounts.demo import LEARNER_PASSWORD
from tests.container.faults import client, faults
from tests.container.faults.load import lasting
from tests.container.faults.report import say, tell
from tests.container.faults.stack import IMAGE, PROJECT, ROOT, SUBNET, Stack, docker

HOST = "learn.internal"  # a name for which Caddy makes a certificate of its own
NEXT = f"{PROJECT}-next:1"
RESTART_SECONDS = 2.0
# Another port than 443, and a root of certificates that the portals trust: Caddy's own, later.
OVERRIDE = """
services:
  caddy:
    ports: !override ["127.0.0.1:0:443"]
  web: &trusting
    environment: {SSL_CERT_FILE: /root.crt}
    volumes: ["./root.crt:/root.crt:ro"]
  web2: *trusting
"""


class Server(Stack):
    """A copy of deploy/vps under a project name of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.front = "caddy"
        shutil.copytree(ROOT / "deploy/vps", folder, dirs_exist_ok=True)
        (folder / "override.yaml").write_text(OVERRIDE, encoding="utf-8")
        (folder / "root.crt").touch()
        self.configure(IMAGE)

    def configure(self, image: str, **more: str) -> None:
        """Write .env, as an operator would."""
        variables = {
            "PORTAL_IMAGE": image,
            "DOMAIN": HOST,
            "ADMIN_EMAIL": "admin@portal.test",
            "PORTAL_SUBNET": SUBNET,
            "COMPOSE_PROJECT_NAME": PROJECT,
            "COMPOSE_FILE": "compose.yaml:override.yaml",
        } | more
        lines = (f"{name}={value}\n" for name, value in variables.items())
        (self.folder / ".env").write_text("".join(lines), encoding="utf-8")

    def compose(self, *arguments: str, check: bool = True) -> str:
        return self.run("docker", "compose", *arguments, check=check)

    def run(self, *command: str, check: bool = True) -> str:
        """Returns what a command in the server's folder writes to stdout; `RuntimeError` with the
        rest when it fails."""
        done = self.result(*command)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout[-500:]}{done.stderr[-2000:]}")
        return done.stdout.strip()

    def result(self, *command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def address(self) -> tuple[str, int]:
        found = "127.0.0.1", int(self.compose("port", "caddy", "443").rpartition(":")[2])
        client.HTTPS[found] = HOST
        return found

    def logs(self, service: str = "") -> list[str]:
        names = (service,) if service else ("web", "web2")
        return [line for name in names for line in Stack.logs(self, name)]

    def make_learners(self, count: int = 40) -> None:
        made = "portal user create alex --name Alex --role learner --password-stdin"
        self.result(*("docker compose exec -T web " + made).split(), typed=LEARNER_PASSWORD + "\n")
        super().make_learners(count)

    def trust_caddy(self) -> None:
        """Let the portals trust the root that Caddy has made for itself."""
        where = "/data/caddy/pki/authorities/local/root.crt"
        root = self.compose("exec", "-T", "caddy", "cat", where)
        (self.folder / "root.crt").write_text(root, encoding="utf-8")

    def ids(self) -> dict[str, str]:
        """Returns the containers by service."""
        rows = self.compose("ps", "--format", "{{.Service}} {{.ID}}").splitlines()
        return dict(row.split(maxsplit=1) for row in rows)


async def update(stack: Stack) -> None:
    """A new version by up.sh, then the one before it."""
    assert isinstance(stack, Server)
    docker("tag", IMAGE, NEXT)
    stack.sql("SELECT 1")
    for what, image in (("the next version", NEXT), ("the previous one", IMAGE)):
        before = stack.ids()
        async with faults.under_load(stack) as load:
            stack.configure(image)
            started = time.monotonic()
            tell(await asyncio.to_thread(stack.run, "./up.sh"))
            took = time.monotonic() - started
        after = stack.ids()
        changed = sorted(name for name, one in after.items() if before.get(name) != one)
        say(changed == ["prune", "web", "web2"], f"{what}: exchanged {changed}, {took:.0f} s")
        failures = load.failures()
        say(not failures, f"{what}: {len(load.seen)} requests, failures: {failures or 'none'}")
        await faults.judge(stack, load, what)
    before = stack.ids()
    stack.run("./up.sh")
    say(stack.ids() == before, "up.sh again, and plain up: nothing is exchanged")
    stack.compose("up", "-d")
    left = {name: one for name, one in stack.ids().items() if name in before}
    changed = sorted(name for name, one in left.items() if before[name] != one)
    say(changed in ([], ["backup"]), f"docker compose up -d: exchanged {changed or 'nothing'}")


async def server_database(stack: Stack) -> None:
    """The database of the single server is restarted, then its pooler."""
    for what in ("db", "pgbouncer"):
        async with faults.under_load(stack) as load:
            cause = load.now()
            await asyncio.to_thread(stack.compose, "restart", what)
            took = load.now() - cause
            await lasting(6)
        failed = sum(seen.kind != client.OK for seen in load.seen)
        away = load.last_failure() - cause
        say(
            away < took + RESTART_SECONDS,
            f"{what} restarted in {took:.1f} s: {failed} of {len(load.seen)} requests failed, the"
            f" last of them began {away:.1f} s after its beginning",
        )
        await faults.judge(stack, load, f"{what} of the single server restarted")


async def server_rights(stack: Stack) -> None:
    """What somebody could do who has taken over a portal of the single server."""
    assert isinstance(stack, Server)
    ask = (
        "import asyncio, asyncpg, os\n"
        "async def main():\n"
        "    url = open('/run/secrets/database_url').read().partition('?')[0]\n"
        "    c = await asyncpg.connect(url, statement_cache_size=0)\n"
        "    print(await c.fetchval('SELECT current_user || rolsuper FROM pg_roles"
        " WHERE rolname = current_user'))\n"
        "    await c.fetchval(\"SELECT pg_read_file('PG_VERSION')\")\n"
        "asyncio.run(main())\n"
    )
    done = stack.result("docker", "compose", "exec", "-T", "web", "python", "-c", ask)
    last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "nothing"
    say(
        done.stdout.strip() == "portalfalse" and "permission denied" in last,
        f"a portal's role {done.stdout.strip()}, which reads a file of the server: {last}",
    )
    doctor = stack.result("docker", "compose", "exec", "-T", "web", "portal", "doctor")
    failed = [line for line in doctor.stdout.splitlines() if line.startswith("MEND")]
    say(doctor.returncode == 0, f"portal doctor in web: exit {doctor.returncode} {failed}")


@asynccontextmanager
async def single_server() -> AsyncIterator[Stack]:
    """deploy/vps, started by its README."""
    with tempfile.TemporaryDirectory(prefix="portal-server-") as made:
        stack = Server(Path(made))
        try:
            started = time.monotonic()
            first = stack.result("./up.sh")
            say(
                first.returncode == 1 and "CERTIFICATE_VERIFY_FAILED" in first.stderr,
                f"from nothing in {time.monotonic() - started:.0f} s, a certificate that nobody"
                f" trusts: {first.stderr.strip().splitlines()[-1]}",
            )
            stack.trust_caddy()
            docker("restart", *stack.containers("web"), *stack.containers("web2"))
            tell(stack.run("./up.sh").splitlines()[-1])
            stack.make_learners()
            yield stack
        finally:
            stack.compose("down", "-v", "--remove-orphans", "--timeout", "5", check=False)
            docker("image", "rm", NEXT, check=False)


SCENARIOS = {
    update: single_server,
    server_database: single_server,
    server_rights: single_server,
}
