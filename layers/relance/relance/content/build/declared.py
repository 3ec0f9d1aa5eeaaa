"""What the content declares: every name that messages, forms and scores may use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from relance.content.build.locale_data import locale_data
from relance.content.build.mistakes import Findings
from relance.content.build.models import (
    BrandSource,
    CompanySource,
    FileSource,
    ListSource,
    SnakeName,
    TraitSource,
    UtmSource,
)
from relance.content.build.reading import Reader
from relance.content.build.rule_builder import build_rules
from relance.content.build.selection import Selection
from relance.content.build.yaml_source import Source
from relance.content.compiled import Brand, Company, GatedFile
from relance.content.names import suggestion
from relance.content.rules import ContactList, Rules, Trait
from relance.content.slots import Slot

Kind: TypeAlias = Literal["trait", "persona", "topic", "language", "brand"]

SAMPLE_TEXT = "Sample"

_SAMPLES: Mapping[str, object] = {
    "text": SAMPLE_TEXT,
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
    """The declarations, and a sample contact of whom everything is known.

    `personas` are those of every kind of sale: a text for one that does not fit today is none too
    many.
    """

    company: Company
    rules: Rules
    slots: tuple[Slot, ...]
    personas: frozenset[str]
    samples: Mapping[str, object]
    files: Mapping[str, GatedFile] = field(default_factory=dict)
    brands: Mapping[str, BrandSource] = field(default_factory=dict)
    utm: UtmSource | None = None

    @property
    def traits(self) -> frozenset[str]:
        """Names of the traits."""
        return frozenset(each.name for each in self.rules.traits)

    @property
    def topics(self) -> frozenset[str]:
        """Names of the topics."""
        return frozenset(self.company.topics)

    @property
    def languages(self) -> frozenset[str]:
        """The languages that the company writes in."""
        return frozenset(self.company.languages)

    def brand(self, name: str | None) -> Brand | None:
        """Return a brand as messages carry it; None where there is none of this name."""
        written = self.brands.get(name or "")
        if written is None:
            return None
        said = written.model_dump(exclude={"layout", "colours"})
        return Brand(**said)

    def unknown(self, kind: Kind, name: str) -> str | None:
        """Say that a name is not declared, and where it would be; None when it is."""
        known, file = {
            "trait": (self.traits, "traits.yaml"),
            "persona": (self.personas, "personas.yaml"),
            "topic": (self.topics, "company.yaml"),
            "language": (self.languages, "company.yaml"),
            "brand": (frozenset(self.brands), "brands/"),
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
    if company is None or traits is None or lists is None:
        return None
    written = company[1]
    _check_languages(findings, *company)
    selection = Selection(reader, findings, written)
    rules, slots = build_rules(
        selection,
        findings,
        written,
        traits,
        [ContactList(name, each.title) for name, each in lists[1].items()],
    )
    return Declared(
        company=Company(
            name=written.name,
            sender_name=written.sender_name,
            postal_address=written.postal_address,
            website=written.website,
            languages=tuple(written.languages),
            topics=written.topics,
            fall_back=_fall_back(findings, *company),
            channels=tuple(dict.fromkeys(written.channels)),
            allowed_redirects=tuple(written.allowed_redirects),
        ),
        rules=rules,
        slots=slots,
        personas=selection.entries("personas"),
        samples={
            each.name: each.options[0] if each.options else _SAMPLES[each.type]
            for each in rules.traits
        },
        files=_files(reader),
        brands=_brands(reader),
        utm=written.utm,
    )


def _brands(reader: Reader) -> dict[str, BrandSource]:
    """What stands in brands/, by name; there need not be one."""
    found = {
        Path(file).stem: reader.model(file, BrandSource)
        for file in reader.names("brands", "*.yaml")
    }
    return {name: read[1] for name, read in found.items() if read}


def _files(reader: Reader) -> dict[str, GatedFile]:
    """What files.yaml declares; there need not be one."""
    read = (
        reader.model("files.yaml", dict[SnakeName, FileSource])
        if reader.names("", "files.yaml")
        else None
    )
    found = read[1].items() if read else ()
    return {name: GatedFile(name, each.key, each.title) for name, each in found}


def _check_languages(findings: Findings, source: Source, company: CompanySource) -> None:
    """Note a language of which nobody knows how it writes a date."""
    for position, each in enumerate(company.languages):
        if locale_data(each) is None:
            findings.wrong(
                source.file,
                source.line(("languages", position)),
                f'languages[{position + 1}]: no language is called "{each}". Write for example '
                '"en" or "pt-BR".',
            )


def _fall_back(
    findings: Findings, source: Source, company: CompanySource
) -> dict[str, tuple[str, ...]]:
    """The languages to read instead, each of which the company must write."""
    for spoken, instead in company.fall_back.items():
        for position, each in enumerate(instead):
            if each not in company.languages:
                there = suggestion(each, company.languages)
                findings.wrong(
                    source.file,
                    source.line(("fall_back", spoken, position)),
                    f'fall_back.{spoken}: "{each}" is not among the languages above. {there}',
                )
    return {spoken: tuple(instead) for spoken, instead in company.fall_back.items()}


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
