"""An operator makes people and sets passwords from the command line."""

from __future__ import annotations

import pytest

from tests.ops.command import only_line, run_portal
from tests.support import Database, Portal, execute

COUNT = "SELECT count(*) FROM app_user"
PASSWORD = "korrekt – horse 42"


async def test_a_person_made_here_can_sign_in(portal: Portal) -> None:
    done = run_portal(
        portal.database.url,
        *("user", "create", "pat", "--name", "Pat Moss", "--role", "manager", "--team", "beta"),
        *("--email", "Pat@Example.com", "--password-stdin"),
        typed=f"{PASSWORD}\n",
    )
    assert (done.returncode, done.stdout) == (0, "Created manager pat.\n"), done.stderr
    browser = await portal.signed_in("pat@example.com", PASSWORD)
    assert (await browser.get("/api/auth/me")).json()["user"] == {
        "id": "pat",
        "name": "Pat Moss",
        "role": "manager",
        "teamId": "beta",
        "track": "business",
    }


async def test_a_person_without_a_password_cannot_sign_in(portal: Portal) -> None:
    done = run_portal(
        portal.database.url, "user", "create", "pat", "--name", "Pat Moss", "--no-password"
    )
    assert done.returncode == 0, done.stderr
    for password in ("", "None", "whatever it is"):
        answer = await portal.browser().post(
            "/api/auth/login", json={"username": "pat", "password": password}
        )
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("arguments", "typed", "word"),
    [
        (["alex", "--name", "Another Alex"], PASSWORD, "taken"),
        (["pat", "--name", "Pat", "--email", "ALEX@example.com"], PASSWORD, "taken"),
        (["Pat", "--name", "Pat"], PASSWORD, "lower-case letters"),
        (["pat", "--name", "\u3164\u200d"], PASSWORD, "with visible letters"),
        (["pat", "--name", "Z" + "\u0301" * 111], PASSWORD, "fewer accents"),
        (["pat", "--name", "Pat", "--email", "p\u200bat@example.com"], PASSWORD, "e-mail address"),
        (["pat", "--name", "Pat", "--team", "omega"], PASSWORD, "omega"),
        (["pat", "--name", "Pat"], "seven77", "8 characters"),
    ],
)
async def test_what_cannot_be_made_is_told_in_one_line(
    database: Database, arguments: list[str], typed: str, word: str
) -> None:
    await execute(
        database.url,
        "UPDATE app_user SET email = 'alex@example.com' WHERE external_id = 'alex'",
    )
    before = await database.value(COUNT)
    done = run_portal(
        database.url, "user", "create", *arguments, "--password-stdin", typed=f"{typed}\n"
    )
    assert done.returncode == 1
    line = only_line(done.stderr)
    assert word in line
    assert typed not in line
    assert await database.value(COUNT) == before


def test_an_unknown_role_is_refused_before_anything_else() -> None:
    done = run_portal(
        "postgresql://someone@127.0.0.1:1/nowhere",
        *("user", "create", "pat", "--name", "Pat", "--role", "owner", "--password-stdin"),
    )
    assert done.returncode == 2
    assert "owner" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_new_password_ends_all_sessions_of_that_person(portal: Portal) -> None:
    windows = [await portal.signed_in("alex") for _ in range(2)]
    other = await portal.signed_in("mike")
    done = run_portal(
        portal.database.url, "user", "set-password", "alex", "--password-stdin", typed=PASSWORD
    )
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout
    for browser in windows:
        assert (await browser.get("/api/auth/me")).json() == {"user": None}
    assert (await other.get("/api/auth/me")).json()["user"]["id"] == "mike"
    refused = await portal.browser().post(
        "/api/auth/login", json={"username": "alex", "password": "claude123"}
    )
    assert refused.status_code == 401
    await portal.signed_in("alex", PASSWORD)


@pytest.mark.parametrize(
    ("name", "typed", "word"),
    [("nobody", PASSWORD, "nobody"), ("alex", "seven77", "8 characters")],
)
async def test_a_password_that_cannot_be_set_changes_nothing(
    database: Database, name: str, typed: str, word: str
) -> None:
    everyone = "SELECT external_id, password_hash FROM app_user ORDER BY 1"
    before = await database.fetch(everyone)
    done = run_portal(
        database.url, "user", "set-password", name, "--password-stdin", typed=f"{typed}\n"
    )
    assert done.returncode == 1
    assert word in only_line(done.stderr)
    assert await database.fetch(everyone) == before
