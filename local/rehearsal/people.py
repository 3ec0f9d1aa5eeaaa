"""The people of a file, with the history that it holds of them.

| file | what it brings |
|---|---|
| a CSV of anybody's, by a mapping of `imports/` or by its e-mail column | traits, consents, lists |
| CSV or NDJSON that `export_contacts` wrote | the same, suppression, preferred hour |
| JSON that `export_contact` wrote; one, one a line, or a folder of them | the whole history |

A broken file is refused as a whole, with its lines. It is read by what reads imports.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from relance.content.compiled import Content
from relance.content.names import closest, suggestion
from relance.engine.taking import zone_of
from relance.errors import InvalidInput
from relance.importing.job import names_of
from relance.importing.mapping import ImportSource, meanings, says_who, with_pinpoint
from relance.importing.person import Grant, Person, Reader, RowRefused, Withdrawal
from relance.importing.row import Row
from relance.importing.rows import Table, open_table
from relance.moments import from_text
from relance.register import ConsentState
from relance.storage import Item
from relance.usecases.export_contact import FORMAT

from local.demo.csv_file import EMAIL_HEADINGS, NAME_HEADINGS, plain

_TABLES = ("contacts", "identities", "events", "sends")
_SHOWN = 10
_AFTER_ALL = datetime(9999, 1, 1, tzinfo=UTC)


class FileRefused(Exception):
    """The file cannot be used; a sentence for its owner, with the lines that are wrong."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a contact did before: messages and answers, and when it acted, where it lives.

    `days` are those between its first and its last order. Hours and weekdays (Monday is 0) count
    opens, clicks and orders. `preferred` is an hour that is known without the acts.
    """

    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    orders: int = 0
    days: float = 0.0
    spent: float = 0.0
    hours: Mapping[int, int] = field(default_factory=dict)
    weekdays: Mapping[int, int] = field(default_factory=dict)
    preferred: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody of the file; `line` is where.

    Either `person` is what the row says, or `items` are all that the tables held, by table.
    """

    line: int
    address: str | None = field(repr=False)
    person: Person | None = field(default=None, repr=False)
    items: Mapping[str, Sequence[Item]] = field(default_factory=dict, repr=False)
    pending: tuple[str, ...] = ()
    suppressed: str = ""
    zone: str = ""
    past: Past = Past()

    @property
    def key(self) -> str:
        """What this person's chance hangs on: no line number, so that others may come and go."""
        own = next((str(each["contact_id"]) for each in self.items.get("contacts", ())), "")
        return (self.address or own or f"line {self.line}").casefold()


@dataclass(frozen=True, slots=True)
class People:
    """Everybody in a file. `newest` is the last thing that the file knows to have happened."""

    name: str
    subjects: tuple[Subject, ...]
    newest: datetime | None = None
    notes: tuple[str, ...] = ()


def read_people(path: Path, content: Content, *, mapping: str | None = None) -> People:
    """Read a file, or a folder of exported contacts.

    Raises FileRefused, with the lines that are wrong.
    """
    paths = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not paths:
        raise FileRefused(
            f"{path}: there is no *.json in this folder. Put exported contacts there."
        )
    found: list[Subject] = []
    newest: list[datetime] = []
    for each in paths:
        blocks = _bytes(each)
        reading = _Reading(each.name, content, mapping)
        if _head(blocks).lstrip().startswith("{"):
            reading.objects(blocks)
        else:
            reading.table(open_rows(each.name, blocks, reading.wanted()))
        if reading.wrong:
            raise FileRefused(_told(each.name, reading.wrong))
        found += reading.subjects
        newest += reading.newest
    unique, twice = _once_each(found)
    if not unique:
        raise FileRefused(f"{path}: there is nobody in it.")
    notes = [f"{twice:,} lines tell of somebody who stands in an earlier line."] if twice else []
    return People(path.name, tuple(unique), max(newest, default=None), tuple(notes))


def _once_each(found: Sequence[Subject]) -> tuple[list[Subject], int]:
    first: dict[str, Subject] = {}
    for subject in found:
        first.setdefault(subject.key, subject)
    return list(first.values()), len(found) - len(first)


def _bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileRefused(f"{path}: {error.strerror or 'cannot be read'}.") from error
    if not raw.strip():
        raise FileRefused(f"{path}: the file is empty.")
    return raw


