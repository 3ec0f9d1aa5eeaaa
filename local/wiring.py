"""Connects the resources of a stack: who is told when something happens.

This is the part of CloudFormation that matters at run time: event source mappings, rules,
schedules, subscriptions, SES event destinations, execution-status events.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from local.deliveries.bus import Buses
from local.deliveries.invocations import Invocations
from local.deliveries.ports import Answer, DeliveryFailed, Invoke, new_id
from local.deliveries.queues import QueuePoller
from local.deliveries.schedules import Recurring, RecurringSchedules, parse_expression
from local.deliveries.streams import Stream, StreamPoller
from local.deliveries.sweeps import SweepIndex, sweep_of
from local.deliveries.targets import Delivery, Targets, to_function
from local.deliveries.topics import Topics
from local.emulator.sqs import Sqs
from local.feedback_faults import FeedbackFaults, Path
from local.hub import Hub
from local.identifiers import ACCOUNT, REGION
from local.meter import Meter
from local.recorder import Recorder
from local.resources import (
    ConfigurationSet,
    ConfigurationSetEventDestination,
    EventBus,
    EventSourceMapping,
    Queue,
    Rule,
    Schedule,
    Subscription,
    Table,
    Topic,
)
from local.sandbox import InvokeResult, Sandboxes
from local.services.scheduler import Scheduler
from local.states.errors import StatesError
from local.states.machines import StateMachines
from local.template import Stack, TemplateError, function_name

_SES_DETAIL_TYPES = {
    "Send": "Email Sent",
    "Delivery": "Email Delivered",
    "Bounce": "Email Bounced",
    "Complaint": "Email Complaint Received",
    "Reject": "Email Rejected",
    "Open": "Email Opened",
    "Click": "Email Clicked",
    "Rendering Failure": "Email Rendering Failed",
    "DeliveryDelay": "Email Delivery Delayed",
    "Subscription": "Email Subscribed",
}
_RETRYABLE = frozenset({"ExecutionLimitExceeded", "ThrottlingException"})


def invoker(sandboxes: Sandboxes) -> Invoke:
    """Return what calls a function and answers in plain data."""

    def invoke(function: str, payload: object, done: Any) -> None:
        def ended(result: InvokeResult) -> None:
            error = None if result.error is None else result.error.as_payload()
            done(Answer(result.payload, error))

        sandboxes.invoke(function, payload, ended)

    return invoke


@dataclass(slots=True)
class _Sweep:
    table: str
    index: SweepIndex


class Wiring:
    """Every delivery of one stack."""

    def __init__(
        self,
        stack: Stack,
        hub: Hub,
        *,
        sandboxes: Sandboxes,
        sqs: Sqs,
        meter: Meter,
        recorder: Recorder,
        skip_idle_sweeps: bool,
    ) -> None:
        self._stack, self._hub, self._sqs, self._meter = stack, hub, sqs, meter
        self.invoke = invoker(sandboxes)
        self.targets = Targets(hub)
        self.invocations = Invocations(hub, self.invoke, stack.functions, self.send)
        self.buses = Buses(hub, self.targets)
        self.topics = Topics(hub, self.send, self.invocations.accept)
        self.recurring = RecurringSchedules(hub, skip_idle=skip_idle_sweeps)
        self.scheduler = Scheduler(hub, self.targets, self.recurring, meter)
        self.streams: dict[str, Stream] = {}
        self.pollers: list[StreamPoller | QueuePoller] = []
        self._machines: StateMachines | None = None
        self._queue_pollers: dict[str, list[QueuePoller]] = {}
        self._sweeps: list[_Sweep] = []
        self._queue_delays: dict[str, float] = {}
        self.feedback = FeedbackFaults(seed=hub.seed)
        self._chance = hub.chance("wiring")
        self._ticks = hub.chance("ticks")
        self._recorder = recorder
        self.targets.send_dead_letters_with(self.send)
        self.targets.register("lambda", to_function(self.invocations.accept))
        self.targets.register("states", self._start_execution)
        self.targets.register("sqs", lambda arn, text: self.send(arn, text, {}))
        self.targets.register("sns", self._publish)
        self.targets.register("events", self._forward)

    def connect(self, machines: StateMachines) -> None:
        """Make every connection that the template describes."""
        self._machines = machines
        for _resource, bus in self._stack.of(EventBus):
            self.buses.create(bus.name)
        for resource, topic in self._stack.of(Topic):
            self.topics.create(resource.arn or "")
            for number, inline in enumerate(topic.subscription):
                given = {"TopicArn": resource.arn, **inline}
                name = f"{resource.logical_id}-{number}"
                self.topics.subscribe(Subscription.model_validate(given), name=name)
        for resource, subscription in self._stack.of(Subscription):
            self.topics.subscribe(subscription, name=resource.logical_id)
        for resource, queue in self._stack.of(Queue):
            url = self._stack.identities[resource.logical_id].queue_url
            self._queue_delays[url] = queue.delay_seconds
        self._connect_streams()
        for resource, mapping in self._stack.of(EventSourceMapping):
            self._map(resource.logical_id, mapping)
        self._connect_schedules()

    # -- sending to a resource by ARN -----------------------------------------------------------

    def send(self, arn: str, text: str, attributes: Mapping[str, str]) -> None:
        """Send text to a queue, topic, bus or function; DeliveryFailed when it does not exist."""
        if not arn.startswith("arn:aws:sqs:"):
            self.targets.hand_over(arn, text)
            return
        url = self._sqs.url(arn.rsplit(":", 1)[1])
        shown = {
            name: {"DataType": "String", "StringValue": value}
            for name, value in attributes.items()
            if value
        }
        more = {"MessageAttributes": shown} if shown else {}
        self._meter.count("sqs_requests")
        self._sqs.send(url, text, **more)
        self.arrived(url, self._queue_delays.get(url, 0))

    def arrived(self, url: str, delay: float) -> None:
        """Tell the pollers of a queue that a message can be received in `delay` seconds."""
        for poller in self._queue_pollers.get(url, ()):
            poller.arrived(max(delay, self._queue_delays.get(url, 0)))

    def _start_execution(self, arn: str, text: str) -> None:
        if self._machines is None:
            raise DeliveryFailed("StateMachineDoesNotExist", arn, retryable=False)
        try:
            self._machines.start_execution(arn, new_id(self._chance), text)
        except StatesError as error:
            raise DeliveryFailed(
                error.code, error.message, retryable=error.code in _RETRYABLE
            ) from error

    def _publish(self, arn: str, text: str) -> None:
        if arn not in self.topics.by_arn:
            raise DeliveryFailed("NotFound", arn, retryable=False)
        self._meter.count("sns_requests")
        self.topics.publish(arn, text)

    def _forward(self, arn: str, text: str) -> None:
        bus = self.buses.by_name.get(arn.rsplit("/", 1)[-1])
        if bus is None:
            raise DeliveryFailed("ResourceNotFoundException", arn, retryable=False)
        self.buses.forward(bus, json.loads(text))

    # -- streams and queues ---------------------------------------------------------------------

    def _connect_streams(self) -> None:
        for resource, table in self._stack.of(Table):
            if table.stream_specification:
                keys = tuple(key["AttributeName"] for key in table.key_schema)
                self.streams[resource.name] = Stream(
                    self._hub,
                    arn=f"{resource.arn}/stream/2026-01-01T00:00:00.000",
                    table_keys=keys,
                    view=table.stream_specification["StreamViewType"],
                    region=REGION,
                )

    def table_changed(
        self,
        table: str,
        event_name: str,
        keys: Mapping[str, Any],
        old: Mapping[str, Any] | None,
        new: Mapping[str, Any] | None,
    ) -> None:
        """Learn of a write; the emulator calls this after each."""
        stream = self.streams.get(table)
        if stream is not None:
            stream.write(event_name, keys, old, new)
        for sweep in self._sweeps:
            if sweep.table == table:
                sweep.index.write(keys, new)

    def sweeps_of(self, table: str) -> list[tuple[str, SweepIndex]]:
        """The sweeps that look into a table, each with the attribute that it looks for."""
        return [
            (sweep.index.attribute, sweep.index) for sweep in self._sweeps if sweep.table == table
        ]

    def known(self, table: str, keys: Mapping[str, Any], image: Mapping[str, Any]) -> None:
        """Learn of an item that was there before anything began: only sweeps look for it."""
        for sweep in self._sweeps:
            if sweep.table == table:
                sweep.index.write(keys, image)

    def _map(self, logical_id: str, mapping: EventSourceMapping) -> None:
        if not mapping.enabled:
            return
        function = self._stack.functions.get(function_name(mapping.function_name))
        if function is None:
            raise TemplateError(f"{logical_id}: {mapping.function_name} is no function here")
        if mapping.event_source_arn.startswith("arn:aws:sqs:"):
            self._poll_queue(logical_id, mapping, function.name, function.timeout)
            return
        streams = {stream.arn: stream for stream in self.streams.values()}
        if mapping.event_source_arn not in streams:
            raise TemplateError(f"{logical_id}: {mapping.event_source_arn} is no stream here")
        self.pollers.append(
            StreamPoller(
                self._hub,
                self.invoke,
                self.send,
                stream=streams[mapping.event_source_arn],
                function=function.name,
                function_arn=function.arn,
                mapping=mapping,
            )
        )

    def _poll_queue(
        self, logical_id: str, mapping: EventSourceMapping, function: str, timeout: int
    ) -> None:
        resource = self._stack.by_arn(mapping.event_source_arn)
        queue = resource.shape
        if not isinstance(queue, Queue):
            raise TemplateError(f"{logical_id}: {resource.logical_id} is no queue")
        if queue.visibility_timeout < timeout:
            raise TemplateError(
                f"{resource.logical_id}: its visibility time-out of {queue.visibility_timeout} s "
                f"is shorter than the time-out of {function}, {timeout} s"
            )
        redrive = queue.redrive_policy
        dead = None if redrive is None else redrive.dead_letter_target_arn.rsplit(":", 1)[1]

        def received() -> None:
            self._meter.count("sqs_requests", 2)
            if dead is not None and self._queue_pollers.get(self._sqs.url(dead)):
                self.arrived(self._sqs.url(dead), 0)

        url = self._sqs.url(resource.name)
        poller = QueuePoller(
            self._hub,
            self.invoke,
            self._sqs,
            url=url,
            function=function,
            visibility=queue.visibility_timeout,
            mapping=mapping,
            received=received,
        )
        self.pollers.append(poller)
        self._queue_pollers.setdefault(url, []).append(poller)

    # -- rules and schedules --------------------------------------------------------------------

    def _connect_schedules(self) -> None:
        for resource, rule in self._stack.of(Rule):
            arn = resource.arn or ""
            self.buses.add_rule(resource.logical_id, name=resource.name, arn=arn, rule=rule)
            if rule.schedule_expression is not None and rule.state == "ENABLED":
                self._add_ticking_rule(resource.name, arn, rule)
        for resource, schedule in self._stack.of(Schedule):
            if not self.targets.supports(schedule.target.arn):
                raise TemplateError(
                    f"{resource.logical_id}: {schedule.target.arn} cannot be a target here"
                )
            self.scheduler.create_schedule(
                {
                    "Name": resource.name,
                    **{k: v for k, v in resource.properties.items() if k != "Name"},
                },
                sweep=self._sweep(schedule.target.arn),
                charge=self._charge(schedule.target.arn),
            )

    def _sweep(self, target: str) -> SweepIndex | None:
        function = self._stack.functions.get(function_name(target))
        found = sweep_of(function.metadata, function.logical_id) if function else None
        if found is None or function is None:
            return None
        table, attribute = found
        if table not in self._stack.resources:
            raise TemplateError(f'{function.logical_id} sweeps "{table}", which does not exist')
        index = SweepIndex(attribute)
        self._sweeps.append(_Sweep(self._stack.resources[table].name, index))
        return index

    def _charge(self, target: str) -> Callable[[int], bool]:
        function = function_name(target)
        return lambda runs: self._recorder.charge_idle_runs(function, runs)

    def _add_ticking_rule(self, name: str, arn: str, rule: Rule) -> None:
        expression = parse_expression(rule.schedule_expression or "", origin=self._hub.now)
        sweeps = [self._sweep(target.arn) for target in rule.targets]

        def run() -> None:
            event = {
                "version": "0",
                "id": new_id(self._ticks),
                "detail-type": "Scheduled Event",
                "source": "aws.events",
                "account": ACCOUNT,
                "time": self._hub.moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "region": REGION,
                "resources": [arn],
                "detail": {},
            }
            for target in rule.targets:
                self.targets.deliver(
                    Delivery(
                        target=target.arn,
                        text=target.input or json.dumps(event),
                        retry=target.retry_policy,
                        dead_letter=target.dead_letter_config.arn,
                        attributes={"RULE_ARN": arn},
                    )
                )

        only = sweeps[0] if len(sweeps) == 1 else None
        charge = self._charge(rule.targets[0].arn) if only is not None else None
        self.recurring.add(
            Recurring(name=name, expression=expression, run=run, sweep=only, charge=charge)
        )

    # -- what services tell the bus -------------------------------------------------------------

    def execution_changed(self, event: Mapping[str, Any]) -> None:
        """Publish a Step Functions status change on the default bus."""
        self.buses.forward(self.buses.by_name["default"], dict(event))

    def mail_event(self, configuration_set: str, detail: dict[str, Any]) -> None:
        """Hand an event of SES to the destinations of its configuration set."""
        kind = str(detail["eventType"])
        wanted = {kind.upper().replace(" ", "_"), _snake(kind)}
        for _resource, found in self._stack.of(ConfigurationSetEventDestination):
            destination = found.event_destination
            listed = {name.upper() for name in destination.matching_event_types}
            listed |= {_snake(name) for name in destination.matching_event_types}
            if found.configuration_set_name != configuration_set or not destination.enabled:
                continue
            if not wanted & listed:
                continue
            if destination.sns_destination is not None:
                topic = destination.sns_destination["TopicARN"]
                for late in self.feedback.times(Path.TOPIC, detail):
                    self._later(late, partial(self._report_to_topic, topic, detail))
            if destination.event_bridge_destination is not None:
                bus = destination.event_bridge_destination["EventBusArn"]
                for late in self.feedback.times(Path.BUS, detail):
                    self._later(late, partial(self._report_to_bus, bus, configuration_set, detail))

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        if seconds:
            self._hub.after(seconds, action)
        else:
            action()

    def _report_to_topic(self, topic: str, detail: Mapping[str, Any]) -> None:
        text = orjson.dumps(detail).decode()
        self.topics.publish(topic, text, subject="Amazon SES Email Event Notification")
        self._meter.count("sns_requests")

    def _report_to_bus(self, bus: str, configuration_set: str, detail: Mapping[str, Any]) -> None:
        self.buses.put(
            bus,
            source="aws.ses",
            detail_type=_SES_DETAIL_TYPES[str(detail["eventType"])],
            detail=detail,
            resources=[f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/{configuration_set}"],
        )

    def mail_destinations(self, configuration_set: str) -> list[dict[str, Any]]:
        """The event destinations of a configuration set, as SES tells them."""
        return [
            {
                "Name": found.event_destination.name or resource.logical_id,
                "Enabled": found.event_destination.enabled,
                "MatchingEventTypes": sorted(
                    {_snake(name) for name in found.event_destination.matching_event_types}
                ),
                **(
                    {"SnsDestination": {"TopicArn": topic["TopicARN"]}}
                    if (topic := found.event_destination.sns_destination) is not None
                    else {}
                ),
                **(
                    {"EventBridgeDestination": {"EventBusArn": bus["EventBusArn"]}}
                    if (bus := found.event_destination.event_bridge_destination) is not None
                    else {}
                ),
            }
            for resource, found in self._stack.of(ConfigurationSetEventDestination)
            if found.configuration_set_name == configuration_set
        ]

    @property
    def configuration_sets(self) -> tuple[str, ...]:
        """The names of the stack's configuration sets."""
        return tuple(resource.name for resource, _ in self._stack.of(ConfigurationSet))


def _snake(name: str) -> str:
    """Return an event type as the API spells it: DeliveryDelay → DELIVERY_DELAY."""
    spaced = "".join(
        f"_{letter}" if n and letter.isupper() and not name[n - 1].isupper() else letter
        for n, letter in enumerate(name.replace(" ", ""))
    )
    return spaced.upper()
