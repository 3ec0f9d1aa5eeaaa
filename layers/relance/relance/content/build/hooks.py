"""Checks hooks/<name>.yaml and makes frozen values of it; its samples are run right away."""

import re
from collections.abc import Iterator

from jmespath.exceptions import JMESPathError

from relance.conditions.places import Place
from relance.content.build.declared import Declared
from relance.content.build.hook_models import (
    HookEventSource,
    HookSource,
    SignatureSource,
    TakenSource,
)
from relance.content.build.hook_samples import run_samples
from relance.content.build.mistakes import Findings
from relance.content.build.models import NAME
from relance.content.build.reading import Reader
from relance.content.build.yaml_source import Source
from relance.content.hooks import Encoding, EventRule, Hook, Person, Scheme, Taken, When
from relance.content.known_events import EVENTS
from relance.content.names import suggestion
from relance.events import RESERVED, Name
from relance.hooks.mapping import HEADER, compiled
from relance.hooks.schemes import SCHEMES
from relance.hooks.signatures import places

_SYSTEM = re.compile(r"[a-z][a-z0-9-]{0,39}")
_BRACES = re.compile(r"\{[^}]*\}")
_TOLERANCE = 300


class HookBuilder:
    """Builds the hooks."""

    def __init__(self, reader: Reader, findings: Findings, declared: Declared) -> None:
        self._reader = reader
        self._findings = findings
        self._declared = declared

    def hooks(self) -> dict[str, Hook]:
        """The hooks by name, as far as they are right, after noting every mistake."""
        built = {}
        files = self._reader.names("hooks", "*.yaml")
        for file in files:
            hook = self._hook(file)
            if hook:
                built[hook.name] = hook
        names = {file.removeprefix("hooks/").removesuffix(".yaml") for file in files}
        for folder in sorted((self._reader.folder / "hooks").glob("*/")):
            if folder.name not in names and not folder.name.startswith("."):
                self._findings.wrong(
                    f"hooks/{folder.name}",
                    0,
                    f"these samples belong to no hook. {suggestion(folder.name, names)}",
                )
        return built

    def _hook(self, file: str) -> Hook | None:
        name = file.removeprefix("hooks/").removesuffix(".yaml")
        if not NAME.fullmatch(name) or len(name) > 40:
            self._findings.wrong(
                file, 0, f'"{name}" is no name for a hook. Use small letters, digits, - and _.'
            )
            return None
        read = self._reader.model(file, HookSource)
        if read is None:
            return None
        source, written = read
        before = len(self._findings.mistakes)
        scheme = self._scheme(written, self._place(source))
        for index, each in enumerate(written.events):
            self._check(each, scheme, self._place(source, "events", index))
        if scheme is None or len(self._findings.mistakes) > before:
            return None
        hook = Hook(name, written.title, scheme, tuple(map(_rule, written.events)))
        run_samples(hook, source, self._reader, self._findings)
        return hook

    def _place(self, source: Source, *path: str | int) -> Place:
        return Place(
            lambda at, sentence: self._findings.wrong(source.file, source.line(at), sentence), path
        )

    def _scheme(self, written: HookSource, top: Place) -> Scheme | None:
        if written.signature:
            return _own_scheme(written.signature, top / "signature")
        provider = str(written.provider)
        if provider not in SCHEMES:
            (top / "provider").wrong(
                f'"{provider}" is not known. {suggestion(provider, SCHEMES)} For any other write '
                '"signature:".'
            )
        return SCHEMES.get(provider)

    def _check(self, rule: HookEventSource, scheme: Scheme | None, where: Place) -> None:
        self._check_event(rule, where)
        for at, path in _paths(rule, where):
            _check_path(path, at)
        for system in rule.who.ids:
            if not _SYSTEM.fullmatch(system) or system in ("email", "phone"):
                (where / "who" / "ids" / system).wrong(
                    f'"{system}" is no name for a system. Use small letters, digits and -, for '
                    'example "shopify".'
                )
        if scheme and not rule.id and not scheme.id:
            where.wrong(
                "id is missing: it tells a repeated delivery from a new event. Add a line like "
                '"id: id".'
            )
        for name in rule.traits:
            sentence = self._declared.unknown("trait", name)
            if sentence:
                (where / "traits" / name).wrong(sentence)

    def _check_event(self, rule: HookEventSource, where: Place) -> None:
        known = EVENTS.union(self._declared.rules.events).difference(RESERVED)
        at = where / "event"
        if rule.event in RESERVED:
            at.wrong(f'"{rule.event}" is not taken from outside: {RESERVED[rule.event]}.')
        elif rule.event not in known:
            at.wrong(
                f'"{rule.event}" is not known. {suggestion(rule.event, known)} An event of your '
                "own is declared in events.yaml."
            )
        if rule.event == Name.IDENTIFIED and (rule.properties or not rule.traits):
            at.wrong(
                '"identified" says what somebody is like: write "traits:" and no "properties:".'
            )
        if rule.event != Name.IDENTIFIED and rule.traits:
            (where / "traits").wrong('traits come with "event: identified" alone.')


