"""From a persona to their past: what they watched and answered, when, and in which order.

Pure: the same person, day and course give the same past. It goes through the rules of the portal:
a quiz follows its video, what is locked waits, answers are graded, points counted.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import accumulate
from random import Random

from portal.learning.course import Course, Quiz, Task, Video
from portal.learning.locks import Evidence, Locks, has_locks
from portal.learning.rules import completes, counted_length, watched_percent
from portal.manager.rules import QUIET_DAYS
from portal.quiz.rules import is_correct
from portal.scoring.rules import POINTS_MAX, Week, points
from portal.serving.history.answers import Knowledge, Odd, better, odd_questions
from portal.serving.history.calendar import Sitting, first_day, sittings
from portal.serving.history.past import Given, Past, Report, SignIn, Taken, Watched
from portal.serving.history.personas import Persona

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/26.0 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
)
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
)
BAD_REASONS = (
    "I think another answer is right as well: please check the key.",
    "The video says something else than the answer that counts as right.",
    "Two of the answers fit, and only one of them counts.",
)
MISSED_REASON = "I could not find this in the video."


def past_of(persona: Persona, course: Course, now: datetime, zone: tzinfo, week: Week) -> Past:
    """Returns what a person did until `now` in a course; `zone` is where they are, `week` the
    working days of their team."""
    count = _videos_to_do(persona, course)
    reached = course.ordered[:count]
    idle = persona.idle
    if persona.state == "at risk" and not any(video.quiz for video in reached):
        idle = max(idle, QUIET_DAYS + 1)
    there = [] if persona.is_blank else sittings(persona, now, zone, week, idle=idle)
    made = datetime.combine(first_day(persona, now, zone), time(7, 30), zone).astimezone(UTC)
    walk = _Walk(persona, course, odd_questions(course), count)
    luck = Random(f"{persona.id}/pace")  # noqa: S311
    steps = list(accumulate(luck.uniform(0.3, 1.7) for _ in there))
    for step, sitting in zip(steps, there, strict=True):
        walk.sit(sitting, round(count * step / steps[-1]))
    return Past(
        created_at=now if persona.is_blank else made,
        watched=sorted(walk.watched.values(), key=lambda each: each.at),
        attempts=walk.attempts,
        ticks=walk.ticks,
        sign_ins=walk.sign_ins,
        days=[sitting.day for sitting in there],
        reports=walk.reports,
    )


def _videos_to_do(persona: Persona, course: Course) -> int:
    """Returns how many videos somebody finishes. Only who does well may finish all: that makes
    them do well. Without a quiz, nobody does well before that."""
    total = len(course.ordered)
    if persona.state == "doing well":
        return min(total, round(persona.share * total)) if course.quizzes else total
    return min(total - 1, max(1, round(persona.share * total)))


class _Walk:
    """One person on the way through the course."""

    def __init__(self, persona: Persona, course: Course, odd: Odd, count: int) -> None:
        self.watched: dict[str, Watched] = {}
        self.attempts: list[Taken] = []
        self.ticks: list[tuple[str, datetime]] = []
        self.sign_ins: list[SignIn] = []
        self.reports: list[Report] = []
        self._persona = persona
        self._course = course
        self._odd = odd
        self._count = count
        self._knowledge = Knowledge(persona, odd)
        self._rng = Random(f"{persona.id}/walk")  # noqa: S311
        self._locked = has_locks(course)
        self._done: set[str] = set()
        self._scores: dict[str, int] = {}
        self._given: dict[str, dict[str, tuple[str, ...]]] = {}
        self._first: dict[str, dict[str, bool]] = {}
        self._now = datetime.min.replace(tzinfo=UTC)
        self._limit = self._now

    def sit(self, sitting: Sitting, until: int) -> None:
        """Be there once, and go on until `until` videos are done, as far as the time suffices."""
        self._now, self._limit = sitting.start, sitting.limit
        before = len(self._done)
        self._pass(20, 60)
        while len(self._done) < until and self._go_on():
            if self._persona.retakes and len(self._done) % self._persona.retakes == 0:
                self._retake_worst()
        if len(self._done) == before:
            self._begin()
        phone = self._rng.random() < 0.15
        agent = PHONE if phone else BROWSERS[len(self._persona.id) % len(BROWSERS)]
        leave = min(self._now + timedelta(seconds=90), self._limit + timedelta(seconds=60))
        self.sign_ins.append(SignIn(sitting.start, leave, agent))

    def _pass(self, least: int, most: int) -> None:
        self._now += timedelta(seconds=self._rng.randint(least, most))

    def _fits(self, seconds: float) -> bool:
        return self._now + timedelta(seconds=seconds) <= self._limit

    def _locks(self) -> Locks | None:
        if not self._locked:
            return None
        return Locks(self._course, Evidence(self._done, self._scores))

    def _go_on(self) -> bool:
        """Do the next thing; False when nothing is left, or no time."""
        locks = self._locks()
        left = [video for video in self._course.ordered if video.id not in self._done]
        video = next((each for each in left if not (locks and locks.of_video(each))), None)
        if video is not None:
            return self._learn(video)
        return bool(left and locks) and self._open_more(locks)

    def _open_more(self, locks: Locks | None) -> bool:
        """Earn the points that what is left waits for."""
        assert locks is not None
        wanted = [
            video.quiz
            for video in self._course.ordered
            if video.quiz and video.id in locks.wanted() and not locks.of_video(video)
        ]
        gaining = [quiz for quiz in wanted if self._lacks(quiz)]
        if not gaining or not self._fits(_seconds_for(gaining[0])):
            return False
        self._take(gaining[0], chance=1.0)
        return True

    def _lacks(self, quiz: Quiz) -> bool:
        """Whether a quiz can still bring points."""
        first = self._first.get(quiz.video_id, {})
        best = sum(points(correct=True, first_ever_correct=each) for each in first.values())
        return self._scores.get(quiz.video_id, -1) < (best or POINTS_MAX * len(quiz.questions))

    def _learn(self, video: Video) -> bool:
        number = len(self._done) + 1
        declares = self._persona.declares > 0 and number % self._persona.declares == 0
        length = _length_of(video)
        seconds = 10 if declares else round(1.1 * length)
        if not self._fits(60 + seconds + (_seconds_for(video.quiz) if video.quiz else 0)):
            return False
        self._now += timedelta(seconds=seconds)
        if declares:
            made = Watched(video_id=video.id, done=True, self_declared=True, at=self._now)
        else:
            made = _watched(video, length, round(length * self._rng.uniform(0.93, 1)), self._now)
        self.watched[video.id] = made
        self._done.add(video.id)
        if video.quiz:
            self._pass(15, 45)
            leaves = self._persona.leaves_open and number == self._count
            self._take(video.quiz, chance=0.7, leaves=leaves and len(video.quiz.questions) > 1)
        self._practise(video)
        return True

    def _begin(self) -> None:
        """Look into the next video."""
        locks = self._locks()
        video = next((each for each in self._course.ordered if each.id not in self._done), None)
        if video is None or (locks and locks.of_video(video)):
            return
        length = _length_of(video)
        seen = round(length * self._rng.uniform(0.15, 0.6))
        known = self.watched.get(video.id)
        if self._fits(seen) and (known is None or known.watched < seen):
            self._now += timedelta(seconds=seen)
            self.watched[video.id] = _watched(video, length, seen, self._now)

    def _practise(self, video: Video) -> None:
        """Tick off what a step asks for, once its videos are watched."""
        step = self._course.steps_by_id[video.step_id]
        if not all(each.id in self._done for each in step.videos):
            return
        for task in step.tasks:
            if isinstance(task, Task) and self._fits(40) and self._rng.random() < 0.75:
                self._pass(10, 30)
                self.ticks.append((task.id, self._now))

    def _retake_worst(self) -> None:
        worst = min(
            (video.quiz for video in self._course.ordered if video.quiz and self._took(video.quiz)),
            key=lambda quiz: self._scores[quiz.video_id] / len(quiz.questions),
            default=None,
        )
        if worst and self._lacks(worst) and self._fits(_seconds_for(worst)):
            self._pass(20, 60)
            self._take(worst, chance=0.7)

    def _took(self, quiz: Quiz) -> bool:
        return quiz.video_id in self._scores

    def _take(self, quiz: Quiz, *, chance: float, leaves: bool = False) -> None:
        """Take a quiz, for the first time or again, when each wrong answer is put right with this
        chance. Who `leaves` answers half of the questions."""
        before = self._given.get(quiz.video_id)
        number = 1 + sum(each.quiz_id == quiz.video_id for each in self.attempts)
        rng = Random(f"{self._persona.id}/{quiz.video_id}/{number}")  # noqa: S311
        choices = better(quiz, before, rng, chance) if before else self._knowledge.first_try(quiz)
        first = self._first.setdefault(quiz.video_id, {})
        asked = quiz.questions[: (len(quiz.questions) + 1) // 2] if leaves else quiz.questions
        answers = []
        for question in asked:
            self._pass(14, 38)
            right = is_correct(question, choices[question.id])
            new = question.id not in first
            first.setdefault(question.id, right)
            answers.append(Given(question.id, choices[question.id], right, new, self._now))
        right_ones = [] if leaves else [each for each in answers if each.correct]
        self._pass(3, 9)
        score = sum(
            points(correct=True, first_ever_correct=first[each.question_id]) for each in right_ones
        )
        self.attempts.append(
            Taken(
                quiz_id=quiz.video_id,
                number=number,
                content_hash=quiz.content_hash,
                total=len(quiz.questions),
                started_at=answers[0].at,
                completed_at=None if leaves else self._now,
                correct=len(right_ones),
                first_try_correct=sum(first[each.question_id] for each in right_ones),
                score=score,
                answers=tuple(answers),
            )
        )
        if not leaves:
            self._given[quiz.video_id] = choices
            self._scores[quiz.video_id] = max(score, self._scores.get(quiz.video_id, 0))
        if number == 1:
            self._report(quiz, answers)

    def _report(self, quiz: Quiz, answers: list[Given]) -> None:
        """Say that something is wrong with a question: with the bad one, or the first one missed in
        the third quiz."""
        wanted = self._persona.reports
        if wanted == "bad" and self._odd.bad and self._odd.bad[0] == quiz.video_id:
            question_id: str | None = self._odd.bad[1]
            reason = BAD_REASONS[len(self._persona.id) % len(BAD_REASONS)]
        elif wanted == "missed" and len(self.attempts) == 3:
            question_id = next((each.question_id for each in answers if not each.correct), None)
            reason = MISSED_REASON
        else:
            return
        if question_id is not None:
            self._pass(15, 40)
            self.reports.append(Report(quiz.video_id, question_id, reason, self._now))


def _length_of(video: Video) -> int:
    """Returns the length of a video in seconds; without the course's, one that a player may say."""
    if video.duration:
        return video.duration
    return Random(video.id).randint(150, 420)  # noqa: S311


def _watched(video: Video, length: int, seconds: int, at: datetime) -> Watched:
    counted = counted_length(video.duration, length)
    return Watched(
        video_id=video.id,
        done=completes(watched_percent(((0, seconds),), counted)),
        at=at,
        watched=seconds,
        length=length,
    )


def _seconds_for(quiz: Quiz) -> int:
    """Returns the most seconds that a quiz takes here."""
    return 120 + 40 * len(quiz.questions)
