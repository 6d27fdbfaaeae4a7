"""A PgBouncer that trusts nobody: TLS checked on both hops, SCRAM, client certificates, users that
are looked up in the database, no startup parameter ignored. Each refusal is told for what it is."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from portal.config.dsn import parse_dsn
from portal.db.connect import connect
from portal.db.embedded import Embedded
from portal.db.pooling import Pooling, close, connect_with
from portal.db.reasons import CUT, explain
from portal.errors import Unavailable
from tests.ops.command import run_portal
from tests.secured import (
    PASSWORD,
    Certificates,
    Secured,
    SecuredPooler,
    run_secured,
    run_secured_pooler,
)
from tests.support import execute
from tests.web.portals import opened

DATABASE = "learning"


@pytest.fixture(scope="module")
def secured(server: Embedded) -> Iterator[Secured]:
    owner = server.socket_folder.owner() if os.geteuid() == 0 else None
    with run_secured(owner) as running:
        statements = (
            f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'",
            "CREATE ROLE certified LOGIN",
            "CREATE ROLE stale LOGIN PASSWORD 'renewed'",
            "CREATE ROLE lookup SUPERUSER LOGIN PASSWORD 'lookup'",
            f"CREATE DATABASE {DATABASE} OWNER app",
        )
        asyncio.run(execute(running.admin_url(), *statements))
        yield running


@pytest.fixture(scope="module")
def pooler(secured: Secured, pgbouncer_path: str) -> Iterator[SecuredPooler]:
    with run_secured_pooler(pgbouncer_path, secured) as running:
        yield running


async def told(url: str, variable: str = "DATABASE_URL") -> str:
    """Returns why there is no connection by this address."""
    with pytest.raises(Unavailable) as caught:
        await connect(parse_dsn(url, variable=variable), seconds=5)
    sentence = explain(caught.value)
    for word in ("Error", "08P01", PASSWORD, "wrong-one"):
        assert word not in sentence
    return sentence


async def test_requests_and_migrations(
    secured: Secured, pooler: SecuredPooler, tmp_path: Path
) -> None:
    pooled, direct = f"{pooler.url(DATABASE)}&pgbouncer=true", secured.url(DATABASE)
    for arguments in (("migrate",), ("seed",), ("prune",), ("backup", str(tmp_path / "a.dump"))):
        done = run_portal(pooled, *arguments, DATABASE_URL_UNPOOLED=direct)
        assert done.returncode == 0, (arguments, done.stderr)
    check = run_portal(pooled, "db", "check", DATABASE_URL_UNPOOLED=direct)
    assert check.returncode == 0, check.stdout
    assert [line.split(", ")[1] for line in check.stdout.splitlines()] == [
        "pooled: ok",
        "direct: ok",
    ]
    async with opened(None, url=pooled) as portal:
        browser = await portal.signed_in("alex")
        assert (await browser.get("/dashboard")).status_code == 200
        me = await browser.get("/api/auth/me")
        assert me.json()["user"]["id"] == "alex"


async def test_it_is_found_out_without_a_mark(secured: Secured, pooler: SecuredPooler) -> None:
    for url, expected in (
        (pooler.url(DATABASE), Pooling.TRANSACTION),
        (secured.url(DATABASE), Pooling.NONE),
    ):
        connection, found = await connect(parse_dsn(url, variable="DATABASE_URL"))
        assert found is expected
        await close(connection)


async def test_a_certificate_instead_of_a_password(secured: Secured) -> None:
    url = secured.url("postgres", login="certified", query=secured.certificates.query("certified"))
    connection, _ = await connect(parse_dsn(url, variable="DATABASE_URL"))
    assert await connection.fetchval("SELECT current_user") == "certified"
    assert await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    await close(connection)
    other = secured.url("postgres", login="certified")
    assert "pg_hba.conf" in await told(other)


@pytest.mark.parametrize(
    ("database", "login", "said"),
    [
        (DATABASE, "app:wrong-one", "refuses the user or the password"),
        (DATABASE, "nobody:wrong-one", "refuses the user or the password"),
        ("absent", f"app:{PASSWORD}", "no database of that name|wrong name of the database"),
    ],
)
async def test_whom_it_does_not_let_in(
    pooler: SecuredPooler, database: str, login: str, said: str
) -> None:
    sentence = await told(pooler.url(database, login=login))
    assert any(part in sentence for part in said.split("|")), sentence


async def test_whom_the_server_behind_it_does_not_let_in(pooler: SecuredPooler) -> None:
    """Its own password there is wrong: nothing in our address is to be corrected."""
    sentence = await told(pooler.url(DATABASE, login=f"stale:{PASSWORD}"))
    assert "database behind that" in sentence
    assert "auth_file" in sentence


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ('password authentication failed for user "app"', "that the pooler signs in with"),
        ("TLS handshake failed: certificate verify failed", "cannot connect to the database"),
        ("the database system is shutting down", "cannot connect to the database"),
    ],
)
def test_what_it_repeats_of_the_server_is_not_its_own(cause: str, said: str) -> None:
    text = f"server login has been failing, cached error: {cause} (server_login_retry)"
    assert said in explain(asyncpg.ProtocolViolationError(text))


async def test_tls_that_it_asks_for(pooler: SecuredPooler) -> None:
    assert "wants TLS" in await told(pooler.url(DATABASE, query="sslmode=disable"))
    only_root = pooler.server.certificates.query("app").partition("&sslcert")[0]
    assert "client certificate" in await told(pooler.url(DATABASE, query=only_root))
    only_root = only_root.replace("verify-full", "verify-ca")
    assert "client certificate" in await told(pooler.url(DATABASE, query=only_root))


async def test_a_certificate_of_a_stranger(secured: Secured, pooler: SecuredPooler) -> None:
    """The alert comes with the handshake; in TLS 1.3 after it, and the connection may be cut before
    it is read."""
    certificate, key = Certificates(secured.folder, authority="stranger").issue("strange")
    query = f"sslmode=verify-full&sslrootcert={secured.certificates.authority}"
    query += f"&sslcert={certificate}&sslkey={key}"
    refused = "it refuses the client certificate (sslcert): it does not know the authority"
    for place in (secured, pooler):
        earlier = f"{query}&ssl_max_protocol_version=TLSv1.2"
        assert (await told(place.url(DATABASE, query=earlier))).startswith(refused)
        assert (await told(place.url(DATABASE, query=query))).startswith((refused, CUT))


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "it has expired: renew it"),
        ("SSLV3_ALERT_BAD_CERTIFICATE", "its log says why"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "another version of TLS"),
    ],
)
def test_what_tls_says_of_it(alert: str, said: str) -> None:
    assert said in explain(ssl.SSLError(1, f"[SSL: {alert}] (_ssl.c:1)"))


async def test_a_parameter_that_it_refuses(pooler: SecuredPooler) -> None:
    dsn = parse_dsn(f"{pooler.url(DATABASE)}&schema=learn", variable="DATABASE_URL")
    with pytest.raises(asyncpg.ProtocolViolationError) as caught:
        await connect_with(dsn.server_settings, dsn, 5)
    assert explain(caught.value) == (
        "the pooler in front of it refuses the parameter search_path: take it out of the address"
        " and set it for the role, with ALTER ROLE … SET."
    )
    marked = parse_dsn(f"{pooler.url(DATABASE)}&pgbouncer=true", variable="DATABASE_URL")
    connection = await connect_with(marked.server_settings, marked, 5)
    assert await connection.fetchval("SHOW application_name") == "portal"
    await close(connection)


async def test_a_limit_that_is_reached(pooler: SecuredPooler) -> None:
    dsn = parse_dsn(f"{pooler.url(DATABASE)}&pgbouncer=true", variable="DATABASE_URL")
    holder = await connect_with(dsn.server_settings, dsn, 5)
    pooler.console("SET max_client_conn = 1")
    try:
        assert "no place for another client" in await told(pooler.url(DATABASE))
    finally:
        await close(holder)
        await _forget_limit(pooler)


async def _forget_limit(pooler: SecuredPooler) -> None:
    """Have it read its file again, which has no limit. Its console is a client like any other, for
    which there may be no place."""
    pooler.process.send_signal(signal.SIGHUP)
    dsn = parse_dsn(pooler.url(DATABASE), variable="DATABASE_URL")
    async with asyncio.timeout(30):
        while True:
            try:
                await close(await connect_with(dsn.pooler_settings(), dsn, 5))
                return
            except asyncpg.ProtocolViolationError:
                await asyncio.sleep(0)


async def test_while_it_is_paused_or_disabled(pooler: SecuredPooler) -> None:
    pooler.console("PAUSE")
    try:
        assert "it is paused" in await told(pooler.url(DATABASE))
        pooler.console("SET query_wait_timeout = 60")  # as it is by default, longer than we wait
        doctor = run_portal(f"{pooler.url(DATABASE)}&pgbouncer=true", "doctor")
        [line] = [line for line in doctor.stdout.splitlines() if "MEND  DATABASE_URL:" in line]
        assert "no answer in time. Look whether the pooler is paused" in line
    finally:
        pooler.console("SET query_wait_timeout = 1")
        pooler.console("RESUME")
    pooler.console(f"DISABLE {DATABASE}")
    try:
        assert "disabled" in await told(pooler.url(DATABASE))
    finally:
        pooler.console(f"ENABLE {DATABASE}")


async def test_while_it_shuts_down(secured: Secured, pgbouncer_path: str) -> None:
    with run_secured_pooler(pgbouncer_path, secured) as leaving:
        dsn = parse_dsn(f"{leaving.url(DATABASE)}&pgbouncer=true", variable="DATABASE_URL")
        idle = await connect_with(dsn.pooler_settings(), dsn, 5)
        holder = await connect_with(dsn.pooler_settings(), dsn, 5)
        async with holder.transaction():
            await holder.fetchval("SELECT 1")
            leaving.process.send_signal(signal.SIGINT)
            with pytest.raises(asyncpg.PostgresConnectionError) as caught:
                await _ask_until_cut(idle)
        assert "shutting down" in explain(caught.value)
        leaving.process.wait(5)
        assert "nothing listens" in await told(leaving.url(DATABASE))


async def _ask_until_cut(connection: asyncpg.Connection[Any]) -> None:
    while True:
        await connection.fetchval("SELECT 1")


async def test_a_command_tells_it_too(pooler: SecuredPooler) -> None:
    url = pooler.url(DATABASE, login="app:wrong-one")
    done = run_portal(url, "migrate")
    assert done.returncode == 1
    assert "the pooler in front of it refuses the user or the password" in done.stderr
    assert "wrong-one" not in done.stderr


async def test_what_needs_a_session_is_refused_through_it(pooler: SecuredPooler) -> None:
    done = run_portal(pooler.url(DATABASE), "migrate")
    assert done.returncode == 1
    assert "goes through a transaction pooler" in done.stderr


def test_a_proxy_that_was_not_told_the_host() -> None:
    """As Neon's says it to whoever names its host by a number."""
    error = asyncpg.ProtocolViolationError(
        "Endpoint ID is not specified. Either please upgrade the postgres client library"
    )
    assert "write the host's name into its address" in explain(error)
