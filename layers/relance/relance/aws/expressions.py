"""Conditions and changes as DynamoDB's expressions.

Every attribute name goes through a placeholder, so that no name can clash with a reserved word or
be read as a path by accident; a dot in a condition's name is a path (`tracking.at`).
"""

from collections.abc import Mapping, Sequence

from relance.aws.values import to_attributes
from relance.storage import (
    Absent,
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Condition,
    Equals,
    Item,
    Missing,
    Present,
    Value,
)


class Expression:
    """Collects the placeholders of one request. `partition` is the table's partition key."""

    def __init__(self, partition: str) -> None:
        self._partition = partition
        self._names: dict[str, str] = {}
        self._values: dict[str, Value] = {}

    def with_condition(self, when: Condition | None) -> dict[str, object]:
        """The arguments for the condition, and for all placeholders used so far."""
        arguments: dict[str, object] = {}
        if when is not None:
            arguments["ConditionExpression"] = self.condition(when)
        if self._names:
            arguments["ExpressionAttributeNames"] = {
                placeholder: name for name, placeholder in self._names.items()
            }
        if self._values:
            arguments["ExpressionAttributeValues"] = to_attributes(self._values)
        return arguments

    def condition(self, when: Condition) -> str:
        """The condition as text."""
        match when:
            case Absent():
                return f"attribute_not_exists({self._path(self._partition)})"
            case Present():
                return f"attribute_exists({self._path(self._partition)})"
            case Missing(name):
                return f"attribute_not_exists({self._path(name)})"
            case Equals(name, value):
                return f"{self._path(name)} = {self._value(value)}"
            case Below(name, value):
                return f"{self._path(name)} < {self._value(value)}"
            case AtLeast(name, value):
                return f"{self._path(name)} >= {self._value(value)}"
            case AnyOf(conditions):
                return self._joined(" OR ", conditions)
            case AllOf(conditions):
                return self._joined(" AND ", conditions)

    def change(self, *, set_: Item, add: Mapping[str, int], remove: Sequence[str]) -> str:
        """The update expression; a value of None is removed. Names here are no paths."""
        kept = {name: value for name, value in set_.items() if value is not None}
        gone = [*remove, *(name for name, value in set_.items() if value is None)]
        parts = {
            "SET": [f"{self._name(name)} = {self._value(value)}" for name, value in kept.items()],
            "ADD": [f"{self._name(name)} {self._value(value)}" for name, value in add.items()],
            "REMOVE": [self._name(name) for name in gone],
        }
        return " ".join(f"{verb} {', '.join(each)}" for verb, each in parts.items() if each)

    def _joined(self, word: str, conditions: Sequence[Condition]) -> str:
        return "(" + word.join(self.condition(each) for each in conditions) + ")"

    def _path(self, path: str) -> str:
        return ".".join(self._name(part) for part in path.split("."))

    def _name(self, name: str) -> str:
        return self._names.setdefault(name, f"#n{len(self._names)}")

    def _value(self, value: Value) -> str:
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = value
        return placeholder
