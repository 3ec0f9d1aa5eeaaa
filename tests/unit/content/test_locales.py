"""Dates, numbers and money are written as the contact's language writes them."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st
from relance.content.build.locale_data import locale_data
from relance.content.compiled import Content
from relance.content.locales import PLAIN, Locale
from relance.content.render import render
from relance.content.templates import environment

from .conftest import SMALL
from .guide import GUIDE
from .test_render import Urls

LANGUAGES = [
    "en", "en-GB", "fr", "pt", "pt-BR", "de", "de-AT", "de-CH", "es", "ca", "it", "nl", "da", "sv",
    "fi", "pl", "cs", "hu", "ro", "el", "tr", "ru", "uk", "ar", "he", "hi", "ja", "ko", "zh-CN",
]  # fmt: skip
AMOUNTS = st.decimals(-(10**9), 10**9, places=4)


def locale(language: str) -> Locale:
    """As a function reads it from a message."""
    return Locale.from_json(json.loads(json.dumps(locale_data(language))))


LOCALES = {language: locale(language) for language in LANGUAGES}


@given(language=st.sampled_from(LANGUAGES), day=st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_date_is_written_as_babel_writes_it(language: str, day: date) -> None:
    for style in ("short", "medium", "long", "full"):
        expected = format_date(day, style, locale=language.replace("-", "_"))
        assert LOCALES[language].day(day.isoformat(), style) == expected


@given(language=st.sampled_from(LANGUAGES), amount=AMOUNTS.filter(lambda it: abs(it) >= 1))
def test_numbers_and_money_are_written_as_babel_writes_them(language: str, amount: Decimal) -> None:
    theirs = language.replace("-", "_")
    # CLDR's minus sign of the language; Babel writes a hyphen in all of them.
    ours = replace(LOCALES[language], minus="-", negative_money=_with_hyphen(LOCALES[language]))
    assert ours.number(amount) == format_decimal(amount, locale=theirs)
    for currency in ("EUR", "USD", "JPY", "CHF", "SEK"):
        expected = format_currency(amount, currency, locale=theirs).replace("\xa0", "")
        assert str(ours.in_currency(amount, currency)).replace("\xa0", "") == expected


def _with_hyphen(ours: Locale) -> str:
    return ours.negative_money.replace(ours.minus, "-")


def test_the_table_of_the_guide_says_what_is_written() -> None:
    rows = re.findall(
        r"^\| `\{\{ contact\.([a-z_]+) \\\| (.*?) \}\}` \| (.*?) \| (.*?) \|$", GUIDE, re.MULTILINE
    )
    assert len(rows) == 5
    known = {"birth_date": "1984-11-30", "employees": 1234.5, "expected_value": 1234.5}
    for trait, written, *expected in rows:
        for language, said in zip(("en", "fr"), expected, strict=True):
            env = environment(html=False, locale=LOCALES[language])
            shown = env.from_string(f"{{{{ it | {written} }}}}").render(it=known[trait])
            assert " ".join(shown.split()) == said


def test_a_currency_without_a_sign_keeps_its_distance_and_nothing_is_minus_zero() -> None:
    english = LOCALES["en"]
    assert english.in_currency(12, "CHF") == "CHF\xa012.00"
    assert english.in_currency(-0.001, "EUR") == "€0.00"
    assert english.number(-0.0001) == "0"
    assert english.number(1234.5, 2) == "1,234.50"


def test_what_is_not_known_stays_unknown() -> None:
    assert PLAIN.day(None) is PLAIN.number(None) is PLAIN.in_currency(None, "EUR") is None


@pytest.mark.parametrize("value", ["soon", "", "2026-13-01", [1], {"a": 1}, 12])
def test_what_is_no_day_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no date"):
        PLAIN.day(value)


@pytest.mark.parametrize("value", ["many", "", True, [1], "nan", "inf", "1e99", float("nan")])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no number"):
        PLAIN.number(value)


def test_each_language_of_a_mail_writes_its_own_way(built: Callable[..., Content]) -> None:
    content = built(
        {
            "traits.yaml": SMALL["traits.yaml"]
            + "born: {type: date, personal: yes, visible_to_workflows: no}\n",
            "messages/hello/message.yaml": SMALL["messages/hello/message.yaml"]
            + "  - {language: fr, subject: Bonjour}\n",
            "messages/hello/body.html.j2": (
                '<p>{{ contact.born | date or "one day" }}: '
                '{{ contact.employees | money("EUR") or "-" }}</p>'
            ),
        }
    )
    message = content.message("hello")
    assert set(message.locales) == {"en", "fr"}
    assert content.message("ask").locales == {}

    def text(language: str, **contact: object) -> str:
        variables = {"contact": contact, "company": content.company.variables()}
        mail = render(message, variables=variables, urls=Urls(), persona=None, language=language)
        return mail.text.partition("\n")[0]

    known = {"born": "1984-11-30", "employees": 1234.5}
    assert text("en", **known) == "November 30, 1984: €1,234.50"
    assert text("fr", **known) == "30 novembre 1984: 1\u202f234,50\xa0€"
    assert text("fr") == "one day: -"
