"""The listener: uvicorn's HTTP protocol with limits of time, size and number.

Every wait of a connection has an end, nothing of any length is kept in memory, and there is always
room for the probes. What uvicorn would take for another protocol is answered as plain HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import sys
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final, cast

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from portal.web import refusals
from portal.web.refusals import Refusal

log = logging.getLogger("serve/listen")

MOST: Final = 4000  # connections, however many files may be open: some 10 kB each
LEAST: Final = 8
SPARE: Final = 8  # connections beyond the room, which only probes may use
RESERVED: Final = 32  # files for logs, the loop, the release, films
MOST_IN_LINE: Final = 128  # requests sent at once on one connection
SWEEP_SECONDS: Final = 0.5
LINGER_SECONDS: Final = 2.0  # in which a refusal is read before the connection is cut
TELL_SECONDS: Final = 60.0  # between two lines that say the same


class Limits(msgspec.Struct, frozen=True):
    """How long, in seconds, and how large; `connections` is 0 where the files decide."""

    head_seconds: float = 10.0
    body_seconds: float = 30.0  # without a byte of it
    write_seconds: float = 60.0  # without a byte being taken by the client
    idle_seconds: float = 75.0  # longer than a proxy keeps a connection
    farewell_seconds: float = 1.0  # in which a proxy may still send, on a signal to end
    head_bytes: int = 64 * 1024
    connections: int = 0


LIMITS: Final = Limits()


class Reading(enum.Enum):
    """What a connection is in the middle of sending us."""

    NOTHING = enum.auto()  # since it was made
    HEAD = enum.auto()
    BODY = enum.auto()
    BETWEEN = enum.auto()  # after a whole request
    OVER = enum.auto()  # it was refused


def room_for(pool_size: int) -> int:
    """Returns how many connections may be open beside the database's, with the files in reserve."""
    if sys.platform == "win32":
        return 500
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST
    reserved = max(RESERVED, files // 8) + pool_size + SPARE
    return max(LEAST, min(MOST, files - reserved))


class Listener:
    """Makes the connections of a server, and holds what they share.

    `resting` are the connections without a request in hand, longest first: where there is no room
    for a new one, the first of them goes. When all have work, a new one can only ask the probes.
    With `lingers`, an end is announced to idle connections by the answer to a last request.
    """

    def __init__(self, limits: Limits = LIMITS, *, pool_size: int = 0) -> None:
        self.limits = limits
        self.room = limits.connections or room_for(pool_size)
        self.resting: OrderedDict[Connection, None] = OrderedDict()
        self.lingers = False
        self._told = 0.0
        self._swept = 0.0

    def __call__(self, **given: Any) -> Connection:
        """Uvicorn calls this as the class of its protocol."""
        return Connection(self, **given)

    def rest(self, connection: Connection) -> None:
        """Note that a connection has no request in hand from now on."""
        self.resting[connection] = None

    def admit(self, connection: Connection) -> None:
        """Make room for a new connection, which has not sent anything yet."""
        self.rest(connection)
        number = len(connection.connections)
        if number <= self.room:
            return
        self._tell(connection.loop.time())
        crowded = number > self.room + SPARE
        oldest = next(iter(self.resting))
        if oldest is connection and not crowded:
            connection.spare = True
            return
        connection.spare = oldest.spare  # whose place it takes
        del self.resting[oldest]
        if crowded:
            oldest.transport.abort()
        else:
            oldest.transport.close()

    def _tell(self, now: float) -> None:
        if self._told and now - self._told < TELL_SECONDS:
            return
        self._told = now
        log.error(
            "all %d connections that fit are open: the longest idle ones are closed for new ones",
            self.room,
        )

    def sweep(self, connections: Iterable[object], now: float) -> None:
        """End what has waited for too long. Called every `SWEEP_SECONDS`, as far as possible.

        The time in which the process did not run counts for nobody: after a freeze, what arrived
        meanwhile is still to be read.
        """
        frozen = now - self._swept - SWEEP_SECONDS if self._swept else 0.0
        self._swept = now
        for each in list(connections):
            connection = cast("Connection", each)
            if frozen > SWEEP_SECONDS:
                connection.since += frozen
                connection.unsent_since += frozen
            try:
                connection.check(now)
            except Exception as error:  # of one connection, which must not end the server
                log.error("%s", type(error).__name__, exc_info=error)
                connection.transport.abort()


class Connection(HttpToolsProtocol):
    """One connection. `since` is when its present wait began, in seconds of the loop."""

    def __init__(self, listener: Listener, **given: Any) -> None:
        super().__init__(**given)
        self.listener = listener
        self.limits = listener.limits
        self.reading = Reading.NOTHING
        self.since = 0.0
        self.size = 0  # bytes of the head, or of the trailers
        self.standing = 0  # bytes received since something was understood
        self.moved = False
        self.unanswered = 0
        self.unsent = 0
        self.unsent_since = 0.0
        self.spare = False
        self.leaving = False
        self.refusal: Refusal | None = None

    # From the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.since = self.loop.time()
        self.listener.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.listener.resting.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.refusal is not None:
            return
        if self.reading in (Reading.NOTHING, Reading.BETWEEN):
            if not data.strip(b"\r\n"):
                return  # an empty line before a request is nothing
            if self.reading is Reading.BETWEEN:
                self.since = self.loop.time()
            self.reading = Reading.HEAD
        self._unset_keepalive_if_required()
        self.moved = False
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            unreadable = Refusal(400, refusals.UNREADABLE)
            self.refuse(cause if isinstance(cause, Refusal) else unreadable)
            return
        self.standing = 0 if self.moved else self.standing + len(data)
        if self.standing > self.limits.head_bytes:
            self.refuse(self._too_long())

    def _feed(self, data: bytes) -> None:
        """Parse; an offer to change the protocol is ignored.

        The parser ends a request at such an offer, before its body. It is told the head again
        without the offer, by which the body is part of the request as of any other.
        """
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
            else:
                return
            head = refusals.without_upgrade(
                self.parser.get_method(), self.url, self.parser.get_http_version(), self.headers
            )
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self.parser.feed_data(head)
            if not data:
                return

    # From the parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self.reading is not Reading.HEAD:
            self.reading = Reading.HEAD
            self.since = self.loop.time()
        self.size = 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        if self.reading is Reading.HEAD:  # after a body, they must not add to the head
            super().on_header(name, value)

    def _count(self, number: int) -> None:
        self.size += number
        if self.size > self.limits.head_bytes:
            raise self._too_long()

    def _too_long(self) -> Refusal:
        kilobytes = self.limits.head_bytes // 1024
        return Refusal(431, f"The headers of this request are longer than {kilobytes} kB.")

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise Refusal(405, "This server is no proxy.", (b"allow", b"GET, HEAD, POST"))
            return
        self.url = refusals.check_head(self.parser.get_http_version(), self.url, self.headers)
        spare = self.spare and len(self.connections) > self.listener.room
        if spare and not refusals.is_probe(self.url):
            raise Refusal(503, refusals.BUSY, (b"retry-after", b"5"), path=self.url)
        if len(self.pipeline) >= MOST_IN_LINE:
            raise Refusal(400, "These are too many requests at once on one connection.")
        super().on_headers_complete()
        if spare or self.leaving:
            self.cycle.keep_alive = False
        self.unanswered += 1
        self.listener.resting.pop(self, None)
        self.reading = Reading.BODY
        self.since = self.loop.time()
        self.moved = True

    def on_body(self, body: bytes) -> None:
        self.moved = True
        if not self.cycle.response_complete:  # the rest after an early answer must come to an end
            self.since = self.loop.time()
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self.reading = Reading.BETWEEN
        self.since = self.loop.time()
        self.moved = True

    # From the application and the server

    def on_response_complete(self) -> None:
        self.unanswered -= 1
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self.pipeline:
            self.flow.pause_reading()
        if self.unanswered:
            return
        if self.refusal is not None:
            self._say(self.refusal)
            return
        if self.reading is Reading.BETWEEN:
            self.since = self.loop.time()
        self.listener.rest(self)

    def shutdown(self) -> None:
        """End the connection; after a moment where it has no request in hand: what a proxy has just
        sent on it would be lost, and only some requests may be repeated."""
        self.leaving = True
        if self.reading is Reading.OVER:
            self.transport.close()
        elif self.listener.lingers and not self.unanswered:
            self.loop.call_later(self.limits.farewell_seconds, super().shutdown)
        else:
            super().shutdown()

    # Limits

    def check(self, now: float) -> None:
        """End the connection if it has waited for too long."""
        try:
            unsent = self.transport.get_write_buffer_size()
        except RuntimeError:  # it was cut off, and that has not come round yet
            return
        if self._takes_nothing(unsent, now):
            self.transport.abort()
        if self.transport.is_closing():
            return
        if self._waits_for_us():
            self.since = now
            return
        waited = now - self.since
        if self.reading is Reading.HEAD:
            if waited > self.limits.head_seconds:
                self.refuse(Refusal(408, refusals.LATE))
        elif self.reading is Reading.BODY and not self.cycle.response_complete:
            if waited > self.limits.body_seconds:
                self.refuse(Refusal(408, refusals.LATE, path=self.url))
        elif waited > self._seconds():
            self.transport.close()

    def _takes_nothing(self, unsent: int, now: float) -> bool:
        """Returns True when the client has taken none of the unsent bytes for too long."""
        if unsent != self.unsent:
            self.unsent, self.unsent_since = unsent, now
            return False
        return unsent > 0 and now - self.unsent_since > self.limits.write_seconds

    def _waits_for_us(self) -> bool:
        """Returns True when it is not the client that everything waits for."""
        if self.flow.read_paused:
            return True
        if self.reading is Reading.BODY:
            return self.cycle.waiting_for_100_continue
        return self.reading is Reading.BETWEEN and self.unanswered > 0

    def _seconds(self) -> float:
        """Returns how long a connection lives while it is the client that everything waits for."""
        if self.reading is Reading.NOTHING:
            return self.limits.head_seconds
        if self.reading is Reading.BODY:
            return self.limits.body_seconds
        return self.limits.idle_seconds if self.reading is Reading.BETWEEN else LINGER_SECONDS

    def refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal, after the requests before it, and close."""
        if self.refusal is not None or self.transport.is_closing():
            return
        self.refusal = refusal
        self._unset_keepalive_if_required()
        if self.reading is Reading.BODY and not self.cycle.response_complete:
            if self.pipeline:  # it has not begun
                self.pipeline.popleft()
            elif self.cycle.response_started:
                self.cycle.keep_alive = False
                return
            else:
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            self.unanswered -= 1
        if not self.unanswered:
            self._say(refusal)

    def _say(self, refusal: Refusal) -> None:
        """Write the refusal. What still comes is thrown away for a moment: cutting the connection
        while the client sends would take the answer from it."""
        self._unset_keepalive_if_required()
        self.reading = Reading.OVER
        self.since = self.loop.time()
        self.listener.rest(self)
        head = self.parser.get_method() == b"HEAD"
        self.transport.write(
            refusals.response(refusal, self.server_state.default_headers, head=head)
        )
        self.transport.write_eof()
        self.flow.resume_reading()
