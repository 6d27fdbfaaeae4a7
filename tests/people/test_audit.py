"""Every change of people and teams leaves one event, with keys and nothing that names a person."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.accounts.actions import set_password
from portal.people import actions
from tests.people.people import audit, hire
from tests.support import PASSWORDS, Portal

NAME, EMAIL, PASSWORD = "Quentin Quorn", "quentin.quorn@example.com", "correct horse"
KEY = "SELECT id FROM app_user WHERE external_id = $1"
EVENTS = "SELECT at, actor, action, target, detail::text AS detail FROM audit_event ORDER BY id"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
async def quentin(portal: Portal) -> Portal:
    await hire("quentin", name=NAME, email=EMAIL, team="alpha")
    await set_password("quentin", PASSWORD)
    await portal.signed_in("quentin", PASSWORD)
    return portal


async def test_one_event_per_action(quentin: Portal) -> None:
    database = quentin.database
    key = await database.value(KEY, "quentin")
    admin = await database.value(KEY, "admin")
    steps: list[tuple[Awaitable[None], str, str, dict[str, Any]]] = [
        (actions.set_role("quentin", "manager", actor=admin), "user.set-role", "quentin",
         {"role": "manager"}),
        (actions.set_role("quentin", "manager", actor=admin), "user.set-role", "quentin",
         {"role": "manager"}),
        (actions.move_to_team("quentin", "beta", actor=admin), "user.move", "quentin",
         {"team": "beta"}),
        (actions.move_to_team("quentin", None, actor=admin), "user.move", "quentin",
         {"team": None}),
        (actions.set_track("alpha", "business", actor=admin), "team.set-track", "alpha",
         {"track": "business"}),
        (actions.disable("quentin", actor=admin), "user.disable", "quentin", {}),
        (actions.enable("quentin", actor=admin), "user.enable", "quentin", {}),
        (actions.erase("quentin", actor=admin), "user.erase", "quentin", {}),
    ]  # fmt: skip
    for count, (step, action, target, detail) in enumerate(steps, 1):
        before = datetime.now(UTC)
        await step
        events = await database.fetch(EVENTS)
        assert len(events) == count
        event = events[-1]
        assert before <= event["at"] <= datetime.now(UTC)
        assert (event["actor"], event["action"]) == (admin, action)
        assert event["target"] == (str(key) if target == "quentin" else target)
        assert (await audit(database))[-1][2] == detail


async def test_no_event_names_a_person(quentin: Portal) -> None:
    await actions.set_role("quentin", "admin")
    await actions.move_to_team("quentin", "gamma")
    await actions.disable("quentin")
    await actions.enable("quentin")
    await actions.erase("quentin")
    await actions.set_track("gamma", "business")
    events = await quentin.database.fetch(EVENTS)
    assert [event["actor"] for event in events] == [None] * 6, "the command line is nobody"
    text = "\n".join(f"{event['action']} {event['target']} {event['detail']}" for event in events)
    for secret in ("quentin", "quorn", "@", "argon2", PASSWORD, PASSWORDS["alex"]):
        assert secret not in text.lower()
    for event in events[:-1]:
        assert UUID.fullmatch(event["target"])


async def test_the_event_and_the_change_are_one(quentin: Portal) -> None:
    """When the event cannot be written, nothing changes."""
    await quentin.database.fetch(
        "ALTER TABLE audit_event ADD CONSTRAINT none_any_more CHECK (action = '') NOT VALID"
    )
    people = """SELECT external_id, role, team, disabled_at, erased_at, track, ranked
                FROM app_user LEFT JOIN user_score ON learner = app_user.id ORDER BY 1"""
    teams = "SELECT id, track FROM team ORDER BY 1"
    before = await quentin.database.fetch(people), await quentin.database.fetch(teams)
    for step in (
        actions.set_role("quentin", "manager"),
        actions.move_to_team("quentin", "beta"),
        actions.disable("quentin"),
        actions.erase("quentin"),
        actions.set_track("alpha", "business"),
    ):
        with pytest.raises(Exception, match="none_any_more"):
            await step
    assert (await quentin.database.fetch(people), await quentin.database.fetch(teams)) == before


async def test_what_happened_cannot_be_changed(quentin: Portal) -> None:
    await actions.disable("quentin")
    for statement in (
        "UPDATE audit_event SET action = 'user.enable'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
    ):
        with pytest.raises(Exception, match="append-only"):
            await quentin.database.fetch(statement)
    assert await audit(quentin.database) == [("user.disable", "quentin", {})]
