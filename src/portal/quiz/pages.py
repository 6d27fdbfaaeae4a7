"""The video page with its quiz."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from portal.errors import Conflict, Invalid, NotFound, RateLimited
from portal.learning import actions as learning
from portal.learning.course import Quiz, Video
from portal.learning.outline import Outline
from portal.learning.queries import open_video, outline_of, video_of
from portal.learning.site import course_of
from portal.quiz import actions, queries, result, rules, views
from portal.quiz.actions import AlreadyCompleted, GivenAnswer
from portal.quiz.queries import open_quiz_of
from portal.quiz.reports import REASONS, reason_of, report_question
from portal.quiz.video import QuizPart, video_view
from portal.web.actor import Actor, CurrentActor
from portal.web.forms import form_errors, read_form
from portal.web.pages import page
from portal.web.site import Req


def _number(request: Req, name: str) -> int | None:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


async def _quiz_part(request: Req, actor: Actor, outline: Outline, video: Video) -> QuizPart | None:
    """Returns the quiz in the state that the address asks for."""
    if video.quiz is None:
        return None
    progress = await queries.quiz_progress_of(actor.user_id, video.quiz)
    attempt = _number(request, "result")
    if attempt is not None:
        finished = await queries.finished_attempt(actor, outline.course, progress, attempt)
        return result.result(progress, finished, outline, video)
    number = _number(request, "q")
    if number is None:
        return views.start(progress)
    if not 1 <= number <= len(progress.quiz.questions):
        raise NotFound("This quiz has no such question.")
    question = progress.quiz.questions[number - 1]
    if question.id in progress.answers:
        query = request.query_params
        thanks = query.get("reported") == "1"
        form = views.report_form(progress, question.id, REASONS, thanks=thanks)
        elsewhere = query.get("elsewhere") == "1"
        return views.feedback(progress, number, actor.user_id, form, elsewhere=elsewhere)
    order = request.query_params.get("order", "").split(",") if question.kind == "ordering" else ()
    return views.asked(progress, number, actor.user_id, picked=order)


@get("/video/{video_id:str}", include_in_schema=False)
async def video_page(request: Req, actor: CurrentActor, video_id: FromPath[str]) -> Response[Any]:
    course = course_of(request)
    video = video_of(course, video_id)
    if video.id != video_id:
        return Redirect(f"/video/{video.id}", status_code=303)
    outline = await outline_of(actor, course, here=video.id)
    outline.locks.check_video(video)
    quiz = await _quiz_part(request, actor, outline, video)
    content = video_view(actor, outline, video, quiz, _number(request, "t"))
    return await page(request, "quiz/video.html", content)


@post("/video/{video_id:str}/done", include_in_schema=False)
async def mark_watched(request: Req, actor: CurrentActor, video_id: FromPath[str]) -> Redirect:
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
    given = GivenAnswer(form.text("question"), tuple(form.all("choice")))
    direction, _, choice_id = form.text("move").partition(":")
    if direction:
        # A button of an ordering, without script: nothing is committed, the rows only move.
        order = ",".join(rules.moved(given.choices, choice_id, direction))
        number = await _number_of(actor, quiz, given)
        return _to_question(video_id, number, f"&order={quote(order, safe=',')}")
    try:
        committed = await actions.commit_answer(actor, quiz, form.number("attempt") or 0, given)
    except Conflict:
        return _to_question(video_id, await _number_of(actor, quiz, given), "&elsewhere=1")
    except Invalid as error:
        return await _asked_again(request, actor, quiz, given, error)
    return _to_question(video_id, committed.number)


async def _number_of(actor: Actor, quiz: Quiz, given: GivenAnswer) -> int:
    progress = await queries.quiz_progress_of(actor.user_id, quiz)
    return progress.number_of(given.question_id) or progress.first_open


def _to_question(video_id: str, number: int, more: str = "") -> Redirect:
    return Redirect(f"/video/{video_id}?q={number}{more}#quiz", status_code=303)


async def _asked_again(
    request: Req, actor: Actor, quiz: Quiz, given: GivenAnswer, error: Invalid
) -> Response[str]:
    course = course_of(request)
    progress = await queries.quiz_progress_of(actor.user_id, quiz)
    number = progress.number_of(given.question_id)
    if number is None or given.question_id in progress.answers:
        raise error
    video = course.videos[quiz.video_id]
    outline = await outline_of(actor, course, here=video.id)
    part = views.asked(progress, number, actor.user_id, picked=given.choices, error=error.sentence)
    content = video_view(actor, outline, video, part)
    return await page(request, "quiz/video.html", content, status=422)


@post("/video/{video_id:str}/report", include_in_schema=False)
async def report(request: Req, actor: CurrentActor, video_id: FromPath[str]) -> Response[Any]:
    """Keep what is wrong with an answered question, then show it again; sent twice, it is kept
    once. A refused form comes back with what was written."""
    course = course_of(request)
    quiz = await open_quiz_of(actor, course, video_id)
    form = await read_form(request)
    question_id, choice, words = form.text("about"), form.text("reason"), form.text("words")
    try:
        await report_question(actor, quiz, question_id, reason_of(choice, words))
        refused = None
    except (Invalid, RateLimited) as error:
        refused = form_errors(error, "reason")
    except Conflict:  # reported before, or not answered: the page shows which
        refused = None
    progress = await queries.quiz_progress_of(actor.user_id, quiz)
    number = progress.number_of(question_id)
    if refused is None or number is None or question_id not in progress.answers:
        return _to_question(video_id, number or progress.first_open, "&reported=1")
    filled = msgspec.structs.replace(
        views.report_form(progress, question_id, REASONS),
        choice=choice,
        words=words,
        refused=refused.fields["reason"],
    )
    video = course.videos[quiz.video_id]
    outline = await outline_of(actor, course, here=video.id)
    content = video_view(
        actor, outline, video, views.feedback(progress, number, actor.user_id, filled)
    )
    return await page(
        request, "quiz/video.html", content, status=refused.status, headers=refused.headers
    )


@get(
    ["/video/{video_id:str}/answer", "/video/{video_id:str}/report"],
    include_in_schema=False,
)
async def answer_reopened(request: Req, actor: CurrentActor, video_id: FromPath[str]) -> Redirect:
    """A refused form stands at such an address; who opens it again gets the quiz."""
    quiz = await open_quiz_of(actor, course_of(request), video_id)
    progress = await queries.quiz_progress_of(actor.user_id, quiz)
    return _to_question(quiz.video_id, progress.first_open)


@post("/video/{video_id:str}/submit", include_in_schema=False)
async def submit(request: Req, actor: CurrentActor, video_id: FromPath[str]) -> Redirect:
    """Complete the attempt and show its result; pressed twice, it shows the same result."""
    quiz = await open_quiz_of(actor, course_of(request), video_id)
    attempt = (await read_form(request)).number("attempt") or 0
    try:
        await actions.submit(actor, quiz, attempt)
    except AlreadyCompleted:
        pass
    except Conflict:
        return Redirect(f"/video/{video_id}", status_code=303)
    except Invalid:
        progress = await queries.quiz_progress_of(actor.user_id, quiz)
        return _to_question(video_id, progress.first_open)
    return Redirect(f"/video/{video_id}?result={attempt}#quiz", status_code=303)


HANDLERS = [video_page, mark_watched, answer, report, answer_reopened, submit]
