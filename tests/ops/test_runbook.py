"""The runbook: its local commands are run here, and what it names must exist.

Its `lab` commands are run by tests/container/runbook.py on a Docker Engine.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from portal.app import HANDLERS
from portal.cli import program
from portal.config.settings import SETTINGS
from tests.ops.command import STOPPED
from tests.runbook import PARTS, RUNBOOK, Fence, fences
from tests.support import Database, execute, portal_environment

TEXT = "\n".join(part.read_text(encoding="utf-8") for part in PARTS)
FENCES = fences()
LOCAL = [fence for fence in FENCES if fence.how == "local"]
RUN = [command for fence in FENCES if fence.how != "by-hand" for command in fence.commands]
# A row of the last table: the old command, what it became, and - when that is not among the
# commands that are run - why not.
OLD = re.findall(
    r"^\| (.*`.+?`.*?) \| (.+?) \|$",
    RUNBOOK.with_name("OLD-COMMANDS.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def counterparts(cell: str) -> list[str]:
    return [code.replace("\\|", "|") for code in re.findall(r"`(.+?)`", cell)]


def is_run(cell: str) -> bool:
    found = counterparts(cell)
    return bool(found) and all(any(code in command for command in RUN) for code in found)


async def test_local_commands(database: Database, tmp_path: Path) -> None:
    """In the document's order, because a restore takes the backup made before it."""
    environment = portal_environment(database.url)
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    before = await database.value("SELECT name FROM team WHERE id = 'ai'")
    assert LOCAL
    for fence in LOCAL:
        run(fence, tmp_path, environment)
        if "portal backup" in fence.script:
            await execute(database.url, "UPDATE team SET name = 'After it' WHERE id = 'ai'")
    assert await database.value("SELECT name FROM team WHERE id = 'ai'") == before


def run(fence: Fence, folder: Path, environment: dict[str, str]) -> None:
    script = fence.script
    if fence.until:  # the signal must reach the command itself
        script = f"exec {script}"
    process = subprocess.Popen(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    output = ""
    with process:
        for line in process.stdout:
            output += line
            if fence.until and fence.until in line:
                process.send_signal(signal.SIGTERM)
    assert process.returncode in (STOPPED if fence.until else {0}), f"{fence.script}\n{output}"
    assert fence.until is None or fence.until in output, output


def test_most_old_commands_have_a_counterpart_that_is_run() -> None:
    executed = [old for old, cell in OLD if is_run(cell)]
    others = {old: cell for old, cell in OLD if not is_run(cell)}
    assert len(OLD) >= 40
    assert len(executed) / len(OLD) >= 0.9, others
    for old, cell in others.items():
        assert "by hand" in cell or "not needed" in cell, (old, cell)


CODE = " ; ".join([*RUN, *re.findall(r"`(.+?)`", TEXT)])


@pytest.mark.parametrize("command", sorted(set(re.findall(r"portal ([a-z][a-z -]*[a-z])", CODE))))
def test_commands_that_it_names_exist(command: str) -> None:
    words = command.split()
    names = subcommands(program)
    assert any(words[: len(name)] == list(name) for name in names), command


def subcommands(command: click.Command) -> set[tuple[str, ...]]:
    """Returns the words of every command, such as ("migrate", "rollback")."""
    found: set[tuple[str, ...]] = set()
    if isinstance(command, click.Group):
        for name, sub in command.commands.items():
            found |= {(name,), *((name, *rest) for rest in subcommands(sub))}
    return found


def test_paths_that_it_names_exist() -> None:
    routes = {path for handler in HANDLERS for path in handler.paths}
    named = set(re.findall(r"`(?:GET )?(/(?:api/|health/|metrics)[a-z/]*)`", TEXT))
    assert named >= {"/api/health", "/health/ready"}
    assert named <= routes


def test_settings_that_it_names_exist() -> None:
    known = {setting.name for setting in SETTINGS}
    named = set(re.findall(r"`([A-Z][A-Z]+_[A-Z_]+)(?:=[^`]*)?`", TEXT))
    elsewhere = {"PORTAL_IMAGE", "PORTAL_PORT"}  # of docker-compose.yml, as the next ones
    elsewhere |= {"POSTGRES_IMAGE", "POSTGRES_VOLUME", "POSTGRES_MOUNT"}
    assert named - elsewhere <= known
