"""Virtual time for the whole process.

While a clock is installed, `time.time()`, `datetime.now()` and everything built on them show the
simulation's time, in every module of the process; it stands still until it is moved. The local
zone is UTC, as on Lambda. `time.monotonic()`, `time.perf_counter()` and `time.thread_time()` stay
real, so that measuring still works. Libraries that ask the operating system from C or Rust are
not affected.

Moving costs about one microsecond.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import SupportsIndex

import time_machine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(micros: int) -> datetime:
    """Return the aware UTC datetime of `micros` microseconds since the epoch, exactly."""
    return _EPOCH + timedelta(microseconds=micros)


def _sleeper(
    virtual: Callable[[float], None], real: Callable[[float], None]
) -> Callable[[SupportsIndex | float], None]:
    """Return a `time.sleep` for this thread's code; other threads sleep for real."""
    thread = threading.get_ident()

    def sleep(seconds: SupportsIndex | float, /) -> None:
        chosen = virtual if threading.get_ident() == thread else real
        chosen(float(seconds))

    return sleep


class Clock:
    """The process's time, in whole microseconds; forwards only.

    Works without being installed too: then only this object knows the time.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("The start of a simulation must be a datetime with a time zone.")
        self.micros = to_micros(start)
        self._travel: time_machine.travel | None = None
        self._traveller: time_machine.Traveller | None = None
        self._real_sleep = time.sleep

    @property
    def seconds(self) -> float:
        """Epoch seconds."""
        return self.micros / 1_000_000

    def move_to(self, micros: int) -> None:
        """Set the time; an earlier one is an error in the caller."""
        step = micros - self.micros
        if step < 0:
            msg = f"The clock cannot go back by {-step} µs."
            raise ValueError(msg)
        self.micros = micros
        if self._traveller is not None and step:
            self._traveller.shift(timedelta(microseconds=step))

    def install(self, sleep: Callable[[float], None] | None = None) -> None:
        """Show this time to the whole process; `sleep` takes the place of `time.sleep`."""
        if self._travel is not None:
            return
        self._travel = time_machine.travel(to_datetime(self.micros), tick=False)
        self._traveller = self._travel.start()
        if sleep is not None:
            self._real_sleep = time.sleep
            time.sleep = _sleeper(sleep, self._real_sleep)

    def remove(self) -> None:
        """Give the process its own time back."""
        if self._travel is None:
            return
        self._travel.stop()
        self._travel = self._traveller = None
        time.sleep = self._real_sleep
