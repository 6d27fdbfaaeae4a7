"""Every setting of the portal, read once from the environment.

A value that cannot be used stops the start, and all of them are reported together.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from msgspec import Struct

from portal.config.addresses import Network, ip_address, is_loopback
from portal.config.dsn import Dsn, read_dsn
from portal.config.environment import Refused, Setting, declared_by, gather
from portal.config.smtp import Smtp, read_smtp
from portal.errors import CommandFailed, PortalError

DATABASE_FIELDS = {"database", "direct"}  # looked at only when needed
_LOGIN = re.compile(r"//[^/]*@")
NO_DATABASE = (
    "is not set: it is the address of the PostgreSQL database,"
    " such as postgresql://user:password@host/name."
)
# A name may mislead; what is there in truth is found by asking.
_SET_DIRECT = (
    "which cannot carry migrations: set it to the direct address of the database, or add"
    " pgbouncer=false to {} if there is no pooler or one that keeps sessions."
)
NO_DIRECT = (
    "DATABASE_URL_UNPOOLED is not set, and DATABASE_URL goes through a connection pooler, "
    + _SET_DIRECT.format("DATABASE_URL")
)
POOLED_DIRECT = "DATABASE_URL_UNPOOLED goes through a connection pooler, " + _SET_DIRECT.format(
    "it"
)


class SettingsError(PortalError):
    """Settings that cannot be used: `problems` has one sentence each, `str` one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
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
    """The checked settings. Times are in the unit of their name.

    Each is declared here and nowhere else: the sentence below it goes into docs/SETTINGS.md and
    .env.example.
    """

    database: Annotated[
        Dsn | None,
        Setting(
            parse=partial(read_dsn, variable="DATABASE_URL"),
            secret=True,
            name="DATABASE_URL",
            required=NO_DATABASE,
        ),
    ] = None
    """Required, except for `portal dev` and `portal test`, which never look at it. The database for
    requests; may go through a pooler."""
    direct: Annotated[
        Dsn | None,
        Setting(
            parse=partial(read_dsn, variable="DATABASE_URL_UNPOOLED"),
            secret=True,
            name="DATABASE_URL_UNPOOLED",
        ),
    ] = None
    """The same database without a pooler, for migrations, `prune`, `studio` and backups. Not needed
    when `DATABASE_URL` is direct."""
    direct_problem: str | None = None
    """Why `direct` is None."""
    db_pool_size: Annotated[int, Setting(1, 1000)] = 5
    """Connections per process. Without it, the `connection_limit` of `DATABASE_URL` counts."""
    db_wait_seconds: Annotated[int, Setting(0, 3600)] = 60
    """Seconds that the start waits for the database."""
    host: Annotated[str, Setting(parse=_host)] = "0.0.0.0"
    """The address to listen on."""
    port: Annotated[int, Setting(1, 65535)] = 3000
    """The port to listen on."""
    app_env: Annotated[Literal["production", "development"], Setting()] = "production"
    """`production` logs errors only; `development` also warnings and slow queries."""
    access_log: Annotated[bool, Setting()] = False
    """`true`: one line per request."""
    log_format: Annotated[Literal["text", "json", "google"], Setting()] = "text"
    """`text`: `[service/route] message {context}`; `json`: one object per line with the same
    fields; `google`: that with the `severity` that Cloud Logging reads, for Cloud Run and GKE."""
    seed_db: Annotated[bool, Setting()] = False
    """`true`: add the demo accounts at the start. Refused when `PUBLIC_URL` is a public address."""
    seed_history: Annotated[bool, Setting()] = True
    """With the demo accounts comes a past of twelve weeks. `false` leaves it out."""
    migrate_on_start: Annotated[bool, Setting()] = True
    """Bring the schema up to date at the start. With `false`, the service waits until that was done
    elsewhere."""
    admin_email: Annotated[str | None, Setting(parse=_email)] = None
    """The first admin, made when there is none yet."""
    admin_password: Annotated[str | None, Setting(secret=True)] = None
    """That admin's password, used once. Remove it afterwards."""
    public_url: Annotated[PublicUrl | None, Setting(parse=parse_public_url)] = None
    """The address people type, `https://learn.example.com`: a scheme and a host, no path. Without
    it people stay signed in over https and on this machine only; `http://192.168.1.5:3000`
    allows plain HTTP."""
    trusted_proxies: Annotated[tuple[Network, ...], Setting(parse=_networks)] = ()
    """Addresses and networks such as `10.0.0.0/8`, with commas between them, whose `X-Forwarded-*`
    headers are believed. Several lines of one header count as one list."""
    session_hours: Annotated[int, Setting(1, 8760)] = 24
    """Hours that a sign-in lasts."""
    time_zone: Annotated[str, Setting(parse=_time_zone)] = "UTC"
    """The time zone of people who have not chosen one, such as `Europe/Berlin`."""
    content_dir: Annotated[Path | None, Setting(parse=_folder)] = None
    """A folder with a course that replaces the shipped one."""
    shutdown_seconds: Annotated[int, Setting(1, 300)] = 8
    """Seconds that requests may take to finish after SIGTERM: less than the platform allows."""
    retain_days: Annotated[int, Setting(1, 36500)] = 400
    """Days that ended sign-ins, unused known devices and audit events are kept before
    `portal prune` removes them."""
    metrics_token: Annotated[str | None, Setting(secret=True, parse=_token)] = None
    """The bearer token that opens `/metrics` to anyone who has it."""
    otlp_endpoint: Annotated[str | None, Setting(name="OTEL_EXPORTER_OTLP_ENDPOINT")] = None
    """Where OpenTelemetry's collector takes OTLP over HTTP: `http://collector:4318`. Traces of
    requests are sent there, by the image whose tag ends in `-otel`. OpenTelemetry's other variables
    count as well."""
    otlp_traces_endpoint: Annotated[
        str | None, Setting(name="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    ] = None
    """The same for traces alone, with its path: `https://collector.example.com/v1/traces`."""
    otlp_headers: Annotated[str | None, Setting(secret=True, name="OTEL_EXPORTER_OTLP_HEADERS")] = (
        None
    )
    """What the collector wants to see: `authorization=Bearer%20KEY,x-tenant=portal`."""
    smtp_url: Annotated[Smtp | None, Setting(secret=True, parse=read_smtp)] = None
    """The mail server through which `portal digest` sends its mails: `smtp://user:password@host:587`,
    which begins with STARTTLS, or `smtps://` for TLS from the start. See [Mail](#mail)."""
    mail_from: Annotated[str | None, Setting(parse=_mailbox)] = None
    """The sender of mails: `learning@example.com` or `Learning <learning@example.com>`."""

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
        settings, problems = cls.read(environ, cwd=cwd, need_database=need_database)
        if problems:
            raise SettingsError(problems)
        return settings

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        cwd: Path | None = None,
        need_database: bool = True,
    ) -> tuple[Self, list[str]]:
        """Returns the settings and one sentence for each that cannot be used.

        Those have their default then, and when one of the database's is among them, `database` and
        `direct` are None.
        """
        folder = Path.cwd() if cwd is None else cwd
        values, problems = gather(os.environ if environ is None else environ, folder, SETTINGS)
        if "CONTENT_DIR" in values:
            values["CONTENT_DIR"] = str(folder / values["CONTENT_DIR"].strip())
        wanted = [s for s in SETTINGS if need_database or s.field not in DATABASE_FIELDS]
        found, refused = _read_each(wanted, values, problems)
        if refused & DATABASE_FIELDS:
            found = {field: value for field, value in found.items() if field not in DATABASE_FIELDS}
        elif need_database:
            found["direct"], found["direct_problem"] = _direct(
                found["database"], found.get("direct")
            )
            found.setdefault("db_pool_size", found["database"].pool_size or cls().db_pool_size)
        if "admin_password" in found and "admin_email" not in found:
            del found["admin_password"]
            if "admin_email" not in refused:
                problems.append("ADMIN_EMAIL is missing: ADMIN_PASSWORD is of no use without it.")
        return cls(**found), problems

    def require_direct(self) -> Dsn:
        """Returns the address for migrations; `CommandFailed` names the variable when there is
        none."""
        if self.direct is None:
            raise CommandFailed(self.direct_problem or "DATABASE_URL_UNPOOLED is not set.")
        return self.direct

    @property
    def migrated_elsewhere(self) -> bool:
        """Returns whether the address for migrations is absent by design: this process only
        serves, and another one migrates."""
        return not self.migrate_on_start and self.direct_problem == NO_DIRECT

    @property
    def demo_refused(self) -> bool:
        """Returns whether demo accounts are out of the question: the site has a public address."""
        return self.public_url is not None and not self.public_url.loopback

    @property
    def demo_mode(self) -> bool:
        return self.seed_db and not self.demo_refused

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        secret = {setting.field for setting in SETTINGS if setting.secret} - DATABASE_FIELDS
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        hidden = ((name, "…" if name in secret and value else value) for name, value in values)
        return [
            (name, _LOGIN.sub("//…@", value) if isinstance(value, str) else value)
            for name, value in hidden
        ]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"Settings({shown})"


def _read_each(
    wanted: Sequence[Setting], values: Mapping[str, str], problems: list[str]
) -> tuple[dict[str, Any], set[str]]:
    """Returns the values that are given, by field, and the fields whose value is refused, for each
    of which a sentence is added to `problems`."""
    found: dict[str, Any] = {}
    refused: set[str] = set()
    for setting in wanted:
        try:
            value = setting.read(values)
        except Refused as refusal:
            refused.add(setting.field)
            problems.append(f"{refusal.subject or setting.name} {refusal}")
        else:
            if value is not None:
                found[setting.field] = value
    return found, refused


def _direct(database: Dsn, direct: Dsn | None) -> tuple[Dsn | None, str | None]:
    """Returns the address for migrations, or None and why there is none."""
    if direct is None and not database.pooled:
        return database, None
    if direct is not None and not direct.pooled:
        return direct, None
    return None, NO_DIRECT if direct is None else POOLED_DIRECT


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


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise Refused("must be a folder that exists.")
    return Path(text)


def _matching(pattern: str, refusal: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise Refused(refusal)
        return text

    return parse


_ADDRESS = r"[^@\s<>]+@[^@\s<>]+"
_email = _matching(_ADDRESS, "must be an e-mail address.")
_mailbox = _matching(
    rf"{_ADDRESS}|[^<>\r\n]+ <{_ADDRESS}>", "must be an e-mail address, or a name and <address>."
)
_token = _matching(r"[!-~]+", "must consist of ASCII letters, digits and signs, without spaces.")


SETTINGS = declared_by(Settings)
