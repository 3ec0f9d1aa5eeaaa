"""From a table's stream to a function: shards, batches, retries, bisecting, partial failures.

Source: "Using AWS Lambda with Amazon DynamoDB" and "Retaining discarded batches"
(https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html). Order holds per item and no further:
records are spread over shards by partition key and, within a shard, over `ParallelizationFactor`
lanes by the item's whole key, so two batches may carry the same partition key at the same time.
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from local.deliveries.invocations import SendTo, iso_milliseconds
from local.deliveries.patterns import Check, compile_pattern
from local.deliveries.ports import Answer, Cancellable, Clockwork, Invoke, JsonObject, new_id
from local.resources import EventSourceMapping

STREAM_DELAY = 0.3
"""Seconds from a write to the moment the poller sees it."""
STREAM_RETENTION = 86_400.0
_SHARDS = 4


@dataclass(slots=True)
class Record:
    """One change; `when` is when it was written."""

    sequence: int
    when: float
    shard: int
    lane_key: int
    body: JsonObject


@dataclass(slots=True)
class _Batch:
    records: list[Record]
    attempts: int = 0


@dataclass(slots=True)
class _Lane:
    shard: int
    waiting: deque[Record] = field(default_factory=deque)
    retrying: deque[_Batch] = field(default_factory=deque)
    busy: bool = False
    timer: Cancellable | None = None


class Stream:
    """The stream of one table: what was written, in the order it was written."""

    def __init__(
        self, hub: Clockwork, *, arn: str, table_keys: tuple[str, ...], view: str, region: str
    ) -> None:
        self.arn = arn
        self.listeners: list[Callable[[Record], None]] = []
        self._hub, self._view, self._region = hub, view, region
        self._partition_key = table_keys[0]
        self._sequence = 100_000_000_000_000_000_000

    def write(
        self,
        event_name: str,
        keys: Mapping[str, Any],
        old: Mapping[str, Any] | None,
        new: Mapping[str, Any] | None,
    ) -> None:
        """Append a change: `INSERT`, `MODIFY` or `REMOVE`, images in DynamoDB's JSON."""
        if not self.listeners:
            return
        self._sequence += 1
        change: JsonObject = {
            "ApproximateCreationDateTime": int(self._hub.now),
            "Keys": dict(keys),
            "SequenceNumber": str(self._sequence),
            "SizeBytes": len(orjson.dumps([keys, new])),
            "StreamViewType": self._view,
        }
        if new is not None and self._view in {"NEW_IMAGE", "NEW_AND_OLD_IMAGES"}:
            change["NewImage"] = dict(new)
        if old is not None and self._view in {"OLD_IMAGE", "NEW_AND_OLD_IMAGES"}:
            change["OldImage"] = dict(old)
        lane_key = _hash(keys)
        record = Record(
            sequence=self._sequence,
            when=self._hub.now,
            shard=_hash(keys[self._partition_key]) % _SHARDS,
            lane_key=lane_key,
            body={
                "eventID": f"{lane_key:08x}{self._sequence:024x}",
                "eventName": event_name,
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": self._region,
                "dynamodb": change,
                "eventSourceARN": self.arn,
            },
        )
        for listener in self.listeners:
            listener(record)


