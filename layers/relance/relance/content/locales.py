"""Dates, numbers and money as a language writes them. Standard library only.

The build takes the patterns of a language from the Unicode CLDR and puts them into each message
that needs them, so that sending reads no table of the world's languages.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Self

_ISO = "%(y)s-%(MM)s-%(dd)s"


@dataclass(frozen=True, slots=True, eq=False)
class Locale:
    """How one language writes.

    `dates` holds the patterns short, medium, long and full, in the words of CLDR (`%(d)s`);
    `months`, `short_months`, `days` and `short_days` begin with January and Monday. `grouping`
    counts the digits of the first group and of the others, from the right. `money` and
    `negative_money` hold `{amount}` and `{currency}`; `decimals` the digits of currencies that have
    other than two.
    """

    dates: Mapping[str, str] = field(default_factory=dict)
    months: tuple[str, ...] = ()
    short_months: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    short_days: tuple[str, ...] = ()
    decimal: str = "."
    group: str = ","
    minus: str = "-"
    grouping: tuple[int, ...] = (3, 3)
    money: str = "{currency}{amount}"
    negative_money: str = "-{currency}{amount}"
    symbols: Mapping[str, str] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Self:
        """Read what the build wrote."""
        values = {
            name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()
        }
        return cls(**values)  # type: ignore[arg-type] # the build wrote these very fields

    def day(self, value: object, style: str = "long") -> object:
        """Return a day in words; None stays None. Raises ValueError for what is no day."""
        if _passes(value):
            return _as_it_is(value)
        if style not in {"short", "medium", "long", "full"}:
            raise ValueError(f'"{style}" is no way to write a date: short, medium, long or full')
        try:
            day = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
        except ValueError:
            raise ValueError("this is no date like 2026-11-30") from None
        return self.dates.get(style, _ISO) % self._parts(day)

    def number(self, value: object, decimals: int | None = None) -> object:
        """Return a number with its separators; by itself it has up to three decimals.

        None stays None. Raises ValueError for what is no number.
        """
        if _passes(value):
            return _as_it_is(value)
        given = _decimal(value)
        sign = self.minus if _shown(given, decimals).startswith("-") else ""
        return sign + self._digits(given, decimals)

    def in_currency(self, value: object, currency: str) -> object:
        """Return an amount of money, `12.5 | money("EUR")`; None stays None. Raises ValueError."""
        if _passes(value):
            return _as_it_is(value)
        if len(currency) != 3 or not currency.isupper():
            raise ValueError('name the currency by its three letters, for example money("EUR")')
        given, decimals = _decimal(value), self.decimals.get(currency, 2)
        pattern = self.negative_money if _shown(given, decimals).startswith("-") else self.money
        symbol = self.symbols.get(currency, currency)
        before, _, after = pattern.partition("{currency}")
        # A code of letters keeps its distance from the digits (UTS 35, currency spacing).
        if symbol[-1].isalpha() and after.startswith("{amount}"):
            symbol += "\xa0"
        if symbol[0].isalpha() and before.endswith("{amount}"):
            symbol = "\xa0" + symbol
        return f"{before}{symbol}{after}".replace("{amount}", self._digits(given, decimals))

    def _digits(self, value: Decimal, decimals: int | None) -> str:
        whole, _, fraction = _shown(value, decimals).removeprefix("-").partition(".")
        first, others = self.grouping[0], self.grouping[-1]
        groups: list[str] = []
        if len(whole) > first:
            whole, last = whole[:-first], whole[-first:]
            groups = [last]
            while len(whole) > others:
                whole, last = whole[:-others], whole[-others:]
                groups.insert(0, last)
        written = self.group.join([whole, *groups])
        return f"{written}{self.decimal}{fraction}" if fraction else written

    def _parts(self, day: date) -> dict[str, str]:
        def of(names: tuple[str, ...], index: int, otherwise: str) -> str:
            return names[index] if names else otherwise

        month = of(self.months, day.month - 1, f"{day.month:02}")
        short = of(self.short_months, day.month - 1, f"{day.month:02}")
        weekday = of(self.days, day.weekday(), "")
        short_weekday = of(self.short_days, day.weekday(), "")
        return {
            "y": str(day.year), "yy": f"{day.year % 100:02}", "yyyy": f"{day.year:04}",
            "M": str(day.month), "MM": f"{day.month:02}", "MMM": short, "MMMM": month,
            "LLL": short, "LLLL": month, "d": str(day.day), "dd": f"{day.day:02}",
            "EEEE": weekday, "cccc": weekday, "E": short_weekday, "EEE": short_weekday,
        }  # fmt: skip


PLAIN = Locale()
"""Days like 2026-11-30, numbers like 1,234.5: where no language is known."""


def _passes(value: object) -> bool:
    """Tell whether a value is not for us: unknown, or none that could be written at all."""
    return value is None or not isinstance(value, str | int | float | Decimal | date | list | dict)


def _as_it_is(value: object) -> object:
    return None if value is None else str(value)


def _decimal(value: object) -> Decimal:
    given = Decimal("nan")
    if not isinstance(value, bool | list | dict | date):
        with suppress(InvalidOperation):
            given = Decimal(str(value))
    if not given.is_finite() or abs(given.adjusted()) > 30:
        raise ValueError("this is no number")
    return given


def _shown(value: Decimal, decimals: int | None) -> str:
    """Return the digits, with a minus sign unless all of them are 0."""
    step = Decimal(1).scaleb(-(3 if decimals is None else min(max(decimals, 0), 9)))
    text = f"{value.quantize(step, ROUND_HALF_EVEN):f}"
    if decimals is None:
        text = text.rstrip("0").rstrip(".")
    return text.removeprefix("-") if not text.strip("-0.") else text
