"""What the server warns of while a connection is made, which nobody would see otherwise.

The driver adds listeners only to a connection that exists, and by then the notices have passed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import msgspec
from asyncpg import connect_utils

_notices: ContextVar[list[ServerNotice] | None] = ContextVar("notices", default=None)


class ServerNotice(msgspec.Struct, frozen=True):
    """`warning` is False for lower levels, such as NOTICE. `hint` is empty where there is none."""

    text: str
    hint: str
    warning: bool


@contextlib.contextmanager
def server_notices() -> Iterator[list[ServerNotice]]:
    """Yields a list to which each different notice is added once, by every connection that is made
    meanwhile, in this task or in those that it starts."""
    _install()
    notices: list[ServerNotice] = []
    token = _notices.set(notices)
    try:
        yield notices
    finally:
        _notices.reset(token)


class _Listener:
    """Stands in for the connection until there is one."""

    def __init__(self, notices: list[ServerNotice]) -> None:
        self._notices = notices

    def _process_log_message(self, fields: dict[str, str], _: str | None) -> None:
        notice = ServerNotice(
            fields.get("M", "").rstrip("."),
            fields.get("H", "").rstrip("."),
            fields.get("V", fields.get("S")) == "WARNING",
        )
        if notice not in self._notices:
            self._notices.append(notice)

    def __getattr__(self, _: str) -> Any:
        return lambda *_: None


def _install() -> None:
    protocol = connect_utils.protocol
    if getattr(protocol.Protocol, "listens", False):
        return

    class Listening(protocol.Protocol):  # type: ignore[misc, name-defined]
        listens = True

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            notices = _notices.get()
            if notices is not None:
                self.listener = _Listener(notices)  # the driver keeps a weak reference
                self.set_connection(self.listener)

    protocol.Protocol = Listening
