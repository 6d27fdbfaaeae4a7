"""What the dashboard says: its heading, the next thing to do, the rank in words. Pure."""

from __future__ import annotations

import msgspec

from portal.accounts.rules import TRACKS
from portal.dashboard.calendar import streak_figure_rule
from portal.learning.next_step import OpenQuiz, next_step
from portal.learning.outline import Activity, Outline
from portal.quiz.kpis import Kpis, Placed, distance
from portal.quiz.rules import QuizProgress, most_in_attempt
from portal.scoring.rules import Week
from portal.web.formats import about, length, number, ordinal, plural
from portal.web.languages import isolated


class UpNext(msgspec.Struct, frozen=True):
    """A video, or its quiz."""

    title: str
    href: str
    note: str
    quiz: bool = False


class NextCard(msgspec.Struct, frozen=True, kw_only=True):
    """The Continue card: one thing to do, what comes after, points to win."""

    kicker: str
    title: str
    href: str
    line: str
    action: str
    watched: int | None = None
    duration: int | None = None
    then: list[UpNext]
    step_href: str
    step_label: str


class RankRow(msgspec.Struct, frozen=True):
    position: int | None
    name: str
    score: int
    me: bool


class RankCard(msgspec.Struct, frozen=True):
    heading: str
    rows: list[RankRow]
    hint: str
    how: str


class Figure(msgspec.Struct, frozen=True):
    """One number of the ledger: `origin` in one line, `how` it is made in one sentence."""

    label: str
    value: str
    unit: str
    origin: str
    how: str


class TopicCell(msgspec.Struct, frozen=True):
    title: str
    href: str
    watched: int
    videos: int
    finished: int
    quizzes: int


class TopicRow(msgspec.Struct, frozen=True):
    step: str
    topics: list[TopicCell]


def heading(outline: Outline, first_name: str) -> str:
    """Returns the finding of the page in one line."""
    steps = len(outline.course.steps)
    if not outline.is_begun:
        return f"{plural(steps, 'step')} to learn AI: start with the first, {isolated(first_name)}"
    if outline.next is None:
        return f"All {steps} steps are done, {isolated(first_name)}"
    if outline.next.kind == "improve":
        return f"{plural(len(outline.gaining()), 'quiz', 'quizzes')} can still gain points"
    step = outline.course.steps_by_id[outline.next.video.step_id]
    return f"Step {step.id} of {steps}: {isolated(step.title)}"


def lead(outline: Outline) -> str:
    watched, videos = outline.watched(), plural(len(outline.course.ordered), "video")
    quizzes = plural(outline.quizzes(), "quiz", "quizzes")
    line = f"{watched} of {videos} watched, {quizzes} finished."
    left = outline.seconds_left()
    return f"{line} {about(left).capitalize()} of video are left." if left else line


def open_quiz(progress: QuizProgress) -> OpenQuiz:
    """Returns how far an open attempt is, counted on the questions that it began with."""
    return OpenQuiz(
        answered=len(progress.answers),
        total=len(progress.quiz.questions),
        first_open=progress.first_open,
        points=most_in_attempt(progress),
    )


def next_card(outline: Outline, begun_quiz: OpenQuiz | None) -> NextCard | None:
    """Returns the Continue card, or None when nothing is left to do."""
    activity = outline.next
    if activity is None:
        return None
    video = activity.video
    step = outline.course.steps_by_id[video.step_id]
    topic = outline.course.topics[video.topic_id]
    way_on = next_step(outline, activity, begun_quiz)
    begun = activity.kind == "begun"
    verb = "Continue" if outline.is_begun else "Start"
    return NextCard(
        kicker=f"{verb} · Step {step.id} · {isolated(topic.title)}",
        title=video.title,
        href=way_on.button_href,
        line=way_on.line,
        action=way_on.button,
        watched=outline.of(video).position_seconds if begun else None,
        duration=video.duration if begun else None,
        then=_then(outline, activity),
        step_href=f"/step/{step.id}",
        step_label=f"Open step {step.id}",
    )


