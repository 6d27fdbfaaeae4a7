"""Course sources in TOML: check them and compile them. For authors' tools.

A course is a folder with one folder per step, named `01-a-slug`, that holds `step.toml` and one
file per video, named after the video's id. The running service reads sources only when
CONTENT_DIR holds them; otherwise it reads what `build` has written.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

import msgspec

from portal.learning.catalogue import (
    FORMAT,
    Choice,
    Compiled,
    ContentError,
    Course,
    Question,
    Quiz,
    Step,
    Topic,
    Video,
    content_hash,
)
from portal.learning.findings import (
    MIN_QUESTIONS,
    TRUSTED_CHANNELS,
    Finding,
    Placed,
    course_findings,
    step_findings,
    video_findings,
)
from portal.learning.sources import (
    ChoiceSource,
    QuestionSource,
    StepSource,
    Table,
    TopicSource,
    VideoSource,
    fill,
    parse,
    seconds,
)

STEP_FILE: Final = "step.toml"
STEP_FOLDER: Final = re.compile(r"([0-9]{2})-[a-z0-9]+(-[a-z0-9]+)*")
TRUE_FALSE: Final = (Choice("true", "True"), Choice("false", "False"))

# None stands for a file that cannot be read, so that nobody is told that it does not exist.
Videos = dict[str, Video | None]


def check(root: Path, channels: Collection[str] | None = TRUSTED_CHANNELS) -> list[Finding]:
    """Every problem of the course in `root`; an empty list when it may be published.

    `channels` are the publishers whose videos may be shown, None means any.
    """
    return _Compiler(root, channels).run()[1]


def read_sources(root: Path, channels: Collection[str] | None = TRUSTED_CHANNELS) -> Course:
    """The course in `root`, compiled in memory. Raises ContentError with every problem."""
    steps, found = _Compiler(root, channels).run()
    if found:
        raise ContentError(found)
    return Course(steps, content_hash(steps))


def build(root: Path, out: Path, channels: Collection[str] | None = TRUSTED_CHANNELS) -> Course:
    """Compiles the course in `root` into the file `out` and returns it.

    The file is replaced in one go, so that a reader never sees half of it. Raises ContentError
    with every problem, and then leaves the file as it was.
    """
    course = read_sources(root, channels)
    draft = out.with_name(f"{out.name}.new")
    draft.write_bytes(_encoded(course))
    draft.replace(out)
    return course


def is_current(root: Path, out: Path) -> bool:
    """Whether `out` is what building `root` would write. Raises ContentError for bad sources."""
    return out.is_file() and out.read_bytes() == _encoded(read_sources(root, channels=None))


def _encoded(course: Course) -> bytes:
    # Indented, so that a review shows which line of the course has changed.
    compiled = Compiled(FORMAT, course.content_hash, course.steps)
    return msgspec.json.format(msgspec.json.encode(compiled), indent=1) + b"\n"


class _Compiler:
    """Compiles one course. A part with a problem does not keep the rest from being looked at."""

    def __init__(self, root: Path, channels: Collection[str] | None) -> None:
        self.root = root
        self.channels = channels
        self.found: list[Finding] = []

    def run(self) -> tuple[tuple[Step, ...], list[Finding]]:
        """The steps, complete only if the list of findings is empty."""
        steps: list[Step] = []
        placed: list[Placed] = []
        topics: list[tuple[str, str]] = []
        for number, folder in enumerate(self.folders(), start=1):
            videos = self.videos(folder)
            placed += [(self.name(folder / f"{v.id}.toml"), v) for v in videos.values() if v]
            step = self.step(folder, videos, number, sum(len(step.videos) for step in steps))
            if step:
                steps.append(step)
                topics += [(self.name(folder / STEP_FILE), topic.id) for topic in step.topics]
        self.found += course_findings(placed, topics)
        return tuple(steps), self.found

    def add(self, file: str, where: str, problem: str, remedy: str) -> None:
        self.found.append(Finding(file, where, problem, remedy))

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def is_hidden(self, path: Path) -> bool:
        # Mounted volumes keep their bookkeeping in folders that begin with a dot.
        return any(part.startswith(".") for part in path.relative_to(self.root).parts)

    def folders(self) -> list[Path]:
        """The step folders in course order."""
        paths = [path for path in sorted(self.root.rglob("*.toml")) if not self.is_hidden(path)]
        for path in paths:
            if path.parent.parent != self.root:
                problem = "the file is not in a step folder"
                self.add(self.name(path), "", problem, "Move it into the folder of its step.")
        folders = sorted({path.parent for path in paths if path.parent.parent == self.root})
        if not folders:
            remedy = f"Make one such as 01-first-steps with a {STEP_FILE}."
            self.add(str(self.root), "", "there is no step folder", remedy)
        for number, folder in enumerate(folders, start=1):
            match = STEP_FOLDER.fullmatch(folder.name)
            if match is None or int(match[1]) != number:
                problem = f"is step {number} of the course, but its name does not say so"
                self.add(folder.name, "", problem, f"Name it {number:02}- and a slug.")
        return folders

    def step(self, folder: Path, videos: Videos, number: int, before: int) -> Step | None:
        """The step with its videos in place; `before` counts the videos of earlier steps."""
        file = self.name(folder / STEP_FILE)
        table = parse(folder / STEP_FILE, file, self.found)
        source = fill(table, StepSource, file, "", self.found) if table is not None else None
        if source is None:
            return None
        topics = self.topics(source, videos, file)
        self.unlisted(folder, videos, topics)
        step = Step(
            id=source.id,
            title=source.title,
            summary=source.summary,
            objectives=source.objectives,
            practice=source.practice,
            topics=_placed(topics, videos, source.id, before),
        )
        self.found += step_findings(file, step, number)
        return step

    def topics(self, step: StepSource, videos: Videos, file: str) -> list[TopicSource]:
        """The topics of a step; their lists are compared with the video files."""
        topics: list[TopicSource] = []
        listed: set[str] = set()
        for index, table in enumerate(step.topics, start=1):
            place = f'topic "{table.get("id", index)}"'
            topic = fill(table, TopicSource, file, place, self.found)
            if topic is None:
                continue
            topics.append(topic)
            where = f"{place}, videos"
            if not topic.videos:
                self.add(file, where, "the topic has no video", "List at least one.")
            for name in topic.videos:
                if name not in videos:
                    remedy = f"Write {name}.toml beside {STEP_FILE}, or take it off the list."
                    self.add(file, where, f'"{name}" has no file', remedy)
                elif name in listed:
                    problem = f'"{name}" is listed twice in this step'
                    self.add(file, where, problem, "Keep it once, in one topic.")
                listed.add(name)
        return topics

    def unlisted(self, folder: Path, videos: Videos, topics: list[TopicSource]) -> None:
        listed = {name for topic in topics for name in topic.videos}
        for name in sorted(videos.keys() - listed):
            remedy = f"List it in a topic of {self.name(folder / STEP_FILE)}, or delete the file."
            self.add(self.name(folder / f"{name}.toml"), "", "is in no topic", remedy)

    def videos(self, folder: Path) -> Videos:
        """The videos of a step by id, not yet in their topics."""
        paths = sorted(path for path in folder.glob("*.toml") if path.name != STEP_FILE)
        return {path.stem: self.video(path) for path in paths}

    def video(self, path: Path) -> Video | None:
        """The video in a file; it learns in `_placed` where it stands."""
        file = self.name(path)
        table = parse(path, file, self.found)
        source = fill(table, VideoSource, file, "", self.found) if table is not None else None
        if source is None:
            return None
        video = Video(
            id=path.stem,
            title=source.title,
            provider=source.provider,
            ref=source.ref,
            channel=source.channel,
            duration=self.time(source.duration, file, "duration"),
            level=source.level,
            top_pick=source.top_pick,
            objectives=source.objectives,
            summary=source.summary,
            quiz=self.quiz(path.stem, source.questions, file),
            step_id="",
            topic_id="",
            position=0,
        )
        self.found += video_findings(file, video, self.channels)
        return video

    def time(self, text: str, file: str, where: str) -> int | None:
        value = seconds(text)
        if text and value is None:
            self.add(file, where, f'"{text}" is not a time', 'Write it like "4:22".')
        return value

    def quiz(self, video_id: str, tables: tuple[Table, ...], file: str) -> Quiz | None:
        if not tables:
            return None
        if len(tables) < MIN_QUESTIONS:
            remedy = f"Write at least {MIN_QUESTIONS}."
            self.add(file, "questions", f"the quiz has {len(tables)}", remedy)
        places = [f'question "{table.get("id", i)}"' for i, table in enumerate(tables, start=1)]
        read = [self.question(*pair, file) for pair in zip(tables, places, strict=True)]
        questions = tuple(question for question in read if question)
        return Quiz(video_id, questions, content_hash(questions))

    def question(self, table: Table, place: str, file: str) -> Question | None:
        source = fill(table, QuestionSource, file, place, self.found)
        if source is None:
            return None
        at = self.time(source.at, file, f"{place}, at")
        if source.kind == "true_false":
            choices, key = self.true_false(source, file, place)
        else:
            choices, key = self.choices(source, file, place)
        return Question(source.id, source.kind, source.text, choices, key, source.explanation, at)

    def true_false(
        self, source: QuestionSource, file: str, place: str
    ) -> tuple[tuple[Choice, ...], tuple[str, ...]]:
        if source.choices:
            self.add(file, place, "true_false has choices", "Remove them and set answer.")
        if source.answer is None:
            self.add(file, place, "answer is missing", "Write answer = true or answer = false.")
            return TRUE_FALSE, ()
        return TRUE_FALSE, ("true" if source.answer else "false",)

    def choices(
        self, source: QuestionSource, file: str, place: str
    ) -> tuple[tuple[Choice, ...], tuple[str, ...]]:
        if source.answer is not None:
            remedy = 'Mark choices with right=true, or set kind = "true_false".'
            self.add(file, place, f"answer has no meaning in {source.kind}", remedy)
        read = [
            fill(table, ChoiceSource, file, f'{place}, choice "{table.get("id", i)}"', self.found)
            for i, table in enumerate(source.choices, start=1)
        ]
        choices = [choice for choice in read if choice]
        if source.kind != "ordering":
            key = tuple(choice.id for choice in choices if choice.right)
            return tuple(Choice(c.id, c.text) for c in choices), key
        if any(choice.right for choice in choices):
            remedy = "Remove it and list the choices in the right order."
            self.add(file, place, "right has no meaning in ordering", remedy)
        # The key alone knows the right order.
        by_letter = sorted(choices, key=lambda choice: choice.id)
        return tuple(Choice(c.id, c.text) for c in by_letter), tuple(c.id for c in choices)


def _placed(
    topics: list[TopicSource], videos: Videos, step_id: str, before: int
) -> tuple[Topic, ...]:
    """The topics with their videos; `before` counts the videos of earlier steps."""
    placed: list[Topic] = []
    position = before
    for topic in topics:
        members: list[Video] = []
        for name in topic.videos:
            video = videos.get(name)
            if video is None:
                continue
            position += 1
            members.append(
                msgspec.structs.replace(
                    video, step_id=step_id, topic_id=topic.id, position=position
                )
            )
        placed.append(Topic(topic.id, topic.title, topic.description, tuple(members)))
    return tuple(placed)
