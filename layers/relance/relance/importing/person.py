"""A row to a person, or to what is wrong with it, all of it: nothing is written before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from relance.addresses import address_to_send_to
from relance.content.rules import Trait
from relance.errors import InvalidInput
from relance.importing.mapping import (
    ImportSource,
    Meaning,
    ProofPart,
    meanings,
    says_who,
    trait_of_attribute,
)
from relance.importing.row import Row
from relance.moments import from_text
from relance.storage import Value
from relance.traits import fits

YES = frozenset({"yes", "y", "true", "t", "1", "x", "on", "oui", "ja", "si", "sí", "sim"})
NO = frozenset({"no", "n", "false", "f", "0", "off", "non", "nein", "não", "nao"})

_NOT_OF_PEOPLE = frozenset({"language", "time_zone", "country"})
"""What Pinpoint took from a device: left out where it does not fit, since nobody wrote it."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in one column of a row, and what to write."""

    column: str
    wrong: str
    write: str

    @property
    def reason(self) -> str:
        """The same for all rows with this mistake; nothing of what stands in the row."""
        return f"{self.column}: {self.wrong}" if self.column else self.wrong


class RowRefused(InvalidInput):
    """The row cannot be taken; `mistakes` has every reason."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("the row cannot be taken")
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Grant:
    """A consent with its proof: where and when it was given, and to which words."""

    topic: str
    at: datetime
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A consent that was withdrawn or refused, and when."""

    topic: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """What a row says of a person. `others` are further identities: user id, CRM ids."""

    address: str | None = None
    user_id: str = ""
    crm: tuple[tuple[str, str], ...] = ()
    traits: Mapping[str, Value] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads rows.

    `source` is a mapping whose Pinpoint columns are in it, `uploaded` the file's own time, and
    `topics` what a contact can leave.
    """

    source: ImportSource
    traits: Mapping[str, Trait]
    topics: tuple[str, ...]
    uploaded: datetime

    def keys(self, row: Row) -> Iterator[str]:
        """What names the person: two rows that have one of these in common are about the same."""
        for column, kind, name in meanings(self.source):
            cell = row.cells.get(column, "")
            if cell and says_who(kind, name):
                yield f"{kind}:{name}:{cell.lower() if kind is Meaning.TRAIT else cell}"

    def channel(self, row: Row) -> str:
        """The channel that an endpoint of Pinpoint is for; of other files it is `EMAIL`."""
        return row.cells.get("ChannelType", "EMAIL") if self.source.like else "EMAIL"

    def person(self, row: Row) -> Person:
        """The person.

        Raises:
            RowRefused: something is wrong, all of which is told.
        """
        if row.wrong:
            raise RowRefused([Mistake("", row.wrong, "Mend the row in the file.")])
        found = _Found(self, row)
        found.read()
        if found.mistakes:
            raise RowRefused(found.mistakes)
        return found.person()


class _Found:
    """A row while it is read."""

    def __init__(self, reader: Reader, row: Row) -> None:
        self.mistakes: list[Mistake] = []
        self._reader = reader
        self._row = row
        self._address: str | None = None
        self._user_id = ""
        self._crm: list[tuple[str, str]] = []
        self._traits: dict[str, Value] = {}
        self._lists = list(reader.source.everybody.lists)
        self._said: dict[tuple[Meaning, str], tuple[str, str]] = {}

    def read(self) -> None:
        for column, kind, name in meanings(self._reader.source):
            cell = self._row.cells.get(column, "")
            if "\x00" in cell:
                self._wrong(column, "a character in it is none (zero)", "Write the cell anew.")
            elif cell:
                self._cell(column, kind, name, cell)
        if self._reader.source.like:
            self._attributes()
        if not (self._address or self._user_id or self._crm or self.mistakes):
            self.mistakes.append(
                Mistake("", "nothing says who this is", "Write an address, or leave the row out.")
            )

    def _cell(self, column: str, kind: Meaning, name: str, cell: str) -> None:
        if kind is Meaning.TRAIT:
            self._trait(column, name, cell)
        elif kind is Meaning.USER_ID:
            self._user_id = self._id(column, cell)
        elif kind is Meaning.CRM:
            self._crm.append((name, self._id(column, cell)))
        elif kind is Meaning.LIST:
            if self._yes(column, cell):
                self._lists.append(name)
        else:
            self._said[kind, name] = (column, cell)

    def person(self) -> Person:
        grants, withdrawals = self._consents()
        if self.mistakes:
            raise RowRefused(self.mistakes)
        return Person(
            address=self._address,
            user_id=self._user_id,
            crm=tuple(self._crm),
            traits=self._traits,
            lists=tuple(dict.fromkeys(self._lists)),
            grants=grants,
            withdrawals=withdrawals,
        )

    def _trait(self, column: str, name: str, cell: str) -> None:
        if name == "email":
            try:
                self._address = self._traits[name] = address_to_send_to(cell)
            except InvalidInput as error:
                wrong = str(error).partition(". ")[0].rstrip(".")
                self._wrong(column, wrong, "Write an address like name@example.com.")
            return
        trait = self._reader.traits[name]
        value = _value(trait, cell)
        if value is not None and fits(trait, value):
            self._traits[name] = value
        elif not (self._reader.source.like and name in _NOT_OF_PEOPLE):
            self._wrong(column, f"this is no {_KIND[trait.type]}", _write(trait))

    def _attributes(self) -> None:
        """What Pinpoint knew under the name of a trait that the mapping does not give already."""
        for column, cell in self._row.cells.items():
            trait = self._reader.traits.get(trait_of_attribute(column))
            if trait is None or trait.name in self._traits or trait.name == "email" or not cell:
                continue
            value = _value(trait, cell)
            if value is not None and fits(trait, value):
                self._traits[trait.name] = value

    def _id(self, column: str, cell: str) -> str:
        if len(cell) > 255:
            self._wrong(column, "an id has at most 255 characters", "Write the id alone.")
        return cell

    def _yes(self, column: str, cell: str) -> bool:
        if cell.lower() not in YES | NO:
            self._wrong(column, "this is neither yes nor no", "Write yes or no.")
        return cell.lower() in YES

    def _consents(self) -> tuple[tuple[Grant, ...], tuple[Withdrawal, ...]]:
        reader = self._reader
        grants: list[Grant] = []
        withdrawals: list[Withdrawal] = []
        out = reader.source.like and self._row.cells.get("OptOut", "").upper() == "ALL"
        columns = {name for kind, name in self._said if kind is Meaning.CONSENT}
        asked = {name for _, kind, name in meanings(reader.source) if kind is Meaning.CONSENT}
        for topic in reader.topics:
            if out:
                withdrawals.append(Withdrawal(topic, self._opted_out_at()))
            elif topic in columns:
                column, cell = self._said[Meaning.CONSENT, topic]
                if self._yes(column, cell):
                    grants += self._granted(topic)
                elif cell.lower() in NO:
                    withdrawals.append(Withdrawal(topic, self._date(topic) or reader.uploaded))
            elif topic in reader.source.everybody.consents and topic not in asked:
                grants += self._granted(topic)
        return tuple(grants), tuple(withdrawals)

    def _granted(self, topic: str) -> Iterator[Grant]:
        """The consent, if it is proved."""
        proof = self._reader.source.everybody.consents.get(topic, ProofPart())
        source = self._said.get((Meaning.SOURCE_OF, topic), ("", proof.source or ""))[1]
        text = self._said.get((Meaning.TEXT_OF, topic), ("", proof.text or ""))[1]
        at = self._date(topic)
        lacking = [
            kind
            for kind, there in (
                (Meaning.SOURCE_OF, source),
                (Meaning.DATE_OF, at or (Meaning.DATE_OF, topic) in self._said),
                (Meaning.TEXT_OF, text),
            )
            if not there
        ]
        for kind in lacking:
            self._wrong(
                self._column(kind, topic),
                f"the consent to {topic} has no {kind.value.removesuffix('_of')}",
                "Write where, when and to which words the person agreed, or no.",
            )
        if at and not lacking:
            yield Grant(topic, at, source[:500], text[:2000])

    def _date(self, topic: str) -> datetime | None:
        proof = self._reader.source.everybody.consents.get(topic, ProofPart())
        column, cell = self._said.get((Meaning.DATE_OF, topic), ("", proof.date or ""))
        if not cell:
            return None
        at = _moment(cell)
        if at is None or at.year < 1990:
            self._wrong(column, "this is no date", "Write for example 2026-01-31.")
            return None
        if at > self._reader.uploaded:
            self._wrong(column, "this date lies ahead", "Write when the person agreed.")
            return None
        return at

    def _opted_out_at(self) -> datetime:
        at = _moment(self._row.cells.get("EffectiveDate", ""))
        return min(at, self._reader.uploaded) if at else self._reader.uploaded

    def _column(self, kind: Meaning, topic: str) -> str:
        return next(
            (
                column
                for column, each, name in meanings(self._reader.source)
                if (each, name) == (kind, topic)
            ),
            "",
        )

    def _wrong(self, column: str, wrong: str, write: str) -> None:
        self.mistakes.append(Mistake(column, wrong, write))


_KIND = {
    "text": "text that fits",
    "email": "address",
    "number": "number",
    "yes_no": "yes or no",
    "date": "date",
    "country": "country code",
    "language": "language code",
    "time_zone": "time zone",
}

_LIKE = {
    "number": "Write for example 12.5.",
    "yes_no": "Write yes or no.",
    "date": "Write for example 2026-01-31.",
    "country": "Write two letters, for example FR.",
    "language": "Write for example en or pt-BR.",
    "time_zone": "Write for example Europe/Paris.",
}


def _write(trait: Trait) -> str:
    if trait.options:
        return f"Write one of these: {', '.join(trait.options)}."
    return _LIKE.get(trait.type, "Write at most 200 characters, without an address.")


def _value(trait: Trait, cell: str) -> Value:
    """The cell as a value of the trait's kind; None if it is none."""
    if trait.type == "number":
        return _number(cell)
    if trait.type == "yes_no":
        word = cell.lower()
        return word in YES if word in YES | NO else None
    if trait.type == "country":
        return cell.upper() if len(cell) == 2 and cell.isascii() and cell.isalpha() else None
    if trait.type == "language":
        return _language(cell)
    if trait.type == "time_zone":
        return cell if _is_zone(cell) else None
    if trait.options:
        by_word = {each.lower(): each for each in trait.options}
        return by_word.get(cell.lower().replace(" ", "_"))
    return cell


def _number(cell: str) -> float | int | None:
    text = cell.replace("\u00a0", "").replace(" ", "")
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        return None
    if not 1e-130 <= abs(value) < 1e15 and value != 0:
        return None
    return int(value) if value.is_integer() else value


def _language(cell: str) -> str | None:
    language, _, country = cell.replace("_", "-").partition("-")
    if len(language) != 2 or not language.isalpha() or not language.isascii():
        return None
    if len(country) == 2 and country.isalpha() and country.isascii():
        return f"{language.lower()}-{country.upper()}"
    return language.lower() if not country else None


@lru_cache(maxsize=1000)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return "/" in name or name == "UTC"


def _moment(text: str) -> datetime | None:
    try:
        return from_text(text.replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
