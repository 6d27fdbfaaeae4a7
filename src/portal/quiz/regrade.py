"""`portal scores check` and `rebuild`: everything anew from the choices that people made.

An answer is graded again against the questions of its version; an attempt's points follow from its
answers, a person's total from the attempts. The same rules as in the first place, no second copy.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from uuid import UUID

import msgspec

from portal.db import sql
from portal.learning.course import Question
from portal.quiz import queries, rules
from portal.quiz.rules import Answer
from portal.scoring import actions as scoring
from portal.scoring.queries import MAY_BE_RANKED
from portal.scoring.rules import AttemptResult, Totals, points, totals

PAGE = 500

_PEOPLE = f"""
    SELECT u.id, u.external_id, {MAY_BE_RANKED} AS may_be_ranked, t.track,
           s.learner IS NOT NULL AS has_row, s.track AS kept_track, s.ranked,
           s.score, s.quizzes_completed, s.answered, s.correct, s.first_answered, s.first_correct
    FROM app_user u
    LEFT JOIN team t ON t.id = u.team
    LEFT JOIN user_score s ON s.learner = u.id
    WHERE u.id > $1 ORDER BY u.id LIMIT $2
"""  # noqa: S608 - a constant of scoring
_FIRST_KEY = UUID(int=0)

_ATTEMPTS = """
    SELECT a.learner, a.id, a.quiz_id, a.attempt_number, a.content_hash,
           a.completed_at IS NOT NULL AS completed,
           a.total_questions, a.correct_answers, a.first_try_correct, a.score,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'question_id', w.question_id,
                'choices', w.choices, 'correct', w.correct, 'first_ever', w.first_ever)
                ORDER BY w.id), '[]')::text
            FROM quiz_answer w WHERE w.attempt = a.id) AS answers
    FROM quiz_attempt a WHERE a.learner = ANY ($1::uuid[])
    ORDER BY a.learner, a.quiz_id, a.attempt_number
"""


_COUNTS = """
    SELECT track, score, coalesce(k.people, 0) AS kept, coalesce(r.people, 0) AS people
    FROM score_count k
    FULL JOIN (SELECT track, score, count(*)::int AS people FROM user_score
               WHERE ranked AND track IS NOT NULL GROUP BY track, score) r USING (track, score)
    WHERE coalesce(k.people, 0) <> coalesce(r.people, 0)
    ORDER BY track, score
"""

# The lock keeps submits out between the two, for as long as the transaction lasts.
_REBUILD_COUNTS = (
    "LOCK TABLE user_score IN SHARE MODE",
    "DELETE FROM score_count",
    """
    INSERT INTO score_count (track, score, people)
    SELECT track, score, count(*) FROM user_score WHERE ranked AND track IS NOT NULL
    GROUP BY track, score
    """,
)


class _Person(msgspec.Struct, frozen=True):
    id: UUID
    external_id: str
    may_be_ranked: bool
    track: str | None
    has_row: bool
    kept_track: str | None
    ranked: bool | None
    score: int | None
    quizzes_completed: int | None
    answered: int | None
    correct: int | None
    first_answered: int | None
    first_correct: int | None


class _RecordedAnswer(Answer, frozen=True):
    id: int


class _Recorded(AttemptResult, frozen=True):
    learner: UUID
    id: UUID
    content_hash: str
    completed: bool
    answers: tuple[_RecordedAnswer, ...]


class Difference(msgspec.Struct, frozen=True):
    """A recorded row that is not what it should be. `str` is one line for an operator. `learner`
    is None for a count over many people."""

    learner: UUID | None
    table: str
    who: str
    recorded: dict[str, object]
    recomputed: dict[str, object]

    def __str__(self) -> str:
        changes = ", ".join(
            f"{name} {self.recorded[name]} should be {value}"
            for name, value in self.recomputed.items()
            if self.recorded[name] != value
        )
        return f"{self.table} {self.who}: {changes}"


class _Versions:
    """The questions of each version, read once."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Question]] = {}

    async def questions(self, content_hash: str) -> dict[str, Question]:
        if content_hash not in self._known:
            questions = await queries.questions_of_version(content_hash)
            self._known[content_hash] = {question.id: question for question in questions}
        return self._known[content_hash]


def _regraded(
    rows: Sequence[_Recorded], versions: dict[str, dict[str, Question]]
) -> list[_Recorded]:
    """Returns the attempts of one person at one quiz as they should be, oldest first.

    An attempt without answers was imported; its figures are taken as they are.
    """
    first_correct: dict[str, bool] = {}
    result = []
    for row in rows:
        questions = versions[row.content_hash]
        answers = []
        earned, right, kept = 0, 0, 0
        for answer in row.answers:
            question = questions.get(answer.question_id)
            correct = question is not None and rules.is_correct(question, answer.choices)
            first = answer.question_id not in first_correct
            first_correct.setdefault(answer.question_id, correct)
            answers.append(msgspec.structs.replace(answer, correct=correct, first_ever=first))
            bonus = first_correct[answer.question_id]
            earned += points(correct=correct, first_ever_correct=bonus)
            right += correct
            kept += correct and bonus
        if not row.answers or not row.completed:
            right, kept, earned = row.correct_answers, row.first_try_correct, row.score
        result.append(
            msgspec.structs.replace(
                row,
                answers=tuple(answers),
                correct_answers=right,
                first_try_correct=kept,
                score=earned,
            )
        )
    return result


