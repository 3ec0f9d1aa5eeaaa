"""What a language's dates, numbers and money look like, from the Unicode CLDR (Babel)."""

from functools import cache

from babel import Locale as Cldr
from babel import UnknownLocaleError
from babel.numbers import get_currency_precision

_STYLES = ("short", "medium", "long", "full")
_DAYS = range(7)
_MONTHS = range(1, 13)
_TOKENS = dict.fromkeys(
    (
        "y",
        "yy",
        "yyyy",
        "M",
        "MM",
        "MMM",
        "MMMM",
        "LLL",
        "LLLL",
        "d",
        "dd",
        "EEEE",
        "E",
        "EEE",
        "cccc",
    ),
    "",
)


@cache
def locale_data(language: str) -> dict[str, object] | None:
    """Return the fields of content.locales.Locale, or None where CLDR knows no such language."""
    try:
        cldr = Cldr.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
    number = cldr.decimal_formats[None]
    money = cldr.currency_formats["standard"]
    symbols = cldr.number_symbols["latn"]
    days = "stand-alone" if "cccc" in cldr.date_formats["full"].format else "format"
    return {
        "dates": {style: _pattern(cldr.date_formats[style].format) for style in _STYLES},
        "months": [cldr.months["format"]["wide"][each] for each in _MONTHS],
        "short_months": [cldr.months["format"]["abbreviated"][each] for each in _MONTHS],
        "days": [cldr.days[days]["wide"][each] for each in _DAYS],
        "short_days": [cldr.days["format"]["abbreviated"][each] for each in _DAYS],
        "decimal": symbols["decimal"],
        "group": symbols["group"],
        "minus": symbols["minusSign"],
        "grouping": list(number.grouping),
        "money": _money(money.prefix[0], money.suffix[0], symbols["minusSign"]),
        "negative_money": _money(money.prefix[1], money.suffix[1], symbols["minusSign"]),
        "symbols": {
            code: symbol for code, symbol in sorted(cldr.currency_symbols.items()) if symbol != code
        },
        "decimals": {
            code: get_currency_precision(code)
            for code in sorted(cldr.currencies)
            if get_currency_precision(code) != 2
        },
    }


def _pattern(written: str) -> str:
    """Return a pattern of days; one that asks for more than a day's parts gives way to ISO 8601."""
    try:
        written % _TOKENS
    except (KeyError, ValueError):
        return "%(y)s-%(MM)s-%(dd)s"
    return written


def _money(before: str, after: str, minus: str) -> str:
    whole = f"{before}{{amount}}{after}".replace("¤", "{currency}")
    return whole.replace("-", minus)
