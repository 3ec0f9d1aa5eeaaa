"""Pictures in mails: called after the hash of their bytes, `<24 hex digits>.<kind>`."""

import re

_MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif"}
_NAME = re.compile(rf"[0-9a-f]{{24}}\.({'|'.join(_MEDIA_TYPES)})")


def media_type(name: str) -> str | None:
    """The media type of the picture of this name; None if no picture can be called so."""
    found = _NAME.fullmatch(name)
    return _MEDIA_TYPES[found[1]] if found else None
