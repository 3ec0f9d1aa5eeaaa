"""Pictures beside a text: made small, called after their content, given their size in the mail.

`src="images/cup.png"` names a file in the folder `images/` beside the text that shows it. What is
sent is at most 1,200 pixels wide, twice the width of a mail, so that it is sharp on fine screens;
it carries neither the place where it was taken nor the camera's name. Mails load it from
`/i/<hash>.<kind>`, where nothing is ever changed.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from relance.content.build.mistakes import Findings
from relance.content.names import suggestion

WIDEST = 1_200
"""Pixels: twice what a mail is wide."""
MAIL_WIDTH = 600
MOST_PIXELS = 40_000_000
WARN_BYTES = 200_000
REFUSE_BYTES = 1_000_000

LOCAL = re.compile(r"images/([A-Za-z0-9_][A-Za-z0-9._-]*)")
"""What names a picture beside the text."""

_KINDS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp"}
_MARK = "image:"
_SOURCE = re.compile(r"""(\ssrc=["'])(?=images/)""")
_IMG = re.compile(rf'<img\b[^>]*?\ssrc="{_MARK}([^"]+)"[^>]*>')


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as mails show it: `name` is the hash of its bytes with its kind."""

    name: str
    width: int
    height: int
    body: bytes


def marked(source: str, file: str) -> str:
    """The HTML or MJML of a file in which every picture beside it is named by its whole path."""
    folder = file.rpartition("/")[0]
    return _SOURCE.sub(lambda found: f"{found[1]}{_MARK}{folder}/", source)


class Pictures:
    """The pictures of one build, each read once."""

    def __init__(self, folder: Path, findings: Findings) -> None:
        self._folder = folder
        self._findings = findings
        self._read: dict[str, Picture | str] = {}
        self.files: dict[str, bytes] = {}

    def wrong(self, file: str, source: str) -> str | None:
        """What is wrong with the picture that `file` shows by `source`; None if nothing is."""
        folder = file.rpartition("/")[0]
        if not LOCAL.fullmatch(source):
            return (
                f'"{source}" is no name for a picture. Use letters, digits, ., _ and -, for '
                'example "images/cup.png".'
            )
        found = self._get(f"{folder}/{source}")
        return found if isinstance(found, str) else None

    def put_in(self, page: str, piece: Callable[[str], str]) -> tuple[str, tuple[str, ...]]:
        """The page with the addresses and sizes of its pictures, and their names.

        `piece` hides a piece of Jinja and gives the word that stands for it.
        """
        shown: dict[str, None] = {}

        def one(found: re.Match[str]) -> str:
            picture = self._checked(found[1])
            shown[picture.name] = None
            self.files[picture.name] = picture.body
            address = f"{piece('{{ image_base }}')}/{picture.name}"
            return _sized(found[0].replace(f"{_MARK}{found[1]}", address), picture)

        return _IMG.sub(one, page), tuple(shown)

    def warn_of_unused(self, folder: str) -> None:
        """Note the pictures of a folder that no text shows."""
        for each in sorted((self._folder / folder / "images").glob("*")):
            path = f"{folder}/images/{each.name}"
            if path not in self._read and not each.name.startswith("."):
                self._findings.warn(path, 0, "no text shows this picture.")

    def _checked(self, path: str) -> Picture:
        picture = self._get(path)
        if isinstance(picture, Picture):
            return picture
        raise AssertionError("a picture was checked before")

    def _get(self, path: str) -> Picture | str:
        if path not in self._read:
            self._read[path] = self._made(path)
        return self._read[path]

    def _made(self, path: str) -> Picture | str:
        file = self._folder / path
        if not file.is_file():
            there = [f"images/{each.name}" for each in file.parent.glob("*")]
            name = path[-len(f"images/{file.name}") :]
            hint = suggestion(name, there) if there else f"Put the file at {path}."
            return f'there is no picture "{name}". {hint}'
        try:
            picture = _encoded(file.read_bytes())
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
            return (
                f'"images/{file.name}" is no picture that can be read. Save it again as PNG, JPEG, '
                "GIF or WebP."
            )
        except _TooLarge as large:
            return f'"images/{file.name}" {large}'
        if len(picture.body) > REFUSE_BYTES:
            return (
                f'"images/{file.name}" has {len(picture.body) / 1000:.0f} KB even when it is made '
                "small; 1000 KB are the most. Photographs are smaller as JPEG."
            )
        if len(picture.body) > WARN_BYTES:
            self._findings.warn(
                path,
                0,
                f"this picture has {len(picture.body) / 1000:.0f} KB, which takes seconds on a "
                "telephone. Photographs are smaller as JPEG.",
            )
        return picture


class _TooLarge(Exception):
    """A picture that would take too much memory; says what to do."""


def _encoded(raw: bytes) -> Picture:
    """The picture as it is sent.

    Raises what Pillow raises for what is no picture, ValueError for another kind, _TooLarge.
    """
    with Pillow.open(BytesIO(raw), formats=tuple(_KINDS)) as opened:
        kind = _KINDS[opened.format or ""]
        if opened.width * opened.height > MOST_PIXELS:
            raise _TooLarge(
                f"has {opened.width} x {opened.height} pixels. Save it with at most 6000 x 6000."
            )
        if getattr(opened, "is_animated", False):
            return _as_it_is(raw, opened, kind)
        upright = ImageOps.exif_transpose(opened)
    if upright.width > WIDEST:
        height = max(1, round(upright.height * WIDEST / upright.width))
        plain = upright.convert("RGBA" if _see_through(upright) else "RGB")
        upright = plain.resize((WIDEST, height), Pillow.Resampling.LANCZOS)
    if kind in ("webp", "gif"):  # Outlook shows no WebP, and a GIF that stands still is larger
        kind = "png" if _see_through(upright) or kind == "gif" else "jpg"
    body = BytesIO()
    if kind == "jpg":
        upright.convert("RGB").save(body, "JPEG", quality=82, optimize=True, progressive=True)
    else:
        mode = upright.mode if upright.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else "RGB"
        clean = upright.convert(mode)
        clean.info = {k: v for k, v in clean.info.items() if k == "transparency"}
        clean.save(body, "PNG", optimize=True)
    return _named(body.getvalue(), upright.width, upright.height, kind)


def _as_it_is(raw: bytes, opened: Pillow.Image, kind: str) -> Picture:
    """A picture that moves, byte for byte: made anew it would be larger."""
    if kind != "gif":
        raise _TooLarge("moves, and mail programs show that as GIF alone. Save it as GIF.")
    if opened.width > WIDEST:
        raise _TooLarge(f"moves and is {opened.width} pixels wide. Save it at most {WIDEST} wide.")
    return _named(raw, opened.width, opened.height, kind)


def _named(body: bytes, width: int, height: int, kind: str) -> Picture:
    return Picture(f"{hashlib.sha256(body).hexdigest()[:24]}.{kind}", width, height, body)


def _see_through(picture: Pillow.Image) -> bool:
    return picture.has_transparency_data


def _sized(tag: str, picture: Picture) -> str:
    """The element with the width and height at which it is shown; narrow screens make it smaller.

    Outlook needs both as attributes, and room is kept for the picture before it has come.
    """
    given = _number(tag, "width")
    width = given or min(MAIL_WIDTH, picture.width if picture.width < WIDEST else MAIL_WIDTH)
    height = max(1, round(picture.height * width / picture.width))
    added = "" if given else f' width="{width}"'
    if given is None and re.search(r'\swidth="', tag):
        added = ""  # a share, like 100%: its height is not known
    elif _number(tag, "height") is None and not re.search(r'\sheight="', tag):
        added += f' height="{height}"'
    if not re.search(r"max-width|[\s\";]width\s*:", tag):
        small = "max-width: 100%; height: auto"
        styled = re.sub(r'(\sstyle="[^"]*?);?\s*"', rf'\1; {small}"', tag, count=1)
        tag = styled if styled != tag else tag
        added += "" if "max-width: 100%" in tag else f' style="{small}"'
    end = "/>" if tag.endswith("/>") else ">"
    return f"{tag[: -len(end)].rstrip()}{added}{end}"


def _number(tag: str, name: str) -> int | None:
    found = re.search(rf'\s{name}="(\d+)(?:px)?"', tag)
    return int(found[1]) or None if found else None
