"""Settings: every value, every refusal, where values come from, and what is never shown."""

from __future__ import annotations

import ipaddress
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.config.addresses import is_loopback
from portal.config.settings import PublicUrl, Settings, SettingsError
from portal.config.smtp import Smtp
from portal.config.tls import Tls

DIRECT = "postgres://app:pw-direct@db:5432/learning"
POOLED = "postgres://app:pw-pooled@db:6432/learning?pgbouncer=true&connection_limit=2"
NO_PUBLIC_URL = (
    "must be http:// or https:// and a host, without a path, such as https://learn.example.com."
)
NO_SMTP_URL = (
    "must look like smtp://user:password@host:587, or smtps:// for TLS from the start;"
    " percent-encode special characters in the password."
)


def load(folder: Path, /, **environ: str) -> Settings:
    return Settings.from_env({"DATABASE_URL": DIRECT, **environ}, cwd=folder)


def problems(folder: Path, /, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(folder, **environ)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def test_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.database is not None
    assert settings.database == settings.direct
    expected = {
        "direct_problem": None,
        "db_pool_size": 5,
        "db_wait_seconds": 60,
        "host": "0.0.0.0",
        "port": 3000,
        "app_env": "production",
        "access_log": False,
        "log_format": "text",
        "seed_db": False,
        "migrate_on_start": True,
        "admin_email": None,
        "admin_password": None,
        "public_url": None,
        "trusted_proxies": (),
        "session_hours": 24,
        "time_zone": "UTC",
        "content_dir": None,
        "shutdown_seconds": 8,
        "retain_days": 400,
        "metrics_token": None,
        "smtp_url": None,
        "mail_from": None,
    }
    assert {name: getattr(settings, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("DB_POOL_SIZE", "12", 12),
        ("DB_WAIT_SECONDS", "0", 0),
        ("HOST", "127.0.0.1", "127.0.0.1"),
        ("HOST", "[::]", "::"),
        ("PORT", " 8080 ", 8080),
        ("PORT", "", 3000),
        ("APP_ENV", "Development", "development"),
        ("ACCESS_LOG", "YES", True),
        ("LOG_FORMAT", "json", "json"),
        ("LOG_FORMAT", "google", "google"),
        ("SEED_DB", "1", True),
        ("SEED_DB", "On", True),
        ("MIGRATE_ON_START", "off", False),
        ("MIGRATE_ON_START", "0", False),
        ("MIGRATE_ON_START", "No", False),
        ("ADMIN_EMAIL", "Ada@example.com", "Ada@example.com"),
        ("PUBLIC_URL", "HTTPS://Learn.Example.com:443/", PublicUrl("https", "learn.example.com")),
        ("PUBLIC_URL", "http://localhost:3000", PublicUrl("http", "localhost:3000")),
        ("PUBLIC_URL", "http://[::1]:80", PublicUrl("http", "[::1]")),
        (
            "PUBLIC_URL",
            "https://lernen.müller.example",
            PublicUrl("https", "lernen.xn--mller-kva.example"),
        ),
        (
            "TRUSTED_PROXIES",
            "10.1.2.3/8, ::1",
            (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1")),
        ),
        ("SESSION_HOURS", "1", 1),
        ("TIME_ZONE", "Europe/Berlin", "Europe/Berlin"),
        ("SHUTDOWN_SECONDS", "25", 25),
        ("RETAIN_DAYS", "30", 30),
        ("METRICS_TOKEN", "s3cr3t+/=", "s3cr3t+/="),
        (
            "SMTP_URL",
            "smtps://u:p%40@mail.example.com",
            Smtp(
                host="mail.example.com",
                port=465,
                user="u",
                password="p@",
                implicit=True,
                tls=Tls("verify-full"),
            ),
        ),
        ("MAIL_FROM", "Learning <l@example.com>", "Learning <l@example.com>"),
    ],
)
def test_values(tmp_path: Path, name: str, text: str, value: object) -> None:
    assert getattr(load(tmp_path, **{name: text}), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "DATABASE_URL",
            "",
            "is not set: it is the address of the PostgreSQL database,"
            " such as postgresql://user:password@host/name.",
        ),
        ("DATABASE_URL", "mysql://a:b@c/d", "must start with postgres:// or postgresql://."),
        (
            "DATABASE_URL_UNPOOLED",
            "postgres://u:pw@db",
            "names no database: it ends in /NAME, before any question mark.",
        ),
        ("DB_POOL_SIZE", "0", "must be a whole number from 1 to 1000."),
        ("DB_WAIT_SECONDS", "1.5", "must be a whole number from 0 to 3600."),
        (
            "HOST",
            "http://here",
            "must be an address of this machine, such as 0.0.0.0 or 127.0.0.1.",
        ),
        ("PORT", "http", "must be a whole number from 1 to 65535."),
        ("PORT", "65536", "must be a whole number from 1 to 65535."),
        ("PORT", "٣٠٠٠", "must be a whole number from 1 to 65535."),
        ("APP_ENV", "staging", "must be production or development."),
        ("ACCESS_LOG", "maybe", "must be true or false."),
        ("LOG_FORMAT", "xml", "must be text, json or google."),
        ("SEED_DB", "2", "must be true or false."),
        ("MIGRATE_ON_START", "never", "must be true or false."),
        ("ADMIN_EMAIL", "ada", "must be an e-mail address."),
        ("PUBLIC_URL", "learn.example.com", NO_PUBLIC_URL),
        ("PUBLIC_URL", "https://learn.example.com/portal", NO_PUBLIC_URL),
        ("PUBLIC_URL", "https://u:p@learn.example.com", NO_PUBLIC_URL),
        ("PUBLIC_URL", "https://h:99999", NO_PUBLIC_URL),
        (
            "TRUSTED_PROXIES",
            "*",
            "must be addresses or networks with commas between them, such as 10.0.0.0/8.",
        ),
        ("SESSION_HOURS", "0", "must be a whole number from 1 to 8760."),
        ("TIME_ZONE", "Berlin", "must be a time zone name, such as Europe/Berlin."),
        ("TIME_ZONE", "../etc", "must be a time zone name, such as Europe/Berlin."),
        ("CONTENT_DIR", "no-such-folder", "must be a folder that exists."),
        ("SHUTDOWN_SECONDS", "-1", "must be a whole number from 1 to 300."),
        ("RETAIN_DAYS", "x", "must be a whole number from 1 to 36500."),
        (
            "METRICS_TOKEN",
            "two words",
            "must consist of ASCII letters, digits and signs, without spaces.",
        ),
        ("SMTP_URL", "mail.example.com", NO_SMTP_URL),
        ("SMTP_URL", "smtp://u:a/b@mail.example.com", NO_SMTP_URL),
        ("MAIL_FROM", "Learning", "must be an e-mail address, or a name and <address>."),
    ],
)
def test_each_problem_has_its_sentence(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    assert problems(tmp_path, **{name: text}) == (f"{name} {sentence}",)


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        DATABASE_URL="postgres://app:hush@/learning",
        DATABASE_URL_UNPOOLED="hush",
        ADMIN_PASSWORD="hush",
        METRICS_TOKEN="hush hush",
        SMTP_URL="hush",
        PORT="x",
        SEED_DB="x",
        TIME_ZONE="x",
    )
    assert {line.partition(" ")[0] for line in found} == {
        "DATABASE_URL",
        "DATABASE_URL_UNPOOLED",
        "ADMIN_EMAIL",
        "METRICS_TOKEN",
        "SMTP_URL",
        "PORT",
        "SEED_DB",
        "TIME_ZONE",
    }
    assert len(found) == 8
    assert "hush" not in "\n".join(found)


