"""The decision to send: now, later or not at all, and why; by the calendar of the contact."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from relance.choices import Frequency
from relance.content.compiled import Company, Message, MessageClass, Variant
from relance.content.sending_rules import Cap, Hours, InPeace, Priority, SendingRules, Window
from relance.content.stage_rules import Intent
from relance.deciding import Case, Decision, Defer, SendNow, Skip, Waiting, decide, longest_wait
from relance.ports import Sender, SendMode
from relance.reasons import Reason
from relance.register import Consent, ConsentState, Register, Turn, counter
from relance.room import MARKETING, own_count, used
from relance.sending import asks_to_confirm

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
COMPANY = Company("Acme", "Acme", "1 Street", "https://example.com", ("en", "fr"), {"news": "News"})
SENDER = Sender(
    address="hello@example.com",
    name="Acme",
    mode=SendMode.LIVE,
    allow_list=(),
    link_base_url="https://links.example.com",
    postal_address="1 Street",
    time_zone=ZoneInfo("UTC"),
    languages=("en", "fr"),
)
OFFER = Message(
    name="offer",
    version="1",
    message_class=MessageClass.MARKETING,
    intent=Intent.INFORM,
    topic="news",
    at_most_per_day=None,
    requires=(),
    uses=(),
    links=(),
    variants=(Variant(None, "en", "s", "p", "h", "t"),),
)
RECEIPT = replace(OFFER, name="receipt", message_class=MessageClass.TRANSACTIONAL, topic=None)
ANA = Register(
    "ana",
    address="ana@example.com",
    consents={"news": Consent(ConsentState.GRANTED, "2026-01-01", "e")},
)
RULES = SendingRules(
    caps={"email": {"marketing": Cap(per_day=2, per_week=5)}},
    quiet=(Window(20 * 60, 8 * 60),),
    business=(Window(9 * 60, 17 * 60, (0, 1, 2, 3, 4)),),
    holidays={"FR": ("2026-01-06",), "DE": ()},
    country="FR",
    priorities={"serve": Priority.HIGH, "sell": Priority.LOW},
    too_late=timedelta(days=7),
)


def case(message: Message = OFFER, register: Register = ANA, **changes: object) -> Case:
    made = Case(message, register, "me", wanted_at=MONDAY, zone=PARIS)
    return replace(made, **changes)  # type: ignore[arg-type]


def decided(asked: Case, rules: SendingRules = RULES, now: datetime = MONDAY) -> Decision:
    return decide(asked, sender=SENDER, company=COMPANY, rules=rules, now=now)


def got(number: int, day: str = "2026-01-05", what: str = MARKETING) -> Register:
    return replace(ANA, counters={counter(what, day): number})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_what_nothing_speaks_against_goes_now() -> None:
    decision = decided(case())
    assert isinstance(decision, SendNow)
    assert decision.language == "en"
    assert decision.room.counts == (MARKETING,)


def test_why_not_comes_with_a_sentence_that_names_no_person() -> None:
    decision = decided(case(register=replace(ANA, consents={})))
    assert decision == Skip(Reason.NO_CONSENT, Reason.NO_CONSENT.sentence)
    for each in Reason:
        assert each.sentence.endswith("."), each
        assert "@" not in each.sentence


def test_the_guide_lists_every_reason_with_its_sentence() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    assert [each for each in Reason if f"| `{each}` | {each.sentence} |\n" not in guide] == []


PEACE = replace(
    RULES,
    in_peace=(
        InPeace("asleep", "Asleep"),
        InPeace("deal", "Deal open", intents=("sell",)),
    ),
)


@pytest.mark.parametrize(
    ("segments", "message", "because"),
    [
        ({"asleep"}, OFFER, 'The contact is in the segment "Asleep", which gets no marketing.'),
        (
            {"deal"},
            replace(OFFER, intent=Intent.SELL),
            'The contact is in the segment "Deal open", which gets no messages that sell.',
        ),
        ({"deal"}, replace(OFFER, intent=Intent.INFORM), None),
        ({"asleep", "deal"}, RECEIPT, None),
        (set(), OFFER, None),
    ],
    ids=["no marketing", "no sale", "information", "what was asked for", "in no segment"],
)
def test_whom_marketing_leaves_in_peace(
    segments: set[str], message: Message, because: str | None
) -> None:
    decision = decided(case(message, segments=segments), PEACE)
    assert decision == (Skip(Reason.LEFT_IN_PEACE, because) if because else decision)
    assert isinstance(decision, Skip) is bool(because)


def test_some_get_no_marketing_always_the_same_and_more_of_them_where_more_are_held_out() -> None:
    def held(share: float, message: Message = OFFER) -> set[int]:
        rules = replace(RULES, hold_out=share)
        return {
            number
            for number in range(2_000)
            if decided(case(message, replace(ANA, contact_id=f"{number:026}")), rules)
            == Skip(Reason.HELD_OUT, Reason.HELD_OUT.sentence)
        }

    few, many = held(0.05), held(0.2)
    assert 70 <= len(few) <= 130
    assert 340 <= len(many) <= 460
    assert few < many
    assert held(0) == held(0.2, RECEIPT) == set()


# -- Caps: P22 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cap", "register", "expected"),
    [
        (Cap(), got(100), None),
        (Cap(per_day=0), ANA, (Reason.CAPPED, None)),
        (Cap(per_week=0), ANA, (Reason.CAPPED, None)),
        (Cap(per_day=1), ANA, None),
        (Cap(per_day=1), got(1), (Reason.CAPPED, "2026-01-06T07:00")),
        (Cap(per_day=2), got(1), None),
        (Cap(per_day=1), got(1, "2026-01-04"), None),
        (Cap(per_week=1), got(1, "2026-01-04"), (Reason.CAPPED, "2026-01-11T07:00")),
        (Cap(per_week=1), got(1, "2025-12-30"), (Reason.CAPPED, "2026-01-06T07:00")),
        (Cap(per_week=1), got(1, "2025-12-29"), None),
        (Cap(per_day=1), got(7, what=own_count(OFFER)), None),
    ],
    ids=[
        "no cap is no bound",
        "0 a day is none",
        "0 a week is none",
        "room for one",
        "the day is full",
        "room for one more",
        "yesterday does not count for a day",
        "yesterday counts for a week",
        "six days ago still counts",
        "a week ago does not",
        "other counts are others",
    ],
)
def test_caps(cap: Cap, register: Register, expected: tuple[Reason, str | None] | None) -> None:
    rules = replace(RULES, caps={"email": {"marketing": cap}})
    decision = decided(case(register=register), rules)
    if expected is None:
        assert isinstance(decision, SendNow)
    elif expected[1] is None:
        assert isinstance(decision, Skip)
        assert decision.reason is expected[0]
    else:
        assert isinstance(decision, Defer)
        assert (decision.reason, decision.until) == (expected[0], utc(expected[1]))


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Pacific/Kiritimati", "2026-01-05"),
        ("Pacific/Pago_Pago", "2026-01-04"),
        ("UTC", "2026-01-05"),
    ],
)
def test_a_day_is_one_of_the_calendar_where_the_contact_lives(zone: str, day: str) -> None:
    rules = replace(RULES, quiet=(), caps={"email": {"marketing": Cap(per_day=1)}})
    decision = decided(case(register=got(1, day), zone=ZoneInfo(zone)), rules)
    assert isinstance(decision, Defer)
    there = decision.until.astimezone(ZoneInfo(zone))
    assert there.time().isoformat() == "00:00:00"
    assert there.date() > date.fromisoformat(day)


def test_what_people_asked_for_is_exempt_from_caps_and_hours() -> None:
    night = utc("2026-01-05T23:00")
    zero = replace(RULES, caps={"email": {"marketing": Cap(per_day=0)}})
    assert isinstance(decided(case(RECEIPT), zero, night), SendNow)


def test_a_message_that_bounds_itself_is_skipped_beyond_that() -> None:
    once = replace(RECEIPT, at_most_per_day=1)
    assert isinstance(decided(case(once)), SendNow)
    decision = decided(case(once, got(1, what=own_count(once))))
    assert isinstance(decision, Skip)
    assert decision.reason is Reason.CAPPED


def test_the_reason_says_how_many_there_were() -> None:
    decision = decided(case(register=got(2)))
    assert isinstance(decision, Defer)
    assert decision.because == (
        "The contact had 2 of 2 today. It waits until Tuesday, 06 January, 08:00 there."
    )


# -- Priority ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "priority", "until", "goes"),
    [
        (1, Priority.HIGH, "2026-01-05T11:00", False),
        (0, Priority.HIGH, "2026-01-05T11:00", True),
        (1, Priority.NORMAL, "2026-01-05T11:00", True),
        (1, Priority.HIGH, "2026-01-06T08:00", True),
        (1, Priority.HIGH, "2026-01-05T08:00", False),
    ],
    ids=[
        "it needs the last room",
        "there is room for both",
        "it is not more important",
        "it waits for another day",
        "it is due and not gone yet",
    ],
)
def test_who_takes_the_last_room_of_a_day(
    sent: int, priority: Priority, until: str, *, goes: bool
) -> None:
    other = Waiting("other", priority, utc(until))
    decision = decided(case(register=got(sent), waiting=(other,)))
    if goes:
        assert isinstance(decision, SendNow)
    else:
        assert isinstance(decision, Defer)
        assert decision.reason is Reason.GIVES_WAY
        assert decision.until == utc("2026-01-06T07:00")


def test_a_message_says_its_priority_itself_or_its_intent_does() -> None:
    other = Waiting("other", Priority.NORMAL, MONDAY)
    sells = replace(OFFER, intent=Intent.SELL)
    assert isinstance(decided(case(sells, got(1), waiting=(other,))), Defer)
    first = replace(sells, priority=Priority.HIGH)
    assert isinstance(decided(case(first, got(1), waiting=(other,))), SendNow)


# -- Hours -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        (None, "2026-01-05T22:00", (Reason.QUIET_HOURS, "2026-01-06T07:00")),
        (Hours.WAKING, "2026-01-05T22:00", (Reason.QUIET_HOURS, "2026-01-06T07:00")),
        (Hours.ANY, "2026-01-05T22:00", None),
        (Hours.BUSINESS, "2026-01-05T10:00", None),
        # Tuesday is a holiday in France.
        (Hours.BUSINESS, "2026-01-05T17:00", (Reason.OUTSIDE_BUSINESS_HOURS, "2026-01-07T08:00")),
        (Hours.PREFERRED, "2026-01-05T13:00", (Reason.PREFERRED_HOUR, "2026-01-06T11:00")),
        (Hours.PREFERRED, "2026-01-05T11:30", None),
    ],
)
def test_hours(hours: Hours | None, now: str, expected: tuple[Reason, str] | None) -> None:
    decision = decided(case(replace(OFFER, hours=hours), hour=12), now=utc(now))
    if expected is None:
        assert isinstance(decision, SendNow)
    else:
        assert isinstance(decision, Defer)
        assert (decision.reason, decision.until) == (expected[0], utc(expected[1]))


def test_a_holiday_is_one_of_the_country_in_which_somebody_lives() -> None:
    holiday, message = utc("2026-01-06T10:00"), replace(OFFER, hours=Hours.BUSINESS)
    assert isinstance(decided(case(message, country="DE"), now=holiday), SendNow)
    assert isinstance(decided(case(message, country="FR"), now=holiday), Defer)
    assert isinstance(decided(case(message, country="JP"), now=holiday), Defer), "as at home"


# -- Too late ----------------------------------------------------------------------------------


def test_a_message_that_would_wait_too_long_is_skipped_at_once() -> None:
    soon = replace(OFFER, if_late=timedelta(hours=6))
    decision = decided(case(soon, wanted_at=utc("2026-01-05T22:00")), now=utc("2026-01-05T22:00"))
    assert isinstance(decision, Skip)
    assert decision.reason is Reason.TOO_LATE
    assert decision.because.endswith("It would wait longer than 6 hours.")


def test_what_has_waited_too_long_is_skipped_although_it_could_go() -> None:
    decision = decided(case(), now=MONDAY + timedelta(days=7, seconds=1))
    assert isinstance(decision, Skip)
    assert decision.reason is Reason.TOO_LATE


def test_what_people_asked_for_waits_a_week_and_other_mail_as_the_rules_say() -> None:
    rules = replace(RULES, too_late=timedelta(days=3))
    assert longest_wait(OFFER, rules) == timedelta(days=3)
    assert longest_wait(RECEIPT, rules) == timedelta(days=7)
    assert longest_wait(replace(OFFER, if_late=timedelta(hours=1)), rules) == timedelta(hours=1)


# -- What else ---------------------------------------------------------------------------------


def test_few_mails_are_few_days_of_the_contacts_own_calendar() -> None:
    weekly = replace(ANA, frequency=Frequency.WEEKLY, turn=Turn("2025-12-30", "other"))
    decision = decided(case(register=weekly))
    assert isinstance(decision, Skip)
    assert decision.reason is Reason.TOO_FREQUENT
    assert isinstance(
        decided(case(register=replace(weekly, turn=Turn("2025-12-29", "o")))), SendNow
    )
    assert isinstance(
        decided(case(register=replace(weekly, turn=Turn("2026-01-05", "me")))), SendNow
    )


def test_a_message_in_another_language_alone_is_for_those_who_read_it() -> None:
    french = replace(OFFER, variants=(Variant(None, "fr", "s", "p", "h", "t"),))
    decision = decided(case(french))
    assert isinstance(decision, Skip)
    assert decision.reason is Reason.NOT_IN_LANGUAGE
    reads = decided(case(french, replace(ANA, language="fr-CA")))
    assert isinstance(reads, SendNow)
    assert reads.language == "fr"


def test_unused_counts_are_none() -> None:
    assert used(ANA, MARKETING, date(2026, 1, 5), days=7) == 0
    assert not asks_to_confirm(OFFER)
