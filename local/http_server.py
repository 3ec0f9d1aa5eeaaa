"""A real HTTP/1.1 server on 127.0.0.1, in the simulation's own thread.

Sockets are non-blocking and watched by the hub; h11 speaks the protocol. A request whose answer
takes virtual time is *held*, so that the clock may move; while bytes of somebody in the simulation
are on their way it may not.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE
from typing import Protocol

import h11

from local.http_messages import Request, Response, message
from local.hub import Hub

_CHUNK = 65_536
_MOST_CONNECTIONS = 512
_MOST_HEADER_BYTES = 65_536
_MOST_DRAINED = 64 * 1024 * 1024
_BODILESS = frozenset({204, 304})

Done = Callable[[Response], None]


class Handler(Protocol):
    """Answers requests; an API, or the pages of `serve` in front of it."""

    def __call__(self, request: Request, done: Done, /) -> None:
        """Answer `request`; call `done` once, now or later in virtual time."""


class HttpServer:
    """Listens until closed."""

    def __init__(self, hub: Hub, handler: Handler, *, port: int = 0, max_body: int) -> None:
        self.hub, self.handler, self.max_body = hub, handler, max_body
        self.insiders: set[int] = set()
        self.served = 0
        self._connections: set[_Connection] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(128)
        self._socket.setblocking(False)  # noqa: FBT003
        hub.selector.register(self._socket, EVENT_READ, self._accept)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Stop listening and hang up."""
        for connection in list(self._connections):
            connection.close()
        self.hub.selector.unregister(self._socket)
        self._socket.close()

    def forget(self, connection: _Connection) -> None:
        """Drop a connection that is closed."""
        self._connections.discard(connection)

    def _accept(self, _mask: int) -> None:
        try:
            accepted, peer = self._socket.accept()
        except BlockingIOError:
            return
        if len(self._connections) >= _MOST_CONNECTIONS:
            accepted.close()
            return
        accepted.setblocking(False)  # noqa: FBT003
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections.add(_Connection(self, accepted, peer))


class _Connection:
    """One client: at most one request at a time, keep-alive between them."""

    def __init__(self, server: HttpServer, sock: socket.socket, peer: tuple[str, int]) -> None:
        self._server, self._socket, self._peer = server, sock, peer
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEADER_BYTES)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._outgoing = bytearray()
        self._events = EVENT_READ
        self._closing = False
        self._closed = False
        self._draining = 0
        server.hub.selector.register(sock, EVENT_READ, self._ready)

    def close(self) -> None:
        """Hang up; what the simulation still answers goes nowhere."""
        if not self._closed:
            self._closed = True
            self._server.hub.selector.unregister(self._socket)
            self._socket.close()
            self._server.forget(self)

    def _ready(self, mask: int) -> None:
        if mask & EVENT_WRITE:
            self._flush()
        if mask & EVENT_READ and not self._closed:
            try:
                received = self._socket.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return
            if self._draining:
                self._drain(received)
            else:
                self._feed(received)

    def _feed(self, received: bytes) -> None:
        try:
            self._h11.receive_data(received)
            self._advance()
        except h11.RemoteProtocolError as error:
            if self._h11.our_state in {h11.IDLE, h11.SEND_RESPONSE} and received:
                too_large = error.error_status_hint == 431
                self._refuse(
                    message(431, "Request Header Fields Too Large")
                    if too_large
                    else message(400, "Bad Request")
                )
            else:
                self.close()

    def _advance(self) -> None:
        while not self._closed:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                if self._h11.they_are_waiting_for_100_continue:
                    informational = h11.InformationalResponse(status_code=100, headers=[])
                    self._send(self._h11.send(informational))
                return
            if event is h11.PAUSED or not self._take(event):
                return

    def _take(self, event: object) -> bool:
        """Take in one event; false when the request was refused."""
        if isinstance(event, h11.Request):
            self._request = event
            self._body.clear()
            if _size(event) > _MOST_HEADER_BYTES:
                self._refuse(message(431, "Request Header Fields Too Large"))
                return False
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > self._server.max_body:
                self._refuse(message(413, "Request Entity Too Large"))
                return False
        elif isinstance(event, h11.EndOfMessage):
            self._answer()
        elif isinstance(event, h11.ConnectionClosed):
            self.close()
        return True

    def _refuse(self, response: Response) -> None:
        """Answer before the request has ended, and take no more of it."""
        self._closing = True
        self._write(response)

    def _answer(self) -> None:
        received = self._request
        if received is None:
            return
        path, _, query = received.target.decode("ascii").partition("?")
        request = Request(
            method=received.method.decode("ascii"),
            path=path,
            query=query,
            headers=tuple(
                (name.decode("ascii"), value.decode("latin-1")) for name, value in received.headers
            ),
            body=bytes(self._body),
            source_ip=self._peer[0],
        )
        network = self._server.hub.network
        inside = self._peer[1] in self._server.insiders
        if inside:
            network.hold()

        def done(response: Response) -> None:
            if inside:
                network.release()
            self._server.served += 1
            if not self._closed:
                self._write(response)
                self._again()

        self._server.handler(request, done)

    def _again(self) -> None:
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            if self._h11.trailing_data[0]:
                # A request that is already here must not run inside of this one's answer.
                self._server.hub.after(0, self._advance)
        elif self._h11.our_state in {h11.MUST_CLOSE, h11.CLOSED, h11.ERROR}:
            self._closing = True
            self._flush()

    def _write(self, response: Response) -> None:
        body = b"" if response.status in _BODILESS else response.body
        headers = [*response.headers, ("content-length", str(len(body)))]
        if self._closing:
            headers.append(("connection", "close"))
        head = h11.Response(
            status_code=response.status,
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers],
        )
        out = self._h11.send(head) or b""
        if self._request is None or self._request.method != b"HEAD":
            out += self._h11.send(h11.Data(data=body)) or b""
        self._send(out + (self._h11.send(h11.EndOfMessage()) or b""))

    def _send(self, data: bytes | None) -> None:
        if data:
            self._outgoing += data
        self._flush()

    def _flush(self) -> None:
        if self._closed:
            return
        try:
            while self._outgoing:
                del self._outgoing[: self._socket.send(self._outgoing)]
        except BlockingIOError:
            self._watch(EVENT_READ | EVENT_WRITE)
            return
        except OSError:
            self.close()
            return
        self._watch(EVENT_READ)
        if self._closing and not self._draining:
            # Closing at once would reset the line and take the answer with it: say that nothing
            # more comes, and read what is still coming until the other side hangs up.
            self._draining = _MOST_DRAINED
            self._socket.shutdown(socket.SHUT_WR)

    def _drain(self, received: bytes) -> None:
        self._draining -= len(received)
        if not received or self._draining <= 0:
            self.close()

    def _watch(self, events: int) -> None:
        if events != self._events:
            self._events = events
            self._server.hub.selector.modify(self._socket, events, self._ready)


def _size(request: h11.Request) -> int:
    return len(request.target) + sum(len(name) + len(value) for name, value in request.headers)
