"""The questions of one video file: their tables, checked and compiled."""

from __future__ import annotations

from portal.authoring.lint.structure import alias_problems, question_id_problems
from portal.authoring.problems import Problem
from portal.authoring.sources import ChoiceSource, QuestionSource, Table, fill, time_in
from portal.learning.course import Choice, Question, Quiz, content_hash

TRUE_FALSE = (Choice("true", "True"), Choice("false", "False"))

# The choices as they are shown, and the ids of the right ones.
Graded = tuple[tuple[Choice, ...], tuple[str, ...]]


class QuizCompiler:
    """Compiles the quiz in `file` and adds every problem to `problems`."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems

    def quiz(self, video_id: str, tables: tuple[Table, ...]) -> Quiz | None:
        """Returns the quiz, without the questions that cannot be read; None when the file has
        none."""
        if not tables:
            return None
        places = [f'question "{table.get("id", i)}"' for i, table in enumerate(tables, start=1)]
        read = [self.question(*pair) for pair in zip(tables, places, strict=True)]
        questions = tuple(question for question in read if question)
        self.problems += question_id_problems(self.file, map(_names, tables))
        return Quiz(video_id, questions, content_hash(questions))

    def question(self, table: Table, place: str) -> Question | None:
        source = fill(table, QuestionSource, self.file, place, self.problems)
        if source is None:
            return None
        at = time_in(source.at, self.file, f"{place}, at", self.problems)
        if source.kind == "true_false":
            choices, key = self.true_false(source, place)
        else:
            choices, key = self.choices(source, place)
        self.problems += alias_problems(self.file, place, source.id, source.aliases)
        # Answers are kept under the first id that the question had.
        first = source.aliases[0] if source.aliases else source.id
        return Question(
            first,
            source.kind,
            source.text,
            choices,
            key,
            source.explanation,
            at,
            source.difficulty,
        )

    def true_false(self, source: QuestionSource, place: str) -> Graded:
        if source.choices:
            self.add(place, "true_false has choices", "Remove them and set answer.")
        if source.answer is None:
            self.add(place, "answer is missing", "Write answer = true or answer = false.")
            return TRUE_FALSE, ()
        return TRUE_FALSE, ("true" if source.answer else "false",)

    def choices(self, source: QuestionSource, place: str) -> Graded:
        if source.answer is not None:
            remedy = 'Mark choices with right=true, or set kind = "true_false".'
            self.add(place, f"answer has no meaning in {source.kind}", remedy)
        places = [
            f'{place}, choice "{table.get("id", i)}"'
            for i, table in enumerate(source.choices, start=1)
        ]
        read = [
            fill(table, ChoiceSource, self.file, where, self.problems)
            for table, where in zip(source.choices, places, strict=True)
        ]
        choices = [choice for choice in read if choice]
        if source.kind != "ordering":
            key = tuple(choice.id for choice in choices if choice.right)
            return tuple(Choice(c.id, c.text) for c in choices), key
        if any(choice.right for choice in choices):
            remedy = "Remove it and list the choices in the right order."
            self.add(place, "right has no meaning in ordering", remedy)
        # The key alone knows the right order.
        by_letter = sorted(choices, key=lambda choice: choice.id)
        return tuple(Choice(c.id, c.text) for c in by_letter), tuple(c.id for c in choices)

    def add(self, where: str, problem: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, where, problem, remedy))


def _names(question: Table) -> list[str]:
    """Returns what a question is and was called, as far as that is text."""
    former = question.get("aliases", ())
    names = [question.get("id"), *(former if isinstance(former, list) else ())]
    return [name for name in names if isinstance(name, str)]
