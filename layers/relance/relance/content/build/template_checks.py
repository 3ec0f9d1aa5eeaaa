"""What is wrong with a template, told with its line: names, filters, values that may be unknown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import TemplateError, TemplateSyntaxError, nodes

from relance.content.build.mistakes import Findings
from relance.content.build.trials import parsed, trial
from relance.content.names import listed, suggestion
from relance.content.templates import FILTERS, Fields

_NOT_IN_CONTENT = {
    nodes.Extends: "extends",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Macro: "macro",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.EvalContextModifier: "autoescape",
}

_INSTEAD = {
    "include": 'Write {% include "name" %} with the name of a file in blocks/; a block and a page '
    "hold no other block."
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a template may speak of. `names` are the bare ones; `required` traits are known.

    `colours` are those of its brand.
    """

    names: frozenset[str]
    traits: Mapping[str, object]
    company: Mapping[str, str]
    required: frozenset[str]
    blocks: bool = False
    colours: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Seen:
    """What a template speaks of, by line."""

    traits: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    printed: dict[int, set[str]] = field(default_factory=dict)


class TemplateCheck:
    """Checks templates of one message."""

    def __init__(self, findings: Findings, words: Vocabulary) -> None:
        self._findings = findings
        self._words = words
        self.uses: set[str] = set()

    def check(self, source: str, file: str, *, line: int = 0, html: bool) -> None:
        """Note what is wrong. `line` is that of a one-line template inside a YAML file."""
        try:
            tree = parsed(source, html=html)
        except TemplateSyntaxError as error:
            self._findings.wrong(file, line or error.lineno, _syntax(error))
            return
        before = len(self._findings.mistakes)
        seen = _Seen()
        for at, sentence in self._of_tree(tree, seen):
            self._findings.wrong(file, line or at, sentence)
        self.uses |= seen.traits
        if len(self._findings.mistakes) == before:
            self._rendered(source, file, line, seen, html=html)

    def _of_tree(self, tree: nodes.Template, seen: _Seen) -> Iterator[tuple[int, str]]:
        yield from _of_statements(tree, with_blocks=self._words.blocks)
        yield from _of_names(tree, self._words)
        for used in tree.find_all(nodes.Filter):
            if used.name not in FILTERS:
                yield used.lineno, _unknown_filter(used.name)
        for member in tree.find_all((nodes.Getattr, nodes.Getitem)):
            yield from self._of_member(member, seen)
        for output in tree.find_all(nodes.Output):
            for child in output.nodes:
                found = {name for name in map(_member, _with_children(child)) if name}
                seen.printed.setdefault(child.lineno, set()).update(found)

    def _of_member(self, node: nodes.Node, seen: _Seen) -> Iterator[tuple[int, str]]:
        path = _member(node)
        owner, _, name = path.partition(".")
        if owner == "contact" and name not in self._words.traits:
            hint = suggestion(name, self._words.traits)
            yield node.lineno, f"{path} is not declared in traits.yaml. {hint}"
        elif owner == "contact":
            seen.traits.add(name)
        elif owner == "company" and name not in self._words.company:
            yield node.lineno, f"{path} is not known. {suggestion(name, self._words.company)}"
        elif owner == "event":
            seen.events.add(name)

    def _rendered(self, source: str, file: str, line: int, seen: _Seen, *, html: bool) -> None:
        """Render once with all that may be known and once with what is known for sure."""
        reported: set[int] = set()
        try:
            made = trial(source, html=html)
            for contact, event in self._sample_contacts(seen.traits):
                made.render(samples(contact, event, self._words.company), reported)
        except TemplateSyntaxError as error:
            self._findings.wrong(file, line or error.lineno, _syntax(error))
            return
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            at = _line_of(error)
            self._findings.wrong(file, line or at, _failure(error, seen.printed.get(at, set())))
        for at in sorted(reported):
            self._findings.wrong(file, line or at, self._printed_unknown(seen.printed.get(at)))

    def _sample_contacts(self, used: set[str]) -> Iterator[tuple[dict[str, object], object]]:
        """Everything known; only what is required; and each other trait alone, and lacking."""
        every, required = self._words.traits, self._words.required
        optional = sorted(used - required)
        known = [frozenset(every), required]
        known += [required | {name} for name in optional]
        known += [frozenset(every) - {name} for name in optional]
        for names in known:
            contact = {name: every[name] if name in names else None for name in every}
            yield contact, Anything() if names == known[0] else Fields({})

    def _printed_unknown(self, printed: set[str] | None) -> str:
        unsure = sorted(
            each
            for each in printed or ()
            if each.startswith("contact.") and each[8:] not in self._words.required
        )
        name = unsure[0] if unsure else "contact.…"
        return (
            f'{name} is not known of everybody. Write {{{{ {name} or "there" }}}} with a word that '
            f'fits, or put "requires: [{name[8:]}]" into message.yaml.'
        )


