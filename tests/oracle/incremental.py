"""The engine under the oracle's eyes: `relance.engine`, with the very instant of each change.

Events come in one by one, as they are delivered; after each the profile is written and read again,
as it is stored. Between two of them a sweep runs every minute and appends `time_passed` when the
contact is due (the minutes at which it is not are skipped: they would find nothing). What needs
the history is folded anew.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from relance.engine import Conclusion, NeedsHistory, Plan, difference, fold, replay
from relance.events import Event, Name
from relance.ids import event_id
from relance.profiles import Profile, from_text, to_text

from tests.oracle.cases import World
from tests.oracle.compare import Change
from tests.oracle.engine import rules_of
from tests.oracle.instants import MINUTE, moment, ms


class Incremental:
    """`relance.engine`, driven event by event and minute by minute."""

    def run(self, history: Sequence[Event], world: World, until: int) -> Sequence[Change]:
        """The changes of every membership, from the first event to `until` (ms), in order."""
        contact = Fed(history[0].contact_id, Plan(rules_of(world), ZoneInfo(world.zone)))
        for event in history:
            contact.sweep(ms(event.received_at) - 1)
            contact.take(event)
        contact.sweep(until)
        return [
            Change(each.at, str(each.properties["segment"]), each.name == Name.SEGMENT_ENTERED)
            for each in contact.conclusions
            if each.name in (Name.SEGMENT_ENTERED, Name.SEGMENT_LEFT)
        ]


class Fed:
    """One contact: its history so far, its profile as stored, what was concluded."""

    def __init__(self, contact_id: str, plan: Plan) -> None:
        self.contact_id = contact_id
        self.plan = plan
        self.history: list[Event] = []
        self.profile = Profile(contact_id)
        self.conclusions: list[Conclusion] = []

    def take(self, event: Event) -> None:
        """What `update_contact` does with one event."""
        self.history.append(event)
        before = self.profile
        self.profile = from_text(self.contact_id, to_text(before), before.version)
        try:
            self.conclusions += fold(self.profile, [event], self.plan)
        except NeedsHistory:
            version = before.version
            self.profile = replay(self.contact_id, self.history, self.plan, version=version)
            self.conclusions += difference(before, self.profile, self.plan)
        self.profile.version += 1

    def sweep(self, until: int) -> None:
        """Every minute up to `until`, as far as the contact is due."""
        while self.profile.version and (tick := _minute_from(self.profile.due)) <= until:
            due = self.profile.due
            name = f"{self.contact_id} {due}"
            self.take(
                Event(
                    contact_id=self.contact_id,
                    event_id=event_id(due, "sweep", name),
                    name=Name.TIME_PASSED,
                    occurred_at=moment(due),
                    received_at=moment(tick),
                    source="sweep",
                )
            )


def _minute_from(at: int) -> int:
    return -(-at // MINUTE) * MINUTE
