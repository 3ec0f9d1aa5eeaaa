"""The decision to send, with its reason: now, later, or not at all. Pure.

```
1. Whatever protects the person, or was its wish    Skip   (relance.sending)
   In a segment that is left in peace               Skip   left_in_peace
   Held out, to compare with                        Skip   held_out
   Its journey is paused                            Defer  journey_paused: until it goes on
2. Written in no language of the contact's chain    Skip   not_in_language
3. Waited longer than it may                        Skip   too_late
4. At most so many of this message a day            Skip   capped
5. Few mails wanted, and one went lately            Skip   too_frequent
   The brake has stopped the message                Defer  braked: for an hour, then asked again
6. No room in the contact's day or week             Defer  capped: to the first day with room
7. The room left is needed by more important ones   Defer  gives_way: to the next day with room
8. Quiet hours, no business hours, another hour     Defer  to the first instant that is none
   and that instant is later than it may wait       Skip   too_late
```

What a person asked for (a transactional message) knows neither caps nor quiet hours. A message
that was deferred is decided afresh when it wakes, by the same rules.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from relance.contacts import Contact, stage_at
from relance.content.compiled import Company, Message, MessageClass
from relance.content.sending_rules import (
    LONGEST_WAIT,
    Cap,
    Hours,
    Priority,
    SendingRules,
)
from relance.content.stage_rules import Stage
from relance.engine import Plan
from relance.engine.taking import zone_of
from relance.hours import Opening, waking_hour
from relance.ids import milliseconds
from relance.ports import Sender
from relance.preferences import preferences
from relance.reasons import Reason
from relance.register import Register, first_free
from relance.room import (
    MARKETING,
    WEEK,
    Room,
    first_day_with_room,
    own_count,
    room_for,
    room_on,
    used,
)
from relance.sending import reason_not_to_send
from relance.splitting import chance_of

EMAIL = "email"

ASKS_AGAIN = timedelta(hours=1)
"""How long a message waits that the brake has stopped, before it is asked again."""

LOOKS_AGAIN = timedelta(days=1)
"""How long a message of a paused journey waits at most before it is looked at again; whoever
resumes the journey wakes it at once."""

USUAL_HOUR = 9
"""The hour of the day for whoever has shown no other."""


@dataclass(frozen=True, slots=True)
class SendNow:
    """It may go now, in this language; `room` is what it takes up in the contact's day."""

    language: str
    room: Room


@dataclass(frozen=True, slots=True)
class Skip:
    """It is not sent, and `because` says why in a sentence that names no person."""

    reason: Reason
    because: str


@dataclass(frozen=True, slots=True)
class Defer:
    """It waits until an instant (aware, UTC) and is decided afresh then."""

    until: datetime
    reason: Reason
    because: str


Decision: TypeAlias = SendNow | Skip | Defer


@dataclass(frozen=True, slots=True)
class Waiting:
    """Another message that waits for its hour or for room with the same contact."""

    send_id: str
    priority: Priority
    until: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """One message to one contact.

    `wanted_at` is when it was first meant to go, `braked` whether the brake stopped the message,
    `paused` whether people hold its journey up.
    `zone` is where the contact lives, `hour` the hour of its day at which it responds most.
    """

    message: Message
    register: Register
    send_id: str
    wanted_at: datetime
    zone: ZoneInfo
    country: str | None = None
    stage: Stage | None = None
    hour: int = USUAL_HOUR
    waiting: tuple[Waiting, ...] = ()
    segments: Collection[str] = ()
    leaving: bool = False
    braked: bool = False
    paused: bool = False

    @property
    def marketing(self) -> bool:
        """Whether nobody asked for it."""
        return self.message.message_class is MessageClass.MARKETING


def case_of(
    contact: Contact,
    message: Message,
    *,
    send_id: str,
    wanted_at: datetime,
    waiting: Iterable[Waiting],
    leaving: bool,
    braked: bool = False,
    paused: bool = False,
    plan: Plan,
    sender: Sender,
    now: datetime,
) -> Case:
    """The case of a contact as it was read: its zone and country, its stage, its hour."""
    stage = stage_at(contact.profile, plan, now)
    traits = contact.profile.trait_values()
    zone = zone_of(traits.get("time_zone")) or sender.time_zone
    country = traits.get("country")
    hour = USUAL_HOUR
    if message.hours is Hours.PREFERRED:
        at = milliseconds(now)
        hour = preferences(contact.profile, plan.rules.priors, zone=zone, now=at).hour
    return Case(
        message=message,
        register=contact.register,
        send_id=send_id,
        wanted_at=wanted_at,
        zone=zone,
        country=country if isinstance(country, str) else None,
        stage=stage,
        hour=hour,
        waiting=tuple(each for each in waiting if each.send_id != send_id),
        segments=contact.profile.segments(),
        leaving=leaving,
        braked=braked,
        paused=paused,
    )


