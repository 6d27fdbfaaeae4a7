"""What a member's page says to whoever leads them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

import msgspec

from portal.learning.course import Course, Task, Video
from portal.learning.outline import Outline, Rail, TickState
from portal.manager.member_queries import MOST_EVENTS, AttemptSeen, MemberSeen
from portal.manager.rules import QUIET_DAYS, SILENT_DAYS, working_days_since
from portal.manager.views import PILLS, STATE_RULES
from portal.people.rules import WHAT_LEADERS_SEE, who_leads
from portal.scoring.rules import Week
from portal.web.formats import length, number, percent, plural, zone

View: TypeAlias = Literal["path", "attempts", "timeline"]
VIEWS: Final[dict[View, str]] = {"path": "Path", "attempts": "Attempts", "timeline": "Time line"}
GONE: Final = "A question that is not in the course any more"


class Tab(msgspec.Struct, frozen=True):
    label: str
    href: str
    current: bool


class Figure(msgspec.Struct, frozen=True):
    """One number of the ledger."""

    label: str
    value: str
    unit: str
    origin: str
    how: str = ""


class VideoLine(msgspec.Struct, frozen=True):
    title: str
    state: TickState
    note: str
    declared: bool
    result: str | None


class StepLine(msgspec.Struct, frozen=True):
    id: str
    title: str
    note: str
    ticks: list[TickState]
    label: str
    videos: list[VideoLine]


class AnswerLine(msgspec.Struct, frozen=True):
    question: str
    right: bool
    at: datetime


class AttemptLine(msgspec.Struct, frozen=True):
    title: str
    number: int
    result: str
    at: datetime
    answers: list[AnswerLine]


class Event(msgspec.Struct, frozen=True):
    at: datetime
    what: str
    title: str


class MemberPage(msgspec.Struct, frozen=True, kw_only=True):
    """Of the three views only the one that is open is filled."""

    name: str
    id: str
    place: str
    me: bool
    team_id: str | None
    team_name: str | None
    status: str
    pill: str
    reason: str
    since: str | None
    rail: Rail
    ledger: list[Figure]
    tabs: list[Tab]
    view: View
    steps: list[StepLine]
    attempts: list[AttemptLine]
    events: list[Event]
    seen_by: str
    rule: str
    rules: tuple[tuple[str, str, str], ...]


def member_page(seen: MemberSeen, course: Course, view: View, me: str) -> MemberPage:
    """Returns the page of a member with one of its views open."""
    member, row, outline = seen.member, seen.row, seen.outline
    rail = outline.rail()
    href = f"/manager/member/{member.id}"
    return MemberPage(
        name=member.name,
        id=member.id,
        place=" · ".join(filter(None, (member.id, member.role, member.team_name))),
        me=member.id == me,
        team_id=member.team_id,
        team_name=member.team_name,
        status=row.status.capitalize(),
        pill=PILLS[row.status],
        reason=row.status_reason,
        since=_since(seen),
        rail=msgspec.structs.replace(rail, label=rail.label.replace("You are at", "Now at")),
        ledger=_ledger(seen, course),
        tabs=[
            Tab(label, href if key == "path" else f"{href}?view={key}", key == view)
            for key, label in VIEWS.items()
        ],
        view=view,
        steps=_steps(outline) if view == "path" else [],
        attempts=[_attempt(each, course) for each in seen.attempts] if view == "attempts" else [],
        events=_events(seen, course) if view == "timeline" else [],
        seen_by=who_leads(member.team_name, seen.leaders),
        rule=WHAT_LEADERS_SEE,
        rules=tuple((status, PILLS[status], text) for status, text in STATE_RULES),
    )


def silent_since(last: date, today: date, week: Week) -> date | None:
    """Returns the day on which somebody who was last active on `last` came to the state that their
    silence gives them now; None while it gives none."""
    idle = working_days_since(last, today, week)
    reached = next((days for days in (SILENT_DAYS, QUIET_DAYS) if idle >= days), None)
    if reached is None:
        return None
    day = last
    while working_days_since(last, day, week) < reached:
        day += timedelta(days=1)
    return day


def _since(seen: MemberSeen) -> str | None:
    if "activity for" not in seen.row.status_reason or seen.row.last_active_at is None:
        return None
    place = zone(seen.time_zone)
    last = seen.row.last_active_at.astimezone(place).date()
    day = silent_since(last, seen.figures.today, seen.figures.week)
    return f"since {day.day} {day:%B}" if day else None


def _ledger(seen: MemberSeen, course: Course) -> list[Figure]:
    known = seen.figures.kpis
    taken = known.quizzes_completed > 0
    declared = sum(entry.self_declared and entry.done for entry in seen.outline.progress.values())
    return [
        Figure(
            "Score",
            number(known.total_score),
            f"of {number(known.max_score)}",
            "Sum of the best attempts",
        ),
        Figure(
            "Quizzes",
            number(known.quizzes_completed),
            f"of {len(course.quizzes)}",
            "Finished at least once",
        ),
        Figure(
            "Accuracy",
            percent(known.accuracy if taken else None),
            "",
            f"{known.correct} of {known.answered} answers right",
        ),
        Figure(
            "First try",
            percent(known.first_try_accuracy if taken else None),
            "",
            f"{known.first_correct} of {known.first_answered} on attempt 1",
        ),
        Figure(
            "Streak",
            number(known.streak),
            "day" if known.streak == 1 else "days",
            "Working days in a row",
        ),
        Figure(
            "Watched",
            length(seen.seconds) if seen.seconds else "–",
            "",
            f"{plural(declared, 'video')} self-declared" if declared else "Played here",
            "Seconds of video that were played in the portal, each counted once. A video that was"
            " marked as watched by hand adds nothing.",
        ),
    ]


def _steps(outline: Outline) -> list[StepLine]:
    return [
        StepLine(
            step.id,
            step.title,
            outline.step_note(step),
            outline.ticks(step.videos),
            outline.rail([step]).label.partition(" You are")[0],
            [_video(outline, video) for video in step.videos],
        )
        for step in outline.course.steps
    ]


def _video(outline: Outline, video: Video) -> VideoLine:
    progress = outline.of(video)
    parts = []
    if progress.done:
        parts.append("watched" if not progress.self_declared else "marked as watched by hand")
    elif progress.watched_percent:
        parts.append(f"{progress.watched_percent}% watched")
    if video.id in outline.open_quizzes:
        parts.append("quiz open")
    result = outline.result(video)
    return VideoLine(
        video.title,
        outline.state(video),
        " · ".join(parts) or "to come",
        progress.done and progress.self_declared,
        f"{result} points" if result else None,
    )


def _title(course: Course, video_id: str) -> str:
    video = course.find(video_id)
    return video.title if video else "A quiz that is not in the course any more"


def _attempt(attempt: AttemptSeen, course: Course) -> AttemptLine:
    quiz = course.quizzes.get(attempt.quiz_id)
    texts = {question.id: question.text for question in quiz.questions} if quiz else {}
    open_yet = attempt.completed_at is None
    return AttemptLine(
        _title(course, attempt.quiz_id),
        attempt.number,
        f"open, {plural(len(attempt.answers), 'answer')} so far"
        if open_yet
        else f"{attempt.correct} of {attempt.total} right, {plural(attempt.score or 0, 'point')}",
        attempt.completed_at or attempt.started_at,
        [
            AnswerLine(texts.get(each.question_id, GONE), each.correct, each.answered_at)
            for each in attempt.answers
        ],
    )


def _events(seen: MemberSeen, course: Course) -> list[Event]:
    """Returns what happened, the newest first."""
    events = [*_of_quizzes(seen, course), *_of_videos(seen, course), *_of_tasks(seen, course)]
    events += [Event(at, "Signed in", "") for at in seen.sign_ins]
    return sorted(events, key=lambda event: event.at, reverse=True)[:MOST_EVENTS]


def _of_quizzes(seen: MemberSeen, course: Course) -> Iterator[Event]:
    for attempt in seen.attempts:
        if attempt.completed_at is not None:
            what = f"Quiz finished, {attempt.correct} of {attempt.total} right"
            yield Event(attempt.completed_at, what, _title(course, attempt.quiz_id))


def _of_videos(seen: MemberSeen, course: Course) -> Iterator[Event]:
    for video_id, progress in seen.outline.progress.items():
        if progress.done and progress.completed_at:
            how = "Marked as watched by hand" if progress.self_declared else "Watched"
            yield Event(progress.completed_at, how, _title(course, video_id))


def _of_tasks(seen: MemberSeen, course: Course) -> Iterator[Event]:
    tasks = (task for step in course.steps for task in step.tasks)
    texts = {task.id: task.text for task in tasks if isinstance(task, Task)}
    for each in seen.practised:
        if each.item in texts:
            yield Event(each.at, "Practised", texts[each.item])
