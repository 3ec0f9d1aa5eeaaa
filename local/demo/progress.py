"""Progress on stderr: one line that is rewritten on a terminal, a line every ten days elsewhere."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TextIO


class Progress:
    """Tells how far a run is. `start` is its first day, `days` how many there are."""

    def __init__(self, stream: TextIO, start: datetime, days: int) -> None:
        self._stream = stream
        self._start = start
        self._days = days
        self._begun = time.perf_counter()
        self._terminal = stream.isatty()
        self._shown = 0.0
        self._width = 0

    def day(self, over: datetime, *counts: str) -> None:
        """Take note that a day is over; `counts` say what there is by now."""
        day, now = (over - self._start).days, time.perf_counter()
        line = f"day {day} of {self._days}, {over:%d %b}: {', '.join(counts)}"
        line += f" ({now - self._begun:.0f} s)"
        if not self._terminal:
            if day % 10 == 0 or day == self._days:
                self._stream.write(f"{line}\n")
                self._stream.flush()
            return
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