def decide(
    case: Case, *, sender: Sender, company: Company, rules: SendingRules, now: datetime
) -> Decision:
    """Whether this message may go to this contact now, and if not, when or why not."""
    reason = reason_not_to_send(
        case.message, case.register, sender, stage=case.stage, leaving=case.leaving, now=now
    )
    if reason:
        return _skip(reason)
    peace = _in_peace(case, rules)
    if peace:
        return _skip(Reason.LEFT_IN_PEACE, peace)
    if case.marketing and is_held_out(case.register.contact_id, rules):
        return _skip(Reason.HELD_OUT)
    if case.paused:
        return _paused(case, rules, now)
    chain = languages(case.register.language, company=company, sender=sender)
    language = case.message.language_for(chain)
    if language is None:
        return _skip(Reason.NOT_IN_LANGUAGE)
    day = now.astimezone(case.zone).date()
    refused = _out_of_bounds(case, rules, day, now) or _braked(case, rules, now)
    if refused:
        return refused
    cap = rules.cap(EMAIL, case.message.message_class) if case.marketing else Cap()
    later = _when(case, rules, cap, day, now)
    if later:
        return later
    room = room_for(case.message, case.register, cap, send_id=case.send_id, day=day)
    return SendNow(language, room)


def _in_peace(case: Case, rules: SendingRules) -> str | None:
    """The sentence that says why such a message is not for the contact; None if it may be."""
    message = case.message
    for each in rules.in_peace if case.marketing else ():
        if each.segment in case.segments and each.stops(message.intent):
            what = f"messages that {message.intent}" if each.intents else "marketing"
            return f'The contact is in the segment "{each.title}", which gets no {what}.'
    return None


def is_held_out(contact_id: str, rules: SendingRules) -> bool:
    """Whether a contact gets no marketing at all, to compare with: always the same ones.

    Who is held out from so many of a hundred is held out from more of them too.
    """
    return chance_of("hold out of everything", contact_id) < rules.hold_out


def languages(spoken: str | None, *, company: Company, sender: Sender) -> tuple[str, ...]:
    """The languages in which to write to somebody, the best first: those that the stack allows."""
    chain = company.chain(spoken, sender.languages[0])
    return tuple(each for each in chain if each in sender.languages)


def priority_of(message: Message, rules: SendingRules) -> Priority:
    """How important a message is: as it says itself, else as its intent is."""
    return message.priority or rules.priorities.get(message.intent, Priority.NORMAL)


def longest_wait(message: Message, rules: SendingRules) -> timedelta:
    """How long a message may wait for its hour or for room."""
    if message.if_late is not None:
        return message.if_late
    marketing = message.message_class is MessageClass.MARKETING
    return rules.too_late if marketing else LONGEST_WAIT


def _skip(reason: Reason, because: str = "") -> Skip:
    return Skip(reason, because or reason.sentence)


def _out_of_bounds(case: Case, rules: SendingRules, day: date, now: datetime) -> Skip | None:
    """Why waiting would not help: too late already, enough of this message, few mails wanted."""
    message, register = case.message, case.register
    wait = longest_wait(message, rules)
    if now > case.wanted_at + wait:
        return _skip(Reason.TOO_LATE, f"It has waited longer than {_long(wait)}.")
    bound, own = message.at_most_per_day, used(register, own_count(message), day)
    if bound is not None and own >= bound:
        return _skip(Reason.CAPPED, f"This message may go {_times(bound)} a day, and has.")
    days = register.frequency.days if case.marketing else 0
    last = register.turn
    others = days > 0 and last is not None and last.send_id != case.send_id
    if others and last and last.day >= first_free(day, register.frequency):
        because = f"The contact wants one mail in {days} days, and one went on {last.day}."
        return _skip(Reason.TOO_FREQUENT, because)
    return None


def _paused(case: Case, rules: SendingRules, now: datetime) -> Defer | Skip:
    """The wait for a person who resumes the journey; no longer than the message may wait."""
    latest = case.wanted_at + longest_wait(case.message, rules)
    if now > latest:
        return _skip(Reason.TOO_LATE, "Its journey was paused for longer than it may wait.")
    until = min(now + LOOKS_AGAIN, latest + timedelta(milliseconds=1))
    return Defer(_to_the_millisecond(until), Reason.JOURNEY_PAUSED, Reason.JOURNEY_PAUSED.sentence)


