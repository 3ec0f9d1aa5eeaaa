"""Checks the mappings of files to import (imports/<name>.yaml)."""

from relance.content.build.declared import Declared
from relance.content.build.mistakes import Findings
from relance.content.build.models import NAME
from relance.content.build.reading import Reader
from relance.importing.mapping import ImportSource, Names, mistakes_in


def import_mapping(
    file: str, reader: Reader, findings: Findings, known: Declared
) -> dict[str, object] | None:
    """Return the mapping as it is written, or None after noting mistakes."""
    name = file.removeprefix("imports/").removesuffix(".yaml")
    if not NAME.fullmatch(name) or name == "pinpoint":
        findings.wrong(
            file, 0, f'"{name}" is no name for a mapping. Use small letters, digits and -.'
        )
        return None
    read = reader.model(file, ImportSource)
    if read is None:
        return None
    source, written = read
    names = Names(known.traits, [each.name for each in known.rules.lists], known.topics)
    mistakes = list(mistakes_in(written, names))
    for place, sentence in mistakes:
        findings.wrong(file, source.line(place), f"{'.'.join(place)}: {sentence}")
    return None if mistakes else written.model_dump(mode="json", exclude_none=True)
