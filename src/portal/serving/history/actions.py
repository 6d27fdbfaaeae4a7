"""Gives the demo people their past, once.

`seeded` remembers each: `history:mike`, with the moment that the past ends at; and beside it
`no-history:mike` where none was made and none will be, because the account was no longer as the
seed had made it, or had learned something already. `refresh` moves the moment, with the past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from portal import clock
from portal.accounts import demo
from portal.accounts.time_zones import usable_zone
from portal.authoring.loading import course_in
from portal.config.settings import Settings
from portal.db import sql
from portal.learning.course import Course
from portal.scoring import actions as scoring
from portal.scoring.rules import MONDAY_TO_FRIDAY
from portal.serving.history.past import Past
from portal.serving.history.personas import PERSONAS, Persona
from portal.serving.history.planner import past_of
from portal.serving.history.store import write
from portal.web.formats import zone

KEY = "history:"
NONE_KEY = "no-history:"

_CLAIM = """
    INSERT INTO seeded (key, seeded_at) SELECT unnest($1::text[]), $2
    ON CONFLICT DO NOTHING RETURNING key
"""
_UNCHANGED = """
    SELECT u.id AS user_id, u.external_id, u.name, u.role, u.team, u.time_zone, t.working_days
    FROM app_user u
    JOIN seeded s ON s.key = 'user:' || u.external_id AND s.password_hash = u.password_hash
    LEFT JOIN team t ON t.id = u.team
    WHERE u.external_id = ANY ($1::text[]) AND u.disabled_at IS NULL AND u.erased_at IS NULL
      AND u.email IS NULL
    ORDER BY u.id
"""
_BUSY = """
    SELECT u.id FROM app_user u WHERE u.id = ANY ($1::uuid[]) AND (
        EXISTS (SELECT FROM quiz_attempt WHERE learner = u.id)
        OR EXISTS (SELECT FROM video_progress WHERE learner = u.id)
        OR EXISTS (SELECT FROM practice_tick WHERE learner = u.id))
"""


class DemoPerson(msgspec.Struct, frozen=True):
    """A demo account as the seed made it."""

    user_id: UUID
    external_id: str
    name: str
    role: str
    team: str | None
    time_zone: str | None
    working_days: list[int] | None

    @property
    def key(self) -> str:
        return KEY + self.external_id


async def give_pasts(settings: Settings, known: set[str]) -> int:
    """Give a past to every demo person who has not been looked at before, and return how many got
    one. `known` are the keys of `seeded`. Raises `ContentError` when the course cannot be used.

    In one transaction: two containers at once make it once, and one that ends in the middle leaves
    nothing behind.
    """
    wanted = [KEY + persona.id for persona in PERSONAS if KEY + persona.id not in known]
    if not wanted:
        return 0
    course = await asyncio.to_thread(course_in, settings.content_dir)
    now = clock.now()
    async with sql.transaction():
        claimed = [row["key"] for row in await sql.execute(_CLAIM, wanted, now)]
        people = await unchanged([key.removeprefix(KEY) for key in claimed])
        for person in people:
            await scoring.lock_total(person.user_id)
        busy = {row["id"] for row in await sql.execute(_BUSY, [each.user_id for each in people])}
        fresh = [person for person in people if person.user_id not in busy]
        without = set(claimed) - {person.key for person in fresh}
        await sql.execute(_CLAIM, sorted(NONE_KEY + key.removeprefix(KEY) for key in without), now)
        return await write_pasts(fresh, course, settings, now)


async def write_pasts(
    people: Sequence[DemoPerson], course: Course, settings: Settings, now: datetime
) -> int:
    """Write the pasts of people who have none, whose totals are locked; returns of how many there
    was something to tell. The commit is the caller's."""
    pasts = await asyncio.to_thread(_plan, people, course, settings.time_zone, now)
    await write(pasts, course, session_hours=settings.session_hours)
    for person in people:
        if pasts[person.user_id].attempts:
            await scoring.recompute(person.user_id)
    return sum(bool(past.days) for past in pasts.values())


async def unchanged(ids: Sequence[str]) -> list[DemoPerson]:
    """Returns those of these demo accounts that are still what the seed made."""
    made = {account.id: (account.name, account.role, account.team) for account in demo.ACCOUNTS}
    return [
        person
        for person in await sql.fetch(DemoPerson, _UNCHANGED, list(ids))
        if (person.name, person.role, person.team) == made[person.external_id]
    ]


def _plan(
    people: Sequence[DemoPerson], course: Course, default_zone: str, now: datetime
) -> dict[UUID, Past]:
    personas: dict[str, Persona] = {persona.id: persona for persona in PERSONAS}
    return {
        person.user_id: past_of(
            personas[person.external_id],
            course,
            now,
            zone(usable_zone(person.time_zone, default_zone)),
            frozenset(person.working_days or MONDAY_TO_FRIDAY),
        )
        for person in people
    }
