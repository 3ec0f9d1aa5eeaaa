"""Lambda's sandboxes: the real handlers, run in this process as Lambda would run them.

Each concurrent invocation of a function has an instance of its own: its own copy of the handler's
module and of the modules that hold the function's state (`PRIVATE_MODULES`), and the environment
that the template gives the function, visible through `os.environ` only while it runs. A free
instance is reused; one that was stopped or ran out of time is thrown away with its state, and no
further AWS call of it gets through.

A handler runs in a greenlet that pauses at every AWS call for that call's latency, so concurrent
handlers interleave, always in the same way. Billed time is modelled: a fixed cost for a warm or a
cold start plus the latencies of its calls.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import thread_time
from typing import Any, Protocol
from uuid import UUID

from botocore.exceptions import ReadTimeoutError

from local.faults import CallMade, Fault, FaultPlan, Rule
from local.handler_errors import (
    HandlerError,
    describe,
    exited,
    request_too_large,
    response_too_large,
    timed_out,
    unmarshallable,
)
from local.hook import Answer, AwsError, Call, Hook
from local.hub import Hub, Job, Killed, Outcome
from local.instance import Instance
from local.latency import COLD_START, WARM_START, latency
from local.payload import PayloadError, decode, encode

SYNCHRONOUS_LIMIT = 6 * 1024 * 1024
ASYNCHRONOUS_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Function:
    """A function as the template describes it; `timeout` in seconds, `memory` in MB."""

    name: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    handler: str = "app.handler"
    timeout: float = 3.0
    memory: int = 128
    architecture: str = "arm64"
    region: str = "us-east-1"
    account: str = "123456789012"

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """What an invocation came to: its payload, or its error as Lambda words it."""

    payload: Any
    error: HandlerError | None
    billed_ms: int
    request_id: str

    def body(self) -> Any:
        """Return what the caller of Invoke reads: the payload, or the error object."""
        return self.payload if self.error is None else self.error.as_payload()


class Accounts(Protocol):
    """What the meter is told."""

    def count_invocation(
        self, function: Function, *, billed_ms: int, cold: bool, own_seconds: float
    ) -> None:
        """Take note that an invocation ended."""
        ...

    def count_call(self, function: str, call: Call) -> None:
        """Take note that an attempt of a call reached its service."""
        ...

    def count_capacity(self, table: str, reads: float, writes: float) -> None:
        """Take note of what a call of DynamoDB consumed, in request units."""
        ...

    def count_log(self, function: str, size: int) -> None:
        """Take note that a handler printed so many bytes."""
        ...


class LambdaContext:
    """The context object that a handler gets."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        function = run.function
        self.function_name = function.name
        self.function_version = "$LATEST"
        self.invoked_function_arn = function.arn
        self.memory_limit_in_mb = str(function.memory)
        self.aws_request_id = run.request_id
        self.log_group_name = f"/aws/lambda/{function.name}"
        self.log_stream_name = f"{function.name}/[$LATEST]"
        self.identity = None
        self.client_context = None

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's time-out."""
        return self._run.remaining_ms()


class Run:
    """One invocation at work."""

    def __init__(
        self,
        hub: Hub,
        function: Function,
        request_id: str,
        number: int,
        *,
        watch: Callable[[], float] = thread_time,
    ) -> None:
        self._hub = hub
        self._watch = watch
        self.function = function
        self.request_id = request_id
        self.number = number
        self.calls = 0
        self.deadline = math.inf
        self.stopped: BaseException | None = None
        self.own_seconds = 0.0
        self.since: float | None = None
        self.paused = False
        self.serving = False
        self.handling = False
        self.instance: Instance | None = None

    def remaining_ms(self) -> int:
        """Milliseconds until the time-out."""
        return max(0, round((self.deadline - self._hub.now) * 1000))

    def tick(self) -> None:
        """Stop the watch on the handler's own CPU time."""
        if self.since is not None:
            self.own_seconds += self._watch() - self.since
            self.since = None

    def tock(self) -> None:
        """Start it again."""
        self.since = self._watch()


class Stopped(Killed):
    """Raised in a handler that is stopped; `error` is what the caller gets to see."""

    def __init__(self, error: HandlerError) -> None:
        super().__init__(error.message)
        self.error = error


class UnusableError(Exception):
    """A result that Lambda does not pass on; the sandbox lives."""

    def __init__(self, error: HandlerError) -> None:
        super().__init__(error.message)
        self.error = error


