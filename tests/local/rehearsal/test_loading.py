"""A person of a file in the tables, as it stands before anything begins."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from relance.engine import Plan
from relance.importing.person import Grant, Person
from relance.storage import Table

from local.rehearsal.loading import load
from local.rehearsal.people import Subject
from tests.local.rehearsal.test_people import CONTENT

START = datetime(2026, 1, 5, tzinfo=UTC)
PLAN = Plan(CONTENT.rules, ZoneInfo("UTC"))
AGREED = Grant("newsletter", datetime(2025, 3, 1, tzinfo=UTC), "Checkout", "Send it")
ANA = Subject(
    2,
    "ana@example.com",
    Person(
        address="ana@example.com",
        traits={"email": "ana@example.com", "country": "FR"},
        lists=("engaged",),
        grants=(AGREED,),
    ),
)


def items(subject: Subject, seed: int = 1) -> dict[str, Any]:
    """The items of Contacts by record, and the others by table."""
    found = load(subject, CONTENT, PLAN, start=START, seed=seed).items
    by_record = {str(each["record"]): each for each in found[Table.CONTACTS]}
    return {**by_record, **{table.value: found[table] for table in Table}}


def test_a_row_is_taken_as_an_import_takes_it_and_folded() -> None:
    found = items(ANA)
    assert found["now#register"]["consent#newsletter"]["state"] == "granted"
    assert '"engaged"' in found["now#profile"]["body"]
    assert {each["name"] for each in found["events"]} == {
        "imported",
        "consent_changed",
        "list_joined",
    }
    by_user, by_address = sorted((e["identity"] for e in found["identities"]), reverse=True)
    assert by_address == "email:ana@example.com"
    assert by_user.startswith("user:rehearsed-")


def test_the_same_person_is_the_same_contact_whatever_line_it_stands_in() -> None:
    one, other = items(ANA), items(replace(ANA, line=77))
    assert one["now#register"]["contact_id"] == other["now#register"]["contact_id"]
    assert items(ANA, seed=2)["now#register"]["contact_id"] != one["now#register"]["contact_id"]


def test_who_is_asked_still_is_and_who_is_suppressed_still_is() -> None:
    register = items(Subject(3, "b@example.com", Person("b@example.com"), pending=("newsletter",)))[
        "now#register"
    ]
    assert register["consent#newsletter"]["state"] == "pending"
    register = items(Subject(3, "b@example.com", Person("b@example.com"), suppressed="complained"))[
        "now#register"
    ]
    assert register["suppressed"]["reason"] == "complained"


def test_a_whole_export_keeps_all_but_its_pauses_and_journeys() -> None:
    stored = items(ANA)
    contact = stored["now#register"]["contact_id"]
    records = [
        stored["now#register"],
        {"contact_id": contact, "record": "now#profile", "version": 1, "body": {"a": 1}},
        {"contact_id": contact, "record": "now#wait#welcome#1#a#1"},
        {"contact_id": contact, "record": "now#enrolment#welcome"},
        {"contact_id": contact, "record": "past#enrolment#welcome#2025"},
    ]
    found = items(
        Subject(1, "ana@example.com", items={"contacts": records, "events": stored["events"]})
    )
    assert "past#enrolment#welcome#2025" in found
    assert not any(record.startswith(("now#wait", "now#enrol")) for record in found)
    assert found["now#profile"]["body"] == '{"a":1}'
    assert len(found["events"]) == 3