def test_what_cannot_be_used_has_its_default_where_that_is_wanted(tmp_path: Path) -> None:
    usable = {"DATABASE_URL": POOLED, "PORT": "8080"}
    broken = {"DB_POOL_SIZE": "x", "ADMIN_EMAIL": "x", "ADMIN_PASSWORD": "hush"}
    settings, found = Settings.read(usable | broken, cwd=tmp_path)
    assert [line.partition(" ")[0] for line in found] == ["DB_POOL_SIZE", "ADMIN_EMAIL"]
    assert settings == load(tmp_path, **usable)
    settings, found = Settings.read(usable | {"DATABASE_URL_UNPOOLED": "x"}, cwd=tmp_path)
    assert len(found) == 1
    assert settings == Settings(port=8080)


@pytest.mark.parametrize(
    ("url", "unpooled", "direct", "problem"),
    [
        (DIRECT, "", DIRECT, None),
        (POOLED, DIRECT, DIRECT, None),
        (DIRECT, "postgres://owner:pw@db/learning", "postgres://owner:pw@db/learning", None),
        (POOLED, "", None, "is not set, and DATABASE_URL goes through a connection pooler"),
        (POOLED, POOLED, None, "goes through a connection pooler"),
        (DIRECT, POOLED, None, "goes through a connection pooler"),
    ],
)
def test_direct_database(
    tmp_path: Path, url: str, unpooled: str, direct: str | None, problem: str | None
) -> None:
    settings = load(tmp_path, DATABASE_URL=url, DATABASE_URL_UNPOOLED=unpooled)
    assert settings.database is not None
    assert settings.database.pooled is (url == POOLED)
    if direct is None:
        assert settings.direct is None
        assert settings.direct_problem == (
            f"DATABASE_URL_UNPOOLED {problem}, which cannot carry migrations:"
            " set it to the direct address of the database, or add pgbouncer=false to"
            f" {'it' if unpooled else 'DATABASE_URL'} if there is no pooler or one that keeps"
            " sessions."
        )
    else:
        assert settings.direct is not None
        assert settings.direct_problem is None
        assert f"//{settings.direct.user}:{settings.direct.password}@" in direct


