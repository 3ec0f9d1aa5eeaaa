"""Joins: two contacts turn out to be one person, and nothing is moved.

The absorbed contact keeps its records and its history, and its register says to whom it was
joined (`joined_to`). The survivor's register lists who was absorbed, directly or through somebody
(`absorbed`), so that whoever reads either finds the same person. There are no chains: `joined_to`
always names the survivor itself. Taking the record away undoes a join.

Each contact keeps its own register, and what is read is the stricter of them (`stricter`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from relance.choices import Frequency
from relance.content.rules import OpenTracking, Tracking
from relance.register import RECORD, Absorbed, Consent, ConsentState, Register, Scope
from relance.storage import AllOf, Condition, Equals, Missing, Present, Table, Update

_OFTEN = Frequency.ALL
_STRICTEST = (OpenTracking.NONE, OpenTracking.HYGIENE, OpenTracking.FULL)


def branch(absorbed: Mapping[str, Absorbed], contact_id: str) -> list[str]:
    """Those who came with a contact: who was joined to it, and to those in turn."""
    direct = [each for each, it in absorbed.items() if it.into == contact_id]
    return [*direct, *(below for each in direct for below in branch(absorbed, each))]


def absorb(
    register: Register, absorbed: Mapping[str, Absorbed], counted: Mapping[str, int] | None = None
) -> Update:
    """The write that says who was joined to a survivor, refused if that changed in between.

    `counted` is what counts for the survivor from now on: messages sent to the absorbed.
    """
    return Update(
        Table.CONTACTS,
        (register.contact_id, RECORD),
        set={"absorbed": {each: it.to_value() for each, it in absorbed.items()} or None},
        add={"joins": 1, **(counted or {})},
        when=AllOf((Present(), Missing("joined_to"), Missing("erased_at"), as_read(register))),
    )


def as_read(register: Register) -> Condition:
    """Nobody was joined to the contact since, nor it to anybody."""
    return Equals("joins", register.joins) if register.joins else Missing("joins")


def is_quiet(register: Register) -> bool:
    """Whether the register of a contact protects nobody: nothing was ever sent or agreed to."""
    says = replace(register, contact_id="", language=None, absorbed={}, joins=0, joined_to=None)
    return says == Register("")


def stricter(own: Register, others: Sequence[Register]) -> Register:
    """The register of a survivor and of those it absorbed, read as one.

    The address is the survivor's, or the first that there is. Suppression and erasure of any
    counts. Of what was chosen before two contacts met the stricter counts: a withdrawal whenever it
    was made, fewer mails, the longer pause, the tracking that all of them allow. Afterwards the
    last word counts, under whichever id.
    """
    registers = [own, *others]
    home = next((each for each in registers if each.address), own)
    topics = {topic for each in registers for topic in each.consents}
    found = {topic: _consent(topic, own, registers, home) for topic in sorted(topics)}
    words = partial(_words, own, registers)
    left = [(topic, at) for each in registers for topic, at in each.withdrawn.items()]
    return replace(
        own,
        address=home.address,
        language=home.language or next((it.language for it in registers if it.language), None),
        consents={topic: consent for topic, consent in found.items() if consent},
        withdrawn=dict(sorted(left, key=lambda each: each[1])),
        tracking=_tracking([it.tracking for it in words("tracking") if it.tracking]),
        frequency=max((it.frequency for it in words("frequency")), key=_days, default=_OFTEN),
        paused_until=max((it.paused_until or "" for it in words("pause")), default="") or None,
        marketing_day=max(it.marketing_day or "" for it in registers) or None,
        turn=max((each.turn for each in registers if each.turn), default=None),
        changed_at=_latest(registers),
        suppressed=next((each.suppressed for each in registers if each.suppressed), None),
        suppressed_for=_scope(registers),
        erased_at=next((each.erased_at for each in registers if each.erased_at), None),
        known_by=next((each.known_by for each in registers if each.known_by), None),
        apart=frozenset[str]().union(*(each.apart for each in registers)),
    )


def _scope(registers: Sequence[Register]) -> Scope:
    """What nothing is sent of: of everything, if one of them says so."""
    said = {each.suppressed_for for each in registers if each.suppressed}
    return Scope.MARKETING if said == {Scope.MARKETING} else Scope.ALL


def _consent(
    topic: str, own: Register, registers: Sequence[Register], home: Register
) -> Consent | None:
    """The last grant that no withdrawal overrides, else the last request, else the withdrawal."""
    given = [(each, each.consents[topic]) for each in registers if topic in each.consents]
    withdrawn = [each for each in given if each[1].state is ConsentState.WITHDRAWN]
    for state in (ConsentState.GRANTED, ConsentState.PENDING):
        standing = [
            consent
            for register, consent in given
            if consent.state is state
            and _reaches(own, register, consent, home)
            and not any(
                left.at >= consent.at or consent.at <= _met(own, register, other)
                for other, left in withdrawn
            )
        ]
        if standing:
            return max(standing, key=lambda each: (each.at, each.by))
    return max((consent for _, consent in withdrawn), key=lambda it: it.at, default=None)


def _reaches(own: Register, register: Register, consent: Consent, home: Register) -> bool:
    """Whether a consent covers the address that is written to.

    One that was granted for another address does not, unless it was granted by the person that
    the two had become.
    """
    if consent.state is not ConsentState.GRANTED or register is home:
        return True
    return consent.at > _met(own, register, home)


def _met(own: Register, one: Register, other: Register) -> str:
    """When two contacts became one person."""
    if one.contact_id == other.contact_id:
        return ""
    return max(
        (*_path(own.absorbed, one.contact_id), *_path(own.absorbed, other.contact_id)), default=""
    )


def _path(absorbed: Mapping[str, Absorbed], contact_id: str) -> Iterator[str]:
    """When a contact was joined, and when whoever it was joined to was, up to the survivor."""
    while contact_id in absorbed:
        yield absorbed[contact_id].at
        contact_id = absorbed[contact_id].into


def _words(own: Register, registers: Sequence[Register], name: str) -> list[Register]:
    """Those who chose something, without what was chosen anew by the person they had become."""
    said = [each for each in registers if name in each.changed_at]
    return [
        one
        for one in said
        if not any(
            other.changed_at[name] > max(one.changed_at[name], _met(own, one, other))
            for other in said
            if other is not one
        )
    ]


def _latest(registers: Sequence[Register]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in registers:
        for name, at in each.changed_at.items():
            found[name] = max(at, found.get(name, ""))
    return found


def _days(frequency: Frequency) -> int:
    return frequency.days


def _tracking(modes: Sequence[Tracking]) -> Tracking | None:
    if not modes:
        return None
    opens = min((mode.opens for mode in modes), key=_STRICTEST.index)
    web = [mode.web for mode in modes if mode.web is not None]
    return Tracking(opens, clicks=all(each.clicks for each in modes), web=all(web) if web else None)
