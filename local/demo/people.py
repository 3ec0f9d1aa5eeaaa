"""Who signs up: the people of the purchase log with made-up names, or those of a file.

Real: the days, numbers and amounts of every order. Made up, from the seed: first names, addresses
(at example domains), roles, times of day. A person's chance depends on the seed and the person's
id only, so one person more or less changes nobody else.
"""

from __future__ import annotations

import csv
import gzip
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from itertools import groupby

from local.demo.csv_file import Row

_DAY = 86_400.0
_DOMAINS = ("example.com", "example.net", "example.org")
_ROLES = ("owner", "senior_executive", "middle_manager", "other")
_NAMES = (
    "Ada", "Adam", "Aisha", "Alice", "Amara", "Amélie", "Anders", "André", "Anna", "Arjun",
    "Aylin", "Beatriz", "Ben", "Björn", "Carla", "Chloé", "Clara", "Daniel", "Diego", "Dmitri",
    "Elena", "Elias", "Emma", "Erik", "Esra", "Fatima", "Felix", "Fiona", "Florence",
    "François", "Freya", "Gabriel", "Georg", "Giulia", "Grace", "Hana", "Hannah", "Hugo",
    "Ines", "Ingrid", "Isabel", "Ivan", "Jack", "Jana", "João", "Jonas", "Julia", "Jürgen",
    "Kai", "Karim", "Kofi", "Lara", "Lars", "Laura", "Léa", "Leo", "Lina", "Louis", "Lucía",
    "Luca", "Łukasz", "Magnus", "Maja", "Marco", "Maria", "Marta", "Mateo", "Max", "Maya",
    "Mei", "Mia", "Milan", "Mohamed", "Nadia", "Naoko", "Nia", "Nils", "Noah", "Nora", "Olga",
    "Oliver", "Omar", "Oscar", "Paula", "Paul", "Petra", "Priya", "Rafael", "Rosa", "Ruth",
    "Samir", "Sara", "Sofia", "Søren", "Stefan", "Tara", "Theo", "Thomas", "Tomás", "Vera",
    "Victor", "Wanda", "Yara", "Yusuf", "Zoë",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """One real order: when (epoch seconds), how many CDs, how many dollars."""

    number: str
    at: float
    cds: int
    dollars: float


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs up at `signs_up` (epoch seconds) and orders again later."""

    id: str
    first_name: str
    email: str
    role: str
    signs_up: float
    orders: tuple[Order, ...]

    def chance(self, seed: int, purpose: str) -> random.Random:
        """Return a source of chance that belongs to this person and this purpose alone."""
        return random.Random(f"{seed}|{purpose}|{self.id}")


def from_log(*, people: int, start: datetime, seed: int) -> list[Person]:
    """Return the first `people` buyers of the log, whose first day falls on `start`."""
    rows = list(_log())
    first_day = date.fromisoformat(rows[0]["date"])
    shift = start.date() - first_day
    found: list[Person] = []
    for customer, orders in groupby(rows, key=lambda row: row["customer_id"]):
        if len(found) == people:
            break
        found.append(_buyer(customer, list(orders), shift, seed))
    return found


def from_rows(rows: tuple[Row, ...], *, start: datetime, days: int, seed: int) -> list[Person]:
    """Return a file's people; they sign up during the first third of the run, and nothing else."""
    found = []
    for row in rows:
        chance = random.Random(f"{seed}|person|row-{row.number}")
        day = chance.randrange(max(1, days // 3))
        found.append(
            Person(
                id=f"row-{row.number}",
                first_name=row.first_name or row.email.partition("@")[0].split(".")[0].title(),
                email=row.email,
                role=chance.choice(_ROLES),
                signs_up=start.timestamp() + day * _DAY + _time_of_day(chance),
                orders=(),
            )
        )
    return found


def size_of_log() -> int:
    """Return how many people the log holds."""
    return len({row["customer_id"] for row in _log()})


def _buyer(customer: str, rows: list[dict[str, str]], shift: timedelta, seed: int) -> Person:
    chance = random.Random(f"{seed}|person|{customer}")
    first_name = chance.choice(_NAMES)
    domain = chance.choice(_DOMAINS)
    role = chance.choice(_ROLES)
    first, *later = (_midnight(row, shift) for row in rows)
    signs_up = first + _time_of_day(chance)
    orders: list[Order] = []
    for number, (row, midnight) in enumerate(zip(rows[1:], later, strict=True), 2):
        at = midnight + _time_of_day(chance)
        soonest = max([signs_up, *(order.at for order in orders)]) + 60
        orders.append(
            Order(f"{customer}-{number}", max(at, soonest), int(row["cds"]), float(row["dollars"]))
        )
    return Person(
        id=f"cdnow-{customer}",
        first_name=first_name,
        email=f"{_slug(first_name)}.{customer}@{domain}",
        role=role,
        signs_up=signs_up,
        orders=tuple(orders),
    )


def _midnight(row: dict[str, str], shift: timedelta) -> float:
    day = date.fromisoformat(row["date"]) + shift
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _time_of_day(chance: random.Random) -> float:
    # Between 7:00 and 23:00 UTC, most of it in the afternoon; whole milliseconds.
    return round(chance.triangular(7, 23, 16) * 3600, 3)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.translate(str.maketrans("łŁøØ", "lLoO")))
    return "".join(c for c in plain.casefold() if c.isascii() and c.isalnum())


def _log() -> Iterator[dict[str, str]]:
    packed = resources.files("local.data").joinpath("cdnow_sample.csv.gz").read_bytes()
    yield from csv.DictReader(gzip.decompress(packed).decode("ascii").splitlines())
