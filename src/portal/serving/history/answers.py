"""What somebody answers: who is how good at what. Pure functions.

Those who know more get the harder questions right, so that questions tell people apart as good ones
do; but for a bad one, which strong learners miss, and one that everybody gets right.
"""

from __future__ import annotations

from random import Random

import msgspec

from portal.learning.course import Course, Question, Quiz
from portal.quiz import rules
from portal.serving.history.personas import Persona

# One under which the shipped questions tell people apart, as good ones do.
SEED = 20
_EXPECTED = {"easy": -0.2, "medium": 0.0, "hard": 0.2}
_MOOD = 0.15  # how much what somebody happens to know differs from what is easy
_LUCK = 0.6  # of a question, more or fewer than the person's share


class Odd(msgspec.Struct, frozen=True):
    """Two questions that are not as questions should be; each is a quiz and a question's id."""

    bad: tuple[str, str] | None
    easy: tuple[str, str] | None


def odd_questions(course: Course) -> Odd:
    """Returns the bad question and the one that everybody knows, out of the first quizzes, which
    nearly everybody has taken."""
    quizzes = [video.quiz for video in course.ordered if video.quiz]
    early = [*quizzes[1:3], *quizzes[:1]]
    bad = next(
        (
            (quiz.video_id, question.id)
            for quiz in early
            for question in quiz.questions
            if question.kind == "single" and len(question.choices) > 2 and len(quiz.questions) > 2
        ),
        None,
    )
    easy = next(
        (
            (quiz.video_id, question.id)
            for quiz in quizzes[:1]
            for question in quiz.questions
            if (quiz.video_id, question.id) != bad
        ),
        None,
    )
    return Odd(bad, easy)


class Knowledge:
    """How one person answers first attempts, quiz after quiz: over all of them, `persona.right` of
    the answers are right, and over a few about as many."""

    def __init__(self, persona: Persona, odd: Odd) -> None:
        self._persona = persona
        self._odd = odd
        self._asked = 0
        self._right = 0

    def first_try(self, quiz: Quiz) -> dict[str, tuple[str, ...]]:
        """Returns the choices by question."""
        rng = Random(f"{SEED}/{self._persona.id}/{quiz.video_id}")  # noqa: S311
        known = self._known(quiz, rng)
        self._asked += len(quiz.questions)
        self._right += len(known)
        return {
            question.id: chosen(question, rng, right=question.id in known)
            if (quiz.video_id, question.id) != self._odd.bad
            else _of_bad(question, right=question.id in known)
            for question in quiz.questions
        }

    def _known(self, quiz: Quiz, rng: Random) -> set[str]:
        """Returns the ids of the questions that are going to be answered right."""
        aim = self._persona.right * (self._asked + len(quiz.questions))
        count = round(aim + rng.uniform(-_LUCK, _LUCK)) - self._right
        bad = self._odd.bad[1] if self._odd.bad and self._odd.bad[0] == quiz.video_id else None
        known = {bad} if bad is not None and not self._persona.is_strong else set()
        order = sorted(
            (question for question in quiz.questions if question.id != bad),
            key=lambda question: self._effort(quiz, question) + rng.gauss(0, _MOOD),
        )
        return known | {question.id for question in order[: max(0, count - len(known))]}

    def _effort(self, quiz: Quiz, question: Question) -> float:
        if (quiz.video_id, question.id) == self._odd.easy:
            return -9.0
        spread = Random(f"{SEED}/{quiz.video_id}/{question.id}").random()  # noqa: S311
        return spread + _EXPECTED[question.difficulty]


def better(
    quiz: Quiz, before: dict[str, tuple[str, ...]], rng: Random, chance: float
) -> dict[str, tuple[str, ...]]:
    """Returns the choices of another attempt: what was right stays, the rest may become so."""
    return {
        question.id: before[question.id]
        if rules.is_correct(question, before[question.id])
        else chosen(question, rng, right=rng.random() < chance)
        for question in quiz.questions
    }


def chosen(question: Question, rng: Random, *, right: bool) -> tuple[str, ...]:
    """Returns the key or, where there is a wrong answer at all, one, as it is stored."""
    key, ids = question.key, [choice.id for choice in question.choices]
    if right:
        return rules.normal_choices(question, key)
    others = [each for each in ids if each not in key]
    if question.kind == "ordering":
        wrong: tuple[str, ...] = (*key[1:], key[0]) if rng.random() < 0.4 else _swapped(key, rng)
    elif question.kind == "multiple":
        wrong = _nearly(key, others, rng)
    else:
        wrong = (rng.choice(others),) if others else key
    return rules.normal_choices(question, wrong)


def _of_bad(question: Question, *, right: bool) -> tuple[str, ...]:
    """Whoever misses it misses it in the same way, as when the key is wrong."""
    other = next(choice.id for choice in question.choices if choice.id not in question.key)
    return question.key if right else (other,)


def _swapped(key: tuple[str, ...], rng: Random) -> tuple[str, ...]:
    if len(key) < 2:
        return key
    at = rng.randrange(len(key) - 1)
    return (*key[:at], key[at + 1], key[at], *key[at + 2 :])


def _nearly(key: tuple[str, ...], others: list[str], rng: Random) -> tuple[str, ...]:
    if others and (len(key) < 2 or rng.random() < 0.5):
        return (*key, rng.choice(others))
    if len(key) < 2:
        return key
    left_out = rng.choice(key)
    return tuple(each for each in key if each != left_out)
