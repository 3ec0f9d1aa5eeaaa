"""The letter of a `SendBulkEmail`: an inline template that every entry fills in with its own data.

Only plain `{{name}}` is known in inline templates; SES puts values in as they are and escapes
nothing (https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-api.html).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from local.hook import AwsError

MOST_DATA = 262_144
"""Characters of template data that one entry may bring."""

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}")
_ANY_BRACES = re.compile(r"\{\{.*?\}\}", re.DOTALL)

Request = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of the template, by `Subject`, `Html`, `Text`; what all entries share."""

    parts: Mapping[str, str]
    data: Mapping[str, object]
    headers: tuple[Request, ...]

    def filled(self, entry: Request) -> dict[str, str]:
        """The parts with the data of an entry put in."""
        content = _object(entry.get("ReplacementEmailContent"))
        own = _data(_object(content.get("ReplacementTemplate")).get("ReplacementTemplateData"))
        data = {**self.data, **own}
        return {name: _fill(text, data) for name, text in self.parts.items()}

    def headers_for(self, entry: Request) -> list[Request]:
        """The headers of an entry: its own take the place of those of the same name."""
        own = _objects(entry.get("ReplacementHeaders"))
        named = {str(each.get("Name")).casefold() for each in own}
        kept = [each for each in self.headers if str(each.get("Name")).casefold() not in named]
        return [*kept, *own]


def letter_of(request: Request) -> Letter:
    """The letter that a request describes."""
    template = _object(_object(request.get("DefaultContent")).get("Template"))
    if "TemplateName" in template or "TemplateArn" in template:
        raise _bad("Stored templates are not supported here; give TemplateContent.")
    if "Attachments" in template:
        raise _bad("Attachments are not supported here.")
    content = _object(template.get("TemplateContent"))
    parts = {name: str(content[name]) for name in ("Subject", "Html", "Text") if name in content}
    if not parts.keys() & {"Html", "Text"}:
        raise _bad("The template has neither Html nor Text.")
    for text in parts.values():
        for braces in _ANY_BRACES.findall(text):
            if not _VARIABLE.fullmatch(braces):
                raise _bad("An inline template knows nothing but plain variables.")
    return Letter(
        parts, _data(template.get("TemplateData")), tuple(_objects(template.get("Headers")))
    )


def _fill(text: str, data: Mapping[str, object]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in data:
            raise _bad(f"Attribute '{found[1]}' is not present in the rendering data.")
        return str(data[found[1]])

    return _VARIABLE.sub(value, text)


def _data(text: object) -> Mapping[str, object]:
    if text is None:
        return {}
    if len(str(text)) > MOST_DATA:
        raise _bad(f"Template data is longer than {MOST_DATA} characters.")
    try:
        found = json.loads(str(text))
    except ValueError:
        raise _bad("Template data is not valid JSON.") from None
    if not isinstance(found, Mapping):
        raise _bad("Template data is not a JSON object.")
    return found


def _bad(message: str) -> AwsError:
    return AwsError("BadRequestException", message, 400)


def _object(value: object) -> Request:
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> list[Request]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
