"""Whatever keeps the portal from its database is told in a sentence that says what to do."""

from __future__ import annotations

import asyncio
import errno
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from portal.config.dsn import parse_dsn
from portal.db.embedded import Embedded, embedded
from portal.db.engine import Engine
from portal.db.reasons import explain
from portal.errors import Unavailable
from tests.conftest import find_tool
from tests.db.engines import OpenEngine
from tests.faultproxy import fault_proxy
from tests.pooler import Pooler
from tests.support import Database, execute

KINDS = [
    kind
    for kind in vars(asyncpg.exceptions).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
]


def check(sentence: str) -> None:
    assert sentence.endswith(".")
    for word in ("Error", "Exception", "secret", "  ", "None"):
        assert word not in sentence


async def told(engine: Engine) -> str:
    """Returns why no connection can be made."""
    with pytest.raises(Unavailable) as caught:
        await engine.get_new_connection()
    sentence = explain(caught.value)
    check(sentence)
    return sentence


def test_every_error_of_the_driver_has_a_sentence() -> None:
    assert len(KINDS) > 200
    for kind in KINDS:
        check(explain(kind("a secret")))


def test_every_error_of_the_system_has_a_sentence() -> None:
    for number in errno.errorcode:
        check(explain(OSError(number, "a secret")))


def test_what_has_no_number_has_a_sentence_too() -> None:
    for error in (ssl.SSLError(1, "secret"), ConnectionError("secret"), RuntimeError("secret")):
        check(explain(error))
    for number in (socket.EAI_NONAME, socket.EAI_AGAIN, socket.EAI_FAIL):
        assert "its host name cannot be resolved" in explain(socket.gaierror(number, "secret"))
    check(explain(None))


async def test_a_server_without_tls(database: Database, open_engine: OpenEngine) -> None:
    async with fault_proxy(database) as proxy:
        url = proxy.url(database.name).replace("sslmode=disable", "sslmode=require")
        assert (await told(open_engine(url=url))).startswith("it does not offer TLS")


@asynccontextmanager
async def listening(answer: bytes, *, after: bool) -> AsyncIterator[int]:
    """A port on which something says this, before or after it is spoken to, and hangs up."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if after:
            await reader.read(100)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


AUTH_GSS = b"R" + (8).to_bytes(4, "big") + (7).to_bytes(4, "big")


@pytest.mark.parametrize("mode", ["disable", "require", "prefer"])
@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", True),
        (b"SSH-2.0-OpenSSH_9.6\r\n", False),
        (b"\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00abcdefgh\x00\xff\xf7", False),
        (b"", True),
        (b"", False),
    ],
    ids=["http", "ssh", "mysql", "hangs-up", "hangs-up-at-once"],
)
async def test_what_is_not_postgresql(
    open_engine: OpenEngine, mode: str, answer: bytes, after: bool
) -> None:
    async with listening(answer, after=after) as port:
        url = f"postgresql://portal:secret@127.0.0.1:{port}/portal?sslmode={mode}"
        sentence = await told(open_engine(url=url))
        assert "not PostgreSQL" in sentence or "TLS" in sentence


async def test_a_way_to_sign_in_that_is_not_known(open_engine: OpenEngine) -> None:
    async with listening(AUTH_GSS, after=True) as port:
        url = f"postgresql://portal:secret@127.0.0.1:{port}/portal?sslmode=disable"
        assert "scram-sha-256" in await told(open_engine(url=url))


@pytest.fixture(scope="module")
def certificate() -> Iterator[tuple[Path, Path]]:
    """A certificate for another name, signed by itself, and its key."""
    openssl = find_tool("openssl")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        names = [
            "-subj",
            "/CN=elsewhere.example",
            "-addext",
            "subjectAltName=DNS:elsewhere.example",
        ]
        command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
        files = ["-keyout", str(folder / "key"), "-out", str(folder / "crt")]
        subprocess.run([*command, *files], check=True, capture_output=True)
        yield folder / "crt", folder / "key"


@asynccontextmanager
async def with_tls(certificate: tuple[Path, Path]) -> AsyncIterator[int]:
    """A port on which TLS is offered as PostgreSQL offers it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"S")
        await writer.drain()
        with suppress(OSError):
            await writer.start_tls(context)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_a_certificate_that_does_not_fit(
    open_engine: OpenEngine, certificate: tuple[Path, Path]
) -> None:
    async with with_tls(certificate) as port:
        url = f"postgresql://portal@127.0.0.1:{port}/portal?sslmode=verify-full"
        assert "is not trusted" in await told(open_engine(url=url))
        url += f"&sslrootcert={certificate[0]}"
        assert "for another name" in await told(open_engine(url=url))
        url = url.replace("verify-full", "verify-ca")
        assert await told(open_engine(url=url))


