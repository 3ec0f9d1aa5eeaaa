"""Writes the dashboard to begin with into the template: for each machine a link and what to paste.

Usage: ``python -m local.dashboard template.yaml``, which is what ``make dashboard`` does. What a
machine does is the first sentence of its own comment, what to paste are files of
`events/executions/`; so neither can differ from what runs. A test fails when it was not written
anew.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from local.journey_costs import with_costs
from local.translation import read_template

BEGIN = "      # Written by `make dashboard` from machines and events/executions, not by hand.\n"
END = "      # Here ends what `make dashboard` writes.\n"

WIDTH = 24
"""Columns of a dashboard."""

ROW = 49
"""Pixels of a row."""

CARD = 8
"""Columns of one machine."""

CONSOLE = (
    "https://${AWS::Region}.console.aws.amazon.com/states/home?region=${AWS::Region}"
    "#/statemachines/view/"
)

SECTIONS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    (
        "Is everything ready?",
        "Before the first mail, and whenever something seems wrong.",
        ("operation-check-setup",),
    ),
    (
        "Journeys",
        "Open one to start it for a contact, or to see where somebody is.",
        ("journey-", "operation-start-journey", "operation-try-journey", "operation-check-journey"),
    ),
    (
        "Whom",
        "See who is in a segment before it is used; bring people along.",
        (
            "operation-preview-segment",
            "operation-import-contacts",
            "operation-export-contacts",
            "operation-join-contacts",
            "operation-rescore-contacts",
        ),
    ),
    (
        "What to say",
        "Put a draft into the bucket of content, check it, look at it, publish it.",
        ("operation-publish-content", "operation-preview-message"),
    ),
    (
        "Send to many",
        "Count first: nothing is sent without the number that was counted.",
        ("operation-send-campaign", "operation-control"),
    ),
    (
        "What came of it",
        "Figures of campaigns, messages and forms.",
        ("operation-report-",),
    ),
    (
        "More",
        "What keeps the rest in order.",
        ("operation-",),
    ),
    (
        "Requests about privacy",
        "With PrivacyAccess only.",
        ("privacy-",),
    ),
)
"""The order in which a marketer needs things: a heading, a sentence, and machines by their names or
what these begin with. Each stands where it is named first."""

SHOWN: Mapping[str, tuple[str, ...]] = {
    "operation-check-setup": ("everything",),
    "operation-preview-segment": ("a_segment", "a_condition_in_yaml"),
    "operation-import-contacts": ("look", "confirm"),
    "operation-export-contacts": ("look", "a_segment"),
    "operation-rescore-contacts": ("how_many", "dry_run", "confirm"),
    "operation-publish-content": ("check", "publish", "roll_back"),
    "operation-preview-message": ("a_sample", "a_test"),
    "operation-send-campaign": ("a_segment", "a_list"),
    "operation-control": (
        "pause",
        "resume",
        "retry",
        "pause_journey",
        "resume_journey",
        "end_journey",
        "move",
    ),
    "operation-report-leads": ("by_campaign",),
    "operation-manage-suppressions": ("suppress", "lift"),
    "privacy-erase-contact": ("look", "confirm"),
}
"""Which samples are shown of a machine; of one that is not named here the first that is right
and confirms nothing."""

_WRONG = re.compile(r"^(an_address|nothing|nobody|misspelt|unknown_|not_|wrong_|no_|too_)")

Widget = dict[str, Any]
Place = tuple[int, int, int, int]
"""Column, row, width and height."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine: its name after the stack's, its logical id, sentence and samples."""

    name: str
    logical_id: str
    sentence: str
    samples: tuple[Mapping[str, Any], ...]

    @property
    def title(self) -> str:
        """`Send campaign`, from `operation-send-campaign`."""
        return self.name.partition("-")[2].replace("-", " ").capitalize()

    def card(self, x: int, y: int, height: int) -> Widget:
        """Its place on the dashboard."""
        text = f"### [{self.title}]({CONSOLE}${{{self.logical_id}}})\n{self.sentence}\n"
        for sample in self.samples:
            text += f"\n```\n{json.dumps(sample, ensure_ascii=False)}\n```\n"
        return _text(text, (x, y, CARD, height))

    @property
    def height(self) -> int:
        """Rows that its card needs where a column of the dashboard is 50 pixels wide."""
        pixels = 66 + 21 * ceil(len(self.sentence) / 48)
        pixels += sum(30 + 18 * ceil(len(json.dumps(each)) / 46) for each in self.samples)
        return ceil(pixels / ROW)


def machines(template: Mapping[str, Any], root: Path) -> list[Machine]:
    """The machines of a template, in the order in which it has them."""
    found = []
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::StateMachine":
            continue
        properties = resource["Properties"]
        name = properties["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        definition = json.loads((root / properties["DefinitionUri"]).read_text("utf-8"))
        sentence = re.split(r"(?<=\.)\s", definition["Comment"])[0]
        found.append(Machine(name, logical_id, sentence, tuple(_samples(name, root))))
    return found


def _samples(name: str, root: Path) -> Iterator[Mapping[str, Any]]:
    folder = root / "events" / "executions" / name
    found = {
        path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))
    }
    # What is confirmed stands there only where it is named: nobody shall paste it first.
    right = [case for case in found if not _WRONG.match(case) and "confirm" not in found[case]]
    for case in SHOWN.get(name, right[:1]):
        yield found[case]


