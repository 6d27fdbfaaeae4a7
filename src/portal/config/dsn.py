"""Reads a database address as the providers hand it out.

Prisma, Neon, Supabase and Vercel put parameters into it that neither asyncpg nor libpq knows, and
both drivers fill what is missing from `PG*` variables. `parse_dsn` understands the parameters, and
a `Dsn` states everything, so that the address alone decides where a connection goes.

No message, `repr` or list of names ever holds a part of the password or of the raw value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from msgspec import Struct

from portal.config.addresses import ip_address, is_socket
from portal.config.environment import Refused
from portal.config.parameters import NO, USED, check_parameters
from portal.config.poolers import looks_pooled
from portal.config.tls import Tls, binds_channel, read_tls

SESSION_ATTRIBUTES = ("any", "primary", "standby", "prefer-standby", "read-write", "read-only")
DEFAULT_PORT = 5432

# What leads to a database behind one address that many share. Poolers take it in.
_PROVIDER_OPTIONS = ("endpoint=", "project=", "reference=", "databaseid=")
_HOST_NAME = re.compile(r"[\w.-]+")
_PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,62}")


class DsnError(ValueError):
    """The address cannot be used; the message is one sentence that starts with the variable."""


class Dsn(Struct, frozen=True, kw_only=True):
    """A database address, checked and complete. Times are in seconds, None where none was given.

    `pool_size` and `acquire_timeout` are Prisma's `connection_limit` and `pool_timeout`. `ignored`
    holds the names of the parameters that have no effect here.
    """

    variable: str
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    user: str
    password: str
    database: str
    tls: Tls
    server_settings: dict[str, str]
    target_session_attrs: str = "any"
    connect_timeout: float | None = None
    command_timeout: float | None = None
    pool_size: int | None = None
    acquire_timeout: float | None = None
    pooled: bool = False
    ignored: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Returns the first host: a name, an address, or the folder of a socket."""
        return self.hosts[0]

    @property
    def port(self) -> int:
        return self.ports[0]

    def connect_kwargs(self) -> dict[str, Any]:
        """Returns the arguments of `asyncpg.connect`; they hold the password, so never log them.

        Everything that asyncpg would otherwise take from `PG*` variables or a password file is
        stated. The TLS context is built on the first call that needs one and shared afterwards.
        """
        single = len(self.hosts) == 1
        arguments: dict[str, Any] = {
            "host": self.hosts[0] if single else list(self.hosts),
            "port": self.ports[0] if single else list(self.ports),
            "user": self.user,
            "password": self.password,  # "" rather than None, which would mean PGPASSWORD
            "database": self.database,
            "ssl": self.tls.argument(),
            "direct_tls": self.tls.direct,
            "krbsrvname": "postgres",
            "gsslib": "gssapi",
            "target_session_attrs": self.target_session_attrs,
            "server_settings": dict(self.server_settings),
        }
        if self.connect_timeout is not None:
            arguments["timeout"] = self.connect_timeout
        if self.command_timeout is not None:
            arguments["command_timeout"] = self.command_timeout
        if self.pooled:
            arguments["statement_cache_size"] = 0
        return arguments

    def pooler_settings(self) -> dict[str, str]:
        """Returns those of `server_settings` that poolers understand. PgBouncer refuses others."""
        known = {"application_name": self.server_settings["application_name"]}
        if self.server_settings.get("options", "").startswith(_PROVIDER_OPTIONS):
            known["options"] = self.server_settings["options"]
        return known

    def libpq_url(self) -> str:
        """Returns the address for psql and pg_dump, without the password; see `libpq_env`."""
        places = ",".join(map(_libpq_place, self.hosts, self.ports))
        parameters = self.libpq_parameters().items()
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters)
        user, database = quote(self.user, safe=""), quote(self.database, safe="")
        return f"postgresql://{user}@{places}/{database}?{query}"

    def libpq_parameters(self) -> dict[str, str]:
        """Returns what libpq has to know beside places, user and database."""
        parameters = self.tls.libpq()
        if self.connect_timeout is not None:
            parameters["connect_timeout"] = str(max(1, round(self.connect_timeout)))
        if self.target_session_attrs != "any":
            parameters["target_session_attrs"] = self.target_session_attrs
        for name in ("application_name", "options"):
            if name in self.server_settings:
                parameters[name] = self.server_settings[name]
        return parameters

    def libpq_env(self) -> dict[str, str]:
        """Returns the variables that psql and pg_dump need beside `libpq_url`."""
        return {"PGPASSWORD": self.password}

    def __str__(self) -> str:
        return f"{','.join(self.hosts)}/{self.database}"

    def __repr__(self) -> str:
        return f"Dsn({self})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("", str(self))]


