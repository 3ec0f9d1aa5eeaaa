"""The store in DynamoDB."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from botocore.exceptions import ClientError

from relance.aws.expressions import Expression
from relance.aws.passing import FAILURES, Failure, passes
from relance.aws.values import from_attributes, to_attributes
from relance.errors import ConditionFailed, StoreBusy
from relance.storage import (
    KEYS,
    Check,
    Delete,
    Index,
    Item,
    Put,
    Table,
    Update,
    Write,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Arguments: TypeAlias = dict[str, Any]
"""The arguments of a boto3 call, as they are put together here."""

_BUSY = frozenset({"TransactionConflictException", "TransactionInProgressException"})
_BUSY_REASONS = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)

PAUSES = (0.05, 0.1, 0.2, 0.4)
"""Seconds that are waited at most before a write that met another one is tried again.

Chance takes a part of each ("full jitter"), so that two writers do not meet again.
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

BATCH_GET_LIMIT = 100
"""Items that one BatchGetItem reads at most; 16 MB, which these items never reach."""


class DynamoStore:
    """The four tables in DynamoDB; `tables` maps them to their physical names.

    A write that meets another one is repeated a few times: `sleep` waits so many seconds, `chance`
    draws from [0, 1).
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        tables: Mapping[Table, str],
        *,
        sleep: Callable[[float], None],
        chance: Callable[[], float],
    ) -> None:
        self._client = client
        self._tables = tables
        self._sleep = sleep
        self._chance = chance

    def get(self, table: Table, key: tuple[str, ...]) -> Item | None:
        """The item at `key`, or None."""
        try:
            answer = self._client.get_item(
                TableName=self._tables[table], Key=_key(table, key), ConsistentRead=True
            )
        except FAILURES as error:
            _translate(error)
        item = answer.get("Item")
        return from_attributes(item) if item else None

    def get_many(
        self, table: Table, keys: Iterable[tuple[str, ...]]
    ) -> dict[tuple[str, ...], Item]:
        """The items at these keys, by key, a hundred with a call."""
        found: dict[tuple[str, ...], Item] = {}
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), BATCH_GET_LIMIT):
            some = [_key(table, key) for key in wanted[start : start + BATCH_GET_LIMIT]]
            for item in self._batch(self._tables[table], some):
                found[tuple(str(item[name]) for name in KEYS[table])] = item
        return found

    def _batch(self, table: str, keys: list[Arguments]) -> Iterator[Item]:
        """The items at up to a hundred keys; what DynamoDB leaves out is asked for again."""
        for longest in (*PAUSES, 0.0):
            request: Arguments = {table: {"Keys": keys, "ConsistentRead": True}}
            try:
                answer = self._client.batch_get_item(RequestItems=request)
            except FAILURES as error:
                _translate(error)
            yield from (from_attributes(item) for item in answer["Responses"].get(table, []))
            left = answer.get("UnprocessedKeys", {}).get(table)
            if not left:
                return
            keys = list(left["Keys"])
            self._sleep(longest * self._chance())
        raise StoreBusy("DynamoDB left out items of a batch again and again")

    def query(
        self, table: Table, partition: str, *, prefix: str = "", start: str = ""
    ) -> list[Item]:
        """The items of a partition by sort key; all pages."""
        partition_name, sort_name = KEYS[table]
        condition, names, values = "#p = :p", {"#p": partition_name}, {":p": partition}
        if prefix or start:
            names["#s"] = sort_name
            values[":s"] = prefix or start
            condition += " AND begins_with(#s, :s)" if prefix else " AND #s >= :s"
        request: Arguments = {
            "TableName": self._tables[table],
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_attributes(values),
            "ConsistentRead": True,
        }
        return list(self._pages(request, self._client.query))

    def latest(self, table: Table, partition: str, *, most: int, before: str = "") -> list[Item]:
        """The last items of a partition, the last first."""
        partition_name, sort_name = KEYS[table]
        condition, names, values = "#p = :p", {"#p": partition_name}, {":p": partition}
        if before:
            names["#s"] = sort_name
            values[":s"] = before
            condition += " AND #s < :s"
        request: Arguments = {
            "TableName": self._tables[table],
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_attributes(values),
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": most,
        }
        return list(islice(self._pages(request, self._client.query), most))

    def query_index(
        self, index: Index, partition: str, *, up_to: str | None = None
    ) -> Iterator[Item]:
        """The keys of an index's partition in its order, page by page; eventually consistent."""
        condition, names, values = "#p = :p", {"#p": index.partition}, {":p": partition}
        if up_to is not None:
            names["#s"] = index.sort
            values[":s"] = up_to
            condition += " AND #s <= :s"
        request: Arguments = {
            "TableName": self._tables[index.table],
            "IndexName": index.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_attributes(values),
        }
        return self._pages(request, self._client.query)

    def scan(
        self,
        table: Table,
        *,
        records: Sequence[str],
        attributes: Sequence[str],
        prefixes: Sequence[str] = (),
        after: tuple[str, ...] | None = None,
    ) -> Iterator[Item]:
        """The items with one of these sort keys, with some attributes, page by page."""
        names = {f"#a{at}": name for at, name in enumerate(attributes)}
        exact = {f":r{at}": record for at, record in enumerate(records)}
        begun = {f":p{at}": prefix for at, prefix in enumerate(prefixes)}
        values = {**exact, **begun}
        wanted = [f"#s IN ({', '.join(exact)})"] if exact else []
        wanted += [f"begins_with(#s, {name})" for name in begun]
        request: Arguments = {
            "TableName": self._tables[table],
            "FilterExpression": " OR ".join(wanted),
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": {"#s": KEYS[table][-1], **names},
            "ExpressionAttributeValues": to_attributes(values),
        }
        if after is not None:
            request["ExclusiveStartKey"] = _key(table, after)
        return self._pages(request, self._client.scan)

    @staticmethod
    def _pages(request: Arguments, ask: Callable[..., Any]) -> Iterator[Item]:
        while True:
            try:
                answer = ask(**request)
            except FAILURES as error:
                _translate(error)
            yield from (from_attributes(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def write(self, write: Put | Update | Delete) -> None:
        """Carry out one write."""
        try:
            if isinstance(write, Put):
                self._change(self._client.put_item, self._put(write))
            elif isinstance(write, Update):
                self._change(self._client.update_item, self._update(write))
            else:
                self._change(self._client.delete_item, self._delete(write))
        except ClientError as error:
            if _code(error) == "ConditionalCheckFailedException":
                raise ConditionFailed((0,)) from None
            _translate(error)
        except FAILURES as error:
            _translate(error)

    def change(self, update: Update) -> Item:
        """Carry out one update; the whole item as it is afterwards."""
        arguments = {
            **self._update(update),
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            answer = self._change(self._client.update_item, arguments)
        except ClientError as error:
            if _code(error) == "ConditionalCheckFailedException":
                there: Any = error.response.get("Item")
                raise ConditionFailed((0,), from_attributes(there) if there else None) from None
            _translate(error)
        except FAILURES as error:
            _translate(error)
        return from_attributes(answer["Attributes"])

    def transact(self, writes: Sequence[Write]) -> None:
        """Carry out several writes, all or none."""
        parts: list[Any] = [self._part(each) for each in writes]
        try:
            self._change(self._client.transact_write_items, {"TransactItems": parts})
        except ClientError as error:
            if _code(error) != "TransactionCanceledException":
                _translate(error)
            reasons = _reasons(error)
            failed = tuple(
                at for at, code in enumerate(reasons) if code == "ConditionalCheckFailed"
            )
            if failed:
                raise ConditionFailed(failed) from None
            if _BUSY_REASONS.intersection(reasons):
                raise StoreBusy("another writer was at the same items; try again") from error
            raise
        except FAILURES as error:
            _translate(error)

    def _change(self, call: Callable[..., Any], arguments: Arguments) -> Any:
        """Make a call that writes, again as long as another writer is at the same items."""
        for longest in PAUSES:
            try:
                return call(**arguments)
            except ClientError as error:
                if not _writers_met(error):
                    raise
            self._sleep(longest * self._chance())
        return call(**arguments)

    def _part(self, write: Write) -> Arguments:
        if isinstance(write, Put):
            return {"Put": self._put(write)}
        if isinstance(write, Update):
            return {"Update": self._update(write)}
        if isinstance(write, Delete):
            return {"Delete": self._delete(write)}
        return {"ConditionCheck": self._check(write)}

    def _put(self, write: Put) -> Arguments:
        expression = Expression(KEYS[write.table][0])
        return {
            "TableName": self._tables[write.table],
            "Item": to_attributes(write.item),
            **expression.with_condition(write.when),
        }

    def _update(self, write: Update) -> Arguments:
        expression = Expression(KEYS[write.table][0])
        change = expression.change(set_=write.set, add=write.add, remove=write.remove)
        return {
            "TableName": self._tables[write.table],
            "Key": _key(write.table, write.key),
            "UpdateExpression": change,
            **expression.with_condition(write.when),
        }

    def _delete(self, write: Delete) -> Arguments:
        expression = Expression(KEYS[write.table][0])
        return {
            "TableName": self._tables[write.table],
            "Key": _key(write.table, write.key),
            **expression.with_condition(write.when),
        }

    def _check(self, write: Check) -> Arguments:
        expression = Expression(KEYS[write.table][0])
        return {
            "TableName": self._tables[write.table],
            "Key": _key(write.table, write.key),
            **expression.with_condition(write.when),
        }


def _key(table: Table, key: tuple[str, ...]) -> Arguments:
    return to_attributes(dict(zip(KEYS[table], key, strict=True)))


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _reasons(error: ClientError) -> list[str]:
    """Why each write of a transaction was turned away."""
    reasons = error.response.get("CancellationReasons", [])
    return [str(each.get("Code")) for each in reasons]


def _writers_met(error: ClientError) -> bool:
    """Whether nothing was written for no other reason than another write at the same time."""
    reasons = _reasons(error)
    return _code(error) == "TransactionConflictException" or (
        not _BUSY_REASONS.isdisjoint(reasons) and "ConditionalCheckFailed" not in reasons
    )


def _translate(error: Failure) -> NoReturn:
    if passes(error) or (isinstance(error, ClientError) and _code(error) in _BUSY):
        raise StoreBusy("DynamoDB could not answer now") from error
    raise error
