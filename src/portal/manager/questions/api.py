"""Item statistics for programs and scripts. No key is in them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromQuery

from portal.learning.site import course_of
from portal.manager.questions import queries
from portal.manager.questions.rules import FlagFilter, QuestionRow, Sort, arranged, keeps
from portal.web.actor import CurrentActor
from portal.web.openapi import up_to
from portal.web.site import Req


class ChoiceView(msgspec.Struct, frozen=True):
    """`id` is null while the viewer has not answered the question; the shares then go from the
    largest to the smallest. `share` is from 0 to 1, null below ten answers; of an ordering, of
    those who put the choice in its place."""

    id: str | None
    share: float | None


class FlagView(msgspec.Struct, frozen=True):
    """What is wrong, and what to do about it."""

    problem: str
    finding: str
    advice: str


class ReportView(msgspec.Struct, frozen=True):
    """`month` is such as "2026-11"."""

    reason: str
    month: str


class ItemView(msgspec.Struct, frozen=True, rename="camel"):
    """A question over first attempts of everybody. `n` counts answers; `facility` is the share that
    is right, `discrimination` the correlation with the rest score, from -1 to 1; both are null
    below ten answers, the second also where nothing varies. `rough` below fifty. `flag` is the most
    urgent finding of `flags`. `reports` counts the learners who said that something is wrong, and
    `reasons` has the last twenty of what they said, without their own words while the viewer has
    not answered the question. `file` is the source in the course's folder."""

    video_id: str
    question_id: str
    kind: str
    text: str
    step_id: str
    file: str
    n: int
    facility: float | None
    discrimination: float | None
    rough: bool
    answered: bool
    choices: list[ChoiceView]
    flag: str | None
    flags: list[FlagView]
    reports: int
    reasons: list[ReportView]


class Questions(msgspec.Struct, frozen=True):
    rows: list[ItemView]


@get(
    "/api/manager/questions",
    opt={"who": "manager"},
    summary="Item statistics of the whole company on first attempts, and learners' reports",
)
async def questions(
    request: Req,
    actor: CurrentActor,
    step: FromQuery[Annotated[str, up_to(100), msgspec.Meta(examples=["1"])]] = "",
    flag: FromQuery[FlagFilter] = "",
    sort: FromQuery[Sort] = "course",
) -> Questions:
    rows = await queries.questions(actor, course_of(request), step)
    kept = [row for row in rows if keeps(row, flag)]
    return Questions([_item(row) for row in arranged(kept, sort)])


def _item(row: QuestionRow) -> ItemView:
    choices = (
        [ChoiceView(choice.id, None) for choice in row.question.choices]
        if row.few
        else [ChoiceView(each.choice, each.share) for each in row.curve]
    )
    return ItemView(
        video_id=row.video.id,
        question_id=row.question.id,
        kind=row.question.kind,
        text=row.question.text,
        step_id=row.video.step_id,
        file=row.source,
        n=row.item.n,
        facility=row.item.facility,
        discrimination=row.item.discrimination,
        rough=row.item.rough,
        answered=row.answered,
        choices=choices,
        flag=row.flags[0].finding if row.flags else None,
        flags=[FlagView(flag.problem, flag.finding, flag.advice) for flag in row.flags],
        reports=row.reports.count,
        reasons=[ReportView(each.reason, each.month) for each in row.reports.reasons],
    )


HANDLERS = [questions]
