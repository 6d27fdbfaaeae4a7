"""A password goes to the server and nowhere else, and `PG*` variables go nowhere at all."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import asyncpg
import certifi
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.config.dsn import Dsn, DsnError, parse_dsn

# Letters that occur in no message, so that any of them in a text is a leak.
SECRET_LETTERS = "ΩЖ中"
secrets = st.text(st.sampled_from(SECRET_LETTERS + "ab1/?#@:%&=+[]{}.,;' \""), min_size=1)
passwords = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def shown(dsn: Dsn) -> str:
    return " ".join([str(dsn), repr(dsn), str(dsn.__rich_repr__()), *dsn.ignored, dsn.libpq_url()])


def told(raw: str) -> str:
    """Returns all that can be seen of an address, or of the error that it causes."""
    try:
        dsn = parse_dsn(raw, variable="DATABASE_URL")
    except DsnError as error:
        chain: list[BaseException] = [error]
        while (cause := chain[-1].__context__) is not None:
            chain.append(cause)
        return " ".join(map(repr, chain))
    return " ".join([shown(dsn), *dsn.hosts])


@given(passwords)
def test_encoded_password_round_trip(password: str) -> None:
    secret = f"Ω{password}Ω"
    encoded = quote(secret, safe="")
    for raw in (
        f"postgresql://user:{encoded}@db.example.com:6432/app?sslmode=require",
        f"postgresql://user@db.example.com:6432/app?sslmode=require&password={encoded}",
    ):
        dsn = parse_dsn(raw, variable="DATABASE_URL")
        assert dsn.connect_kwargs()["password"] == secret
        assert dsn.libpq_env() == {"PGPASSWORD": secret}
        assert dsn.host == "db.example.com"
        assert "Ω" not in shown(dsn)
        assert encoded not in shown(dsn)


@given(secrets, st.sampled_from(["db/app", "db", "db:x/app", "[::1/app", "db/app?sslmode=x", ""]))
def test_raw_password_never_leaks(password: str, rest: str) -> None:
    for raw in (
        f"postgres://user:{password}@{rest}",
        f"postgres://user:12{password}@{rest}",
        f"postgres:/user:{password}@{rest}",
        f"postgres://user@db/app?password={password}",
        f"{password}@{rest}",
    ):
        assert not set(SECRET_LETTERS) & set(told(raw))


def test_raw_at_sign_stays_out_of_the_host() -> None:
    dsn = parse_dsn("postgres://user:p@ss@db.example/app", variable="DATABASE_URL")
    assert (dsn.host, dsn.password) == ("db.example", "p@ss")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            "postgres://u%40x:pw@db:5433/my%20app",
            "postgresql://u%40x@db:5433/my%20app?sslmode=prefer&application_name=portal",
        ),
        (
            "postgres://u:pw@h.example/app?pgbouncer=true&connect_timeout=15&sslmode=no-verify",
            "postgresql://u@h.example:5432/app?sslmode=require&connect_timeout=15"
            "&application_name=portal",
        ),
        (
            "postgres://u:pw@h.example/app?channel_binding=require&options=endpoint%3Dep-x",
            "postgresql://u@h.example:5432/app?sslmode=require&channel_binding=require"
            "&application_name=portal&options=endpoint%3Dep-x",
        ),
        (
            "postgres://u:pw@h.example/app?sslmode=verify-full&target_session_attrs=primary",
            "postgresql://u@h.example:5432/app?sslmode=verify-full&sslrootcert=system"
            "&target_session_attrs=primary&application_name=portal",
        ),
        (
            f"postgres://u:pw@h.example/app?sslmode=verify-ca&sslrootcert={certifi.where()}",
            f"postgresql://u@h.example:5432/app?sslmode=verify-ca"
            f"&sslrootcert={quote(certifi.where(), safe='')}&application_name=portal",
        ),
        (
            "postgres://u:pw@/app?host=/run/pg,[::1]",
            "postgresql://u@%2Frun%2Fpg:5432,[::1]:5432/app?sslmode=prefer&application_name=portal",
        ),
    ],
)
def test_address_for_psql_has_no_password(raw: str, expected: str) -> None:
    assert parse_dsn(raw, variable="DATABASE_URL").libpq_url() == expected


class Listener:
    """Enough of a server to learn who knocks and with which password."""

    def __init__(self) -> None:
        self.startup: dict[str, str] = {}
        self.password: str | None = None

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(4), "big")
        words = (await reader.readexactly(length - 4))[4:].decode().split("\0")
        self.startup = dict(zip(words[::2], words[1::2], strict=False))
        if self.startup.get("user"):
            writer.write(b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big"))
            await reader.readexactly(1)
            length = int.from_bytes(await reader.readexactly(4), "big")
            self.password = (await reader.readexactly(length - 4)).rstrip(b"\0").decode()
        writer.close()


async def knock(query: str) -> Listener:
    listener = Listener()
    async with await asyncio.start_server(listener, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        raw = f"postgres://app@127.0.0.1:{port}/learning?connect_timeout=5&{query}"
        arguments: dict[str, Any] = parse_dsn(raw, variable="DATABASE_URL").connect_kwargs()
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await asyncpg.connect(**arguments)
    return listener


@pytest.fixture
def strange_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PGHOST": "elsewhere.invalid",
        "PGPORT": "1",
        "PGUSER": "stranger",
        "PGPASSWORD": "of-a-stranger",
        "PGDATABASE": "elsewhere",
        "PGSSLMODE": "verify-full",
        "PGSSLNEGOTIATION": "direct",
        "PGTARGETSESSIONATTRS": "standby",
        "PGSERVICE": "elsewhere",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("strange_environment")
def test_environment_of_libpq_has_no_say() -> None:
    listener = asyncio.run(knock("sslmode=disable"))
    assert listener.startup["user"] == "app"
    assert listener.startup["database"] == "learning"
    assert listener.startup["application_name"] == "portal"
    assert listener.password == ""


def test_environment_cannot_switch_encryption_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")
    listener = asyncio.run(knock("sslmode=require"))
    assert "user" not in listener.startup  # it asked for TLS first, and was cut off
    assert listener.password is None


def test_dsn_is_a_value() -> None:
    raw = "postgres://u:pw@db/app"
    assert parse_dsn(raw, variable="X") == parse_dsn(raw, variable="X")
    with pytest.raises(AttributeError):
        parse_dsn(raw, variable="X").password = "other"  # type: ignore[misc]
    assert msgspec.structs.replace(parse_dsn(raw, variable="X"), pool_size=1).pool_size == 1
