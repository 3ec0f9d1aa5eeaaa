"""What the build says about mistakes: where, what, and what to write instead."""

from collections.abc import Sized
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake or warning. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.sentence}"


@dataclass(slots=True)
class Findings:
    """Collects everything, so that one build tells all that is wrong."""

    mistakes: set[Mistake] = field(default_factory=set)
    warnings: set[Mistake] = field(default_factory=set)

    def wrong(self, file: str, line: int, sentence: str) -> None:
        """Note a mistake; the build will write nothing."""
        self.mistakes.add(Mistake(file, line, sentence))

    def warn(self, file: str, line: int, sentence: str) -> None:
        """Note something that works but should be looked at."""
        self.warnings.add(Mistake(file, line, sentence))


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. With mistakes, nothing was written and `version` is empty."""

    version: str
    mistakes: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]
    messages: tuple[str, ...]
    forms: tuple[str, ...]
    pages: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Tell whether the content was written."""
        return not self.mistakes

    def __str__(self) -> str:
        lines = [str(each) for each in self.mistakes]
        lines += [f"{each} (a warning)" for each in self.warnings]
        if self.mistakes:
            there = "There is" if len(self.mistakes) == 1 else "There are"
            lines.append(f"{there} {_counted(self.mistakes, 'mistake')}; nothing was written.")
        else:
            lines.append(
                f"Content {self.version}: {_counted(self.messages, 'message')}, "
                f"{_counted(self.forms, 'form')}, {_counted(self.pages, 'page')}."
            )
        return "\n".join(lines)


def _counted(things: Sized, name: str) -> str:
    return f"{len(things)} {name}" if len(things) == 1 else f"{len(things)} {name}s"
