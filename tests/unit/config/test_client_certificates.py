"""The certificate that we show to a server, and how TLS begins."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from portal.config.dsn import Dsn, DsnError, parse_dsn
from portal.config.tls import Tls
from tests.secured import Certificates


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    certificates = Certificates(tmp_path_factory.mktemp("certificates"))
    for name in ("app", "other", "localhost"):
        certificates.issue(name)
    folder = certificates.folder
    both = (folder / "app.crt").read_text() + (folder / "app.key").read_text()
    (folder / "both.pem").write_text(both)
    (folder / "locked.key").write_text(locked(folder / "app.key"))
    return certificates


def locked(key: Path) -> str:
    """Returns the key with a passphrase."""
    command = ["openssl", "pkey", "-in", str(key), "-aes128", "-passout", "pass:secret"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def parse(query: str, host: str = "db") -> Dsn:
    return parse_dsn(f"postgres://u:pw@{host}/app?{query}", variable="DATABASE_URL")


def files(made: Certificates, **named: str) -> str:
    return "&".join(f"{name}={quote(str(made.folder / file))}" for name, file in named.items())


def test_a_certificate_means_tls(made: Certificates) -> None:
    query = files(made, sslcert="app.crt", sslkey="app.key")
    certificate, key = str(made.folder / "app.crt"), str(made.folder / "app.key")
    for more, mode in (
        ("", "require"),
        ("&sslmode=prefer", "require"),
        ("&sslmode=allow", "require"),
    ):
        dsn = parse(query + more)
        assert dsn.tls == Tls(mode, certificate=certificate, key=key)
        assert isinstance(dsn.connect_kwargs()["ssl"], ssl.SSLContext)
        assert dsn.ignored == ()
    assert parse(f"{query}&sslmode=disable").tls == Tls("disable")
    assert parse(query, host="%2Frun").tls == Tls("disable")
    assert parse(f"{query}&sslcertmode=disable").tls == Tls("prefer")
    assert parse(files(made, sslcert="both.pem")).tls.key is None


def test_backups_show_it_too(made: Certificates) -> None:
    query = files(made, sslcert="app.crt", sslkey="app.key", sslrootcert="authority.crt")
    dsn = parse(
        f"{query}&sslmode=verify-full&ssl_min_protocol_version=tlsv1.3&sslnegotiation=direct"
    )
    assert dsn.libpq_parameters() == {
        "sslmode": "verify-full",
        "sslrootcert": str(made.authority),
        "sslcert": str(made.folder / "app.crt"),
        "sslkey": str(made.folder / "app.key"),
        "ssl_min_protocol_version": "TLSv1.3",
        "sslnegotiation": "direct",
        "application_name": "portal",
    }


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        (
            {"sslcert": "app.crt"},
            "has an sslcert without an sslkey, and no key is in the certificate's own file. For the"
            " authority of the server's certificate, write sslrootcert.",
        ),
        (
            {"sslcert": "app.crt", "sslkey": "other.key"},
            "has an sslkey that does not belong to its sslcert.",
        ),
        (
            {"sslcert": "app.crt", "sslkey": "locked.key"},
            "has an sslkey with a passphrase: write the key without one (openssl pkey).",
        ),
        (
            {"sslcert": "app.key", "sslkey": "app.key"},
            "has an sslcert or sslkey that is no readable PEM file.",
        ),
        ({"sslcert": "app.crt", "sslkey": "absent"}, "has an sslkey that is not a file here."),
        (
            {"sslcert": "app.crt", "sslkey": "app.key", "sslrootcert": "app.key"},
            "has an sslrootcert that does not hold a readable certificate.",
        ),
    ],
)
def test_files_that_cannot_be_used(
    made: Certificates, named: dict[str, str], sentence: str
) -> None:
    with pytest.raises(DsnError) as caught:
        parse(files(made, **named))
    assert str(caught.value) == f"DATABASE_URL {sentence}"
    assert caught.value.__context__ is None or "secret" not in repr(caught.value.__context__)


def test_versions_of_tls() -> None:
    for query, minimum, maximum in (
        ("ssl_min_protocol_version=TLSv1.3", "TLSv1.3", None),
        ("ssl_max_protocol_version=TLSv1.2", None, "TLSv1.2"),
        ("ssl_min_protocol_version=TLSv1&ssl_max_protocol_version=TLSv1.3", None, None),
    ):
        dsn = parse(f"{query}&sslmode=require")
        assert (dsn.tls.minimum, dsn.tls.maximum) == (minimum, maximum)
        context = dsn.connect_kwargs()["ssl"]
        assert (context.minimum_version is ssl.TLSVersion.TLSv1_3) is (minimum is not None)
        assert (context.maximum_version is ssl.TLSVersion.TLSv1_2) is (maximum is not None)


async def test_tls_from_the_first_byte(made: Certificates) -> None:
    """PostgreSQL from 17 on takes it, and PlanetScale's addresses ask for it."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(made.authority))
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_cert_chain(made.folder / "localhost.crt", made.folder / "localhost.key")
    server.set_alpn_protocols(["postgresql"])
    met: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        length = int.from_bytes(await reader.readexactly(4), "big")
        met.extend([tls.selected_alpn_protocol().encode(), await reader.readexactly(length - 4)])
        writer.close()

    listening = await asyncio.start_server(speak, "127.0.0.1", 0, ssl=server)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        query = f"{made.query('app')}&sslnegotiation=direct&connect_timeout=5"
        dsn = parse(query, host=f"localhost:{port}")
        with pytest.raises((OSError, asyncpg.PostgresError)):
            await asyncpg.connect(**dsn.connect_kwargs())
    assert met[0] == b"postgresql"
    assert b"user\0u\0" in met[1]
