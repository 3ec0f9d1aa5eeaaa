"""The secrets of hooks, by the name of the hook.

One JSON object: `{"shop": "…", "shop.2027": "…", "meta": "…", "meta.verify_token": "…"}`. What
stands behind the first dot tells several secrets of a hook apart; all of them are valid at once.
`verify_token` is no secret to sign with, but what Meta sends when it asks whether an address is
ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

VERIFY_TOKEN = "verify_token"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True)
class HookSecrets:
    """All of them; an empty one counts as none."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def of(self, hook: str) -> list[str]:
        """The secrets with which a hook is signed, by label."""
        return [
            value for _, label, value in self._of(hook) if label.partition("-")[0] != VERIFY_TOKEN
        ]

    def tokens_of(self, hook: str) -> list[str]:
        """The tokens with which Meta proves itself; `verify_token-2` may stand beside the first."""
        return [
            value for _, label, value in self._of(hook) if label.partition("-")[0] == VERIFY_TOKEN
        ]

    def _of(self, hook: str) -> list[tuple[str, str, str]]:
        parts = [(*name.partition(".")[::2], value) for name, value in sorted(self.values.items())]
        return [(name, label, value) for name, label, value in parts if name == hook and value]
