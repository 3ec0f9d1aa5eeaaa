"""Address ranges of data centres: where programs sit and few people do.

`address_ranges.txt` beside this module is the list that ships; `refresh_address_ranges` fetches the
published ones anew and keeps them, packed, in one item of the table Sends (`ranges`). What was
fetched is taken whole or not at all: a list that is wrong would call people machines.

Standard library only.
"""

import base64
import re
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from pathlib import Path
from typing import TypeAlias

from relance.errors import InvalidInput
from relance.moments import to_text
from relance.storage import Item, Put, Table

SNAPSHOT = Path(__file__).with_name("address_ranges.txt")
"""The list that ships: Amazon, Google, Microsoft, Oracle, DigitalOcean, Akamai (Linode), Vultr."""

KEY = "ranges"
"""The key of the item that holds what was fetched."""

SOURCES = (
    "https://ip-ranges.amazonaws.com/ip-ranges.json",
    "https://www.gstatic.com/ipranges/goog.json",
    "https://www.gstatic.com/ipranges/cloud.json",
    "https://docs.oracle.com/en-us/iaas/tools/public_ip_ranges.json",
    "https://digitalocean.com/geo/google.csv",
)
"""Where providers publish their ranges for programs to read. Others offer a page, or a new address
every week (Microsoft): their ranges stay those of the list that ships."""

FEWEST = 20
"""Ranges that each published list holds at least."""

WIDEST = {4: 8, 6: 20}
"""The shortest prefix that is believed: nobody publishes half of the internet."""

MOST_OF_IPV4 = 0.15
"""The share of all IPv4 addresses that may be data centres; about 0.07 are in 2026."""

_RANGE = re.compile(r"(?<![\w.:])([0-9a-fA-F:.]{2,39}/\d{1,3})(?![\w.:/])")

Network: TypeAlias = IPv4Network | IPv6Network


class Networks:
    """Ranges, looked up in logarithmic time."""

    def __init__(self, ranges: Iterable[Network]) -> None:
        listed = list(ranges)
        v4 = collapse_addresses(each for each in listed if isinstance(each, IPv4Network))
        v6 = collapse_addresses(each for each in listed if isinstance(each, IPv6Network))
        self.ranges: Sequence[Network] = [*v4, *v6]
        self._starts: dict[int, list[int]] = {4: [], 6: []}
        self._ends: dict[int, list[int]] = {4: [], 6: []}
        for each in self.ranges:
            start = int(each.network_address)
            self._starts[each.version].append(start)
            self._ends[each.version].append(start + each.num_addresses)

    def hold(self, network: str) -> bool:
        """Whether a network (or an address) begins in a range; what is none lies in none."""
        try:
            asked = ip_network(network, strict=False)
        except ValueError:
            return False
        start = int(asked.network_address)
        at = bisect_right(self._starts[asked.version], start) - 1
        return at >= 0 and start < self._ends[asked.version][at]

    @property
    def share_of_ipv4(self) -> float:
        """How much of all IPv4 addresses they cover."""
        return sum(each.num_addresses for each in self.ranges if each.version == 4) / 2**32


@cache
def shipped() -> Networks:
    """The list that ships with the suite, read once: it takes a tenth of a second."""
    return Networks(ip_network(line) for line in SNAPSHOT.read_text("utf-8").split())


def read_published(text: str, *, source: str) -> Iterator[Network]:
    """The ranges in what a provider publishes, be it JSON or CSV.

    Raises:
        InvalidInput: it is no such list.
    """
    found = 0
    for each in _RANGE.findall(text):
        try:
            network = ip_network(each)
        except ValueError:
            raise InvalidInput(f"{source} holds a range that is none.") from None
        if network.prefixlen < WIDEST[network.version] or not network.is_global:
            raise InvalidInput(f"{source} holds {network}, which is no range of a data centre.")
        found += 1
        yield network
    if found < FEWEST:
        raise InvalidInput(f"{source} holds {found} ranges, fewer than any such list has.")


def check(new: Networks, former: Networks) -> None:
    """Refuse a list that cannot be right beside the former one.

    Raises:
        InvalidInput: it covers too much of the internet, or half of what was known is gone.
    """
    if new.share_of_ipv4 > MOST_OF_IPV4:
        raise InvalidInput(
            f"The lists would call {new.share_of_ipv4:.0%} of all addresses data centres."
        )
    if new.share_of_ipv4 < former.share_of_ipv4 / 2:
        raise InvalidInput("The lists lack more than half of the addresses that were known.")


def pack(networks: Networks, *, at: datetime) -> Put:
    """The write that keeps the ranges."""
    text = "\n".join(map(str, networks.ranges))
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return Put(Table.SENDS, {"send_id": KEY, "packed": packed, "fetched_at": to_text(at)})


def unpack(item: Item | None) -> Networks | None:
    """The ranges that an item keeps, None if there are none."""
    if item is None:
        return None
    text = zlib.decompress(base64.b64decode(str(item["packed"]))).decode()
    return Networks(ip_network(line) for line in text.split())
