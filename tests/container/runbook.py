"""Runs the runbook's `lab` commands as typed, in order, on a real Docker Engine.

    python tests/container/runbook.py

Needs docker with the compose plugin, git, jq, curl and port 3000; the registry for the rollback by
tag is Debian's docker-registry. One line per command and per check; exit 1 when one fails. Between
the sections a learner's session and score must be what they were: through restarts, backup, wipe,
restore, a rollback of the image and one of a migration. What it makes is removed at the end.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.container.learner import Learner  # noqa: E402
from tests.container.registry import Registry  # noqa: E402
from tests.container.terminal import Terminal  # noqa: E402
from tests.runbook import Fence, fences  # noqa: E402

PROJECT = f"portal-runbook-{os.getpid()}"
COMMIT = "0" * 40
PACKAGE = "/opt/portal/lib/python3.13/site-packages/portal"
SITE = "http://localhost:3000"
SECONDS = 240.0
# A migration that the version before it does not know, with a table that will hold data.
NEXT_RELEASE = """
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2099-01-01T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "of a next release"
DROPS = ["next_release"]


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)

    async def add():
        await engine_finder().run_ddl("CREATE TABLE next_release (id int)")

    async def remove():
        await engine_finder().run_ddl("DROP TABLE next_release")

    manager.add_raw(add)
    manager.add_raw_backwards(remove)
    return manager
