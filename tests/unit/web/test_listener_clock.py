"""What counts as waiting: by a clock that the test moves."""

from __future__ import annotations

from typing import Any

import pytest

from portal.web.listener import LIMITS, SWEEP_SECONDS, Listener
from tests.web.wire import connected


async def nobody(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no request is complete")


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n"])
async def test_the_time_of_a_freeze_does_not_count(sent: bytes) -> None:
    """What came meanwhile is still to be read, and is not late."""
    listener = Listener()
    async with connected(nobody, listener) as connection:
        if sent:
            connection.data_received(sent)
        now = connection.loop.time()
        listener.sweep([connection], now)
        now += 3600
        listener.sweep([connection], now)
        assert not connection.transport.is_closing()
        assert connection.refusal is None
        waited = 0.0
        while not connection.transport.is_closing() and connection.refusal is None:
            waited += SWEEP_SECONDS
            listener.sweep([connection], now + waited)
            assert waited < 60
        assert abs(waited - LIMITS.head_seconds) <= 2 * SWEEP_SECONDS


async def test_a_fault_with_one_connection_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener()
    async with connected(nobody, listener) as broken, connected(nobody, listener) as fine:

        def fail(now: float) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(broken, "check", fail)
        listener.sweep([broken, fine], fine.loop.time())
        assert broken.transport.is_closing()
        assert not fine.transport.is_closing()
    assert "ZeroDivisionError" in caplog.text
