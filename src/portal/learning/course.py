"""The course as the service knows it: steps, topics, videos and quizzes, read once at start.

The service imports this module on its way up, so it needs little: msgspec,
and modules without a framework.
The sources that a course is compiled from are the business of `portal.authoring.compiler`.
"""

import hashlib
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from portal.errors import PortalError
from portal.web.languages import ENGLISH

COMPILED_NAME: Final = "course.json"
# Beside the course, the files that it plays and their captions.
MEDIA_FOLDER: Final = "media"
FORMAT: Final = 1

Kind = Literal["single", "true_false", "multiple", "ordering"]
Provider = Literal["youtube", "vimeo", "file"]
Level = Literal["beginner", "regular", "advanced"]
Difficulty = Literal["easy", "medium", "hard"]


class ContentError(PortalError):
    """A course that cannot be used. Its text has one line per problem, each with the remedy."""

    def __init__(self, problems: Sequence[object]) -> None:
        self.problems: Final = tuple(str(problem) for problem in problems)
        super().__init__("\n".join(self.problems))


class Choice(msgspec.Struct, frozen=True):
    """One answer that a learner may pick. Its id reaches the browser, so it must tell nothing."""

    id: str
    text: str


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question with its key. `key` and `explanation` stay here until it is answered.

    `key` holds the ids of the right choices; for `ordering` all ids in the right order.
    `at` is the second of the video that explains the answer, `difficulty` what its author expects
    of a first try.
    """

    id: str
    kind: Kind
    text: str
    choices: tuple[Choice, ...]
    key: tuple[str, ...]
    explanation: str
    at: int | None = None
    difficulty: Difficulty = "medium"


class Quiz(msgspec.Struct, frozen=True):
    """The questions of one video. `content_hash` changes with every word of them."""

    video_id: str
    questions: tuple[Question, ...]
    content_hash: str


class Cue(msgspec.Struct, frozen=True, array_like=True):
    """What is said from one second on, until the next cue."""

    start: float
    text: str


class Video(msgspec.Struct, frozen=True, omit_defaults=True):
    """One video. `duration` is in seconds, `position` counts from 1 over the whole course.

    `ref` is what the provider calls it: a YouTube id, a Vimeo id (`id/hash` when unlisted),
    or the path of a file. `id` is for ever; `aliases` are the names that its file got later.
    `captions` is the path of a WebVTT file, or empty; `transcript` is what that file says.
    """

    id: str
    title: str
    provider: Provider
    ref: str
    channel: str
    duration: int | None
    level: Level
    top_pick: bool
    objectives: tuple[str, ...]
    summary: str
    quiz: Quiz | None
    step_id: str
    topic_id: str
    position: int
    aliases: tuple[str, ...] = ()
    captions: str = ""
    transcript: tuple[Cue, ...] = ()


class Requirement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has to be done before a part of the course opens: a `step` or a `topic`, with at least
    `min_score` percent of the points that its quizzes can bring, or finished when that is 0."""

    step: str = ""
    topic: str = ""
    min_score: int = 0


class Topic(msgspec.Struct, frozen=True, omit_defaults=True):
    """A few videos on one subject, in the order to watch them."""

    id: str
    title: str
    description: str
    videos: tuple[Video, ...]
    requires: tuple[Requirement, ...] = ()


class Task(msgspec.Struct, frozen=True):
    """Something to practise. What a learner ticked off is kept under its id."""

    id: str
    text: str


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of the learning path. `tasks` are for the learner's own desk; one that is only a
    text, without an id, cannot be ticked off."""

    id: str
    title: str
    summary: str
    objectives: tuple[str, ...]
    tasks: tuple[Task | str, ...] = msgspec.field(name="practice")
    topics: tuple[Topic, ...]
    requires: tuple[Requirement, ...] = ()

    @property
    def practice(self) -> tuple[str, ...]:
        """What is to be practised, in words."""
        return tuple(task if isinstance(task, str) else task.text for task in self.tasks)

    @property
    def videos(self) -> tuple[Video, ...]:
        """All videos of the step in course order."""
        return tuple(video for topic in self.topics for video in topic.videos)


class Compiled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What `course.json` holds."""

    format: int
    content_hash: str
    steps: tuple[Step, ...]
    language: str = ENGLISH


