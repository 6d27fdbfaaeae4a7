"""The key figures of one learner: one statement, whatever the number of people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from portal import clock
from portal.accounts.rules import HIDDEN_NAME, local_day
from portal.db import sql
from portal.learning.course import Course
from portal.scoring import rules
from portal.scoring.queries import IS_NAMED
from portal.web.actor import Actor
from portal.web.formats import plural
from portal.web.languages import isolated

TOP = 10
AROUND = 5

# People are read in the order of the partial index (track, score DESC, learner) WHERE ranked, ranks
# from the counts per score: nothing here takes longer with more people.
_KPIS = f"""
    WITH me AS (
        SELECT u.id AS learner, coalesce(s.score, 0) AS score, coalesce(s.ranked, false) AS ranked,
               coalesce(s.quizzes_completed, 0) AS quizzes_completed,
               coalesce(s.answered, 0) AS answered, coalesce(s.correct, 0) AS correct,
               coalesce(s.first_answered, 0) AS first_answered,
               coalesce(s.first_correct, 0) AS first_correct,
               coalesce(t.working_days, $6) AS working_days
        FROM app_user u LEFT JOIN user_score s ON s.learner = u.id
        LEFT JOIN team t ON t.id = u.team WHERE u.id = $1
    ), listed AS (
        (SELECT 'top' AS part, learner, score FROM user_score WHERE track = $2 AND ranked
         ORDER BY score DESC, learner LIMIT $3)
        UNION ALL
        (SELECT 'above', learner, score FROM user_score
         WHERE track = $2 AND ranked AND score >= (SELECT score FROM me WHERE ranked)
           AND (score > (SELECT score FROM me) OR learner < $1)
         ORDER BY score, learner DESC LIMIT $4)
        UNION ALL
        (SELECT 'below', learner, score FROM user_score
         WHERE track = $2 AND ranked AND score <= (SELECT score FROM me WHERE ranked)
           AND (score < (SELECT score FROM me) OR learner > $1)
         ORDER BY score DESC, learner LIMIT $4)
    ), counts AS (
        SELECT coalesce(sum(c.people), 0) AS ranked_people,
               coalesce(sum(c.people) FILTER (WHERE c.score > me.score), 0) AS higher,
               coalesce(sum(c.people) FILTER (WHERE c.score = me.score), 0) AS tied,
               coalesce(sum(c.people) FILTER (WHERE c.score > (
                   SELECT max(score) FROM listed WHERE part = 'above')), 0) AS higher_than_above
        FROM me LEFT JOIN score_count c ON c.track = $2
    )
    SELECT me.score, me.ranked, me.quizzes_completed, me.answered, me.correct, me.first_answered,
           me.first_correct, counts.ranked_people, counts.higher, counts.tied,
           counts.higher_than_above,
           (SELECT count(*) FROM user_score t
            WHERE t.track = $2 AND t.ranked AND t.score = me.score AND t.learner < $1)
               AS tied_before,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('part', l.part,
                'id', CASE WHEN {IS_NAMED} THEN u.external_id END,
                'name', CASE WHEN {IS_NAMED} THEN u.name END,
                'score', l.score) ORDER BY l.score DESC, l.learner), '[]')::text
            FROM listed l JOIN app_user u ON u.id = l.learner) AS people,
           (SELECT count(*) FROM video_progress v
            WHERE v.learner = $1 AND v.done AND v.video_id = ANY ($5::text[])) AS videos_completed,
           (SELECT array_agg(a.day) FROM activity_day a
            WHERE a.learner = $1 AND extract(isodow FROM a.day) = ANY (me.working_days)) AS days,
           me.working_days
    FROM me, counts
