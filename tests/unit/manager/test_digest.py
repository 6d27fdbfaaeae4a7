"""What the weekly mail says, by what the teams' numbers are, in text and HTML alike."""

from __future__ import annotations

import html
import re

import pytest

from portal.mail.render import rendered
from portal.manager.digest import MAX_NAMED, Digest, days_of, digest_of, week_before
from portal.manager.rules import Member, MemberRow, Metrics, Status, Totals, Week12
from portal.web.pages import Renderer

SITE = "https://learn.example.com"
WEEK = "2026-W48"


def row(name: str, status: Status, reason: str = "Because") -> MemberRow:
    return MemberRow(
        member=Member(name.lower(), name, "learner"),
        current_score=0,
        score_delta=0,
        logins7d=0,
        work_week_days=[],
        quizzes_completed=0,
        accuracy=0,
        first_try_accuracy=0,
        videos_completed=0,
        completion_pct=0,
        last_active_at=None,
        status=status,
        status_reason=reason,
        team_id="alpha",
        team_name="Alpha",
        steps_pct={},
    )


def team(*rows: MemberRow, name: str = "Alpha", weeks: tuple[Week12, ...] = ()) -> Metrics:
    totals = Totals(len(rows), 0, 0, 0, 0, 0, {})
    return Metrics(name.lower(), name, list(rows), totals, list(weeks), [])


def mail(*teams: Metrics) -> Digest:
    found = digest_of(teams, recipient="Sara", own_id="sara", week=WEEK, site=SITE)
    assert found is not None
    return found


OWN = row("Sara", "needs attention")
NEEDY = row("Jordan", "needs attention", "No activity for 12 working days; 3 of 62 videos")
RISKY = row("Alex", "at risk", "40% of first answers right")
CALM = row("Mike", "on track")
GOOD = row("Priya", "doing well", "Path complete")


@pytest.mark.parametrize(
    ("teams", "subject"),
    [
        ((team(OWN, NEEDY, RISKY, CALM, GOOD),), "Alpha: 2 of 4 people need you"),
        ((team(OWN, NEEDY, GOOD),), "Alpha: 1 of 2 people needs you"),
        ((team(OWN, NEEDY),), "Alpha: 1 of 1 person needs you"),
        ((team(OWN, CALM, GOOD),), "Alpha: nobody needs you this week"),
        ((team(NEEDY), team(CALM, name="Beta")), "2 teams: 1 of 2 people needs you"),
        ((team(NEEDY), team(OWN, name="Beta")), "Alpha: 1 of 1 person needs you"),
    ],
)
def test_the_subject_says_the_finding(teams: tuple[Metrics, ...], subject: str) -> None:
    assert mail(*teams).subject == subject


@pytest.mark.parametrize("teams", [(), (team(),), (team(OWN), team(name="Beta"))])
def test_without_others_there_is_nothing_to_say(teams: tuple[Metrics, ...]) -> None:
    assert digest_of(teams, recipient="Sara", own_id="sara", week=WEEK, site=SITE) is None


def test_who_is_named_and_where_it_leads() -> None:
    (part,) = mail(team(OWN, GOOD, CALM, RISKY, NEEDY)).teams
    assert [(group.status, [p.name for p in group.people]) for group in part.groups] == [
        ("needs attention", ["Jordan"]),
        ("at risk", ["Alex"]),
        ("doing well", ["Priya"]),
    ]
    assert part.on_track == 1
    assert part.groups[0].href == f"{SITE}/manager?team=alpha&status=needs-attention"
    assert part.groups[0].people[0].href == f"{SITE}/manager/member/jordan"
    assert part.groups[0].people[0].reason == NEEDY.status_reason


def test_only_the_first_are_named() -> None:
    crowd = [row(f"P{number:02}", "at risk") for number in range(MAX_NAMED + 3)]
    (group,) = mail(team(*reversed(crowd))).teams[0].groups
    assert [person.name for person in group.people] == [f"P{n:02}" for n in range(MAX_NAMED)]
    assert (group.count, group.more) == (MAX_NAMED + 3, 3)


def test_the_numbers_are_those_of_the_week() -> None:
    weeks = (
        Week12("2026-W47", 100, 40, 31, 4),
        Week12("2026-W48", 1160, 1060, 34, 3),
        Week12("2026-W49", 1160, 0, 34, 0),
    )
    facts = mail(team(OWN, CALM, GOOD, weeks=weeks)).teams[0].facts
    assert [(fact.label, fact.value, fact.change) for fact in facts] == [
        ("Active members", "3 of 3", "down from 4 in the week before"),
        ("Points gained", "1,060", "up from 40 in the week before"),
        ("Completion", "34%", "up from 31% in the week before"),
    ]


@pytest.mark.parametrize(
    ("week", "days", "before"),
    [
        ("2026-W48", "23 to 29 November 2026", "2026-W47"),
        ("2026-W49", "30 November to 6 December 2026", "2026-W48"),
        ("2027-W01", "4 to 10 January 2027", "2026-W53"),
        ("2026-W53", "28 December 2026 to 3 January 2027", "2026-W52"),
    ],
)
def test_weeks(week: str, days: str, before: str) -> None:
    assert (days_of(week), week_before(week)) == (days, before)


def plain(page: str) -> str:
    words = re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(words).split())


def test_text_and_html_say_the_same() -> None:
    weeks = (Week12("2026-W47", 9, 4, 3, 4), Week12("2026-W48", 100, 60, 34, 3))
    crowd = [row(f"P{number:02}", "at risk") for number in range(MAX_NAMED + 3)]
    odd = row("<b>Eve</b> & Co", "needs attention")
    digest = mail(team(OWN, odd, NEEDY, CALM, GOOD, *crowd, weeks=weeks), team(CALM, name="Beta"))
    both = rendered(Renderer(), "digest", digest)
    text, page = " ".join(both.text.split()), plain(both.html)
    for part in digest.teams:
        said = [f"{part.name}: {part.headline}", f"On track: {part.on_track} person"]
        said += [word for fact in part.facts for word in (fact.label, fact.value, fact.change)]
        for group in part.groups:
            said += [f"{group.status.capitalize()} ({group.count})"]
            said += [word for each in group.people for word in (each.name, each.reason)]
            said += [f"and {group.more} more"] if group.more else []
            assert group.href in both.text
            assert f'href="{group.href}"' in html.unescape(both.html)
        for words in said:
            assert words in text
            assert words in page
    for words in (digest.days, digest.settings_url):
        assert words in both.text
        assert words in html.unescape(both.html)
    assert "<b>" not in both.html
