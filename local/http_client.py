"""The browsers and mail clients of simulated people: real HTTP over TCP to this machine.

A link in a mail names a host that exists nowhere; it is fetched here with that Host header.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from selectors import EVENT_READ, EVENT_WRITE
from urllib.parse import urlsplit

import h11

from local.http_messages import Headers, Response, as_headers
from local.http_server import HttpServer
from local.hub import Hub, Outcome

_CHUNK = 65_536
Done = Callable[[Outcome[Response]], None]


class ConnectionBroken(Exception):
    """The server hung up before it had answered."""


class LoopbackClient:
    """Makes requests to a server of the same simulation; connections are kept and reused."""

    def __init__(self, hub: Hub, server: HttpServer, *, host: str) -> None:
        self._hub, self._server, self._host = hub, server, host
        self._free: list[_Line] = []
        self._lines: set[_Line] = set()

    def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Response:
        """Make a request and wait for the answer (inside a greenlet: suspended).

        `url` is a path or a whole address, whose host becomes the Host header. Redirects are
        returned, not followed.
        """

        def register(done: Done) -> None:
            self.begin(method, url, headers=headers, body=body, done=done)

        return self._hub.wait(register)

    def begin(
        self,
        method: str,
        url: str,
        *,
        done: Done,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None:
        """Make a request; `done` gets the outcome in the loop."""
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        given = as_headers(headers)
        line = self._free.pop() if self._free else self._connect()
        line.ask(method, target, self._complete(given, parts.netloc, body, method), body, done)

    def close(self) -> None:
        """Hang up."""
        for line in list(self._lines):
            line.close()

    def _complete(self, given: Headers, host: str, body: bytes, method: str) -> Headers:
        names = {name.lower() for name, _ in given}
        added: list[tuple[str, str]] = []
        if "host" not in names:
            added.append(("host", host or self._host))
        if (body or method in {"POST", "PUT", "PATCH"}) and "content-length" not in names:
            added.append(("content-length", str(len(body))))
        return (*added, *given)

    def _connect(self) -> _Line:
        connected = socket.create_connection(("127.0.0.1", self._server.port))
        connected.setblocking(False)  # noqa: FBT003
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server.insiders.add(connected.getsockname()[1])
        line = _Line(self._hub, connected, self._released, self._closed)
        self._lines.add(line)
        return line

    def _released(self, line: _Line) -> None:
        self._free.append(line)

    def _closed(self, line: _Line) -> None:
        self._lines.discard(line)
        if line in self._free:
            self._free.remove(line)
        self._server.insiders.discard(line.port)


class _Line:
    """One connection, one request at a time."""

    def __init__(
        self,
        hub: Hub,
        sock: socket.socket,
        released: Callable[[_Line], None],
        closed: Callable[[_Line], None],
    ) -> None:
        self._hub, self._socket = hub, sock
        self._released, self._on_close = released, closed
        self.port = int(sock.getsockname()[1])
        self._h11 = h11.Connection(h11.CLIENT)
        self._done: Done | None = None
        self._head: h11.Response | None = None
        self._body = bytearray()
        self._outgoing = memoryview(b"")
        self._open = True
        self._events = EVENT_READ
        hub.selector.register(sock, EVENT_READ, self._ready)

    def ask(self, method: str, target: str, headers: Headers, body: bytes, done: Done) -> None:
        self._done = done
        self._body.clear()
        self._head = None
        request = h11.Request(
            method=method,
            target=target,
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers],
        )
        data = self._h11.send(request) or b""
        if body:
            data += self._h11.send(h11.Data(data=body)) or b""
        data += self._h11.send(h11.EndOfMessage()) or b""
        self._hub.network.expect()
        self._outgoing = memoryview(data)
        self._flush()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._hub.selector.unregister(self._socket)
            self._socket.close()
            self._on_close(self)
            if self._done is not None:
                broken = ConnectionBroken("the server hung up before it had answered")
                self._finish(Outcome(error=broken))

    def _flush(self) -> None:
        """Send what fits; the server reads in the same thread, so the rest goes a step later."""
        events = EVENT_READ
        try:
            while self._outgoing:
                sent = self._socket.send(self._outgoing)
                self._outgoing = self._outgoing[sent:]
        except BlockingIOError:
            events |= EVENT_WRITE
        except OSError:
            # The server may have refused early and hung up: its answer is still to be read.
            self._outgoing = memoryview(b"")
        if events != self._events:
            self._events = events
            self._hub.selector.modify(self._socket, events, self._ready)

    def _ready(self, mask: int) -> None:
        if mask & EVENT_WRITE:
            self._flush()
        if mask & EVENT_READ:
            self._read()

    def _read(self) -> None:
        try:
            received = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        self._h11.receive_data(received)
        while True:
            event = self._h11.next_event()
            if isinstance(event, h11.Response):
                self._head = event
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._answered()
                return
            elif isinstance(event, h11.ConnectionClosed):
                self.close()
                return
            elif event is h11.NEED_DATA or event is h11.PAUSED:
                return

    def _answered(self) -> None:
        head = self._head
        if head is None:
            return
        headers = tuple(
            (name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers
        )
        outcome = Outcome(value=Response(head.status_code, headers, bytes(self._body)))
        finished = self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE
        if finished and not self._outgoing:
            self._h11.start_next_cycle()
            self._finish(outcome)
            self._released(self)
        else:
            self._outgoing = memoryview(b"")
            self._finish(outcome)
            self.close()

    def _finish(self, outcome: Outcome[Response]) -> None:
        done, self._done = self._done, None
        self._hub.network.received()
        if done is not None:
            done(outcome)
