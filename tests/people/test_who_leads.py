"""Who leads a team stays right whatever happens to a person, and is changed by command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

import pytest

from portal.accounts.rules import NewTeam
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.people import actions
from tests.people.people import audit, differences, held, hire, refused
from tests.support import Database, Portal

Step: TypeAlias = Callable[[], Coroutine[Any, Any, object]]
LEADS = """
    SELECT l.team || CASE WHEN l.deputy THEN ' (deputy)' ELSE '' END FROM leads l
    JOIN app_user u ON u.id = l.member WHERE u.external_id = $1 ORDER BY 1
"""
SINCE = """
    SELECT l.since FROM leads l JOIN app_user u ON u.id = l.member WHERE u.external_id = $1
"""
KEY = "SELECT id FROM app_user WHERE external_id = $1"
TOTAL = "SELECT FROM user_score s JOIN app_user u ON u.id = s.learner WHERE u.external_id = $1"
LOCK_TOTAL = f"{TOTAL} FOR UPDATE OF s"


async def leads(database: Database, person: str) -> list[str]:
    return [row[0] for row in await database.fetch(LEADS, person)]


async def test_a_new_manager_leads_the_team_they_are_on(portal: Portal) -> None:
    await hire("pat", role="manager", team="beta")
    await hire("quinn", role="manager")
    await hire("rae", role="admin", team="beta")
    await hire("sol", team="beta")
    found = {name: await leads(portal.database, name) for name in ("pat", "quinn", "rae", "sol")}
    assert found == {"pat": ["beta"], "quinn": [], "rae": [], "sol": []}
    with pytest.raises(Conflict):
        await hire("pat", role="manager", team="gamma")
    assert await leads(portal.database, "pat") == ["beta"]


async def test_leading_follows_the_role(portal: Portal) -> None:
    database = portal.database
    await actions.set_role("alex", "manager")
    since: datetime = await database.value(SINCE, "alex")
    await actions.set_role("alex", "manager")
    assert await leads(database, "alex") == ["alpha"]
    assert await database.value(SINCE, "alex") == since, "nothing was written the second time"
    await actions.lead_team("gamma", "alex", deputy=True)
    await actions.set_role("alex", "admin")
    assert await leads(database, "alex") == ["alpha", "gamma (deputy)"]
    await actions.unlead_team("alpha", "alex")
    await actions.set_role("alex", "manager")
    assert await leads(database, "alex") == ["gamma (deputy)"], "that is a team to lead"
    for _ in range(2):
        await actions.set_role("alex", "learner")
        assert await leads(database, "alex") == []
    await actions.set_role("alex", "admin")
    assert await leads(database, "alex") == []
    assert await leads(database, "sara") == ["alpha"], "nobody else's"


async def test_a_manager_takes_the_own_team_along(portal: Portal) -> None:
    database = portal.database
    await actions.lead_team("beta", "sara")
    await actions.lead_team("gamma", "sara", deputy=True)
    since = await database.fetch(SINCE, "sara")
    await actions.move_to_team("sara", "alpha")
    assert await database.fetch(SINCE, "sara") == since, "already there"
    for team, found in (
        ("delta", ["beta", "delta", "gamma (deputy)"]),
        ("gamma", ["beta", "gamma"]),
        ("beta", ["beta"]),
        (None, []),
        ("alpha", ["alpha"]),
    ):
        await actions.move_to_team("sara", team)
        assert await leads(database, "sara") == found, team


async def test_a_move_brings_no_team_that_was_not_led(portal: Portal) -> None:
    """Neither to a manager whose own team was taken away, nor to a deputy, an admin, a learner."""
    database = portal.database
    await actions.unlead_team("alpha", "sara")
    await hire("dee", role="manager")
    await actions.lead_team("alpha", "dee", deputy=True)
    await actions.move_to_team("dee", "alpha")
    await actions.lead_team("alpha", "admin")
    await actions.move_to_team("admin", "alpha")
    for name, found in (
        ("sara", []),
        ("dee", ["alpha (deputy)"]),
        ("admin", ["alpha"]),
        ("alex", []),
    ):
        await actions.move_to_team(name, "beta")
        assert await leads(database, name) == found, name


async def test_leading_by_command_is_recorded_when_it_changes(portal: Portal) -> None:
    database = portal.database
    admin = await database.value(KEY, "admin")
    for deputy in (True, True, False, False):
        await actions.lead_team("beta", "sara", deputy=deputy, actor=admin)
    assert await leads(database, "sara") == ["alpha", "beta"]
    assert await actions.unlead_team("beta", "sara", actor=admin)
    assert not await actions.unlead_team("beta", "sara", actor=admin)
    assert await leads(database, "sara") == ["alpha"]
    assert await audit(database) == [
        ("user.lead", "sara", {"team": "beta", "deputy": True}),
        ("user.lead", "sara", {"team": "beta", "deputy": False}),
        ("user.unlead", "sara", {"team": "beta"}),
    ]
    assert {row[0] for row in await database.fetch("SELECT actor FROM audit_event")} == {admin}


async def test_what_cannot_be_led(portal: Portal) -> None:
    database = portal.database
    before = await database.fetch("SELECT * FROM leads ORDER BY id")
    former = await database.value(KEY, "leo")
    for step, kind, words in (
        (actions.lead_team("alpha", "alex"), Conflict, "alex is a learner, and only managers and"),
        (actions.lead_team("omega", "sara"), Invalid, "There is no team omega"),
        (actions.lead_team("alpha", "nobody"), NotFound, "There is no account nobody"),
        (actions.unlead_team("omega", "sara"), Invalid, "There is no team omega"),
        (actions.unlead_team("alpha", "nobody"), NotFound, "There is no account nobody"),
        (actions.lead_team("beta", "sara", actor=former), Forbidden, "no longer an admin"),
        (actions.unlead_team("alpha", "sara", actor=former), Forbidden, "no longer an admin"),
    ):
        async with refused(database, kind, words):
            await step
    assert await database.fetch("SELECT * FROM leads ORDER BY id") == before


async def test_the_lead_and_the_change_are_one(portal: Portal) -> None:
    database = portal.database
    await database.fetch(
        "ALTER TABLE audit_event ADD CONSTRAINT none_any_more CHECK (action = '') NOT VALID"
    )
    for step in (
        actions.set_role("sara", "learner"),
        actions.set_role("alex", "manager"),
        actions.move_to_team("sara", "beta"),
        actions.lead_team("beta", "sara"),
        actions.unlead_team("alpha", "sara"),
    ):
        with pytest.raises(Exception, match="none_any_more"):
            await step
    assert (await leads(database, "sara"), await leads(database, "alex")) == (["alpha"], [])


@pytest.mark.parametrize("demoted_first", [True, False])
async def test_a_manager_is_demoted_while_they_get_a_team(
    portal: Portal, *, demoted_first: bool
) -> None:
    """Whichever comes first, a learner leads nothing."""
    await actions.set_role("sara", "manager")  # there is a total to hold now
    steps: list[Step] = [
        partial(actions.set_role, "sara", "learner"),
        partial(actions.lead_team, "beta", "sara"),
    ]
    if not demoted_first:
        steps.reverse()
    async with held(portal.database, LOCK_TOTAL, "sara") as lock:
        running = []
        for count, step in enumerate(steps, 1):
            running.append(asyncio.create_task(step()))
            await lock.waiting(count)
        await lock.release()
        results = await asyncio.gather(*running, return_exceptions=True)
    assert [type(result) for result in results] == [
        type(None),
        Conflict if demoted_first else type(None),
    ]
    assert await leads(portal.database, "sara") == []


async def test_two_admins_change_who_leads_at_once(portal: Portal) -> None:
    database = portal.database
    await hire("second", role="admin")
    one, other = [await database.value(KEY, name) for name in ("admin", "second")]
    for _ in range(5):
        await asyncio.gather(
            actions.lead_team("beta", "sara", actor=one),
            actions.lead_team("beta", "sara", actor=other),
            actions.lead_team("alpha", "leo", deputy=True, actor=one),
            actions.move_to_team("sara", "delta", actor=other),
            actions.set_working_days("beta", {1, 2}, actor=one),
            actions.set_track("delta", "dev", actor=other),
        )
        assert await leads(database, "sara") == ["beta", "delta"]
        await asyncio.gather(
            actions.unlead_team("beta", "sara", actor=one),
            actions.unlead_team("beta", "sara", actor=other),
            actions.move_to_team("sara", "alpha", actor=one),
        )
        assert await leads(database, "sara") == ["alpha"]
    events = [action for action, _, detail in await audit(database) if "beta" in detail.values()]
    assert events == ["user.lead", "user.unlead"] * 5, "each change was recorded once"
    assert await differences() == []


async def test_a_team_is_deleted_while_somebody_gets_it(portal: Portal) -> None:
    for _ in range(5):
        await actions.create_team(NewTeam("night", "Night", "dev"))
        led, deleted = await asyncio.gather(
            actions.lead_team("night", "sara"),
            actions.delete_team("night"),
            return_exceptions=True,
        )
        assert deleted is None
        assert led is None or isinstance(led, Invalid), led
        assert await leads(portal.database, "sara") == ["alpha"]