@pytest.fixture(scope="module")
def strict() -> Iterator[Embedded]:
    """A server that knows whom it lets in."""
    with (
        tempfile.TemporaryDirectory(prefix="portal-strict-") as made,
        embedded(Path(made) / "postgres", durable=False) as server,
    ):
        rules = Path(made) / "postgres" / "pg_hba.conf"
        lines = "local all scrammed scram-sha-256\nlocal all rejected reject\n"
        rules.write_text(lines + rules.read_text("utf-8"), "utf-8")
        statements = (
            "CREATE ROLE scrammed LOGIN PASSWORD 'right'",
            "CREATE ROLE rejected LOGIN",
            "CREATE ROLE asleep NOLOGIN",
            "CREATE ROLE single LOGIN CONNECTION LIMIT 0",
            "CREATE ROLE plain LOGIN",
            "CREATE DATABASE full_up CONNECTION LIMIT 0",
            "CREATE DATABASE shut ALLOW_CONNECTIONS false",
            "CREATE DATABASE private",
            "REVOKE CONNECT ON DATABASE private FROM PUBLIC",
            "SELECT pg_reload_conf()",
        )
        asyncio.run(execute(server.url("postgres"), *statements))
        yield server


@pytest.mark.parametrize(
    ("user", "name", "said"),
    [
        ("scrammed:secret", "postgres", "refuses the user or the password"),
        ("scrammed", "postgres", "refuses the user or the password"),
        ("nobody", "postgres", "refuses the user or the password"),
        ("rejected", "postgres", "pg_hba.conf"),
        ("asleep", "postgres", "refuses the user"),
        ("single", "postgres", "no connection left for this role"),
        ("plain", "full_up", "no connection left for this database"),
        ("plain", "shut", "ALLOW_CONNECTIONS"),
        ("plain", "private", "GRANT CONNECT"),
        ("plain", "missing", "no database of that name"),
    ],
)
async def test_whom_a_server_does_not_let_in(
    strict: Embedded, open_engine: OpenEngine, user: str, name: str, said: str
) -> None:
    engine = open_engine(url=strict.url(name).replace("postgres@", f"{user}@"))
    assert said in await told(engine)


async def test_a_parameter_that_it_does_not_know(
    database: Database, open_engine: OpenEngine
) -> None:
    engine = open_engine()
    dsn = parse_dsn(database.url, variable="DATABASE_URL")
    arguments = dsn.connect_kwargs() | {"server_settings": {"no_such_setting": "1"}}
    engine.pool.connect_arguments = lambda: arguments  # type: ignore[method-assign]
    assert "parameter" in await told(engine)


async def test_what_a_pooler_refuses(pooler: Pooler, open_engine: OpenEngine) -> None:
    """Whatever becomes of its words: none of them are repeated."""
    engine = open_engine(url=pooler.url("missing-one"))
    assert await told(engine)


async def test_sockets_that_are_none(open_engine: OpenEngine) -> None:
    folder = Path(tempfile.mkdtemp())
    url = f"postgresql://portal@/portal?host={folder}"
    try:
        assert "socket does not exist" in await told(open_engine(url=url))
        (folder / ".s.PGSQL.5432").touch()
        assert "nothing listens" in await told(open_engine(url=url))
    finally:
        shutil.rmtree(folder)
