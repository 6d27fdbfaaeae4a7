"""An image registry on this machine, so that a rollback pulls its image by tag."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

CONFIGURATION = """
version: 0.1
log:
  level: error
storage:
  filesystem:
    rootdirectory: {folder}
http:
  addr: {address}
"""


class Registry:
    """Debian's docker-registry on a free port; `address` is how images name it."""

    def __enter__(self) -> Self:
        program = shutil.which("docker-registry")
        if program is None:
            sys.exit("docker-registry is missing: apt-get install docker-registry")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self._folder = Path(tempfile.mkdtemp(prefix="portal-registry-"))
        configuration = self._folder / "config.yml"
        configuration.write_text(
            CONFIGURATION.format(folder=self._folder / "images", address=self.address),
            encoding="utf-8",
        )
        self._process = subprocess.Popen(
            [program, "serve", str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OTEL_TRACES_EXPORTER": "none"},
        )
        self._names: list[str] = []
        host, port = self.address.split(":")
        deadline = time.monotonic() + 20
        while socket.socket().connect_ex((host, int(port))) != 0:
            if time.monotonic() > deadline or self._process.poll() is not None:
                sys.exit("docker-registry does not start")
            time.sleep(0.05)
        return self

    def push(self, image: str, name: str) -> None:
        """Push a local image under a name and tag; here it is known by its own name only."""
        tagged = f"{self.address}/{name}"
        self._names.append(tagged)
        for command in (["tag", image, tagged], ["push", "-q", tagged], ["image", "rm", tagged]):
            subprocess.run(["docker", *command], check=True, stdout=subprocess.DEVNULL)

    def __exit__(self, *_: object) -> None:
        for name in self._names:
            subprocess.run(
                ["docker", "image", "rm", name],
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