def body(found: Sequence[Machine]) -> list[Widget]:
    """The widgets of the dashboard, from the top down."""
    journeys = [each for each in found if each.name.startswith("journey-")]
    widgets = [*_top(journeys)]
    y, left = _below(widgets), list(found)
    for heading, sentence, names in SECTIONS:
        here = [each for name in names for each in left if each.name.startswith(name)]
        left = [each for each in left if each not in here]
        if not here:
            continue
        widgets.append(_text(f"## {heading}\n{sentence}", (0, y, WIDTH, 2), clear=True))
        y += 2
        per_row = WIDTH // CARD
        for start in range(0, len(here), per_row):
            row = here[start : start + per_row]
            height = max(each.height for each in row)
            widgets += [each.card(at * CARD, y, height) for at, each in enumerate(row)]
            y += height
    widgets += _graphs(journeys, y)
    return widgets


def _top(journeys: Sequence[Machine]) -> Iterator[Widget]:
    yield _text(
        "# Start here\nMail goes out in mode **${SendMode}**. The boxes below work once you choose "
        "**Allow always**. Each heading leads to a workflow: choose **Start execution**, paste "
        "what stands below it, change the names. Never type an address there: find the person "
        "here and paste the contact id.",
        (0, 0, WIDTH, 3),
    )
    names = [each.name.removeprefix("journey-").replace("-", "_") for each in journeys]
    yield _custom("Find a contact", {"view": "find"}, (0, 3, 14, 12))
    yield _custom("Journeys in figures", {"view": "funnel", "journeys": names}, (14, 3, 10, 12))
    yield _custom("The last campaigns", {"view": "campaigns"}, (0, 15, WIDTH, 7))


def _graphs(journeys: Sequence[Machine], y: int) -> Iterator[Widget]:
    def lines(metric: str, said: str) -> list[list[object]]:
        return [
            ["AWS/States", metric, "StateMachineArn", f"${{{each.logical_id}}}",
             {"label": f"{each.title}: {said}"}]
            for each in journeys
        ]  # fmt: skip

    queues = (
        ("FailedBatches", "events not folded"),
        ("BrokenContacts", "broken contacts"),
        ("BrokenCompanies", "broken companies"),
        ("LostEmailEvents", "SES feedback not recorded"),
        ("LostEngagement", "opens and clicks not recorded"),
        ("UndeliveredEvents", "events not delivered"),
    )
    waiting: list[list[object]] = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", f"${{{queue}.QueueName}}",
         {"label": said}]
        for queue, said in queues
    ]  # fmt: skip
    red = [
        *lines("ExecutionsFailed", "failed"),
        *lines("ExecutionsTimedOut", "ran out of time"),
    ]
    yield _graph("Journeys begun", lines("ExecutionsStarted", "begun"), 0, y, stat="Sum")
    yield _graph("Journeys that ended red", red, 8, y, stat="Sum")
    yield _graph("What waits for a person", waiting, 16, y, stat="Maximum")


def _graph(title: str, metrics: list[list[object]], x: int, y: int, *, stat: str) -> Widget:
    properties = {
        "title": title,
        "region": "${AWS::Region}",
        "stat": stat,
        "period": 3600,
        "metrics": metrics,
    }
    return {"type": "metric", **_placed((x, y, CARD, 6)), "properties": properties}


def _text(markdown: str, place: Place, *, clear: bool = False) -> Widget:
    properties = {"markdown": markdown} | ({"background": "transparent"} if clear else {})
    return {"type": "text", **_placed(place), "properties": properties}


def _custom(title: str, params: Mapping[str, Any], place: Place) -> Widget:
    properties = {
        "title": title,
        "endpoint": "${ShowWidgetFunction.Arn}",
        # What somebody has found stays until they look for something else.
        "updateOn": {"refresh": params["view"] == "campaigns", "resize": False, "timeRange": False},
        "params": params,
    }
    return {"type": "custom", **_placed(place), "properties": properties}


def _placed(place: Place) -> dict[str, int]:
    return dict(zip(("x", "y", "width", "height"), place, strict=True))


def _below(widgets: Sequence[Widget]) -> int:
    return max(int(each["y"]) + int(each["height"]) for each in widgets)


def written(source: str, widgets: Sequence[Widget]) -> str:
    """The template with the dashboard in its place.

    Raises:
        ValueError: there is no such place.
    """
    begin, end = source.find(BEGIN), source.find(END)
    if not 0 <= begin < end:
        raise ValueError("the template has no place for the dashboard: its two comments are gone")
    lines = [f"          {json.dumps(each, ensure_ascii=False)}" for each in widgets]
    text = '      DashboardBody: !Sub |\n        {"widgets": [\n'
    text += ",\n".join(lines) + "\n        ]}\n"
    return source[: begin + len(BEGIN)] + text + source[end:]


def main(template: Path) -> None:
    """Write the dashboard of a template into it, and what its journeys cost."""
    root = template.resolve().parent
    source = with_costs(template.read_text("utf-8"), root)
    template.write_text(written(source, body(machines(read_template(template), root))), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
