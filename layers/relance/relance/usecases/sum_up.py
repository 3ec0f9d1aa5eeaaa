"""The last step of an operation on contacts: what the batches found, added up in one sentence.

The batches stand in the files that the Map Run wrote, one line each: `{"contacts": 50, "found":
{"told": [ids]}}`. Each heading becomes a count and up to twenty ids; the files have them all.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.content.names import listed
from relance.events import Name
from relance.exporting import price
from relance.ports import Services
from relance.rescoring import in_words
from relance.storage import Value
from relance.usecases.inputs import Request
from relance.usecases.questions import BROKEN, About, Question

SAMPLE = 20
"""How many contact ids of each kind the answer holds."""

MOST_CLAUSES = 6
"""How many kinds of change the sentence tells; the answer has them all."""

_WOULD: Mapping[str, str] = {
    Name.SEGMENT_ENTERED: "would enter",
    Name.SEGMENT_LEFT: "would leave",
    Name.QUALIFIED: "would qualify for",
    Name.STAGE_ADVANCED: "would advance to",
    Name.STAGE_FELL_BACK: "would fall back to",
    Name.PERSONA_ASSIGNED: "would become",
}


class Decision(StrEnum):
    """Whether the numbers add up."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class ResultFiles(Request):
    """Where the Map Run wrote its manifest."""

    bucket: Annotated[str, Field(alias="Bucket")]
    key: Annotated[str, Field(alias="Key")]


class SumRequest(Request):
    """The question, how many contacts were read and listed, and where the results are."""

    question: Question
    read: Annotated[int, Field(ge=0)]
    contacts: Annotated[int, Field(ge=0)]
    results: ResultFiles


@dataclass(slots=True)
class _Total:
    """All batches together: how many contacts, and for each heading how many and the first ids."""

    contacts: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    samples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, contacts: int, found: Mapping[str, Sequence[str]]) -> None:
        self.contacts += contacts
        for heading, ids in found.items():
            self.counts[heading] = self.counts.get(heading, 0) + len(ids)
            sample = self.samples.setdefault(heading, [])
            sample += ids[: SAMPLE - len(sample)]

    def count(self, heading: str) -> int:
        """How many contacts stand under a heading."""
        return self.counts.get(heading, 0)

    def told(self) -> dict[str, Value]:
        """What is answered: `segment_entered/hot-leads` stands below `segment_entered`."""
        answer: dict[str, Value] = {}
        for heading in sorted(self.counts):
            *above, last = heading.split("/")
            place = answer
            for name in above:
                inner = place.setdefault(name, {})
                assert isinstance(inner, dict)  # noqa: S101 - made in the line above
                place = inner
            sample: list[Value] = [*self.samples[heading]]
            place[last] = {"count": self.counts[heading], "ids": sample}
        return answer


def sum_up(request: SumRequest, services: Services) -> dict[str, Value]:
    """What was found, with a sentence about it; `incomplete` where a contact is missing."""
    total = _Total()
    for line in result_lines(request.results, services):
        batch = json.loads(line)
        total.add(batch["contacts"], batch["found"])
    missing = request.contacts - total.contacts
    complete = not missing and not total.count(BROKEN)
    return {
        "decision": (Decision.COMPLETE if complete else Decision.INCOMPLETE).value,
        "summary": " ".join(
            [
                _sentence(request, total, services),
                *_lacking(total, missing),
                f"Contacts read: {request.read:,}.",
            ]
        ),
        "read": request.read,
        "contacts": request.contacts,
        "found": total.told(),
        "details": services.files.link(request.results.key.rpartition("/")[0]),
    }


def result_lines(results: ResultFiles, services: Services) -> Iterator[str]:
    """What the batches of a Map Run answered, one line of JSON each."""
    manifest = json.loads("".join(services.files.read_lines(results.key)))
    for each in manifest["ResultFiles"]["SUCCEEDED"]:
        yield from services.files.read_lines(each["Key"])


def _sentence(request: SumRequest, total: _Total, services: Services) -> str:
    question = request.question
    if question.about is About.TELL:
        return _told(total)
    if question.about is About.DRY_RUN:
        return _would_change(total)
    if question.about is About.EXPORT:
        return _exported(request, total, services)
    if question.about is About.START:
        return _started(question, total)
    return _preview(question, total)


def _exported(request: SumRequest, total: _Total, services: Services) -> str:
    folder = "/".join(("people", *request.results.key.split("/")[:2], ""))
    whose = request.question.segment or request.question.list
    who = f" of {whose}" if whose else ""
    exported = in_words(total.count("exported"))
    return (
        f"Exported {exported}{who} to {services.files.link(folder)} in two forms, for "
        f"{price(request.read)}."
    )


def _started(question: Question, total: _Total) -> str:
    before = total.count("started_before")
    again = f", {before:,} of them by an earlier attempt" if before else ""
    return (
        f'"{question.journey}" was started for {in_words(total.contacts)}{again}. Whom it lets in '
        "is for its own rules to say; each execution tells."
    )


def _told(total: _Total) -> str:
    before, gone = total.count("told_before"), total.count("gone")
    done = total.count("up_to_date")
    parts = [f"{total.count('told'):,} now"]
    parts += [f"{before:,} shortly before"] if before else []
    parts += [f"{done:,} not, being scored with them meanwhile"] if done else []
    parts += [f"{gone:,} not, being gone"] if gone else []
    return (
        f"Told that the rules changed, of {in_words(total.contacts)}: {listed(parts)}. "
        "Profiles follow within minutes."
    )


def _would_change(total: _Total) -> str:
    changes = total.count("changes")
    opening = (
        f"Nothing was changed. Of {in_words(total.contacts)} scored with former rules "
        f"{changes:,} would change"
    )
    clauses = [
        f"{count:,} {_WOULD[kind]} {name}" for kind, name, count in _ranked(total.counts.items())
    ]
    more = len(clauses) - MOST_CLAUSES
    told = clauses[:MOST_CLAUSES] + ([f"{more} more kinds of change"] if more > 0 else [])
    return f"{opening}: {listed(told)}." if told else f"{opening}."


def _ranked(counts: Iterable[tuple[str, int]]) -> list[tuple[str, str, int]]:
    """The conclusions, the most frequent first: kind, name, count."""
    split = [(*heading.partition("/")[::2], count) for heading, count in counts]
    named = [(kind, name, count) for kind, name, count in split if name]
    return sorted(named, key=lambda each: (-each[2], each[0], each[1]))


def _preview(question: Question, total: _Total) -> str:
    holds = total.count("holds")
    if question.segment is None:
        return f"The condition holds for {holds:,} of {in_words(total.contacts)}."
    enter, leave = total.count("would_enter"), total.count("would_leave")
    would = "has" if question.about is About.SEGMENT and not enter + leave else "would have"
    return (
        f"{question.segment} {would} {holds:,} of {in_words(total.contacts)}; compared with "
        f"today's members {enter:,} would enter and {leave:,} would leave."
    )


def _lacking(total: _Total, missing: int) -> list[str]:
    broken = total.count(BROKEN)
    lacking = [f"{in_words(broken)} could not be judged."] if broken else []
    return lacking + ([f"{in_words(missing)} left no result."] if missing else [])
