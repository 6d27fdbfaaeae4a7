"""The questions of the course with their statistics, as page and API list them. Pure.

What a key could be read from stays here until the viewer has answered the question: which choice a
share belongs to (the right one has the share that is the facility), which choice is never taken,
and what learners report in words of their own, which may name the right choice. Who has not
answered sees the shares from the largest on, without their choices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from portal.learning.course import Course, Question, Video
from portal.manager.item_statistics import (
    ENOUGH,
    Flag,
    ItemStatistics,
    Problem,
    Tally,
    flags_of,
    same_item,
    statistics_of,
)
from portal.quiz.reports import REASONS

FlagFilter: TypeAlias = Literal["", "any", "reversed", "hard", "easy", "unused", "reported", "few"]
Sort: TypeAlias = Literal[
    "",
    "course",
    "n",
    "-n",
    "right",
    "-right",
    "discrimination",
    "-discrimination",
    "reports",
    "-reports",
]
URGENCY: Final = get_args(Problem)

# Of a quiz and a question; of a version of a quiz, by its hash.
Key: TypeAlias = tuple[str, str]
Version: TypeAlias = Mapping[str, Question]


class Reason(msgspec.Struct, frozen=True):
    """Why somebody thinks that a question is wrong. Who is not told, nor is the day, which could be
    compared with when people took the quiz: `month` is such as "2026-11"."""

    reason: str
    month: str


class Reports(msgspec.Struct, frozen=True):
    """How many learners reported a question, and what the last of them said, newest first."""

    count: int
    reasons: tuple[Reason, ...]


NO_REPORTS: Final = Reports(0, ())
OWN_WORDS: Final = "In words of their own: answer the question to read them"


class Answered(msgspec.Struct, frozen=True):
    """A question that the viewer has answered, in the version named."""

    quiz_id: str
    content_hash: str
    question_id: str


class Curve(msgspec.Struct, frozen=True):
    """The share of people who took a choice; of an ordering, who put it in its place. `choice` is
    its id, None while the viewer has not answered the question. `is_key` tells nothing of an
    ordering, where every choice has a place."""

    choice: str | None
    text: str | None
    share: float
    is_key: bool


class QuestionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A question of the present course. `source` is its file below the folder of the course, as a
    shell finds it. `answered`: by the viewer, with today's words and key."""

    video: Video
    question: Question
    source: str
    item: ItemStatistics
    flags: tuple[Flag, ...]
    curve: tuple[Curve, ...]
    answered: bool
    reports: Reports

    @property
    def few(self) -> bool:
        return self.item.n < ENOUGH


def rows_of(
    course: Course,
    tallies: Iterable[Tally],
    versions: Mapping[str, Version],
    answered: Collection[Answered],
    reports: Mapping[Key, Reports],
    step_id: str | None = None,
) -> list[QuestionRow]:
    """Returns the questions of the course, or of one step, in its order. `versions` holds those
    quizzes that were answered in other words than today's, by hash."""
    given: dict[Key, list[Tally]] = defaultdict(list)
    for tally in tallies:
        given[tally.quiz_id, tally.question_id].append(tally)
    seen: dict[Key, list[str]] = defaultdict(list)
    for answer in answered:
        seen[answer.quiz_id, answer.question_id].append(answer.content_hash)
    rows = []
    for video in course.ordered:
        if video.quiz is None or (step_id and video.step_id != step_id):
            continue
        today = video.quiz.content_hash
        for question in video.quiz.questions:
            key = (video.id, question.id)

            def then(content_hash: str, now: Question = question, today: str = today) -> Question:
                """The question in a version; one that asks something else if it is unknown."""
                if content_hash == today:
                    return now
                known = versions.get(content_hash, {})
                return known.get(now.id) or msgspec.structs.replace(now, text="", choices=())

            comparable = [
                tally for tally in given[key] if same_item(then(tally.content_hash), question)
            ]
            knows = any(
                same_item(then(each), question) and then(each).key == question.key
                for each in seen[key]
            )
            item = statistics_of(question, comparable)
            rows.append(
                QuestionRow(
                    video=video,
                    question=question,
                    source=source_of(course, video),
                    item=item,
                    flags=_shown_flags(flags_of(question, item), knows=knows),
                    curve=_curve(question, item, knows=knows),
                    answered=knows,
                    reports=_shown_reports(reports.get(key, NO_REPORTS), knows=knows),
                )
            )
    return rows


