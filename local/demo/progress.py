"""Progress on stderr: one line that is rewritten on a terminal, a line every ten days elsewhere."""

from __future__ import annotations

import time
from typing import TextIO


class Progress:
    """Tells how far a run is. `days` is how many there are."""

    def __init__(self, stream: TextIO, days: int) -> None:
        self._stream = stream
        self._days = days
        self._terminal = stream.isatty()
        self._shown = 0.0
        self._width = 0

    def day(self, day: int, sign_ups: int, mails: int) -> None:
        """Take note that a day is over."""
        line = f"day {day} of {self._days}: {sign_ups:,} sign-ups, {mails:,} mails"
        if not self._terminal:
            if day % 10 == 0 or day == self._days:
                self._stream.write(f"{line}\n")
                self._stream.flush()
            return
        now = time.perf_counter()
        if now - self._shown > 0.1 or day == self._days:
            self._shown = now
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
            self._stream.flush()

    def done(self, seconds: float, megabytes: float) -> None:
        """Say how long it took and how much memory."""
        end = "\r" + " " * self._width + "\r" if self._terminal else ""
        self._stream.write(f"{end}{seconds:.1f} s, {megabytes:.0f} MB of memory at most\n\n")
        self._stream.flush()