class Course:
    """The whole course with its look-ups, built once. Never change what it hands out.

    `language` is the tag of the language that it is written in.
    """

    __slots__ = (
        "_aliases",
        "content_hash",
        "language",
        "ordered",
        "quizzes",
        "steps",
        "steps_by_id",
        "topics",
        "videos",
    )

    def __init__(self, steps: tuple[Step, ...], content_hash: str, language: str = ENGLISH) -> None:
        self.steps: Final = steps
        self.content_hash: Final = content_hash
        self.language: Final = language
        self.ordered: Final = tuple(video for step in steps for video in step.videos)
        self.steps_by_id: Final = {step.id: step for step in steps}
        self.topics: Final = {topic.id: topic for step in steps for topic in step.topics}
        self.videos: Final = {video.id: video for video in self.ordered}
        self.quizzes: Final = {video.id: video.quiz for video in self.ordered if video.quiz}
        self._aliases: Final = {name: video for video in self.ordered for name in video.aliases}

    def find(self, name: str) -> Video | None:
        """The video of this id or alias, or None."""
        return self.videos.get(name) or self._aliases.get(name)

    def neighbours(self, video_id: str) -> tuple[Video | None, Video | None]:
        """The videos before and after this one, across topics and steps.

        None at either end of the course. Raises KeyError for an unknown video.
        """
        after = self.videos[video_id].position
        before = after - 2
        return (
            self.ordered[before] if before >= 0 else None,
            self.ordered[after] if after < len(self.ordered) else None,
        )


def content_hash(content: Sequence[Question] | Sequence[Step]) -> str:
    """The first 32 hex digits of the SHA-256 of the canonical JSON of questions or steps."""
    canonical = msgspec.json.encode(content, order="sorted")
    return hashlib.sha256(canonical).hexdigest()[:32]


def load_course(path: Path | None = None) -> Course:
    """The compiled course at `path`, a file or a folder with `course.json`.

    Without a path it is the course that ships with the portal. Raises ContentError.
    """
    if path is None:
        path = Path(__file__).parent.parent / "content" / COMPILED_NAME
    elif path.is_dir():
        path = path / COMPILED_NAME
    return decode_course(_read_compiled(path), path.name)


def decode_course(body: bytes, name: str = COMPILED_NAME) -> Course:
    """The course in a compiled file; `name` is what messages call that file.

    Raises ContentError when it is no compiled course, or was changed after it was built.
    """
    try:
        compiled = msgspec.json.decode(body.removeprefix(BOM_UTF8), type=Compiled)
    except msgspec.DecodeError as error:
        raise _unusable(name, f"is not a compiled course: {error}") from None
    if compiled.format != FORMAT:
        raise _unusable(name, f"has format {compiled.format}, this portal reads {FORMAT}")
    if compiled.content_hash != content_hash(compiled.steps):
        raise _unusable(name, "does not match its content hash, it was changed after the build")
    return Course(compiled.steps, compiled.content_hash, compiled.language)


def _read_compiled(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        problem = f"{path}: there is no course"
    except OSError as error:
        problem = f"{path}: the course cannot be read ({error.strerror})"
    remedy = f"Point CONTENT_DIR at a folder with {COMPILED_NAME} or with step folders"
    raise ContentError([f"{problem}. {remedy}."])


def _unusable(name: str, problem: str) -> ContentError:
    remedy = "Change the TOML sources and compile them with `portal content build`"
    return ContentError([f"{name}: {problem}. {remedy}."])
