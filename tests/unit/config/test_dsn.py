"""Addresses as the providers document them, and what must never come out of one."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from portal.config.addresses import is_private
from portal.config.dsn import Dsn, DsnError, parse_dsn

NEON = "ep-cool-darkness-a1b2c3d4.us-east-2.aws.neon.tech"
NEON_POOLER = "ep-cool-darkness-a1b2c3d4-pooler.us-east-2.aws.neon.tech"
SUPABASE = "aws-0-eu-central-1.pooler.supabase.com"


def parse(raw: str, *, pooled: bool | None = None) -> Dsn:
    return parse_dsn(raw, variable="DATABASE_URL", pooled=pooled)


def place(dsn: Dsn) -> tuple[Any, Any, str, str, str]:
    arguments = dsn.connect_kwargs()
    names = ("host", "port", "user", "password", "database")
    return tuple(arguments[name] for name in names)


@pytest.mark.parametrize(
    ("raw", "expected", "pooled"),
    [
        (
            f"postgresql://alex:pw@{NEON_POOLER}/main?sslmode=require&channel_binding=require",
            (NEON_POOLER, 5432, "alex", "pw", "main"),
            True,
        ),
        (
            f"postgresql://alex:pw@{NEON}/main?sslmode=require&channel_binding=require",
            (NEON, 5432, "alex", "pw", "main"),
            False,
        ),
        (
            f"postgresql://alex:pw@{NEON}/main?sslmode=require&options=endpoint%3Dep-cool-darkness",
            (NEON, 5432, "alex", "pw", "main"),
            False,
        ),
        (
            f"postgres://postgres.abcdef:pw@{SUPABASE}:6543/postgres",
            (SUPABASE, 6543, "postgres.abcdef", "pw", "postgres"),
            True,
        ),
        (
            f"postgres://postgres.abcdef:pw@{SUPABASE}:5432/postgres",
            (SUPABASE, 5432, "postgres.abcdef", "pw", "postgres"),
            False,
        ),
        (
            "postgresql://postgres:pw@db.abcdef.supabase.co:5432/postgres",
            ("db.abcdef.supabase.co", 5432, "postgres", "pw", "postgres"),
            False,
        ),
        (
            "postgresql://postgres:pw@db.abcdef.supabase.co:6543/postgres",
            ("db.abcdef.supabase.co", 6543, "postgres", "pw", "postgres"),
            True,
        ),
        (
            f"postgres://u:pw@{NEON_POOLER}:5432/verceldb?pgbouncer=true&connect_timeout=15",
            (NEON_POOLER, 5432, "u", "pw", "verceldb"),
            True,
        ),
        (
            f"postgres://u:pw@{NEON}/verceldb?supa=base-pooler.x&workaround=supabase-pooler.vercel",
            (NEON, 5432, "u", "pw", "verceldb"),
            False,
        ),
        (
            "postgresql://u:pw@pgbouncer:6432/app?pgbouncer=true&connection_limit=1&schema=public",
            ("pgbouncer", 6432, "u", "pw", "app"),
            True,
        ),
        ("postgres://u:pw@db:5432/app", ("db", 5432, "u", "pw", "app"), False),
        ("postgresql+asyncpg://u:pw@db/app", ("db", 5432, "u", "pw", "app"), False),
        ("POSTGRES://u:pw@db/app?", ("db", 5432, "u", "pw", "app"), False),
        ("postgres://u:pw@db/app?foo&", ("db", 5432, "u", "pw", "app"), False),
        (" 'postgres://u:pw@db/app' \n", ("db", 5432, "u", "pw", "app"), False),
        ('"postgres://u:pw@db/app"', ("db", 5432, "u", "pw", "app"), False),
        ("postgres://u@db/app", ("db", 5432, "u", "", "app"), False),
        ("postgres://u:pw@[::1]:6543/app", ("::1", 6543, "u", "pw", "app"), False),
        ("postgres://u:pw@[2001:db8::1]/app", ("2001:db8::1", 5432, "u", "pw", "app"), False),
        ("postgres://u:p%40%2F%23%3F%25@db/app", ("db", 5432, "u", "p@/#?%", "app"), False),
        ("postgres://u:p+w@db/app", ("db", 5432, "u", "p+w", "app"), False),
        ("postgres://u:p@ss@db/app", ("db", 5432, "u", "p@ss", "app"), False),
        ("postgres://u:a:b@db/app", ("db", 5432, "u", "a:b", "app"), False),
        ("postgres://u:pw@db/my%20app", ("db", 5432, "u", "pw", "my app"), False),
        (
            "postgresql:///app?host=/run/postgresql&user=u",
            ("/run/postgresql", 5432, "u", "", "app"),
            False,
        ),
        (
            "postgres://u:pw@%2Fvar%2Frun%2Fpostgresql/app",
            ("/var/run/postgresql", 5432, "u", "pw", "app"),
            False,
        ),
        ("postgres://u:pw@%2Frun:5433/app", ("/run", 5433, "u", "pw", "app"), False),
        (
            "postgres://u:pw@localhost:5433/app?host=/cloudsql/p:r:i",
            ("/cloudsql/p:r:i", 5433, "u", "pw", "app"),
            False,
        ),
        (
            "postgres://u:pw@localhost/app?host=%2Fcloudsql%2Fp%3Ar%3Ai",
            ("/cloudsql/p:r:i", 5432, "u", "pw", "app"),
            False,
        ),
        (
            "postgres://u:pw@a.example:5433,b.example/app",
            (["a.example", "b.example"], [5433, 5432], "u", "pw", "app"),
            False,
        ),
        (
            "postgresql:///?host=a,b&port=5433&dbname=app&user=u&password=p%26w",
            (["a", "b"], [5433, 5433], "u", "p&w", "app"),
            False,
        ),
        (
            "postgres://u:pw@pooled.db.prisma.io/app",
            ("pooled.db.prisma.io", 5432, "u", "pw", "app"),
            True,
        ),
    ],
)
def test_documented_forms(raw: str, expected: tuple[Any, ...], pooled: bool) -> None:
    dsn = parse(raw)
    assert place(dsn) == expected
    assert dsn.pooled is pooled
    assert dsn.connect_kwargs().get("statement_cache_size") == (0 if pooled else None)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("mysql://u:pw@db/app", "must start with postgres:// or postgresql://."),
        ("u:pw@db/app", "must start with postgres:// or postgresql://."),
        (
            "prisma+postgres://accelerate.prisma-data.net/?api_key=pw",
            "is a Prisma Accelerate address, which only Prisma's own client understands: use the"
            " direct postgres:// address of the same database.",
        ),
        ("postgres://u:pw@/app", "names no host: it goes between the '@' and the database."),
        ("postgres:///app", "names no host: it goes between the '@' and the database."),
        ("postgres://u:pw@db", "names no database: it ends in /NAME, before any question mark."),
        (
            "postgres://u:pw@db/?a=1",
            "names no database: it ends in /NAME, before any question mark.",
        ),
        ("postgres://db/app", "names no user: it goes before the host, as in user:password@host."),
        ("postgres://u:pw@db:x/app", "has a port that is not a whole number from 1 to 65535."),
        ("postgres://u:pw@db:70000/app", "has a port that is not a whole number from 1 to 65535."),
        ("postgres://u:pw@[::1/app", "names a host that cannot be read."),
        ("postgres://u:pw@a:b:c/app", "names a host that cannot be read."),
        ("postgres://u:pw@a b/app", "names a host that cannot be read."),
        ("postgres://u:pw@a,b/app?port=1,2,3", "does not have as many ports as hosts."),
        ("postgres://u:p\nw@db/app", "holds a line break or another control character."),
        ("postgres://u:p%00w@db/app", "holds a NUL character."),
        ("postgres://u:p%ffw@db/app", "holds percent-encoded bytes that are not UTF-8."),
        (
            "postgres://u:pw@db/app?sslmode=on",
            "has an sslmode that is none of disable, allow, prefer, require, verify-ca,"
            " verify-full, no-verify.",
        ),
        (
            "postgres://u:pw@db/app?target_session_attrs=master",
            "has a target_session_attrs that is none of any, primary, standby, prefer-standby,"
            " read-write, read-only.",
        ),
        (
            "postgres://u:pw@db/app?connection_limit=many",
            "has a connection_limit that is not a whole number from 1 to 1000.",
        ),
        (
            "postgres://u:pw@db/app?connection_limit=0",
            "has a connection_limit that is not a whole number from 1 to 1000.",
        ),
        (
            "postgres://u:pw@db/app?pool_timeout=x",
            "has a pool_timeout that is not a number of seconds.",
        ),
        (
            "postgres://u:pw@db/app?connect_timeout=-1",
            "has a connect_timeout that is not a number of seconds.",
        ),
        (
            "postgres://u:pw@db/app?socket_timeout=nan",
            "has a socket_timeout that is not a number of seconds.",
        ),
        (
            "postgres://u:pw@db/app?pgbouncer=true&schema=learn",
            "has a schema other than public, which a pooler cannot carry: leave it out and set it"
            " for the role, with ALTER ROLE … SET search_path.",
        ),
        ("postgres://u:pw@db..example.com/app", "names a host that cannot be read."),
        (f"postgres://u:pw@{'x' * 64}.example.com/app", "names a host that cannot be read."),
        (f"postgres://u:pw@{'x.' * 140}com/app", "names a host that cannot be read."),
        (
            "postgres://u:pw@db/app?sslmode=verify-ca&sslrootcert=/no/such/file",
            "has an sslrootcert that is not a file here.",
        ),
    ],
)
def test_each_problem_has_its_sentence(raw: str, sentence: str) -> None:
    with pytest.raises(DsnError) as caught:
        parse(raw)
    assert str(caught.value) == f"DATABASE_URL {sentence}"


@pytest.mark.parametrize("mark", ["/", "#", "?", "/x@", "#a?b/", "?a=1&b", "?a=1/"])
def test_raw_separator_in_password_is_refused(mark: str) -> None:
    with pytest.raises(DsnError, match=r"^DATABASE_URL holds a raw .* percent-encode them"):
        parse(f"postgres://u:12{mark}34@db/app")


def test_prisma_parameters() -> None:
    dsn = parse(
        "postgres://u:pw@db/app?pgbouncer=true&connection_limit=3&pool_timeout=7.5"
        "&connect_timeout=15&socket_timeout=20&schema=public&statement_cache_size=100"
    )
    arguments = dsn.connect_kwargs()
    assert (dsn.pool_size, dsn.acquire_timeout) == (3, 7.5)
    assert (arguments["timeout"], arguments["command_timeout"]) == (15.0, 20.0)
    assert arguments["statement_cache_size"] == 0
    assert arguments["server_settings"] == {"application_name": "portal"}
    assert dsn.ignored == ("statement_cache_size",)


def test_zero_seconds_mean_not_given() -> None:
    dsn = parse("postgres://u:pw@db/app?pool_timeout=0&connect_timeout=0&socket_timeout=0")
    assert dsn.acquire_timeout is None
    assert not {"timeout", "command_timeout"} & dsn.connect_kwargs().keys()


def test_pooled_can_be_stated() -> None:
    assert parse("postgres://u:pw@db/app", pooled=True).pooled
    assert not parse("postgres://u:pw@db/app?pgbouncer=true", pooled=False).pooled


@pytest.mark.parametrize(
    ("query", "pooled", "settings", "ignored"),
    [
        ("", False, {}, ()),
        ("application_name=batch", True, {"application_name": "batch"}, ()),
        ("schema=learn", False, {"search_path": '"learn"'}, ()),
        ('schema=a"b', False, {"search_path": '"a""b"'}, ()),
        ("schema=public", True, {}, ()),
        ("options=-c%20jit%3Doff", False, {"options": "-c jit=off"}, ()),
        ("options=endpoint%3Dep-x", True, {"options": "endpoint=ep-x"}, ()),
        ("options=project%3Dx", True, {"options": "project=x"}, ()),
        ("options=reference%3Dx", True, {"options": "reference=x"}, ()),
        ("options=databaseid%3Dx", True, {"options": "databaseid=x"}, ()),
        ("fallback_application_name=cron", True, {"application_name": "cron"}, ()),
        ("fallback_application_name=a&application_name=b", True, {"application_name": "b"}, ()),
        ("Keepalives=1&gssencmode=disable", True, {}, ("gssencmode", "keepalives")),
        ("sslcert=/a&sslkey=/b&sslmode=disable", True, {}, ("sslcert", "sslkey")),
        ("supa=base-pooler.x&krbsrvname=x", False, {}, ("krbsrvname", "supa")),
        ("channel_binding=require", False, {}, ("channel_binding",)),
        ("sslrootcert=/no/file&sslmode=prefer", False, {}, ("sslrootcert",)),
        ("password=a&rest-of-it=b", False, {}, ()),
    ],
)
def test_only_known_settings_reach_the_server(
    query: str, pooled: bool, settings: dict[str, str], ignored: tuple[str, ...]
) -> None:
    dsn = parse(f"postgres://u:pw@db/app?{query}", pooled=pooled)
    assert dsn.server_settings == {"application_name": "portal", **settings}
    assert dsn.ignored == ignored


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("/run/postgresql", True),
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("172.20.0.5", True),
        ("192.168.1.9", True),
        ("fd00::1", True),
        ("db", True),
        ("db.railway.internal", True),
        ("nas.local", True),
        ("DB.Internal.", True),
        ("8.8.8.8", False),
        ("::ffff:8.8.8.8", False),
        ("2606:4700::1111", False),
        (NEON, False),
        ("internal.example.com", False),
        ("local.", True),
    ],
)
def test_private_hosts(host: str, private: bool) -> None:
    assert is_private(host) is private
    bracketed = f"[{host}]" if ":" in host else quote(host, safe="")
    tls = parse(f"postgres://u:pw@{bracketed}/app").tls
    expected = "disable" if host.startswith("/") else "prefer" if private else "require"
    assert tls.mode == expected


@pytest.mark.parametrize(
    ("host", "query", "mode"),
    [
        ("db", "sslmode=require", "require"),
        ("db", "sslmode=disable", "disable"),
        ("db", "sslmode=no-verify", "require"),
        ("db", "sslmode=verify-full", "verify-full"),
        ("db", "sslmode=verify-ca", "verify-ca"),
        ("db", "sslmode=Require", "require"),
        ("db", "ssl=true", "require"),
        ("db", "ssl=false", "disable"),
        ("db", "ssl=true&sslmode=disable", "disable"),
        ("db", "sslaccept=strict", "verify-full"),
        ("db", "sslmode=require&sslaccept=strict", "verify-full"),
        ("db", "sslmode=require&sslaccept=accept_invalid_certs", "require"),
        ("db", "sslmode=require&sslrootcert=system", "verify-full"),
        ("db", "sslrootcert=system", "verify-full"),
        ("db", "sslmode=require&channel_binding=require", "require"),
        ("db.example.com", "sslmode=allow", "allow"),
        ("db.example.com", "sslmode=disable", "disable"),
        ("db.example.com", "channel_binding=require", "verify-full"),
        ("db.example.com", "channel_binding=prefer", "require"),
        ("db.example.com", "sslmode=require&channel_binding=require", "verify-full"),
        ("db.example.com", "sslmode=prefer&channel_binding=require", "verify-full"),
        ("db.example.com", "sslmode=no-verify&channel_binding=require", "require"),
        ("db,db.example.com", "", "require"),
        ("%2Frun", "sslmode=require&channel_binding=require", "disable"),
    ],
)
def test_tls(host: str, query: str, mode: str) -> None:
    dsn = parse(f"postgres://u:pw@{host}/app?{query}")
    assert dsn.tls.mode == mode
    argument = dsn.connect_kwargs()["ssl"]
    if mode == "disable":
        assert argument is False
    elif mode in ("allow", "prefer"):
        assert argument == mode
    else:
        assert argument.check_hostname is (mode == "verify-full")
        checked = ssl.CERT_NONE if mode == "require" else ssl.CERT_REQUIRED
        assert argument.verify_mode is checked


def test_root_certificate_file(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    key = tmp_path / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -days 1 -keyout"
    subprocess.run([*command.split(), key, "-out", authority], check=True, capture_output=True)

    dsn = parse(f"postgres://u:pw@db.example.com/app?sslmode=require&sslrootcert={authority}")
    context = dsn.connect_kwargs()["ssl"]
    assert dsn.tls.mode == "verify-ca"
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is False
    assert [name["subject"] for name in context.get_ca_certs()] == [((("commonName", "test"),),)]

    with pytest.raises(DsnError) as caught:
        parse(f"postgres://u:pw@db/app?sslmode=verify-full&sslrootcert={__file__}")
    assert str(caught.value) == (
        "DATABASE_URL has an sslrootcert that does not hold a readable certificate."
    )


def test_contexts_are_shared() -> None:
    raw = f"postgres://u:pw@{NEON}/app?channel_binding=require"
    assert parse(raw).connect_kwargs()["ssl"] is parse(raw).connect_kwargs()["ssl"]


def test_parsing_loads_neither_tls_nor_the_driver() -> None:
    code = (
        "import sys; from portal.config.dsn import parse_dsn;"
        "parse_dsn('postgres://u:pw@db.example.com/app?sslmode=verify-full', variable='X');"
        "print([name for name in ('ssl', 'asyncpg', 'piccolo') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert result.stdout.decode().strip() == "[]"
