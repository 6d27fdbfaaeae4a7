"""The index of the course, and the one read of a search: what this learner has answered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from portal.db import sql
from portal.learning.course import Course, Quiz, Topic, Video
from portal.learning.locks import Locks, card_href, has_locks
from portal.learning.queries import locks_of
from portal.quiz.queries import version
from portal.search import views
from portal.search.query_words import query_words
from portal.search.rules import Field, Index, IndexEntry, Key, LockedEntry, Name, Text
from portal.search.views import Found
from portal.web.actor import Actor
from portal.web.formats import plural

# The latest attempt at each quiz: an open one hides what it still asks, even if an earlier
# attempt has answered it.
_ANSWERED = """
    SELECT DISTINCT ON (a.quiz_id)
           a.quiz_id, a.attempt_number, a.content_hash, a.completed_at IS NULL AS open,
           ARRAY(SELECT w.question_id FROM quiz_answer w WHERE w.attempt = a.id) AS questions
    FROM quiz_attempt a
    WHERE a.learner = $1
    ORDER BY a.quiz_id, a.attempt_number DESC
"""


class Answered(msgspec.Struct, frozen=True):
    """The questions that the learner's latest attempt at a quiz has answered."""

    quiz_id: str
    attempt_number: int
    content_hash: str
    open: bool
    questions: list[str]


class CourseIndex:
    """The index of a course, with every version of its quizzes that a learner was asked so far."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._numbers: dict[str, dict[str, int]] = {}  # content hash → question id → number
        self.index = Index(_course_entries(course))
        for quiz in course.quizzes.values():
            self.add_quiz(quiz)

    def add_quiz(self, quiz: Quiz) -> None:
        """Add the explanations of a version, unless they are known."""
        if quiz.content_hash in self._numbers:
            return
        self._numbers[quiz.content_hash] = {q.id: n for n, q in enumerate(quiz.questions, 1)}
        video = self._course.videos[quiz.video_id]
        for question in quiz.questions:
            self.index.add(
                IndexEntry(
                    kind="explanation",
                    id=f"{quiz.video_id}/{question.id}",
                    texts=(
                        Text("question", question.text),
                        Text("explanation", question.explanation),
                    ),
                    place=f"Step {video.step_id} · Quiz of {video.title}",
                    key=(quiz.content_hash, question.id),
                )
            )

    def knows(self, content_hash: str) -> bool:
        return content_hash in self._numbers

    def href(self, row: Answered, question_id: str) -> str:
        """Returns where the learner can read the explanation again."""
        if row.open:
            return f"/video/{row.quiz_id}?q={self._numbers[row.content_hash][question_id]}#quiz"
        return f"/video/{row.quiz_id}?result={row.attempt_number}#quiz"


@lru_cache(maxsize=2)
def index_of(course: Course) -> CourseIndex:
    """Returns the index of the course, which is built by the first search."""
    return CourseIndex(course)


async def search_course(actor: Actor, course: Course, query: str) -> Found:
    """Returns what the course and the actor's own answers have on the query: one statement, one
    more in a course with locks, and one for each version of a quiz that this process has not met
    yet. What is locked leads to its step on the path and says why; what its page keeps back is
    found by nobody."""
    words = query_words(query)
    if not words:
        return views.no_results(query)
    known = index_of(course)
    locks = await locks_of(actor, course)
    hrefs: dict[Key, str] = {}
    for row in await sql.fetch(Answered, _ANSWERED, actor.user_id):
        if row.quiz_id not in course.videos or locks.of_video(course.videos[row.quiz_id]):
            continue
        if not known.knows(row.content_hash):
            known.add_quiz(await version(row.quiz_id, row.content_hash))
        for question_id in row.questions:
            hrefs[row.content_hash, question_id] = known.href(row, question_id)
    locked = _locked_entries(course, locks)
    return views.results_for(query, known.index.search(words, hrefs, locked), hrefs, locked)


def _locked_entries(course: Course, locks: Locks) -> dict[Name, LockedEntry]:
    """Returns what is locked. What the page of a locked part does not tell, no search tells."""
    locked: dict[Name, LockedEntry] = {}
    for step in course.steps if has_locks(course) else ():
        href = card_href(step)
        lock_of_step = locks.of(step)
        if lock_of_step:
            locked["step", step.id] = LockedEntry(lock_of_step.reason, href, "practice")
        for topic in step.topics:
            if lock := locks.of(topic):
                hidden_from: Field | None = "summary" if lock_of_step else None
                locked["topic", topic.id] = LockedEntry(lock.reason, href, hidden_from)
                for video in topic.videos:
                    locked["video", video.id] = LockedEntry(lock.reason, href, "transcript")
    return locked


def _course_entries(course: Course) -> Iterator[IndexEntry]:
    for step in course.steps:
        title = f"Step {step.id}: {step.title}"
        yield IndexEntry(
            kind="step",
            id=step.id,
            texts=(
                *_entry_texts(title, objectives=step.objectives, summary=step.summary),
                *(Text("practice", task) for task in step.practice),
            ),
            place=plural(len(step.videos), "video"),
            href=f"/step/{step.id}",
        )
        for number, topic in enumerate(step.topics, 1):
            yield IndexEntry(
                kind="topic",
                id=topic.id,
                texts=_entry_texts(topic.title, summary=topic.description),
                place=f"Step {step.id} · {step.title}",
                href=f"/step/{step.id}#topic-{number}",
            )
            yield from (_video_entry(topic, video) for video in topic.videos)


def _video_entry(topic: Topic, video: Video) -> IndexEntry:
    return IndexEntry(
        kind="video",
        id=video.id,
        texts=(
            *_entry_texts(video.title, objectives=video.objectives, summary=video.summary),
            *(Text("transcript", cue.text, int(cue.start)) for cue in video.transcript),
        ),
        place=f"Step {video.step_id} · {topic.title}",
        href=f"/video/{video.id}",
        duration=video.duration,
    )


def _entry_texts(title: str, *, objectives: tuple[str, ...] = (), summary: str) -> tuple[Text, ...]:
    return (
        Text("title", title),
        *(Text("objective", text) for text in objectives),
        Text("summary", summary),
    )
