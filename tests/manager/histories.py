"""Fifty people and what they did until a moment, written straight into the tables; and the figures
of a team counted once more from that script, without the portal's own statements and rules."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from tests.support import COURSE, Database, execute

COUNT = 50
ZONES = ("America/New_York", "Asia/Tokyo", "Europe/Paris", "UTC", None)  # None: the portal's
SUNDAY_TO_THURSDAY = [7, 1, 2, 3, 4]
TEAMS: dict[str, list[int] | None] = {"red": None, "green": SUNDAY_TO_THURSDAY, "blue": [1, 3, 6]}
QUIZZES = (*list(COURSE.quizzes)[:6], "quiz-of-an-older-course")
VIDEOS = (*(video.id for video in COURSE.ordered[:20]), "video-of-an-older-course")
SECOND = timedelta(seconds=1)
Row: TypeAlias = dict[str, Any]


@dataclass
class Moment:
    """When the teams are looked at, in the portal's zone."""

    name: str
    now: datetime
    zone: str

    def local(self, zone: str | None) -> date:
        return self.now.astimezone(ZoneInfo(zone or self.zone)).date()

    def edges(self, zone: str | None) -> list[datetime]:
        """Returns moments at which a figure changes: midnights, Mondays, ends of periods."""
        today = self.local(zone)
        place = ZoneInfo(zone or self.zone)
        ours = self.local(None)
        monday = ours - timedelta(days=ours.weekday())
        return [
            *(_midnight(today - timedelta(days=back), place) for back in range(10)),
            *(_midnight(monday - timedelta(weeks=n), ZoneInfo(self.zone)) for n in range(13)),
            *(self.now - timedelta(days=days) for days in (7, 28, 84)),
        ]


def _midnight(day: date, place: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=place).astimezone(ZoneInfo("UTC"))


@dataclass
class History:
    """One person: where they were, and everything that they did."""

    id: str
    zone: str | None
    stays: list[tuple[str | None, datetime]]
    disabled_at: datetime | None = None
    attempts: list[Row] = field(default_factory=list)
    videos: dict[str, datetime | None] = field(default_factory=dict)
    sign_ins: list[datetime] = field(default_factory=list)
    active: list[datetime] = field(default_factory=list)

    @property
    def team(self) -> str | None:
        return self.stays[-1][0]

    def score_at(self, end: datetime) -> int:
        """Returns the best of each quiz together, of what was completed up to then."""
        best: dict[str, int] = {}
        for each in self.attempts:
            if each["completed_at"] and each["completed_at"] <= end:
                best[each["quiz_id"]] = max(best.get(each["quiz_id"], 0), each["score"])
        return sum(best.values())

    def watched_at(self, end: datetime) -> int:
        """Returns how many videos of the course were watched by then and are so still."""
        known = {video.id for video in COURSE.ordered}
        return sum(at is not None and at <= end and v in known for v, at in self.videos.items())


def invent(number: int, moment: Moment) -> History:
    """Returns a person's history, the same one each time."""
    dice = random.Random(f"{moment.name} {number}")
    zone = ZONES[number % len(ZONES)]
    edges = [edge for edge in moment.edges(zone) if edge < moment.now]

    def some(count: int) -> list[datetime]:
        """Returns moments in order, some of them right at an edge or a second beside it."""
        found = {
            dice.choice(edges) + dice.choice([-SECOND, 0 * SECOND, SECOND])
            if dice.random() < 0.6
            else moment.now - timedelta(minutes=dice.randrange(1, dice.choice([12_000, 150_000])))
            for _ in range(count)
        }
        return sorted(each for each in found if each <= moment.now)

    teams = [*TEAMS, None] if number % 7 == 0 else list(TEAMS)
    hired = moment.now - timedelta(days=200)
    moves = some(dice.choice([1, 2, 3])) if number % 3 == 0 else []
    stays = [(dice.choice(teams), at) for at in (hired, *moves)]
    made = History(f"person-{number:02}", zone, stays)
    if number % 6 == 5:
        made.disabled_at = some(3)[-1]
    for quiz in dice.sample(QUIZZES, dice.randrange(len(QUIZZES))):
        first = dice.randint(0, 5)
        times = some(dice.choice([1, 1, 2, 3, 4]))
        for n, at in enumerate(times, 1):
            right = first if n == 1 else dice.randint(0, 5)
            kept = dice.randint(max(0, right + first - 5), min(first, right)) if n > 1 else first
            is_open = n == len(times) and dice.random() < 0.2
            made.attempts.append(
                {
                    "quiz_id": quiz,
                    "attempt_number": n,
                    "content_hash": "some",
                    "started_at": at - SECOND / 2,
                    "completed_at": None if is_open else at,
                    "total_questions": 5,
                    "correct_answers": right,
                    "first_try_correct": kept,
                    "score": 10 * right + 5 * kept,
                }
            )
    for video in dice.sample(VIDEOS, dice.randrange(len(VIDEOS))):
        at = some(3)[-1]
        made.videos[video] = at if dice.random() < 0.8 else None  # undone
    made.sign_ins = some(dice.choice([0, 4, 15]))
    done = [each["completed_at"] for each in made.attempts if each["completed_at"]]
    made.active = [*done, *filter(None, made.videos.values()), *some(dice.choice([0, 6]))]
    return made


