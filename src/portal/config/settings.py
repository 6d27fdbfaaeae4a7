"""Every setting of the portal, read once from the environment.

`SETTINGS` names them all; docs/SETTINGS.md and .env.example are tested against it. A value that
cannot be used stops the start, and all of them are reported together.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from msgspec import Struct

from portal.config.dsn import Dsn, DsnError, parse_dsn
from portal.config.environment import Reader, Refused, Setting
from portal.config.tls import ip_address
from portal.errors import CommandFailed, PortalError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


SETTINGS: tuple[Setting, ...] = (
    Setting("DATABASE_URL", "", "The database for requests; may go through a pooler", secret=True),
    Setting(
        "DATABASE_URL_UNPOOLED",
        "",
        "The database without a pooler, for migrations and backups;"
        " DATABASE_URL serves when that is direct",
        secret=True,
    ),
    Setting("DB_POOL_SIZE", "5", "Connections per process; wins over connection_limit"),
    Setting("DB_WAIT_SECONDS", "60", "How long the start waits for the database"),
    Setting("HOST", "0.0.0.0", "The address to listen on"),
    Setting("PORT", "3000", "The port to listen on"),
    Setting("APP_ENV", "production", "production or development; development logs more"),
    Setting("ACCESS_LOG", "false", "One line per request"),
    Setting("LOG_FORMAT", "text", "text or json"),
    Setting("SEED_DB", "false", "Add the demo accounts at the start; never on a public site"),
    Setting("MIGRATE_ON_START", "true", "Bring the schema up to date at the start"),
    Setting("ADMIN_EMAIL", "", "The first admin, made when there is none yet"),
    Setting("ADMIN_PASSWORD", "", "The first admin's password, used once", secret=True),
    Setting("PUBLIC_URL", "", "The address people type, such as https://learn.example.com"),
    Setting("TRUSTED_PROXIES", "", "Networks whose X-Forwarded headers are believed"),
    Setting("SESSION_HOURS", "24", "How long a sign-in lasts"),
    Setting("TIME_ZONE", "UTC", "The time zone of people who have not chosen one"),
    Setting("CONTENT_DIR", "", "A folder with a course that replaces the shipped one"),
    Setting("SHUTDOWN_SECONDS", "8", "How long requests may finish after SIGTERM"),
    Setting("RETAIN_DAYS", "400", "How long ended sign-ins and audit events are kept"),
    Setting("METRICS_TOKEN", "", "The bearer token that opens /metrics", secret=True),
    Setting("SMTP_URL", "", "The mail server, such as smtp://user:password@host:587", secret=True),
    Setting("MAIL_FROM", "", "The sender of mails"),
)


class SettingsError(PortalError):
    """Settings that cannot be used: `problems` has one sentence each, `str` one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class PublicUrl(Struct, frozen=True):
    """The address of the site as browsers see it.

    `host` is what a Host header holds: lower case, with the port unless it is the scheme's own.
    `str` is what an Origin header holds.
    """

    scheme: Literal["http", "https"]
    host: str

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"


class Settings(Struct, frozen=True, kw_only=True):
    """The checked settings. Times are in the unit of their name."""

    database: Dsn | None
    direct: Dsn | None
    direct_problem: str | None
    db_pool_size: int
    db_wait_seconds: int
    host: str
    port: int
    app_env: Literal["production", "development"]
    access_log: bool
    log_format: Literal["text", "json"]
    seed_db: bool
    migrate_on_start: bool
    admin_email: str | None
    admin_password: str | None
    public_url: PublicUrl | None
    trusted_proxies: tuple[Network, ...]
    session_hours: int
    time_zone: str
    content_dir: Path | None
    shutdown_seconds: int
    retain_days: int
    metrics_token: str | None
    smtp_url: str | None
    mail_from: str | None

    @classmethod
    def from_env(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        cwd: Path | None = None,
        need_database: bool = True,
    ) -> Self:
        """Returns the settings of the environment, outside production also of the `.env` files.

        Without `need_database` the database variables are not looked at, and `database`, `direct`
        and `direct_problem` are None. Raises SettingsError.
        """
        folder = Path.cwd() if cwd is None else cwd
        reader = Reader(os.environ if environ is None else environ, folder, SETTINGS)
        database = direct = problem = None
        if need_database:
            database, direct, problem = _databases(reader)
        pool_size = reader.whole("DB_POOL_SIZE", 1, 1000)
        if database and database.pool_size and not reader.given("DB_POOL_SIZE"):
            pool_size = database.pool_size
        settings = cls(
            database=database,
            direct=direct,
            direct_problem=problem,
            db_pool_size=pool_size,
            db_wait_seconds=reader.whole("DB_WAIT_SECONDS", 0, 3600),
            host=reader.parsed("HOST", _host) or "0.0.0.0",
            port=reader.whole("PORT", 1, 65535),
            app_env=reader.choice("APP_ENV", "production", "development"),
            access_log=reader.flag("ACCESS_LOG"),
            log_format=reader.choice("LOG_FORMAT", "text", "json"),
            seed_db=reader.flag("SEED_DB"),
            migrate_on_start=reader.flag("MIGRATE_ON_START"),
            admin_email=reader.parsed("ADMIN_EMAIL", _email),
            admin_password=reader.secret("ADMIN_PASSWORD", str),
            public_url=reader.parsed("PUBLIC_URL", parse_public_url),
            trusted_proxies=reader.parsed("TRUSTED_PROXIES", _networks) or (),
            session_hours=reader.whole("SESSION_HOURS", 1, 8760),
            time_zone=reader.parsed("TIME_ZONE", _time_zone) or "UTC",
            content_dir=reader.parsed("CONTENT_DIR", lambda text: _folder(folder / text)),
            shutdown_seconds=reader.whole("SHUTDOWN_SECONDS", 1, 300),
            retain_days=reader.whole("RETAIN_DAYS", 1, 36500),
            metrics_token=reader.secret("METRICS_TOKEN", _token),
            smtp_url=reader.secret("SMTP_URL", _smtp_url),
            mail_from=reader.parsed("MAIL_FROM", _mailbox),
        )
        if settings.admin_password and not reader.given("ADMIN_EMAIL"):
            reader.refuse("ADMIN_EMAIL", "is missing: ADMIN_PASSWORD is of no use without it.")
        if reader.problems:
            raise SettingsError(reader.problems)
        return settings

    def require_direct(self) -> Dsn:
        """Returns the address for migrations; `CommandFailed` names the variable when there is
        none."""
        if self.direct is None:
            raise CommandFailed(self.direct_problem or "DATABASE_URL_UNPOOLED is not set.")
        return self.direct

    @property
    def demo_refused(self) -> bool:
        """Returns whether demo accounts are out of the question: the site has a public address."""
        return self.public_url is not None and not self.public_url.loopback

    @property
    def demo_mode(self) -> bool:
        return self.seed_db and not self.demo_refused

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        secret = {setting.name.lower() for setting in SETTINGS if setting.secret}
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, "…" if name in secret and value else value) for name, value in values]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"Settings({shown})"


