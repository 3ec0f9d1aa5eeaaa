"""Where in a file something stands, and where a mistake about it is noted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes (from 0) from the top of a file, as `content.build.yaml_source` has them."""

Note: TypeAlias = Callable[[Path, str], None]
"""Takes the path of a mistake and its sentence, which begins with the path as people read it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file.

    The content build gives a `note` that adds the line:

    Place(note=lambda path, sentence: findings.wrong(file, source.line(path), sentence),
          path=("members",))
    """

    note: Note
    path: Path = ()

    def __truediv__(self, part: str | int) -> "Place":
        """The place of a value below this one."""
        return Place(self.note, (*self.path, part))

    def below(self, path: Path) -> "Place":
        """The place of a value some levels below this one."""
        return Place(self.note, (*self.path, *path))

    def wrong(self, sentence: str) -> None:
        """Note a mistake at this place."""
        where = shown(self.path)
        self.note(self.path, f"{where}: {sentence}" if where else sentence)


def shown(path: Path) -> str:
    """A path as people read it, entries of lists counted from 1: `members.all[2].within`."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@dataclass(slots=True)
class Sentences:
    """Collects sentences where there is no build: an inline condition, a test."""

    found: list[str] = field(default_factory=list)

    def place(self, *path: str | int) -> Place:
        """A place whose mistakes are collected here."""
        return Place(lambda _, sentence: self.found.append(sentence), path)
