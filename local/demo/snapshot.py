"""The tables of a finished run and the ways through its journeys, in one file, to be looked at.

Gzipped JSON without a time stamp: the same run gives the same bytes.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from local.demo.typed import DEMO_FOLDER, LOCAL, SERVE_FOLDER

FILE = "world.json.gz"
_FORMAT = 1

Item = dict[str, object]


class NothingSaved(Exception):
    """There is no saved run, or one of another version; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The items of every table by its logical name, sorted by key, and when it was (epoch).

    `trails` are the ways through the journeys (`local.demo.trails`).
    """

    now: float
    seed: int
    tables: Mapping[str, Sequence[Item]]
    trails: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def of(self, table: str, contact_id: str) -> list[Item]:
        """Return the items of one contact, by sort key."""
        return [i for i in self.tables.get(table, ()) if i.get("contact_id") == contact_id]

    def save(self, folder: Path) -> Path:
        """Write the file and return its path."""
        whole = {
            "format": _FORMAT,
            "now": self.now,
            "seed": self.seed,
            "tables": self.tables,
            "trails": self.trails,
        }
        text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), default=_number)
        path = folder / FILE
        path.write_bytes(gzip.compress(text.encode(), 1, mtime=0))
        return path


def load(folder: Path) -> Snapshot:
    """Read the saved run in a folder; raise NothingSaved."""
    path = folder / FILE
    try:
        whole = json.loads(gzip.decompress(path.read_bytes()))
    except FileNotFoundError:
        raise NothingSaved(f"There is no saved run in {folder}/. Run: {_how(folder)}") from None
    except (OSError, EOFError, ValueError) as error:
        raise NothingSaved(f"{path} cannot be read. Run the demo again.") from error
    if not isinstance(whole, dict) or whole.get("format") != _FORMAT:
        raise NothingSaved(f"{path} is of another version. Run the demo again.")
    now, seed = float(whole["now"]), int(whole["seed"])
    return Snapshot(now, seed, whole["tables"], whole.get("trails", {}))


def _how(folder: Path) -> str:
    if folder in {DEMO_FOLDER, SERVE_FOLDER}:
        return "make demo" if folder == DEMO_FOLDER else "make serve, and stop it with Ctrl-C"
    return f"{LOCAL} demo --out {folder}"


def plain(attribute: Mapping[str, object]) -> object:
    """Turn one attribute of DynamoDB's JSON into a plain value."""
    ((kind, value),) = attribute.items()
    if kind == "M" and isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if kind == "L" and isinstance(value, Sequence):
        return [plain(inner) for inner in value]
    if kind == "N":
        number = Decimal(str(value))
        return int(number) if number == number.to_integral_value() else float(number)
    if kind in {"SS", "NS"} and isinstance(value, Sequence):
        return sorted(str(each) for each in value)
    return None if kind == "NULL" else value


def attribute(value: object) -> dict[str, object]:
    """Turn a plain value into an attribute of DynamoDB's JSON; the other way round of `plain`."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if value is None:
        return {"NULL": True}
    if isinstance(value, int | float):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": {str(name): attribute(inner) for name, inner in value.items()}}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {"L": [attribute(inner) for inner in value]}
    return {"S": str(value)}


def _number(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} cannot be saved")