def _own_scheme(written: SignatureSource, where: Place) -> Scheme | None:
    _check_signed(written, where)
    if written.tolerance and not written.timestamp:
        (where / "tolerance").wrong(
            'without "timestamp:" there is no time to compare. Leave this out.'
        )
    tolerance = written.tolerance.total_seconds() if written.tolerance else _TOLERANCE
    return Scheme(
        header=written.header,
        signed=written.signed,
        encoding=Encoding(written.encoding),
        prefix=written.prefix,
        timestamp=written.timestamp,
        unit=written.timestamp_in,
        tolerance=round(tolerance),
        id=written.id,
        secret=written.secret_in,
    )


def _check_signed(written: SignatureSource, where: Place) -> None:
    used, at = places(written.signed), where / "signed"
    for each in _BRACES.findall(written.signed):
        if each.strip("{}") not in used:
            at.wrong(f"{each} is nothing that can be signed. {_SIGNED}")
    if "body" not in used:
        at.wrong(f"{{body}} is missing. {_SIGNED}")
    if ("timestamp" in used) != (written.timestamp is not None):
        at.wrong(
            '"timestamp:" names the header with the time of signing, and "signed:" says where it '
            'stands in what is signed: write both, or neither. For example "{timestamp}.{body}".'
        )
    if "id" in used and not written.id:
        at.wrong('{id} is signed: say in "id:" which header holds it.')


_SIGNED = "Signed can be {body}, {timestamp}, {id}, {method} and {url}."


def _paths(rule: HookEventSource, where: Place) -> Iterator[tuple[Place, str]]:
    """Every path of a rule, and where it stands."""
    who = rule.who
    found: list[tuple[Place, str | None]] = [
        (where / "for_each", rule.for_each),
        (where / "time", rule.time),
        *((where / "id" / at, path) for at, path in enumerate(rule.id)),
        *((where / "when" / path, path) for path in rule.when),
        *((where / "who" / name, getattr(who, name)) for name in ("user_id", "email", "phone")),
        *((where / "who" / "ids" / name, path) for name, path in who.ids.items()),
    ]
    for part in ("properties", "traits"):
        for name, taken in getattr(rule, part).items():
            found += [(where / part / name, path) for path in (taken.path, taken.currency)]
    yield from ((at, path) for at, path in found if path)


def _check_path(path: str, where: Place) -> None:
    if path.startswith(HEADER):
        if not re.fullmatch(r"[A-Za-z0-9-]+", path.removeprefix(HEADER).strip()):
            where.wrong(f'"{path}" names no header. Write for example "header:X-Shopify-Topic".')
        return
    try:
        compiled(path)
    except JMESPathError:
        where.wrong(
            f'"{path}" is no path (JMESPath). Write for example "data.object.id", or '
            '"items[].sku" for every entry of a list.'
        )


def _rule(written: HookEventSource) -> EventRule:
    return EventRule(
        event=written.event,
        who=Person(written.who.user_id, written.who.email, written.who.phone, written.who.ids),
        when=tuple(When(path, tuple(values)) for path, values in written.when.items()),
        for_each=written.for_each,
        id=tuple(written.id),
        time=written.time,
        unit=written.time_in,
        only_known=written.only_known,
        properties={name: _taken(each) for name, each in written.properties.items()},
        traits={name: _taken(each) for name, each in written.traits.items()},
    )


def _taken(written: TakenSource) -> Taken:
    return Taken(written.path, written.value, written.shape, written.currency)
