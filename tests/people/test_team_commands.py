"""An operator makes teams, says on which days they work, and deletes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, TypeAlias

import httpx
import pytest

from portal.accounts.rules import NewTeam
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.people import actions
from tests.clock import Freeze
from tests.ops.command import only_line, run_portal
from tests.people.people import audit, differences, held, hire, kpis
from tests.support import Database, Portal, take_quiz

Step: TypeAlias = Callable[[], Coroutine[Any, Any, object]]
TEAMS = "SELECT id, name, track, working_days FROM team ORDER BY id"


def team(database: Database, *arguments: str) -> str:
    """Returns the only line that a portal team command says."""
    done = run_portal(database.url, "team", *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return only_line(done.stdout)


async def test_a_team_from_its_making_to_its_end(database: Database) -> None:
    made = team(database, "create", "night", "--name", " Night  shift", "--track", "business")
    assert made == "Created team night on the business track."
    assert team(database, "set-days", "night", "Sun-Thu") == (
        "Team night now works Sunday to Thursday; streaks have followed."
    )
    assert team(database, "set-track", "night", "dev") == (
        "Team night is now on the dev track; ranks have followed."
    )
    listed = run_portal(database.url, "team", "list").stdout.splitlines()
    assert listed[0] == "ai  dev  1 member  Monday to Friday  led by lior  AI"
    assert "night  dev  0 members  Sunday to Thursday  led by nobody  Night shift" in listed
    assert len(listed) == 6
    assert team(database, "delete", "night") == "Deleted team night."
    assert [(action, target, detail) for action, target, detail in await audit(database)] == [
        ("team.create", "night", {"track": "business"}),
        ("team.set-days", "night", {"days": [1, 2, 3, 4, 7]}),
        ("team.set-track", "night", {"track": "dev"}),
        ("team.delete", "night", {}),
    ]


async def test_who_leads_is_changed_and_listed(database: Database) -> None:
    assert team(database, "lead", "beta", "sara") == "sara now leads team beta."
    assert team(database, "lead", "beta", "leo", "--deputy") == "leo is now a deputy of team beta."
    line = "beta  business  5 members  Monday to Friday  led by sara, tom, leo (deputy)  Beta"
    assert line in run_portal(database.url, "team", "list").stdout.splitlines()
    assert team(database, "unlead", "beta", "leo") == "leo no longer leads team beta."
    assert team(database, "unlead", "beta", "leo") == "leo did not lead team beta."


@pytest.mark.empty_database
async def test_without_teams_the_list_says_what_makes_one(database: Database) -> None:
    assert team(database, "list") == "There is no team yet: portal team create makes one."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["set-days", "omega", "mon"], "There is no team omega."),
        (["set-days", "alpha", "mon,noday"], "noday is no day of the week. Use mon, tue"),
        (["set-days", "alpha", ""], "Nothing is no day of the week."),
        (["set-track", "omega", "dev"], "There is no team omega."),
        (["lead", "omega", "sara"], "There is no team omega."),
        (["lead", "alpha", "alex"], "alex is a learner, and only managers and admins lead teams."),
        (["unlead", "alpha", "nobody"], "There is no account nobody."),
        (["delete", "omega"], "There is no team omega."),
        (["delete", "alpha"], "Team alpha has 5 members. Move them to another team first."),
        (["create", "alpha", "--name", "A", "--track", "dev"], "There is already a team alpha."),
        (["create", "A b", "--name", "A", "--track", "dev"], "Use up to 64 lower-case letters"),
        (["create", "b", "--name", " ", "--track", "dev"], "Enter a name of 1 to 120 characters."),
    ],
)
async def test_what_cannot_be_is_told_in_one_line(
    database: Database, arguments: list[str], words: str
) -> None:
    before = await database.fetch(TEAMS)
    done = run_portal(database.url, "team", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in only_line(done.stderr)
    assert await database.fetch(TEAMS) == before
    assert await audit(database) == []


@pytest.mark.parametrize("days", ["'{}'", "'{0}'", "'{1,8}'", "'{1,null}'", "'{{1,2},{3,4}}'"])
async def test_the_schema_takes_working_days_only(database: Database, days: str) -> None:
    with pytest.raises(Exception, match="team_working_days_check"):
        await database.fetch(f"UPDATE team SET working_days = {days}")


async def active_on(portal: Portal, browser_of: str, *days: date) -> None:
    await portal.database.fetch(
        "INSERT INTO activity_day (learner, day) SELECT id, unnest($2::date[]) FROM app_user"
        " WHERE external_id = $1 ON CONFLICT DO NOTHING",
        browser_of,
        list(days),
    )


@pytest.fixture
async def alex(portal: Portal, freeze: Freeze) -> httpx.AsyncClient:
    """Active from Thursday to Sunday, and from Tuesday to today, Thursday, 26 February."""
    moment = datetime(2026, 2, 26, 12, tzinfo=UTC)
    freeze(moment)
    browser = await portal.signed_in("alex")
    await active_on(portal, "alex", *(date(2026, 2, day) for day in (19, 20, 21, 22, 24, 25)))
    return browser


async def test_streaks_follow_the_team_s_days_and_the_person_s_team(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    assert (await kpis(alex))["streak"] == 3
    for days, streak in (
        ({7, 2, 3, 4}, 5),  # Monday is free
        ({2, 3, 4, 5, 6}, 6),  # Sunday too, and Saturday counts
        ({1, 2, 3, 4, 5, 6, 7}, 3),
        ({4}, 2),
        ({1}, 0),
    ):
        await actions.set_working_days("alpha", days)
        assert (await kpis(alex))["streak"] == streak, days
    await actions.set_working_days("gamma", {2, 3, 4})
    await actions.move_to_team("alex", "gamma")
    assert (await kpis(alex))["streak"] == 4
    await actions.move_to_team("alex", None)
    assert (await kpis(alex))["streak"] == 3, "Monday to Friday without a team"


async def test_the_dashboard_shows_the_team_s_week(portal: Portal, alex: httpx.AsyncClient) -> None:
    page = (await alex.get("/dashboard")).text
    assert "Weekends never break a streak." in page
    await actions.set_working_days("alpha", {7, 1, 2, 3, 4})
    page = (await alex.get("/dashboard")).text
    head = page[page.index('class="calendar"') :]
    columns = [part.split("<")[0] for part in head.split('<th scope="col">')[2:7]]
    assert columns == ["Sun", "Mon", "Tue", "Wed", "Thu"]
    assert "Your team works Sunday to Thursday; other days never break a streak." in page
    assert "Working days, Sunday to Thursday, with a sign-in or an answer." in page


async def test_people_who_were_erased_do_not_hold_a_team(portal: Portal) -> None:
    await actions.create_team(NewTeam("night", "Night", "dev"))
    await hire("zoe", team="night")
    await take_quiz(await portal.signed_in("zoe", "claude123"))
    with pytest.raises(Conflict, match="has 1 member"):
        await actions.delete_team("night")
    await actions.erase("zoe")
    await actions.delete_team("night")
    assert await differences() == []


async def test_who_joins_a_team_that_is_deleted_is_told(portal: Portal) -> None:
    """Whichever comes first, nobody is on a team that is none, and nobody sees an error of the
    database."""
    joins: list[Step] = [
        lambda: hire("zoe", team="night"),
        lambda: actions.move_to_team("alex", "night"),
    ]
    for join in joins:
        for first in ("join", "delete"):
            await actions.create_team(NewTeam("night", "Night", "dev"))
            query = "SELECT 1 FROM team WHERE id = $1 FOR UPDATE"
            async with held(portal.database, query, "night") as lock:
                steps: dict[str, Step] = {
                    "join": join,
                    "delete": partial(actions.delete_team, "night"),
                }
                running = {first: asyncio.create_task(steps.pop(first)())}
                await lock.waiting(1)
                (other,) = steps
                running[other] = asyncio.create_task(steps[other]())
                await lock.waiting(2)
                await lock.release()
                await asyncio.wait(running.values())
            joined, deleted = running["join"].exception(), running["delete"].exception()
            assert {type(joined), type(deleted)} in (
                {type(None), Conflict},
                {type(None), Invalid},
            ), (joined, deleted)
            assert (joined is None) is isinstance(deleted, Conflict)
            if joined is None:
                await actions.move_to_team("alex", "alpha")
                await portal.database.fetch(
                    "UPDATE app_user SET team = NULL WHERE external_id = 'zoe'"
                )
                await actions.delete_team("night")
            await portal.database.fetch("DELETE FROM app_user WHERE external_id = 'zoe'")


async def test_two_admins_demote_each_other_and_the_second_is_refused(portal: Portal) -> None:
    """There is a third, so that neither is the last one."""
    names = ("admin", "second")
    for name in ("second", "third"):
        await hire(name, role="admin")
    key = "SELECT id FROM app_user WHERE external_id = $1"
    keys = [await portal.database.value(key, name) for name in names]
    for _ in range(10):
        results = await asyncio.gather(
            actions.set_role("second", "learner", actor=keys[0]),
            actions.set_role("admin", "learner", actor=keys[1]),
            return_exceptions=True,
        )
        assert {type(result) for result in results} == {type(None), Forbidden}, results
        for name in names:
            await actions.set_role(name, "admin")


async def test_who_is_no_admin_any_longer_changes_nothing(portal: Portal) -> None:
    await hire("second", role="admin")
    key = await portal.database.value("SELECT id FROM app_user WHERE external_id = 'second'")
    await actions.disable("second")
    before = await portal.database.fetch(TEAMS), await audit(portal.database)
    for step in (
        actions.set_role("alex", "admin", actor=key),
        actions.move_to_team("alex", "beta", actor=key),
        actions.disable("alex", actor=key),
        actions.enable("second", actor=key),
        actions.erase("alex", actor=key),
        actions.create_team(NewTeam("night", "Night", "dev"), actor=key),
        actions.set_track("alpha", "business", actor=key),
        actions.set_working_days("alpha", {1}, actor=key),
        actions.delete_team("ai", actor=key),
    ):
        with pytest.raises(Forbidden, match="no longer an admin"):
            await step
    assert (await portal.database.fetch(TEAMS), await audit(portal.database)) == before
    with pytest.raises(NotFound):
        await actions.set_working_days("omega", {1})
