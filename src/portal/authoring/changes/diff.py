"""What a change of the course means for the people who are in the middle of it. Pure.

Two courses are compared by the ids that everything is kept under, so that a renamed video with an
alias is the same video.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from portal.learning.course import Course, Question, Quiz, Step, Task, Video
from portal.web.formats import plural

What = Literal[
    "video removed",
    "video added",
    "video moved",
    "quiz removed",
    "quiz added",
    "question removed",
    "question added",
    "key changed",
    "choices changed",
    "text changed",
    "lock changed",
    "task removed",
    "task added",
]

# What follows for learners, in the words of the report.
EFFECTS: dict[What, str] = {
    "video removed": "it no longer counts as a part of the path; points of its quiz are kept",
    "video added": "finished steps have something open again, percentages fall",
    "video moved": "it counts in another place of the path; nothing of it is lost",
    "quiz removed": "it can no longer be taken; attempts and points are kept",
    "quiz added": "finished videos have something open again, the highest score rises",
    "question removed": "new attempts do without it; attempts and answers of it are kept",
    "question added": "new attempts have it, the highest score of the quiz rises",
    "key changed": "new answers are graded otherwise; finished and open attempts keep the old key",
    "choices changed": "new attempts show other choices; answers given before are kept",
    "text changed": "new attempts read other words; nothing is graded otherwise",
    "lock changed": "it opens for others than before; what anybody did in it is kept",
    "task removed": "the checklist is shorter; what was ticked off is kept",
    "task added": "the checklist has something open again",
}


class Change(msgspec.Struct, frozen=True):
    """One difference, of a video, a question of its quiz, or a `part` of the course."""

    what: What
    video_id: str = ""
    question_id: str = ""
    detail: str = ""
    part: str = ""

    def __str__(self) -> str:
        place = f', question "{self.question_id}"' if self.question_id else ""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.part or self.video_id}{place}: {self.what}{detail}: {EFFECTS[self.what]}"


def compare_courses(old: Course, new: Course) -> list[Change]:
    """Returns every change that touches completion, scores or what is asked, in the order of the
    course."""
    found: list[Change] = []
    for video in new.ordered:
        before = old.videos.get(video.id)
        if before is None:
            found.append(Change("video added", video.id, detail=f"step {video.step_id}"))
        else:
            found += _move_changes(before, video)
            found += _quiz_changes(before, video)
    found += [_removed(video, new) for video in old.ordered if video.id not in new.videos]
    for step in new.steps:
        found += _part_changes(old, step)
    return found


def _part_changes(old: Course, step: Step) -> Iterator[Change]:
    before = old.steps_by_id.get(step.id)
    if before:
        tasks, former = _tasks(step), _tasks(before)
        part = f"step {step.id}"
        for name, text in former.items():
            if name not in tasks:
                yield Change("task removed", detail=text, part=part)
        for name, text in tasks.items():
            if name not in former:
                yield Change("task added", detail=text, part=part)
        if step.requires != before.requires:
            yield Change("lock changed", part=part)
    for topic in step.topics:
        known = old.topics.get(topic.id)
        if known and known.requires != topic.requires:
            yield Change("lock changed", part=f"topic {topic.id}")


def _tasks(step: Step) -> dict[str, str]:
    """Returns the tasks that can be ticked off, by the id that this is kept under."""
    return {task.id: task.text for task in step.tasks if isinstance(task, Task)}


def _removed(video: Video, new: Course) -> Change:
    twins = [v.id for v in new.ordered if (v.provider, v.ref) == (video.provider, video.ref)]
    detail = f"step {video.step_id}, {'with' if video.quiz else 'without'} a quiz"
    if twins:
        detail = f'now {twins[0]}; there, aliases = ["{video.id}"] would keep its history'
    return Change("video removed", video.id, detail=detail)


def _move_changes(before: Video, video: Video) -> Iterator[Change]:
    places = [(v.step_id, v.topic_id) for v in (before, video)]
    if places[0] != places[1]:
        old, new = (f"step {step}, {topic}" for step, topic in places)
        yield Change("video moved", video.id, detail=f"from {old} to {new}")


def _quiz_changes(before: Video, video: Video) -> Iterator[Change]:
    if before.quiz and video.quiz:
        yield from _question_changes(video.id, before.quiz, video.quiz)
    elif video.quiz:
        count = plural(len(video.quiz.questions), "question")
        yield Change("quiz added", video.id, detail=count)
    elif before.quiz:
        yield Change("quiz removed", video.id)


def _question_changes(video_id: str, before: Quiz, after: Quiz) -> Iterator[Change]:
    old = {question.id: question for question in before.questions}
    new = {question.id: question for question in after.questions}
    gone = {name: question for name, question in old.items() if name not in new}
    for name, question in new.items():
        if name not in old:
            twins = [former for former, q in gone.items() if q.text == question.text]
            hint = f'aliases = ["{twins[0]}"] would keep its history' if twins else ""
            yield Change("question added", video_id, name, hint)
        elif question != old[name]:
            yield Change(_difference(old[name], question), video_id, name)
    for name in gone:
        yield Change("question removed", video_id, name)


def _difference(old: Question, new: Question) -> What:
    """Returns what matters most about a changed question."""
    if old.kind != new.kind or _has_other_key(old, new):
        return "key changed"
    return "choices changed" if old.choices != new.choices else "text changed"


def _has_other_key(old: Question, new: Question) -> bool:
    """Whether an answer that was right would be wrong; letters may have been dealt out anew."""
    before, after = _right_texts(old), _right_texts(new)
    if before == after:
        return False
    if old.kind == "ordering":
        return old.key != new.key or sorted(before) == sorted(after)
    # The same letter with another text is a mended wording, unless that text was wrong before.
    wrong = {choice.text for choice in old.choices if choice.id not in old.key}
    return old.key != new.key or not wrong.isdisjoint(after)


def _right_texts(question: Question) -> list[str]:
    """Returns the texts of the right choices, for an ordering in their order."""
    texts = {choice.id: choice.text for choice in question.choices}
    said = [texts.get(name, "") for name in question.key]
    return said if question.kind == "ordering" else sorted(said)
