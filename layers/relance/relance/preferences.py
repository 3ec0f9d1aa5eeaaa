"""The channel and the hour that a contact prefers: what it states, else where and when it responds.

Three clicks say little, so what a contact did is mixed with the habits of everybody
(`relance.content.priors`), which count like so many messages or responses of its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from relance.content.priors import HOURS, Priors
from relance.engine.habits import REACHED, answered_key, hour_key, reached_key
from relance.engine.points import value_of
from relance.ids import moment_of
from relance.profiles import Profile
from relance.storage import Value

STATED_CHANNEL = "preferred_channel"
STATED_HOUR = "preferred_hour"

CHANNELS = tuple(dict.fromkeys(REACHED.values()))
"""The channels on which a contact can respond."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """The channels, the one to try first in front, and the hour (0–23) of the contact's own day.

    `because` says on what the first channel rests: `stated`, `responses` or `habit` (everybody's).
    """

    channels: tuple[str, ...]
    hour: int
    because: str

    def to_json(self) -> dict[str, Value]:
        """As the contact view shows it."""
        return {"channels": list(self.channels), "hour": self.hour, "because": self.because}


def preferences(
    profile: Profile, priors: Priors, *, zone: tzinfo, now: int, among: tuple[str, ...] = CHANNELS
) -> Preferences:
    """What the contact prefers at `now` (ms), of the channels that may be used."""
    traits = profile.trait_values()
    shares = {channel: response(profile, priors, channel, now) for channel in among}
    ranked = sorted(among, key=lambda channel: -shares[channel])
    stated = traits.get(STATED_CHANNEL)
    if stated in among:
        ranked = [str(stated), *(each for each in ranked if each != stated)]
    answered = any(value_of(profile.fading.get(answered_key(each)), now) > 0 for each in among)
    because = "stated" if stated in among else "responses" if answered else "habit"
    return Preferences(tuple(ranked), _hour(profile, priors, zone, now), because)


def response(profile: Profile, priors: Priors, channel: str, now: int) -> float:
    """The share of messages on the channel that the contact is likely to answer, 0 to 1."""
    sent = value_of(profile.fading.get(reached_key(channel)), now)
    answered = value_of(profile.fading.get(answered_key(channel)), now)
    return priors.response(channel, sent=sent, responded=min(sent, answered))


def _hour(profile: Profile, priors: Priors, zone: tzinfo, now: int) -> int:
    stated = profile.trait_values().get(STATED_HOUR)
    if isinstance(stated, int | float) and 0 <= stated < HOURS:
        return int(stated)
    ahead = _hours_ahead_of_utc(zone, moment_of(now))
    own = [value_of(profile.fading.get(hour_key(hour)), now) for hour in range(HOURS)]
    local = [own[(hour - ahead) % HOURS] for hour in range(HOURS)]
    shares = priors.hour_shares(local)
    return max(range(HOURS), key=lambda hour: shares[hour])


def _hours_ahead_of_utc(zone: tzinfo, moment: datetime) -> int:
    """The zone's distance from UTC at that moment, to the nearest hour."""
    ahead = moment.astimezone(zone).utcoffset() or timedelta()
    return round(ahead / timedelta(hours=1))