def test_pool_size(tmp_path: Path) -> None:
    assert load(tmp_path, DATABASE_URL=POOLED).db_pool_size == 2
    assert load(tmp_path, DATABASE_URL=POOLED, DB_POOL_SIZE="7").db_pool_size == 7


def test_database_is_not_looked_at_unless_needed(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "nonsense", "DATABASE_URL_UNPOOLED_FILE": "/no/such/file"}
    settings = Settings.from_env(environ, cwd=tmp_path, need_database=False)
    assert (settings.database, settings.direct, settings.direct_problem) == (None, None, None)


@pytest.mark.parametrize(
    ("url", "seed", "refused", "mode"),
    [
        ("", "true", False, True),
        ("", "false", False, False),
        ("http://localhost:3000", "true", False, True),
        ("http://127.0.0.1", "true", False, True),
        ("https://learn.example.com", "true", True, False),
        ("http://192.168.1.4", "true", True, False),
    ],
)
def test_demo_mode(tmp_path: Path, url: str, seed: str, refused: bool, mode: bool) -> None:
    settings = load(tmp_path, PUBLIC_URL=url, SEED_DB=seed)
    assert (settings.demo_refused, settings.demo_mode) == (refused, mode)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:3000", True),
        ("LOCALHOST", True),
        ("portal.localhost", True),
        ("127.8.8.8:80", True),
        ("[::1]:3000", True),
        ("::1", True),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_content_folder_is_relative_to_the_current_one(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    assert load(tmp_path, CONTENT_DIR="course").content_dir == tmp_path / "course"


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        DATABASE_URL=POOLED,
        DATABASE_URL_UNPOOLED=DIRECT,
        ADMIN_EMAIL="a@example.com",
        ADMIN_PASSWORD="hush-admin",
        METRICS_TOKEN="hush-token",
        SMTP_URL="smtp://u:hush-mail@mail.example.com",
    )
    for text in (repr(settings), str(settings), str(settings.__rich_repr__())):
        assert not re.search("hush|pw-", text)
        assert "database=Dsn(db/learning)" in text or "('database', Dsn(db/learning))" in text
        assert "a@example.com" in text


def test_import_is_light() -> None:
    code = (
        "import sys, portal.config.settings;"
        "print([n for n in ('asyncpg', 'piccolo', 'ssl', 'asyncio') if n in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert result.stdout.decode().strip() == "[]"
