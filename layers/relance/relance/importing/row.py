"""One row."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its number as a spreadsheet shows it (the names of the columns are row 1).

    `cells` is what stands in it by column; of a row that cannot be read `wrong` says why.
    """

    number: int
    cells: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""
