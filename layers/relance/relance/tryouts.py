"""A tryout: the real graph for one contact, its days shortened, which changes nothing outside it.

A tryout is an entry of its own, told by its name (`tryout-…`), so that every step knows one without
reading anything, also when the tryout is over. It writes neither into the history nor into the
ledger. What profiles, segments, reports and other journeys say follows from these, so none of them
can see it; and when it ends, its records are gone. What a step would have done stands in its
answer, which the execution's history shows (`would`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.events import Name
from relance.storage import Value

TRYOUT = "tryout"
"""What tells a tryout's open enrolment from a real one of the same journey: there is one at most.

It is nothing that a journey can be entered for, since those are hashes in capital letters.
"""

DAY = timedelta(days=1)

DECLARE = "Write some into the stack's parameter TestAddresses and deploy."
"""What to do where no test address is declared."""

_LENGTH = re.compile(r"([1-9][0-9]{0,3}) (minute|hour|day)s?")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


def is_tryout(entry: str) -> bool:
    """Whether the entry of this name is a tryout."""
    return entry.startswith(f"{TRYOUT}-")


def length(typed: str) -> timedelta:
    """How long a day takes: `1 minute`, at most `1 day`; so an hour is whole milliseconds.

    Raises:
        ValueError: it is something else; the words go behind the name of what was typed.
    """
    found = _LENGTH.fullmatch(typed.strip().lower())
    taken = timedelta(seconds=int(found[1]) * _SECONDS[found[2]]) if found else None
    if taken is None or taken > DAY:
        raise ValueError(
            'is how long a day takes, from "1 minute" to "1 day". Write for example "1 minute"'
        )
    return taken


def in_words(taken: timedelta) -> str:
    """`1 minute`, `90 minutes`."""
    seconds = round(taken.total_seconds())
    unit = next(name for name in ("day", "hour", "minute") if not seconds % _SECONDS[name])
    count = seconds // _SECONDS[unit]
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


@dataclass(frozen=True, slots=True)
class Tryout:
    """How an entry is tried: how long its day takes, which event began it, what is to happen.

    `began` is the id of the event, empty if none did. `happens` are names of events that are taken
    to happen, in this order, each in the first pause that it ends.
    """

    one_day: timedelta
    began: str = ""
    happens: tuple[str, ...] = ()

    def told(self, moment: datetime, *, since: datetime) -> datetime:
        """What the calendar would say at a moment of a tryout that began at `since`."""
        return since + (moment - since) * (DAY / self.one_day)

    def shortened(self, told: datetime, *, since: datetime) -> datetime:
        """When it is that moment of the calendar in the tryout."""
        return since + (told - since) * (self.one_day / DAY)

    def to_value(self) -> dict[str, Value]:
        """As it stands in the record of the enrolment."""
        return {
            "one_day": round(self.one_day.total_seconds()),
            "began": self.began,
            "happens": list(self.happens),
        }


def tryout_of(value: Value) -> Tryout | None:
    """The tryout that stands in a record; None if there is none."""
    if not isinstance(value, Mapping):
        return None
    happens = value.get("happens")
    return Tryout(
        timedelta(seconds=int(str(value["one_day"]))),
        str(value.get("began") or ""),
        tuple(map(str, happens)) if isinstance(happens, list | tuple) else (),
    )


def would(name: str, properties: Mapping[str, Value]) -> str:
    """What a step would have done, whose event this is; nothing that names a person."""
    said = {each: properties.get(each) for each in ("points", "score", "list", "split", "branch")}
    match name:
        case Name.POINTS_AWARDED:
            return f'A tryout: {said["points"]:g} points to "{said["score"]}" were not given.'
        case Name.LIST_JOINED:
            return f'A tryout: they were not put on the list "{said["list"]}".'
        case Name.LIST_LEFT:
            return f'A tryout: they were not taken off the list "{said["list"]}".'
        case Name.BRANCH_CHOSEN:
            return f'A tryout: the branch "{said["branch"]}" is counted for no figure.'
        case Name.TRAIT_CHANGED:
            traits = properties.get("traits")
            named = ", ".join(traits) if isinstance(traits, Mapping) else ""
            return f'A tryout: the trait "{named}" was not set.'
        case Name.JOURNEY_STARTED:
            return f'A tryout: the journey "{properties.get("journey")}" was not started.'
        case Name.PEOPLE_ALERTED | Name.HANDED_OVER:
            return f'A tryout: "{properties.get("to")}" was told nothing.'
        case Name.SERVICE_CALLED:
            return f'A tryout: the service "{properties.get("service")}" was not called.'
    return "A tryout: nothing was done."
