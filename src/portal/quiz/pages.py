"""The video page with its quiz."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from portal.accounts.rules import TRACKS
from portal.errors import Conflict, Invalid, NotFound
from portal.learning import actions as learning
from portal.learning.api import outline_of, video_of
from portal.learning.catalogue import Course, Video
from portal.learning.outline import Outline, TickState
from portal.learning.player import embed_url, provider_name, watch_url
from portal.quiz import actions, queries, rules, views
from portal.quiz.actions import GivenAnswer
from portal.quiz.api import quiz_of
from portal.quiz.kpis import kpis
from portal.quiz.result import NextVideo, Place
from portal.quiz.rules import Attempt, Standing
from portal.quiz.views import QuizPart
from portal.web.actor import Actor, CurrentActor
from portal.web.formats import length
from portal.web.forms import read_form
from portal.web.pages import page


class StepLink(msgspec.Struct, frozen=True):
    id: str
    title: str
    href: str


class TopicRow(msgspec.Struct, frozen=True):
    href: str
    title: str
    note: str
    state: TickState
    current: bool


class TopicList(msgspec.Struct, frozen=True):
    title: str
    videos: list[TopicRow]


class VideoPage(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is the second to resume at; `embed_url` None: only a link can be offered."""

    id: str
    title: str
    step: StepLink
    topic: TopicList
    duration: int | None
    channel: str
    provider: str
    provider_name: str
    embed_url: str | None
    watch_url: str
    position: int
    watched_percent: int | None
    done: bool
    self_declared: bool
    objectives: tuple[str, ...]
    summary: str
    quiz: QuizPart | None
    previous: NextVideo | None
    following: NextVideo | None


def _link(video: Video | None) -> NextVideo | None:
    return NextVideo(f"/video/{video.id}", video.title, video.duration) if video else None


def _content(outline: Outline, video: Video, quiz: QuizPart | None, start: int | None) -> VideoPage:
    course = outline.course
    step, topic = course.steps_by_id[video.step_id], course.topics[video.topic_id]
    progress = outline.of(video)
    previous, following = course.neighbours(video.id)
    finished = video.duration is not None and progress.position_seconds >= video.duration - 5
    return VideoPage(
        id=video.id,
        title=video.title,
        step=StepLink(step.id, step.title, f"/step/{step.id}"),
        topic=TopicList(
            topic.title,
            [
                TopicRow(
                    href=f"/video/{other.id}",
                    title=other.title,
                    note=outline.video_note(other)
                    or (length(other.duration) if other.duration else ""),
                    state=outline.state(other),
                    current=other.id == video.id,
                )
                for other in topic.videos
            ],
        ),
        duration=video.duration,
        channel=video.channel,
        provider=video.provider,
        provider_name=provider_name(video),
        embed_url=embed_url(video),
        watch_url=watch_url(video),
        position=start if start is not None else (0 if finished else progress.position_seconds),
        watched_percent=progress.watched_percent or None,
        done=progress.done,
        self_declared=progress.self_declared,
        objectives=video.objectives,
        summary=video.summary,
        quiz=quiz,
        previous=_link(previous),
        following=_link(following),
    )


def _number(request: Request[Any, Any, Any], name: str) -> int | None:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


async def _place(actor: Actor, course: Course, attempt: Attempt, gained: int) -> Place:
    """Returns where the actor stands now, and before this attempt if nothing came after it."""
    figures = await kpis(actor, course)
    latest = (await queries.recent_attempts(actor.user_id, course, 1))[:1]
    is_latest = bool(latest) and latest[0].completed_at == attempt.completed_at
    before = None
    if is_latest and figures.rank is not None and actor.track and figures.quizzes_completed > 1:
        before = await queries.rank_with(actor, figures.total_score - gained)
    return Place(
        total_score=figures.total_score,
        rank=figures.rank,
        ranked_people=figures.total,
        track=TRACKS.get(actor.track or "", actor.track or ""),
        latest=is_latest,
        rank_before=before,
    )


async def _result(
    actor: Actor, course: Course, video: Video, standing: Standing, n: int
) -> QuizPart:
    attempt = next((a for a in standing.completed if a.attempt_number == n), None)
    if attempt is None:
        raise NotFound("There is no such attempt.")
    questions = standing.quiz.questions
    if attempt.content_hash != standing.quiz.content_hash:
        questions = (await queries.version(video.id, attempt.content_hash)).questions
    earlier = [a.score for a in standing.completed if a.attempt_number < n]
    place = await _place(actor, course, attempt, max(0, attempt.score - max(earlier, default=0)))
    following = course.neighbours(video.id)[1]
    return views.result(standing, attempt, questions, video, place=place, following=following)


async def _quiz(request: Request[Any, Any, Any], actor: Actor, video: Video) -> QuizPart | None:
    """Returns the quiz in the state that the address asks for."""
    if video.quiz is None:
        return None
    standing = await queries.standing_of(actor.user_id, video.quiz)
    attempt = _number(request, "result")
    if attempt is not None:
        return await _result(actor, request.app.state.course, video, standing, attempt)
    number = _number(request, "q")
    if number is None:
        return views.start(standing)
    if not 1 <= number <= len(standing.quiz.questions):
        raise NotFound("This quiz has no such question.")
    if standing.quiz.questions[number - 1].id in standing.answers:
        elsewhere = request.query_params.get("elsewhere") == "1"
        return views.feedback(standing, number, actor.user_id, video, elsewhere=elsewhere)
    moved = request.query_params.get("order", "").split(",")
    ordering = standing.quiz.questions[number - 1].kind == "ordering"
    return views.asked(standing, number, actor.user_id, picked=moved if ordering else ())


