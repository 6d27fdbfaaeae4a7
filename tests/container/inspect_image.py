"""What must not be in the image, and what must. verify.sh feeds it to the Python of the image.

Arguments: the names of packages that only development needs. Prints `ok` and `FAIL` lines.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

SITE = Path(sys.prefix)
LEAKS = frozenset((".git", ".env", ".env.local", ".venv", ".netrc", "id_rsa", "id_ed25519"))
NOT_OURS = frozenset(("/dev", "/proc", "/sys"))


def say(good: bool, text: str) -> None:
    print(f"{'ok  ' if good else 'FAIL'} {text}")


def everything() -> Iterator[Path]:
    """Every file and folder of the image that its user may see."""
    for folder, folders, files in os.walk("/"):
        if folder == "/":
            folders[:] = [name for name in folders if f"/{name}" not in NOT_OURS]
        for name in (*folders, *files):
            yield Path(folder, name)


def main(development: list[str]) -> None:
    installed = {
        re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower()
        for d in importlib.metadata.distributions()
    }
    found = sorted(installed & set(development))
    say(
        not found and bool(development),
        f"none of {len(development)} development packages among {len(installed)}"
        f" {' '.join(found)}".rstrip(),
    )
    tools = [name for name in ("pip", "ensurepip", "setuptools") if importlib.util.find_spec(name)]
    say(not tools, f"no installer {' '.join(tools)}".rstrip())

    privileged, leaks, writable = [], [], []
    for path in everything():
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
            privileged.append(str(path))
        if path.name in LEAKS:
            leaks.append(str(path))
        if stat.S_ISREG(mode) and path.is_relative_to(SITE) and os.access(path, os.W_OK):
            writable.append(str(path))
    say(not privileged, f"no file with another user's rights {' '.join(privileged)}".rstrip())
    say(not leaks, f"no .git, .env or key file {' '.join(leaks)}".rstrip())
    say(not writable, f"its user cannot write to its code {' '.join(writable[:3])}".rstrip())
    say(os.getuid() >= 1000, f"runs as uid {os.getuid()}, gid {os.getgid()}")

    # GPG_KEY is the public key that the base image's source was checked with.
    secret = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL", re.IGNORECASE)
    secrets = [name for name in os.environ if secret.search(name) and name != "GPG_KEY"]
    say(not secrets, f"no secret in the environment {' '.join(secrets)}".rstrip())

    import portal.cli.server  # noqa: F401 - for the modules that it loads

    loaded = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    sources = {file for file in loaded if file.endswith(".py")}
    sources |= {str(path) for path in SITE.rglob("*.py")}
    bare = [s for s in sources if not Path(importlib.util.cache_from_source(s)).exists()]
    say(not bare, f"bytecode for {len(sources)} modules {' '.join(bare[:3])}".rstrip())


if __name__ == "__main__":
    main(sys.argv[1:])
