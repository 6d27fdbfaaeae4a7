"""Patterns in the keys of a course: found from a number of questions on, with their figures."""

import pytest

from portal.authoring.lint.guessing import balance_problems, guesser_problems
from portal.authoring.lint.structure import Asked
from portal.learning.course import Choice, Kind, Question


def asked(questions: list[Question]) -> list[Asked]:
    return [("quiz.toml", question) for question in questions]


def single(right: str, lengths: str = "5566", kind: Kind = "single") -> Question:
    """A question whose choices are as long as the digits say; `right` holds the key's letters."""
    choices = tuple(Choice(i, "x" * int(n)) for i, n in zip("abcd", lengths, strict=False))
    return Question("q", kind, "?", choices, tuple(right), "Because.")


def multiple(right: str) -> Question:
    return single(right, kind="multiple")


def true_false(answer: bool) -> Question:
    choices = (Choice("true", "True"), Choice("false", "False"))
    return Question("q", "true_false", "?", choices, (str(answer).lower(),), "Because.")


def turned(question: Question, by: int) -> Question:
    """The question with its choices written in another order."""
    choices = question.choices[by:] + question.choices[:by]
    return Question("q", question.kind, "?", choices, question.key, "Because.")


@pytest.mark.parametrize(
    ("questions", "problem"),
    [
        ([single("b", "4567")] * 5 + [single("c", "4567")] * 5, '"b" is right in 5 of 10'),
        ([single("b", "4567")] * 4 + [single("c", "4567")] * 6, '"c" is right in 6 of 10'),
        ([single(x, "5556") for x in "abcabcdddd"], "the longest choice is right in 4 of 10"),
        ([single(x, "5556") for x in "abcabcabcd"], "the shortest choice is right in 9 of 10"),
        ([multiple("ab")] * 9 + [multiple("cd")], '"a" is right in 9 of 20'),
        ([true_false(n < 7) for n in range(10)], "7 of 10 are true"),
        ([true_false(n < 3) for n in range(10)], "3 of 10 are true"),
    ],
)
def test_a_pattern_in_the_keys_is_found(questions: list[Question], problem: str) -> None:
    found = [f for f in balance_problems(asked(questions)) if f.problem.endswith(problem)]
    assert [(f.file, f.where) for f in found] == [("quiz.toml", 'question "q", "q", "q"')]
    assert found[0].problem.startswith("over all ")


def test_a_favourite_place_is_found_when_the_letters_are_dealt_out() -> None:
    questions = [turned(single(x, "5555"), "abcd".index(x)) for x in "abcdabcdab"]
    problems = [finding.problem for finding in balance_problems(asked(questions))]
    assert (
        "over all single-choice questions of the course, choice 1 is right in 10 of 10" in problems
    )
    assert not [problem for problem in problems if '"a"' in problem]


def test_questions_with_two_choices_have_no_favourite_place() -> None:
    assert list(balance_problems(asked([single("b", "55")] * 10))) == list(
        balance_problems(asked([single("a", "55")] * 10))
    )


def test_forty_per_cent_in_one_place_may_be() -> None:
    assert list(balance_problems(asked([multiple("ab")] * 8 + [multiple("cd")] * 2))) == []


def test_balanced_keys_and_few_questions_are_fine() -> None:
    balanced = [single(x, "4567") for x in "abcdabcdbc"] + [true_false(n < 6) for n in range(10)]
    assert list(balance_problems(asked(balanced))) == []
    few = [single("b")] * 9 + [true_false(True)] * 9
    assert list(balance_problems(asked(few))) == []


def test_a_finding_names_the_file_that_has_most_of_it() -> None:
    questions = [("few.toml", single("a", "5556"))] * 4 + [("many.toml", single("d", "5556"))] * 6
    (longest,) = [f for f in balance_problems(questions) if "longest" in f.problem]
    assert (longest.file, longest.where) == ("many.toml", 'question "q", "q", "q"')


FAIR = [single(x, "5555") for x in "abcd" * 9] + [true_false(n % 2 == 0) for n in range(12)]
LONG = [single("a", "9555"), single("b", "5955"), single("c", "5595"), single("d", "5559")]
SHORT = [single("a", "1555"), single("b", "5155"), single("c", "5515"), single("d", "5551")]


@pytest.mark.parametrize(
    ("habit", "questions"),
    [
        ("who always takes the first choice", [single("a", "5555")] * 8),
        ("who always takes the second choice", [single("b", "5555")] * 8),
        ("who always takes the last choice", [single("d", "5555")] * 8),
        ("who always takes the longest choice", LONG * 3),
        ("who always takes the shortest choice", SHORT * 3),
        ("who ticks all choices", [multiple("abcd")] * 8),
    ],
)
def test_a_habit_that_pays_is_found_with_its_figure(habit: str, questions: list[Question]) -> None:
    assert list(guesser_problems(asked(FAIR))) == []
    found = [f.problem for f in guesser_problems(asked(FAIR + questions)) if habit in f.problem]
    assert len(found) == 1
    assert "% right, chance gives" in found[0]


def test_guessers_need_a_course_to_be_told_from_luck() -> None:
    assert list(guesser_problems(asked([single("a")] * 39))) == []
    assert list(guesser_problems(asked([single("a")] * 40))) != []
