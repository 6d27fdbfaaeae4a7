"""One password and one name, however the keyboard and the system write them."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from typing import Literal

import httpx
import pytest

from portal.accounts import passwords
from tests.ops.command import PORTAL, only_line, run_portal
from tests.support import Database, Portal, portal_environment

COMPOSED = unicodedata.normalize("NFC", "Ünïted naïve café 42")
APART = unicodedata.normalize("NFD", COMPOSED)
MIXED = COMPOSED[:8] + APART[10:]
HANGUL = "안녕하세요여러분"
HASH = "SELECT password_hash FROM app_user WHERE external_id = 'alex'"
FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


async def sign_in(portal: Portal, name: str, password: str) -> httpx.Response:
    body = {"username": name, "password": password}
    return await portal.browser().post("/api/auth/login", json=body)


async def sign_in_by_form(portal: Portal, name: str, password: str) -> httpx.Response:
    return await portal.browser().post("/login", data={"username": name, "password": password})


async def store(portal: Portal, hashed: str) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET password_hash = $1 WHERE external_id = 'alex'", hashed
    )


def test_the_samples_differ() -> None:
    assert len({COMPOSED, APART, MIXED}) == 3
    assert unicodedata.normalize("NFC", MIXED) == COMPOSED


@pytest.mark.parametrize("kept", FORMS)
async def test_every_way_in_takes_both_forms(portal: Portal, kept: Literal["NFC", "NFD"]) -> None:
    """Set by the command, changed on the page, entered on the page and in the API."""
    first, second = (unicodedata.normalize(kept, text) for text in (COMPOSED, HANGUL))
    made = run_portal(
        portal.database.url,
        *("user", "create", "pat", "--name", "Pat", "--password-stdin"),
        typed=f"{first}\n",
    )
    done = run_portal(
        portal.database.url, *("user", "set-password", "alex", "--password-stdin"), typed=first
    )
    assert (made.returncode, done.returncode) == (0, 0), made.stderr + done.stderr
    for name in ("alex", "pat"):
        for typed in (COMPOSED, APART, MIXED):
            assert (await sign_in(portal, name, typed)).status_code == 200
            assert (await sign_in_by_form(portal, name, typed)).status_code == 303
    alex = await portal.signed_in("alex", COMPOSED)
    form = {"current": APART, "new": second, "again": unicodedata.normalize("NFD", second)}
    answer = await alex.post("/account/password", data=form)
    assert answer.headers["location"].startswith("/account?saved=password")
    for form_ in FORMS:
        typed = unicodedata.normalize(form_, HANGUL)
        assert (await sign_in(portal, "alex", typed)).status_code == 200
    assert (await sign_in(portal, "alex", COMPOSED)).status_code == 401


@pytest.mark.parametrize("made", [COMPOSED, APART, MIXED], ids=["composed", "apart", "mixed"])
@pytest.mark.parametrize("typed", [COMPOSED, APART, MIXED], ids=["composed", "apart", "mixed"])
async def test_a_hash_from_before_is_taken_and_renewed(
    portal: Portal, made: str, typed: str
) -> None:
    """It was made of what was typed then."""
    old = passwords._hasher().hash(made)
    await store(portal, old)
    answer = await sign_in(portal, "alex", typed)
    if made == MIXED and typed != MIXED:  # no keyboard writes so; whoever does, does it again
        assert answer.status_code == 401
        return
    assert answer.status_code == 200
    new = await portal.database.value(HASH)
    assert (new == old) is (made == COMPOSED)
    assert passwords._hasher().verify(new, COMPOSED)
    for form in (COMPOSED, APART, MIXED):
        assert (await sign_in(portal, "alex", form)).status_code == 200
    assert await portal.database.value(HASH) == new, "once is enough"


async def test_a_failure_renews_nothing(portal: Portal) -> None:
    old = passwords._hasher().hash(APART)
    await store(portal, old)
    for typed in (APART[:-1], APART.lower(), f" {APART}", f"{APART} ", COMPOSED.strip("4 2")):
        assert (await sign_in(portal, "alex", typed)).status_code == 401, typed
    assert await portal.database.value(HASH) == old


async def test_space_at_both_ends_and_wide_letters_are_of_the_password(portal: Portal) -> None:
    await store(portal, await passwords.hash_password("  seven seas  "))
    assert (await sign_in(portal, "alex", "  seven seas  ")).status_code == 200
    assert (await sign_in_by_form(portal, "alex", "  seven seas  ")).status_code == 303
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in "  seven seas  ")
    for other in ("seven seas", "  seven seas", "  seven\u00a0seas  ", wide, "  Seven Seas  "):
        assert (await sign_in(portal, "alex", other)).status_code == 401


async def test_a_long_password_is_counted_composed_and_a_huge_one_costs_nothing(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    longest = "éüx" * 85 + "y"
    form = {"current": "claude123", "new": longest, "again": longest}
    form = {name: unicodedata.normalize("NFD", value) for name, value in form.items()}
    answer = await alex.post("/account/password", data=form)
    assert answer.headers["location"].startswith("/account?saved=password")
    assert (await sign_in(portal, "alex", longest)).status_code == 200
    assert (await sign_in(portal, "alex", unicodedata.normalize("NFD", longest))).status_code == 200
    assert (await sign_in(portal, "alex", f"{longest}x")).status_code == 401
    # marks in an order that takes the square of their number to put right
    marks = "a" + "\u0315\u0300\u0316" * 12_000
    for name, password in (("alex", marks), (marks, "claude123"), (f"alex{marks}", marks)):
        assert (await sign_in(portal, name, password)).status_code == 401


@pytest.mark.parametrize("typed", ["claude123\0", "\0", "clau\0de123"])
async def test_characters_that_are_none_are_wrong_and_cannot_be_set(
    portal: Portal, alex: httpx.AsyncClient, typed: str
) -> None:
    assert (await sign_in(portal, "alex", typed)).status_code == 401
    form = {"current": "claude123", "new": f"{typed} and more", "again": f"{typed} and more"}
    answer = await alex.post("/account/password", data=form)
    assert answer.status_code == 400
    assert "The text holds a character that cannot be stored." in answer.text
    assert (await portal.signed_in("alex")).cookies["sid"]


async def test_half_a_character_is_refused_in_a_sentence(portal: Portal) -> None:
    body = b'{"username": "alex", "password": "\\ud800 and more"}'
    kinds = {"content-type": "application/json"}
    answer = await portal.browser().post("/api/auth/login", content=body, headers=kinds)
    assert answer.status_code in (400, 401)
    assert re.fullmatch(r"[A-Z][^{}]+\.?", answer.json()["error"])
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = await portal.browser().post(
        "/login", content=b"username=alex&password=%ED%A0%80%FF", headers=form
    )
    assert answer.status_code in (400, 401)


def test_bytes_of_another_encoding_are_no_password(database: Database) -> None:
    """As a shell sends them that is not set to UTF-8."""
    done = subprocess.run(
        [*PORTAL, "user", "set-password", "alex", "--password-stdin"],
        env={**portal_environment(database.url), "PYTHONUTF8": "1"},
        input="vielfältig und lang\n".encode("latin-1"),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    line = only_line(done.stderr.decode())
    assert line == "This password has a character that cannot be used."


@pytest.mark.parametrize(
    "name",
    [
        "mi\u212ae",  # the sign for Kelvin
        "\u017fara",  # the long s
        "m\u0131ke",  # the i without a dot
        "M\u0130KE",  # the capital I with one
        "\uff4dike",  # a wide m
        "mike\u200b",
        "\u043cike",
    ],
)
async def test_a_letter_that_looks_alike_is_another_name(portal: Portal, name: str) -> None:
    await portal.database.fetch(
        "UPDATE app_user SET email = external_id || '@example.com', password_hash ="
        " (SELECT password_hash FROM app_user WHERE external_id = 'alex')"
    )
    for username in (name, f"{name}@example.com", f"{name}@EXAMPLE.com"):
        answer = await sign_in(portal, username, "claude123")
        assert (answer.status_code, answer.json()) == (401, {"error": "Invalid credentials"})
    assert (await sign_in(portal, "MIKE@Example.COM", "claude123")).status_code == 200


async def test_an_address_with_marks_is_one_address(portal: Portal) -> None:
    address = unicodedata.normalize("NFD", "JÖRG.Müller@Exämple.com")
    made = run_portal(
        portal.database.url,
        *("user", "create", "joerg", "--name", "Jörg", "--email", address, "--password-stdin"),
        typed="nine swift otters\n",
    )
    assert made.returncode == 0, made.stderr
    kept = await portal.database.value("SELECT email FROM app_user WHERE external_id = 'joerg'")
    assert kept == unicodedata.normalize("NFC", "jÖrg.müller@exämple.com")
    for typed in ("JÖRG.Müller@Exämple.com", "jÖRG.MüLLER@EXäMPLE.COM", address, kept):
        assert (await sign_in(portal, typed, "nine swift otters")).status_code == 200, typed
