"""The loop of the simulation: one thread, one queue of things due, one clock.

Everything in `local/` schedules here. Whatever is due at the same instant runs in the order in
which it was scheduled, so a run is the same every time. When nothing is left to do at an instant,
the clock jumps to the next thing due.

Code that has to pause runs in a greenlet (`spawn`) and suspends itself with `sleep` or `wait`.
Called outside of any greenlet, both run the simulation until the pause is over, so the same code
serves tests and the command line.

The network takes part through `hub.selector` (see `network.py`): ready sockets are served before
the clock moves, and the clock stands still while bytes that somebody in the simulation waits for
are on their way.
"""

import gc
import heapq
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar, cast

from greenlet import getcurrent, greenlet

from local.chance import Chance
from local.clock import Clock, to_datetime
from local.network import Network

T = TypeVar("T")
_FOREVER = 1 << 62


class SimulationError(Exception):
    """The simulation was used in a way that it does not allow."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of a piece of work: a value, or the exception that ended it."""

    value: T | None = None
    error: BaseException | None = None

    def unwrap(self) -> T:
        """Return the value or raise the error."""
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


class Killed(BaseException):
    """Raised in a job that is ended from outside; passes every `except Exception`."""


@dataclass(slots=True)
class _Waiting(Generic[T]):
    """A pause until an outcome arrives."""

    outcome: Outcome[T] | None = None
    paused: bool = False
    abandoned: bool = False


class Timer:
    """Something due at an instant; `cancel` takes it out."""

    __slots__ = ("_hub", "action", "micros")

    def __init__(self, hub: "Hub", micros: int, action: Callable[[], None]) -> None:
        self._hub = hub
        self.micros = micros
        self.action: Callable[[], None] | None = action

    @property
    def when(self) -> float:
        """Epoch seconds."""
        return self.micros / 1_000_000

    def cancel(self) -> None:
        """Take it out; harmless when it has run already."""
        if self.action is not None:
            self.action = None
            self._hub.forget_one()


class Job:
    """A greenlet at work. `entering` and `leaving` are called whenever it gets or gives control."""

    __slots__ = ("entering", "finished", "greenlet", "leaving")

    def __init__(
        self, entering: Callable[[], None] | None, leaving: Callable[[], None] | None
    ) -> None:
        self.entering = entering
        self.leaving = leaving
        self.finished = False
        self.greenlet: greenlet | None = None


