"""What to do next, in words: a few for a list, a sentence and a button for a card. Pure."""

from __future__ import annotations

import msgspec

from portal.learning.course import Video
from portal.learning.outline import Activity, Outline
from portal.scoring.rules import POINTS_MAX
from portal.web.formats import length, plural


class OpenQuiz(msgspec.Struct, frozen=True):
    """`first_open` is the number, from 1, of the first question without an answer; `points` are the
    most that the attempt can bring."""

    answered: int
    total: int
    first_open: int
    points: int


class NextStep(msgspec.Struct, frozen=True):
    """In a list, `label` is the verb and `note` what else there is to say, and the link leads to
    the video or the quiz; on a card, `line` is a sentence and `button` the verb, and the link leads
    to `question` of the quiz, if it is one."""

    video: Video
    label: str
    note: str
    line: str
    button: str
    question: int | None = None

    @property
    def href(self) -> str:
        return f"/video/{self.video.id}#quiz" if self.question else f"/video/{self.video.id}"

    @property
    def button_href(self) -> str:
        page = f"/video/{self.video.id}"
        return f"{page}?q={self.question}#quiz" if self.question else page


def next_step(outline: Outline, activity: Activity, open_quiz: OpenQuiz | None = None) -> NextStep:
    """Returns an activity in words. `open_quiz` says how far a begun attempt is; without it, what a
    card says is empty there."""
    video = activity.video
    time = length(video.duration) if video.duration else ""
    questions = plural(len(video.quiz.questions), "question") if video.quiz else ""
    quiz = _quiz_ahead(outline, video)
    after = f" After it: {quiz}." if quiz else ""
    match activity.kind:
        case "open_quiz":
            line, button, question = _answering(open_quiz) if open_quiz else ("", "", 1)
            return NextStep(video, "Resume the quiz", questions, line, button, question)
        case "begun":
            at = length(outline.of(video).position_seconds)
            of = f" of {time}" if time else ""
            line = f"You stopped at {at}{of}.{after}"
            return NextStep(video, f"Resume at {at}", of.strip(), line, f"Resume at {at}")
        case "quiz":
            line = f"You watched the video. Now {quiz}."
            return NextStep(video, "Take the quiz", questions, line, "Take the quiz", 1)
        case "improve":
            gain = outline.gain(video)
            all_watched = outline.watched() == len(outline.course.ordered)
            state = "Every video is watched" if all_watched else "What is locked opens by points"
            line, note = (
                f"{state}. This quiz can still gain {gain} points.",
                f"{gain} points to gain",
            )
            return NextStep(video, "Try the quiz again", note, line, "Try again", 1)
    line = f"{time} of video.{after}" if time else f"A short video.{after}"
    label, verb = ("Continue", "Watch") if outline.is_begun else ("Start", "Start")
    return NextStep(video, label, time, line, f"{verb} the video")


def _quiz_ahead(outline: Outline, video: Video) -> str:
    """Returns the quiz of a video in words; nothing when there is none, or it was finished."""
    if video.quiz is None or outline.quiz_done(video):
        return ""
    questions = len(video.quiz.questions)
    return f"a quiz of {plural(questions, 'question')}, up to {POINTS_MAX * questions} points"


def _answering(quiz: OpenQuiz) -> tuple[str, str, int]:
    """Returns how far an attempt is, what to do now, and at which question."""
    if quiz.answered >= quiz.total:
        return "Every question is answered.", "See my result", quiz.total
    line = f"{quiz.answered} of {quiz.total} answered. Up to {quiz.points} points in all."
    return line, f"Answer question {quiz.first_open}", quiz.first_open
