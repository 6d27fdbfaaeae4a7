"""`portal user set-role` and `disable`: the same rules at the terminal, in one line each."""

from __future__ import annotations

from admin.people import audit, ranking
from ops.command import only_line, run_portal
from support import Portal, take_quiz


async def test_roles_and_access_at_the_terminal(portal: Portal) -> None:
    url, database = portal.database.url, portal.database
    alex, mike = await portal.signed_in("alex"), await portal.signed_in("mike")
    await take_quiz(alex)
    await take_quiz(mike)
    done = run_portal(url, "user", "set-role", "alex", "manager")
    assert (done.returncode, done.stderr) == (0, "")
    assert "alex is now manager" in only_line(done.stdout)
    assert (await alex.get("/api/auth/me")).json() == {"user": None}
    assert await ranking(mike) == [("mike", 90, 1)]
    done = run_portal(url, "user", "disable", "mike")
    assert (done.returncode, done.stderr) == (0, "")
    assert "mike is disabled" in only_line(done.stdout)
    assert (await mike.get("/api/auth/me")).json() == {"user": None}
    assert await audit(database) == [
        ("user.set-role", "alex", {"role": "manager"}),
        ("user.disable", "mike", {}),
    ]


async def test_what_is_refused_is_one_line(portal: Portal) -> None:
    for arguments, word in (
        (("set-role", "admin", "manager"), "last admin"),
        (("disable", "admin"), "last admin"),
        (("disable", "nobody"), "nobody"),
    ):
        done = run_portal(portal.database.url, "user", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert word in only_line(done.stderr)
    assert await audit(portal.database) == []
