"""The words of the public pages in every language: `texts/<language>.yaml`.

The first language of company.yaml has them all. What another lacks is taken along the chain that
company.yaml declares (`fall_back`), at last from the first, and told as a warning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from relance.content.build.mistakes import Findings
from relance.content.build.models import Text
from relance.content.build.reading import Reader
from relance.content.build.yaml_source import Source
from relance.content.compiled import Company
from relance.content.names import closest, either, listed

Key = tuple[str, str]
"""A text: its section, which is mostly a page, and its name."""

_TOLD = 5
"""How many missing texts a warning names."""


class Section:
    """The texts of a section for a template: `text.confirm.title`. Has no attributes of its own."""

    __slots__ = ("_file", "_findings", "_name", "_texts")

    def __init__(self, name: str, texts: Mapping[str, str], file: str, findings: Findings) -> None:
        self._name, self._texts, self._file, self._findings = name, texts, file, findings

    def __getitem__(self, key: str) -> str:
        """The text; one that there is not is a mistake, and empty."""
        if key not in self._texts:
            meant = closest(key, self._texts)
            hint = f"Did you mean {either(meant)}?" if meant else f'Add a line "{key}: …".'
            self._findings.wrong(
                self._file, 0, f'a page needs "{key}" in {self._name}, which is not there. {hint}'
            )
        return self._texts.get(key, "")


class Sections:
    """All sections for a template: `text`. Has no attributes of its own."""

    __slots__ = ("_file", "_findings", "_texts")

    def __init__(
        self, texts: Mapping[str, Mapping[str, str]], file: str, findings: Findings
    ) -> None:
        self._texts, self._file, self._findings = texts, file, findings

    def __getitem__(self, name: str) -> Section:
        """The texts of a section, which may be empty."""
        return Section(name, self._texts.get(name, {}), self._file, self._findings)


@dataclass(slots=True)
class Texts:
    """The texts as written: language → section and name → text."""

    company: Company
    findings: Findings
    written: dict[str, dict[Key, str]] = field(default_factory=dict)

    def of(self, language: str) -> Sections:
        """The texts for a page in the language, each from the best language that has it."""
        found: dict[str, dict[str, str]] = {}
        chain = self.company.chain(language)
        for key in self.written.get(self.company.languages[0], {}):
            section, name = key
            found.setdefault(section, {})[name] = self._best(chain, key)
        return Sections(found, file_of(self.company.languages[0]), self.findings)

    def text(self, language: str, key: Key) -> str:
        """One text, from the best language that has it; empty where none has."""
        return self._best(self.company.chain(language), key)

    def _best(self, chain: tuple[str, ...], key: Key) -> str:
        for each in chain:
            if key in self.written.get(each, {}):
                return self.written[each][key].replace("{company}", self.company.name)
        return ""

    def section(self, language: str, name: str) -> dict[str, str]:
        """The texts of one section, by name."""
        first = self.written.get(self.company.languages[0], {})
        return {key[1]: self.text(language, key) for key in first if key[0] == name}


def file_of(language: str) -> str:
    """Where the texts of a language stand."""
    return f"texts/{language}.yaml"


def read_texts(reader: Reader, findings: Findings, company: Company) -> Texts:
    """Read the texts of all languages; what is lacking is a warning, except in the first."""
    texts = Texts(company, findings)
    first, *others = company.languages
    files = frozenset(reader.names("texts", "*.yaml"))
    for language in company.languages:
        if file_of(language) not in files and language != first:
            instead = company.chain(language)[1]
            findings.warn(
                file_of(language),
                0,
                f"this file is missing, so whoever reads {language} gets the pages in {instead}.",
            )
            continue
        read = reader.model(file_of(language), dict[str, dict[str, Text]])
        if read is None:
            continue
        texts.written[language] = {
            (section, name): text
            for section, each in read[1].items()
            for name, text in each.items()
        }
        _check_names(findings, texts, read[0], language)
    _name_topics(texts)
    for language in others:
        _warn_of_missing(findings, texts, language)
    for file in sorted(files - {file_of(each) for each in company.languages}):
        findings.warn(file, 0, "nobody gets this: company.yaml does not name this language.")
    return texts


def _check_names(findings: Findings, texts: Texts, source: Source, language: str) -> None:
    """Refuse a text that the first language does not have: it is mistyped, or nothing shows it."""
    first = texts.company.languages[0]
    known = {*texts.written.get(first, {}), *(("topics", name) for name in texts.company.topics)}
    topics = frozenset(texts.company.topics)
    for section, name in texts.written[language]:
        if (section, name) in known and (section != "topics" or name in topics):
            continue
        there = {key[1] for key in known if key[0] == section}
        meant = closest(name, there)
        hint = f"Did you mean {either(meant)}?" if meant else "Take it out."
        sentence = f'nothing shows "{name}" in {section}. {hint}'
        if section == "topics" or language != first:
            findings.wrong(source.file, source.line((section, name)), sentence)


def _name_topics(texts: Texts) -> None:
    """In the first language a topic is called as company.yaml calls it, unless its texts do."""
    first = texts.written.setdefault(texts.company.languages[0], {})
    for name, title in texts.company.topics.items():
        first.setdefault(("topics", name), title)


def _warn_of_missing(findings: Findings, texts: Texts, language: str) -> None:
    if language not in texts.written:
        return
    first = texts.written[texts.company.languages[0]]
    missing = [".".join(key) for key in first if key not in texts.written[language]]
    if not missing:
        return
    more = len(missing) - _TOLD
    named = listed([*missing[:_TOLD], *([f"{more} more"] if more > 0 else [])])
    instead = texts.company.chain(language)[1]
    verb = "is" if len(missing) == 1 else "are"
    findings.warn(file_of(language), 0, f"{named} {verb} missing; people get {instead} instead.")
