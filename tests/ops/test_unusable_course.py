"""A course that cannot be used stops the start, in words for its author."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ops.command import run_portal
from tests.support import Database


async def test_a_folder_without_a_course_stops_the_start(
    database: Database, tmp_path: Path
) -> None:
    done = run_portal(database.url, "serve", CONTENT_DIR=str(tmp_path), PORT="1")
    assert done.returncode == 1
    assert "there is no course" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_number_of_thousands_of_digits_stops_the_start(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "01-first").mkdir()
    (tmp_path / "01-first" / "step.toml").write_text(f"id = {'9' * 5_000}")
    done = run_portal(database.url, "serve", CONTENT_DIR=str(tmp_path), PORT="1")
    assert done.returncode == 1
    assert "01-first/step.toml: has a number that is too long. Shorten it." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("migrate", "rollback", "some"), ("user", "create")]
)
async def test_a_wrong_command_gets_one_line(
    database: Database, arguments: tuple[str, ...]
) -> None:
    done = run_portal(database.url, *arguments)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "--help" in done.stderr
