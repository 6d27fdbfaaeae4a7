"""A PostgreSQL that speaks TLS only and asks for client certificates, and a PgBouncer before it
that does the same, with an authority of the tests' own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from tests.conftest import find_tool
from tests.ops.command import free_port

START_SECONDS = 20.0
PASSWORD = "right-one"

# Whoever comes over the network shows a certificate; `certified` needs no password then.
_RULES = """\
local   all postgres             trust
hostssl all certified samehost   cert
hostssl all all       samehost   scram-sha-256 clientcert=verify-ca
"""
# What is asked of the pooler's clients, and shown to PostgreSQL. `lookup` reads the secrets of
# everybody else; no startup parameter is let through that PgBouncer does not track itself.
_POOLER = """\
[databases]
* = host=127.0.0.1 port={server_port}

[pgbouncer]
unix_socket_dir =
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = scram-sha-256
auth_user = lookup
auth_file = {folder}/users
admin_users = boss
pool_mode = transaction
default_pool_size = 2
server_login_retry = 1
query_wait_timeout = 1
client_tls_sslmode = verify-full
client_tls_ca_file = {folder}/authority.crt
client_tls_cert_file = {folder}/localhost.crt
client_tls_key_file = {folder}/localhost.key
server_tls_sslmode = verify-full
server_tls_ca_file = {folder}/authority.crt
server_tls_cert_file = {folder}/pooler.crt
server_tls_key_file = {folder}/pooler.key
"""


class Certificates:
    """An authority in a folder, and what it has signed: `NAME.crt` and `NAME.key` for each name."""

    def __init__(self, folder: Path, authority: str = "authority") -> None:
        self.folder = folder
        self.openssl = find_tool("openssl")
        self.authority = folder / f"{authority}.crt"
        self._signing = folder / f"{authority}.key"
        self._make(self.authority, self._signing, f"/CN={authority}")

    def issue(self, name: str) -> tuple[Path, Path]:
        """Returns the certificate of `name`, as a host and as a user, and its key."""
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        signed = ["-CA", str(self.authority), "-CAkey", str(self._signing)]
        names = f"subjectAltName=DNS:{name},IP:127.0.0.1"
        self._make(certificate, key, f"/CN={name}", "-addext", names, *signed)
        return certificate, key

    def query(self, name: str) -> str:
        """Returns the parameters of an address that shows the certificate of `name`, and checks
        that of the other side."""
        files = {
            "sslrootcert": self.authority,
            "sslcert": self.folder / f"{name}.crt",
            "sslkey": self.folder / f"{name}.key",
        }
        named = "&".join(f"{key}={quote(str(path), safe='')}" for key, path in files.items())
        return f"sslmode=verify-full&{named}"

    def _make(self, certificate: Path, key: Path, subject: str, *more: str) -> None:
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        files = ["-keyout", str(key), "-out", str(certificate)]
        command = [self.openssl, "req", "-x509", *kind, "-subj", subject, *files, *more]
        subprocess.run(command, check=True, capture_output=True)


class Secured:
    """A running PostgreSQL on a port of this machine that talks to nobody without a certificate.
    `owner` is whom it runs as, None for ourselves."""

    def __init__(self, certificates: Certificates, binaries: Path, owner: str | None) -> None:
        self.certificates = certificates
        self.folder = certificates.folder
        self.binaries = binaries
        self.owner = owner
        self.port = free_port()

    def admin_url(self, database: str = "postgres") -> str:
        """Returns the address for the tests' own statements, over its socket."""
        place = quote(str(self.folder), safe="")
        return f"postgresql://postgres@/{database}?host={place}&port={self.port}"

    def url(
        self, database: str, *, login: str = f"app:{PASSWORD}", query: str | None = None
    ) -> str:
        """Returns a direct address, with a password and a certificate unless told otherwise."""
        query = self.certificates.query("app") if query is None else query
        return f"postgresql://{login}@localhost:{self.port}/{database}?{query}"


