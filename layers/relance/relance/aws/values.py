"""DynamoDB's typed attributes and plain values, both ways.

`None` is not stored. A whole number stays an `int`, any other a `float` (IEEE double, which
DynamoDB's 38 digits hold exactly enough to read it back unchanged).
"""

from collections.abc import Mapping, Sequence

from relance.storage import Item, Value

Attribute = dict[str, object]


def to_attributes(item: Item) -> dict[str, Attribute]:
    """The item as DynamoDB takes it."""
    return {name: to_attribute(value) for name, value in item.items() if value is not None}


def to_attribute(value: Value) -> Attribute:
    """One value as DynamoDB takes it."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": repr(value)}
    if value is None:
        return {"NULL": True}
    if isinstance(value, Mapping):
        return {"M": to_attributes(value)}
    return {"L": [to_attribute(each) for each in value]}


def from_attributes(attributes: Mapping[str, Mapping[str, object]]) -> dict[str, Value]:
    """The item that DynamoDB gave."""
    return {name: from_attribute(each) for name, each in attributes.items()}


def from_attribute(attribute: Mapping[str, object]) -> Value:
    """The value that DynamoDB gave.

    Raises:
        ValueError: a type that the suite never writes (sets, binary).
    """
    ((kind, value),) = attribute.items()
    if kind == "S":
        return str(value)
    if kind == "N":
        text = str(value)
        return int(text) if text.lstrip("-").isdigit() else float(text)
    if kind == "M" and isinstance(value, Mapping):
        return from_attributes(value)
    if kind == "L" and isinstance(value, Sequence):
        return [from_attribute(each) for each in value]
    if kind == "BOOL":
        return value is True
    if kind == "NULL":
        return None
    raise ValueError(f"an attribute of type {kind} is not one of ours")
