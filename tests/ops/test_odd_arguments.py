"""Arguments that a shell can pass and nobody means: one sentence, and nothing is written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.authoring.compiler import build
from portal.authoring.scaffold.drafts import new
from portal.errors import CommandFailed
from tests.ops.command import PORTAL, SECONDS, only_line, run_portal
from tests.support import Database, portal_environment

BROKEN = os.fsdecode(b"x\xff")
BUG = """
import sys
from portal import cli
def failing(): raise {}
for name in ("prune", "serve", "studio"): cli.program.commands[name].callback = failing
cli.main(sys.argv[1:])
"""


def ended(code: str, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends in this exception."""
    return subprocess.run(
        [sys.executable, "-c", BUG.format(code), command],
        env=portal_environment("", **environment),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "set-role", BROKEN, "admin"),
        ("user", "create", "ann", "--name", BROKEN, "--no-password"),
        ("user", "disable", BROKEN),
        ("team", "delete", BROKEN),
        ("team", "set-days", "a", BROKEN),
        ("db", "grants", BROKEN),
        ("content", "new", "unused", "--title", BROKEN),
        ("content", "links", "--endpoint", BROKEN),
    ],
)
def test_text_that_is_not_utf_8(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run_portal("", *arguments)
    assert done.returncode == 2
    assert "is not readable as UTF-8." in only_line(done.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoding", ["utf-8:strict", "utf-8:surrogateescape", "ascii:strict"])
def test_a_path_may_be_of_any_bytes(tmp_path: Path, encoding: str) -> None:
    folder = str(tmp_path / BROKEN)
    for command in (("new", folder), ("check", folder), ("build", folder)):
        done = subprocess.run(
            [*PORTAL, "content", *command],
            env=portal_environment("", PYTHONIOENCODING=encoding),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / BROKEN / "course.json").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        ("backup", ""),
        ("backup", "verify", ""),
        ("restore", ""),
        ("db", "service", ""),
        ("db", "grants", ""),
        ("dev", "--data-dir", ""),
        ("content", "check", ""),
        ("content", "build", "--out", ""),
        ("content", "plan", "", "x"),
        ("content", "new", ""),
        ("content", "import", "", "--out", "x"),
        ("content", "import", "x.json", "--out", ""),
        ("content", "new", "unused", "--step", "٣"),
        ("content", "new", "unused", "--step", "9" * 5_000),
        ("content", "links", "--timeout", "nan"),
        ("content", "links", "--timeout", "٣"),
        ("content", "links", "--timeout", "-1"),
        ("migrate", "rollback", "²"),
        ("migrate", "rollback", "٣"),
        ("migrate", "rollback", "0"),
        ("migrate", "rollback", "9" * 5_000),
        ("migrate", "rollback", "0" * 5_000 + "1"),
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_empty_paths_and_odd_numbers(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [*PORTAL, *arguments],
        env=portal_environment(""),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=3 * SECONDS,
        check=False,
    )
    assert done.returncode == 2
    line = only_line(done.stderr)
    assert "invalid" not in line
    assert len(line) < 300
    assert list(tmp_path.iterdir()) == []


def test_a_course_is_built_into_a_file_only(tmp_path: Path) -> None:
    new(tmp_path / "course")
    out = tmp_path / "out"
    out.mkdir()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    before = set(tmp_path.iterdir())
    for target, problem in (
        (out, f"{out} is a folder: name a file, such as {out / 'course.json'}."),
        (pipe, f"{pipe} is no ordinary file: name another."),
        (out / "no" / "x.json", f"{out / 'no' / 'x.json'} cannot be written: No such file or"),
    ):
        done = run_portal("", "content", "build", str(tmp_path / "course"), "--out", str(target))
        assert done.returncode == 1
        assert only_line(done.stderr).startswith(problem)
    assert set(tmp_path.iterdir()) == before
    assert pipe.is_fifo()


def test_no_draft_of_a_course_is_left_behind(tmp_path: Path) -> None:
    new(tmp_path / "course")
    long = tmp_path / ("x" * 253)  # the draft's name is too long, the file's is not
    with pytest.raises(CommandFailed, match=r"cannot be written: File name too long\.$"):
        build(tmp_path / "course", long)
    assert [path.name for path in tmp_path.iterdir()] == ["course"]


@pytest.mark.parametrize("folder", [".", "/"])
def test_a_folder_is_no_name_of_a_backup(database: Database, folder: str) -> None:
    done = run_portal(database.url, "backup", folder)
    assert done.returncode == 1
    assert only_line(done.stderr) == f"{folder} exists: a backup never overwrites a file."


@pytest.mark.parametrize("name", ["PORT", "HOST"])
def test_a_probe_of_nothing(name: str) -> None:
    for value in ("٣", BROKEN, "9" * 5_000) if name == "PORT" else (BROKEN,):
        done = run_portal("", "healthcheck", **{name: value})
        assert done.returncode == 1
        assert only_line(done.stderr).startswith(f"{name} is ")


def test_a_bug_ends_a_command_in_one_sentence() -> None:
    done = ended("KeyError('hush')", "prune")
    assert done.returncode == 1
    line = only_line(done.stderr)
    assert line.startswith("portal prune failed by a mistake in the portal.")
    assert "APP_ENV=development" in line
    assert "KeyError" not in line
    assert "hush" not in line


def test_a_bug_can_be_found_by_a_developer() -> None:
    done = ended("KeyError('hush')", "prune", APP_ENV="development")
    assert done.returncode == 1
    line = only_line(done.stderr)
    assert line.startswith('[portal/prune] ended by KeyError {"traceback":')
    assert " failing" in line
    assert "hush" not in line


def test_a_bug_of_a_server_is_in_its_log() -> None:
    done = ended("OSError(5, 'Input/output error')", "serve")
    assert done.returncode == 1
    assert only_line(done.stderr).startswith("[serve/stop] ended by OSError {")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("OSError(30, 'Read-only file system', '/x')", "/x cannot be used: Read-only file system."),
        ("OSError(28, 'No space left on device')", "portal prune failed: No space left on device."),
    ],
)
def test_what_the_system_refuses_is_told(code: str, line: str) -> None:
    done = ended(code, "prune")
    assert done.returncode == 1
    assert only_line(done.stderr) == line


def test_a_path_that_no_system_takes() -> None:
    done = run_portal("", "content", "check", "a" * 5_000)
    assert done.returncode in (1, 2)
    assert "File name too long" in only_line(done.stderr)
