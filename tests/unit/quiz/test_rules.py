"""Grading, what can be an answer, and the order of choices."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Invalid
from portal.learning.course import Question
from portal.quiz import rules
from portal.quiz.rules import Answer, Attempt, QuizProgress
from tests.learning.courses import one_of_each, question, singles, video

SINGLE, TRUE_FALSE, MULTIPLE, ORDERING = one_of_each()
ALEX, MIKE = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("asked", "choices", "correct"),
    [
        (SINGLE, ("b",), True),
        (SINGLE, ("a",), False),
        (TRUE_FALSE, ("false",), True),
        (TRUE_FALSE, ("true",), False),
        (MULTIPLE, ("a", "c"), True),
        (MULTIPLE, ("c", "a"), True),
        (MULTIPLE, ("a",), False),
        (MULTIPLE, ("a", "b", "c"), False),
        (MULTIPLE, ("b", "d"), False),
        (ORDERING, ("c", "a", "b"), True),
        (ORDERING, ("a", "b", "c"), False),
        (ORDERING, ("b", "a", "c"), False),
    ],
)
def test_grading(asked: Question, choices: tuple[str, ...], correct: bool) -> None:
    assert rules.is_correct(asked, choices) is correct


@pytest.mark.parametrize(
    ("asked", "choices", "sentence"),
    [
        (SINGLE, (), "Choose an answer first."),
        (SINGLE, ("z",), "This question has no such choice."),
        (SINGLE, ("a", "b"), "Choose one answer."),
        (SINGLE, ("a", "a"), "This question has no such choice."),
        (TRUE_FALSE, ("true", "false"), "Choose one answer."),
        (TRUE_FALSE, ("a",), "This question has no such choice."),
        (MULTIPLE, (), "Choose an answer first."),
        (MULTIPLE, ("a", "z"), "This question has no such choice."),
        (MULTIPLE, ("a", "a"), "This question has no such choice."),
        (ORDERING, ("c", "a"), "Order all of them."),
        (ORDERING, ("c", "a", "a"), "This question has no such choice."),
        (ORDERING, ("c", "a", "b", "d"), "This question has no such choice."),
    ],
)
def test_what_is_no_answer(asked: Question, choices: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.normal_choices(asked, choices)
    assert refused.value.sentence == sentence
    assert list(refused.value.details or {}) == [asked.id]


def test_several_choices_are_stored_in_one_order_and_an_ordering_in_its_own() -> None:
    assert rules.normal_choices(MULTIPLE, ["c", "a"]) == ("a", "c")
    assert rules.normal_choices(ORDERING, ["b", "a", "c"]) == ("b", "a", "c")
    assert rules.normal_choices(SINGLE, ["b"]) == ("b",)


@given(st.permutations("abcde"), st.integers(1, 5))
def test_grading_several_does_not_depend_on_their_order(order: list[str], count: int) -> None:
    chosen = order[:count]
    stored = rules.normal_choices(MULTIPLE, chosen)
    assert stored == rules.normal_choices(MULTIPLE, sorted(chosen))
    assert rules.is_correct(MULTIPLE, stored) == (set(chosen) == {"a", "c"})


@given(st.uuids(), st.integers(1, 100))
def test_a_shuffle_keeps_every_choice_and_is_the_same_each_time(
    learner: UUID, attempt: int
) -> None:
    for asked in (SINGLE, MULTIPLE, ORDERING):
        shown = rules.shuffled(asked, learner, "basics", attempt)
        assert sorted(choice.id for choice in shown) == sorted(c.id for c in asked.choices)
        assert shown == rules.shuffled(asked, learner, "basics", attempt)
    assert rules.shuffled(TRUE_FALSE, learner, "basics", attempt) == list(TRUE_FALSE.choices)


def test_a_shuffle_differs_by_learner_attempt_quiz_and_question() -> None:
    def orders(learner: UUID, quiz: str, attempt: int) -> list[str]:
        return [
            "".join(c.id for c in rules.shuffled(asked, learner, quiz, attempt))
            for asked in singles(8)
        ]

    base = orders(ALEX, "basics", 1)
    assert len(set(base)) > 1
    assert base != orders(ALEX, "basics", 2)
    assert base != orders(MIKE, "basics", 1)
    assert base != orders(ALEX, "others", 1)


def test_the_key_stands_in_every_place_equally_often() -> None:
    places = [0] * 5
    for number in range(1, 1001):
        shown = rules.shuffled(SINGLE, ALEX, "basics", number)
        places[[choice.id for choice in shown].index("b")] += 1
    assert min(places) > 140
    assert max(places) < 260


def answered(asked: Question, correct: bool, *, first: bool) -> Answer:
    return Answer(asked.id, asked.key if correct else ("x",), correct, first)


def attempt_of(number: int, *answers: Answer, total: int = 2) -> Attempt:
    return Attempt("basics", number, total, 0, 0, 0, uuid4(), "hash", None, answers)


def test_the_first_answer_ever_decides_the_bonus() -> None:
    one, two = singles(2)
    history = [
        attempt_of(1, answered(one, False, first=True)),
        attempt_of(2, answered(one, True, first=False), answered(two, True, first=True)),
    ]
    first = rules.first_correct(history)
    assert first == {one.id: False, two.id: True}
    quiz = video("basics", (one, two)).quiz
    assert quiz is not None
    progress = QuizProgress(quiz, quiz, 2, history[1], (history[0],), first)
    assert progress.points_of(answered(one, True, first=False)) == 10
    assert progress.points_of(answered(two, True, first=False)) == 15
    assert progress.points_of(answered(two, False, first=False)) == 0


def test_what_is_open_and_what_is_answered() -> None:
    questions = (*singles(2), question(3))
    quiz = video("basics", questions).quiz
    assert quiz is not None
    fresh = QuizProgress(quiz, quiz, 1, None, (), {})
    assert fresh.answers == {}
    assert fresh.unanswered == list(questions)
    given_one = answered(questions[1], True, first=True)
    begun = QuizProgress(
        quiz, quiz, 1, attempt_of(1, given_one, total=3), (), {questions[1].id: True}
    )
    assert begun.answers == {questions[1].id: given_one}
    assert begun.unanswered == [questions[0], questions[2]]
    assert begun.question("question-3") == questions[2]
    assert begun.question("none") is None
