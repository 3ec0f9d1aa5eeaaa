"""`events`: PutEvents, as far as producers of events need it.

Source: "PutEvents" in the EventBridge API reference: at most 10 entries, 256 KB together.
"""

from __future__ import annotations

import json
from typing import Any

from local.deliveries.bus import Buses, bus_name_of
from local.hook import AwsError
from local.meter import Meter

_MOST_ENTRIES = 10
_MOST_BYTES = 256 * 1024
_CHUNK = 64 * 1024


class Events:
    """Takes events in and hands them to the buses."""

    def __init__(self, buses: Buses, meter: Meter) -> None:
        self._buses, self._meter = buses, meter

    def put_events(self, params: dict[str, Any]) -> dict[str, Any]:
        """Take in up to ten events; entries that are wrong fail one by one."""
        entries = params["Entries"]
        if not 1 <= len(entries) <= _MOST_ENTRIES:
            raise AwsError("ValidationException", "Entries must have between 1 and 10 items")
        if sum(_size(entry) for entry in entries) > _MOST_BYTES:
            raise AwsError(
                "ValidationException", "Total size of the entries in the request is over the limit."
            )
        results = [self._put(entry) for entry in entries]
        return {
            "FailedEntryCount": sum("ErrorCode" in result for result in results),
            "Entries": results,
        }

    def _put(self, entry: dict[str, Any]) -> dict[str, str]:
        missing = [name for name in ("Source", "DetailType", "Detail") if not entry.get(name)]
        if missing:
            return _failed("InvalidArgument", f"Parameter {missing[0]} is not valid.")
        if entry["Source"].startswith("aws."):
            return _failed("NotAuthorizedForSourceException", "Not authorized for the source.")
        try:
            detail = json.loads(entry["Detail"])
        except json.JSONDecodeError:
            detail = None
        if not isinstance(detail, dict):
            return _failed("MalformedDetail", "Detail is malformed.")
        bus = entry.get("EventBusName", "default")
        if bus_name_of(bus) not in self._buses.by_name:
            raise AwsError("ResourceNotFoundException", f"Event bus {bus} does not exist.")
        moment = entry.get("Time")
        event_id = self._buses.put(
            bus,
            source=entry["Source"],
            detail_type=entry["DetailType"],
            detail=detail,
            resources=entry.get("Resources", ()),
            time=None if moment is None else moment.timestamp(),
        )
        self._meter.count("custom_events", max(1, -(-_size(entry) // _CHUNK)))
        return {"EventId": event_id}


def _failed(code: str, text: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": text}


def _size(entry: dict[str, Any]) -> int:
    texts = (entry.get("Source"), entry.get("DetailType"), entry.get("Detail"))
    extra = 14 if entry.get("Time") else 0
    named = sum(len(text.encode()) for text in texts if text)
    return extra + named + sum(len(resource.encode()) for resource in entry.get("Resources", ()))
