"""Leaves about a value of a profile or a company, from the source models to the canonical form."""

from collections.abc import Mapping

from relance.conditions import sources, words
from relance.conditions.places import Place
from relance.conditions.translate_ranges import (
    LOWER,
    UPPER,
    Canonical,
    Translations,
    amount,
    day_range,
)
from relance.conditions.vocabulary import ValueWord, Vocabulary
from relance.content.names import suggestion

_TEXTS = frozenset({"text", "email", "country", "language", "time_zone"})
_ANY = ("equals", "not", "in", "not_in", "is_set")
_NUMBERS = (*LOWER, *UPPER, "between")
_DAYS = ("before", "after", "on", "between", "within_next", "within_last", "anniversary", "is_set")
_OPERATORS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_TEXTS, (*_ANY, "contains", "starts_with", "ends_with", "matches")),
    "number": (*_ANY, *_NUMBERS),
    "yes_no": ("equals", "not", "is_set"),
    "date": _DAYS,
}
_EXAMPLES: Mapping[str, str] = {
    **dict.fromkeys(_TEXTS, "equals: …"),
    "number": "at_least: 50",
    "yes_no": "equals: yes",
    "date": "within_next: 7 days",
}
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(_TEXTS, "a text"),
    "number": "a number",
    "yes_no": "yes or no",
    "date": "a date",
}
_LONGEST_ANNIVERSARY = 180


def trait(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`trait:`."""
    assert isinstance(source, sources.TraitSource)  # noqa: S101 - by TRANSLATIONS
    given = dict(source.given())
    name = str(given.pop("trait"))
    if not vocabulary.knows("trait", name, where / "trait"):
        return None
    word = vocabulary.traits[name]
    if not _fits(given, name, word, where):
        return None
    if word.type == "date" and "is_set" not in given:
        return _date(name, given, source, where)
    test = _test(given, name, word, where)
    return {"leaf": "trait", "trait": name, "test": test} if test else None


def company(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`company:`."""
    given = dict(source.given())
    name = str(given.pop("company"))
    if not vocabulary.knows("company", name, where / "company"):
        return None
    word = vocabulary.companies[name]
    if not _fits(given, name, word, where):
        return None
    if name == "score":
        found = amount(given, name, where)
        return {"leaf": "company_score", **found} if found else None
    test = _test(given, name, word, where)
    return {"leaf": "company", "about": name, "test": test} if test else None


def _fits(given: Mapping[str, object], name: str, word: ValueWord, where: Place) -> bool:
    """Whether something is asked, once, and such a value can be asked it."""
    possible = _OPERATORS[word.type]
    if not given:
        where.wrong(f'say what to ask of {name}, for example "{_EXAMPLES[word.type]}".')
        return False
    for key in given:
        if key not in possible:
            where_key = where / key
            where_key.wrong(
                f"{name} is {_KINDS[word.type]}, which cannot be asked this. {_instead(key, word)}"
            )
            return False
    bounds = [key for key in given if key in _NUMBERS and key != "between"]
    if len(given) > 1 and len(bounds) < len(given):
        first, second = list(given)[:2]
        where.wrong(
            f"{first} and {second} are two questions. Make two conditions of them, each "
            f'beginning with "trait: {name}", below "all:".'
        )
        return False
    return True


def _instead(key: str, word: ValueWord) -> str:
    if word.type == "date" and key == "equals":
        return 'Write "on:".'
    if word.type == "number" and key in {"after", "before"}:
        return f'Write "{"greater_than" if key == "after" else "less_than"}:".'
    if word.type == "date" and key in _NUMBERS:
        return f'Write "{"after" if key in LOWER else "before"}:".'
    return f"Possible are {', '.join(_OPERATORS[word.type])}."


def _test(
    given: Mapping[str, object], name: str, word: ValueWord, where: Place
) -> Canonical | None:
    key = next(iter(given))
    if key in _NUMBERS:
        return amount(given, name, where)
    value = given[key]
    if key == "is_set":
        return {key: value}
    if key in {"equals", "not", "contains"}:
        if not _suits(value, name, word, where / key, exact=key != "contains"):
            return None
        if key == "contains":
            return {"contains": value}
        return {"in" if key == "equals" else "not_in": [value]}
    if key in {"in", "not_in"}:
        values = value if isinstance(value, list) else []
        suit = [
            _suits(each, name, word, where / key / index, exact=True)
            for index, each in enumerate(values)
        ]
        return {key: list(values)} if all(suit) else None
    if key == "matches" and not _is_pattern(str(value), where / key):
        return None
    return {key: value}


def _suits(value: object, name: str, word: ValueWord, where: Place, *, exact: bool) -> bool:
    """Whether a trait of this type can have the value."""
    if word.type in _TEXTS and not isinstance(value, str):
        shown = "NO" if value is False else words.quoted(value)
        where.wrong(
            f'{words.quoted(value)} is not a text, and {name} is one. Put it in quotes: "{shown}".'
        )
    elif word.type == "number" and not words.is_number(value):
        where.wrong(words.not_a_number(value))
    elif word.type == "yes_no" and not isinstance(value, bool):
        where.wrong(f'{words.quoted(value)} is neither yes nor no. Write "yes" or "no".')
    elif exact and word.options and str(value).casefold() not in map(str.casefold, word.options):
        where.wrong(
            f"{words.quoted(value)} is not one of the options of {name}. "
            f"{suggestion(str(value), word.options)}"
        )
    elif exact and word.type == "country" and not _is_country(str(value)):
        where.wrong(
            f'{words.quoted(value)} is not a country. Write its two letters, for example "FR".'
        )
    else:
        return True
    return False


def _is_country(value: str) -> bool:
    return len(value) == 2 and value.isalpha() and value.isascii()


def _is_pattern(value: str, where: Place) -> bool:
    from relance.conditions.patterns import pattern  # noqa: PLC0415 - seldom needed

    try:
        pattern(value)
    except ValueError as error:
        where.wrong(
            f'"{value}" is not a regular expression that can be used here ({error}). Write for '
            'example "[A-Z]{2}-[0-9]+".'
        )
        return False
    return True


def _date(
    name: str, given: Mapping[str, object], source: sources.TraitSource, where: Place
) -> Canonical | None:
    if source.anniversary is not None:
        return _anniversary(name, source.anniversary, where / "anniversary")
    found = day_range(given, where)
    return {"leaf": "day", "trait": name, **found} if found else None


def _anniversary(name: str, source: sources.AnniversarySource, where: Place) -> Canonical | None:
    given = source.given()
    if len(given) != 1:
        where.wrong('say when, once: "today", or "within_next: 7 days", within_last or on.')
        return None
    found = day_range(given, where)
    if found is None:
        return None
    back, ahead = found["from"], found["to"]
    if not isinstance(back, int) or not isinstance(ahead, int):
        (where / "on").wrong(
            f'{words.quoted(back)} comes only once. Write "today", "in 7 days" or "7 days ago".'
        )
        return None
    if max(-back, ahead) > _LONGEST_ANNIVERSARY:
        where.wrong(
            f"an anniversary is never farther than half a year. Write {_LONGEST_ANNIVERSARY} days "
            "or less."
        )
        return None
    return {"leaf": "anniversary", "trait": name, "from": back, "to": ahead}


TRANSLATIONS: Translations = {sources.TraitSource: trait, sources.CompanySource: company}
"""How each model becomes canonical."""
