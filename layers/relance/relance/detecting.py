"""What tells machines and changes by itself: a maintained list of robots, and address ranges.

The list is the package `crawler-user-agents`, locked and renewed with the suite's dependencies; the
ranges are those last fetched (`refresh_address_ranges`), else those that ship.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from relance.networks import KEY, Networks, shipped, unpack
from relance.storage import Store, Table

LOOKED_UP_AGAIN = timedelta(hours=6)
"""How long ranges are used before it is looked up whether others were fetched."""


class Detector:
    """The lists, read when they are first asked for."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._networks: tuple[datetime, Networks] | None = None

    def is_crawler(self, user_agent: str) -> bool:
        """Whether the list of robots knows the user agent."""
        from crawleruseragents import is_crawler  # noqa: PLC0415 - half a megabyte of JSON

        return bool(is_crawler(user_agent))

    def in_data_centre(self, network: str) -> bool:
        """Whether a network lies in a published range of a cloud.

        Raises:
            StoreBusy: the ranges cannot be read now.
        """
        now = self._now()
        if self._networks is None or now - self._networks[0] >= LOOKED_UP_AGAIN:
            self._networks = now, unpack(self._store.get(Table.SENDS, (KEY,))) or shipped()
        return self._networks[1].hold(network)
