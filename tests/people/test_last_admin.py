"""There is always an admin left, also when two go at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import combinations_with_replacement, permutations
from typing import TypeAlias

import pytest

from portal.errors import Conflict
from portal.people import actions
from tests.people.people import differences, held, hire, hired, refused
from tests.support import Portal, answer_for, take_quiz

Leave: TypeAlias = Callable[[str], Awaitable[None]]

ACTIVE = """
    SELECT external_id FROM app_user
    WHERE role = 'admin' AND disabled_at IS NULL AND erased_at IS NULL ORDER BY 1
"""
OTHER = "why-we-need-ai-fluency"
KEYS_OF = "SELECT id FROM app_user WHERE external_id = $1 FOR UPDATE"


async def become_learner(name: str) -> None:
    await actions.set_role(name, "learner")


async def become_manager(name: str) -> None:
    await actions.set_role(name, "manager")


WAYS: tuple[Leave, ...] = (become_learner, become_manager, actions.disable, actions.erase)


async def admins(portal: Portal) -> list[str]:
    return [row[0] for row in await portal.database.fetch(ACTIVE)]


@pytest.mark.parametrize("leave", WAYS)
async def test_the_last_admin_stays(portal: Portal, leave: Leave) -> None:
    browser = await portal.signed_in("admin")
    async with refused(portal.database, Conflict, "last admin"):
        await leave("admin")
    assert (await browser.get("/api/auth/me")).json()["user"]["role"] == "admin"
    await actions.set_role("admin", "admin")  # nothing is lost by that
    await hire("second", role="admin")
    await leave("admin")
    assert await admins(portal) == ["second"]
    async with refused(portal.database, Conflict, "last admin"):
        await leave("second")


@pytest.mark.parametrize("leave", WAYS)
async def test_who_cannot_sign_in_is_no_admin_left(portal: Portal, leave: Leave) -> None:
    await hire("second", role="admin")
    await actions.disable("second")
    async with refused(portal.database, Conflict, "last admin"):
        await leave("admin")
    await leave("second")  # that one counts for nothing
    assert await admins(portal) == ["admin"]
    await hire("third", role="admin")
    await actions.erase("third")
    async with refused(portal.database, Conflict, "last admin"):
        await leave("admin")


async def test_others_may_go_while_there_is_one_admin(portal: Portal) -> None:
    await actions.disable("sara")
    await actions.set_role("leo", "learner")
    await actions.erase("alex")
    await actions.move_to_team("admin", "alpha")
    assert await admins(portal) == ["admin"]
    assert await differences() == []


@pytest.mark.parametrize(("one", "other"), list(combinations_with_replacement(WAYS, 2)))
async def test_two_at_once_leave_one(portal: Portal, one: Leave, other: Leave) -> None:
    await hire("second", role="admin")
    for first, second in permutations(("admin", "second")):
        results = await asyncio.gather(one(first), other(second), return_exceptions=True)
        assert {type(result) for result in results} == {type(None), Conflict}, results
        [left] = await admins(portal)
        assert left == (first if isinstance(results[0], Conflict) else second)
        if actions.erase in (one, other):
            break  # nobody comes back from that
        for name in ("admin", "second"):
            await actions.enable(name)
            await actions.set_role(name, "admin")


async def test_five_at_once_leave_one(portal: Portal) -> None:
    names = ["admin", *(f"admin-{number}" for number in range(4))]
    for name in names[1:]:
        await hire(name, role="admin")
    results = await asyncio.gather(*map(become_learner, names), return_exceptions=True)
    assert [type(result) for result in results].count(Conflict) == 1
    assert results.count(None) == 4
    assert len(await admins(portal)) == 1


async def test_an_admin_leaves_in_the_middle_of_a_quiz(portal: Portal) -> None:
    """Neither waits for what the other holds: both are done."""
    browser = await hired(portal, "second", role="admin")
    await take_quiz(browser)
    quiz = (await browser.get(f"/api/quiz/{OTHER}")).json()
    body = {**answer_for(quiz["videoId"], quiz["questions"][0], right=True), "attemptNumber": 1}
    async with held(portal.database, KEYS_OF, "second") as lock:
        leave = asyncio.create_task(become_learner("second"))
        await lock.waiting(1)
        answer = asyncio.create_task(
            browser.post(f"/api/quiz/{quiz['videoId']}/answers", json=body)
        )
        await lock.waiting(2)
        await lock.release()
        assert (await answer).status_code == 200
        await leave
    assert await differences() == []


async def test_the_same_admin_is_moved_and_demoted_at_once(portal: Portal) -> None:
    browser = await hired(portal, "second", role="admin")
    await take_quiz(browser)
    async with held(portal.database, KEYS_OF, "second") as lock:
        leave = asyncio.create_task(become_learner("second"))
        await lock.waiting(1)
        move = asyncio.create_task(actions.move_to_team("second", "alpha"))
        await lock.waiting(2)
        await lock.release()
        await asyncio.gather(leave, move)
    assert await differences() == []
    ranked = "SELECT track FROM user_score WHERE ranked"
    assert [row[0] for row in await portal.database.fetch(ranked)] == ["dev"]
