"""Moves the past of the demo people to today: what the seed made is planned anew, until now.

Whoever has really learned since keeps everything, and so does an account that was changed. Sign-ins
are no learning: they stay, with their days, and stay signed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec

from portal import clock
from portal.accounts.rules import local_day
from portal.accounts.time_zones import usable_zone
from portal.authoring.loading import course_in
from portal.config.settings import Settings
from portal.db import sql
from portal.errors import CommandFailed
from portal.scoring import actions as scoring
from portal.serving.history.actions import KEY, NONE_KEY, DemoPerson, unchanged, write_pasts
from portal.serving.history.personas import PERSONAS
from portal.serving.history.store import SEEDED_SESSION
from portal.web.formats import plural

LEFT_OUT = (
    "SEED_HISTORY=false leaves the past of the demo people out, so there is none to move. Unset it,"
    " or run portal seed without --refresh."
)

# Held until the commit: a second one waits here, and finds that all is done.
_ENDS = """
    SELECT substr(s.key, length($2::text) + 1) AS id, s.seeded_at AS at FROM seeded s
    WHERE s.key = ANY ($1::text[])
      AND NOT EXISTS (SELECT FROM seeded n WHERE n.key = $3 || substr(s.key, length($2) + 1))
    ORDER BY s.key FOR UPDATE OF s
"""
# On these days of a person's, wherever on earth, somebody signed in.
_SIGNED_IN = """
    EXISTS (SELECT FROM login_session l WHERE l.member = d.learner
        AND substr(l.token_hash, 1, length($3::bytea)) <> $3::bytea
        AND d.day BETWEEN ((l.created_at - interval '12 hours') AT TIME ZONE 'UTC')::date
                      AND ((l.created_at + interval '14 hours') AT TIME ZONE 'UTC')::date)
"""
_ENDED = "unnest($1::uuid[], $2::timestamptz[]) AS ended(person, at)"
# The interpolated parts are constants. A stay or lead that is not the seed's is a change as well.
_USED = f"""
    SELECT ended.person AS id,
           EXISTS (SELECT FROM quiz_attempt a LEFT JOIN quiz_answer w ON w.attempt = a.id
                   WHERE a.learner = ended.person
                     AND greatest(a.started_at, a.completed_at, w.answered_at) > ended.at)
        OR EXISTS (SELECT FROM video_progress p
                   WHERE p.learner = ended.person AND p.updated_at > ended.at)
        OR EXISTS (SELECT FROM practice_tick t
                   WHERE t.learner = ended.person AND t.ticked_at > ended.at)
        OR EXISTS (SELECT FROM question_report r
                   WHERE r.learner = ended.person AND r.created_at > ended.at)
        OR EXISTS (SELECT FROM activity_day d
                   WHERE d.learner = ended.person
                     AND d.day > ((ended.at + interval '14 hours') AT TIME ZONE 'UTC')::date
                     AND NOT {_SIGNED_IN}) AS learned,
           EXISTS (SELECT FROM team_stay y WHERE y.member = ended.person
                     AND (y.until IS NOT NULL OR y.since > ended.at))
        OR EXISTS (SELECT FROM leads l
                   WHERE l.member = ended.person AND l.since > ended.at) AS changed
    FROM {_ENDED}
"""  # noqa: S608
# No row that is younger than the past goes, even one that is written at this very moment.
_ROWS = """
    DELETE FROM {} r USING {}
    WHERE r.learner = ended.person AND r.{} <= ended.at AND $3::bytea IS NOT NULL
"""
_REMOVE = (
    _ROWS.format("quiz_attempt", _ENDED, "started_at"),
    _ROWS.format("video_progress", _ENDED, "updated_at"),
    _ROWS.format("practice_tick", _ENDED, "ticked_at"),
    _ROWS.format("question_report", _ENDED, "created_at"),
    f"""
    DELETE FROM activity_day d USING {_ENDED}
    WHERE d.learner = ended.person AND NOT {_SIGNED_IN}
      AND d.day <= ((ended.at + interval '14 hours') AT TIME ZONE 'UTC')::date
    """,  # noqa: S608
    f"""
    DELETE FROM login_session l USING {_ENDED}
    WHERE l.member = ended.person AND substr(l.token_hash, 1, length($3::bytea)) = $3::bytea
    """,  # noqa: S608
)
_MOVED = "UPDATE seeded SET seeded_at = $2 WHERE key = ANY ($1::text[])"


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """How many people have a past that was moved, and of how many it ended today before; the ids of
    those who were left as they are."""

    moved: int
    current: int
    learned: list[str]
    changed: list[str]

    def __str__(self) -> str:
        people = plural(self.moved, "demo person", "demo people")
        lines = [f"Moved the past of {people} to today."]
        if self.current:
            lines.append(f"It ended today before: {self.current}.")
        if self.learned:
            names = ", ".join(self.learned)
            lines.append(f"Left as they are, for they have learned since: {names}.")
        if self.changed:
            names = ", ".join(self.changed)
            lines.append(f"Left as they are, for the account was changed or is gone: {names}.")
        return "\n".join(lines)


class _Ended(msgspec.Struct, frozen=True):
    """The demo account `id` has a past that ends `at`."""

    id: str
    at: datetime


async def refresh_pasts(settings: Settings) -> Refreshed:
    """Move every past that ended on a day before today, in the person's zone.

    In one transaction: two at once do it once, and one that ends in the middle changes nothing.
    Raises `CommandFailed` when pasts are left out, and `ContentError` when the course cannot be
    used.
    """
    if not settings.seed_history:
        raise CommandFailed(LEFT_OUT)
    course = await asyncio.to_thread(course_in, settings.content_dir)
    keys = [KEY + persona.id for persona in PERSONAS]
    async with sql.transaction():
        ends = {each.id: each.at for each in await sql.fetch(_Ended, _ENDS, keys, KEY, NONE_KEY)}
        now = clock.now()
        people = await unchanged(list(ends))
        zone = settings.time_zone
        stale = [each for each in people if not _is_of_today(each, ends, now, zone)]
        # Alone, because it changes the counts of many scores.
        await scoring.lock_ranking()
        for person in stale:
            await scoring.lock_total(person.user_id)
        used = {
            row["id"]: {"learned": row["learned"], "changed": row["changed"]}
            for row in await sql.execute(_USED, *_ended(stale, ends))
        }
        learned = [each for each in stale if used[each.user_id]["learned"]]
        moving = [each for each in stale if not any(used[each.user_id].values())]
        for statement in _REMOVE:
            await sql.execute(statement, *_ended(moving, ends))
        moved = await write_pasts(moving, course, settings, now)
        await sql.execute(_MOVED, [person.key for person in moving], now)
    fresh = [each for each in people if each not in stale]
    changed = set(ends) - {each.external_id for each in (*fresh, *learned, *moving)}
    return Refreshed(
        moved=moved,
        current=len(fresh),
        learned=sorted(each.external_id for each in learned),
        changed=sorted(changed),
    )


def _is_of_today(
    person: DemoPerson, ends: dict[str, datetime], now: datetime, default_zone: str
) -> bool:
    zone = usable_zone(person.time_zone, default_zone)
    return local_day(ends[person.external_id], zone) >= local_day(now, zone)


def _ended(people: Sequence[DemoPerson], ends: dict[str, datetime]) -> tuple[object, ...]:
    return (
        [each.user_id for each in people],
        [ends[each.external_id] for each in people],
        SEEDED_SESSION,
    )
