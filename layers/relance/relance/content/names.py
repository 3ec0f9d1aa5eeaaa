"""Names that look alike: "did you mean" for people who mistype."""

from collections.abc import Iterable


def closest(wrong: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return up to three known names that look like `wrong`, best first."""
    import difflib  # noqa: PLC0415 - needed for a mistake only

    return tuple(difflib.get_close_matches(wrong, sorted(known), n=3, cutoff=0.6))


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """Say what may have been meant, or else what there is."""
    names = sorted(known)
    alike = closest(wrong, names)
    if alike:
        return f"Did you mean {either(alike)}?"
    if not names:
        return "None is declared yet."
    if len(names) > 12:
        return f"For example {either(names[:6])}."
    return f"There is {listed(names)}."


def either(names: Iterable[str]) -> str:
    """Join with "or"."""
    return _joined(tuple(names), "or")


def listed(names: Iterable[str]) -> str:
    """Join with "and"."""
    return _joined(tuple(names), "and")


def _joined(names: tuple[str, ...], word: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"
