"""Where people stand when a run ends: on which stage, in which segments, who is ready."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from relance.content.compiled import Content
from relance.engine import Plan, advance
from relance.events import Name
from relance.profiles import Profile, from_text

from local.demo.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Standing:
    """How many stand where, each with its title; `why` is one of the reasons that sales read."""

    people: int = 0
    stages: list[tuple[str, int]] = field(default_factory=list)
    segments: list[tuple[str, int]] = field(default_factory=list)
    ready: list[tuple[str, int]] = field(default_factory=list)
    why: str = ""

    @property
    def groups(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """The three tables, those without a row left out."""
        named = [("stage", self.stages), ("segment", self.segments), ("lead", self.ready)]
        return [(name, rows) for name, rows in named if rows]


def standing(snapshot: Snapshot, content: Content) -> Standing:
    """Count the profiles of a run as they are at its end."""
    rules = content.rules
    plan = Plan(rules, ZoneInfo("UTC"))
    found: Counter[str] = Counter()
    people = 0
    for profile in _profiles(snapshot):
        advance(profile, round(snapshot.now * 1000), plan)
        people += 1
        for key, decided in profile.decided.items():
            name = f"stage:{decided.value}" if key == "stage" else key
            found[name] += 1 if decided.value else 0
    titles = {f"stage:{it.name}": it.title for it in rules.stages}
    titles |= {f"segment:{it.name}": it.title for it in rules.segments}
    titles |= {f"qualification:{it.name}": it.title for it in rules.qualifications}

    def rows(kind: str) -> list[tuple[str, int]]:
        return [(title, found[key]) for key, title in titles.items() if key.startswith(kind)]

    return Standing(
        people, rows("stage:"), rows("segment:"), rows("qualification:"), _why(snapshot)
    )


def _profiles(snapshot: Snapshot) -> Iterator[Profile]:
    for item in snapshot.tables["contacts"]:
        if item.get("record") == "now#profile":
            yield from_text(str(item["contact_id"]), str(item["body"]), int(str(item["version"])))


def _why(snapshot: Snapshot) -> str:
    """The reason of the last lead that was declared ready."""
    ready = [item for item in snapshot.tables["events"] if item.get("name") == Name.QUALIFIED]
    if not ready:
        return ""
    last = max(ready, key=lambda item: (str(item["occurred_at"]), str(item["event_id"])))
    properties = last.get("properties")
    return str(properties.get("reason", "")) if isinstance(properties, dict) else ""