def parse_dsn(raw: str, *, variable: str, pooled: bool | None = None) -> Dsn:
    """Returns what the address `raw`, the value of `variable`, says.

    `pooled` overrules what the address itself shows about a connection pooler. Raises DsnError.
    """
    try:
        return read_dsn(raw, variable=variable, pooled=pooled)
    except Refused as refusal:
        raise DsnError(f"{variable} {refusal}") from None


def read_dsn(raw: str, *, variable: str, pooled: bool | None = None) -> Dsn:
    """Returns the same as `parse_dsn`; raises Refused."""
    authority, path, query = _split(raw)
    login, _, places = authority.rpartition("@")  # the last one: a password may hold a raw "@"
    user, _, password = login.partition(":")
    parameters = _parameters(query)

    hosts, ports = _places(places, parameters)
    database = parameters.get("dbname") or parameters.get("database") or _decode(path)
    user = parameters.get("user") or _decode(user)
    password = parameters.get("password") or _decode(password)
    if not database:
        raise Refused("names no database: it ends in /NAME, before any question mark.")
    if not user:
        raise Refused("names no user: it goes before the host, as in user:password@host.")

    said = parameters.get("pgbouncer")
    if pooled is None and said is not None:
        pooled = said.lower() not in NO
    elif pooled is None:
        named = zip(hosts, ports, strict=True)
        pooled = any(looks_pooled(host, port, database) for host, port in named)
    attributes = parameters.get("target_session_attrs", "any")
    if attributes not in SESSION_ATTRIBUTES:
        known = ", ".join(SESSION_ATTRIBUTES)
        raise Refused(f"has a target_session_attrs that is none of {known}.")
    limit = parameters.get("connection_limit")
    check_parameters(parameters)
    tls, server_settings = read_tls(parameters, hosts), _server_settings(parameters, pooled=pooled)
    return Dsn(
        variable=variable,
        hosts=hosts,
        ports=ports,
        user=user,
        password=password,
        database=database,
        tls=tls,
        server_settings=server_settings,
        target_session_attrs=attributes,
        connect_timeout=_seconds(parameters, "connect_timeout"),
        command_timeout=_seconds(parameters, "socket_timeout"),
        pool_size=None if limit is None else _whole("connection_limit", limit, 1, 1000),
        acquire_timeout=_seconds(parameters, "pool_timeout"),
        pooled=pooled,
        ignored=tuple(sorted(_ignored(parameters, tls))),
    )


def _parameters(query: str) -> dict[str, str]:
    """Returns the parameters by their names in lower case; those that are known decoded, but for
    the hosts, which are separated first."""
    pairs = (part.partition("=") for part in query.split("&"))
    raw = {_decode(name).strip().lower(): value for name, _, value in pairs if name and value}
    return {
        name: _decode(value) if name in USED - {"host"} else value for name, value in raw.items()
    }


def _ignored(parameters: Mapping[str, str], tls: Tls) -> Iterator[str]:
    """The names of the parameters that have no effect here."""
    if "password" not in parameters:  # a raw "&" in it makes the rest of it look like a name
        yield from filter(_PARAMETER_NAME.fullmatch, parameters.keys() - USED)
    if "sslrootcert" in parameters and not tls.verified:
        yield "sslrootcert"
    if "sslcert" in parameters and tls.certificate is None:
        yield from parameters.keys() & {"sslcert", "sslkey"}
    if binds_channel(parameters) and not tls.verified:
        yield "channel_binding"


def _split(raw: str) -> tuple[str, str, str]:
    """Returns what stands before the path, the path without its slash, and the query."""
    scheme, separator, rest = raw.strip(" \t\r\n'\"").partition("://")
    scheme = scheme.lower()
    if separator and scheme in ("prisma", "prisma+postgres"):
        raise Refused(
            "is a Prisma Accelerate address, which only Prisma's own client understands:"
            " use the direct postgres:// address of the same database."
        )
    if not separator or scheme.partition("+")[0] not in ("postgres", "postgresql"):
        raise Refused("must start with postgres:// or postgresql://.")
    if not rest.isprintable():
        raise Refused("holds a line break or another control character.")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    beyond = rest[len(authority) :]
    if "#" in beyond or "@" in beyond:
        # A password that is cut short here would end up in a host name, and then in a log.
        raise Refused(
            "holds a raw '/', '?', '#' or '@' where it cannot be told what it belongs to:"
            " percent-encode them in the password and in parameters (%2F, %3F, %23, %40)."
        )
    path, _, query = beyond.partition("?")
    return authority, path.removeprefix("/"), query


