"""The video page with its quiz."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from portal.accounts.rules import TRACKS
from portal.errors import Conflict, Invalid, NotFound
from portal.learning import actions as learning
from portal.learning.course import Course, Cue, Video
from portal.learning.locks import card_href, name_of
from portal.learning.outline import Outline, Refusal, TickState
from portal.learning.player import embed_url, media_url, provider_name, watch_url
from portal.learning.queries import open_video, outline_of, video_of
from portal.learning.site import course_of
from portal.quiz import actions, queries, rules, views
from portal.quiz.actions import GivenAnswer
from portal.quiz.kpis import kpis
from portal.quiz.queries import open_quiz_of, quiz_of
from portal.quiz.result import Place
from portal.quiz.rules import Attempt, QuizProgress
from portal.quiz.views import QuizPart
from portal.web.actor import Actor, CurrentActor
from portal.web.formats import length, plural
from portal.web.forms import read_form
from portal.web.pages import page
from portal.web.site import Req


class StepLink(msgspec.Struct, frozen=True):
    """`note` says how far the learner is with it."""

    id: str
    title: str
    href: str
    note: str


class TopicRow(msgspec.Struct, frozen=True):
    href: str
    title: str
    note: str
    state: TickState
    current: bool


class TopicList(msgspec.Struct, frozen=True):
    title: str
    videos: list[TopicRow]


class Neighbour(msgspec.Struct, frozen=True):
    """The video before or after; `label` says which, and when it is of another step."""

    href: str
    title: str
    label: str


class VideoPage(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is the second to resume at. A video is played from `embed_url` or `file_url`; with
    neither only a link can be offered, because it is `gone`. With `doubtful` the link stands beside
    the player. `refusal` is the provider's answer, for admins. `news` is what to say at the moment
    when it is watched."""

    id: str
    title: str
    step: StepLink
    topic: TopicList
    duration: int | None
    channel: str
    provider: str
    provider_name: str
    embed_url: str | None
    file_url: str | None
    captions_url: str | None
    transcript: tuple[Cue, ...]
    gone: bool
    doubtful: bool
    refusal: Refusal | None
    watch_url: str
    position: int
    watched_percent: int | None
    done: bool
    self_declared: bool
    news: str
    objectives: tuple[str, ...]
    summary: str
    quiz: QuizPart | None
    previous: Neighbour | None
    following: Neighbour | None


def _neighbour(outline: Outline, here: Video, other: Video | None, word: str) -> Neighbour | None:
    if other is None:
        return None
    place = "" if other.step_id == here.step_id else f", in step {other.step_id}"
    if outline.locks.of_video(other):
        href = card_href(outline.course.steps_by_id[other.step_id])
        return Neighbour(href, other.title, f"{word} video{place}, locked")
    return Neighbour(f"/video/{other.id}", other.title, f"{word} video{place}")


def _news(video: Video, quiz: QuizPart | None) -> str:
    if quiz is None or quiz.best is not None or video.quiz is None:
        return "Watched."
    return f"Watched. The quiz has {plural(len(video.quiz.questions), 'question')}."


def _content(
    actor: Actor, outline: Outline, video: Video, quiz: QuizPart | None, start: int | None
) -> VideoPage:
    course = outline.course
    refusal = outline.refusals.get(video.id)
    gone = refusal is not None and refusal.gone
    step, topic = course.steps_by_id[video.step_id], course.topics[video.topic_id]
    watching = outline.of(video)
    previous, following = course.neighbours(video.id)
    finished = video.duration is not None and watching.position_seconds >= video.duration - 5
    return VideoPage(
        id=video.id,
        title=video.title,
        step=StepLink(step.id, step.title, f"/step/{step.id}", outline.step_note(step)),
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
        embed_url=None if gone else embed_url(video),
        file_url=media_url(video.ref) if video.provider == "file" else None,
        captions_url=media_url(video.captions) if video.captions else None,
        transcript=video.transcript,
        gone=gone,
        doubtful=refusal is not None and not gone,
        refusal=refusal if actor.role == "admin" else None,
        watch_url=watch_url(video),
        position=start if start is not None else (0 if finished else watching.position_seconds),
        watched_percent=watching.watched_percent or None,
        done=watching.done,
        self_declared=watching.self_declared,
        news=_news(video, quiz),
        objectives=video.objectives,
        summary=video.summary,
        quiz=quiz,
        previous=_neighbour(outline, video, previous, "Previous"),
        following=_neighbour(outline, video, following, "Next"),
    )


def _number(request: Req, name: str) -> int | None:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _steps(outline: Outline, video: Video, best_before: int | None) -> str:
    """Returns what the latest attempt, at the quiz of a video, did to the steps."""
    step = outline.course.steps_by_id[video.step_id]
    said = [f"Step {step.id} has {outline.locks.percent(step)}% of its points."]
    opened = [name_of(part) for part in outline.locks.opened_by(video.id, best_before)]
    if opened:
        names = " and ".join(opened)
        said.append(
            f"{names[0].upper()}{names[1:]} {'is' if len(opened) == 1 else 'are'} open now."
        )
    return " ".join(said)


async def _place(
    actor: Actor, outline: Outline, video: Video, attempt: Attempt, earlier: list[int]
) -> Place:
    """Returns where the actor stands now, and before this attempt if nothing came after it;
    `earlier` are the points of the attempts before."""
    course = outline.course
    gained = max(0, attempt.score - max(earlier, default=0))
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
        steps=_steps(outline, video, max(earlier, default=None)) if is_latest else "",
    )


