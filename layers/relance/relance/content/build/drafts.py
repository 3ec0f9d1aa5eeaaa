"""Builds one message as it stands in the bucket of drafts, by what was deployed.

A draft is a folder like one in `messages/`, or one Markdown file that begins with the lines of
`message.yaml` between two lines of `---`.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from relance.content.build.compile import versioned
from relance.content.build.declared import declared
from relance.content.build.messages import MessageBuilder
from relance.content.build.mistakes import Findings, Mistake
from relance.content.build.reading import Reader
from relance.content.sending_rules import SendingRules

_FENCE = "---"


@dataclass(frozen=True, slots=True)
class Draft:
    """What became of a draft: `compiled` is None when it has mistakes.

    Files are named as they are in the bucket, below `drafts/`.
    """

    mistakes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    compiled: Mapping[str, object] | None = None
    images: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def version(self) -> str:
        """The hash of its content."""
        return str((self.compiled or {})["version"])


def build_draft(
    name: str, files: Mapping[str, bytes], source: Path, sending: SendingRules
) -> Draft:
    """Check and compile the draft `name`; `files` by their paths below `drafts/`.

    `source` holds the declarations, layouts and blocks that were deployed; `sending` is what
    sending.yaml said then.
    """
    single = f"{name}.md"
    inside = {path.removeprefix(f"{name}/"): body for path, body in files.items() if path != single}
    if single in files:
        beside = sorted(path for path in inside if "/" not in path)
        if beside:
            sentence = f"{single}: {name}/{beside[0]} is there as well. Keep one of the two."
            return Draft(mistakes=(sentence,))
        split = _split(files[single])
        if isinstance(split, Mistake):
            return Draft(mistakes=(str(split).replace(split.file, single, 1),))
        inside |= split
    with tempfile.TemporaryDirectory(prefix="draft-") as folder:
        place = Path(folder) / "source"
        shutil.copytree(source, place)
        for path, body in inside.items():
            parts = PurePosixPath(path).parts
            if ".." in parts or PurePosixPath(path).is_absolute():
                return Draft(mistakes=(f"{name}/{path}: this is no name for a file.",))
            file = place / "messages" / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        return _built(name, place, single if single in files else "", sending)


def _built(name: str, place: Path, single: str, sending: SendingRules) -> Draft:
    findings = Findings()
    reader = Reader(place, findings)
    known = declared(reader, findings)
    # What was deployed was checked when it was; its warnings are known.
    findings.warnings.clear()
    builder = MessageBuilder(reader, findings, known, sending) if known else None
    compiled = builder.build(name) if builder else None
    mistakes, warnings = (
        tuple(_told(each, name, single) for each in sorted(found))
        for found in (findings.mistakes, findings.warnings)
    )
    if compiled is None or builder is None or mistakes:
        return Draft(mistakes=mistakes, warnings=warnings)
    shown = compiled["images"]
    pictures = builder.pictures.files
    return Draft(
        warnings=warnings,
        compiled=json.loads(versioned(name, compiled)),
        images={each: pictures[each] for each in (shown if isinstance(shown, list) else [])},
    )


def _told(mistake: Mistake, name: str, single: str) -> str:
    """The sentence, about the file as the marketer has it."""
    folder = f"messages/{name}/"
    if single and mistake.file in (f"{folder}message.yaml", f"{folder}body.md"):
        return str(Mistake(single, mistake.line, mistake.sentence))
    return str(Mistake(mistake.file.removeprefix("messages/"), mistake.line, mistake.sentence))


def _split(body: bytes) -> dict[str, bytes] | Mistake:
    """The two files that one Markdown file stands for; lines keep their numbers in both."""
    try:
        lines = body.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return Mistake("file", 0, "is not saved as UTF-8. Save it again in that encoding.")
    ends = [number for number, line in enumerate(lines) if line.rstrip() == _FENCE]
    if len(ends) < 2 or ends[0] != 0:
        return Mistake(
            "file",
            1,
            'it must begin with what stands in message.yaml, between two lines of "---": subject, '
            "preheader, class, intent, topic.",
        )
    head, text = lines[1 : ends[1]], lines[ends[1] + 1 :]
    return {
        "message.yaml": "\n".join(["#", *head, ""]).encode(),
        "body.md": ("\n" * (ends[1] + 1) + "\n".join([*text, ""])).encode(),
    }
