"""`hook`: what a hook makes of a payload, and the signed call that sends it, to try both out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any

from relance.content.build.hook_samples import shown
from relance.content.compiled import Content
from relance.content.hooks import Hook
from relance.hooks.mapping import Call, map_payload
from relance.hooks.signatures import Signable, sign

from local.cli.looking import ROOT
from local.cli.mistakes import Mistake, closest
from local.content import compiled_content


def try_hook(name: str, file: Path, *, secret: str | None, to: str, body: Path) -> str:
    """Tell the events that a payload becomes; with a secret, write the body and the call too."""
    hook = _hook(name)
    headers, payload = _read(file)
    lower = {header.lower(): value for header, value in headers.items()}
    mapped = map_payload(hook, Call(payload, lower))
    found = json.dumps([shown(each) for each in mapped.items], indent=2, ensure_ascii=False)
    told = [f'"events": {found}']
    told += [f"Cannot be read: {problem}." for problem in mapped.problems]
    if mapped.unnamed:
        told.append(f"{mapped.unnamed} of its entries name nobody.")
    if not mapped.is_wanted:
        told.append("No rule of this hook is for it.")
    if secret:
        raw = json.dumps(payload, ensure_ascii=False).encode()
        body.parent.mkdir(parents=True, exist_ok=True)
        body.write_bytes(raw)
        told += ["", *_call(hook, headers, raw, secret, to, body)]
    return "\n".join([*told, ""])


def _call(  # noqa: PLR0917
    hook: Hook, headers: Mapping[str, str], raw: bytes, secret: str, to: str, body: Path
) -> list[str]:
    url = f"{to.rstrip('/')}/hooks/{hook.name}"
    signed = sign(hook.scheme, secret, Signable(raw, url=url), datetime.now(UTC))
    given = {"Content-Type": "application/json", **headers, **signed}
    options = [f"-H {quote(f'{header}: {value}')}" for header, value in given.items()]
    parts = [f"curl {quote(url)}", *options, f"--data-binary {quote(f'@{body}')}"]
    return [" \\\n  ".join(parts)]


def _hook(name: str) -> Hook:
    content = Content.open(compiled_content(ROOT))
    hook = content.hook(name)
    if hook is None:
        raise Mistake(
            f'There is no hook "{name}".{closest(name, content.hooks)} '
            f"There are: {', '.join(content.hooks)}."
        )
    return hook


def _read(file: Path) -> tuple[dict[str, str], Any]:
    """The headers and the payload: of a sample, or of a file that is the payload itself."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Mistake(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise Mistake(f"{file} is no JSON: {error}.") from error
    if isinstance(value, dict) and "payload" in value and "events" in value:
        return dict(value.get("headers", {})), value["payload"]
    return {}, value
