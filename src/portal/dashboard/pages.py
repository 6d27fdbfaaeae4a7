"""The dashboard."""

from __future__ import annotations

import msgspec
from litestar import Response, get

from portal.dashboard import views
from portal.dashboard.calendar import StreakCard, streak_card
from portal.dashboard.views import Figure, NextCard, RankCard, RankRow, TopicRow, topic_rows
from portal.learning.outline import Rail
from portal.learning.queries import outline_of
from portal.learning.site import course_of
from portal.learning.views import StepRow, step_rows
from portal.quiz import queries
from portal.quiz.kpis import learner_figures
from portal.web.actor import CurrentActor
from portal.web.pages import page
from portal.web.site import Req


class RecentRow(msgspec.Struct, frozen=True):
    title: str
    href: str
    right: int
    total: int
    points: int


class DashboardPage(msgspec.Struct, frozen=True, kw_only=True):
    heading: str
    lead: str
    rail: Rail
    next: NextCard | None
    rank: RankCard
    ledger: list[Figure]
    streak: StreakCard
    steps: list[StepRow]
    topics: list[TopicRow]
    top: list[RankRow]
    recent: list[RecentRow]


@get("/dashboard", include_in_schema=False)
async def dashboard(request: Req, actor: CurrentActor) -> Response[str]:
    course = course_of(request)
    known = await learner_figures(actor, course)
    outline = await outline_of(actor, course)
    open_quiz = None
    if outline.open_quizzes:
        quiz = course.quizzes[outline.open_quizzes[0]]
        open_quiz = views.open_quiz(await queries.quiz_progress_of(actor.user_id, quiz))
    recent = await queries.recent_attempts(actor.user_id, course) if outline.best else []
    content = DashboardPage(
        heading=views.heading(outline, actor.name.split()[0]),
        lead=views.lead(outline),
        rail=outline.rail(),
        next=views.next_card(outline, open_quiz),
        rank=views.rank_card(
            known.kpis, actor.external_id, actor.track, ranked=actor.role == "learner"
        ),
        ledger=views.ledger(known.kpis, known.week),
        streak=streak_card(known),
        steps=step_rows(outline),
        topics=topic_rows(outline),
        top=views.top_rows(known.kpis, actor.external_id),
        recent=[
            RecentRow(
                title=course.videos[attempt.quiz_id].title,
                href=f"/video/{attempt.quiz_id}?result={attempt.attempt_number}#quiz",
                right=attempt.correct_answers,
                total=attempt.total_questions,
                points=attempt.score,
            )
            for attempt in recent
        ],
    )
    return await page(request, "dashboard/dashboard.html", content)


HANDLERS = [dashboard]