class StreamPoller:
    """An event source mapping between a stream and a function."""

    def __init__(
        self,
        hub: Clockwork,
        invoke: Invoke,
        send: SendTo,
        *,
        stream: Stream,
        function: str,
        function_arn: str,
        mapping: EventSourceMapping,
    ) -> None:
        self._hub, self._invoke, self._send = hub, invoke, send
        self._stream, self._function, self._function_arn = stream, function, function_arn
        self._chance = hub.chance(f"stream:{function}")
        self._mapping = mapping
        self._size = mapping.batch_size or 100
        self._filters: list[Check] = [
            compile_pattern(json.loads(one.pattern)) for one in mapping.filter_criteria.filters
        ]
        self._lanes: dict[tuple[int, int], _Lane] = {}
        stream.listeners.append(self._written)

    @property
    def backlog(self) -> int:
        """Records written and not yet through."""
        return sum(
            len(lane.waiting) + sum(len(batch.records) for batch in lane.retrying)
            for lane in self._lanes.values()
        )

    def _written(self, record: Record) -> None:
        if self._filters and not any(fits(record.body) for fits in self._filters):
            return
        place = (record.shard, record.lane_key % self._mapping.parallelization_factor)
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = _Lane(record.shard)
        lane.waiting.append(record)
        self._arm(lane)

    def _arm(self, lane: _Lane) -> None:
        if lane.busy or lane.retrying or not lane.waiting:
            return
        waiting = len(lane.waiting)
        if lane.timer is not None:
            if waiting != self._size:
                return
            lane.timer.cancel()
        if waiting >= self._size:
            ready = lane.waiting[self._size - 1].when + STREAM_DELAY
        else:
            window = self._mapping.maximum_batching_window_in_seconds
            ready = lane.waiting[0].when + STREAM_DELAY + window
        lane.timer = self._hub.at(ready, lambda: self._fire(lane))

    def _fire(self, lane: _Lane) -> None:
        lane.timer = None
        if lane.busy or not lane.waiting:
            return
        seen = self._hub.now - STREAM_DELAY + 1e-6
        records: list[Record] = []
        while lane.waiting and len(records) < self._size and lane.waiting[0].when <= seen:
            records.append(lane.waiting.popleft())
        if records:
            self._run(lane, _Batch(records))
        else:
            self._arm(lane)

    def _run(self, lane: _Lane, batch: _Batch) -> None:
        lane.busy = True
        batch.attempts += 1
        event = {"Records": [record.body for record in batch.records]}
        self._invoke(self._function, event, lambda answer: self._done(lane, batch, answer))

    def _done(self, lane: _Lane, batch: _Batch, answer: Answer) -> None:
        failed_from = self._first_failure(batch, answer)
        if failed_from is None:
            self._next(lane, 0)
            return
        rest = batch.records[failed_from:]
        if failed_from:
            batch = _Batch(rest, batch.attempts)
        kept = self._young_enough(batch, answer)
        if kept is None:
            self._next(lane, 0)
            return
        limit = self._mapping.maximum_retry_attempts
        if self._mapping.bisect_batch_on_function_error and len(kept.records) > 1:
            # Splitting does not count as a retry, says AWS; without partial results the two
            # halves start afresh.
            middle = len(kept.records) // 2
            kept.attempts -= 1
            halves = [_Batch(kept.records[:middle], kept.attempts)]
            halves.append(_Batch(kept.records[middle:], kept.attempts))
            lane.retrying.extendleft(reversed(halves))
        elif 0 <= limit < kept.attempts:
            self._discard(kept, answer, "RetryAttemptsExhausted")
        else:
            lane.retrying.appendleft(kept)
        self._next(lane, min(60.0, 2.0 ** min(kept.attempts, 6) / 2))

    def _next(self, lane: _Lane, pause: float) -> None:
        if not lane.retrying:
            lane.busy = False
            self._arm(lane)
            return
        batch = lane.retrying.popleft()
        self._hub.after(pause, lambda: self._run(lane, batch))

    def _first_failure(self, batch: _Batch, answer: Answer) -> int | None:
        """Return the index of the first record that failed; None when all went through."""
        if answer.error is not None:
            return 0
        if not self._mapping.function_response_types:
            return None
        response = answer.payload
        failures = response.get("batchItemFailures") if isinstance(response, dict) else None
        if not failures:
            return None
        places = {str(record.sequence): n for n, record in enumerate(batch.records)}
        named = [str(item.get("itemIdentifier")) for item in failures if isinstance(item, dict)]
        if len(named) != len(failures) or any(name not in places for name in named):
            return 0
        return min(places[name] for name in named)

    def _young_enough(self, batch: _Batch, answer: Answer) -> _Batch | None:
        """Set records aside that are too old; return what is left to try again."""
        limit = self._mapping.maximum_record_age_in_seconds
        oldest = self._hub.now - (limit if limit >= 0 else STREAM_RETENTION)
        old = [record for record in batch.records if record.when < oldest]
        if old:
            self._discard(_Batch(old, batch.attempts), answer, "RecordAgeExceeded")
        rest = batch.records[len(old) :]
        return _Batch(rest, batch.attempts) if rest else None

    def _discard(self, batch: _Batch, answer: Answer, condition: str) -> None:
        target = self._mapping.destination_config.on_failure
        if target is None:
            return
        first, last = batch.records[0], batch.records[-1]
        response: JsonObject = {"statusCode": 200, "executedVersion": "$LATEST"}
        response["functionError"] = "Unhandled" if answer.error is not None else None
        record = {
            "requestContext": {
                "requestId": new_id(self._chance),
                "functionArn": self._function_arn,
                "condition": condition,
                "approximateInvokeCount": batch.attempts,
            },
            "responseContext": response,
            "version": "1.0",
            "timestamp": iso_milliseconds(self._hub.now),
            "DDBStreamBatchInfo": {
                "shardId": f"shardId-{first.shard:020d}-00000000",
                "startSequenceNumber": str(first.sequence),
                "endSequenceNumber": str(last.sequence),
                "approximateArrivalOfFirstRecord": iso_milliseconds(first.when),
                "approximateArrivalOfLastRecord": iso_milliseconds(last.when),
                "batchSize": len(batch.records),
                "streamArn": self._stream.arn,
            },
        }
        self._send(target.destination, json.dumps(record), {})


def _hash(value: object) -> int:
    return zlib.crc32(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))
