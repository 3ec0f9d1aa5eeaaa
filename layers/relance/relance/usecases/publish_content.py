"""The operation by which a marketer publishes a message, checks a draft, or goes back.

Everything that a version needs (its pictures, its text, its table of links) is in place before the
one write that puts it in force. Cut off before it, nothing has changed; started again, it finds the
same version and ends the same way.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from relance.content.build.drafts import Draft, build_draft
from relance.content.compiled import Message
from relance.content.names import closest, either, listed
from relance.errors import ConditionFailed, InvalidInput, StoreBusy
from relance.ports import Services
from relance.published import AT_MOST_OLD, Index, Line
from relance.sending import asks_to_confirm
from relance.storage import Value
from relance.usecases.inputs import NO_ADDRESS, Request, parse_typed

EXAMPLE = (
    'Paste for example {"check": "newsletter-12"}, {"publish": "newsletter-12"}, or, to go back, '
    '{"roll_back": "newsletter-12", "to": 6}.'
)
MOST_SENTENCES = 100
"""How many sentences an execution ends with; whoever mends these sees the next."""

_TRIES = 10
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$", max_length=80)]


class Decision(StrEnum):
    """What became of it."""

    NOTHING_TO_DO = "nothing_to_do"
    REFUSED = "refused"
    CHECKED = "checked"
    PUBLISHED = "published"
    ROLLED_BACK = "rolled_back"


class PublishWish(Request):
    """What was typed: which draft to check or to publish, or which message to set back."""

    check: _Name | None = None
    publish: _Name | None = None
    roll_back: _Name | None = None
    to: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> "PublishWish":
        if sum(each is not None for each in (self.check, self.publish, self.roll_back)) != 1:
            raise ValueError('write either "check", "publish" or "roll_back"')
        if (self.to is None) != (self.roll_back is None):
            raise ValueError('write "to" with the number of a version beside "roll_back"')
        return self


def publish_content(raw: object, services: Services) -> dict[str, Value]:
    """Do what was typed; what became of it, in a sentence.

    Raises:
        InvalidInput: something in it is wrong, or there is no such draft or version.
        StoreBusy, ServiceUnavailable: try again; what is in force has not changed.
    """
    wish = parse_typed(PublishWish, raw, example=EXAMPLE, no_address=f"{NO_ADDRESS} {EXAMPLE}")
    if wish is None:
        return _answer(Decision.NOTHING_TO_DO, f"Nothing was asked. {EXAMPLE}")
    if wish.roll_back is not None:
        return _back(wish.roll_back, wish.to or 0, services)
    return _forward(wish, services)


def _forward(wish: PublishWish, services: Services) -> dict[str, Value]:
    name = str(wish.publish or wish.check)
    files = services.content_files.draft(name)
    if files is None:
        sentence = f"drafts/{name}/ is too large: 100 files and 20 MB are the most."
        return _answer(Decision.REFUSED, f"Refused: {sentence}", mistakes=[sentence])
    if not files:
        raise InvalidInput(_no_draft(name, services))
    draft = build_draft(name, files, services.content.source, services.content.sending)
    mistakes = [*draft.mistakes, *_unlike_deployed(name, draft, services)]
    if mistakes:
        count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        return _answer(
            Decision.REFUSED,
            f"Refused: {name} has {count}; nothing was changed. The first: {mistakes[0]}",
            mistakes=mistakes,
            warnings=draft.warnings,
        )
    _keep(draft, services)
    return _put_in_force(name, draft, services) if wish.publish else _noted(name, draft, services)


def _unlike_deployed(name: str, draft: Draft, services: Services) -> list[str]:
    """What keeps a draft from standing in the place of the deployed message of its name.

    Journeys send it for what it is: a confirmation that does not confirm would stop them all, and
    marketing in the place of an answer would go to people who never agreed to it.
    """
    if draft.compiled is None or name not in services.content.messages:
        return []
    deployed, new = services.content.message(name), Message.from_json(draft.compiled)
    sort = deployed.message_class.value
    if new.message_class is not deployed.message_class:
        sentence = (
            f"{name}: the deployed message of this name is {sort}, and journeys send it as such. "
            f'Write "class: {sort}", or give the draft another name.'
        )
        return [sentence]
    if asks_to_confirm(deployed) and not asks_to_confirm(new):
        sentence = (
            f"{name}: the deployed message of this name asks for the confirmation, and nobody "
            'could confirm any more. Write <a href="{{ confirm_url }}">…</a>.'
        )
        return [sentence]
    return []


def _keep(draft: Draft, services: Services) -> None:
    """Put everything in place that the version needs, its links last."""
    files = services.content_files
    for name, body in draft.images.items():
        files.keep_image(name, body)
    compiled = draft.compiled or {}
    files.keep_version(draft.version, compiled)
    services.link_tables.keep(Message.from_json(compiled))


def _noted(name: str, draft: Draft, services: Services) -> dict[str, Value]:
    _change(name, lambda line: line.with_draft(draft.version), services)
    return _answer(
        Decision.CHECKED,
        f'{name} has no mistakes. It can be previewed now; to publish it, paste {{"publish": '
        f'"{name}"}}.',
        warnings=draft.warnings,
    )


def _put_in_force(name: str, draft: Draft, services: Services) -> dict[str, Value]:
    before, after = _change(name, lambda line: line.with_next(draft.version), services)
    if before == after:
        said = f"{name} stands as version {after.number} already; nothing was changed."
    else:
        said = (
            f"Published as version {after.number}. New mails have it within "
            f"{AT_MOST_OLD.total_seconds():.0f} seconds."
        )
        if before.number or name in services.content.messages:
            back = f'{{"roll_back": "{name}", "to": {before.number}}}'
            said = f"{said} To go back, paste {back}."
    return _answer(Decision.PUBLISHED, said, version=after.number, warnings=draft.warnings)


def _back(name: str, number: int, services: Services) -> dict[str, Value]:
    line = Index.read(services.store).line(name)
    there = [*(each for each in (0,) if name in services.content.messages), *line.versions]
    if not there:
        known = closest(name, services.messages.names)
        hint = f" Did you mean {either(known)}?" if known else ""
        raise InvalidInput(f'There is no message "{name}".{hint} {EXAMPLE}')
    if number not in there:
        kept = listed([str(each) for each in sorted(there)])
        raise InvalidInput(f"{name} has no version {number}. There is {kept}. {EXAMPLE}")
    _change(name, lambda current: current.back_to(number), services)
    deployed = ", as it was deployed" if number == 0 else ""
    return _answer(
        Decision.ROLLED_BACK,
        f"{name} is version {number} again{deployed}. New mails have it within "
        f"{AT_MOST_OLD.total_seconds():.0f} seconds; what was sent stays as it was.",
        version=number,
    )


def _change(name: str, change: Callable[[Line], Line], services: Services) -> tuple[Line, Line]:
    """Change one line of the index, whoever else changes another; the line before and after."""
    for _ in range(_TRIES):
        index = Index.read(services.store)
        line = index.line(name)
        after = change(line)
        if after == line:
            return line, after
        try:
            services.store.write(index.put(name, after))
        except ConditionFailed:
            continue
        return line, after
    raise StoreBusy("others are publishing all the time")


def _no_draft(name: str, services: Services) -> str:
    there = services.content_files.drafts()
    known = closest(name, there)
    if known:
        hint = f"Did you mean {either(known)}?"
    elif there:
        hint = f"There is {listed(there[:10])}."
    else:
        hint = f"Put drafts/{name}.md or a folder drafts/{name}/ into the bucket of content."
    return f'There is no draft "{name}". {hint} {EXAMPLE}'


def _answer(decision: Decision, summary: str, **more: object) -> dict[str, Value]:
    answer: dict[str, Value] = {"decision": decision.value, "summary": summary}
    for name, value in more.items():
        if isinstance(value, int):
            answer[name] = value
        elif isinstance(value, list | tuple):
            answer[name] = [str(each) for each in value[:MOST_SENTENCES]]
    return answer