class Sandboxes:
    """Runs functions. `trace` lists every attempt of a call once it is set to a list.

    Without `measured` nobody looks at the handlers' own CPU time: on some machines asking for it
    takes longer than what is asked about.
    """

    def __init__(
        self,
        hub: Hub,
        hook: Hook,
        *,
        accounts: Accounts,
        faults: FaultPlan | None = None,
        on_log: Callable[[str, str, str], None] | None = None,
        measured: bool = True,
    ) -> None:
        self._watch = thread_time if measured else _no_time
        self.hub = hub
        self.faults = faults
        self.trace: list[CallMade] | None = None
        self.current: Run | None = None
        self._hook = hook
        self._accounts = accounts
        self._on_log = on_log
        self._functions: dict[str, Function] = {}
        self._free: dict[str, list[Instance]] = {}
        self._running: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._chance = hub.chance("sandbox")
        hook.route = self._route
        hook.begins = self._begins
        hook.ends = self._ends

    # -- functions --------------------------------------------------------------------------------

    def define(self, function: Function) -> None:
        """Make a function known under its name."""
        self._functions[function.name] = function
        self._free[function.name] = []
        self._running[function.name] = 0
        self._counts[function.name] = 0

    def function(self, name: str) -> Function:
        """Return a function by name or ARN; AwsError ResourceNotFoundException without one."""
        plain = name.rpartition(":function:")[2].partition(":")[0]
        known = self._functions.get(plain)
        if known is None:
            msg = f"Function not found: {name}"
            raise AwsError("ResourceNotFoundException", msg, 404)
        return known

    def running(self, name: str) -> int:
        """How many invocations of a function are under way."""
        return self._running[self.function(name).name]

    # -- invoking ---------------------------------------------------------------------------------

    def invoke(
        self,
        name: str,
        event: object,
        done: Callable[[InvokeResult], None],
        *,
        limit: int = SYNCHRONOUS_LIMIT,
    ) -> None:
        """Run a function on an event (JSON data, or the bytes of it); `done` gets the result.

        A payload over `limit` bytes is refused with AwsError RequestTooLargeException.
        """
        function = self.function(name)
        payload = event if isinstance(event, bytes) else encode(event)
        if len(payload) > limit:
            raise request_too_large(limit)
        self._counts[function.name] += 1
        self._running[function.name] += 1
        request_id = str(UUID(int=self._chance.getrandbits(128), version=4))
        number = self._counts[function.name]
        run = Run(self.hub, function, request_id, number, watch=self._watch)
        free = self._free[function.name]
        instance = free.pop() if free else Instance(function.folder, self._environment(function))
        run.instance = instance
        cold = not instance.loaded
        begun = self.hub.now

        def ended(outcome: Outcome[Any]) -> None:
            timer.cancel()
            self._running[function.name] -= 1
            error = _error_of(outcome, run)
            if run.stopped is None and instance.loaded and not isinstance(outcome.error, Killed):
                free.append(instance)
            billed = max(1, math.ceil(round((self.hub.now - begun) * 1000, 3)))
            self._accounts.count_invocation(
                function, billed_ms=billed, cold=cold, own_seconds=run.own_seconds
            )
            payload = None if error is not None else outcome.value
            done(InvokeResult(payload, error, billed, request_id))

        job = self.hub.spawn(
            lambda: self._work(run, instance, payload, cold=cold),
            ended,
            entering=lambda: self._enter(run),
            leaving=lambda: self._leave(run),
        )
        # Lambda counts the time-out from the start of the handler, not of the cold start.
        start = COLD_START if cold else 0.0
        run.deadline = begun + start + function.timeout
        timer = self.hub.at(run.deadline, lambda: self._time_out(run, job))

    def _work(self, run: Run, instance: Instance, payload: bytes, *, cold: bool) -> Any:
        self.hub.sleep(COLD_START if cold else WARM_START)
        try:
            handler = instance.handler(run.function.handler)
            run.handling = True
            run.tock()
            result = handler(decode(payload), LambdaContext(run))
        except SystemExit as error:
            raise Stopped(describe(error, run.request_id)) from error
        finally:
            run.tick()
        return _marshal(result, run.request_id)

    def _time_out(self, run: Run, job: Job) -> None:
        if not job.finished:
            run.stopped = Stopped(timed_out(run.request_id, run.function.timeout))
            self.hub.kill(job, run.stopped)

    def _environment(self, function: Function) -> dict[str, str]:
        module = function.handler.rpartition(".")[0]
        return {
            "AWS_ACCESS_KEY_ID": "EMBEDDED",
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "AWS_SESSION_TOKEN": "embedded",
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": f"{function.name}/[$LATEST]",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "_HANDLER": f"{module}.{function.handler.rpartition('.')[2]}",
            "LAMBDA_TASK_ROOT": str(function.folder),
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/bin:/bin",
            "TZ": ":UTC",
            **function.environment,
        }

    # -- control comes and goes -------------------------------------------------------------------

    def _enter(self, run: Run) -> None:
        self.current = run
        if run.instance is not None:
            run.instance.enter(lambda text: self._log(run, text))
        if run.paused:
            run.tock()

    def _leave(self, run: Run) -> None:
        run.paused = run.since is not None
        run.tick()
        if run.instance is not None:
            run.instance.leave()
        self.current = None

    def _log(self, run: Run, text: str) -> None:
        self._accounts.count_log(run.function.name, len(text.encode()))
        if self._on_log is not None:
            self._on_log(run.function.name, run.request_id, text)

    def _begins(self) -> None:
        if self.current is not None:
            self.current.tick()

    def _ends(self) -> None:
        if self.current is not None and self.current.handling:
            self.current.tock()

    # -- AWS calls --------------------------------------------------------------------------------

    def _route(self, call: Call) -> Answer:
        run = self.current
        if run is None or run.serving:
            return self._hook.serve(call)
        if run.stopped is not None:
            raise run.stopped
        run.calls += 1
        made = CallMade(run.function.name, run.number, run.calls, call.service, call.operation)
        if self.trace is not None:
            self.trace.append(made)
        self.hub.sleep(latency(call.service, call.operation))
        rule = None if self.faults is None else self.faults.decide(made)
        return self._serve(run, call) if rule is None else self._disturb(run, call, rule)

    def _serve(self, run: Run, call: Call) -> Answer:
        self._accounts.count_call(run.function.name, call)
        # Calls that the service makes in its turn are not the handler's.
        run.serving = True
        try:
            return self._hook.serve(call)
        finally:
            run.serving = False
            for table, reads, writes in call.capacity:
                self._accounts.count_capacity(table, reads, writes)
            call.capacity.clear()

    def _disturb(self, run: Run, call: Call, rule: Rule) -> Answer:
        fault = rule.fault
        if fault is Fault.STOP_BEFORE:
            raise self.stop(run, rule)
        if fault is Fault.FAIL_BEFORE:
            raise AwsError(rule.code, f"{rule.code} (injected)", rule.status)
        answer = self._serve(run, call)
        if fault is Fault.STOP_AFTER:
            raise self.stop(run, rule)
        if fault is Fault.FAIL_AFTER:
            raise AwsError(rule.code, f"{rule.code} (injected)", rule.status)
        if fault is Fault.DELAY:
            self._delay(call, rule.seconds)
        if fault is Fault.REPEAT:
            answer = self._serve(run, call)
        return answer

    @staticmethod
    def stop(run: Run, rule: Rule) -> BaseException:
        """Let a handler die; what is to be raised in it."""
        run.stopped = Stopped(exited(run.request_id, rule.error))
        return run.stopped

    def _delay(self, call: Call, seconds: float) -> None:
        config: Any = call.client.meta.config
        patience = float(config.read_timeout)
        self.hub.sleep(min(seconds, patience))
        if seconds > patience:
            raise ReadTimeoutError(endpoint_url=f"https://{call.service}.embedded/")


def _no_time() -> float:
    return 0.0


def _marshal(result: object, request_id: str) -> Any:
    """Return the result as its caller reads it: after a round through JSON."""
    try:
        body = encode(result)
    except PayloadError as error:
        raise UnusableError(unmarshallable(request_id, str(error))) from error
    if len(body) > SYNCHRONOUS_LIMIT:
        raise UnusableError(response_too_large(len(body)))
    return decode(body)


def _error_of(outcome: Outcome[Any], run: Run) -> HandlerError | None:
    if run.stopped is not None and isinstance(run.stopped, Stopped):
        return run.stopped.error
    if outcome.error is None:
        return None
    if isinstance(outcome.error, (Stopped, UnusableError)):
        return outcome.error.error
    return describe(outcome.error, run.request_id)
