"""The events that a row of a file becomes, once its contact is known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from relance.choices import said_of_consent
from relance.events import Event, Name
from relance.ids import event_id, moment_of
from relance.importing.job import Job
from relance.importing.person import Grant, Person, Withdrawal
from relance.moments import to_text
from relance.register import ConsentState
from relance.storage import Value


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells of one row, by its number in the file; `now` is the clock.

    Ids follow from the upload and the row, so the same file again is a repetition.
    """

    row: int
    person: Person
    job: Job
    now: Callable[[], datetime]

    def id_of(self, about: str) -> str:
        """The id of an event: of two rows about one person the later row's sorts later."""
        at = self.job.at + self.row
        return event_id(at, f"import:{self.job.file}", f"{self.row}#{about}")

    def imported(self, contact_id: str) -> Event:
        """That the row was taken, with the traits it gives."""
        said: dict[str, Value] = {
            "traits": dict(self.person.traits),
            "file": self.job.file,
            "import": self.job.execution,
        }
        return self._event(contact_id, Name.IMPORTED, "imported", said)

    def joined(self, contact_id: str, *, but: frozenset[str] = frozenset()) -> Iterator[Event]:
        """The lists that the row names, without some."""
        for name in self.person.lists:
            if name not in but:
                yield self._event(contact_id, Name.LIST_JOINED, f"list#{name}", {"list": name})

    def granted(self, contact_id: str, grant: Grant) -> Event:
        """A consent, with where it was given, when, and to which text."""
        proof = {"source": grant.source, "date": to_text(grant.at), "text": grant.text}
        return self._consent(contact_id, grant.topic, ConsentState.GRANTED, grant.at, proof)

    def withdrawn(self, contact_id: str, withdrawal: Withdrawal) -> Event:
        """A consent that was taken back before."""
        at = withdrawal.at
        return self._consent(contact_id, withdrawal.topic, ConsentState.WITHDRAWN, at, {})

    def _consent(
        self,
        contact_id: str,
        topic: str,
        state: ConsentState,
        at: datetime,
        proof: dict[str, str],
    ) -> Event:
        said = {**said_of_consent(topic, state.value, way="import"), "proof": {**proof}}
        return self._event(contact_id, Name.CONSENT_CHANGED, f"consent#{topic}", said, at)

    def _event(
        self,
        contact_id: str,
        name: Name,
        about: str,
        properties: dict[str, Value],
        at: datetime | None = None,
    ) -> Event:
        return Event(
            contact_id=contact_id,
            event_id=self.id_of(about),
            name=name,
            occurred_at=at or moment_of(self.job.at),
            received_at=self.now(),
            source="import",
            properties=properties,
        )
