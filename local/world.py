"""One machine that runs it all: the stack of template.yaml, in this process, in virtual time.

    with World.build(start=datetime(2026, 3, 1, tzinfo=UTC)) as world:
        world.request("POST", "/f/newsletter", body=b"…")
        world.run(for_=timedelta(days=60))

One World at a time: it owns the clock, botocore and the emulators of its process until closed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from relance.aws.values import from_attributes, to_attributes
from relance.storage import KEYS, Item, Table

from local import quick_store
from local.content import LAYER_FOLDER, compiled_content
from local.deliveries.queues import ObservedSqs
from local.emulator.dynamodb import DynamoDb
from local.emulator.s3 import S3
from local.emulator.secretsmanager import SecretsManager
from local.emulator.sqs import Sqs
from local.faults import FaultPlan
from local.feedback_faults import FeedbackFaults
from local.hook import Hook
from local.http_api import MAX_BODY, HttpApi, build_apis
from local.http_client import LoopbackClient
from local.http_messages import Request, Response, as_headers
from local.http_server import Handler, HttpServer
from local.hub import Hub, Outcome
from local.mailbox import Mailbox
from local.memory import without_none
from local.meter import Meter
from local.quick_store import InWorld, QuickTables
from local.receiving import Receiving
from local.recorder import Recorder
from local.sandbox import Function as SandboxFunction
from local.sandbox import InvokeResult, Sandboxes
from local.services.events import Events
from local.services.functions import Functions
from local.services.ses_account import Quota, SesAccount
from local.services.sesv2 import Sesv2
from local.services.sns import Sns
from local.services.states import StepFunctions
from local.services.tasks import Tasks
from local.states.machines import StateMachines
from local.storage import client, make_buckets, make_queues, make_secrets, make_tables
from local.template import Function, Stack, TemplateError
from local.translation import parameter_names
from local.web import Web
from local.wiring import Wiring

ROOT = Path(__file__).resolve().parent.parent
STACK_NAME = "relance"
LINK_DOMAIN = "links.example.com"

DEFAULTS: Mapping[str, str] = {
    "SenderAddress": "hello@example.com",
    "SenderName": "Example",
    "PostalAddress": "Example Ltd, 1 Main Street, Springfield",
    "SendMode": "live",
    "LinkDomain": LINK_DOMAIN,
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/local",
}
"""Parameters of a run on one machine; those that a template does not have are left out."""


class World:
    """The embedded AWS with one stack in it. Make it with `build`, end it with `close`.

    `ses` is the SES account and `feedback` what happens to its reports: switches for what can go
    wrong there.
    """

    def __init__(
        self,
        stack: Stack,
        content: Path,
        *,
        start: datetime,
        seed: int,
        faults: FaultPlan | None,
        skip_idle_sweeps: bool,
        quota: Quota | None,
        on_log: Callable[[str, str, str], None] | None,
        quick_tables: bool,
    ) -> None:
        self.stack, self.content, self.seed = stack, content, seed
        self.hub = Hub(start, seed=seed).open()
        self.hook = Hook()
        self.web = Web()
        try:
            self.hook.install()
            self.web.open()
            self._assemble(faults, skip_idle_sweeps, quota, on_log, not quick_tables)
            self.quick = QuickTables(InWorld(self)) if quick_tables else None
            if self.quick is not None:
                quick_store.install(self.quick)
        except BaseException:
            self.close()
            raise

    def _assemble(
        self,
        faults: FaultPlan | None,
        skip_idle_sweeps: bool,  # noqa: FBT001
        quota: Quota | None,
        on_log: Callable[[str, str, str], None] | None,
        measured: bool,  # noqa: FBT001
    ) -> None:
        hub, hook, stack = self.hub, self.hook, self.stack
        self._meter = Meter()
        self.recorder = Recorder(self._meter)
        self.sandboxes = Sandboxes(
            hub,
            hook,
            accounts=self.recorder,
            faults=faults,
            on_log=on_log,
            measured=measured,
        )
        for function in stack.functions.values():
            self.sandboxes.define(_in_sandbox(function, self.content))
        self.dynamodb, self.sqs, secrets = DynamoDb(), Sqs(), SecretsManager()
        self.wiring = Wiring(
            stack,
            hub,
            sandboxes=self.sandboxes,
            sqs=self.sqs,
            meter=self._meter,
            recorder=self.recorder,
            skip_idle_sweeps=skip_idle_sweeps,
        )
        self.mailbox = Mailbox(hub, on_event=self.wiring.mail_event)
        self.machines = StateMachines(
            hub,
            Tasks(hub, self.sandboxes, self._meter),
            on_status_change=self.wiring.execution_changed,
            on_transition=lambda *_: self._meter.count("transitions"),
        )
        self.states = StepFunctions(self.machines)
        sesv2 = Sesv2(
            self.mailbox,
            identities=_identities(stack),
            configuration_sets=self.wiring.configuration_sets,
            destinations=self.wiring.mail_destinations,
            quota=quota,
            meter=self._meter,
        )
        self.ses: SesAccount = sesv2.account
        self.feedback: FeedbackFaults = self.wiring.feedback
        services = {
            "dynamodb": self.dynamodb,
            "s3": S3(),
            "sqs": ObservedSqs(self.sqs, self.wiring.arrived),
            "secretsmanager": secrets,
            "events": Events(self.wiring.buses, self._meter),
            "lambda": Functions(hub, self.sandboxes, self.wiring.invocations),
            "scheduler": self.wiring.scheduler,
            "sesv2": sesv2,
            "sns": Sns(self.wiring.topics, self._meter),
            "stepfunctions": self.states,
        }
        for name, service in services.items():
            hook.register(name, service)
        make_tables(stack)
        make_queues(stack)
        make_buckets(stack)
        make_secrets(stack, secrets.backend, seed=self.seed)
        for machine in stack.machines.values():
            self.machines.create(machine.name, machine.text, arn=machine.arn)
            if machine.arn in stack.aliases:
                self.machines.publish(machine.arn, *stack.aliases[machine.arn])
        self.wiring.connect(self.machines)
        self.dynamodb.observe(self.wiring.table_changed)
        self.receiving = Receiving(stack, self.wiring.topics)
        self.apis = build_apis(stack, hub, self.wiring.invoke)
        self._servers: list[HttpServer] = []
        self._browsers: list[LoopbackClient] = []

    @classmethod
    def build(
        cls,
        *,
        start: datetime,
        root: Path = ROOT,
        seed: int = 0,
        parameters: Mapping[str, str] | None = None,
        faults: FaultPlan | None = None,
        skip_idle_sweeps: bool = True,
        quota: Quota | None = None,
        on_log: Callable[[str, str, str], None] | None = None,
        quick_tables: bool = False,
        live: Collection[str] = (),
    ) -> World:
        """Read the project at `root` and build its stack, empty, at the time `start`.

        `parameters` overrides what DEFAULTS gives; `on_log` gets (function, request id, line) of
        what handlers print. With `quick_tables` dictionaries stand in for DynamoDB's stand-in
        (`local.quick_store`), and the handlers' own CPU time is not measured. The journeys named
        in `live` (`cart-recovery`) start by their rules, though the template has these disabled.
        Raises TemplateError for whatever this machine cannot do.
        """
        template = root / "template.yaml"
        chosen = {**_known_defaults(template), **(parameters or {})}
        stack = Stack.load(template, name=STACK_NAME, parameters=chosen)
        if live:
            stack = stack.with_rules_of([stack.machines[stack.journeys[each]].arn for each in live])
        return cls(
            stack,
            _content(stack, root),
            start=start,
            seed=seed,
            faults=faults,
            skip_idle_sweeps=skip_idle_sweeps,
            quota=quota,
            on_log=on_log,
            quick_tables=quick_tables,
        )

    def close(self) -> None:
        """Give the process back as it was."""
        for browser in getattr(self, "_browsers", ()):
            browser.close()
        for server in getattr(self, "_servers", ()):
            server.close()
        quick_store.remove()
        if hasattr(self, "dynamodb"):
            self.dynamodb.close()
        self.web.close()
        self.hook.remove()
        self.hub.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- time -----------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The virtual time, UTC."""
        return self.hub.moment

    @property
    def meter(self) -> Meter:
        """What was used up to now."""
        self.wiring.recurring.account()
        return self._meter

    def run(self, *, until: datetime | None = None, for_: timedelta | None = None) -> None:
        """Let time pass: up to `until`, or `for_` so long, or until nothing is left to happen.

        Recurring schedules alone do not keep a run going, unless one still has something to find.
        """
        if until is not None:
            self.hub.run(until=until.timestamp())
        elif for_ is not None:
            self.hub.run(until=self.hub.now + for_.total_seconds())
        else:
            self.hub.run(stop=self._nothing_left)

    def _nothing_left(self) -> bool:
        return not self.hub.network.in_flight and self.wiring.recurring.nothing_left()

    # -- calling --------------------------------------------------------------------------------

    def client(self, service: str) -> Any:
        """Return a boto3 client; outside of handlers its calls are not metered."""
        return client(service)

    def function_name(self, name: str) -> str:
        """Return the physical name of a function given by folder, logical id or name."""
        for function in self.stack.functions.values():
            if name in {function.name, function.logical_id, function.folder.name}:
                return function.name
        known = ", ".join(sorted(f.folder.name for f in self.stack.functions.values()))
        raise TemplateError(f'there is no function "{name}". There are: {known}')

    def invoke(self, function: str, event: object) -> InvokeResult:
        """Run a function to its end and return how it ended."""
        name = self.function_name(function)

        def register(done: Callable[[Outcome[InvokeResult]], None]) -> None:
            self.sandboxes.invoke(name, event, lambda result: done(Outcome(value=result)))

        return self.hub.wait(register)

    def machine_arn(self, machine: str) -> str:
        """Return the ARN of a state machine given by name or by the end of its name."""
        found = [
            known.arn
            for known in self.stack.machines.values()
            if known.name == machine or known.name.endswith(f"-{machine}")
        ]
        if len(found) != 1:
            known_names = ", ".join(sorted(self.stack.machines))
            raise TemplateError(f'there is no machine "{machine}". There are: {known_names}')
        return found[0]

    def receive_mail(
        self, raw: bytes, *recipients: str, sender: str = "ana@example.com", is_virus: bool = False
    ) -> str:
        """Let SES receive a mail from the envelope's `sender`; the id that it gives it."""
        return self.receiving.take(
            raw, recipients, sender=sender, now=self.hub.now, is_virus=is_virus
        )

    def start(self, machine: str, data: object, *, name: str | None = None) -> str:
        """Start an execution, as a marketer does in the console; return its ARN."""
        text = data if isinstance(data, str) else json.dumps(data)
        params: dict[str, Any] = {"stateMachineArn": self.machine_arn(machine), "input": text}
        if name is not None:
            params["name"] = name
        return str(self.client("stepfunctions").start_execution(**params)["executionArn"])

    def describe(self, execution: str) -> dict[str, Any]:
        """Return what DescribeExecution tells."""
        return self.states.describe(execution)

    def deploy_content(self, content: Path) -> None:
        """Give the functions other compiled content, as a deployment does while none runs."""
        self.content = content
        for function in self.stack.functions.values():
            self.sandboxes.define(_in_sandbox(function, content))

    def deploy_machine(self, machine: str, definition: Mapping[str, Any]) -> None:
        """Put another definition in a machine's place, as a deployment does while it runs.

        Its aliases lead to the new version from now on; executions keep what they began with.
        """
        arn = self.machine_arn(machine)
        (name,) = (each.name for each in self.stack.machines.values() if each.arn == arn)
        self.machines.create(name, dict(definition), arn=arn)
        if arn in self.stack.aliases:
            self.machines.publish(arn, *self.stack.aliases[arn])

    def table_names(self) -> dict[Table, str]:
        """The physical names of the suite's tables, as the template gives them to functions."""
        given = [function.environment for function in self.stack.functions.values()]
        named = {table: f"{table.value.upper()}_TABLE" for table in Table}
        return {
            table: next(each[name] for each in given if name in each)
            for table, name in named.items()
        }

    def load(self, table: Table, items: Iterable[Item]) -> None:
        """Put items into a table as if they had always been there.

        No stream tells of them and no meter counts them; sweeps find what time makes due.
        """
        name = self.table_names()[table]
        for item in items:
            image = to_attributes(item)
            if self.quick is not None:
                key = tuple(str(item[each]) for each in KEYS[table])
                self.quick.keep(table, key, without_none(dict(item)))
                keys = {each: image[each] for each in KEYS[table]}
            else:
                keys = self.dynamodb.keep(name, image)
            self.wiring.known(name, keys, image)

    def items(self, table: Table) -> list[Item]:
        """Every item of one of the suite's tables."""
        if self.quick is not None:
            return self.quick.items(table)
        stored = self.dynamodb.items(self.table_names()[table])
        return [from_attributes(each) for each in stored]

    def authorization(self, key: str) -> str:
        """What a server says of itself to the collection API: a write key, by its name."""
        functions = self.stack.functions.values()
        secret = next(
            f.environment["WRITE_KEYS"] for f in functions if "WRITE_KEYS" in f.environment
        )
        answer = self.client("secretsmanager").get_secret_value(SecretId=secret)
        pair = f"{json.loads(answer['SecretString'])[key]}:"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    # -- HTTP -----------------------------------------------------------------------------------

    @property
    def http(self) -> HttpApi:
        """The stack's HTTP API; TemplateError unless it has exactly one."""
        if len(self.apis) != 1:
            raise TemplateError(f"the stack has {len(self.apis)} HTTP APIs, not one")
        return next(iter(self.apis.values()))

    def handle(self, request: Request, done: Callable[[Response], None]) -> None:
        """Answer a request at the API, metered."""
        size = max(1, -(-len(request.body) // (512 * 1024)))
        self._meter.count("http_requests", size)
        self.http.handle(request, done)

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        query: str = "",
        source_ip: str = "127.0.0.1",
    ) -> Response:
        """Make a request at the API without a socket and wait for the answer."""
        request = Request(method, path, query, as_headers(headers), body, source_ip)

        def register(done: Callable[[Outcome[Response]], None]) -> None:
            self.handle(request, lambda response: done(Outcome(value=response)))

        return self.hub.wait(register)

    def serve_http(self, *, port: int = 0, handler: Handler | None = None) -> HttpServer:
        """Listen on 127.0.0.1 until closed; `handler` may answer some requests itself."""
        server = HttpServer(self.hub, handler or self.handle, port=port, max_body=MAX_BODY)
        self._servers.append(server)
        return server

    def browser(self, server: HttpServer | None = None) -> LoopbackClient:
        """Return a client for simulated people, whatever host an address names."""
        if server is None:
            server = self._servers[0] if self._servers else self.serve_http()
        host = str(self.stack.parameters.get("LinkDomain") or self.http.facts.host)
        browser = LoopbackClient(self.hub, server, host=host)
        self._browsers.append(browser)
        return browser


def _content(stack: Stack, root: Path) -> Path:
    for function in stack.functions.values():
        if any(LAYER_FOLDER in value for value in function.environment.values()):
            return compiled_content(root)
    return root


def _in_sandbox(function: Function, content: Path) -> SandboxFunction:
    environment = {
        name: value.replace(LAYER_FOLDER, str(content))
        for name, value in function.environment.items()
    }
    return SandboxFunction(
        name=function.name,
        folder=function.folder,
        environment=environment,
        handler=function.handler,
        timeout=function.timeout,
        memory=function.memory,
        architecture=function.architectures[0],
    )


def _known_defaults(template: Path) -> dict[str, str]:
    declared = parameter_names(template)
    return {name: value for name, value in DEFAULTS.items() if name in declared}


def _identities(stack: Stack) -> tuple[str, ...] | None:
    found = [r.name for r in stack.inert if r.type == "AWS::SES::EmailIdentity"]
    return tuple(found) or None
