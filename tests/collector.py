"""A collector of traces on a port of its own: takes OTLP over HTTP and reads its protobuf."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

# Number of a field → its values in order: numbers, fixed-length numbers and bytes as they came.
Message: TypeAlias = dict[int, list[Any]]


class Recorded(msgspec.Struct):
    """A span as it was received; ids in hexadecimal digits, `parent` "" for none."""

    name: str
    kind: int  # 2 server, 3 client
    trace: str
    span: str
    parent: str
    attributes: dict[str, Any]
    failed: bool
    service: str


class Collector:
    """What it was sent: the `spans`, every body as it came, and the `headers` of each request."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.spans: list[Recorded] = []
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.arrived = threading.Event()
        self.status = 200
        self.silent = False  # takes requests and never answers
        self.over = threading.Event()


@contextlib.contextmanager
def collecting(*, silent: bool = False) -> Iterator[Collector]:
    """Runs a collector while the block runs."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.headers.append({name.lower(): value for name, value in self.headers.items()})
            collector.paths.append(self.path)
            collector.bodies.append(body)
            collector.spans.extend(spans_of(body))
            collector.arrived.set()
            if collector.silent:
                collector.over.wait()
                return
            self.send_response(collector.status)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: it is a test's."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    collector = Collector(server.server_address[1])
    collector.silent = silent
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def spans_of(body: bytes) -> Iterator[Recorded]:
    """Returns the spans of an ExportTraceServiceRequest."""
    for resource_spans in map(fields, fields(body)[1]):
        service = attributes(fields(resource_spans[1][0])[1])["service.name"]
        for scope_spans in map(fields, resource_spans[2]):
            for span in map(fields, scope_spans[2]):
                status = fields(span.get(15, [b""])[0])
                yield Recorded(
                    name=span[5][0].decode(),
                    kind=span[6][0],
                    trace=span[1][0].hex(),
                    span=span[2][0].hex(),
                    parent=span.get(4, [b""])[0].hex(),
                    attributes=attributes(span.get(9, [])),
                    failed=status.get(3) == [2],
                    service=service,
                )


def attributes(pairs: list[bytes]) -> dict[str, Any]:
    """Returns the texts and numbers among key-value pairs."""
    found = {}
    for pair in map(fields, pairs):
        value = fields(pair[2][0])
        found[pair[1][0].decode()] = value[1][0].decode() if 1 in value else value.get(3, [None])[0]
    return found


def fields(message: bytes) -> Message:
    """Returns the fields of a protobuf message."""
    found: Message = {}
    at = 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            byte = message[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while at < len(message):
        number, kind = divmod(varint(), 8)
        if kind == 0:
            found.setdefault(number, []).append(varint())
            continue
        length = varint() if kind == 2 else {1: 8, 5: 4}[kind]
        found.setdefault(number, []).append(message[at : at + length])
        at += length
    return found
