"""The operation that fetches the address ranges of data centres anew."""

from enum import StrEnum

from relance.errors import InvalidInput
from relance.networks import KEY, SOURCES, Networks, check, pack, read_published, shipped, unpack
from relance.ports import Services
from relance.storage import Table, Value
from relance.usecases.inputs import NO_ADDRESS, Request, parse_typed

EXAMPLE = 'Paste {"refresh": true}.'


class Decision(StrEnum):
    """What became of it."""

    NOTHING_TO_DO = "nothing_to_do"
    REFRESHED = "refreshed"
    REFUSED = "refused"


class RefreshWish(Request):
    """What was typed."""

    refresh: bool


def refresh_address_ranges(raw: object, services: Services) -> dict[str, Value]:
    """Fetch what providers publish and keep it, if all of it is plausible; a sentence about it.

    What no provider publishes for programs stays as it ships.

    Raises:
        InvalidInput: something in the input is wrong.
        ServiceUnavailable: a list could not be fetched now; nothing was changed.
    """
    wish = parse_typed(RefreshWish, raw, example=EXAMPLE, no_address=NO_ADDRESS)
    former = unpack(services.store.get(Table.SENDS, (KEY,))) or shipped()
    if wish is None or not wish.refresh:
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "summary": f"{_known(former)} {EXAMPLE}",
        }
    try:
        fetched = [
            network
            for source in SOURCES
            for network in read_published(services.published.read(source), source=source)
        ]
        new = Networks([*fetched, *shipped().ranges])
        check(new, former)
    except InvalidInput as error:
        return {
            "decision": Decision.REFUSED.value,
            "summary": f"{error} Nothing was changed: the former ranges go on being used.",
        }
    services.store.write(pack(new, at=services.now()))
    return {"decision": Decision.REFRESHED.value, "summary": _known(new)}


def _known(networks: Networks) -> str:
    share = networks.share_of_ipv4
    return f"{len(networks.ranges):,} ranges of data centres are known, {share:.1%} of IPv4."
