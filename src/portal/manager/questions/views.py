"""What the page of the questions shows. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from portal.learning.course import Course
from portal.manager.item_statistics import ENOUGH, FIRM, Flag
from portal.manager.questions.rules import (
    Curve,
    FlagFilter,
    QuestionRow,
    Reason,
    Sort,
    arranged,
    keeps,
)
from portal.web.formats import NONE, number, plural

PATH: Final = "/manager/questions"
PER_PAGE: Final = 50

FLAGS: Final[dict[FlagFilter, str]] = {
    "": "All questions",
    "any": "With a flag",
    "reversed": "Strong learners miss it",
    "hard": "Fewer than 1 in 3 right",
    "easy": "Almost everybody right",
    "unused": "A choice nobody takes",
    "reported": "Reported by learners",
    "few": "Too few answers",
}
SORTS: Final[dict[Sort, str]] = {
    "": "What is most urgent",
    "course": "Order of the course",
    "-n": "Most answers",
    "n": "Fewest answers",
    "right": "Fewest right",
    "-right": "Most right",
    "discrimination": "Lowest discrimination",
    "-discrimination": "Highest discrimination",
    "-reports": "Most reports",
    "reports": "Fewest reports",
}
SEVERE: Final = ("reversed", "hard")

ANSWERS: Final = (
    "How many people answered the question in their first attempt at the quiz, over the whole"
    f" company. Below {ENOUGH} nothing is shown, because chance would say more than the question;"
    f" below {FIRM} the figures are rough. Answers to a question that was worded otherwise, or had"
    " other choices, are not counted."
)
RIGHT: Final = (
    "Of these answers, the share that is right by today's key (the facility). Useful questions are"
    " mostly between 20% and 80%."
)
DISCRIMINATION: Final = (
    "Whether those who get it right also get the rest of the quiz right: the correlation between"
    " being right here (0 or 1) and the number of right answers to the other questions of the same"
    " attempt. 1 means that strong learners alone get it right, 0 that it says nothing about them,"
    " below 0 that they miss it more often. From about 0.20 it is good."
)
CHOICES: Final = (
    "The share of people who took each choice; where several are right they add up to more than"
    " 100%, and where an order is asked for it is the share that put it in its place. Which choice"
    " is which is shown once you have answered the question yourself."
)
REPORTS: Final = (
    "How many learners said that something is wrong with it, and why. Nobody is named. What they"
    " say in words of their own is shown once you have answered the question yourself."
)


class Asked(msgspec.Struct, frozen=True):
    """What the address asks for."""

    step: str = ""
    flag: FlagFilter = ""
    sort: Sort = ""
    page: int = 1


class Option(msgspec.Struct, frozen=True):
    value: str
    label: str
    selected: bool


class Select(msgspec.Struct, frozen=True):
    name: str
    label: str
    options: list[Option]


class Active(msgspec.Struct, frozen=True):
    """A filter that is set, and the address without it."""

    label: str
    href: str


class Head(msgspec.Struct, frozen=True):
    """The head of a column. `order` is "ascending" or "descending" where the list is sorted by
    it; `href` sorts by it, or the other way."""

    id: str
    label: str
    href: str | None
    order: str | None
    is_number: bool
    how: str | None


class Bar(msgspec.Struct, frozen=True):
    text: str | None
    percent: int
    is_key: bool


class Finding(msgspec.Struct, frozen=True):
    kind: str
    icon: str
    text: str
    advice: str


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    href: str
    text: str
    step: str
    video: str
    source: str
    id: str
    answers: str
    few: bool
    rough: bool
    right: str
    discrimination: str
    bars: list[Bar]
    in_place: bool
    findings: list[Finding]
    reports: int
    reasons: list[Reason]
    more_reasons: int


class PageLink(msgspec.Struct, frozen=True):
    number: int | None
    href: str = ""
    current: bool = False


class Pages(msgspec.Struct, frozen=True):
    number: int
    count: int
    range: str
    links: list[PageLink]
    previous: str | None
    next: str | None


class QuestionsPage(msgspec.Struct, frozen=True, kw_only=True):
    heading: str
    lead: str
    selects: list[Select]
    active: list[Active]
    clear: str
    found: str
    heads: list[Head]
    rows: list[RowView]
    pages: Pages | None
    empty: str


def address(asked: Asked, **changes: object) -> str:
    """Returns the address of the list with something else asked for; the first page, unless that is
    what changes."""
    wanted = msgspec.structs.replace(asked, **{"page": 1, **changes})
    fields = {
        field.name: value
        for field in msgspec.structs.fields(Asked)
        if (value := getattr(wanted, field.name)) != field.default
    }
    return f"{PATH}?{urlencode(fields)}" if fields else PATH


def questions_page(course: Course, rows: list[QuestionRow], asked: Asked) -> QuestionsPage:
    """Returns a page of the list; `rows` are the questions of the step asked for, or all."""
    kept = arranged([row for row in rows if keeps(row, asked.flag)], asked.sort)
    count = max(1, math.ceil(len(kept) / PER_PAGE))
    page = min(max(asked.page, 1), count)
    first = (page - 1) * PER_PAGE
    return QuestionsPage(
        heading=_heading(rows),
        lead=_lead(rows),
        selects=_selects(course, asked),
        active=_active(asked),
        clear=address(Asked(sort=asked.sort)),
        found=plural(len(kept), "question"),
        heads=_heads(asked),
        rows=[_row(row) for row in kept[first : first + PER_PAGE]],
        pages=_pages(asked, page, count, len(kept)) if count > 1 else None,
        empty=_empty(rows, asked),
    )


def _heading(rows: list[QuestionRow]) -> str:
    urgent = sum(
        bool(row.reports.count) or any(flag.problem in SEVERE for flag in row.flags) for row in rows
    )
    if urgent:
        need = "needs" if urgent == 1 else "need"
        return f"{number(urgent)} of {plural(len(rows), 'question')} {need} a look"
    if all(row.few for row in rows):
        return "No question has enough answers yet"
    return "No question needs a look"


def _lead(rows: list[QuestionRow]) -> str:
    enough = sum(not row.few for row in rows)
    known = sum(row.answered for row in rows)
    return (
        f"First attempts of the whole company: {number(enough)} of {plural(len(rows), 'question')}"
        f" {'has' if enough == 1 else 'have'} {ENOUGH} answers or more. You have answered"
        f" {number(known)} of them yourself."
    )


def _selects(course: Course, asked: Asked) -> list[Select]:
    steps = {"": "All steps"} | {
        step.id: f"Step {step.id}: {step.title}"
        for step in course.steps
        if any(video.quiz for video in step.videos)
    }
    return [
        _select("step", "Step", steps, asked.step),
        _select("flag", "Flag", FLAGS, asked.flag),
        _select("sort", "Sort by", SORTS, asked.sort),
    ]


def _select(name: str, label: str, options: Mapping[Any, str], chosen: str) -> Select:
    return Select(
        name, label, [Option(value, text, value == chosen) for value, text in options.items()]
    )


def _active(asked: Asked) -> list[Active]:
    active = []
    if asked.step:
        active.append(Active(f"Step {asked.step}", address(asked, step="")))
    if asked.flag:
        active.append(Active(FLAGS[asked.flag], address(asked, flag="")))
    return active


def _heads(asked: Asked) -> list[Head]:
    return [
        _head(asked, "question", "Question", "course", None),
        _head(asked, "answers", "Answers", "-n", ANSWERS, is_number=True),
        _head(asked, "right", "Right", "right", RIGHT, is_number=True),
        _head(
            asked,
            "discrimination",
            "Discrimination",
            "discrimination",
            DISCRIMINATION,
            is_number=True,
        ),
        Head("taken", "Choices", None, None, is_number=False, how=CHOICES),
        _head(asked, "flags", "What is wrong, what to do", "", None),
        _head(asked, "reports", "Reports", "-reports", REPORTS, is_number=True),
    ]


def _head(
    asked: Asked, name: str, label: str, sort: Sort, how: str | None, *, is_number: bool = False
) -> Head:
    """Returns a head that sorts by `sort` first, and when the list is sorted like that, the other
    way where there is one."""
    other = sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"
    current = asked.sort in (sort, other)
    turned = other if asked.sort == sort and other in SORTS else sort
    order = "descending" if asked.sort.startswith("-") else "ascending"
    return Head(
        name, label, address(asked, sort=turned), order if current else None, is_number, how
    )


def _row(row: QuestionRow) -> RowView:
    return RowView(
        href=f"/video/{row.video.id}#quiz",
        text=row.question.text,
        step=row.video.step_id,
        video=row.video.title,
        source=row.source,
        id=row.question.id,
        answers=number(row.item.n),
        few=row.few,
        rough=row.item.rough,
        right=NONE if row.item.facility is None else f"{_percent(row.item.facility)}%",
        discrimination=_two_decimals(row.item.discrimination),
        bars=[_bar(each) for each in row.curve],
        in_place=row.question.kind == "ordering",
        findings=_findings(row.flags),
        reports=row.reports.count,
        reasons=list(row.reports.reasons),
        more_reasons=row.reports.count - len(row.reports.reasons),
    )


def _percent(share: float) -> int:
    return math.floor(100 * share + 0.5)


def _two_decimals(value: float | None) -> str:
    """0.336 → "0.34", -0.2 → "−0.20"; what rounds to nothing has no sign."""
    if value is None:
        return NONE
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _bar(curve: Curve) -> Bar:
    return Bar(curve.text, _percent(curve.share), curve.is_key)


def _findings(flags: Sequence[Flag]) -> list[Finding]:
    """Returns what to show; several choices that nobody takes are one finding, the bars say which
    ones they are."""
    unused = [flag for flag in flags if flag.problem == "unused"]
    shown = [flag for flag in flags if flag.problem != "unused"]
    if len(unused) > 1:
        finding = f"{len(unused)} choices are almost never chosen"
        shown.append(Flag("unused", finding, "Replace them by mistakes that people make."))
    else:
        shown += unused
    return [_finding(flag) for flag in shown]


def _finding(flag: Flag) -> Finding:
    severe = flag.problem in SEVERE
    return Finding(
        "bad" if severe else "warn",
        "triangle" if severe else "diamond",
        flag.finding,
        flag.advice,
    )


def _pages(asked: Asked, page: int, count: int, total: int) -> Pages:
    near = {1, count, page - 1, page, page + 1}
    links: list[PageLink] = []
    for each in sorted(near & set(range(1, count + 1))):
        if links and each > (links[-1].number or 0) + 1:
            links.append(PageLink(None))
        links.append(PageLink(each, address(asked, page=each), each == page))
    last = min(page * PER_PAGE, total)
    return Pages(
        number=page,
        count=count,
        range=f"{number((page - 1) * PER_PAGE + 1)}–{number(last)} of {number(total)}",
        links=links,
        previous=address(asked, page=page - 1) if page > 1 else None,
        next=address(asked, page=page + 1) if page < count else None,
    )


def _empty(rows: list[QuestionRow], asked: Asked) -> str:
    if not rows:
        return "There is no quiz in this part of the course."
    if asked.flag == "reported":
        return "Nobody has reported a question here."
    if asked.flag == "few":
        return f"Every question here has {ENOUGH} answers or more."
    return "No question here has this flag."
