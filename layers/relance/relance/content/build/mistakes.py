"""What the build says about mistakes: where, what, and what to write instead."""

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
            count = len(self.mistakes)
            what = "There is 1 mistake" if count == 1 else f"There are {count} mistakes"
            lines.append(f"{what}; nothing was written.")
        else:
            lines.append(
                f"Content {self.version}: {len(self.messages)} messages, "
                f"{len(self.forms)} forms, {len(self.pages)} pages."
            )
        return "\n".join(lines)
