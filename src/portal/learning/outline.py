"""The course as one learner sees it: what is done, what is next, and the rail. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal, TypeAlias

import msgspec

from portal.learning.course import Course, Step, Task, Video
from portal.learning.locks import Evidence, Locks, card_href
from portal.scoring.rules import POINTS_MAX, Ledger, reachable
from portal.web.formats import about, plural

TickState: TypeAlias = Literal["none", "seen", "done", "you"]

# A video whose length is not known counts as this much when time is estimated.
TYPICAL_SECONDS = 240

# Of all refusals, the one that no browser will see otherwise.
GONE = HTTPStatus.NOT_FOUND

NEVER = datetime.min.replace(tzinfo=UTC)


class Progress(msgspec.Struct, frozen=True):
    """How far one learner is with one video."""

    done: bool = False
    self_declared: bool = False
    completed_at: datetime | None = None
    updated_at: datetime = NEVER
    position_seconds: int = 0
    watched_percent: int = 0


NOTHING = Progress()


class EmbedRefusal(msgspec.Struct, frozen=True):
    """A video that its provider does not let us show; `detail` is what the provider answered, with
    which `status` of HTTP. None is known of older answers.

    It holds for the reference that was asked about.
    """

    video_id: str
    reference: str
    detail: str
    checked_at: datetime
    status: int | None

    @property
    def gone(self) -> bool:
        """Whether it is gone for everybody. Any other refusal may depend on who asks."""
        return self.status == GONE


class Activity(msgspec.Struct, frozen=True):
    """What to do next. `kind`: an open quiz, a video that was begun, the quiz of the video watched
    last, the next video of the path, a quiz that can still gain points; None when nothing is left.
    """

    kind: Literal["open_quiz", "begun", "quiz", "video", "improve"]
    video: Video


NO_REFUSALS: Mapping[str, EmbedRefusal] = {}


class RailStep(msgspec.Struct, frozen=True):
    id: str
    title: str
    href: str
    ticks: list[TickState]


class Rail(msgspec.Struct, frozen=True):
    label: str
    steps: list[RailStep]


class PathTask(msgspec.Struct, frozen=True):
    """A task without an id cannot be ticked."""

    id: str | None
    text: str
    ticked: bool


class Outline:
    """The course, one learner's progress, and the attempts that count, looked at together."""

    def __init__(
        self,
        course: Course,
        progress: Mapping[str, Progress],
        ledger: Ledger,
        here: str | None = None,
        *,
        refusals: Mapping[str, EmbedRefusal] = NO_REFUSALS,
        ticked: Collection[str] = (),
    ) -> None:
        self.course = course
        self.refusals = refusals
        self.ticked = ticked
        self.progress = progress
        self.best = ledger.best
        self.missed = ledger.missed
        done = {video_id for video_id, entry in progress.items() if entry.done}
        scores = {quiz: attempt.score for quiz, attempt in ledger.best.items()}
        self.locks = Locks(course, Evidence(done, scores))
        self.open_quizzes = [
            quiz
            for quiz in ledger.open
            if quiz in course.quizzes and not self.locks.of_video(course.videos[quiz])
        ]
        self.next = self.next_in(course.ordered)
        self.here = here or (self.next.video.id if self.next else None)

    @property
    def is_begun(self) -> bool:
        """Whether the learner has done anything in the course."""
        return bool(self.progress or self.best or self.open_quizzes)

    def of(self, video: Video) -> Progress:
        return self.progress.get(video.id, NOTHING)

    def quiz_done(self, video: Video) -> bool:
        return video.id in self.best

    def quiz_is_due(self, video: Video) -> bool:
        return video.quiz is not None and not self.quiz_done(video)

    def next_in(self, videos: Sequence[Video]) -> Activity | None:
        """Returns what to do next in some videos of the course, of which locked ones do not count;
        None when nothing is left there."""
        videos = [video for video in videos if not self.locks.of_video(video)]
        for quiz_id in self.open_quizzes:
            if self.course.videos[quiz_id] in videos:
                return Activity("open_quiz", self.course.videos[quiz_id])
        watched = [video for video in videos if self.of(video).done]
        unwatched = [video for video in videos if not self.of(video).done]
        begun = [video for video in unwatched if self.of(video).position_seconds]
        if begun:
            return Activity("begun", max(begun, key=lambda video: self.of(video).updated_at))
        # The quiz of what was watched last comes before the next video, all others after it.
        last = max(watched, key=lambda video: self.of(video).completed_at or NEVER, default=None)
        if last and self.quiz_is_due(last):
            return Activity("quiz", last)
        if unwatched:
            return Activity("video", unwatched[0])
        due = [video for video in videos if self.quiz_is_due(video)]
        if due:
            return Activity("quiz", due[0])
        gaining = self.gaining(videos)
        if gaining:
            # what is still locked opens by these points rather than by others
            wanted = self.locks.wanted()
            return Activity("improve", next((v for v in gaining if v.id in wanted), gaining[0]))
        return None

    def gain(self, video: Video) -> int:
        """Returns the points that another attempt at a finished quiz can add; 0 for others."""
        best = self.best.get(video.id)
        if best is None or video.quiz is None:
            return 0
        questions = (question.id for question in video.quiz.questions)
        return max(0, reachable(questions, self.missed.get(video.id, ())) - best.score)

    def gaining(self, videos: Sequence[Video] | None = None) -> list[Video]:
        """Returns the videos, of all or of some, whose quiz can be taken now and add points."""
        chosen = self.course.ordered if videos is None else videos
        return [video for video in chosen if self.gain(video) and not self.locks.of_video(video)]

    def state(self, video: Video) -> TickState:
        """Returns how far the video is; a video without a quiz is finished when it is watched."""
        if video.id == self.here:
            return "you"
        if self.quiz_done(video):
            return "done"
        if self.of(video).done:
            return "seen" if video.quiz else "done"
        return "none"

    def ticks(self, videos: Sequence[Video]) -> list[TickState]:
        return [self.state(video) for video in videos]

    def watched(self, videos: Sequence[Video] | None = None) -> int:
        return sum(self.of(v).done for v in (self.course.ordered if videos is None else videos))

    def quizzes(self, videos: Sequence[Video] | None = None) -> int:
        return sum(self.quiz_done(v) for v in (self.course.ordered if videos is None else videos))

    def seconds_left(self, videos: Sequence[Video] | None = None) -> int:
        """Returns the seconds of video still to watch; unknown lengths count four minutes."""
        chosen = self.course.ordered if videos is None else videos
        return sum(
            max(0, (v.duration or TYPICAL_SECONDS) - self.of(v).position_seconds)
            for v in chosen
            if not self.of(v).done
        )

    def rail(self, steps: Sequence[Step] | None = None) -> Rail:
        """Returns the rail over the given steps, by default all, with its words."""
        chosen = self.course.steps if steps is None else steps
        videos = [video for step in chosen for video in step.videos]
        label = (
            f"{self.watched(videos)} of {plural(len(videos), 'video')} watched,"
            f" {plural(self.quizzes(videos), 'quiz', 'quizzes')} finished."
        )
        place = next(
            (
                (number, step)
                for step in chosen
                for number, video in enumerate(step.videos, 1)
                if video.id == self.here
            ),
            None,
        )
        if place:
            label += f" You are at video {place[0]} of step {place[1].id}."
        return Rail(
            label=label,
            steps=[
                RailStep(step.id, step.title, self.href(step), self.ticks(step.videos))
                for step in chosen
            ],
        )

    def href(self, step: Step) -> str:
        """Returns the address of a step; while it is locked, that of its card on the path."""
        return card_href(step) if self.locks.of(step) else f"/step/{step.id}"

    def practised(self, step: Step) -> int:
        return sum(isinstance(task, Task) and task.id in self.ticked for task in step.tasks)

    def tasks(self, step: Step) -> list[PathTask]:
        return [
            PathTask(task.id, task.text, task.id in self.ticked)
            if isinstance(task, Task)
            else PathTask(None, task, ticked=False)
            for task in step.tasks
        ]

    def step_note(self, step: Step) -> str:
        """Returns for example "4 of 6 videos · 2 quizzes · about 22 min left"."""
        return self.note(step.videos)

    def note(self, videos: Sequence[Video]) -> str:
        """Returns what is done of some videos, and how long the rest will take."""
        parts = [f"{self.watched(videos)} of {plural(len(videos), 'video')}"]
        finished = self.quizzes(videos)
        if finished:
            parts.append(plural(finished, "quiz", "quizzes"))
        left = self.seconds_left(videos)
        if left:
            parts.append(f"{about(left)} left")
        return " · ".join(parts)

    def finished(self, videos: Sequence[Video]) -> bool:
        """Whether all of these are watched, and their quizzes finished."""
        return all(
            self.of(video).done and (video.quiz is None or self.quiz_done(video))
            for video in videos
        )

    def video_note(self, video: Video) -> str:
        """Returns "Watched", "Marked by you", "63% watched", "quiz open", or nothing."""
        parts = []
        progress = self.of(video)
        if progress.done:
            parts.append("Marked by you" if progress.self_declared else "Watched")
        elif progress.watched_percent:
            parts.append(f"{progress.watched_percent}% watched")
        if video.id in self.open_quizzes:
            parts.append("quiz open")
        return " · ".join(parts)

    def result(self, video: Video) -> str | None:
        """Returns for example "45 of 60", the points of the attempt that counts."""
        best = self.best.get(video.id)
        return f"{best.score} of {POINTS_MAX * best.total_questions}" if best else None