@get("/video/{video_id:str}", include_in_schema=False)
async def video_page(
    request: Request[Any, Any, Any], actor: CurrentActor, video_id: FromPath[str]
) -> Response[str]:
    course: Course = request.app.state.course
    video = video_of(course, video_id)
    quiz = await _quiz(request, actor, video)
    outline = await outline_of(actor, course, here=video.id)
    content = _content(outline, video, quiz, _number(request, "t"))
    return await page(request, "quiz/video.html", content)


@post("/video/{video_id:str}/done", include_in_schema=False)
async def mark(
    request: Request[Any, Any, Any], actor: CurrentActor, video_id: FromPath[str]
) -> Redirect:
    video = video_of(request.app.state.course, video_id)
    form = await read_form(request)
    await learning.mark(actor, video, done=form.text("done") == "true")
    return Redirect(f"/video/{video.id}#watched", status_code=303)


@post("/video/{video_id:str}/answer", include_in_schema=False)
async def answer(
    request: Request[Any, Any, Any], actor: CurrentActor, video_id: FromPath[str]
) -> Response[Any]:
    """Commit one answer, then show it with its explanation. An answer that another window was
    faster with is shown as it is recorded."""
    course: Course = request.app.state.course
    quiz = quiz_of(course, video_id)
    form = await read_form(request)
    question_id, choices = form.text("question"), tuple(form.all("choice"))
    direction, _, choice_id = form.text("move").partition(":")
    if direction:
        # A button of an ordering, without script: nothing is committed, the rows only move.
        number = await _number_of(actor, video_id, course, question_id)
        order = quote(",".join(rules.moved(choices, choice_id, direction)), safe=",")
        return Redirect(f"/video/{video_id}?q={number}&order={order}#quiz", status_code=303)
    try:
        await actions.commit_answer(
            actor, quiz, form.number("attempt") or 0, GivenAnswer(question_id, choices)
        )
    except Conflict:
        return _back(
            video_id, await _number_of(actor, video_id, course, question_id), elsewhere=True
        )
    except Invalid as error:
        given = GivenAnswer(question_id, choices)
        return await _asked_again(request, actor, course.videos[video_id], given, error)
    return _back(video_id, await _number_of(actor, video_id, course, question_id))


async def _number_of(actor: Actor, video_id: str, course: Course, question_id: str) -> int:
    standing = await queries.standing_of(actor.user_id, quiz_of(course, video_id))
    numbers = [n for n, q in enumerate(standing.quiz.questions, 1) if q.id == question_id]
    return numbers[0] if numbers else views.first_open(standing)


def _back(video_id: str, number: int, *, elsewhere: bool = False) -> Redirect:
    extra = "&elsewhere=1" if elsewhere else ""
    return Redirect(f"/video/{video_id}?q={number}{extra}#quiz", status_code=303)


async def _asked_again(
    request: Request[Any, Any, Any], actor: Actor, video: Video, given: GivenAnswer, error: Invalid
) -> Response[str]:
    course: Course = request.app.state.course
    standing = await queries.standing_of(actor.user_id, quiz_of(course, video.id))
    number = next(
        (n for n, q in enumerate(standing.quiz.questions, 1) if q.id == given.question_id), None
    )
    if number is None or given.question_id in standing.answers:
        raise error
    outline = await outline_of(actor, course, here=video.id)
    quiz = views.asked(standing, number, actor.user_id, picked=given.choices, error=error.sentence)
    content = _content(outline, video, quiz, None)
    return await page(request, "quiz/video.html", content, status=422)


@get("/video/{video_id:str}/answer", include_in_schema=False)
async def answer_reopened(
    request: Request[Any, Any, Any], actor: CurrentActor, video_id: FromPath[str]
) -> Redirect:
    """A refused answer stands at this address; who opens it again gets the quiz."""
    video = video_of(request.app.state.course, video_id)
    standing = await queries.standing_of(actor.user_id, quiz_of(request.app.state.course, video.id))
    return _back(video.id, views.first_open(standing))


@post("/video/{video_id:str}/submit", include_in_schema=False)
async def submit(
    request: Request[Any, Any, Any], actor: CurrentActor, video_id: FromPath[str]
) -> Redirect:
    """Complete the attempt and show its result; pressed twice, it shows the same result."""
    course: Course = request.app.state.course
    quiz = quiz_of(course, video_id)
    attempt = (await read_form(request)).number("attempt") or 0
    try:
        await actions.submit(actor, quiz, attempt)
    except Conflict:
        standing = await queries.standing_of(actor.user_id, quiz)
        if not any(done.attempt_number == attempt for done in standing.completed):
            return Redirect(f"/video/{video_id}", status_code=303)
    except Invalid:
        standing = await queries.standing_of(actor.user_id, quiz)
        return _back(video_id, views.first_open(standing))
    return Redirect(f"/video/{video_id}?result={attempt}#quiz", status_code=303)


HANDLERS = [video_page, mark, answer, answer_reopened, submit]
