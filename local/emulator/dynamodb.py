"""DynamoDB.

Items live as long as the object; time to live takes effect in virtual time: an item is removed at
the first write two days after it expired (AWS promises no more than "within a few days"), and its
observers see a REMOVE.
"""

import heapq
import time
from collections.abc import Callable
from typing import Any

import orjson

from local.emulator.ministack import ACCOUNT, REGION, JsonService, dump, failure, parse, scope
from local.emulator.queries import QuickQueries
from local.emulator.quicker import Quicker
from local.emulator.sizes import Item
from local.emulator.units import read_units, write_units
from local.hook import Answer, Call

Observer = Callable[[str, str, Item, Item | None, Item | None], None]

_TTL_DELAY_SECONDS = 2 * 86_400

# Called straight, without a round through the request's headers.
_DIRECT = {
    "PutItem": "_put_item",
    "GetItem": "_get_item",
    "DeleteItem": "_delete_item",
    "UpdateItem": "_update_item",
    "Query": "_query",
    "Scan": "_scan",
    "BatchGetItem": "_batch_get_item",
    "BatchWriteItem": "_batch_write_item",
    "TransactWriteItems": "_transact_write_items",
    "TransactGetItems": "_transact_get_items",
}
_READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})


class DynamoDb(JsonService):
    """Answers for "dynamodb"."""

    name = "dynamodb"

    def __init__(self, account: str = ACCOUNT, region: str = REGION) -> None:
        self._observers: list[Observer] = []
        self._written: list[tuple[str, Item | None, Item | None]] = []
        self._direct = False
        self._expiring: list[tuple[float, str, str, str]] = []
        super().__init__(account, region)
        module: Any = self.backend
        self._module = module
        self._quicker = Quicker.of(self.backend)
        self._queries = QuickQueries(module, self._quicker)
        module._emit_stream_event = self._changed  # noqa: SLF001
        module.json_response = self._respond

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        Quicker.of(self.backend).reset()
        self._expiring.clear()

    def observe(self, observer: Observer) -> None:
        """Call `observer(table, event_name, keys, old_image, new_image)` after every change.

        `event_name` is INSERT, MODIFY or REMOVE; a write that changes nothing is not reported. The
        images are the stored items in DynamoDB's own form: read them, never change them.
        """
        self._observers.append(observer)

    def close(self) -> None:
        """Tell nobody any more: the emulator's module holds on to whoever answered last."""
        self._observers.clear()

    # -- calls ------------------------------------------------------------------------------------

    def call(self, call: Call) -> Answer:
        """Answer a call."""
        function = _DIRECT.get(call.operation)
        if function is None:
            answer = super().call(call)
            if call.operation == "UpdateTimeToLive":
                self._schedule_table(call.params["TableName"])
            return answer
        data = orjson.loads(dump(call.params))
        self._quicker.begin(data)
        self._written.clear()
        self._direct = True
        try:
            answer = self._perform(call, function, data)
        finally:
            self._direct = False
        self._notify()
        return _returned(call, answer)

    def _perform(self, call: Call, function: str, data: dict[str, Any]) -> Any:
        with scope(self.account, self.region):
            if call.operation not in _READS:
                self._expire()
                self._written.clear()
            answer = self._queries.answer(data) if call.operation == "Query" else None
            if answer is None:
                status, _, answer = getattr(self._module, function)(data)
                if status >= 300:
                    self._charge_failure(call, data)
                    raise failure(status, answer)
            self._charge(call, data, answer)
            return answer

    def table(self, name: str) -> Any:
        """Return ministack's own record of a table."""
        with scope(self.account, self.region):
            return self._module._tables[name]  # noqa: SLF001

    def items(self, table: str) -> list[Item]:
        """Return every item of a table in DynamoDB's own form; read them, never change them."""
        partitions = self.table(table)["items"].values()
        return [item for partition in partitions for item in partition.values()]

    def keep(self, table: str, item: Item) -> Item:
        """Put an item into a table without telling anybody, and return its keys."""
        keys = self._keys(table, item)
        pk, sk = [*(next(iter(value.values())) for value in keys.values()), "__no_sort__"][:2]
        with scope(self.account, self.region):
            self._module._set_item(self._module._tables[table], pk, sk, item)  # noqa: SLF001
        self._schedule(table, item)
        return keys

    # -- changes ----------------------------------------------------------------------------------

    def _changed(
        self, table: str, _event: str, old: Item | None, new: Item | None, *_: object, **__: object
    ) -> None:
        self._written.append((table, old, new))
        if new is not None:
            self._schedule(table, new)

    def _notify(self) -> None:
        written, self._written = self._written, []
        if not self._observers:
            return
        for table, old, new in written:
            if old == new:
                continue
            event = "REMOVE" if new is None else "MODIFY" if old else "INSERT"
            keys = self._keys(table, new or old or {})
            for observer in self._observers:
                observer(table, event, keys, old, new)

    def _keys(self, table: str, item: Item) -> Item:
        record = self.table(table)
        names = (record["pk_name"], record["sk_name"])
        return {name: item[name] for name in names if name and name in item}

    def _respond(
        self, data: Any, status: int = 200, **_: object
    ) -> tuple[int, dict[str, str], Any]:
        """Stand in for ministack's json_response: a direct call has no use for the text."""
        return status, {}, data if self._direct and status < 300 else orjson.dumps(data)

    # -- time to live -----------------------------------------------------------------------------

    def _schedule_table(self, table: str) -> None:
        for item in self.items(table):
            self._schedule(table, item)

    def _schedule(self, table: str, item: Item) -> None:
        setting = self._module._ttl_settings.get(table)  # noqa: SLF001
        if not setting or setting.get("TimeToLiveStatus") != "ENABLED":
            return
        expires = _number(item.get(setting["AttributeName"]))
        if expires is not None:
            keys = self._keys(table, item)
            pk, sk = [*(next(iter(value.values())) for value in keys.values()), "__no_sort__"][:2]
            heapq.heappush(self._expiring, (expires, table, pk, sk))

    def _expire(self) -> None:
        limit = time.time() - _TTL_DELAY_SECONDS
        while self._expiring and self._expiring[0][0] <= limit:
            _, name, pk, sk = heapq.heappop(self._expiring)
            table = self._module._tables.get(name)  # noqa: SLF001
            setting = self._module._ttl_settings.get(name)  # noqa: SLF001
            item = table["items"].get(pk, {}).get(sk) if table else None
            expires = _number(item.get(setting["AttributeName"])) if item and setting else None
            if expires is not None and expires <= limit:
                self._module._remove_item(table, pk, sk)  # noqa: SLF001
                self._written.append((name, item, None))
        self._notify()

    # -- capacity ---------------------------------------------------------------------------------

    def _charge(self, call: Call, data: dict[str, Any], answer: Any) -> None:
        if call.operation in _READS:
            call.capacity.extend(
                read_units(self._module, self._quicker, call.operation, data, answer)
            )
        else:
            charges = write_units(self._module, self._quicker, call.operation, data, self._written)
            call.capacity.extend(charges)

    @staticmethod
    def _charge_failure(call: Call, data: dict[str, Any]) -> None:
        """Charge a refused condition: AWS bills the write, here at its least."""
        if call.operation == "TransactWriteItems":
            for member in data["TransactItems"]:
                table = next(iter(member.values()))["TableName"]
                call.capacity.append((table, 0.0, 2.0))
        elif call.operation not in _READS and "TableName" in data:
            call.capacity.append((data["TableName"], 0.0, 1.0))


def _returned(call: Call, data: Any) -> Answer:
    """Return the caller's own copy of an answer."""
    raw = data if isinstance(data, bytes) else orjson.dumps(data)
    if b'"B":' in raw or b'"BS":' in raw:
        return parse(call, 200, {}, raw)
    answer: Answer = orjson.loads(raw)
    return answer


def _number(value: Any) -> float | None:
    try:
        return float(value["N"])
    except (KeyError, TypeError, ValueError):
        return None