def _head(raw: bytes) -> str:
    unpacked = raw
    if raw.startswith(b"\x1f\x8b"):
        try:
            unpacked = gzip.decompress(raw)
        except (OSError, EOFError, ValueError):
            return ""  # open_table says what is wrong with it
    return unpacked[:1000].decode("utf-8-sig", "replace")


def open_rows(name: str, raw: bytes, wanted: Sequence[str]) -> Table:
    """Open a table; raise FileRefused."""
    try:
        return open_table(lambda: [raw], wanted)
    except InvalidInput as error:
        raise FileRefused(f"{name}: {error}") from None


def _told(name: str, wrong: Sequence[tuple[int, str]]) -> str:
    lines = [f"   line {line}: {said}" for line, said in wrong[:_SHOWN]]
    more = len(wrong) - len(lines)
    if more:
        lines.append(f"   … and {more:,} more")
    count = "1 mistake" if len(wrong) == 1 else f"{len(wrong):,} mistakes"
    return "\n".join([f"{name}: {count}. Nothing was rehearsed.", *lines])


class _Reading:
    """One file while it is read."""

    def __init__(self, name: str, content: Content, mapping: str | None) -> None:
        self.subjects: list[Subject] = []
        self.wrong: list[tuple[int, str]] = []
        self.newest: list[datetime] = []
        self._name = name
        self._content = content
        self._mapping = mapping
        self._reader: Reader | None = None

    # -- CSV ------------------------------------------------------------------------------------

    def wanted(self) -> list[str]:
        """The columns by which the delimiter is told."""
        sources = [self._named(each) for each in self._names()]
        return ["contact", "address", *(column for each in sources for column in each.columns)]

    def table(self, table: Table) -> None:
        """Read the rows of a CSV file."""
        try:
            if {"contact", "address"} <= set(table.columns) and self._mapping is None:
                for row in table.rows:
                    self._exported_row(row)
                return
            first = list(islice(table.rows, 200))
            self._choose(table.columns, first)
            for row in first:
                self._row(row)
            for row in table.rows:
                self._row(row)
        except InvalidInput as error:
            raise FileRefused(f"{self._name}: {error}") from None

    def _names(self) -> Sequence[str]:
        return (self._mapping,) if self._mapping else tuple(self._content.imports)

    def _named(self, name: str) -> ImportSource:
        if name == "pinpoint":
            return ImportSource(like="pinpoint")
        written = self._content.import_mapping(name)
        if written is None:
            names = (*self._content.imports, "pinpoint")
            raise FileRefused(
                f'There is no mapping "{name}" in imports/. '
                f"{suggestion(name, closest(name, names) or names)}"
            )
        return ImportSource.model_validate(written)

    def _choose(self, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Find the mapping that fits best; else the column of the addresses will do."""
        best: ImportSource | None = None
        for name in self._names():
            source = with_pinpoint(self._named(name), names_of(self._content))
            known = {c for c, kind, trait in meanings(source) if says_who(kind, trait)}
            if not known & set(columns):
                continue
            if best is None or _fitting(source, columns) > _fitting(best, columns):
                best = source
        if best is None and self._mapping:
            raise FileRefused(
                f'{self._name}: none of the columns that say who somebody is in "{self._mapping}" '
                f"is there. The columns are: {_listed(columns)}."
            )
        self._reader = self._reads(best or _by_heading(self._name, columns, rows))

    def _reads(self, source: ImportSource) -> Reader:
        return Reader(
            source=with_pinpoint(source, names_of(self._content)),
            traits={each.name: each for each in self._content.rules.traits},
            topics=tuple(self._content.company.topics),
            uploaded=_AFTER_ALL,
        )

    def _row(self, row: Row) -> None:
        assert self._reader is not None  # noqa: S101 - chosen before
        try:
            person = self._reader.person(row)
        except RowRefused as refused:
            for each in refused.mistakes:
                self.wrong.append((row.number, f"{each.reason}. {each.write}"))
            return
        self._add(Subject(row.number, person.address, person, zone=_zone(person.traits)))

    # -- what export_contacts wrote ---------------------------------------------------------------

    def _exported_row(self, row: Row) -> None:
        if row.wrong:
            self.wrong.append((row.number, f"{row.wrong}. Mend the row in the file."))
            return
        cells = row.cells
        traits = {c.removeprefix("trait "): v for c, v in cells.items() if c.startswith("trait ")}
        columns = {f"trait {name}": name for name in traits if name in self._traits()}
        if self._reader is None:
            self._reader = self._reads(ImportSource(columns={"address": "email", **columns}))
        consents = {
            topic: {
                "state": cells.get(f"consent {topic}"),
                "at": cells.get(f"consent {topic} since"),
            }
            for topic in self._content.company.topics
            if cells.get(f"consent {topic}")
        }
        told = {
            "address": cells.get("address"),
            "consents": consents,
            "lists": [each for each in cells.get("lists", "").split(", ") if each],
            "suppressed": cells.get("suppressed") or None,
        }
        given = {name: cell for name, cell in cells.items() if name in columns or name == "address"}
        self._exported(Row(row.number, {n: cell for n, cell in given.items() if cell}), told)

    def _traits(self) -> set[str]:
        return {each.name for each in self._content.rules.traits}

    def _exported(self, row: Row, told: Mapping[str, object]) -> None:
        """Take what an export says of a contact; its traits are judged like those of an import."""
        assert self._reader is not None  # noqa: S101
        try:
            person = self._reader.person(row) if row.cells else Person()
        except RowRefused as refused:
            for each in refused.mistakes:
                self.wrong.append((row.number, f"{each.reason}. {each.write}"))
            return
        states = {str(t): c for t, c in _object(told.get("consents")).items()}
        granted, withdrawn, pending = [], [], []
        for topic, consent in states.items():
            state = str(_object(consent).get("state"))
            at = _moment(_object(consent).get("at"))
            if at is None or state not in list(ConsentState):
                self.wrong.append((row.number, f"the consent to {topic} is none that is exported."))
                return
            self.newest.append(at)
            if state == ConsentState.GRANTED:
                granted.append(Grant(topic, at, "export", "export"))
            elif state == ConsentState.WITHDRAWN:
                withdrawn.append(Withdrawal(topic, at))
            else:
                pending.append(topic)
        lists = told.get("lists")
        prefers = _object(told.get("prefers"))
        own = prefers.get("because") in ("responses", "stated")
        preferred = prefers.get("hour") if own else None
        self._add(
            Subject(
                row.number,
                person.address,
                Person(
                    address=person.address,
                    traits=person.traits,
                    lists=tuple(map(str, lists)) if isinstance(lists, list) else (),
                    grants=tuple(granted),
                    withdrawals=tuple(withdrawn),
                ),
                pending=tuple(pending),
                suppressed=str(told.get("suppressed") or ""),
                zone=_zone(person.traits),
                past=Past(preferred=preferred if isinstance(preferred, int) else None),
            )
        )

    # -- JSON -----------------------------------------------------------------------------------

    def objects(self, raw: bytes) -> None:
        """Read one JSON object, or one a line."""
        try:
            text = (gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw).decode(
                "utf-8-sig"
            )
        except (OSError, EOFError, UnicodeDecodeError):
            raise FileRefused(f"{self._name}: the file is cut off, or is no UTF-8 text.") from None
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError):
            whole = None
        if isinstance(whole, dict):
            self._object(1, whole)
            return
        lines: list[Row] = []
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                self.wrong.append((number, "it is no JSON. Write one object a line."))
                continue
            if isinstance(found, dict):
                self._object(number, found)
            else:
                lines.append(Row(number, wrong="it is no JSON object"))
        self.wrong += [(row.number, f"{row.wrong}. Write one object a line.") for row in lines]

    def _object(self, line: int, found: Mapping[str, object]) -> None:
        if found.get("format") == FORMAT:
            self._whole(line, found)
        elif "traits" in found and "consents" in found:
            traits = {
                name: value for name, value in _object(found["traits"]).items() if value is not None
            }
            columns = {name: name for name in self._traits()}
            source = ImportSource.model_validate({"columns": columns})
            self._reader = self._reader or self._reads(source)
            cells = {name: _cell(value) for name, value in traits.items() if name in columns}
            if found.get("address"):
                cells["email"] = str(found["address"])
            self._exported(Row(line, cells), found)
        elif self._mapping:
            self._mapped(line, found)
        else:
            self.wrong.append(
                (line, "it is no exported contact. Name a mapping: --mapping pinpoint.")
            )

    def _mapped(self, line: int, found: Mapping[str, object]) -> None:
        text = json.dumps(found, ensure_ascii=False)
        rows = list(open_rows(self._name, text.encode(), ()).rows)
        if self._reader is None:
            self._reader = self._reads(self._named(self._mapping or ""))
        for row in rows:
            self._row(Row(line, row.cells, row.wrong))

    # -- what export_contact wrote ----------------------------------------------------------------

    def _whole(self, line: int, found: Mapping[str, object]) -> None:
        items: dict[str, list[Item]] = {}
        for table in _TABLES:
            listed = found.get(table)
            if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
                self.wrong.append((line, f'"{table}" is missing: this is no whole export.'))
                return
            items[table] = listed
        register = next((i for i in items["contacts"] if i.get("record") == "now#register"), None)
        if register is None:
            self.wrong.append(
                (line, "it holds no contact: whoever was erased cannot be rehearsed.")
            )
            return
        zone = _zone_of_events(items["events"])
        self.newest += [
            at for each in items["events"] if (at := _moment(each.get("received_at"))) is not None
        ]
        address = register.get("address")
        self._add(
            Subject(
                line,
                str(address) if address else None,
                items=items,
                zone=zone,
                past=past_of(items["events"], zone),
            )
        )

    def _add(self, subject: Subject) -> None:
        self.subjects.append(subject)


def past_of(events: Sequence[Mapping[str, object]], zone: str) -> Past:
    """Count what a history says of somebody's habits; what machines did counts for nothing."""
    counts: Counter[str] = Counter()
    hours: Counter[int] = Counter()
    weekdays: Counter[int] = Counter()
    ordered: list[datetime] = []
    spent = 0.0
    tz = ZoneInfo(zone) if zone else UTC
    for each in events:
        name, at = str(each.get("name")), _moment(each.get("occurred_at"))
        properties = _object(each.get("properties"))
        if at is None or properties.get("actor") == "machine":
            continue
        counts[name] += 1
        if name in ("email_opened", "email_clicked", "order_completed"):
            local = at.astimezone(tz)
            hours[local.hour] += 1
            weekdays[local.weekday()] += 1
        if name == "order_completed":
            ordered.append(at)
            spent += _amount(properties.get("revenue"))
    days = (max(ordered) - min(ordered)).total_seconds() / 86_400 if ordered else 0.0
    return Past(
        delivered=max(counts["email_delivered"], counts["email_opened"], counts["email_clicked"]),
        opened=counts["email_opened"],
        clicked=counts["email_clicked"],
        orders=counts["order_completed"],
        days=days,
        spent=spent,
        hours=dict(hours),
        weekdays=dict(weekdays),
    )


def _amount(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _zone_of_events(events: Sequence[Mapping[str, object]]) -> str:
    """The last time zone that a history names."""
    named = [
        (str(each.get("occurred_at")), str(traits["time_zone"]))
        for each in events
        if (traits := _object(_object(each.get("properties")).get("traits"))).get("time_zone")
    ]
    return _known_zone(max(named, default=("", ""))[1])


def _zone(traits: Mapping[str, object]) -> str:
    return _known_zone(str(traits.get("time_zone") or ""))


def _known_zone(name: str) -> str:
    return name if name and zone_of(name) is not None else ""


def _fitting(source: ImportSource, columns: Sequence[str]) -> int:
    return len(source.columns.keys() & set(columns))


def _by_heading(name: str, columns: Sequence[str], rows: Sequence[Row]) -> ImportSource:
    """A mapping of any table: the column named like an address, or full of them."""
    named = [each for each in columns if plain(each) in EMAIL_HEADINGS]
    full = [
        each
        for each in columns
        if rows and all("@" in row.cells.get(each, "@") for row in rows if not row.wrong)
    ]
    if not (named or full):
        raise FileRefused(
            f"{name}: no column holds e-mail addresses. The columns are: {_listed(columns)}. "
            'Name one of them "email".'
        )
    first = [each for each in columns if plain(each) in NAME_HEADINGS]
    more = dict.fromkeys(first[:1], "first_name")
    return ImportSource.model_validate({"columns": {**more, (named or full)[0]: "email"}})


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(each[:30] or "(empty)" for each in columns[:8])


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _moment(value: object) -> datetime | None:
    try:
        return from_text(str(value))
    except ValueError:
        return None