class Hub:
    """The discrete-event loop. Opened, its time is the time of the whole process."""

    def __init__(self, start: datetime, *, seed: int = 0) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.clock = Clock(start)
        self.network = Network()
        self.selector = self.network.selector
        self._due: list[tuple[int, int, Timer]] = []
        self._sequence = 0
        self._cancelled = 0
        self._loop: greenlet | None = None
        self._jobs: dict[greenlet, Job] = {}
        self._stopping = False
        self._alone = False
        self._limit = -1
        self._everybody = Chance(self.chance("everybody"))
        self._collector: tuple[int, int, int] | None = None
        self._thread = threading.get_ident()

    # -- the time of the process --------------------------------------------------------------

    def open(self) -> Self:
        """Make this hub's time, and its chance, those of the process.

        The garbage collector is told to look at large heaps less often: tables are many small
        dicts that live on, and looking through them was a third of every call's time.
        """
        self.clock.install(self.sleep)
        self._everybody.install()
        if self._collector is None:
            self._collector = gc.get_threshold()
            gc.set_threshold(50_000, 20, 200)
        return self

    def close(self) -> None:
        """Give the process its own time back, end every job, close every socket watched."""
        self._due.clear()
        for job in list(self._jobs.values()):
            self.kill(job, Killed("The simulation was closed."))
        self.network.close()
        self.clock.remove()
        self._everybody.remove()
        if self._collector is not None:
            gc.set_threshold(*self._collector)
            self._collector = None

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def now(self) -> float:
        """Epoch seconds, virtual."""
        return self.clock.micros / 1_000_000

    @property
    def moment(self) -> datetime:
        """The virtual time as an aware UTC datetime, to the microsecond."""
        return to_datetime(self.clock.micros)

    def chance(self, purpose: str) -> random.Random:
        """Return a source of chance of one's own, unmoved by what others draw."""
        return random.Random(f"{self.seed}:{purpose}")

    # -- things due ---------------------------------------------------------------------------

    def at(self, when: float, action: Callable[[], None]) -> Timer:
        """Call `action` at `when` (epoch seconds; the past means now)."""
        return self._schedule(max(round(when * 1_000_000), self.clock.micros), action)

    def after(self, delay: float, action: Callable[[], None]) -> Timer:
        """Call `action` in `delay` seconds (0: after everything already due now)."""
        return self._schedule(self.clock.micros + max(0, round(delay * 1_000_000)), action)

    def _schedule(self, micros: int, action: Callable[[], None]) -> Timer:
        timer = Timer(self, micros, action)
        self._sequence += 1
        heapq.heappush(self._due, (micros, self._sequence, timer))
        return timer

    def forget_one(self) -> None:
        """Count a cancelled timer, and clear them out when they are the greater part."""
        self._cancelled += 1
        if self._cancelled > 1_000 and self._cancelled * 2 > len(self._due):
            self._due = [entry for entry in self._due if entry[2].action is not None]
            heapq.heapify(self._due)
            self._cancelled = 0

    @property
    def next_due(self) -> float | None:
        """When the next thing is due, in epoch seconds; None when there is nothing."""
        micros = self._next_micros()
        return None if micros is None else micros / 1_000_000

    @property
    def idle(self) -> bool:
        """Nothing is due and nobody waits for the network."""
        return self._next_micros() is None and not self.network.in_flight

    def _next_micros(self) -> int | None:
        due = self._due
        while due and due[0][2].action is None:
            heapq.heappop(due)
            self._cancelled -= 1
        return due[0][0] if due else None

    # -- greenlets ----------------------------------------------------------------------------

    def spawn(
        self,
        work: Callable[[], T],
        done: Callable[[Outcome[T]], None],
        *,
        entering: Callable[[], None] | None = None,
        leaving: Callable[[], None] | None = None,
    ) -> Job:
        """Run `work` in a greenlet, from this instant on; `done` gets its outcome in the loop.

        `entering` and `leaving` run whenever the greenlet gets or gives up control.
        """
        job = Job(entering, leaving)

        def body() -> None:
            outcome: Outcome[T]
            try:
                if entering is not None:
                    entering()
                try:
                    outcome = Outcome(value=work())
                finally:
                    if leaving is not None:
                        leaving()
            except (Exception, Killed) as error:  # noqa: BLE001 - handed on as the outcome
                outcome = Outcome(error=error)
            job.finished = True
            self.after(0, lambda: done(outcome))

        def start() -> None:
            if not job.finished:
                job.greenlet = greenlet(body)
                self._jobs[job.greenlet] = job
                self._switch(job)

        self.after(0, start)
        return job

    def kill(self, job: Job, error: BaseException) -> None:
        """End a job: `error` is raised where it pauses. A job not yet started never starts."""
        if job.finished:
            return
        if job.greenlet is None:
            job.finished = True
            return
        if getcurrent() is job.greenlet:
            raise error
        self._switch(job, error=error)

    def current_job(self) -> Job | None:
        """Return the job whose greenlet is running, if one is."""
        return self._jobs.get(getcurrent())

    def sleep(self, seconds: float) -> None:
        """Pause for virtual seconds. Outside of a greenlet: run the simulation for so long."""
        job = self._jobs.get(getcurrent())
        if job is None:
            self._must_be_outside("sleep")
            self.run(until=self.now + seconds)
            return
        if self._passes_at_once(max(0, round(seconds * 1_000_000))):
            return
        timer = self.after(seconds, lambda: self._switch(job))
        try:
            self._suspend(job)
        finally:
            timer.cancel()

    def _passes_at_once(self, micros: int) -> bool:
        """Move the clock on where nobody else has anything to do meanwhile; whether that was so.

        What follows is the same as after a pause, without the way out of the greenlet and back.
        """
        target = self.clock.micros + micros
        if not self._alone or target > self._limit or self.network.has_sockets:
            return False
        next_due = self._next_micros()
        if next_due is not None and next_due <= target:
            return False
        self.clock.move_to(target)
        return True

    def wait(self, register: Callable[[Callable[[Outcome[T]], None]], None]) -> T:
        """Pause until the callback given to `register` is called; return or raise its outcome.

        Outside of a greenlet: run the simulation until then.
        """
        job = self._jobs.get(getcurrent())
        if job is None:
            self._must_be_outside("wait")
        waiting: _Waiting[T] = _Waiting()

        def arrived(outcome: Outcome[T]) -> None:
            if waiting.outcome is None and not waiting.abandoned:
                waiting.outcome = outcome
                if waiting.paused and job is not None:
                    self.after(0, resume)

        def resume() -> None:
            if job is not None and not waiting.abandoned:
                self._switch(job)

        register(arrived)
        if waiting.outcome is None:
            if job is None:
                self.run(stop=lambda: waiting.outcome is not None)
            else:
                waiting.paused = True
                try:
                    self._suspend(job)
                finally:
                    waiting.abandoned = True
        if waiting.outcome is None:
            raise SimulationError("Nothing is left to happen, yet the answer never came.")
        return waiting.outcome.unwrap()

    def _must_be_outside(self, what: str) -> None:
        if threading.get_ident() != self._thread:
            msg = f"{what}() was called in another thread; the simulation has one."
            raise SimulationError(msg)
        if self._loop is not None:
            msg = f"{what}() needs a greenlet: start the work with spawn()."
            raise SimulationError(msg)

    def _suspend(self, job: Job) -> None:
        if job.leaving is not None:
            job.leaving()
        try:
            cast("greenlet", cast("greenlet", job.greenlet).parent).switch()
        finally:
            if job.entering is not None:
                job.entering()

    def _switch(self, job: Job, *, error: BaseException | None = None) -> None:
        """Give control to a job until it pauses or ends."""
        target = cast("greenlet", job.greenlet)
        target.parent = getcurrent()
        # Only what the loop itself called, with nothing to do afterwards, may move the clock.
        before, self._alone = self._alone, error is None and target.parent is self._loop
        try:
            if error is None:
                target.switch()
            else:
                target.throw(error)
        finally:
            self._alone = before
            if target.dead:
                self._jobs.pop(target, None)

    # -- running ------------------------------------------------------------------------------

    def run(
        self,
        *,
        until: float | None = None,
        stop: Callable[[], bool] | None = None,
        pace: float | None = None,
    ) -> None:
        """Process everything due up to `until`, then set the clock to it.

        Without `until`: until nothing is left, or `stop()` is true (asked after every step). With
        `pace` (virtual seconds per real second) the clock follows real time, sockets are served
        meanwhile, and only `until`, `stop` or `halt()` ends the run. An exception of an action ends
        the run and rises.
        """
        if self._loop is not None:
            raise SimulationError("run() was called inside of the simulation.")
        self._loop = getcurrent()
        self._stopping = False
        limit = None if until is None else max(round(until * 1_000_000), self.clock.micros)
        self._limit = -1 if pace is not None else _FOREVER if limit is None else limit
        try:
            while not (self._stopping or (stop is not None and stop())):
                if not self._step(limit, pace):
                    break
            else:
                return
        finally:
            self._loop = None
        if limit is not None:
            self.clock.move_to(limit)

    def halt(self) -> None:
        """End the current `run` after the present step."""
        self._stopping = True

    def _step(self, limit: int | None, pace: float | None) -> bool:
        """Do one thing; False when nothing is left up to the limit."""
        network = self.network
        if network.in_flight and network.serve(None):
            return True
        micros = self._next_micros()
        if micros is not None and micros <= self.clock.micros:
            timer = heapq.heappop(self._due)[2]
            action, timer.action = timer.action, None
            if action is not None:
                action()
            return True
        if network.serve(0):
            return True
        if pace is not None:
            return self._step_in_real_time(micros, limit, pace)
        if micros is None or (limit is not None and micros > limit):
            return False
        self.clock.move_to(micros)
        return True

    def _step_in_real_time(self, micros: int | None, limit: int | None, pace: float) -> bool:
        """Let real time pass until the next thing is due or a socket is ready."""
        now = self.clock.micros
        if limit is not None and now >= limit:
            return False
        target = now + round(60_000_000 * pace)
        target = min(
            target, target if micros is None else micros, target if limit is None else limit
        )
        waited = self.network.wait((target - now) / 1_000_000 / pace)
        self.clock.move_to(min(target, now + round(waited * pace * 1_000_000)))
        return True
