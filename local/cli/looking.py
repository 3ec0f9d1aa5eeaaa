"""Look at a saved run: `find`, `timeline` and `where`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from relance.contacts import Contact, contact_view, read_contact, read_history
from relance.content.compiled import Content
from relance.engine import Plan
from relance.ids import is_ulid
from relance.ledger import send_of
from relance.storage import Put, Table
from relance.timeline import lines, timeline

from local.cli.mistakes import Mistake, closest
from local.content import compiled_content
from local.demo.report import many
from local.demo.snapshot import NothingSaved, Snapshot, load
from local.demo.trails import tally
from local.demo.typed import command
from local.funnel import funnel_lines
from local.memory import MemoryStore

ROOT = Path(__file__).resolve().parents[2]
_REGISTER = "now#register"


@dataclass(frozen=True, slots=True)
class Saved:
    """One contact of a saved run."""

    snapshot: Snapshot
    contact: Contact
    store: MemoryStore

    @property
    def now(self) -> datetime:
        """When the run was saved, in virtual time."""
        return datetime.fromtimestamp(self.snapshot.now, UTC)


def find(address: str, *, folder: Path) -> str:
    """Say which contact has this address and how things stand with it."""
    saved = look_up(address, folder)
    contact, register = saved.contact, saved.contact.register
    rules = Content.open(compiled_content(ROOT)).rules
    traits = {k: v for k, v in contact.profile.trait_values().items() if k != "email"}
    seen = contact_view(contact, Plan(rules, UTC), saved.now)
    consents = {topic: consent.state.value for topic, consent in register.consents.items()}
    facts = [
        ("contact", contact.contact_id),
        ("address", register.address or "none"),
        ("traits", _pairs(traits)),
        ("persona", str(seen["persona"])),
        ("stage", str(seen["stage"])),
        ("segments", ", ".join(contact.profile.segments()) or "none"),
        ("scores", _pairs(_one_digit(seen["scores"]))),
        ("consents", _pairs(consents)),
        ("lists", ", ".join(contact.profile.joined_lists()) or "none"),
        ("suppressed", register.suppressed.value if register.suppressed else "no"),
        ("in workflows", ", ".join(e.workflow for e in contact.enrolments) or "none"),
        ("waits for", ", ".join(w.step.step for w in contact.waits) or "nothing"),
    ]
    rows = [f"{name:<13} {value}" for name, value in facts]
    return "\n".join([*rows, "", command("timeline", contact.contact_id, folder=folder), ""])


def _one_digit(scores: object) -> dict[str, str]:
    assert isinstance(scores, dict)  # noqa: S101 - contact_view made it
    return {name: f"{value:.1f}" for name, value in scores.items()}


def tell(contact: str, *, folder: Path) -> str:
    """Tell what happened to a contact, day by day."""
    saved = look_up(contact, folder)
    contact_id = saved.contact.contact_id
    sends = [
        send_of(item)  # type: ignore[arg-type]
        for item in saved.snapshot.tables.get("sends", ())
        if item.get("contact_id") in saved.contact.ids
    ]
    told = lines(timeline(read_history(saved.store, *saved.contact.ids), sends))
    head = f"{saved.contact.register.address or 'no address'} ({contact_id})"
    return "\n".join([head, *told, ""])


def where(journey: str, *, folder: Path) -> str:
    """Say where everybody is in a journey: who came to each step, who is there, for how long."""
    try:
        snapshot = load(folder)
    except NothingSaved as nothing:
        raise Mistake(str(nothing)) from nothing
    if not snapshot.trails:
        raise Mistake(f"{folder}/ was saved before ways were kept. Run the demo again.")
    if journey not in snapshot.trails:
        names = sorted(snapshot.trails)
        raise Mistake(
            f'There is no journey "{journey}".{closest(journey, names)} '
            f"There are: {', '.join(names)}."
        )
    steps, found = tally(snapshot.trails[journey], snapshot.now)
    at = datetime.fromtimestamp(snapshot.now, UTC)
    head = f"{journey}, {at:%d %B %Y %H:%M} UTC: started {many(found.executions, 'time')}"
    return "\n".join([head, "", *funnel_lines(found.steps(steps), found.executions), ""])


def look_up(contact: str, folder: Path) -> Saved:
    """Find a contact by id or address in the run saved in a folder; raise Mistake."""
    try:
        snapshot = load(folder)
    except NothingSaved as nothing:
        raise Mistake(str(nothing)) from nothing
    addresses = {
        str(item["address"]).casefold(): str(item["contact_id"])
        for item in snapshot.tables.get("contacts", ())
        if item.get("record") == _REGISTER and item.get("address")
    }
    wanted = contact.strip()
    contact_id = wanted.upper() if is_ulid(wanted.upper()) else addresses.get(wanted.casefold())
    records = snapshot.of("contacts", contact_id) if contact_id else []
    if contact_id is None or not records:
        names = addresses if "@" in wanted else [*addresses, *addresses.values()]
        what = "address" if "@" in wanted else "contact"
        raise Mistake(
            f'There is no {what} "{wanted}" in {folder}/.{closest(wanted, names)} '
            f"The run has {many(len(addresses), 'contact')}."
        )
    store = MemoryStore()
    for table in (Table.CONTACTS, Table.EVENTS):
        for item in snapshot.of(table.value, contact_id):
            store.write(Put(table, item))  # type: ignore[arg-type]
    return Saved(snapshot, read_contact(store, contact_id), store)


def _pairs(values: object) -> str:
    if not isinstance(values, dict) or not values:
        return "none"
    return ", ".join(f"{name}: {value}" for name, value in sorted(values.items()))
