"""Whom an operation on many people concerns: the members of a segment or a list, or a condition.

`{"segment": "hot"}`, `{"list": "newsletter"}` or `{"condition": {"did": "confirmed"}}`, as typed
into the console under `to`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated

from pydantic import Field, model_validator

from relance.contacts import UNREADABLE, Contact, read_contacts
from relance.content.compiled import Content
from relance.content.names import closest, suggestion
from relance.errors import InvalidInput
from relance.memberships import members
from relance.ports import Services
from relance.rescoring import everybody
from relance.usecases.inputs import Request, to_paste
from relance.usecases.judge_contacts import Preview
from relance.usecases.questions import About, Question
from relance.usecases.read_question import canonical

READ_AT_ONCE = 50
"""Contacts that are read with one call."""


_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,80}")


class Whom(Request):
    """The audience: one of these."""

    segment: Annotated[str, Field(max_length=80)] | None = None
    list: Annotated[str, Field(max_length=80)] | None = None
    condition: object = None

    @model_validator(mode="before")
    @classmethod
    def _is_no_bare_name(cls, typed: object) -> object:
        """A name alone does not say of what."""
        if isinstance(typed, Mapping | Whom):
            return typed
        plain = isinstance(typed, str) and _PLAIN.fullmatch(typed)
        name = typed if plain else "engaged"
        raise ValueError(
            f'is a segment, a list or a condition: {{"segment": "{name}"}} or {{"list": "{name}"}}'
        )


def audience_of(
    to: Whom, content: Content, example: str, raw: object = None
) -> tuple[str, Question]:
    """The audience in words, and exactly.

    Raises:
        InvalidInput: a name that there is not, with the closest, or a wrong condition; what to
            paste is the whole that was typed (`raw`) with the closest name, or the `example`.
    """
    given = [name for name in Whom.model_fields if getattr(to, name) is not None]
    if len(given) != 1:
        raise InvalidInput(f'"to" names one of segment, list and condition. {example}')
    rules = content.rules
    if to.segment is not None:
        name = _named("segment", to.segment, [each.name for each in rules.segments], example, raw)
        return f"segment {name}", Question(about=About.SEGMENT, segment=name)
    if to.list is not None:
        name = _named("list", to.list, [each.name for each in rules.lists], example, raw)
        return f"list {name}", Question(about=About.SEGMENT, list=name)
    condition = canonical(to.condition, content, example)
    return "a condition", Question(about=About.CONDITION, condition=condition)


def _named(kind: str, typed: str, known: list[str], example: str, raw: object) -> str:
    name = typed.strip().rpartition("/")[2].lower().removesuffix(".yaml").replace(" ", "-")
    if name in known:
        return name
    alike = closest(name, known)
    paste = to_paste(raw, to={kind: alike[0]}) if alike else example
    raise InvalidInput(f'There is no {kind} "{typed}". {suggestion(name, known)} {paste}')


class Audience:
    """Whom a question concerns."""

    def __init__(self, question: Question, services: Services) -> None:
        self._question = question
        self._services = services
        of_condition = question.about is About.CONDITION
        self._condition = Preview(question, services) if of_condition else None

    def candidates(self, after: str) -> Iterator[str]:
        """Those who may be concerned, behind the contact `after`."""
        store, segment = self._services.store, self._question.segment
        if segment is None:
            return (each.contact_id for each in everybody(store, after=after))
        return (each for each in sorted(set(members(store, segment))) if each > after)

    def among(self, ids: Sequence[str]) -> Iterator[tuple[str, Contact]]:
        """Those of these who are concerned."""
        for each, contact in read_contacts(self._services.store, ids).items():
            if contact is None:
                continue
            alive = contact.contact_id == each and not contact.register.erased_at
            if alive and self._concerns(contact):
                yield each, contact

    def _concerns(self, contact: Contact) -> bool:
        if self._condition is not None:
            try:
                return "holds" in self._condition.headings(contact)
            except UNREADABLE:
                return False
        if self._question.segment is not None:
            return self._question.segment in contact.profile.segments()
        return self._question.list in contact.profile.joined_lists()


def chunks(ids: Iterator[str]) -> Iterator[list[str]]:
    """The ids, as many at a time as one call reads."""
    while some := list(islice(ids, READ_AT_ONCE)):
        yield some
