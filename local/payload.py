"""Events and results as Lambda passes them: JSON, there and back."""

import json
from decimal import Decimal
from typing import Any

import orjson


class PayloadError(Exception):
    """A result that JSON cannot hold; the message is Python's own."""


def encode(value: object) -> bytes:
    """Return the JSON of an event or a result, as the Lambda runtime for Python writes it."""
    try:
        return json.dumps(
            value, default=_decimal, ensure_ascii=False, separators=(",", ":")
        ).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise PayloadError(str(error)) from error


def decode(body: bytes) -> Any:
    """Return the data of a JSON text; NaN and Infinity, which Python writes, included."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


def _decimal(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    msg = f"Object of type {type(value).__name__} is not JSON serializable"
    raise TypeError(msg)
