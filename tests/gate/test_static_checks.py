"""What reviews would repeat: style, types, the direction of imports, shell scripts, file sizes."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import find_tool
from tests.support import ROOT

SCRIPTS = Path(sys.executable).parent
MAX_LINES = 400
# Made by tools, or data.
NOT_COUNTED = ("locks/", "src/portal/content/", "LICENSE")


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]


def tracked(*patterns: str) -> list[str]:
    """Returns the files that git knows; outside a checkout there is nothing to look at."""
    done = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout: nothing tells which files are ours")
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_style() -> None:
    run(str(SCRIPTS / "ruff"), "check", ".")


def test_format() -> None:
    run(str(SCRIPTS / "ruff"), "format", "--check", ".")


def test_types() -> None:
    run(str(SCRIPTS / "mypy"))


def test_imports_go_down_only() -> None:
    run(str(SCRIPTS / "lint-imports"))


def test_every_import_is_a_dependency_of_ours() -> None:
    run(str(SCRIPTS / "deptry"), "src/portal", "tests", "bench")


def test_shell_scripts() -> None:
    scripts = [
        name
        for name in tracked()
        if name.endswith(".sh") or re.match(rb"#!.*\b(ba)?sh\b", (ROOT / name).read_bytes()[:80])
    ]
    assert {"portal", "locks/update", ".ci/run", "entrypoint.sh"} <= set(scripts)
    run(find_tool("shellcheck"), *scripts)


def test_no_file_is_too_long() -> None:
    long = {
        name: lines
        for name in tracked()
        if not name.startswith(NOT_COUNTED)
        and Path(name).suffix in {".py", ".js", ".css", ".html", ".sh", ".md", ".toml", ""}
        and (lines := len((ROOT / name).read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_locks_name_no_place_to_download_from() -> None:
    for lock in tracked("locks/*.txt"):
        assert "://" not in (ROOT / lock).read_text(encoding="utf-8"), lock


def test_lock_files_are_installable_by_plain_pip() -> None:
    """Every requirement is exact and has a hash."""
    for lock in tracked("locks/*.txt"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        requirements = [
            line for line in text.splitlines() if line and not line.startswith((" ", "#"))
        ]
        assert requirements
        assert all("==" in line for line in requirements), lock
        assert text.count("--hash=sha256:") >= len(requirements), lock


def test_wheel_carries_templates_content_and_migrations(tmp_path: Path) -> None:
    # Through the build backend itself: neither pip nor uv need be in the environment.
    run(
        sys.executable,
        "-c",
        f"from hatchling.build import build_wheel; build_wheel({str(tmp_path)!r})",
    )
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    for wanted in (
        "portal/web/templates/base.html",
        "portal/web/static/css/tokens.css",
        "portal/content/course.json",
    ):
        assert wanted in names
    assert sum(name.startswith("portal/piccolo_migrations/portal_") for name in names) >= 2


def test_what_is_installed_from_a_lock_is_not_resolved_again() -> None:
    """Older pips would ask for hashes that no lock can have."""
    forgotten = [
        f"{name}: {line.strip()}"
        for name in tracked()
        if not name.startswith(("locks/", "tests/"))
        for line in (ROOT / name).read_text(encoding="utf-8", errors="ignore").splitlines()
        if re.search(r"--require-hashes.* -r|install --require-hashes", line)
        and "--no-deps" not in line
        and "pip-audit" not in line
        and 'install --require-hashes -r "$lock"' not in line  # the launcher's own function
    ]
    assert forgotten == []


def test_the_lock_is_complete() -> None:
    """Installed without resolving, so a package that is missing would be missed at run time."""
    environment = {"extra": ""}
    missing = []
    for distribution in importlib.metadata.distributions():
        for text in distribution.requires or ():
            requirement = Requirement(text)
            if requirement.marker and not requirement.marker.evaluate(environment):
                continue
            try:
                version = importlib.metadata.version(requirement.name)
            except importlib.metadata.PackageNotFoundError:
                version = None
            if version is None or not requirement.specifier.contains(version, prereleases=True):
                missing.append(f"{distribution.name} needs {text}, there is {version}")
    assert missing == []
