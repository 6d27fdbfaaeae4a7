"""The wording of a course: hard sentences, copies, pointers, addresses and times."""

import pytest

from portal.authoring.lint.readability import grade_level, similarity, syllables, trigrams
from portal.authoring.lint.wording import (
    link_problems,
    question_text_problems,
    reading_problems,
    stem_problems,
    time_problems,
)
from portal.learning.course import Choice, Question, Step, Topic, Video


def ask(*choices: str, text: str = "What now?", explanation: str = "Because it helps.") -> Question:
    made = tuple(Choice(i, choice) for i, choice in zip("abcdef", choices, strict=False))
    return Question("q", "single", text, made, ("a",), explanation)


@pytest.mark.parametrize(
    ("word", "count"),
    [("cat", 1), ("made", 1), ("table", 2), ("judged", 1), ("wanted", 2), ("notes", 1),
     ("sources", 2), ("model", 2), ("language", 2), ("responsibility", 6), ("3,000", 1)],
)  # fmt: skip
def test_syllables_are_counted_as_they_are_spoken(word: str, count: int) -> None:
    assert syllables(word) == count


def test_the_grade_level_follows_the_published_formula() -> None:
    # six words of one syllable in one sentence: 0.39 * 6 + 11.8 * 1 - 15.59
    assert grade_level(["The cat sat on the mat."]) == pytest.approx(-1.45)
    assert grade_level(["Cats sleep.", "Dogs bark at them all."]) == pytest.approx(-2.425)
    assert grade_level([]) == 0.0


def test_a_question_that_is_too_hard_is_found() -> None:
    hard = ask(
        "a",
        text="Institutional accountability necessitates comprehensive organizational documentation"
        " regarding algorithmic recommendation methodologies and responsibilities.",
    )
    easy = [("eggs.toml", ask("Boil it", "Fry it", text="What do you do with an egg?"))] * 9
    found = list(reading_problems("step.toml", 1, [*easy, ("pans.toml", hard)]))
    assert [(f.file, f.where) for f in found] == [("pans.toml", 'question "q"')]
    assert "14 years at most" in found[0].remedy


def test_a_step_that_is_too_hard_names_its_hardest_question() -> None:
    text = "The organization evaluates alternative procedures before it authorizes any of them."
    found = list(reading_problems("step.toml", 1, [("pans.toml", ask("a", text=text))]))
    assert (found[-1].file, found[-1].where) == ("step.toml", "step 1")
    assert 'question "q" in pans.toml' in found[-1].remedy


@pytest.mark.parametrize(
    "choice",
    ["All of the above.", "None of these", "Both of them", "a and c", "All answers are right",
     "Neither A nor B", "None of the others", "All the above"],
)  # fmt: skip
def test_a_choice_that_points_at_others_is_found(choice: str) -> None:
    (found,) = question_text_problems("x.toml", ask("One", choice, "Two"))
    assert (found.where, found.remedy) == (
        'question "q", choice "b"',
        "Write a choice that stands on its own.",
    )


@pytest.mark.parametrize("choice", ["All of the team", "Both sides agree", "Vitamin A and iron"])
def test_a_choice_that_stands_on_its_own_is_fine(choice: str) -> None:
    assert list(question_text_problems("x.toml", ask("One", choice, "Two"))) == []


def test_choices_that_differ_by_a_letter_are_found_but_not_those_that_differ_in_figures() -> None:
    near = ask("You check every single figure yourself", "You checked every single figure yourself")
    (found,) = question_text_problems("x.toml", near)
    assert found.problem.endswith("are nearly the same")
    figures = ask("Wait for 10 minutes before you go on", "Wait for 11 minutes before you go on")
    assert list(question_text_problems("x.toml", figures)) == []
    short = ask("Ten cups of rice", "Ten cups of ice")
    assert list(question_text_problems("x.toml", short)) == []


@pytest.mark.parametrize(
    ("explanation", "problem"),
    [
        ("Check the figure against its source!", "the explanation repeats a choice"),
        ("Check the figures against their source.", "the explanation repeats a choice"),
        ("What does a careful reader do next", "the explanation repeats the question"),
    ],
)
def test_an_explanation_that_only_repeats_is_found(explanation: str, problem: str) -> None:
    question = ask(
        "Check the figure against its source",
        "Pass the report on",
        text="What does a careful reader do next?",
        explanation=explanation,
    )
    assert [f.problem for f in question_text_problems("x.toml", question)] == [problem]


def test_a_stem_that_comes_twice_is_found_at_the_second_place() -> None:
    stems = (
        "Who answers for a mistake in the report that AI has drafted?",
        "Who should check the sources of a report?",
        "Who answers for the mistake in a report that AI has drafted?",
        "who answers for a mistake in the report that AI has drafted",
    )
    asked = [(f"{n}.toml", ask("x", text=text)) for n, text in enumerate(stems)]
    assert [(f.file, f.problem) for f in stem_problems(asked)] == [
        ("2.toml", 'nearly the same question stands in 0.toml, question "q"'),
        ("3.toml", 'the same question stands in 0.toml, question "q"'),
    ]


def test_likeness_is_one_for_the_same_words_and_none_for_other_letters() -> None:
    assert similarity(trigrams("The same, text."), trigrams("the SAME text")) == 1
    assert similarity(trigrams("abc abc"), trigrams("xyz xyz")) == 0


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("See http://example.com/a.", "http://example.com/a"),
        ("See www.example.com", "www.example.com"),
        ("See https://example", "https://example"),
        ("See https:/example.com", "https:/example.com"),
        ("See (https://exa_mple.com)", "https://exa_mple.com"),
        ("See https://example.com/page?x=1#y, and https://www.anthropic.com.", None),
    ],
)
def test_an_address_that_cannot_be_opened_is_found(text: str, link: str | None) -> None:
    found = [finding.problem for finding in link_problems("x.toml", "", [text])]
    assert found == ([f'"{link}" is no usable address'] if link else [])


def step(summary: str, description: str = "All.") -> Step:
    """A step of two videos, one of six minutes and one whose length is not known."""
    videos = tuple(
        Video(
            id=f"v{length}", title="V", provider="youtube", ref="JpGtOfSgR-c", channel="Claude",
            duration=length, level="beginner", top_pick=False, objectives=("Know",),
            summary="S", quiz=None, step_id="1", topic_id="t", position=1,
        )
        for length in (360, None)
    )  # fmt: skip
    topic = Topic("t", "T", description, videos)
    return Step("1", "S", summary, ("Know",), ("Do",), (topic,))


@pytest.mark.parametrize(
    ("summary", "problem"),
    [
        ("It takes about 10 minutes.", None),
        ("It takes about 12 minutes.", None),
        ("It takes about 20 minutes.", "says 20 minutes, the videos take about 10 minutes"),
        ("Plan 1.5 hours for it.", "says 1.5 hours, the videos take about 10 minutes"),
        ("It has 20 videos.", None),
    ],
)
def test_a_stated_time_has_to_be_what_the_videos_take(summary: str, problem: str | None) -> None:
    assert [f.problem for f in time_problems("step.toml", step(summary))] == (
        [problem] if problem else []
    )


def test_a_stated_time_of_a_topic_is_compared_as_well() -> None:
    (found,) = time_problems("step.toml", step("All of it.", "Half an hour, 30 min."))
    assert (found.file, found.where) == ("step.toml", 'topic "t"')
