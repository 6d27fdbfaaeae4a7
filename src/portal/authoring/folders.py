"""Which files of a folder are course files. The others are named and left out.

Volumes of Kubernetes show every file, or a folder of files, through a link into a hidden folder; so
links are followed as long as they stay within the course, and hidden folders are not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from portal.authoring.problems import Problem
from portal.authoring.textfiles import link_problem
from portal.learning.course import COMPILED_NAME, MEDIA_FOLDER

COURSE_FILE = "course.toml"
STEP_FILE = "step.toml"
STEP_FOLDER = re.compile(r"([0-9]{2})-[a-z0-9]+(-[a-z0-9]+)*")
# Files that programs keep beside the one that they work on, and what file managers call copies.
BY_PROGRAMS = re.compile(
    r"~\$.*|copy of .*|.* (- )?copy( ?\(?[0-9]+\)?)?\.toml|.* ?\([0-9]+\)\.toml", re.IGNORECASE
)
NO_STEPS = frozenset({"__MACOSX", "lost+found"})
KNOWN = frozenset({COURSE_FILE, COMPILED_NAME, MEDIA_FOLDER})


class Survey(msgspec.Struct):
    """The step folders in course order, each with the files of its videos, and what is wrong with
    everything else."""

    steps: dict[Path, list[Path]] = {}
    problems: list[Problem] = []


def survey(root: Path) -> Survey:
    """Look through the folder of a course, without reading the files; returns what is there."""
    seen = _Surveyor(root)
    for path in seen.entries(root):
        if path.is_dir():
            seen.folder(path)
        elif _is_course_file(path):
            seen.misplaced(path)
        elif STEP_FOLDER.fullmatch(path.name):
            seen.add(path, "is a file, not a folder", "Make it the folder of a step.")
        else:
            seen.leave_out(path)
    return seen.survey


def has_steps(root: Path) -> bool:
    """Whether a folder holds the sources of a course."""
    try:
        inside = [path for path in root.iterdir() if not path.name.startswith(".")]
        return any((path / STEP_FILE).exists() for path in inside)
    except OSError:
        return False


class _Surveyor:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.real_root = root.resolve()
        self.survey = Survey()

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def add(self, path: Path, problem: str, remedy: str, *, note: bool = False) -> None:
        self.survey.problems.append(Problem(self.name(path), "", problem, remedy, note=note))

    def leave_out(self, path: Path) -> None:
        what = "holds no course file" if path.is_dir() else "is no course file"
        self.add(path, f"{what} and is left out", "Delete it if nobody needs it.", note=True)

    def misplaced(self, path: Path) -> None:
        problem = "the file is not in a step folder"
        self.add(path, problem, "Move it into the folder of its step.")

    def entries(self, folder: Path) -> Iterator[Path]:
        """Yields what may be a step or a course file in a folder, in order: nothing that is hidden,
        and no link that is of no use."""
        try:
            paths = sorted(folder.iterdir())
        except OSError:
            if folder.exists():
                self.add(folder, "the folder cannot be read", "Change its permissions.")
            return
        for path in paths:
            if folder == self.root and path.name in KNOWN:
                continue  # others read these, and the media may be a volume of their own
            problem = self.link_problem(path)
            if path.name.startswith("."):
                # Volumes and Git keep their books in such names, programs what they leave behind.
                if not path.name.startswith(("..", ".git")) and not path.is_dir():
                    self.leave_out(path)
            elif problem is None:
                yield path
            else:
                is_meant = path.name.endswith(".toml") or STEP_FOLDER.fullmatch(path.name)
                self.add(path, *problem, note=not is_meant)

    def link_problem(self, path: Path) -> tuple[str, str] | None:
        if problem := link_problem(path):
            return problem
        if path.is_symlink():
            real = path.resolve()
            if self.real_root.is_relative_to(real):
                return "is a link to a folder that holds it", "Put the folder itself there."
            if not real.is_relative_to(self.real_root):
                return (
                    "is a link that leads out of the course",
                    "Put what it leads to in its place.",
                )
        return None

    def folder(self, folder: Path) -> None:
        """Look at a folder beside the course file; it is a step if it holds course files."""
        if folder.name in NO_STEPS:
            self.leave_out(folder)
            return
        entries = list(self.entries(folder))
        files = [path for path in entries if _is_course_file(path)]
        strangers = [path for path in entries if path not in files]
        for path in strangers:
            if files:
                self.leave_out(path)
            for inner in sorted(path.rglob("*.toml")) if path.is_dir() else ():
                if not any(part.startswith(".") for part in inner.relative_to(self.root).parts):
                    self.misplaced(inner)
        if not files:
            self.leave_out(folder)
            return
        self.survey.steps[folder] = videos = []
        for path in files:
            if path.suffix != ".toml" or path.name.lower() == STEP_FILE != path.name:
                name = path.name.lower()
                self.add(path, "is not named in small letters", f"Name it {name}.")
            elif path.name != STEP_FILE:
                videos.append(path)


def _is_course_file(path: Path) -> bool:
    """Whether an author means a file to be read, by its name."""
    name = path.name.lower()
    return name.endswith(".toml") and not BY_PROGRAMS.fullmatch(name)
