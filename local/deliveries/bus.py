"""Event buses and rules.

Source: "Amazon EventBridge event buses", "rules", "targets"
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html). Delivery is at least
once and in no promised order; here it takes a fifth of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from local.deliveries.invocations import iso_seconds
from local.deliveries.patterns import Check, compile_pattern
from local.deliveries.ports import Clockwork, JsonObject, new_id
from local.deliveries.targets import Delivery, Targets
from local.deliveries.transform import InputTransformer, RuleFacts, TransformError, part_of
from local.identifiers import ACCOUNT, REGION
from local.resources import Rule, Target
from local.template import TemplateError

BUS_DELAY = 0.2
"""Seconds from accepting an event to calling the targets of the rules it fits."""

Prepare = Callable[[Mapping[str, Any], str], str]
"""Makes a target's input from an event and the time it was taken in."""


@dataclass(frozen=True, slots=True)
class _Aim:
    target: Target
    prepare: Prepare


@dataclass(frozen=True, slots=True)
class _Compiled:
    arn: str
    fits: Check
    aims: tuple[_Aim, ...]


@dataclass(slots=True)
class Bus:
    """One bus with its rules; `heard` sees every event, for the timeline and for tests."""

    name: str
    rules: list[_Compiled] = field(default_factory=list)
    heard: list[Callable[[JsonObject], None]] = field(default_factory=list)


class Buses:
    """All buses of the account; "default" always exists."""

    def __init__(self, hub: Clockwork, targets: Targets) -> None:
        self._hub, self._targets = hub, targets
        self._chance = hub.chance("events")
        self.by_name: dict[str, Bus] = {"default": Bus("default")}

    def create(self, name: str) -> Bus:
        """Make a bus, or return the one there is."""
        return self.by_name.setdefault(name, Bus(name))

    def add_rule(self, logical_id: str, *, name: str, arn: str, rule: Rule) -> None:
        """Put a rule with a pattern on its bus; TemplateError names what it cannot do."""
        bus_name = bus_name_of(rule.event_bus_name)
        if bus_name not in self.by_name:
            raise TemplateError(f'{logical_id}: there is no event bus "{bus_name}"')
        for target in rule.targets:
            if not self._targets.supports(target.arn):
                raise TemplateError(f"{logical_id}: {target.arn} cannot be a target here")
        if rule.state == "DISABLED" or rule.event_pattern is None:
            return
        facts = RuleFacts(arn=arn, name=name)
        try:
            aims = tuple(_Aim(target, _prepare(target, facts)) for target in rule.targets)
        except TransformError as error:
            raise TemplateError(f"{logical_id}: {error}") from error
        compiled = _Compiled(arn, compile_pattern(rule.event_pattern), aims)
        self.by_name[bus_name].rules.append(compiled)

    def put(
        self,
        bus: str,
        *,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
        time: float | None = None,
    ) -> str:
        """Take in an event; returns its id. KeyError if there is no such bus."""
        found = self.by_name[bus_name_of(bus)]
        event: JsonObject = {
            "version": "0",
            "id": new_id(self._chance),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": iso_seconds(self._hub.now if time is None else time),
            "region": REGION,
            "resources": list(resources),
            "detail": dict(detail),
        }
        self.forward(found, event)
        return str(event["id"])

    def forward(self, bus: Bus, event: JsonObject) -> None:
        """Let an event run through a bus's rules."""
        for hear in bus.heard:
            hear(event)
        ingested = iso_seconds(self._hub.now)
        for rule in bus.rules:
            if rule.fits(event):
                for aim in rule.aims:
                    self._hub.after(BUS_DELAY, _later(self._aim_at, rule, aim, event, ingested))

    def _aim_at(self, rule: _Compiled, aim: _Aim, event: JsonObject, ingested: str) -> None:
        target = aim.target
        delivery = Delivery(
            target=target.arn,
            text="",
            retry=target.retry_policy,
            dead_letter=target.dead_letter_config.arn,
            attributes={"RULE_ARN": rule.arn},
        )
        try:
            text = aim.prepare(event, ingested)
        except TransformError as error:
            whole = replace(delivery, text=orjson.dumps(event).decode())
            self._targets.refuse(whole, "InvalidInput", str(error))
            return
        self._targets.deliver(replace(delivery, text=text))


def bus_name_of(reference: str) -> str:
    """Return a bus's name from its name or ARN."""
    return reference.rsplit("/", 1)[-1]


def _prepare(target: Target, facts: RuleFacts) -> Prepare:
    if target.input is not None:
        constant = target.input
        return lambda _event, _ingested: constant
    if target.input_path is not None:
        take = part_of(target.input_path)
        return lambda event, _ingested: take(event)
    if target.input_transformer is not None:
        shape = target.input_transformer
        return InputTransformer(shape.input_paths_map, shape.input_template, facts)
    return lambda event, _ingested: orjson.dumps(event).decode()


def _later(
    action: Callable[[_Compiled, _Aim, JsonObject, str], None],
    rule: _Compiled,
    aim: _Aim,
    event: JsonObject,
    ingested: str,
) -> Callable[[], None]:
    return lambda: action(rule, aim, event, ingested)
