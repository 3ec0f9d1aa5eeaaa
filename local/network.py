"""Sockets inside the simulation.

`selector` takes any file object with a callback as its data, `register(sock, EVENT_READ,
callback)`, and `callback(mask)` is called in the loop. Who waits for an answer inside the
simulation says so with `expect()` and `received()`; a server that holds a whole request, whose
answer needs virtual time, says `hold()` and, when the answer is written, `release()`. While more
answers are expected than requests are held, bytes are on their way, and the clock must not move.
"""

import selectors
import time
from collections.abc import Callable

# Bytes on their way inside one machine arrive at once; longer means that nobody will send them.
PATIENCE_SECONDS = 30.0


class Silence(Exception):
    """Somebody in the simulation waits for bytes that nobody sends."""


class Network:
    """The sockets watched, and how many answers are on their way."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self._expected = 0
        self._held = 0

    @property
    def in_flight(self) -> bool:
        """Bytes that somebody in the simulation waits for are on their way."""
        return self._expected > self._held

    @property
    def has_sockets(self) -> bool:
        """Some socket is watched: it may be ready before the clock moves."""
        return bool(self.selector.get_map())

    def expect(self) -> None:
        """Somebody in the simulation now waits for an answer."""
        self._expected += 1

    def received(self) -> None:
        """Take note that the answer has arrived."""
        self._expected -= 1

    def hold(self) -> None:
        """Take note that a server holds a request whose answer takes virtual time."""
        self._held += 1

    def release(self) -> None:
        """Take note that the answer has been written."""
        self._held -= 1

    def serve(self, timeout: float | None) -> bool:
        """Call back for every ready socket; None waits until one is. Whether there was one."""
        if not self.selector.get_map():
            if timeout is None:
                raise Silence("An answer is awaited, yet no socket is watched.")
            return False
        ready = self.selector.select(PATIENCE_SECONDS if timeout is None else timeout)
        if timeout is None and not ready:
            msg = f"No byte of an awaited answer within {PATIENCE_SECONDS:.0f} s."
            raise Silence(msg)
        for key, mask in ready:
            callback: Callable[[int], None] = key.data
            callback(mask)
        return bool(ready)

    def wait(self, seconds: float) -> float:
        """Serve sockets as soon as one is ready, at most `seconds`; how long it took."""
        begun = time.perf_counter()
        if self.selector.get_map():
            for key, mask in self.selector.select(max(0.0, seconds)):
                key.data(mask)
        elif seconds > 0:
            selectors.SelectSelector().select(seconds)
        return time.perf_counter() - begun

    def close(self) -> None:
        """Stop watching; sockets belong to who opened them."""
        self.selector.close()
