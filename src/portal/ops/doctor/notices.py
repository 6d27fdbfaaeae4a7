"""What the server says while a connection is made: warnings that nobody sees otherwise.

The driver's listeners can only be added to a connection that is there, when this has been said.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import msgspec
from asyncpg import connect_utils

_heard: ContextVar[list[Notice] | None] = ContextVar("heard", default=None)


class Notice(msgspec.Struct, frozen=True):
    """`warning` is False for what is only a remark. `hint` is empty where there is none."""

    text: str
    hint: str
    warning: bool


@contextlib.contextmanager
def heard() -> Iterator[list[Notice]]:
    """Yields the list that what servers say is added to, once each, by every connection made here
    and in the tasks that this one starts."""
    _install()
    notices: list[Notice] = []
    token = _heard.set(notices)
    try:
        yield notices
    finally:
        _heard.reset(token)


class _Listener:
    """Stands in for the connection until there is one."""

    def __init__(self, notices: list[Notice]) -> None:
        self._notices = notices

    def _process_log_message(self, fields: dict[str, str], _: str | None) -> None:
        notice = Notice(
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
            notices = _heard.get()
            if notices is not None:
                self.listener = _Listener(notices)  # the driver keeps a weak reference
                self.set_connection(self.listener)

    protocol.Protocol = Listening
