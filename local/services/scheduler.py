"""`scheduler`: one-time and recurring schedules made while running.

Source: EventBridge Scheduler API reference. One-time schedules have minute precision in AWS and
fire at the second here; `FlexibleTimeWindow` must be off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from local.deliveries.invocations import iso_seconds
from local.deliveries.ports import Cancellable, Clockwork, new_id
from local.deliveries.schedules import (
    Expression,
    Once,
    Recurring,
    RecurringSchedules,
    ScheduleError,
    Sweep,
    parse_expression,
)
from local.deliveries.targets import Delivery, Targets
from local.hook import AwsError
from local.identifiers import ACCOUNT, REGION
from local.meter import Meter
from local.resources import FlexibleTimeWindow, ScheduleTarget

_DONE = {"DELETE": True, "NONE": False}


@dataclass(slots=True)
class _Kept:
    params: dict[str, Any]
    target: ScheduleTarget
    made: float
    timer: Cancellable | None = None


class Scheduler:
    """Every schedule of EventBridge Scheduler, from the template or made by a call."""

    def __init__(
        self, hub: Clockwork, targets: Targets, recurring: RecurringSchedules, meter: Meter
    ) -> None:
        self._hub, self._targets, self._recurring, self._meter = hub, targets, recurring, meter
        self._chance = hub.chance("schedules")
        self._kept: dict[tuple[str, str], _Kept] = {}

    def create_schedule(
        self,
        params: dict[str, Any],
        *,
        sweep: Sweep | None = None,
        charge: Callable[[int], bool] | None = None,
    ) -> dict[str, Any]:
        """Make a schedule; ConflictException when the name is taken in its group."""
        place = (params.get("GroupName", "default"), params["Name"])
        if place in self._kept:
            raise AwsError("ConflictException", f"Schedule {place[1]} already exists.", 409)
        try:
            FlexibleTimeWindow.model_validate(params["FlexibleTimeWindow"])
            target = ScheduleTarget.model_validate(params["Target"])
            expression = parse_expression(
                params["ScheduleExpression"],
                zone=params.get("ScheduleExpressionTimezone") or "UTC",
                origin=self._hub.now,
            )
        except (ValidationError, ScheduleError) as error:
            raise AwsError("ValidationException", str(error)) from error
        kept = _Kept(params, target, self._hub.now)
        self._kept[place] = kept
        if params.get("State", "ENABLED") == "ENABLED":
            self._start(place, kept, expression, sweep, charge)
        return {"ScheduleArn": _arn(place)}

    def get_schedule(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return a schedule as it was made."""
        place, kept = self._find(params)
        made = datetime.fromtimestamp(kept.made, UTC)
        return {
            "GroupName": place[0],
            "State": "ENABLED",
            **kept.params,
            "Arn": _arn(place),
            "CreationDate": made,
            "LastModificationDate": made,
        }

    def delete_schedule(self, params: dict[str, Any]) -> dict[str, Any]:
        """Remove a schedule; what it had not yet fired will never fire."""
        place, kept = self._find(params)
        if kept.timer is not None:
            kept.timer.cancel()
        self._recurring.remove(_arn(place))
        del self._kept[place]
        return {}

    def list_schedules(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return every schedule whose name begins with `NamePrefix`."""
        prefix = params.get("NamePrefix", "")
        found = [
            {
                "Arn": _arn(place),
                "GroupName": place[0],
                "Name": place[1],
                "State": kept.params.get("State", "ENABLED"),
                "Target": {"Arn": kept.target.arn},
            }
            for place, kept in sorted(self._kept.items())
            if place[1].startswith(prefix) and params.get("GroupName", place[0]) == place[0]
        ]
        return {"Schedules": found}

    def _find(self, params: dict[str, Any]) -> tuple[tuple[str, str], _Kept]:
        place = (params.get("GroupName", "default"), params["Name"])
        kept = self._kept.get(place)
        if kept is None:
            message = f"Schedule {place[1]} does not exist."
            raise AwsError("ResourceNotFoundException", message, 404)
        return place, kept

    def _start(
        self,
        place: tuple[str, str],
        kept: _Kept,
        expression: Expression,
        sweep: Sweep | None,
        charge: Callable[[int], bool] | None,
    ) -> None:
        if isinstance(expression, Once):
            kept.timer = self._hub.at(expression.when, lambda: self._fire_once(place, kept))
            return

        def charged(runs: int) -> bool:
            if charge is None or not charge(runs):
                return False
            self._meter.count("schedules", runs)
            return True

        self._recurring.add(
            Recurring(
                name=_arn(place),
                expression=expression,
                run=lambda: self._fire(place, kept),
                sweep=sweep,
                charge=charged,
            )
        )

    def _fire_once(self, place: tuple[str, str], kept: _Kept) -> None:
        if _DONE[kept.params.get("ActionAfterCompletion", "NONE")]:
            del self._kept[place]
        self._fire(place, kept)

    def _fire(self, place: tuple[str, str], kept: _Kept) -> None:
        self._meter.count("schedules")
        target = kept.target
        execution_id = new_id(self._chance)
        text = target.input or _default_input(execution_id, self._hub.now)
        facts = {
            "<aws.scheduler.schedule-arn>": _arn(place),
            "<aws.scheduler.scheduled-time>": iso_seconds(self._hub.now),
            "<aws.scheduler.execution-id>": execution_id,
            "<aws.scheduler.attempt-number>": "1",
        }
        for name, value in facts.items():
            text = text.replace(name, value)
        dead_letter = target.dead_letter_config
        self._targets.deliver(
            Delivery(
                target=target.arn,
                text=text,
                retry=target.retry_policy,
                dead_letter=dead_letter.arn if dead_letter else None,
                attributes={"SCHEDULE_ARN": _arn(place)},
            )
        )


def _default_input(execution_id: str, now: float) -> str:
    """Return what a function gets when the schedule has no input of its own."""
    moment = iso_seconds(now)
    return (
        f'{{"version":"0","id":"{execution_id}","detail-type":"Scheduled Event",'
        f'"source":"aws.scheduler","account":"{ACCOUNT}","time":"{moment}",'
        f'"region":"{REGION}","resources":["<aws.scheduler.schedule-arn>"],"detail":"{{}}"}}'
    )


def _arn(place: tuple[str, str]) -> str:
    return f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{place[0]}/{place[1]}"