async def _result(
    actor: Actor, outline: Outline, video: Video, progress: QuizProgress, n: int
) -> QuizPart:
    attempt = next((a for a in progress.completed if a.attempt_number == n), None)
    if attempt is None:
        raise NotFound("There is no such attempt.")
    questions = progress.quiz.questions
    if attempt.content_hash != progress.quiz.content_hash:
        questions = (await queries.version(video.id, attempt.content_hash)).questions
    earlier = [a.score for a in progress.completed if a.attempt_number < n]
    place = await _place(actor, outline, video, attempt, earlier)
    following = outline.course.neighbours(video.id)[1]
    if following and outline.locks.of_video(following):
        following = None
    return views.result(progress, attempt, questions, video, place=place, following=following)


async def _quiz(request: Req, actor: Actor, outline: Outline, video: Video) -> QuizPart | None:
    """Returns the quiz in the state that the address asks for."""
    if video.quiz is None:
        return None
    progress = await queries.quiz_progress_of(actor.user_id, video.quiz)
    attempt = _number(request, "result")
    if attempt is not None:
        return await _result(actor, outline, video, progress, attempt)
    number = _number(request, "q")
    if number is None:
        return views.start(progress)
    if not 1 <= number <= len(progress.quiz.questions):
        raise NotFound("This quiz has no such question.")
    if progress.quiz.questions[number - 1].id in progress.answers:
        elsewhere = request.query_params.get("elsewhere") == "1"
        return views.feedback(progress, number, actor.user_id, video, elsewhere=elsewhere)
    moved = request.query_params.get("order", "").split(",")
    ordering = progress.quiz.questions[number - 1].kind == "ordering"
    return views.asked(progress, number, actor.user_id, picked=moved if ordering else ())


@get("/video/{video_id:str}", include_in_schema=False)
async def video_page(request: Req, actor: CurrentActor, video_id: FromPath[str]) -> Response[Any]:
    course = course_of(request)
    video = video_of(course, video_id)
    if video.id != video_id:
        return Redirect(f"/video/{video.id}", status_code=303)
    outline = await outline_of(actor, course, here=video.id)
    outline.locks.check_video(video)
    quiz = await _quiz(request, actor, outline, video)
    content = _content(actor, outline, video, quiz, _number(request, "t"))
    return await page(request, "quiz/video.html", content)


@post("/video/{video_id:str}/done", include_in_schema=False)
async def mark(request: Req, actor: CurrentActor, video_id: FromPath[str]) -> Redirect:
    video = await open_video(actor, course_of(request), video_id)
    form = await read_form(request)
    await learning.mark(actor, video, done=form.text("done") == "true")
    return Redirect(f"/video/{video.id}#watched", status_code=303)


@post("/video/{video_id:str}/answer", include_in_schema=False)
async def answer(request: Req, actor: CurrentActor, video_id: FromPath[str]) -> Response[Any]:
    """Commit one answer, then show it with its explanation. An answer that another window was
    faster with is shown as it is recorded."""
    course = course_of(request)
    quiz = await open_quiz_of(actor, course, video_id)
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
        return await _asked_again(request, actor, video_of(course, video_id), given, error)
    return _back(video_id, await _number_of(actor, video_id, course, question_id))


async def _number_of(actor: Actor, video_id: str, course: Course, question_id: str) -> int:
    progress = await queries.quiz_progress_of(actor.user_id, quiz_of(course, video_id))
    numbers = [n for n, q in enumerate(progress.quiz.questions, 1) if q.id == question_id]
    return numbers[0] if numbers else views.first_open(progress)


def _back(video_id: str, number: int, *, elsewhere: bool = False) -> Redirect:
    extra = "&elsewhere=1" if elsewhere else ""
    return Redirect(f"/video/{video_id}?q={number}{extra}#quiz", status_code=303)


async def _asked_again(
    request: Req, actor: Actor, video: Video, given: GivenAnswer, error: Invalid
) -> Response[str]:
    course = course_of(request)
    progress = await queries.quiz_progress_of(actor.user_id, quiz_of(course, video.id))
    number = next(
        (n for n, q in enumerate(progress.quiz.questions, 1) if q.id == given.question_id), None
    )
    if number is None or given.question_id in progress.answers:
        raise error
    outline = await outline_of(actor, course, here=video.id)
    quiz = views.asked(progress, number, actor.user_id, picked=given.choices, error=error.sentence)
    content = _content(actor, outline, video, quiz, None)
    return await page(request, "quiz/video.html", content, status=422)


@get("/video/{video_id:str}/answer", include_in_schema=False)
async def answer_reopened(request: Req, actor: CurrentActor, video_id: FromPath[str]) -> Redirect:
    """A refused answer stands at this address; who opens it again gets the quiz."""
    quiz = await open_quiz_of(actor, course_of(request), video_id)
    progress = await queries.quiz_progress_of(actor.user_id, quiz)
    return _back(quiz.video_id, views.first_open(progress))


@post("/video/{video_id:str}/submit", include_in_schema=False)
async def submit(request: Req, actor: CurrentActor, video_id: FromPath[str]) -> Redirect:
    """Complete the attempt and show its result; pressed twice, it shows the same result."""
    quiz = await open_quiz_of(actor, course_of(request), video_id)
    attempt = (await read_form(request)).number("attempt") or 0
    try:
        await actions.submit(actor, quiz, attempt)
    except Conflict:
        progress = await queries.quiz_progress_of(actor.user_id, quiz)
        if not any(done.attempt_number == attempt for done in progress.completed):
            return Redirect(f"/video/{video_id}", status_code=303)
    except Invalid:
        progress = await queries.quiz_progress_of(actor.user_id, quiz)
        return _back(video_id, views.first_open(progress))
    return Redirect(f"/video/{video_id}?result={attempt}#quiz", status_code=303)


HANDLERS = [video_page, mark, answer, answer_reopened, submit]
