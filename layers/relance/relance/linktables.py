"""Where the links of a mail lead, for as long as the mail exists.

The table of a message version is kept in Sends without an end, written by whoever first sends
that version, so that a link works long after the message was rewritten.
"""

from collections.abc import Sequence
from contextlib import suppress

from relance.content.compiled import Message
from relance.errors import ConditionFailed, TokenInvalid
from relance.storage import Absent, Put, Store, Table


class LinkTables:
    """The link tables, remembered by whoever holds this object: they never change."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Sequence[str]] = {}

    def keep(self, message: Message) -> None:
        """Make sure that the links of this version are stored."""
        if message.version in self._known:
            return
        links = {"send_id": _key(message.version), "links": list(message.links)}
        with suppress(ConditionFailed):  # another sender was first, with the same table
            self._store.write(Put(Table.SENDS, links, when=Absent()))
        self._known[message.version] = message.links

    def address(self, version: str, link: int) -> str:
        """Where a link leads.

        Raises:
            TokenInvalid: there is no such version, or it has no such link.
        """
        if version not in self._known:
            item = self._store.get(Table.SENDS, (_key(version),))
            links = item.get("links") if item else None
            if not isinstance(links, Sequence):
                raise TokenInvalid("this link leads nowhere")
            self._known[version] = [str(each) for each in links]
        links = self._known[version]
        if link >= len(links):
            raise TokenInvalid("this link leads nowhere")
        return links[link]


def _key(version: str) -> str:
    return f"links{version}"
