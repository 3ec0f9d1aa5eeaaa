"""What the content declares: every name that messages, forms and scores may use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from relance.content.build.durations import quoted
from relance.content.build.mistakes import Findings
from relance.content.build.models import (
    SNAKE,
    CompanySource,
    EventSource,
    ListSource,
    PersonaSource,
    ScoreSource,
    SnakeName,
    TraitSource,
)
from relance.content.build.reading import Reader
from relance.content.build.yaml_source import Source
from relance.content.compiled import Company
from relance.content.names import suggestion
from relance.content.rules import (
    ContactList,
    Persona,
    PointRule,
    Rules,
    Score,
    Tracking,
    Trait,
)

EVENTS = frozenset(
    # What the suite itself records …
    [
        "signed_up",
        "confirmed",
        "identified",
        "page_viewed",
        "page_left",
        "site_searched",
        "product_added",
        "order_completed",
        "form_submitted",
        "file_downloaded",
        "email_sent",
        "email_delivered",
        "email_opened",
        "email_clicked",
        "email_replied",
        "email_bounced",
        "email_complained",
        "subscribed",
        "unsubscribed",
        "consent_changed",
        "list_joined",
        "list_left",
        "points_awarded",
        "product_viewed",
        "product_clicked",
        "product_removed",
        "product_list_viewed",
        "products_searched",
        "cart_viewed",
        "checkout_started",
        "checkout_step_completed",
        "payment_info_entered",
        "order_updated",
        "order_refunded",
        "order_cancelled",
        "coupon_applied",
        "product_shared",
        "product_reviewed",
        "product_added_to_wishlist",
        "promotion_viewed",
        "promotion_clicked",
    ]
)

Kind: TypeAlias = Literal["trait", "persona", "topic", "language"]

_SAMPLES: Mapping[str, object] = {
    "text": "Sample",
    "email": "sample@example.com",
    "number": 42,
    "yes_no": True,
    "date": "1984-02-29",
    "country": "FR",
    "language": "en",
    "time_zone": "Europe/Paris",
}


@dataclass(frozen=True, slots=True)
class Declared:
    """The declarations, and a sample contact of whom everything is known."""

    company: Company
    rules: Rules
    samples: Mapping[str, object]

    @property
    def traits(self) -> frozenset[str]:
        """Names of the traits."""
        return frozenset(each.name for each in self.rules.traits)

    @property
    def personas(self) -> frozenset[str]:
        """Names of the personas."""
        return frozenset(each.name for each in self.rules.personas)

    @property
    def topics(self) -> frozenset[str]:
        """Names of the topics."""
        return frozenset(self.company.topics)

    @property
    def languages(self) -> frozenset[str]:
        """The languages that the company writes in."""
        return frozenset(self.company.languages)

    def unknown(self, kind: Kind, name: str) -> str | None:
        """Say that a name is not declared, and where it would be; None when it is."""
        known, file = {
            "trait": (self.traits, "traits.yaml"),
            "persona": (self.personas, "personas.yaml"),
            "topic": (self.topics, "company.yaml"),
            "language": (self.languages, "company.yaml"),
        }[kind]
        if name in known:
            return None
        return f'the {kind} "{name}" is not declared in {file}. {suggestion(name, known)}'

    def trait(self, name: str) -> Trait:
        """Return a declared trait."""
        return next(each for each in self.rules.traits if each.name == name)


def declared(reader: Reader, findings: Findings) -> Declared | None:
    """Read the declarations; None when a file is so wrong that nothing else can be checked."""
    company = reader.model("company.yaml", CompanySource)
    traits = _traits(reader, findings)
    lists = reader.model("lists.yaml", dict[SnakeName, ListSource])
    personas = _personas(reader, findings, traits)
    scores = _scores(reader, findings)
    if company is None or traits is None or lists is None or personas is None:
        return None
    written = company[1]
    rules = Rules(
        version="",
        scores=tuple(scores),
        personas=personas,
        traits=tuple(traits.values()),
        lists=tuple(ContactList(name, each.title) for name, each in lists[1].items()),
        tracking_default=Tracking(opens=written.tracking.opens, clicks=written.tracking.clicks),
        time_zone=written.time_zone,
        languages=tuple(written.languages),
    )
    return Declared(
        company=Company(
            name=written.name,
            sender_name=written.sender_name,
            postal_address=written.postal_address,
            website=written.website,
            time_zone=written.time_zone,
            languages=tuple(written.languages),
            topics=written.topics,
        ),
        rules=rules,
        samples={
            each.name: each.options[0] if each.options else _SAMPLES[each.type]
            for each in rules.traits
        },
    )


def _traits(reader: Reader, findings: Findings) -> dict[str, Trait] | None:
    read = reader.model("traits.yaml", dict[SnakeName, TraitSource])
    if read is None:
        return None
    source, written = read
    if "email" not in written or written["email"].type != "email":
        findings.wrong(
            source.file,
            source.line(("email",)),
            'the trait email is needed. Write "email: {type: email, personal: yes, '
            'visible_to_workflows: no}".',
        )
        return None
    return {
        name: Trait(name, each.type, each.personal, each.visible_to_workflows, tuple(each.options))
        for name, each in written.items()
    }


def _personas(
    reader: Reader, findings: Findings, traits: Mapping[str, Trait] | None
) -> tuple[Persona, ...] | None:
    read = reader.model("personas.yaml", dict[SnakeName, PersonaSource])
    if read is None:
        return None
    source, written = read
    for name, each in written.items():
        if traits is None:
            break
        trait = traits.get(each.when.trait)
        if trait is None:
            hint = suggestion(each.when.trait, traits)
            findings.wrong(
                source.file,
                source.line((name, "when", "trait")),
                f'the trait "{each.when.trait}" is not declared in traits.yaml. {hint}',
            )
        elif trait.options:
            for index, value in enumerate(each.when.any_of):
                if value not in trait.options:
                    findings.wrong(
                        source.file,
                        source.line((name, "when", "any_of", index)),
                        f"{quoted(value)} is not one of the options of {trait.name} in "
                        f"traits.yaml. {suggestion(str(value), trait.options)}",
                    )
    return tuple(
        Persona(name, each.title, each.concern, each.when.trait, tuple(each.when.any_of))
        for name, each in written.items()
    )


def _scores(reader: Reader, findings: Findings) -> list[Score]:
    own = _own_events(reader)
    scores: list[Score] = []
    for file in reader.names("scores", "*.yaml"):
        name = file.removeprefix("scores/").removesuffix(".yaml")
        if not SNAKE.fullmatch(name):
            findings.wrong(
                file, 0, f'"{name}" is no name for a score. Use small letters, digits and _.'
            )
        read = reader.model(file, ScoreSource)
        if read is None:
            continue
        source, written = read
        scores.append(_score(name, source, written, findings, EVENTS | own))
    return scores


def _score(
    name: str, source: Source, written: ScoreSource, findings: Findings, events: frozenset[str]
) -> Score:
    half_life: timedelta = written.half_life
    rules = []
    for index, each in enumerate(written.points):
        if each.event not in events:
            findings.wrong(
                source.file,
                source.line(("points", index, "event")),
                f'the event "{each.event}" is not known. {suggestion(each.event, events)} '
                "An event of your own is declared in events.yaml.",
            )
        rules.append(
            PointRule(
                event=each.event,
                points=each.points,
                from_property=each.points_from,
                at_most_per_day=each.at_most,
                where=tuple(sorted(each.where.items())),
            )
        )
    return Score(name=name, half_life=half_life, points=tuple(rules))


def _own_events(reader: Reader) -> frozenset[str]:
    if not reader.names("", "events.yaml"):
        return frozenset()
    read = reader.model("events.yaml", dict[SnakeName, EventSource])
    return frozenset(read[1]) if read else frozenset()
