"""Which of the shipped files count: those that fit the kind of sale in company.yaml.

A file may begin with `only_for: {sale: [considered, both]}`. Several files can hold the same thing
for different companies: what stands between the first dot of their names and `.yaml` is only there
to tell them apart (`stages.yaml`, `stages.instant.yaml`). Every file is checked in its shape, so
that a mistake does not lie in wait for the day on which company.yaml changes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import Field

from relance.content.build.mistakes import Findings
from relance.content.build.models import NAME, CompanySource, Model, OneOrMany
from relance.content.build.reading import Reader
from relance.content.build.yaml_source import Source

T = TypeVar("T")

ONLY_FOR = "only_for"
LONGEST_NAME = 60


class OnlyForSource(Model):
    """`only_for:` at the top of a file. What is left out does not matter."""

    sale: OneOrMany[Literal["considered", "instant", "both"]] = Field(default_factory=list)
    leads: OneOrMany[Literal["equal", "weighted"]] = Field(default_factory=list)
    led_by: OneOrMany[Literal["product", "relation"]] = Field(default_factory=list)
    sells_to: OneOrMany[Literal["business", "people", "both"]] = Field(default_factory=list)

    def fits(self, company: CompanySource) -> bool:
        """Tell whether the file counts for this company."""
        return all(
            not wanted or getattr(company, name) in wanted
            for name, wanted in self.model_dump().items()
        )


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A file that counts: its name without folder and ending, its lines, what it says."""

    name: str
    source: Source
    written: T


class Selection:
    """Reads the files that fit the company."""

    def __init__(self, reader: Reader, findings: Findings, company: CompanySource) -> None:
        self._reader = reader
        self._findings = findings
        self._company = company
        self._broken: dict[str, set[str]] = {}
        self._unfitting: dict[str, set[str]] = {}

    @property
    def broken(self) -> Mapping[str, frozenset[str]]:
        """By place (`segments`, `personas`), what files with mistakes in them may declare."""
        return {place: frozenset(names) for place, names in self._broken.items()}

    @property
    def unfitting(self) -> Mapping[str, frozenset[str]]:
        """By place, what files that do not fit the company declare."""
        return {place: frozenset(names) for place, names in self._unfitting.items()}

    def folder(self, folder: str, shape: type[T], kind: str) -> Iterator[Read[T]]:
        """Read `<folder>/<name>.yaml`; of each name at most one file may fit."""
        taken: dict[str, str] = {}
        for file in self._reader.names(folder, "*.yaml"):
            name = file.removeprefix(f"{folder}/").partition(".")[0]
            if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
                self._findings.wrong(
                    file,
                    0,
                    f'"{name}" is no name for a {kind}. Use small letters, digits, - and _.',
                )
                continue
            read = self._fitting(folder, file, name, shape)
            if read and self._is_first(file, name, taken):
                yield read

    def several(self, name: str, shape: type[T]) -> list[Read[T]]:
        """Read `<name>.yaml` and `<name>.<anything>.yaml`: all that fit."""
        found = [self._fitting(name, file, name, shape) for file in self._files(name)]
        return [each for each in found if each]

    def one(self, name: str, shape: type[T]) -> Read[T] | None:
        """Read the one file of the name that fits; None where there is none."""
        taken: dict[str, str] = {}
        found = self.several(name, shape)
        kept = [each for each in found if self._is_first(each.source.file, name, taken)]
        return kept[0] if kept else None

    def entries(self, name: str) -> frozenset[str]:
        """Every name in `<name>.yaml` and its siblings, whether they fit the company or not."""
        sources = [self._reader.source(file) for file in self._files(name)]
        return frozenset(key for each in sources if each for key in _keys(each.value))

    def _files(self, name: str) -> list[str]:
        return self._reader.names("", f"{name}.yaml") + self._reader.names("", f"{name}.*.yaml")

    def _fitting(self, place: str, file: str, name: str, shape: type[T]) -> Read[T] | None:
        source = self._reader.source(file)
        if source is None:
            self._broken.setdefault(place, set()).add(name)
            return None
        value = source.value
        only_for: OnlyForSource | None = OnlyForSource()
        if isinstance(value, dict) and ONLY_FOR in value:
            only_for = self._reader.check(
                source, OnlyForSource, value=value[ONLY_FOR], prefix=(ONLY_FOR,)
            )
            value = {key: each for key, each in value.items() if key != ONLY_FOR}
        written = self._reader.check(source, shape, value=value)
        if written is None or only_for is None:
            self._broken.setdefault(place, set()).update({name}, _keys(value))
            return None
        if only_for.fits(self._company):
            return Read(name, source, written)
        self._unfitting.setdefault(place, set()).update({name}, _keys(value))
        return None

    def _is_first(self, file: str, name: str, taken: dict[str, str]) -> bool:
        other = taken.setdefault(name, file)
        if other != file:
            self._findings.wrong(
                file,
                0,
                f"{other} fits this company as well. Delete one of the two, or set them apart "
                'with "only_for:".',
            )
        return other == file


def _keys(value: object) -> set[str]:
    """The names that a file may declare: its keys, and those of its topics."""
    if not isinstance(value, dict):
        return set()
    topics = value.get("topics")
    return {key for key in value if key != ONLY_FOR} | set(
        topics if isinstance(topics, dict) else ()
    )