class SecuredPooler:
    """A running PgBouncer before a `Secured` server."""

    def __init__(self, server: Secured, process: subprocess.Popen[bytes], port: int) -> None:
        self.server = server
        self.process = process
        self.port = port

    def url(
        self, database: str, *, login: str = f"app:{PASSWORD}", query: str | None = None
    ) -> str:
        """As `Secured.url`, through the pooler, which nothing in it shows."""
        direct = self.server.url(database, login=login, query=query)
        return direct.replace(f":{self.server.port}/", f":{self.port}/")

    def console(self, command: str) -> None:
        """Have its console run a command."""
        named = self.server.certificates
        where = f"host=localhost port={self.port} user=boss password=boss dbname=pgbouncer"
        tls = f"sslmode=verify-full sslrootcert={named.authority}"
        shown = f"sslcert={named.folder}/app.crt sslkey={named.folder}/app.key"
        subprocess.run(
            [self.server.binaries / "psql", "-X", "-d", f"{where} {tls} {shown}", "-c", command],
            check=True,
            capture_output=True,
        )


@contextlib.contextmanager
def run_secured(owner: str | None) -> Iterator[Secured]:
    """Run such a server as the user `owner` (None: as ourselves), and stop it at the end. `app` and
    `certified` are users that have certificates. The embedded PostgreSQL is built without TLS, so
    this is the system's."""
    binaries = Path(find_tool("initdb")).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="secured-"))
    try:
        certificates = Certificates(folder)
        for name in ("localhost", "pooler", "app", "certified"):
            certificates.issue(name)
        server = Secured(certificates, binaries, owner)
        folder.chmod(0o755)
        for path in (folder, *folder.glob("localhost.*"), *folder.glob("pooler.*")):
            if owner is not None:
                shutil.chown(path, owner)
        data = folder / "data"
        environment = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
        subprocess.run(
            [
                str(binaries / "initdb"),
                *("-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D"),
                str(data),
            ],
            user=owner,
            cwd="/",
            env=environment,
            check=True,
            capture_output=True,
        )
        (data / "pg_hba.conf").write_text(_RULES, encoding="utf-8")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(server.port),
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "ssl": "on",
            "ssl_ca_file": str(certificates.authority),
            "ssl_cert_file": str(folder / "localhost.crt"),
            "ssl_key_file": str(folder / "localhost.key"),
        }
        options = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
        command = [str(binaries / "postgres"), "-D", str(data), *options]
        asked = [str(binaries / "pg_isready"), "-h", str(folder), "-p", str(server.port)]

        def is_ready() -> bool:
            return subprocess.run(asked, capture_output=True, check=False).returncode == 0

        with _running(command, folder / "log", owner, is_ready, environment):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def run_secured_pooler(binary: str, server: Secured) -> Iterator[SecuredPooler]:
    """Run PgBouncer before it, and stop it at the end. The role `lookup` with the password `lookup`
    has to exist, and one `stale` may, whose password the pooler knows as `PASSWORD`."""
    port, folder = free_port(), server.folder
    config, users = folder / "pgbouncer.ini", folder / "users"
    config.write_text(
        _POOLER.format(folder=folder, port=port, server_port=server.port), encoding="utf-8"
    )
    known = {"lookup": "lookup", "boss": "boss", "stale": PASSWORD}
    lines = (f'"{name}" "{password}"\n' for name, password in known.items())
    users.write_text("".join(lines), encoding="utf-8")

    def listens() -> bool:
        with socket.socket() as knocking:
            return knocking.connect_ex(("127.0.0.1", port)) == 0

    log = folder / "pgbouncer.log"
    with _running([binary, str(config)], log, server.owner, listens) as process:
        yield SecuredPooler(server, process, port)


@contextlib.contextmanager
def _running(
    command: list[str],
    log: Path,
    user: str | None,
    is_ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block, which begins when it is ready."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, user=user, cwd="/", env=environment
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"it does not start: {log.read_text(encoding='utf-8')}")
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()
