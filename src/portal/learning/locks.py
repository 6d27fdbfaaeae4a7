"""Which parts of the course are locked for a learner, why, and what opens them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from portal.errors import Forbidden
from portal.learning.course import Course, Requirement, Step, Topic, Video
from portal.scoring.rules import POINTS_MAX
from portal.web.formats import plural
from portal.web.languages import isolated

Part: TypeAlias = Step | Topic
Key: TypeAlias = tuple[type[Part], str]


class Evidence(msgspec.Struct, frozen=True):
    """What opens locks: the ids of the videos that are done, and by quiz the points of the attempt
    that counts."""

    done: Collection[str]
    scores: Mapping[str, int]


class Lock(msgspec.Struct, frozen=True):
    """Why a part of the course is closed, in whole sentences, and where the way to open it begins:
    `label` says what is behind `href`."""

    reason: str
    href: str
    label: str


class Locked(Forbidden):
    """What was asked for is locked: a step, or a video in it. The sentence is the reason."""

    def __init__(self, lock: Lock, step: Step, video: Video | None = None) -> None:
        super().__init__(lock.reason, details={"href": lock.href, "label": lock.label})
        self.lock = lock
        self.step = step
        self.video = video


class Locks:
    """The locks of a course for one learner. In most courses there are none."""

    def __init__(self, course: Course, evidence: Evidence) -> None:
        self.evidence = evidence
        self._course = course
        self._unmet: dict[Key, list[Requirement]] = {}
        self._locks: dict[Key, Lock] = {}
        for part in parts_of(course):
            unmet = [entry for entry in part.requires if not self._is_met(entry)]
            if unmet:
                self._unmet[_part_key(part)] = unmet
        for part in parts_of(course) if self._unmet else ():
            if lock := self._lock(part):
                self._locks[_part_key(part)] = lock

    def of(self, part: Part) -> Lock | None:
        """Returns the lock of a step or a topic, None when it is open. A topic of a locked step is
        locked for the same reason."""
        return self._locks.get(_part_key(part))

    def of_video(self, video: Video) -> Lock | None:
        topic = self._course.topics.get(video.topic_id)
        return self.of(topic) if topic else None

    def check(self, step: Step) -> None:
        """Raise `Locked` when the step is."""
        if lock := self.of(step):
            raise Locked(lock, step)

    def check_video(self, video: Video) -> None:
        """Raise `Locked` when the video is."""
        if lock := self.of_video(video):
            raise Locked(lock, self._course.steps_by_id[video.step_id], video)

    def wanted(self) -> set[str]:
        """Returns the ids of the videos in whatever has to be done to open something else."""
        return {
            video.id
            for unmet in self._unmet.values()
            for requirement in unmet
            for video in self._target(requirement).videos
        }

    def percent(self, part: Part) -> int | None:
        """Returns the share of the points of a part that the learner has, rounded down; None when
        it has no quiz."""
        most = _most(part)
        return 100 * self._points(part) // most if most else None

    def opened_by(self, quiz_id: str, score_before: int | None) -> list[Part]:
        """Returns the steps and topics that are open thanks to a quiz: they were locked while it
        counted with `score_before`, or, when that is None, was not finished. Of a step that has
        opened, its topics are not listed as well."""
        scores = {quiz: score for quiz, score in self.evidence.scores.items() if quiz != quiz_id}
        if score_before is not None:
            scores[quiz_id] = score_before
        before = Locks(self._course, Evidence(self.evidence.done, scores))
        opened = [p for p in parts_of(self._course) if before.of(p) and self.of(p) is None]
        keys = {_part_key(part) for part in opened}
        return [
            part
            for part in opened
            if isinstance(part, Step) or _part_key(step_of_part(self._course, part)) not in keys
        ]

    def _target(self, requirement: Requirement) -> Part:
        if requirement.step:
            return self._course.steps_by_id[requirement.step]
        return self._course.topics[requirement.topic]

    def _is_met(self, requirement: Requirement) -> bool:
        part = self._target(requirement)
        if requirement.min_score:
            return 100 * self._points(part) >= requirement.min_score * _most(part)
        return self._left(part) == (0, 0)

    def _points(self, part: Part) -> int:
        """Returns the points of a part; a quiz that was longer once counts in full at most."""
        scores = self.evidence.scores
        return sum(min(scores.get(v.id, 0), _most_of(v)) for v in part.videos)

    def _left(self, part: Part) -> tuple[int, int]:
        """Returns how many videos are to be watched, and how many quizzes to be finished."""
        return (
            sum(video.id not in self.evidence.done for video in part.videos),
            sum(video.id not in self.evidence.scores for video in part.videos if video.quiz),
        )

    def _lock(self, part: Part) -> Lock | None:
        unmet = next(self._unmet_of(part), None)
        if unmet is None:
            return None
        reason = " ".join(self._sentence(requirement) for requirement in unmet)
        start = self._start(unmet[0])
        return Lock(reason, href(self._course, start), f"Open {name_of(start)}")

    def _unmet_of(self, part: Part) -> Iterator[Sequence[Requirement]]:
        """Yields what is to be done for a part: first for the step that it belongs to."""
        if isinstance(part, Topic) and (
            outer := self._unmet.get(_part_key(step_of_part(self._course, part)))
        ):
            yield outer
        if own := self._unmet.get(_part_key(part)):
            yield own

    def _start(self, requirement: Requirement) -> Part:
        """Returns the part that can be worked on now to meet a requirement: what it names or, while
        that is locked itself, what opens that one, and so on."""
        part = self._target(requirement)
        met = {_part_key(part)}
        while unmet := next(self._unmet_of(part), None):
            part = self._target(unmet[0])
            if _part_key(part) in met:  # a circle, which the check of a course refuses
                break
            met.add(_part_key(part))
        return part

    def _sentence(self, requirement: Requirement) -> str:
        part = self._target(requirement)
        if requirement.min_score:
            have = self.percent(part)
            return f"Reach {requirement.min_score}% in {name_of(part)} first: you have {have}%."
        videos, quizzes = self._left(part)
        left = []
        if videos:
            left.append(f"{videos} of {plural(len(part.videos), 'video')}")
        if quizzes:
            total = sum(video.quiz is not None for video in part.videos)
            left.append(f"{quizzes} of {plural(total, 'quiz', 'quizzes')}")
        verb = "is" if videos + quizzes == 1 else "are"
        return f"Finish {name_of(part)} first: {' and '.join(left)} {verb} left."


def parts_of(course: Course) -> Iterator[Part]:
    """Yields every step, each followed by its topics."""
    for step in course.steps:
        yield step
        yield from step.topics


def has_locks(course: Course) -> bool:
    """Whether anything in the course can be locked."""
    return any(part.requires for part in parts_of(course))


def step_of_part(course: Course, topic: Topic) -> Step:
    return next(step for step in course.steps if topic in step.topics)


def href(course: Course, part: Part) -> str:
    """Returns the address of an open step or topic."""
    if isinstance(part, Step):
        return f"/step/{part.id}"
    step = step_of_part(course, part)
    return f"/step/{step.id}#topic-{step.topics.index(part) + 1}"


def card_href(step: Step) -> str:
    """Returns where the path shows a locked step, with the reason and what is inside."""
    return f"/path#step-{step.id}"


def _part_key(part: Part) -> Key:
    return type(part), part.id


def name_of(part: Part) -> str:
    """Returns a step or a topic within a sentence."""
    return f"step {part.id}" if isinstance(part, Step) else f"“{isolated(part.title)}”"


def _most_of(video: Video) -> int:
    return POINTS_MAX * len(video.quiz.questions) if video.quiz else 0


def _most(part: Part) -> int:
    return sum(map(_most_of, part.videos))
