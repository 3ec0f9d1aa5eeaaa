"""Which messages are in force: what was published, else what was deployed.

Three things are kept. A *version* is a compiled message under the hash of its content
(`versions/<hash>.json`), with its pictures: whoever publishes it writes it, or else whoever first
sends it, and nobody changes it. The *index*, one item of Sends, says for each name which version
is in force and which there were; to publish is one conditional write of it, after everything that
it points to is in place. Version 0 is what was deployed.

A sender reads the index at most once in a minute, and each version once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from relance.content.compiled import Content, Message, MessageUnknown
from relance.content.names import closest
from relance.errors import Retryable
from relance.ports_content import ContentFiles
from relance.storage import Absent, Equals, Item, Put, Store, Table, Value

AT_MOST_OLD = timedelta(seconds=60)
"""For so long a sender may not know of what was published."""

REMEMBERED = 100
"""To how many former versions of a message one can go back."""

_KEY = "published"
_VERSIONS_HELD = 64


@dataclass(frozen=True, slots=True)
class Line:
    """What the index says of one message.

    `number` is the version in force, `last` the highest there was; `versions` maps numbers to
    hashes, `draft` is the version that was checked last without being published.
    """

    number: int = 0
    last: int = 0
    versions: Mapping[int, str] = field(default_factory=dict)
    draft: str | None = None

    @property
    def in_force(self) -> str | None:
        """The hash of the version in force; None where it is what was deployed."""
        return self.versions.get(self.number)

    def with_next(self, version: str) -> "Line":
        """The line once this version is published; the same if it is in force already."""
        if version == self.in_force:
            return self
        number = self.last + 1
        kept = dict(sorted({**self.versions, number: version}.items())[-REMEMBERED:])
        return Line(number, number, kept, self.draft)

    def with_draft(self, version: str) -> "Line":
        """The line once this version was checked as a draft."""
        return replace(self, draft=version)

    def back_to(self, number: int) -> "Line":
        """The line once an older version is in force again; numbers go on from the highest."""
        return replace(self, number=number)

    def to_item(self) -> dict[str, Value]:
        """Values for an item."""
        return {
            "number": self.number,
            "last": self.last,
            "versions": {str(number): version for number, version in self.versions.items()},
            "draft": self.draft,
        }


@dataclass(frozen=True, slots=True)
class Index:
    """What is published, as it was read; `revision` counts its writes."""

    lines: Mapping[str, Line] = field(default_factory=dict)
    revision: int = 0

    @classmethod
    def read(cls, store: Store) -> "Index":
        """The index as it is now."""
        item = store.get(Table.SENDS, (_KEY,))
        return _index(item) if item else cls()

    def line(self, name: str) -> Line:
        """What it says of a message."""
        return self.lines.get(name, Line())

    def put(self, name: str, line: Line) -> Put:
        """The write that changes one line; refused if somebody else changed any since."""
        lines = {**self.lines, name: line}
        item: dict[str, Value] = {
            "send_id": _KEY,
            "revision": self.revision + 1,
            "messages": {each: it.to_item() for each, it in sorted(lines.items())},
        }
        when = Equals("revision", self.revision) if self.revision else Absent()
        return Put(Table.SENDS, item, when=when)


def _index(item: Item) -> Index:
    lines = item["messages"]
    if not isinstance(lines, Mapping):
        raise TypeError("the index holds messages")
    return Index({str(name): _line(each) for name, each in lines.items()}, _int(item["revision"]))


def _line(raw: Value) -> Line:
    if not isinstance(raw, Mapping):
        raise TypeError("the index holds a line for each message")
    versions, draft = raw.get("versions") or {}, raw.get("draft")
    if not isinstance(versions, Mapping):
        raise TypeError("a line holds versions by number")
    return Line(
        number=_int(raw["number"]),
        last=_int(raw["last"]),
        versions={int(number): str(version) for number, version in versions.items()},
        draft=str(draft) if draft else None,
    )


def _int(value: Value) -> int:
    return int(str(value))


class Messages:
    """The messages that can be sent now, and versions of old."""

    def __init__(
        self,
        content: Content,
        store: Store,
        files: Callable[[], ContentFiles],
        now: Callable[[], datetime],
    ) -> None:
        self._content, self._store, self._files, self._now = content, store, files, now
        self._index: tuple[datetime, Index] | None = None
        self._held: dict[str, Message] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all messages."""
        published = [name for name, line in self._current().lines.items() if line.in_force]
        return tuple(sorted({*self._content.messages, *published}))

    def message(self, name: str) -> Message:
        """The message in force.

        Raises:
            MessageUnknown: there is none, with the names that look like it.
            ServiceUnavailable, StoreBusy: it could not be read now.
        """
        version = self._current().line(name).in_force
        if version is None and name in self._content.messages:
            return self._content.message(name)
        found = self.version(version) if version else None
        if found is None:
            raise MessageUnknown(name, closest(name, self.names))
        return found

    def draft(self, name: str) -> Message:
        """The version that was checked last and not published since.

        Raises:
            MessageUnknown: no draft of this name was checked.
            ServiceUnavailable, StoreBusy: it could not be read now.
        """
        lines = Index.read(self._store).lines
        version = lines[name].draft if name in lines else None
        found = self.version(version) if version else None
        if found is None:
            drafts = [each for each, line in lines.items() if line.draft]
            raise MessageUnknown(name, closest(name, drafts))
        return found

    def version(self, version: str) -> Message | None:
        """A version by its hash, however old; None if it was never sent nor published."""
        if version not in self._held:
            raw = self._files().version(version)
            if raw is None:
                return None
            if len(self._held) >= _VERSIONS_HELD:
                self._held.clear()
            self._held[version] = Message.from_json(raw)
        return self._held[version]

    def _current(self) -> Index:
        """The index, at most a minute old; older only while it cannot be read."""
        now = self._now()
        if self._index and now - self._index[0] < AT_MOST_OLD:
            return self._index[1]
        try:
            found = Index.read(self._store)
        except Retryable:
            if self._index is None:
                raise
            found = self._index[1]
        self._index = (now, found)
        return found
