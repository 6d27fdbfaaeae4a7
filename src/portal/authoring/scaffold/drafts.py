"""Course files that an author goes on with: a new course or step, or what an import brought.

What nobody knows yet is written as TODO with a hint, which `portal content check` lists.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Container, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec

from portal.authoring.scaffold.toml import toml_document
from portal.authoring.sources import Table
from portal.authoring.textfiles import Unreadable, read_text
from portal.errors import CommandFailed

COURSE_TEXT = """\
# What this course is held to; docs/CONTENT.md explains each line.
channels = ["Anthropic", "Claude"]  # publishers whose videos may be shown
language = "en"                     # the reading level is judged in English only
min_questions = 5                   # of a quiz
quiz_required = false               # true: a video without a quiz is a fault, not something to do
"""
QUIZ_EXAMPLE = """
# A quiz is at least five questions like this one:
#
# [[questions]]
# id = "who-answers-for-it"
# kind = "single"                   # single, multiple, ordering or true_false
# text = "Who answers for a mistake in a report that AI has drafted?"
# choices = [
#   {id = "a", text = "The maker of the AI, because it made the mistake"},
#   {id = "b", text = "You, because you have passed the report on", right = true},
#   {id = "c", text = "The reader, who could have checked the report"},
# ]
# explanation = "Why the right answer is right, and why the most tempting other one is not."
"""
FOLDER = re.compile(r"[0-9]{2}-.+")
LONGEST_NAME = 60


class VideoDraft(msgspec.Struct, frozen=True):
    """A video file in the making; `known` are the keys that need no TODO."""

    title: str
    known: Table = {}


class TopicDraft(msgspec.Struct, frozen=True):
    title: str
    videos: tuple[VideoDraft, ...]
    description: str = "TODO: one sentence on what these videos are about"


class StepDraft(msgspec.Struct, frozen=True):
    title: str
    topics: tuple[TopicDraft, ...]
    known: Table = {}


FIRST_TOPIC = TopicDraft(
    "First topic", (VideoDraft("TODO: the title of the video, as its publisher wrote it"),)
)


def slug(text: str, fallback: str = "untitled") -> str:
    """Returns the letters a to z and digits of a text with single hyphens between words, for an
    id."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    while len(words) > 1 and len("-".join(words)) > LONGEST_NAME:
        words.pop()
    return "-".join(words)[:LONGEST_NAME] or fallback


def new(folder: Path, *, step: int | None = None, title: str | None = None) -> list[Path]:
    """Make a course in `folder`, or another step when it holds one; returns the files written.

    Raises `CommandFailed`; then nothing was written.
    """
    return write(folder, [StepDraft(title or "First steps", (FIRST_TOPIC,))], first=step)


def write(folder: Path, steps: Sequence[StepDraft], *, first: int | None = None) -> list[Path]:
    """Write steps after those that `folder` holds; returns the files in the order of the course.

    `first` is the number that the first of them is meant to get. Ids that the course has already
    get a number at their end. Raises `CommandFailed`; then nothing was written.
    """
    number = len(_step_folders(folder)) + 1
    if first not in (None, number):
        raise CommandFailed(f"The next step of {folder} is step {number}, not {first}.")
    topics, videos = set(_topic_ids(folder)), set(_video_names(folder))
    files: dict[Path, str] = {}
    if number == 1 and not (folder / "course.toml").exists():
        files[folder / "course.toml"] = COURSE_TEXT
    for place, step in enumerate(steps, start=number):
        inside = folder / f"{place:02}-{slug(step.title)}"
        files |= _step_files(inside, place, step, topics, videos)
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandFailed(f"{folder} cannot be written to: {error.strerror}.") from None
    return list(files)


def free_name(wanted: str, taken: Container[str]) -> str:
    """Returns the name that is wanted, with a number at its end if it is taken."""
    names = chain((wanted,), (f"{wanted}-{number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def _step_files(
    folder: Path, number: int, step: StepDraft, topics: set[str], videos: set[str]
) -> dict[Path, str]:
    listed: list[Table] = []
    files: dict[Path, str] = {}
    for topic in step.topics:
        names = []
        for video in topic.videos:
            is_open = video.title.startswith("TODO")
            name = free_name("first-video" if is_open else slug(video.title), videos)
            videos.add(name)
            names.append(name)
            files[folder / f"{name}.toml"] = _video_text(video)
        topic_id = free_name(slug(topic.title.removeprefix("TODO: ")), topics)
        topics.add(topic_id)
        listed.append(
            {
                "id": topic_id,
                "title": topic.title,
                "description": topic.description,
                "videos": names,
            }
        )
    table: Table = {
        "id": str(number),
        "title": step.title,
        "summary": "TODO: one or two sentences on what this step is about",
        "objectives": [
            "TODO: what a learner can do afterwards, beginning with a verb",
            "TODO: another one, two to four in all",
        ],
        "practice": [
            "TODO: something to do at one's own desk",
            "TODO: another one, two to four in all",
        ],
        **step.known,
        "topics": listed,
    }
    return {folder / "step.toml": toml_document(table), **files}


def _video_text(video: VideoDraft) -> str:
    table: Table = {
        "title": video.title,
        "provider": "youtube",
        "ref": "TODO: set provider, and here the id of the video: after watch?v= at YouTube",
        "channel": "TODO: who published the video",
        "level": "beginner",
        "summary": "TODO: one sentence on what the video shows",
        "objectives": ["TODO: what a viewer can do afterwards, beginning with a verb"],
        **video.known,
    }
    return toml_document(table) + ("" if table.get("questions") else QUIZ_EXAMPLE)


def _step_folders(folder: Path) -> list[Path]:
    """Returns the step folders of a course; `CommandFailed` when `folder` holds something else."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise CommandFailed(f"{folder} is a file; name a folder.")
    found = sorted(path for path in folder.iterdir() if path.is_dir() and FOLDER.match(path.name))
    strangers = [path for path in folder.iterdir() if not path.name.startswith(".")]
    if strangers and not found and not (folder / "course.toml").is_file():
        raise CommandFailed(f"{folder} holds other files; name a new folder, or one with a course.")
    return found


def _video_names(folder: Path) -> list[str]:
    names = [path.stem for path in folder.glob("*/*.toml") if path.name != "step.toml"]
    return names + _each(folder, "*/*.toml", lambda table: table.get("aliases", []))


def _topic_ids(folder: Path) -> list[str]:
    return _each(
        folder, "*/step.toml", lambda table: [t.get("id") for t in table.get("topics", [])]
    )


def _each(folder: Path, pattern: str, pick: Callable[[Table], list[Any]]) -> list[str]:
    """Returns what `pick` finds in the files; what cannot be read is the business of the check."""
    found: list[Any] = []
    for path in sorted(folder.glob(pattern)):
        try:
            found += pick(tomllib.loads(read_text(path)))
        except (Unreadable, ValueError, AttributeError, TypeError):
            continue
    return [name for name in found if isinstance(name, str)]
