"""A measured figure, its unit, and what it must reach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, in which unit; `at_least` or `at_most` is what it must reach, if any."""

    what: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def reached(self) -> bool:
        """Whether the figure is what it must be."""
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def __str__(self) -> str:
        text = f"  {self.what:<51}{short(self.value):>9} {self.unit:<15}"
        if self.at_least is not None:
            text += f"at least {short(self.at_least)}"
        if self.at_most is not None:
            text += f"at most {short(self.at_most)}"
        return f"{text}{'' if self.reached else '  MISSED'}".rstrip()


def short(value: float) -> str:
    """Return a number with about three digits that count."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
