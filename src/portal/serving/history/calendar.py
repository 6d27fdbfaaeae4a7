"""On which days somebody was there, and from when to when. Pure functions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from random import Random

import msgspec

from portal.scoring.rules import Week, is_working_day, previous_working_day
from portal.serving.history.personas import Persona

EVENING = time(23, 0)
# What is told of today lies in the last hours; in the first minutes of a day there is no room.
TODAY = timedelta(minutes=170)
LEAST_ROOM = timedelta(minutes=30)
JUST_NOW = timedelta(minutes=4)


class Sitting(msgspec.Struct, frozen=True):
    """A time at the portal, on a day of the person; it ends at `limit` at the latest."""

    day: date
    start: datetime
    limit: datetime


def sittings(
    persona: Persona, now: datetime, zone: tzinfo, week: Week, *, idle: int
) -> list[Sitting]:
    """Returns when a person was there, in order, the last time `idle` working days ago."""
    today = now.astimezone(zone).date()
    rng = Random(f"{persona.id}/days")  # noqa: S311
    made = []
    for day in _active_days(persona, today, week, idle, rng, now=now, zone=zone):
        if day == today:
            made.append(_of_today(now, zone))
        else:
            begin = datetime.combine(day, time(8, 0), zone) + timedelta(minutes=rng.randrange(510))
            limit = datetime.combine(day, EVENING, zone)
            made.append(Sitting(day, begin.astimezone(UTC), limit.astimezone(UTC)))
    return made


def first_day(persona: Persona, now: datetime, zone: tzinfo) -> date:
    """Returns the day on which the account was made."""
    return now.astimezone(zone).date() - timedelta(days=persona.days)


def _of_today(now: datetime, zone: tzinfo) -> Sitting:
    today = now.astimezone(zone).date()
    midnight = datetime.combine(today, time(0, 1), zone).astimezone(UTC)
    return Sitting(today, max(midnight, now - TODAY), now - JUST_NOW)


def _active_days(
    persona: Persona,
    today: date,
    week: Week,
    idle: int,
    rng: Random,
    *,
    now: datetime,
    zone: tzinfo,
) -> list[date]:
    room = _of_today(now, zone)
    last = today
    if not is_working_day(today, week) or room.limit - room.start < LEAST_ROOM:
        last = previous_working_day(today, week)
    for _ in range(idle):
        last = previous_working_day(last, week)
    begin = first_day(persona, now, zone)
    working = []
    while last >= begin:
        working.append(last)
        last = previous_working_day(last, week)
    likely = persona.weekly / 5
    chosen = [
        day for place, day in enumerate(working) if rng.random() < likely or place < persona.streak
    ]
    return sorted({*chosen, *working[-1:]})
