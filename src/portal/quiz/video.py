"""What the page of a video shows, with its quiz. Pure."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from portal.learning.course import Cue, Video
from portal.learning.locks import card_href
from portal.learning.outline import EmbedRefusal, Outline, TickState
from portal.learning.player import embed_url, media_url, provider_name, watch_url
from portal.quiz.result import ResultPart
from portal.quiz.views import FeedbackPart, QuestionPart, StartPart
from portal.web.actor import Actor
from portal.web.formats import length, plural

QuizPart: TypeAlias = StartPart | QuestionPart | FeedbackPart | ResultPart


class StepLink(msgspec.Struct, frozen=True):
    """`note` says how far the learner is with it."""

    id: str
    title: str
    href: str
    note: str


class TopicVideo(msgspec.Struct, frozen=True):
    href: str
    title: str
    note: str
    state: TickState
    current: bool


class TopicList(msgspec.Struct, frozen=True):
    title: str
    videos: list[TopicVideo]


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
    refusal: EmbedRefusal | None
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
    if video.quiz is None or not isinstance(quiz, StartPart) or quiz.best is not None:
        return "Watched."
    return f"Watched. The quiz has {plural(len(video.quiz.questions), 'question')}."


def video_view(
    actor: Actor, outline: Outline, video: Video, quiz: QuizPart | None, start: int | None = None
) -> VideoPage:
    """Returns the page of a video with its quiz, to be played from second `start` on, by default
    where the learner left it."""
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
                TopicVideo(
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
