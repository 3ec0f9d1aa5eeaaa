"""What checking a rule needs: the names there are, a place for mistakes, the needs found so far."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from relance.conditions.compile import compile_condition
from relance.conditions.language import parse
from relance.conditions.needs import Needs
from relance.conditions.places import Place
from relance.conditions.vocabulary import Vocabulary
from relance.content.build.mistakes import Findings
from relance.content.build.order import Decided
from relance.content.build.yaml_source import Source
from relance.content.names import suggestion
from relance.content.score_rules import Canonical


@dataclass(slots=True)
class Context:
    """Shared by all kinds of rules. `decided` collects what conditions decide, as it is read."""

    findings: Findings
    vocabulary: Vocabulary
    decided: list[Decided] = field(default_factory=list)

    def place(self, source: Source, *path: str | int) -> Place:
        """A place in a file; mistakes noted there carry their line."""
        return Place(
            lambda at, sentence: self.findings.wrong(source.file, source.line(at), sentence), path
        )

    def condition(self, raw: object, where: Place) -> tuple[Canonical, Needs] | None:
        """A condition in its canonical form, and what it needs; None after noting mistakes."""
        canonical = parse(raw, self.vocabulary, where)
        return None if canonical is None else (canonical, compile_condition(canonical).needs)

    def decides(self, key: str, shown: str, parts: Mapping[Place, Needs]) -> None:
        """Note what is decided by the conditions at these places."""
        self.decided.append(Decided(key, shown, tuple(parts.items())))

    def one_of(self, name: str, known: Collection[str], what: str, where: Place) -> bool:
        """Whether a name is among those that are possible here; if not, that is noted."""
        if name not in known:
            where.wrong(f'{what} "{name}" is not known. {suggestion(name, known)}')
        return name in known
