"""The file that somebody gets for filling in a form, as the register notes it in `gift`.

`{file, by, at}`: how links name the file, the sign-up that asked for it, and since when it may be
fetched. The last one counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from relance.content.compiled import GatedFile
from relance.links import Download, LinkSigner
from relance.moments import from_text, to_text
from relance.storage import Value


@dataclass(frozen=True, slots=True)
class Gift:
    """A file that a person may fetch, from an instant on."""

    file: str
    signup_event_id: str
    at: datetime

    @classmethod
    def of(cls, file: GatedFile, signup_event_id: str, at: datetime) -> "Gift":
        """The gift of a file for a sign-up."""
        return cls(file.id, signup_event_id, at)

    def to_value(self) -> Value:
        """As it stands in the register."""
        return {"file": self.file, "by": self.signup_event_id, "at": to_text(self.at)}

    def token(self, contact_id: str, signer: LinkSigner) -> str:
        """The token of the link that leads to it."""
        return signer.download_token(Download(self.signup_event_id, contact_id, self.file, self.at))


def gift_of(value: object) -> Gift | None:
    """The gift that a register holds, if it does."""
    if not isinstance(value, Mapping):
        return None
    return Gift(str(value["file"]), str(value["by"]), from_text(str(value["at"])))
