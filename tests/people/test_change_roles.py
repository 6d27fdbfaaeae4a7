"""Roles: only learners are ranked, and a new role begins with a new sign-in."""

from __future__ import annotations

import pytest

from portal.errors import Invalid, NotFound
from portal.people import actions
from tests.people.people import differences, kpis, ranking, refused
from tests.support import Portal, take_quiz


@pytest.fixture
async def ranked(portal: Portal) -> Portal:
    """Alex 90, mike 75 and sara, a manager of their track, with 60 points and no rank."""
    for wrong, name in enumerate(("alex", "mike", "sara")):
        await take_quiz(await portal.signed_in(name), wrong=wrong)
    return portal


@pytest.mark.parametrize("role", ["manager", "admin"])
async def test_managers_and_admins_are_not_ranked(ranked: Portal, role: str) -> None:
    mike = await ranked.signed_in("mike")
    assert await ranking(mike) == [("alex", 90, 1), ("mike", 75, 2)]
    await actions.set_role("alex", role)
    assert await ranking(mike) == [("mike", 75, 1)]
    alex = await ranked.signed_in("alex")
    found = await kpis(alex)
    assert (found["rank"], found["percentile"], found["grade"]) == (None, None, None)
    assert (found["totalScore"], found["quizzesCompleted"], found["around"]) == (90, 1, [])
    # more quizzes bring points and still no rank
    assert (await take_quiz(alex))["totalScore"] == 90
    assert (await kpis(alex))["rank"] is None
    await actions.set_role("alex", "learner")
    assert await ranking(mike) == [("alex", 90, 1), ("mike", 75, 2)]
    assert await differences() == []


async def test_a_manager_who_becomes_a_learner_is_ranked_with_the_points_there_are(
    ranked: Portal,
) -> None:
    await actions.set_role("sara", "learner")
    assert await ranking(await ranked.signed_in("sara")) == [
        ("alex", 90, 1),
        ("mike", 75, 2),
        ("sara", 60, 3),
    ]
    await actions.set_role("leo", "learner")  # without a quiz there is no rank
    assert (await kpis(await ranked.signed_in("leo")))["total"] == 3
    assert await differences() == []


async def test_a_new_role_ends_all_sessions_of_that_person(ranked: Portal) -> None:
    browsers = [await ranked.signed_in("alex"), await ranked.signed_in("alex")]
    mike = await ranked.signed_in("mike")
    await actions.set_role("alex", "manager")
    for browser in browsers:
        assert (await browser.get("/api/auth/me")).json() == {"user": None}
        assert (await browser.get("/api/dashboard/kpis")).status_code == 401
    assert (await mike.get("/api/dashboard/kpis")).status_code == 200
    again = await ranked.signed_in("alex")
    assert (await again.get("/api/auth/me")).json()["user"]["role"] == "manager"


async def test_what_does_not_exist_changes_nothing(ranked: Portal) -> None:
    for role in ("owner", "", "Admin", "learner ", "x" * 300):
        async with refused(ranked.database, Invalid, "A role is one of learner, manager, admin"):
            await actions.set_role("alex", role)
    for name in ("nobody", "", "ALEX"):
        async with refused(ranked.database, NotFound, "There is no account"):
            await actions.set_role(name, "manager")
