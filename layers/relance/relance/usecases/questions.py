"""What operations on contacts find out or do, as their steps pass it on."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.usecases.inputs import Request

BROKEN = "could_not_be_judged"
"""The heading of contacts that nothing could be found out about."""


CampaignName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,50}$")]
"""The name of a campaign: letters, digits, `_` and `-`, at most 50."""


class Operation(StrEnum):
    """The operations that go through the contacts."""

    RESCORE_CONTACTS = "rescore_contacts"
    PREVIEW_SEGMENT = "preview_segment"
    EXPORT_CONTACTS = "export_contacts"


class About(StrEnum):
    """What is to be found out, or done, for each contact."""

    HOW_MANY = "how_many"
    DRY_RUN = "dry_run"
    TELL = "tell"
    SEGMENT = "segment"
    CONDITION = "condition"
    EXPORT_HOW_MANY = "export_how_many"
    EXPORT = "export"


class ListedContact(Request):
    """A line of a list."""

    contact: Annotated[str, Field(pattern=r"^[0-9A-Z]{26}$")]


class Question(Request):
    """A question as it is passed on. `condition` is in its canonical form.

    About a condition, `segment` is the one whose members it is compared with; of an export,
    `segment` or `list` is whose members are exported, everybody if there is neither. `confirmed` is
    to how many contacts at most the marketer agreed.
    """

    about: About
    segment: str | None = None
    list: str | None = None
    condition: dict[str, object] | None = None
    confirmed: int = 0

    @property
    def concerns_everybody(self) -> bool:
        """Whether it is asked of all contacts, not only of those behind the rules."""
        return self.about not in (About.HOW_MANY, About.DRY_RUN, About.TELL)
