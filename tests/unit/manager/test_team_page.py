"""What a team's page says, for made-up teams."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest

from portal.manager import plots
from portal.manager.filters import Filters
from portal.manager.member_views import silent_since
from portal.manager.overview_views import overview
from portal.manager.queries import TeamLine
from portal.manager.rules import (
    LeftRow,
    Member,
    MemberRow,
    Metrics,
    Status,
    Totals,
    Week12,
)
from portal.manager.views import TeamPage, team_page
from portal.people.rules import who_leads
from portal.scoring.rules import MONDAY_TO_FRIDAY

STEPS = [("1", "First"), ("2", "Second")]
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def row(name: str, status: Status = "on track", *, score: int = 0, pct: int = 0) -> MemberRow:
    return MemberRow(
        member=Member(name.lower(), name, "learner"),
        current_score=score,
        score_delta=score // 10,
        logins7d=1,
        work_week_days=[True, False, True, False, False],
        quizzes_completed=1 if score else 0,
        accuracy=50,
        first_try_accuracy=50,
        videos_completed=pct,
        completion_pct=pct,
        last_active_at=NOW,
        status=status,
        status_reason="Because",
        team_id="alpha",
        team_name="Alpha",
        steps_pct={"1": pct, "2": 0},
    )


def metrics(*rows: MemberRow, team: str = "alpha") -> Metrics:
    score = sum(each.current_score for each in rows)
    trend = [
        Week12(week=f"2026-W{36 + n}", score=100 * n, gained=10 * n, completion_pct=n, active=n % 3)
        for n in range(12)
    ]
    totals = Totals(len(rows), 1, score, 0, 5, 30, {})
    return Metrics(team, "Alpha", list(rows), totals, trend, [])


def shown(known: Metrics, filters: Filters | None = None, page: int = 1) -> TeamPage:
    return team_page(
        known,
        filters or Filters(),
        page,
        me="sara",
        week=[1, 2, 3, 4, 5],
        today=3,
        steps=STEPS,
    )


@pytest.mark.parametrize(
    ("rows", "heading"),
    [
        ([], "Alpha: nobody yet"),
        ([row("Sara", "at risk")], "Alpha: nobody is on this team but you"),
        ([row("Sara", "at risk"), row("Ann")], "Nobody needs you this week"),
        ([row("Ann", "at risk"), row("Bo")], "Alpha: 1 of 2 people needs you"),
        ([row("Ann", "at risk")], "Alpha: 1 of 1 person needs you"),
        (
            [row("Sara", "at risk"), row("Ann", "at risk"), row("Bo", "needs attention")],
            "Alpha: 2 of 2 people need you",
        ),
    ],
)
def test_the_heading_counts_everybody_but_the_reader(rows: list[MemberRow], heading: str) -> None:
    assert shown(metrics(*rows)).heading == heading


def test_filters_change_the_list_and_not_the_heading() -> None:
    known = metrics(row("Ann", "at risk"), row("Bo"), row("Cy", "doing well"))
    page = shown(known, Filters(status=("doing well",), days=28, step="2", q="c", sort="-score"))
    assert page.heading == "Alpha: 1 of 3 people needs you"
    assert [person.name for person in page.people] == ["Cy"]
    assert page.count == "1 of 3 people"
    assert [(link.title, link.href) for link in page.filters.active] == [
        ("Doing well", "/manager?days=28&step=2&q=c&sort=-score"),
        ("28 days", "/manager?status=doing-well&step=2&q=c&sort=-score"),
        ("Step 2: Second", "/manager?status=doing-well&days=28&q=c&sort=-score"),
        ("Name “c”", "/manager?status=doing-well&days=28&step=2&sort=-score"),
    ]
    assert page.filters.clear == "/manager"
    assert page.query == "?status=doing-well&days=28&step=2&q=c&sort=-score"
    nobody = shown(known, Filters(q="zz"))
    assert (nobody.people, nobody.empty) == ([], "Nobody matches these filters.")


def test_a_head_sorts_and_turns_round() -> None:
    columns = {column.label: column for column in shown(metrics(row("Ann"))).columns}
    assert columns["State and reason"].sorted == "ascending"
    assert columns["Score"].href == "/manager?sort=-score#people"
    turned = shown(metrics(row("Ann")), Filters(sort="-score")).columns
    score = next(column for column in turned if column.label == "Score")
    assert (score.sorted, score.href) == ("descending", "/manager?sort=score#people")
    assert [column.label for column in turned if column.sorted] == ["Score"]


def test_a_long_list_has_pages_that_keep_the_filters() -> None:
    known = metrics(*(row(f"P{n:03}", "at risk") for n in range(300)))
    page = shown(known, Filters(sort="name"), page=2)
    assert len(page.people) == 50
    assert page.people[0].name == "P050"
    assert page.pages is not None
    assert page.pages.range == "51–100 of 300"
    assert page.pages.next == "/manager?sort=name&page=3"
    assert all(len(bars.rows) <= 50 for bars in page.bars)


def test_without_a_quiz_there_is_no_accuracy() -> None:
    person = shown(metrics(row("Ann"))).people[0]
    assert (person.accuracy, person.first_try) == ("–", "–")
    assert shown(metrics(row("Bo", score=20))).people[0].accuracy == "50%"


def test_who_left_stands_apart() -> None:
    left = LeftRow(Member("kim", "Kim", "learner"), NOW, "moved")
    page = shown(msgspec.structs.replace(metrics(row("Ann")), left=[left]))
    assert [(each.name, each.how) for each in page.left] == [("Kim", "moved to another team")]
    assert [person.name for person in page.people] == ["Ann"]


def test_weeks_are_compared_without_the_one_that_is_not_over() -> None:
    figures = {figure.label: figure for figure in shown(metrics(row("Ann"))).figures}
    assert figures["Points in 7 days"].note == "last full week 100, +100 in 12 weeks"
    assert figures["Path complete"].note == "+11 in 12 weeks"
    assert all(figure.spark for figure in figures.values())


def test_a_line_begins_at_zero_and_keeps_to_its_place() -> None:
    drawn = plots.line([0, 5, 10], 10, "words")
    assert drawn.path == "M0 100L50 50L100 0"
    assert drawn.end == "M100 0h0"
    assert plots.line([0, 0], 0, "").path == "M0 100L100 100"


def test_bars_are_in_order_with_the_reader_marked() -> None:
    known = metrics(row("Ann", pct=10), row("Sara", pct=80, score=40), row("Bo", pct=40))
    complete, steps, ranking = shown(known).bars
    assert [(bar.label, bar.width, bar.me) for bar in complete.rows] == [
        ("Sara", 80, True),
        ("Bo", 40, False),
        ("Ann", 10, False),
    ]
    assert complete.heading == "2 of 3 people at the average or above"
    assert [bar.value for bar in steps.rows] == ["43%", "0%"]
    assert ranking.heading == "Sara leads with 40 points"
    assert [bar.width for bar in ranking.rows] == [100, 0, 0]


def test_days_to_come_are_not_missed_days() -> None:
    grid = plots.week_grid([row("Ann")], [1, 2, 3, 4, 5], 3, "sara")
    assert grid is not None
    assert grid.rows[0].days == [True, False, True, None, None]
    assert grid.rows[0].text == "2 of 5"
    assert plots.week_grid([row("Ann")], [7, 1, 2, 3], 3, "sara") is None


def test_silence_has_a_day_on_which_it_became_a_state() -> None:
    friday = date(2026, 11, 6)
    monday = date(2026, 11, 16)
    assert silent_since(friday, monday, MONDAY_TO_FRIDAY) == date(2026, 11, 13)
    assert silent_since(friday, friday, MONDAY_TO_FRIDAY) is None


def test_teams_stand_by_need() -> None:
    def line(name: str | None, **states: int) -> TeamLine:
        counts = {key.replace("_", " "): value for key, value in states.items()}
        totals = Totals(5, 2, 100, 20, 10, 30, counts)
        return TeamLine(id=name and name.lower(), name=name, deputy=False, totals=totals)

    page = overview([line("Alpha", on_track=5), line("Beta", at_risk=2), line(None, at_risk=4)])
    assert page.heading == "6 of 15 people need somebody"
    assert [team.name for team in page.teams] == ["Beta", "Alpha", "On no team"]
    beta = {state.label: (state.count, state.href) for state in page.teams[0].states}
    assert beta["At risk"] == ("2", "/manager?team=beta&status=at-risk")
    assert beta["Doing well"] == ("0", None)
    assert overview([]).heading == "There is no team yet"


@pytest.mark.parametrize(
    ("team", "leaders", "words"),
    [
        (None, [], "On no team: only admins see this."),
        ("Alpha", [], "Nobody leads Alpha at present; admins see this."),
        ("Alpha", ["Sara"], "Sara leads Alpha and sees this; so do admins."),
        ("Alpha", ["Sara", "Leo (deputy)"], "Sara and Leo (deputy) lead Alpha and see this; so"),
    ],
)
def test_who_leads_is_said_by_name(team: str | None, leaders: list[str], words: str) -> None:
    assert who_leads(team, leaders).startswith(words)