def _fields(value: msgspec.Struct, *names: str) -> dict[str, object]:
    return {name: getattr(value, name) for name in names}


_ATTEMPT_FIELDS = ("correct_answers", "first_try_correct", "score")
_TOTAL_FIELDS = tuple(field.name for field in msgspec.structs.fields(Totals))


def _attempt_differences(
    person: _Person, recorded: Sequence[_Recorded], right: Sequence[_Recorded]
) -> list[Difference]:
    found = []
    for old, new in zip(recorded, right, strict=True):
        where = f"{person.external_id} {old.quiz_id} attempt {old.attempt_number}"
        found.append(
            Difference(
                person.id,
                "quiz_attempt",
                where,
                _fields(old, *_ATTEMPT_FIELDS),
                _fields(new, *_ATTEMPT_FIELDS),
            )
        )
        found.extend(
            Difference(
                person.id,
                "quiz_answer",
                f"{where} question {before.question_id}",
                _fields(before, "correct", "first_ever"),
                _fields(after, "correct", "first_ever"),
            )
            for before, after in zip(old.answers, new.answers, strict=True)
        )
    return found


def _total_difference(person: _Person, right: Totals) -> Difference:
    ranked = person.may_be_ranked and right.quizzes_completed > 0
    return Difference(
        person.id,
        "user_score",
        person.external_id,
        {
            **_fields(person, *_TOTAL_FIELDS),
            "track": person.kept_track,
            "ranked": person.ranked,
        },
        {**_fields(right, *_TOTAL_FIELDS), "track": person.track, "ranked": ranked},
    )


def _differences_of_person(
    person: _Person, rows: Sequence[_Recorded], versions: dict[str, dict[str, Question]]
) -> list[Difference]:
    found: list[Difference] = []
    ledger: list[AttemptResult] = []
    for _, group in groupby(rows, key=lambda row: row.quiz_id):
        recorded = list(group)
        right = _regraded(recorded, versions)
        found.extend(_attempt_differences(person, recorded, right))
        ledger.extend(attempt for attempt in right if attempt.completed)
    if person.has_row or ledger:
        found.append(_total_difference(person, totals(ledger)))
    return [difference for difference in found if difference.recorded != difference.recomputed]


async def check_scores() -> AsyncIterator[Difference]:
    """Yields every recorded row that differs from what its answers and attempts say."""
    versions = _Versions()
    last: UUID | None = _FIRST_KEY
    while last is not None:
        last, found = await _check_page(last, versions)
        for difference in found:
            yield difference
    for difference in await _count_differences():
        yield difference


async def _check_page(after: UUID, versions: _Versions) -> tuple[UUID | None, list[Difference]]:
    """Returns the last person looked at, None at the end, and what was found.

    People and attempts are read in one snapshot: learners may go on while the check runs.
    """
    async with sql.transaction():
        await sql.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        people = await sql.fetch(_Person, _PEOPLE, after, PAGE)
        rows = await _attempts_of([person.id for person in people])
        hashes = {row.content_hash for row in rows}
        questions = {
            content_hash: await versions.questions(content_hash) for content_hash in hashes
        }
    by_person = {key: list(group) for key, group in groupby(rows, key=lambda row: row.learner)}
    found = [
        difference
        for person in people
        for difference in _differences_of_person(person, by_person.get(person.id, []), questions)
    ]
    return (people[-1].id if people else None), found


async def _count_differences() -> list[Difference]:
    return [
        Difference(
            None,
            "score_count",
            f"{row['track']} {row['score']} points",
            {"people": row["kept"]},
            {"people": row["people"]},
        )
        for row in await sql.execute(_COUNTS, retry=True)
    ]


async def _attempts_of(learners: list[UUID]) -> list[_Recorded]:
    rows = await sql.execute(_ATTEMPTS, learners, retry=True)
    kind = tuple[_RecordedAnswer, ...]
    return [
        _Recorded(**{**row, "answers": msgspec.json.decode(row["answers"], type=kind)})
        for row in rows
    ]


async def rebuild() -> int:
    """Mend all that `check_scores` finds, one person per transaction; returns how many people."""
    people = {found.learner async for found in check_scores() if found.learner is not None}
    versions = _Versions()
    for learner in people:
        async with sql.transaction():
            await scoring.lock_total(learner)
            rows = await _attempts_of([learner])
            for _, group in groupby(rows, key=lambda row: row.quiz_id):
                recorded = list(group)
                questions = {
                    row.content_hash: await versions.questions(row.content_hash) for row in recorded
                }
                for row in _regraded(recorded, questions):
                    await _write_attempt(row)
            await scoring.recompute(learner)
    if await _count_differences():
        async with sql.transaction():
            for statement in _REBUILD_COUNTS:
                await sql.execute(statement)
    return len(people)


async def _write_attempt(row: _Recorded) -> None:
    await sql.execute(
        """
        UPDATE quiz_attempt SET correct_answers = $2, first_try_correct = $3, score = $4
        WHERE id = $1 AND (correct_answers, first_try_correct, score) IS DISTINCT FROM ($2, $3, $4)
        """,
        row.id,
        row.correct_answers,
        row.first_try_correct,
        row.score,
    )
    for answer in row.answers:
        await sql.execute(
            """
            UPDATE quiz_answer SET correct = $2, first_ever = $3
            WHERE id = $1 AND (correct, first_ever) IS DISTINCT FROM ($2, $3)
            """,
            answer.id,
            answer.correct,
            answer.first_ever,
        )