def stays_of(history: History) -> list[tuple[str, datetime, datetime | None]]:
    """Returns team, begin and end of each stay; a move to the same team is none."""
    found: list[tuple[str | None, datetime]] = []
    for team, at in history.stays:
        if not found or found[-1][0] != team:
            found.append((team, at))
    ends = [*(at for _, at in found[1:]), None]
    return [(team, at, end) for (team, at), end in zip(found, ends, strict=True) if team]


async def write(database: Database, histories: Sequence[History], moment: Moment) -> None:
    """Replace everything in the database by these people, their admin and a manager of each team.

    People move as they do in use, so that the trigger keeps their stays; when they did is put right
    afterwards, since the database's own clock goes on.
    """
    tables = ("quiz_attempt", "user_score", "app_user", "team", "quiz_version")
    await execute(database.url, *(f"DELETE FROM {table}" for table in tables))
    begun = moment.now - timedelta(days=200)
    teams = [
        {"id": team, "name": team.title(), "track": "dev", "working_days": days}
        for team, days in TEAMS.items()
    ]
    await _insert(database, "team", teams)
    leading = [("admin", "admin"), *((f"lead-{team}", "manager") for team in TEAMS)]
    await _insert(
        database,
        "app_user",
        [
            *(_person(name, role, None, "UTC", begun, None) for name, role in leading),
            *(
                _person(h.id, "learner", h.stays[0][0], h.zone, begun, h.disabled_at)
                for h in histories
            ),
        ],
    )
    ids = {
        row["external_id"]: str(row["id"])
        for row in await database.fetch("SELECT id, external_id FROM app_user")
    }
    await _insert(
        database, "leads", [{"member": ids[f"lead-{team}"], "team": team} for team in TEAMS]
    )
    for turn in range(1, max(len(h.stays) for h in histories)):
        await database.fetch(
            "UPDATE app_user SET team = r.team"
            " FROM json_to_recordset($1::json) AS r(person uuid, team text) WHERE id = r.person",
            _json(
                [
                    {"person": ids[h.id], "team": h.stays[turn][0]}
                    for h in histories
                    if len(h.stays) > turn
                ]
            ),
        )
    await _date_stays(database, histories)
    await _insert(
        database, "quiz_version", [{"content_hash": "some", "quiz_id": "any", "body": []}]
    )
    await _insert(
        database,
        "quiz_attempt",
        [{"learner": ids[h.id], **each} for h in histories for each in h.attempts],
    )
    await _insert(
        database,
        "user_score",
        [
            {"learner": ids[h.id], "score": h.score_at(moment.now), "ranked": False}
            for h in histories
        ],
    )
    await _insert(
        database,
        "video_progress",
        [
            {"learner": ids[h.id], "video_id": video, "done": at is not None, "completed_at": at}
            for h in histories
            for video, at in h.videos.items()
        ],
    )
    await _insert(
        database,
        "login_session",
        [
            {"token_hash": f"\\x{h.id[-2:]}{n:062}", "member": ids[h.id], "created_at": at,
             "expires_at": at + SECOND}
            for h in histories
            for n, at in enumerate(h.sign_ins)
        ],
    )  # fmt: skip
    await database.fetch(
        """
        INSERT INTO activity_day (learner, day)
        SELECT DISTINCT u.id, (r.at AT TIME ZONE coalesce(u.time_zone, $2))::date
        FROM json_to_recordset($1::json) AS r(person uuid, at timestamptz)
        JOIN app_user u ON u.id = r.person
        """,
        _json([{"person": ids[h.id], "at": at} for h in histories for at in h.active]),
        moment.zone,
    )


async def _date_stays(database: Database, histories: Sequence[History]) -> None:
    """Give the stays that the trigger wrote their times; there must be as many as scripted."""
    scripted = [
        {"person": h.id, "n": n, "team": team, "since": since, "until": until}
        for h in histories
        for n, (team, since, until) in enumerate(stays_of(h), 1)
    ]
    dated = await database.fetch(
        """
        WITH kept AS (
            SELECT s.id, s.team, s.until IS NULL AS present, u.external_id AS person,
                   row_number() OVER (PARTITION BY s.member ORDER BY s.id) AS n
            FROM team_stay s JOIN app_user u ON u.id = s.member
        )
        UPDATE team_stay s SET since = r.since, until = r.until
        FROM kept JOIN json_to_recordset($1::json)
            AS r(person text, n int, team text, since timestamptz, until timestamptz)
            ON r.person = kept.person AND r.n = kept.n AND r.team = kept.team
                AND (r.until IS NULL) = kept.present
        WHERE s.id = kept.id RETURNING s.id
        """,
        _json(scripted),
    )
    assert len(dated) == len(scripted) == await database.value("SELECT count(*) FROM team_stay")


def _person(
    name: str,
    role: str,
    team: str | None,
    zone: str | None,
    created_at: datetime,
    disabled_at: datetime | None,
) -> Row:
    return {
        "external_id": name,
        "name": name.title(),
        "role": role,
        "team": team,
        "time_zone": zone,
        "created_at": created_at,
        "disabled_at": disabled_at,
    }


async def _insert(database: Database, table: str, rows: Sequence[Row]) -> None:
    columns = ", ".join(rows[0])
    await database.fetch(
        f"INSERT INTO {table} ({columns})"
        f" SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1::json)",
        _json(rows),
    )


def _json(rows: Sequence[Row]) -> str:
    return json.dumps(rows, default=lambda value: value.isoformat())
