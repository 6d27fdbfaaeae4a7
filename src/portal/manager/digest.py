"""What the weekly mail to a manager says. Pure functions of the teams' numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import quote, urlencode

import msgspec

from portal.manager.rules import MemberRow, Metrics, Status, Week12, need, slug_of
from portal.web.formats import number, percent, plural, zone

MAX_NAMED = 8
# Those on track are counted, not named: nobody has to do anything about them.
NAMED: tuple[Status, ...] = ("needs attention", "at risk", "doing well")
NEEDY: tuple[Status, ...] = ("needs attention", "at risk")


class Person(msgspec.Struct, frozen=True):
    name: str
    reason: str
    href: str


class Group(msgspec.Struct, frozen=True):
    """People in one state: the first of them, and how many `more` there are. `href` shows all."""

    status: Status
    count: int
    people: list[Person]
    more: int
    href: str


class Fact(msgspec.Struct, frozen=True):
    """A number of the week, and that of the week before in words."""

    label: str
    value: str
    change: str


class TeamPart(msgspec.Struct, frozen=True, kw_only=True):
    """One team: `headline` is what was found out. `on_track` counts those who are not named."""

    name: str
    headline: str
    href: str
    facts: list[Fact]
    groups: list[Group]
    on_track: int


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """A whole mail: `week` is such as "2026-W48", `days` its dates."""

    subject: str
    recipient: str
    week: str
    days: str
    so_far: bool
    teams: list[TeamPart]
    site: str
    settings_url: str


def name_of_week(day: date) -> str:
    """Returns the week of a day, such as "2026-W48"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def present_week(now: datetime, time_zone: str) -> str:
    """Returns the week of this moment in the time zone."""
    return name_of_week(now.astimezone(zone(time_zone)).date())


def week_before(week: str) -> str:
    return name_of_week(_monday(week) - timedelta(days=7))


def days_of(week: str) -> str:
    """Returns such as "23 to 29 November 2026", with what differs at both ends."""
    first = _monday(week)
    last = first + timedelta(days=6)
    begin = f"{first.day}"
    if first.month != last.month:
        begin += f" {first:%B}"
    if first.year != last.year:
        begin += f" {first.year}"
    return f"{begin} to {last.day} {last:%B} {last.year}"


def digest_of(
    teams: Sequence[Metrics],
    *,
    recipient: str,
    own_id: str,
    week: str,
    site: str,
    so_far: bool = False,
) -> Digest | None:
    """Returns the mail about a week to the leader of these teams; None when nobody but the leader
    is on any of them.

    The leader's own row (`own_id`) is in the numbers of the team, and in no list. `site` is
    `PUBLIC_URL`, or "" for a page of the site itself; `so_far`: the week has not ended yet.
    """
    parts = []
    needy = people = 0
    for team in teams:
        others = [row for row in team.rows if row.member.id != own_id]
        if others:
            parts.append(_part(team, others, week, site))
            needy += sum(row.status in NEEDY for row in others)
            people += len(others)
    if not parts:
        return None
    about = parts[0].name if len(parts) == 1 else f"{len(parts)} teams"
    return Digest(
        subject=f"{about}: {_finding(needy, people)}",
        recipient=recipient,
        week=week,
        days=days_of(week),
        so_far=so_far,
        teams=parts,
        site=site,
        settings_url=f"{site}/manager/digest",
    )


def _part(team: Metrics, others: Sequence[MemberRow], week: str, site: str) -> TeamPart:
    of_week = {each.week: each for each in team.trend}
    ordered = sorted(others, key=need)
    named = [_group(status, ordered, team.team_id or "", site) for status in NAMED]
    return TeamPart(
        name=team.team_name or "",
        headline=_finding(sum(row.status in NEEDY for row in others), len(others)),
        href=_screen(site, team.team_id or ""),
        facts=_facts(of_week.get(week), of_week.get(week_before(week)), team.totals.members),
        groups=[group for group in named if group.count],
        on_track=sum(row.status not in NAMED for row in others),
    )


def _finding(needy: int, people: int) -> str:
    if not needy:
        return "nobody needs you this week"
    return f"{number(needy)} of {plural(people, 'person', 'people')} {_needs(needy)} you"


def _needs(count: int) -> str:
    return "needs" if count == 1 else "need"


def _group(status: Status, rows: Sequence[MemberRow], team_id: str, site: str) -> Group:
    found = [row for row in rows if row.status == status]
    return Group(
        status=status,
        count=len(found),
        people=[
            Person(
                name=row.member.name,
                reason=row.status_reason,
                href=f"{site}/manager/member/{quote(row.member.id, safe='')}",
            )
            for row in found[:MAX_NAMED]
        ],
        more=max(0, len(found) - MAX_NAMED),
        href=_screen(site, team_id, status),
    )


def _screen(site: str, team_id: str, status: Status | None = None) -> str:
    asked = {"team": team_id, **({"status": slug_of(status)} if status else {})}
    return f"{site}/manager?{urlencode(asked)}"


def _facts(this: Week12 | None, before: Week12 | None, members: int) -> list[Fact]:
    """Returns the numbers of the week; none when they are not known."""
    if this is None:
        return []
    former = before or Week12(week="", score=0, gained=0, completion_pct=0, active=0)
    return [
        Fact(
            "Active members",
            f"{number(this.active)} of {number(members)}",
            _change(this.active, former.active, number),
        ),
        Fact("Points gained", number(this.gained), _change(this.gained, former.gained, number)),
        Fact(
            "Completion",
            percent(this.completion_pct),
            _change(this.completion_pct, former.completion_pct, percent),
        ),
    ]


def _change(value: int, before: int, written: Callable[[int], str]) -> str:
    if value == before:
        return "as in the week before"
    return f"{'up' if value > before else 'down'} from {written(before)} in the week before"


def _monday(week: str) -> date:
    year, number_of_week = week.split("-W")
    return date.fromisocalendar(int(year), int(number_of_week), 1)
