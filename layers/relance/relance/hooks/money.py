"""Amounts of money as providers write them, as numbers in the currency's own unit.

Stripe and others count in the smallest unit, which is not a hundredth of every currency.
https://docs.stripe.com/currencies#minor-units
"""

import math
import re
from decimal import Decimal, InvalidOperation

_NO_DECIMALS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
     "XOF", "XPF"]
)  # fmt: skip
_THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])


def currency_of(value: object) -> str | None:
    """The code of a currency in capital letters (ISO 4217); None if it is none."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{3}", value):
        return None
    return value.upper()


def number_of(value: object) -> float | int | None:
    """A number, also one that is written as a text: "29.90"; None if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    if not isinstance(value, str) or not re.fullmatch(
        r"\s*[-+]?[0-9]{1,30}(\.[0-9]{1,30})?\s*", value
    ):
        return None
    return float(value)


def from_smallest_unit(value: object, currency: str) -> float | None:
    """An amount in cents, or what the currency has instead, in the currency itself."""
    number = number_of(value)
    if number is None:
        return None
    places = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    try:
        return float(Decimal(str(number)).scaleb(-places))
    except (InvalidOperation, OverflowError):
        return None
