"""`new journey`: lays down a journey that works at once, to be changed into the one that is meant.

It writes the machine, its resource in the template with all that must name it there, what is pasted
to start it, and its stories. Nothing is overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.cli.mistakes import Mistake
from local.dashboard import body, machines, written
from local.demo.typed import LOCAL
from local.journey_costs import with_costs
from local.translation import read_template

_SKELETONS = Path(__file__).parent / "skeletons"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MOST = 30
_MODEL = "Welcome"
_SHARED_LOG = "LibraryLogGroup"
_ITEM = re.compile(r"\s*- ")
_ONE = re.compile(r"(\s*)Resource: (!Sub .*)")
_SAMPLES = {
    "nobody": '{\n  "Comment": "Insert your JSON here"\n}\n',
    "one_contact": '{\n  "contact": "01KE6P4Z0NWNGTPJXJR5ESJA98"\n}\n',
    "an_address": '{\n  "contact": "ana@example.com"\n}\n',
}


@dataclass(frozen=True, slots=True)
class Named:
    """A journey's name, as it is written in each place."""

    name: str

    @property
    def dashed(self) -> str:
        """As machines are called."""
        return self.name.replace("_", "-")

    @property
    def logical(self) -> str:
        """As resources are called."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def title(self) -> str:
        """As sentences begin."""
        return self.name.replace("_", " ").capitalize()

    def fill(self, text: str, *, log_group: str = "", message: str = "welcome") -> str:
        """A skeleton with the name in its places."""
        filled = text.replace("LOGICAL", self.logical).replace("LOGGROUP", log_group)
        filled = filled.replace("DASHED", self.dashed).replace("MESSAGE", message)
        return filled.replace("NAME", self.name).replace("TITLE", self.title)


def new_journey(name: str, *, root: Path) -> str:
    """Lay the journey down in the project at `root`, and say what was written; raises Mistake."""
    if not _NAME.fullmatch(name) or len(name) > _MOST:
        raise Mistake(
            f'"{name}" cannot name a journey. Write small letters, digits and _, at most {_MOST}, '
            "for example cart_reminder."
        )
    named = Named(name)
    template = root / "template.yaml"
    text = template.read_text("utf-8")
    files = dict(_files(named, root))
    there = [path for path in files if path.exists()]
    if there or f"  {named.logical}Journey:\n" in text:
        what = there[0].relative_to(root) if there else f"{named.logical}Journey in template.yaml"
        raise Mistake(f'There is a journey "{name}" already: {what}. Choose another name.')
    changed = _in_template(text, named)
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    template.write_text(changed, encoding="utf-8")
    anew = written(changed, body(machines(read_template(template), root)))
    template.write_text(with_costs(anew, root), encoding="utf-8")
    listed = [str(path.relative_to(root)) for path in files]
    return "\n".join(
        [
            "Written:",
            *(f"   {each}" for each in [*listed, "template.yaml"]),
            "",
            "It sends a message that is there already, and is started by hand. Try it, rehearse",
            "it, then draw what you mean in Workflow Studio, and change its stories with it:",
            f"   .venv/bin/python -m pytest tests/workflows/test_journey_{name}.py",
            f"   {LOCAL} rehearse {named.dashed} --contacts local/data/people.csv",
            "   make graphs dashboard",
            "   make lint",
            "",
        ]
    )


def _files(named: Named, root: Path) -> Iterator[tuple[Path, str]]:
    machine = root / "statemachines" / "journeys" / f"{named.name}.asl.json"
    yield machine, named.fill(_skeleton("journey.asl.json"))
    samples = root / "events" / "executions" / f"journey-{named.dashed}"
    for case, text in _SAMPLES.items():
        yield samples / f"{case}.json", text
    stories = root / "tests" / "workflows" / f"test_journey_{named.name}.py"
    yield stories, named.fill(_skeleton("test_journey.py.txt"))


def _skeleton(name: str) -> str:
    return (_SKELETONS / name).read_text("utf-8")


def _in_template(text: str, named: Named) -> str:
    """The template with the journey's resources after the last one's, named where all are."""
    lines = text.splitlines(keepends=True)
    own_log = f"  {_SHARED_LOG}:\n" not in lines
    log_group = f"{named.logical}JourneyLogGroup" if own_log else _SHARED_LOG
    block = named.fill(_skeleton("resource.yaml"), log_group=log_group)
    if own_log:
        block += named.fill(_skeleton("loggroup.yaml"), log_group=log_group)
    last = max(
        at for at, line in enumerate(lines) if "DefinitionUri: statemachines/journeys/" in line
    )
    end = next(at for at in range(last, len(lines)) if re.match(r"  \S", lines[at]))
    first = next(at for at in range(last, -1, -1) if re.match(r"  \S", lines[at]))
    model = range(first, end)
    found: list[str] = []
    for at, line in enumerate(lines):
        if at == end:
            found.append(block)
        found += [line] if at in model else _beside(line, named)
    return "".join(_with_link(found, named))


def _beside(line: str, named: Named) -> list[str]:
    """A line that names the model journey, with one beside it that names the new one."""
    listed = re.fullmatch(r"(\s*JOURNEY_NAMES: )(.+)\n", line)
    if listed:
        return [listed[1] + ",".join(sorted({*listed[2].split(","), named.dashed})) + "\n"]
    other = line.replace("journey-welcome", f"journey-{named.dashed}")
    other = other.replace(f"!Ref {_MODEL}Journey\n", f"!Ref {named.logical}Journey\n")
    other = other.replace(f"${{{_MODEL}Journey.Name}}", f"${{{named.logical}Journey.Name}}")
    if other == line:
        return [line]
    if _ITEM.match(line):
        return [line, other]
    one, two = _ONE.fullmatch(line.rstrip("\n")), _ONE.fullmatch(other.rstrip("\n"))
    if one is None or two is None:
        return [line]
    indent = one[1]
    return [
        f"{indent}Resource:\n",
        f"{indent}  - {one[2]}\n",
        f"{indent}  - {two[2]}\n",
    ]


def _with_link(lines: list[str], named: Named) -> Iterator[str]:
    """The outputs with a link to the journey, before the first one's."""
    link = (
        f"  {named.logical}JourneyLink:\n"
        f"    Description: {named.title}, where a marketer starts and watches it.\n"
        "    Value: !Sub https://${AWS::Region}.console.aws.amazon.com/states/home?region="
        f"${{AWS::Region}}#/statemachines/view/${{{named.logical}Journey}}\n"
    )
    for line in lines:
        if line == f"  {_MODEL}JourneyLink:\n":
            yield link
        yield line