def source_of(course: Course, video: Video) -> str:
    """Returns the file of a video below the folder of the course. The folder of a step begins with
    its number; its slug is not part of a compiled course."""
    number = 1 + course.steps.index(course.steps_by_id[video.step_id])
    return f"{number:02}-*/{(video.id, *video.aliases)[-1]}.toml"


def _shown_flags(flags: Sequence[Flag], *, knows: bool) -> tuple[Flag, ...]:
    if knows:
        return tuple(flags)
    shown = [flag for flag in flags if flag.choice is None]
    unused = [flag for flag in flags if flag.choice is not None]
    if unused:
        many = len(unused) > 1
        finding = f"{len(unused)} choices are" if many else "A choice is"
        shown.append(
            Flag(
                "unused",
                f"{finding} almost never chosen",
                f"Answer the question to see which {'ones' if many else 'one'}.",
            )
        )
    return tuple(shown)


def _shown_reports(reports: Reports, *, knows: bool) -> Reports:
    if knows:
        return reports
    shown = [msgspec.structs.replace(each, reason=_usual(each.reason)) for each in reports.reasons]
    return Reports(reports.count, tuple(shown))


def _usual(reason: str) -> str:
    """Returns the usual reason that this one is, or begins with."""
    for usual in REASONS.values():
        if reason == usual or reason.startswith(f"{usual}: "):
            return usual
    return OWN_WORDS


def _curve(question: Question, item: ItemStatistics, *, knows: bool) -> tuple[Curve, ...]:
    shares = item.shares or ()
    if not knows:
        falling = sorted((each.share for each in shares), reverse=True)
        return tuple(Curve(None, None, share, is_key=False) for share in falling)
    texts = {choice.id: choice.text for choice in question.choices}
    marked = question.key if question.kind != "ordering" else ()
    return tuple(
        Curve(each.id, texts[each.id], each.share, is_key=each.id in marked) for each in shares
    )


def keeps(row: QuestionRow, flag: FlagFilter) -> bool:
    """Whether a row is one of those that the filter asks for."""
    if flag == "":
        return True
    if flag == "few":
        return row.few
    if flag == "reported":
        return row.reports.count > 0
    return any(flag in ("any", each.problem) for each in row.flags)


def _need(row: QuestionRow) -> tuple[int, int]:
    """Sorts what is most urgent first, and what says nothing yet last."""
    ranks = [URGENCY.index(flag.problem) for flag in row.flags]
    if row.reports.count:
        ranks.append(URGENCY.index("hard"))
    return min(ranks, default=len(URGENCY) + row.few), -row.reports.count


_MEASURES: dict[str, Callable[[QuestionRow], float | None]] = {
    "n": lambda row: row.item.n,
    "right": lambda row: row.item.facility,
    "discrimination": lambda row: row.item.discrimination,
    "reports": lambda row: row.reports.count,
}


def arranged(rows: Sequence[QuestionRow], sort: Sort) -> list[QuestionRow]:
    """Returns the rows in the order asked for, by default the most urgent first; equal ones, and
    after them those without the figure, in the order of the course."""
    if sort == "course":
        return list(rows)
    if sort == "":
        return sorted(rows, key=_need)
    measure = _MEASURES[sort.removeprefix("-")]
    valued = [(value, row) for row in rows if (value := measure(row)) is not None]
    sign = -1 if sort.startswith("-") else 1
    valued.sort(key=lambda entry: sign * entry[0])
    return [row for _, row in valued] + [row for row in rows if measure(row) is None]
