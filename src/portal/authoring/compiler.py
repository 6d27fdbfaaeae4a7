"""Course sources in TOML: check them and compile them. For authors' tools.

A course is a folder with one folder per step, named `01-a-slug`, that holds `step.toml` and one
file per video, named after the video's id. The running service reads sources only when
CONTENT_DIR holds them; otherwise it reads what `build` has written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from portal.authoring.captions import read_captions
from portal.authoring.folders import COURSE_FILE, STEP_FILE, STEP_FOLDER, survey
from portal.authoring.lint.guessing import balance_problems, guesser_problems
from portal.authoring.lint.prerequisites import prerequisite_problems, task_problems
from portal.authoring.lint.structure import (
    Placed,
    alias_problems,
    asked_in,
    course_problems,
    size_problems,
    step_problems,
    video_problems,
)
from portal.authoring.lint.wording import (
    link_problems,
    question_text_problems,
    reading_problems,
    stem_problems,
    time_problems,
    video_link_problems,
)
from portal.authoring.problems import Problem
from portal.authoring.quizzes import QuizCompiler
from portal.authoring.sources import (
    CourseSource,
    StepSource,
    TopicSource,
    VideoSource,
    fill,
    read_source,
    time_in,
)
from portal.authoring.steps import requirements, tasks
from portal.errors import CommandFailed
from portal.learning.course import (
    COMPILED_NAME,
    FORMAT,
    MEDIA_FOLDER,
    Compiled,
    ContentError,
    Course,
    Cue,
    Step,
    Topic,
    Video,
    content_hash,
)
from portal.web.languages import ENGLISH, is_language

# None stands for a file that cannot be read, so that nobody is told that it does not exist.
Videos = dict[str, Video | None]


def inspect(root: Path, *, any_channel: bool = False) -> list[Problem]:
    """Returns everything that is wrong or still to do in the course in `root`, in the order of the
    course.

    Channels are compared with those of the course file, unless `any_channel` will do.
    """
    return _Compiler(root, any_channel=any_channel).run()[1]


def read_sources(root: Path, *, any_channel: bool = False) -> Course:
    """Returns the course in `root`, compiled in memory. Raises ContentError with every problem."""
    compiler = _Compiler(root, any_channel=any_channel)
    steps, problems = compiler.run()
    faults = [problem for problem in problems if problem.is_fault]
    if faults:
        raise ContentError(faults)
    return Course(steps, content_hash(steps), compiler.rules.language)


def build(root: Path, out: Path) -> Course:
    """Compile the course in `root` into the file `out`; returns it.

    The file is replaced in one go, so that a reader never sees half of it. Raises ContentError
    with every problem, `CommandFailed` when `out` cannot be written; then it is as it was.
    """
    if out.is_dir():
        raise CommandFailed(f"{out} is a folder: name a file, such as {out / COMPILED_NAME}.")
    if out.exists() and not out.is_file():  # a device, which a file would take the place of
        raise CommandFailed(f"{out} is no ordinary file: name another.")
    course = read_sources(root)
    draft = out.with_name(f"{out.name}.new")
    try:
        draft.write_bytes(_encoded(course))
        draft.replace(out)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise CommandFailed(f"{out} cannot be written: {error.strerror}.") from None
    return course


def _encoded(course: Course) -> bytes:
    # Indented, so that a review shows which line of the course has changed.
    # Left out for English, as it was before courses told theirs: identity is what msgspec looks at.
    language = ENGLISH if course.language == ENGLISH else course.language
    compiled = Compiled(FORMAT, course.content_hash, course.steps, language)
    return msgspec.json.format(msgspec.json.encode(compiled), indent=1) + b"\n"


class _Compiler:
    """Compiles one course. A part with a problem does not keep the rest from being looked at."""

    def __init__(self, root: Path, *, any_channel: bool) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.rules = self.course_file()
        self.channels = None if any_channel else self.rules.channels

    def run(self) -> tuple[tuple[Step, ...], list[Problem]]:
        """Returns the steps, complete only if the list of problems is empty."""
        steps: list[Step] = []
        placed: list[Placed] = []
        topics: list[tuple[str, str]] = []
        written: list[tuple[str, Step]] = []
        folders = self.steps()
        for number, (folder, paths) in enumerate(folders.items(), start=1):
            videos = {path.stem: self.video(path) for path in paths}
            inside = [(self.name(folder / f"{n}.toml"), v) for n, v in videos.items() if v]
            placed += inside
            step = self.step(folder, videos, number, sum(len(step.videos) for step in steps))
            if step:
                steps.append(step)
                written.append((self.name(folder / STEP_FILE), step))
                topics += [(self.name(folder / STEP_FILE), topic.id) for topic in step.topics]
            if self.rules.language == "en":  # the formula was made for English
                file = self.name(folder / STEP_FILE)
                self.problems += reading_problems(file, number, asked_in(inside))
        asked = asked_in(placed)
        self.problems += course_problems(placed, topics)
        self.problems += task_problems(written)
        if len(written) == len(folders):  # of a step that cannot be read nobody says it is missing
            self.problems += prerequisite_problems(written)
        self.problems += stem_problems(asked)
        self.problems += balance_problems(asked)
        self.problems += guesser_problems(asked)
        return tuple(steps), self.problems

    def add(self, file: str, where: str, problem: str, remedy: str) -> None:
        self.problems.append(Problem(file, where, problem, remedy))

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def course_file(self) -> CourseSource:
        """Returns what the course file asks for; without one, or without use of it, the
        defaults."""
        path = self.root / COURSE_FILE
        source = CourseSource()
        if path.exists() or path.is_symlink():
            source = read_source(path, CourseSource, COURSE_FILE, self.problems) or source
        if not is_language(source.language):
            remedy = 'Write a tag such as "en", "he" or "pt-BR".'
            self.add(COURSE_FILE, "language", f'"{source.language}" is no language tag', remedy)
        return source

    def steps(self) -> dict[Path, list[Path]]:
        """Returns the step folders in course order, with the files of their videos."""
        seen = survey(self.root)
        self.problems += seen.problems
        if not seen.steps:
            remedy = f"Make one such as 01-first-steps with a {STEP_FILE}."
            self.add(str(self.root), "", "there is no step folder", remedy)
        for number, folder in enumerate(seen.steps, start=1):
            match = STEP_FOLDER.fullmatch(folder.name)
            if match is None or int(match[1]) != number:
                problem = f"is step {number} of the course, but its name does not say so"
                self.add(folder.name, "", problem, f"Name it {number:02}- and a slug.")
        return seen.steps

    def step(self, folder: Path, videos: Videos, number: int, before: int) -> Step | None:
        """Returns the step with its videos in place; `before` counts the videos of earlier
        steps."""
        file = self.name(folder / STEP_FILE)
        source = read_source(folder / STEP_FILE, StepSource, file, self.problems)
        if source is None:
            return None
        topics = self.topics(source, videos, file)
        self.unlisted(folder, videos, topics)
        step = Step(
            id=source.id,
            title=source.title,
            summary=source.summary,
            objectives=source.objectives,
            tasks=tasks(source.practice, file, self.problems),
            topics=tuple(self.placed(topics, videos, source.id, before, file)),
            requires=requirements(source.requires, file, "", self.problems),
        )
        self.problems += step_problems(file, step, number)
        self.problems += time_problems(file, step)
        self.problems += link_problems(file, "", _step_texts(step))
        return step

    def topics(self, step: StepSource, videos: Videos, file: str) -> list[TopicSource]:
        """Returns the topics of a step; their lists are compared with the video files."""
        topics: list[TopicSource] = []
        listed: set[str] = set()
        for index, table in enumerate(step.topics, start=1):
            place = f'topic "{table.get("id", index)}"'
            topic = fill(table, TopicSource, file, place, self.problems)
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

    def placed(
        self, topics: list[TopicSource], videos: Videos, step_id: str, before: int, file: str
    ) -> Iterator[Topic]:
        """Yields the topics with their videos; `before` counts the videos of earlier steps."""
        position = before
        for topic in topics:
            members: list[Video] = []
            for video in filter(None, map(videos.get, topic.videos)):
                position += 1
                place = {"step_id": step_id, "topic_id": topic.id, "position": position}
                members.append(msgspec.structs.replace(video, **place))
            requires = requirements(topic.requires, file, f'topic "{topic.id}"', self.problems)
            yield Topic(topic.id, topic.title, topic.description, tuple(members), requires)

    def unlisted(self, folder: Path, videos: Videos, topics: list[TopicSource]) -> None:
        listed = {name for topic in topics for name in topic.videos}
        for name in sorted(videos.keys() - listed):
            remedy = f"List it in a topic of {self.name(folder / STEP_FILE)}, or delete the file."
            self.add(self.name(folder / f"{name}.toml"), "", "is in no topic", remedy)

    def video(self, path: Path) -> Video | None:
        """Returns the video in a file; it learns in `placed` where it stands."""
        file = self.name(path)
        source = read_source(path, VideoSource, file, self.problems)
        if source is None:
            return None
        # What a file was first called stays the id: everything that people did with it is kept
        # under that name. Later names, the present one included, lead to it.
        video_id, *aliases = (*source.aliases, path.stem)
        video = Video(
            id=video_id,
            title=source.title,
            provider=source.provider,
            ref=source.ref,
            channel=source.channel,
            duration=time_in(source.duration, file, "duration", self.problems),
            level=source.level,
            top_pick=source.top_pick,
            objectives=source.objectives,
            summary=source.summary,
            quiz=QuizCompiler(file, self.problems).quiz(video_id, source.questions),
            step_id="",
            topic_id="",
            position=0,
            aliases=tuple(aliases),
            captions=source.captions,
            transcript=self.transcript(source.captions, file),
        )
        self.problems += alias_problems(file, "", path.stem, source.aliases)
        self.problems += video_problems(file, video, self.channels)
        self.problems += video_link_problems(file, video)
        for question in video.quiz.questions if video.quiz else ():
            self.problems += question_text_problems(file, question)
        count, required = len(source.questions), self.rules.quiz_required
        self.problems += size_problems(file, count, self.rules.min_questions, required=required)
        return video

    def transcript(self, captions: str, file: str) -> tuple[Cue, ...]:
        if not captions:
            return ()
        cues, problems = read_captions(self.root / MEDIA_FOLDER, captions, file)
        self.problems += problems
        return cues


def _step_texts(step: Step) -> list[str]:
    topics = [text for topic in step.topics for text in (topic.title, topic.description)]
    return [step.title, step.summary, *step.objectives, *step.practice, *topics]