"""


class Run:
    """One walk through the runbook in a copy of the checkout."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.folder = folder
        self.registry = registry
        self.image = f"{PROJECT}:local"
        self.next_image = f"{PROJECT}-next"
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PORTAL_", "POSTGRES_", "ADMIN_"))
            and name not in {"SEED_DB", "SEED_HISTORY", "APP_ENV", "PUBLIC_URL", "TRUSTED_PROXIES"}
        } | {
            "COMPOSE_PROJECT_NAME": PROJECT,
            "PORTAL_IMAGE": self.image,
            "REGISTRY": registry.address,
            "COMMIT": COMMIT,
        }
        self.learner = Learner(SITE, ROOT / "src/portal/content/course.json")
        self.failed = 0
        self.commands = 0

    def check(self, good: bool, text: str) -> bool:
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {text}", flush=True)
        return good

    def sh(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def up(self) -> None:
        """What the runbook takes for granted at the head of a section: the stack runs."""
        done = self.sh("docker compose up -d --no-build --wait")
        if done.returncode != 0:
            self.check(False, f"docker compose up: {done.stderr[-500:]}")

    def type_in(self, fence: Fence) -> None:
        """Run one fence as somebody at a terminal would."""
        started = time.monotonic()
        with Terminal(fence.script, self.folder, self.environment) as terminal:
            code, why = terminal.finish(until=fence.until, typed=fence.typed, seconds=SECONDS)
        self.commands += len(fence.commands)
        took = time.monotonic() - started
        title = " ; ".join(fence.commands)
        if not self.check(code == 0, f"{fence.section}: {title} ({took:.1f} s)"):
            print(f"     {why}, exit {code}\n{terminal.output[-1500:]}", flush=True)

    def kept(self, when: str) -> None:
        seen = self.learner.score()
        self.check(seen == self.learner.expected, f"{when}: the learner's session and score {seen}")

    def before(self, fence: Fence) -> None:
        """What must be so before this fence, apart from a running stack."""
        first = fence.commands[0]
        if fence.section == "The image" and first.startswith("export"):
            self._deploy_next_release()
        elif fence.section == "A migration" and first.endswith("stop web"):
            self._refuse_to_drop_data()
        elif fence.section.startswith("PostgreSQL"):
            self._provide_another_major()

    def _provide_another_major(self) -> None:
        """Without its image, the present one stands in: the way is the same. The variables of this
        process win over those that the commands write into .env."""
        image = "postgres:17-alpine"
        there = self.sh(f"docker image inspect {image} || docker pull -q {image}")
        if there.returncode != 0:
            print(f"     {image} is not to be had: the present version stands in")
            image = "postgres:16-alpine"
        self.environment |= {"POSTGRES_IMAGE": image, "POSTGRES_VOLUME": f"{PROJECT}_17"}

    def _deploy_next_release(self) -> None:
        self.registry.push(self.image, f"ai-training-portal:sha-{COMMIT}")
        (self.folder / "next").mkdir()
        (self.folder / "next" / "portal_2099.py").write_text(NEXT_RELEASE, encoding="utf-8")
        (self.folder / "next" / "Dockerfile").write_text(
            f"FROM {self.image}\nCOPY portal_2099.py {PACKAGE}/piccolo_migrations/\n",
            encoding="utf-8",
        )
        built = self.sh(f"docker build -q -t {self.next_image} next")
        self.check(built.returncode == 0, f"a next release with one more migration {built.stderr}")
        self.environment["PORTAL_IMAGE"] = self.next_image
        self.up()
        self.learner.take_next_quiz()
        self.kept("on the next release, with one more quiz")

    def _refuse_to_drop_data(self) -> None:
        self.environment["PORTAL_IMAGE"] = self.next_image
        self.up()
        sql = 'docker compose exec -T db psql -qU postgres -d claude_training -c "{}"'
        self.sh(sql.format("INSERT INTO next_release VALUES (1)"))
        refused = self.sh("docker compose run --rm -T web portal migrate rollback")
        self.check(
            refused.returncode == 1 and "next_release (1 row)" in refused.stderr,
            f"a rollback that would drop data: {refused.stderr.strip().splitlines()[-1]}",
        )
        self.sh(sql.format("DELETE FROM next_release"))

    def after(self, fence: Fence) -> None:
        if fence.section == "Reset":
            self.up()
            self.check(self.learner.score() is None, "after the reset the learner's score is gone")
        elif fence.section == "A migration" and "rollback" in fence.script:
            left = self.sh(
                "docker compose exec -T db psql -qAtU postgres -d claude_training"
                " -c \"SELECT to_regclass('next_release') IS NULL\""
            )
            self.check(left.stdout.strip() == "t", "the migration is undone")
        elif fence.section == "A migration":
            self.up()  # the next release, which brings its migration again
            self.kept("on the next release once more")
            self.sh("docker compose run --rm -T web portal migrate rollback")
            self.environment["PORTAL_IMAGE"] = self.image
        elif fence.section == "The image":
            pinned = f"{self.registry.address}/ai-training-portal:sha-{COMMIT}"
            self.environment["PORTAL_IMAGE"] = pinned  # as the fence exported it in its own shell
            self.up()
            said = self.sh("docker compose logs web 2>&1").stdout
            self.check("newer" in said, "the older image says that the schema is newer")

    def walk(self) -> None:
        section = ""
        for fence in fences():
            if fence.how != "lab":
                continue
            if fence.section != section:
                if section == "Start and stop":
                    self.up()
                    self.learner.sign_in()
                    self.learner.take_next_quiz()
                elif section not in {"", "Reset"}:
                    self.up()
                    self.kept(section)
                section = fence.section
                if section != "Start and stop":
                    self.up()
            self.before(fence)
            self.type_in(fence)
            self.after(fence)
        self.up()
        self.kept(section)
        drift = self.sh("docker compose exec -T web portal scores check")
        self.check(drift.returncode == 0, f"scores check: {drift.stdout.strip()}")


def copy_checkout(target: Path) -> None:
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 3000)) == 0:
            print("FAIL port 3000 is taken, and the runbook's commands name it")
            return 1
    with tempfile.TemporaryDirectory(prefix="portal-runbook-") as made, Registry() as registry:
        folder = Path(made)
        copy_checkout(folder)
        run = Run(folder, registry)
        try:
            run.walk()
        except OSError as error:  # without an answer, what follows cannot work
            run.check(False, f"the service does not answer: {error}")
            print(run.sh("docker compose logs --tail=30 2>&1").stdout)
        finally:
            run.sh("docker compose down -v --remove-orphans")
            run.sh(f"docker volume rm {PROJECT}_db_data")  # of the major version before
            run.sh(f"docker image rm {run.image} {run.next_image}")
    print(f"{run.commands} commands of the runbook were run, {run.failed} checks failed")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