def is_loopback(host: str) -> bool:
    """Returns whether a host, as it stands in a Host header, is this machine itself."""
    name = host.lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    address = ip_address(name)
    if address is not None:
        return address.is_loopback
    name = name.rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def _databases(reader: Reader) -> tuple[Dsn | None, Dsn | None, str | None]:
    """Returns the database for requests, the one for migrations, and why the latter is missing."""
    database = reader.secret("DATABASE_URL", partial(_dsn, "DATABASE_URL"))
    direct = reader.secret("DATABASE_URL_UNPOOLED", partial(_dsn, "DATABASE_URL_UNPOOLED"))
    if not reader.given("DATABASE_URL"):
        reader.refuse(
            "DATABASE_URL",
            "is not set: it is the address of the PostgreSQL database,"
            " such as postgresql://user:password@host/name.",
        )
    if direct is None and not (database and database.pooled):
        return database, database, None
    if direct is not None and not direct.pooled:
        return database, direct, None
    reason = (
        "is not set, and DATABASE_URL goes through a connection pooler"
        if direct is None
        else "goes through a connection pooler"
    )
    problem = (
        f"DATABASE_URL_UNPOOLED {reason}, which cannot carry migrations:"
        " set it to the direct address of the database."
    )
    return database, None, problem


def _dsn(name: str, text: str) -> Dsn:
    try:
        return parse_dsn(text, variable=name)
    except DsnError as error:
        raise Refused(str(error).removeprefix(f"{name} ")) from None


def parse_public_url(text: str) -> PublicUrl:
    """Returns the address; ValueError with the rest of a sentence when it is not one."""
    refusal = Refused(
        "must be http:// or https:// and a host, without a path, such as https://learn.example.com."
    )
    try:
        parts = urlsplit(text)
        name, port = parts.hostname or "", parts.port
        if not name.isascii():
            name = name.encode("idna").decode()
    except ValueError:
        raise refusal from None
    extra = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or extra or not _is_host(name):
        raise refusal
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    host = f"[{name}]" if ":" in name else name
    own_port = {"http": 80, "https": 443}[scheme]
    return PublicUrl(scheme, host if port in (None, own_port) else f"{host}:{port}")


def _is_host(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9._-]+", text)) or ip_address(text) is not None


def _host(text: str) -> str:
    host = text.removeprefix("[").removesuffix("]")
    if not _is_host(host):
        raise Refused("must be an address of this machine, such as 0.0.0.0 or 127.0.0.1.")
    return host


def _networks(text: str) -> tuple[Network, ...]:
    try:
        parts = filter(None, re.split(r"[\s,]+", text))
        return tuple(ipaddress.ip_network(part, strict=False) for part in parts)
    except ValueError:
        raise Refused(
            "must be addresses or networks with commas between them, such as 10.0.0.0/8."
        ) from None


def _time_zone(text: str) -> str:
    if text != "UTC":  # the default, which needs no data
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(text)
        except (KeyError, ValueError, OSError):
            raise Refused("must be a time zone name, such as Europe/Berlin.") from None
    return text


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise Refused("must be a folder that exists.")
    return path


_ADDRESS = r"[^@\s<>]+@[^@\s<>]+"


def _email(text: str) -> str:
    if not re.fullmatch(_ADDRESS, text):
        raise Refused("must be an e-mail address.")
    return text


def _mailbox(text: str) -> str:
    if not re.fullmatch(rf"{_ADDRESS}|[^<>\r\n]+ <{_ADDRESS}>", text):
        raise Refused("must be an e-mail address, or a name and <address>.")
    return text


def _token(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise Refused("must consist of ASCII letters, digits and signs, without spaces.")
    return text


def _smtp_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.path.strip("/") or parts.query or parts.fragment:
        raise Refused(
            "must look like smtp://user:password@host:587, or smtps:// for TLS from the start;"
            " percent-encode special characters in the password."
        )
    return text