def _of_statements(tree: nodes.Template, *, with_blocks: bool) -> Iterator[tuple[int, str]]:
    unwelcome = _NOT_IN_CONTENT if with_blocks else {**_NOT_IN_CONTENT, nodes.Block: "block"}
    for kind, word in unwelcome.items():
        for each in tree.find_all(kind):
            instead = _INSTEAD.get(word, "Write the text itself.")
            yield each.lineno, f"{{% {word} %}} cannot be used here. {instead}"


def _of_names(tree: nodes.Template, words: Vocabulary) -> Iterator[tuple[int, str]]:
    known = words.names | {each.name for each in tree.find_all(nodes.Name) if each.ctx == "store"}
    known |= {"loop"} if any(tree.find_all(nodes.For)) else set()
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in known:
            yield name.lineno, _unknown_name(name.name, words)


class Anything:
    """A sample of an event's property: whatever a template asks of it."""

    def __getitem__(self, _: object) -> "Anything":
        return self

    def __iter__(self) -> Iterator[object]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __str__(self) -> str:
        return "sample"


def samples(
    contact: Mapping[str, object], event: object, company: Mapping[str, str]
) -> dict[str, object]:
    """Return variables for a trial rendering."""
    return {
        "contact": Fields(dict(contact)),
        "company": Fields(dict(company)),
        "event": event,
        "subject": "A subject of an ordinary length",
        "preheader": "A preheader that says a little more than the subject does",
        "unsubscribe_url": f"https://links.example/u/{'x' * 46}",
        "confirm_url": f"https://links.example/k/{'x' * 46}",
        "file_url": f"https://links.example/d/{'x' * 80}",
        "preferences_url": f"https://links.example/p/{'x' * 66}",
        "view_url": f"https://links.example/v/{'x' * 44}",
        "image_base": "https://links.example/i",
        "pixel": "",
        "link": lambda _: f"https://links.example/c/{'x' * 46}",
    }


def _member(node: nodes.Node) -> str:
    """Return "contact.first_name" for that very node, else an empty text."""
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return f"{node.node.name}.{node.attr}"
    if (
        isinstance(node, nodes.Getitem)
        and isinstance(node.node, nodes.Name)
        and isinstance(node.arg, nodes.Const)
    ):
        return f"{node.node.name}.{node.arg.value}"
    return ""


def _with_children(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    yield from node.find_all(nodes.Node)


def _line_of(error: BaseException) -> int:
    line, frame = 1, error.__traceback__
    while frame:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _unknown_name(name: str, words: Vocabulary) -> str:
    if name in words.traits:
        return f"{name} is not known by itself. Write contact.{name}."
    return f"{name} is not known here. {suggestion(name, words.names)}"


def _unknown_filter(name: str) -> str:
    if name == "safe":
        return (
            'the filter "safe" would let what a person typed become part of the page. Leave it out.'
        )
    return f'there is no filter "{name}". {suggestion(name, FILTERS)}'


def _failure(error: Exception, printed: set[str]) -> str:
    events = sorted(each for each in printed if each.startswith("event."))
    if events:
        return (
            f'{events[0]} may be missing. Write {{{{ {events[0]} | default("…") }}}} with a word '
            "that fits."
        )
    about = f" (it prints {listed(sorted(printed))})" if printed else ""
    return f"this line cannot be rendered for a contact of whom little is known{about}: {error}"


def _syntax(error: TemplateSyntaxError) -> str:
    said = error.message or ""
    if "Unexpected end of template" in said or "was looking for" in said:
        return (
            "an {% if %} or {% for %} is opened and never closed. Add {% endif %} or {% endfor %}."
        )
    if "unexpected '}'" in said or "end of print statement" in said:
        return (
            "a {{ … }} is not closed, or holds more than one value. Write {{ contact.first_name }}."
        )
    if "Encountered unknown tag" in said:
        return f"{said.split('.')[0]}. Only if, elif, else, endif, for, endfor and set can be used."
    return f"this is no valid template: {said}"