def _then(outline: Outline, activity: Activity) -> list[UpNext]:
    """Returns what comes after: the quiz of this video, then the next two videos of the path."""
    entries = []
    video = activity.video
    if activity.kind in ("begun", "video") and video.quiz and not outline.quiz_done(video):
        entries.append(
            UpNext(
                video.title,
                f"/video/{video.id}?q=1#quiz",
                plural(len(video.quiz.questions), "question"),
                quiz=True,
            )
        )
    for other in outline.course.ordered[video.position :]:
        if len(entries) == 2:
            break
        if not outline.of(other).done and not outline.locks.of_video(other):
            note = length(other.duration) if other.duration else ""
            entries.append(UpNext(other.title, f"/video/{other.id}", note))
    return entries


def rank_card(figures: Kpis, me: str, track: str | None, *, ranked: bool = True) -> RankCard:
    """Returns the ranking around the learner, or the best five while they have no rank. Managers
    and admins never get one: `ranked` is False for them."""
    name = TRACKS.get(track or "", track or "your track")
    how = (
        "Everyone of your track with more points stands above you; equal points share a rank."
        " Learners without a finished quiz are not ranked."
    )
    if figures.rank is None:
        rows = [_rank_row(person, me) for person in figures.top10[:5]]
        first = f"{figures.total} ranked so far." if figures.total else "Nobody has a rank yet."
        own = (
            "You are ranked after your first quiz."
            if ranked
            else "Only learners are ranked; your quizzes count for you alone."
        )
        title, hint = (f"Ranks in {name}", f"{own} {first}") if track else ("Ranks", own)
        return RankCard(title, rows, hint, how)
    return RankCard(
        heading=f"{ordinal(figures.rank)} of {number(figures.total)} in {name}",
        rows=[_rank_row(person, me) for person in figures.around],
        hint=distance(figures.around, figures.total_score, me),
        how=f"{how} Percentile {figures.percentile}, grade {figures.grade}.",
    )


def top_rows(figures: Kpis, me: str) -> list[RankRow]:
    """Returns the ten best of the track."""
    return [_rank_row(person, me) for person in figures.top10]


def _rank_row(person: Placed, me: str) -> RankRow:
    return RankRow(person.position, person.name, person.score, person.id == me)


def ledger(figures: Kpis, week: Week) -> list[Figure]:
    """Returns the six numbers with their origin."""
    taken = figures.quizzes_completed > 0
    none_yet = "No quiz finished yet"
    return [
        Figure(
            "Score",
            number(figures.total_score),
            f"of {number(figures.max_score)}",
            "Sum of your best attempts",
            "Each quiz counts with its best attempt: 10 points per right answer, and 5 more when"
            " your first answer ever to the question was right.",
        ),
        Figure(
            "Quizzes",
            number(figures.quizzes_completed),
            f"of {figures.quizzes_total}",
            "Finished at least once",
            "A quiz counts as soon as one attempt at it is finished.",
        ),
        Figure(
            "Accuracy",
            f"{figures.accuracy}%" if taken else "–",
            "",
            f"{figures.correct} of {figures.answered} answers right" if taken else none_yet,
            "Right answers over all answers of the attempts that count.",
        ),
        Figure(
            "First try",
            f"{figures.first_try_accuracy}%" if taken else "–",
            "",
            f"{figures.first_correct} of {figures.first_answered} on attempt 1"
            if taken
            else none_yet,
            "Right answers over all answers of your first attempts.",
        ),
        Figure(
            "Streak",
            number(figures.streak),
            "day" if figures.streak == 1 else "days",
            "Working days in a row" if figures.streak else "Start a streak today",
            streak_figure_rule(week),
        ),
        Figure(
            "Videos",
            number(figures.videos_completed),
            f"of {figures.videos_total}",
            "90% watched or declared",
            "A video counts when 90% of it was played, or when you marked it as watched.",
        ),
    ]


def topic_rows(outline: Outline) -> list[TopicRow]:
    """Returns every topic by step, with what is watched and finished."""
    return [
        TopicRow(
            step.id,
            [
                TopicCell(
                    title=topic.title,
                    href=outline.href(step)
                    if outline.locks.of(step)
                    else f"/step/{step.id}#topic-{number}",
                    watched=outline.watched(topic.videos),
                    videos=len(topic.videos),
                    finished=outline.quizzes(topic.videos),
                    quizzes=sum(video.quiz is not None for video in topic.videos),
                )
                for number, topic in enumerate(step.topics, 1)
            ],
        )
        for step in outline.course.steps
    ]
