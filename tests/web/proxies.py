"""The proxies with the files of `deploy/`, before a portal on this machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.ops.command import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"


def haproxy_file(port: int, portal: int) -> str:
    """Returns deploy's file with a portal of this machine in the place of Docker's."""
    text = (DEPLOY / "compose/haproxy.cfg").read_text(encoding="utf-8")
    placed = text.replace("bind :3000", f"bind 127.0.0.1:{port}").replace(
        "server-template web 10 web:3000 resolvers docker init-addr none",
        f"server web1 127.0.0.1:{portal}",
    )
    assert placed.count(f"127.0.0.1:{portal}") == 2
    return placed


def caddy_file(portal: int) -> str:
    """Returns deploy's file with a portal of this machine in the place of the two."""
    text = (DEPLOY / "vps/Caddyfile").read_text(encoding="utf-8")
    placed = text.replace("web:3000 web2:3000", f"127.0.0.1:{portal}")
    assert placed.count(f"127.0.0.1:{portal}") == 2
    return "{\n\tadmin off\n}\n" + placed


@contextlib.contextmanager
def haproxy(program: str, portal: int) -> Iterator[int]:
    """Yields the port on which HAProxy takes requests for the portal on the other."""
    port = free_port()
    with _run([program, "-f"], haproxy_file(port, portal), "haproxy.cfg"):
        yield port


@contextlib.contextmanager
def caddy(program: str, portal: int) -> Iterator[int]:
    """Yields the port on which Caddy takes requests, without TLS, for the portal on the other."""
    port = free_port()
    command = [program, "run", "--adapter", "caddyfile", "--config"]
    with _run(command, caddy_file(portal), "Caddyfile", DOMAIN=f"http://localhost:{port}"):
        yield port


@contextlib.contextmanager
def _run(command: list[str], text: str, name: str, **environment: str) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="proxy-") as folder:
        file = Path(folder) / name
        file.write_text(text, encoding="utf-8")
        process = subprocess.Popen(
            [*command, str(file)],
            env={**os.environ, "HOME": folder, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
