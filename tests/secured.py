"""A PostgreSQL that speaks TLS only and asks for client certificates, and what a PgBouncer before it
needs: an authority of the tests' own, and certificates from it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from tests.conftest import find_tool

START_SECONDS = 20.0
PASSWORD = "right-one"

# Whoever comes over the network shows a certificate of the authority; `certified` needs no password.
_RULES = """\
local   all postgres                 trust
hostssl all certified samehost       cert
hostssl all all       samehost       scram-sha-256 clientcert=verify-ca
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
        self._make(certificate, key, f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1", *signed)
        return certificate, key

    def query(self, name: str) -> str:
        """Returns the parameters of an address that shows the certificate of `name`, and checks
        that of the other side."""
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        files = {"sslrootcert": self.authority, "sslcert": certificate, "sslkey": key}
        named = "&".join(f"{key}={quote(str(path), safe='')}" for key, path in files.items())
        return f"sslmode=verify-full&{named}"

    def _make(self, certificate: Path, key: Path, subject: str, *more: str) -> None:
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        files = ["-keyout", str(key), "-out", str(certificate)]
        command = [self.openssl, "req", "-x509", *kind, "-subj", subject, *files, *more]
        subprocess.run(command, check=True, capture_output=True)


class Secured:
    """A running PostgreSQL on a port of this machine that talks to nobody without a certificate."""

    def __init__(self, certificates: Certificates, sockets: Path, binaries: Path, port: int) -> None:
        self.certificates = certificates
        self.sockets = sockets
        self.binaries = binaries
        self.port = port

    def admin_url(self, database: str = "postgres") -> str:
        """Returns the address for the tests' own statements, over its socket."""
        place = quote(str(self.sockets), safe="")
        return f"postgresql://postgres@/{database}?host={place}&port={self.port}"

    def url(self, database: str, user: str = "app") -> str:
        """Returns the direct address of somebody who has a password and a certificate."""
        query = self.certificates.query(user)
        return f"postgresql://{user}:{PASSWORD}@localhost:{self.port}/{database}?{query}"


def free_port() -> int:
    """Returns a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def run_secured(owner: str | None) -> Iterator[Secured]:
    """Run such a server as the user `owner` (None: as ourselves), and stop it at the end.
    `localhost`, `app` and `certified` have certificates. The embedded PostgreSQL is built without
    TLS, so this is the system's."""
    binaries = Path(find_tool("initdb")).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="secured-"))
    try:
        certificates = Certificates(folder)
        for name in ("localhost", "app", "certified"):
            certificates.issue(name)
        hand_over(folder, owner)
        data, port = folder / "data", free_port()
        environment = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
        subprocess.run(
            [binaries / "initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", data],
            user=owner, cwd="/", env=environment, check=True, capture_output=True,
        )  # fmt: skip
        (data / "pg_hba.conf").write_text(_RULES, encoding="utf-8")
        settings = {
            "listen_addresses": "127.0.0.1", "port": str(port), "fsync": "off", "ssl": "on",
            "unix_socket_directories": str(folder), "password_encryption": "scram-sha-256",
            "ssl_ca_file": str(certificates.authority),
            "ssl_cert_file": str(folder / "localhost.crt"),
            "ssl_key_file": str(folder / "localhost.key"),
        }  # fmt: skip
        options = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
        command = [str(binaries / "postgres"), "-D", str(data), *options]
        with running(command, folder / "log", owner, environment) as process:
            running_server = Secured(certificates, folder, binaries, port)
            wait_for(lambda: _answers(running_server), process, folder / "log")
            yield running_server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hand_over(folder: Path, owner: str | None) -> None:
    """Let everybody into the folder, and give `owner` what is in it; keys stay private."""
    folder.chmod(0o755)
    for path in (folder, *folder.iterdir()):
        if path.suffix == ".key":
            path.chmod(0o600)
        if owner is not None:
            shutil.chown(path, owner)


@contextlib.contextmanager
def running(
    command: list[str], log: Path, user: str | None, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block; what it says goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, user=user, cwd="/", env=environment
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(answers: object, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until `answers()` is true; RuntimeError with the log when the program ends before."""
    deadline = time.monotonic() + START_SECONDS
    while not answers():  # type: ignore[operator]
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"it does not start: {log.read_text(encoding='utf-8')}")
        time.sleep(0.02)


def _answers(server: Secured) -> bool:
    tool = [server.binaries / "pg_isready", "-h", server.sockets, "-p", str(server.port)]
    return subprocess.run(tool, capture_output=True, check=False).returncode == 0
