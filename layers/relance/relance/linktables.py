"""Where the links of a mail lead and how it looked, for as long as the mail exists.

The table of a message version is kept in Sends without an end, and the version itself with its
pictures beside it, by whoever first sends that version; so a link works, a picture is shown and
the mail can be seen in a browser long after the message was rewritten.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from relance.content.compiled import Content, Message
from relance.errors import ConditionFailed, TokenInvalid
from relance.ports_content import ContentFiles
from relance.storage import Absent, Put, Store, Table


class LinkTables:
    """The link tables, remembered by whoever holds this object: they never change.

    Who sends gives the `content` that was deployed and the `files` in which versions are kept.
    """

    def __init__(
        self,
        store: Store,
        *,
        content: Callable[[], Content] | None = None,
        files: Callable[[], ContentFiles] | None = None,
    ) -> None:
        self._store = store
        self._content, self._files = content, files
        self._known: dict[str, Sequence[str]] = {}

    def keep(self, message: Message) -> None:
        """Make sure that this version is kept: its text and pictures first, its links last."""
        if message.version in self._known:
            return
        if self._store.get(Table.SENDS, (_key(message.version),)) is None:
            self._keep_deployed(message)
            links = {"send_id": _key(message.version), "links": list(message.links)}
            with suppress(ConditionFailed):  # another sender was first, with the same table
                self._store.write(Put(Table.SENDS, links, when=Absent()))
        self._known[message.version] = message.links

    def _keep_deployed(self, message: Message) -> None:
        """Keep what is in the layer only; what was published is kept already."""
        if self._content is None or self._files is None:
            return
        compiled = self._content().compiled_message(message.name)
        if compiled is None or compiled["version"] != message.version:
            return
        files = self._files()
        for name in message.images:
            body = self._content().image(name)
            if body is not None:
                files.keep_image(name, body)
        files.keep_version(message.version, compiled)

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