def _decode(text: str) -> str:
    try:
        decoded = unquote(text, errors="strict")  # a "+" is a plus sign here, not a space
    except UnicodeDecodeError:
        decoded = None
    if decoded is None:  # raised out here, because that exception holds the bytes it choked on
        raise Refused("holds percent-encoded bytes that are not UTF-8.")
    if "\0" in decoded:
        raise Refused("holds a NUL character.")
    return decoded


def _places(text: str, parameters: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Returns hosts and ports; parameters of these names win over what stands before the path."""
    written = [_host_and_port(part) for part in text.split(",")]
    if "hostaddr" in parameters and ("host" in parameters or any(host for host, _ in written)):
        raise Refused(
            "has a host and a hostaddr: keep the host, whose name the certificate is compared with,"
            " or the hostaddr alone."
        )
    given = parameters.get("host", parameters.get("hostaddr"))
    places = written if given is None else [_host_and_port(part) for part in given.split(",")]
    places = [place for place in places if place[0]]
    if not places:
        raise Refused("names no host: it goes between the '@' and the database.")

    ports = [port for _, port in places]
    if "port" in parameters:
        ports = parameters["port"].split(",")
    elif given is not None and not any(ports):
        ports = [port for _, port in written]
    if len(ports) == 1:
        ports *= len(places)
    if len(ports) != len(places):
        raise Refused("does not have as many ports as hosts.")
    numbers = (_whole("port", port, 1, 65535) if port else DEFAULT_PORT for port in ports)
    return tuple(host for host, _ in places), tuple(numbers)


def _host_and_port(text: str) -> tuple[str, str]:
    """Returns a host and its port, each empty where it is not given."""
    port = ""
    if text.startswith("["):
        text, bracket, tail = text[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")):
            raise Refused("names a host that cannot be read.")
        port = tail[1:]
    elif not text.startswith("/") and text.count(":") == 1:
        text, _, port = text.partition(":")
    host = _decode(text)
    if not _is_readable(host):
        raise Refused("names a host that cannot be read.")
    return host, port


def _is_readable(host: str) -> bool:
    """Returns False for a name that no resolver takes, as with an empty or too long part."""
    if not host or is_socket(host) or ip_address(host):
        return True
    try:
        return bool(_HOST_NAME.fullmatch(host)) and len(host.encode("idna")) < 254
    except UnicodeError:
        return False


def _server_settings(parameters: Mapping[str, str], *, pooled: bool) -> dict[str, str]:
    fallback = parameters.get("fallback_application_name", "portal")
    settings = {"application_name": parameters.get("application_name", fallback)}
    schema = parameters.get("schema")
    if schema and schema != "public":
        if pooled:
            raise Refused(
                "has a schema other than public, which a pooler cannot carry: leave it out and"
                " set it for the role, with ALTER ROLE … SET search_path."
            )
        settings["search_path"] = '"' + schema.replace('"', '""') + '"'
    options = parameters.get("options")
    if options:
        if pooled and not options.startswith(_PROVIDER_OPTIONS):
            raise Refused(
                "has options, which a pooler cannot carry: leave them out and set them for the"
                " role, with ALTER ROLE … SET."
            )
        settings["options"] = options
    return settings


def _whole(name: str, text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise Refused(f"has a {name} that is not a whole number from {low} to {high}.")
    return int(text)


def _seconds(parameters: Mapping[str, str], name: str) -> float | None:
    """Returns the time; 0, which elsewhere means for ever, counts as not given."""
    text = parameters.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text):
        raise Refused(f"has a {name} that is not a number of seconds.")
    return float(text) or None


def _libpq_place(host: str, port: int) -> str:
    bracketed = ":" in host and not is_socket(host)
    return f"[{quote(host, safe=':')}]:{port}" if bracketed else f"{quote(host, safe='')}:{port}"