def _braked(case: Case, rules: SendingRules, now: datetime) -> Defer | Skip | None:
    """The wait for a person who releases the brake."""
    if not (case.braked and case.marketing):
        return None
    until, wait = now + ASKS_AGAIN, longest_wait(case.message, rules)
    if until > case.wanted_at + wait:
        return _skip(Reason.BRAKED)
    return Defer(_to_the_millisecond(until), Reason.BRAKED, Reason.BRAKED.sentence)


def _when(
    case: Case, rules: SendingRules, cap: Cap, day: date, now: datetime
) -> Defer | Skip | None:
    """The wait for room and for an hour that suits; None if the message can go now."""
    free = first_day_with_room(case.register, cap, day)
    if free is None:
        return _skip(Reason.CAPPED, "Messages of this kind are switched off: the cap is 0.")
    gives_way = free == day and _gives_way(case, rules, cap, day)
    if gives_way:
        free = first_day_with_room(case.register, cap, day + timedelta(days=1)) or day
    opening = _opening(case, rules, not_before=free)
    if opening.is_open(now):
        return None
    reason, because = _why(case, opening, cap, day, now, gives_way=gives_way)
    wait = longest_wait(case.message, rules)
    until = opening.next(now, latest=case.wanted_at + wait)
    if until is None:
        return _skip(Reason.TOO_LATE, f"{because} It would wait longer than {_long(wait)}.")
    until = _to_the_millisecond(until)
    there = until.astimezone(case.zone)
    return Defer(until, reason, f"{because} It waits until {there:%A, %d %B, %H:%M} there.")


def _gives_way(case: Case, rules: SendingRules, cap: Cap, day: date) -> bool:
    """Whether the room left today is needed by waiting messages that are more important."""
    room = room_on(case.register, cap, day)
    mine = priority_of(case.message, rules).rank
    tomorrow = day + timedelta(days=1)
    before = [
        each
        for each in case.waiting
        if each.priority.rank > mine and each.until.astimezone(case.zone).date() < tomorrow
    ]
    return room is not None and len(before) >= room


def _opening(case: Case, rules: SendingRules, *, not_before: date) -> Opening:
    """The hours that the message asks for; a marketing message that asks nothing, waking ones."""
    hours = case.message.hours or (Hours.WAKING if case.marketing else Hours.ANY)
    business = hours is Hours.BUSINESS
    return Opening(
        zone=case.zone,
        quiet=() if hours is Hours.ANY else rules.quiet,
        work=rules.business if business else None,
        closed=rules.closed(case.country) if business else frozenset(),
        hour=waking_hour(case.hour, rules.quiet) if hours is Hours.PREFERRED else None,
        not_before=not_before,
    )


def _why(
    case: Case, opening: Opening, cap: Cap, day: date, now: datetime, *, gives_way: bool
) -> tuple[Reason, str]:
    """The first reason why it cannot go at this instant, and its sentence."""
    if gives_way:
        return Reason.GIVES_WAY, Reason.GIVES_WAY.sentence
    if opening.not_before and opening.not_before > day:
        today = used(case.register, MARKETING, day)
        week = used(case.register, MARKETING, day, days=WEEK)
        spans = ((today, cap.per_day, "today"), (week, cap.per_week, "in a week"))
        bounds = [
            f"{have} of {bound} {span}"
            for have, bound, span in spans
            if bound is not None and have >= bound
        ]
        return Reason.CAPPED, f"The contact had {' and '.join(bounds)}."
    clock = f"It is {now.astimezone(case.zone):%A, %H:%M} where the contact lives"
    if opening.is_quiet(now):
        return Reason.QUIET_HOURS, f"{clock}, in the quiet hours."
    if not opening.is_work(now):
        return Reason.OUTSIDE_BUSINESS_HOURS, f"{clock}, outside business hours."
    hour = f"{opening.hour:02}:00" if opening.hour is not None else ""
    return Reason.PREFERRED_HOUR, f"{clock}, and the contact responds most from {hour} on."


def _to_the_millisecond(moment: datetime) -> datetime:
    """The instant as texts keep it, never before it."""
    whole = moment.astimezone(UTC)
    rest = whole.microsecond % 1000
    return whole + timedelta(microseconds=1000 - rest) if rest else whole


def _long(wait: timedelta) -> str:
    hours = wait / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours > 48 else f"{hours:g} hours"


def _times(bound: int) -> str:
    return "once" if bound == 1 else f"{bound} times"
