"""`portal user …`: the same rules at the terminal, in one line each."""

from __future__ import annotations

from datetime import UTC

import pytest

from tests.ops.command import only_line, run_portal
from tests.people.people import PEOPLE, audit, differences, hire, ranking
from tests.support import PASSWORDS, Database, Portal, take_quiz

LAST_SIGN_IN = "SELECT max(created_at) FROM login_session"
NEW = "ten calm herons"


def user(database: Database, *arguments: str, typed: str = "") -> str:
    """Returns the only line that a portal user command says."""
    done = run_portal(database.url, "user", *arguments, typed=typed)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return only_line(done.stdout)


def listed(database: Database, *arguments: str) -> list[str]:
    done = run_portal(database.url, "user", "list", *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.splitlines()


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
        (("enable", "nobody"), "There is no account nobody."),
        (("erase", "nobody", "--yes"), "There is no account nobody."),
        (("erase", "admin", "--yes"), "last admin"),
        (("erase", "alex"), "add --yes to do it."),
        (("set-team", "nobody", "beta"), "There is no account nobody."),
        (("set-team", "alex", "omega"), "There is no team omega."),
        (("list", "--team", "omega"), "There is no team omega."),
    ):
        before = await portal.database.fetch(PEOPLE)
        done = run_portal(portal.database.url, "user", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert word in only_line(done.stderr)
        assert await portal.database.fetch(PEOPLE) == before
    assert await audit(portal.database) == []


async def test_a_person_from_making_to_erasure(portal: Portal) -> None:
    database = portal.database
    made = user(
        database,
        "create",
        "zoe",
        "--name",
        "Zoe  Ito",
        "--team",
        "ai",
        "--password-stdin",
        typed=NEW,
    )
    assert made == "Created learner zoe."
    assert "zoe  learner  ai  active  no sign-in  Zoe Ito" in listed(database)
    zoe = await portal.signed_in("zoe", NEW)
    await take_quiz(zoe)
    seen = f"{(await database.value(LAST_SIGN_IN)).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    assert f"zoe  learner  ai  active  {seen}  Zoe Ito" in listed(database)
    assert user(database, "set-team", "zoe", "gamma") == (
        "zoe is now on team gamma; ranks have followed."
    )
    assert (
        user(database, "set-team", "zoe", "--none") == "zoe is now on no team; ranks have followed."
    )
    assert user(database, "disable", "zoe") == "zoe is disabled; open sessions were ended."
    assert f"zoe  learner  no team  disabled  {seen}  Zoe Ito" in listed(database)
    assert user(database, "enable", "zoe") == "zoe is enabled; signing in and ranks are as before."
    await portal.signed_in("zoe", NEW)
    assert user(database, "erase", "zoe", "--yes") == (
        "zoe is erased; their answers stay, without a name."
    )
    lines = listed(database)
    assert not any("zoe" in line.lower() for line in lines)
    (erased,) = (line for line in lines if line.startswith("erased-"))
    assert erased.endswith("  learner  no team  erased  no sign-in  Erased person")
    assert [(action, detail) for action, _, detail in await audit(database)] == [
        ("user.move", {"team": "gamma"}),
        ("user.move", {"team": None}),
        ("user.disable", {}),
        ("user.enable", {}),
        ("user.erase", {}),
    ]
    assert await differences() == []


async def test_the_list_of_a_team_has_its_members_only(database: Database) -> None:
    everybody = listed(database)
    assert everybody == sorted(everybody)
    assert len(everybody) == await database.value("SELECT count(*) FROM app_user")
    assert listed(database, "--team", "ai") == [
        line for line in everybody if line.split("  ")[2] == "ai"
    ]
    for line in listed(database, "--team", "ai"):
        user(database, "erase", line.split("  ")[0], "--yes")
    assert listed(database, "--team", "ai") == [
        "Nobody is on team ai: portal user set-team ID ai moves one."
    ]


@pytest.mark.empty_database
async def test_without_people_the_list_says_what_makes_one(database: Database) -> None:
    assert user(database, "list") == "There is nobody yet: portal user create makes a person."


async def test_a_new_password_of_who_is_disabled_says_what_lets_them_in(portal: Portal) -> None:
    database = portal.database
    await hire("zoe")
    told = "zoe has a new password; open sessions were ended."
    assert user(database, "set-password", "zoe", "--password-stdin", typed=NEW) == told
    user(database, "disable", "zoe")
    assert user(database, "set-password", "zoe", "--password-stdin", typed=NEW) == (
        f"{told} zoe is still disabled: portal user enable zoe lets them in."
    )
    user(database, "enable", "zoe")
    await portal.signed_in("zoe", NEW)


@pytest.mark.parametrize("typed", ["", "\n"])
@pytest.mark.parametrize(
    "command", [("set-password", "alex"), ("create", "zoe", "--name", "Zoe")], ids=lambda c: c[0]
)
async def test_no_password_on_standard_input_is_told(
    database: Database, command: tuple[str, ...], typed: str
) -> None:
    before = await database.fetch(PEOPLE)
    done = run_portal(database.url, "user", *command, "--password-stdin", typed=typed)
    assert (done.returncode, done.stdout) == (1, "")
    assert only_line(done.stderr) == (
        "No password came. Give it on standard input, as the first line."
    )
    assert await database.fetch(PEOPLE) == before


async def test_bytes_that_are_no_text_are_no_password(database: Database) -> None:
    done = run_portal(
        database.url,
        *("user", "set-password", "alex", "--password-stdin"),
        typed="zehn ruhige Kräne",
        PYTHONIOENCODING="ascii:strict",
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert only_line(done.stderr) == "This password has a character that cannot be used."


@pytest.mark.parametrize("words", [("--password", NEW), (f"--password={NEW}",), ("--no", "--team")])
async def test_the_beginning_of_an_option_is_no_option(
    database: Database, words: tuple[str, ...]
) -> None:
    """What stands behind it may be a password, and is not repeated."""
    before = await database.fetch(PEOPLE)
    for command in (("set-password", "alex"), ("create", "zoe", "--name", "Zoe", "--team", "ai")):
        done = run_portal(database.url, "user", *command, *words, typed=PASSWORDS["alex"])
        assert (done.returncode, done.stdout) == (2, "")
        assert NEW not in done.stderr
        only_line(done.stderr)
    assert await database.fetch(PEOPLE) == before


@pytest.mark.parametrize("words", [(), ("beta", "--none")])
def test_a_team_or_none_must_be_named(words: tuple[str, ...]) -> None:
    done = run_portal("postgresql://nobody@127.0.0.1:1/none", "user", "set-team", "alex", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--none" in only_line(done.stderr)
