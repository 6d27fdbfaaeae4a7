"""The program `portal`, which `python -m portal` is too."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn


def _terminated(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


def main() -> NoReturn:
    """Run one command, as the command line says."""
    # Before anything is imported that takes time: process 1 of a container ignores a signal without
    # a handler, and what is open (an embedded server, a migration's child) must be closed on the
    # way out.
    signal.signal(signal.SIGTERM, _terminated)
    from portal import cli

    cli.main()


if __name__ == "__main__":
    main()