"""  # noqa: S608 - constants


class Person(msgspec.Struct, frozen=True):
    """`part`: among the best of the track, or next above or below the actor. Who does not want to
    be named has no id and no name."""

    part: str
    id: str | None
    name: str | None
    score: int


class Placed(msgspec.Struct, frozen=True):
    """A person of the ranking; `position` is the rank, which equal scores share. `id` is null for
    somebody who is not named."""

    id: str | None
    name: str
    score: int
    position: int


class _FiguresRow(msgspec.Struct, frozen=True):
    score: int
    ranked: bool
    quizzes_completed: int
    answered: int
    correct: int
    first_answered: int
    first_correct: int
    ranked_people: int
    higher: int
    tied: int
    tied_before: int
    higher_than_above: int
    people: str
    videos_completed: int
    days: list[date] | None
    working_days: list[int]


class Kpis(msgspec.Struct, frozen=True, rename="camel"):
    """Points, counts, and whole percentages. `total` counts the ranked people of the track; `rank`,
    `percentile` and `grade` are null before the first completed quiz."""

    total_score: int
    max_score: int
    quizzes_completed: int
    quizzes_total: int
    accuracy: int
    first_try_accuracy: int
    streak: int
    rank: int | None
    total: int
    percentile: int | None
    grade: str | None
    videos_completed: int
    videos_total: int
    top10: list[Placed]
    around: list[Placed]
    answered: int
    correct: int
    first_answered: int
    first_correct: int


def _listed_as(people: Sequence[Person], part: str) -> list[Person]:
    return [person for person in people if person.part == part]


def placed(people: Sequence[Person], first_row: int, first_rank: int) -> list[Placed]:
    """Returns the people, who stand next to each other from row `first_row` on, with their ranks.

    Only the first one's rank must be known: whoever follows with a lower score stands first of that
    score, and so has the rank of the row.
    """
    result: list[Placed] = []
    for offset, person in enumerate(people):
        same = result and result[-1].score == person.score
        position = result[-1].position if same else first_row + offset
        if not result:
            position = first_rank
        result.append(Placed(person.id, person.name or HIDDEN_NAME, person.score, position))
    return result


def _around(row: _FiguresRow, people: Sequence[Person], actor: Actor) -> list[Placed]:
    """Returns up to five people with the actor among them, in the middle where possible."""
    if not row.ranked:
        return []
    above, below = _listed_as(people, "above"), _listed_as(people, "below")
    half = AROUND // 2
    take_above = max(half, AROUND - 1 - len(below))
    take_below = max(half, AROUND - 1 - len(above))
    me = Person("me", actor.external_id, actor.name, row.score)
    my_row = row.higher + row.tied_before + 1
    first_rank = row.higher_than_above + 1 if above else row.higher + 1
    ranked = placed([*above, me, *below], my_row - len(above), first_rank)
    place = len(above)
    return ranked[max(0, place - take_above) : place + take_below + 1]


class LearnerFigures(msgspec.Struct, frozen=True):
    """The key figures with the working days that they were made from, what day it is there, and
    which days of the week are worked."""

    kpis: Kpis
    active: frozenset[date]
    today: date
    week: rules.Week = rules.MONDAY_TO_FRIDAY


async def kpis(actor: Actor, course: Course) -> Kpis:
    """Returns the actor's key figures."""
    return (await learner_figures(actor, course)).kpis


async def learner_figures(actor: Actor, course: Course) -> LearnerFigures:
    """Returns the actor's key figures and working days, in one statement."""
    rows = await sql.fetch(
        _FiguresRow,
        _KPIS,
        actor.user_id,
        actor.track,
        TOP,
        AROUND - 1,
        list(course.videos),
        sorted(rules.MONDAY_TO_FRIDAY),
    )
    row = rows[0]
    people = msgspec.json.decode(row.people, type=list[Person])
    percentile = (
        rules.percentile(
            below=row.ranked_people - row.higher - row.tied,
            tied=row.tied,
            ranked=row.ranked_people,
        )
        if row.ranked
        else None
    )
    questions = sum(len(quiz.questions) for quiz in course.quizzes.values())
    active = frozenset(row.days or ())
    today = local_day(clock.now(), actor.time_zone)
    week = frozenset(row.working_days)
    key_figures = Kpis(
        total_score=row.score,
        max_score=rules.POINTS_MAX * questions,
        quizzes_completed=row.quizzes_completed,
        quizzes_total=len(course.quizzes),
        accuracy=rules.percentage(row.correct, row.answered),
        first_try_accuracy=rules.percentage(row.first_correct, row.first_answered),
        streak=rules.streak(active, today, week),
        rank=rules.rank(row.higher) if row.ranked else None,
        total=row.ranked_people,
        percentile=percentile,
        grade=None if percentile is None else rules.grade(percentile),
        videos_completed=row.videos_completed,
        videos_total=len(course.ordered),
        top10=placed(_listed_as(people, "top"), 1, 1),
        around=_around(row, people, actor),
        answered=row.answered,
        correct=row.correct,
        first_answered=row.first_answered,
        first_correct=row.first_correct,
    )
    return LearnerFigures(key_figures, active, today, week)


def distance(people: Sequence[Placed], mine: int, me: str) -> str:
    """Returns how far it is to the next one above, of people around somebody who has `mine` points;
    at the top, who is level or how far behind."""
    above = [person for person in people if person.score > mine]
    level = [person for person in people if person.score == mine and person.id != me]
    below = [person for person in people if person.score < mine]
    if above:
        points = plural(above[-1].score - mine + 1, "point")
        return f"{points} to pass {_in_a_sentence(above[-1])}."
    if level:
        others = " and others" if len(level) > 1 else ""
        return f"Level with {_in_a_sentence(level[0])}{others}."
    if below:
        return f"{plural(mine - below[0].score, 'point')} ahead of {_in_a_sentence(below[0])}."
    return "Nobody else is ranked yet."


def _in_a_sentence(person: Placed) -> str:
    return HIDDEN_NAME.lower() if person.id is None else isolated(person.name)
