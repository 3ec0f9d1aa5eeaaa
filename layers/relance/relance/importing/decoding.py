"""Bytes to lines: gzip or plain, UTF-8, UTF-16 or Windows-1252, found out and never declared.

Nothing is held but a few blocks, however large the file is.
"""

import codecs
import zlib
from collections.abc import Callable, Iterable, Iterator

from relance.errors import InvalidInput

MOST_BYTES = 2_000_000_000
"""How many bytes a file may have, unpacked."""

MOST_CHARACTERS = 100_000
"""How long a line may be: a longer one belongs to no table, and would have to be held."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SAVE_AS = 'Open it in a spreadsheet and save it as "CSV UTF-8", then upload it again.'
_BLOCK = 1 << 16

Blocks = Callable[[], Iterable[bytes]]
"""Reads a file from its beginning; called more than once."""


def lines_of(blocks: Blocks) -> Iterator[str]:
    """The lines of a file with their ends; the file is read twice, for its encoding first.

    Raises:
        InvalidInput: it is no text, is cut off, is larger than MOST_BYTES, or a line is longer than
            MOST_CHARACTERS.
    """
    rest, number = "", 0
    for text in _texts(blocks):
        *whole, rest = _split(rest + text)
        number += len(whole)
        if len(rest) > MOST_CHARACTERS or any(len(line) > MOST_CHARACTERS for line in whole):
            raise InvalidInput(
                f"A line near line {number:,} of the file is longer than {MOST_CHARACTERS:,} "
                "characters: this is no table with a row for each person."
            )
        yield from whole
    if rest:
        yield rest.replace("\r", "\n")


def _texts(blocks: Blocks) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding_of(blocks))()
    try:
        for block in _unpacked(blocks()):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise InvalidInput(f"The file mixes encodings or is cut off. {_SAVE_AS}") from None


def _split(text: str) -> list[str]:
    """The lines, the last one unfinished; a carriage return at the end may belong to the next."""
    parts = text.replace("\r\n", "\n")
    held = parts.endswith("\r")
    parts = (parts[:-1] if held else parts).replace("\r", "\n")
    found = [f"{each}\n" for each in parts.split("\n")]
    found[-1] = found[-1][:-1] + ("\r" if held else "")
    return found


def encoding_of(blocks: Blocks) -> str:
    """The encoding of a file, which is looked at as a whole.

    Raises:
        InvalidInput: see `lines_of`.
    """
    utf_8 = codecs.getincrementaldecoder("utf-8")()
    encoding, size = "", 0
    for block in _unpacked(blocks()):
        if not size:
            encoding = _from_the_beginning(block)
        size += len(block)
        if size > MOST_BYTES:
            raise InvalidInput("The file is larger than 2 GB. Cut it into several files.")
        if not encoding and not _decodes(utf_8, block):
            encoding = "cp1252"
        if encoding == "cp1252" and any(byte in block for byte in b"\x81\x8d\x8f\x90\x9d"):
            raise InvalidInput(f"The file is neither UTF-8 nor Windows-1252 text. {_SAVE_AS}")
        if encoding:
            continue
    if not encoding and not _decodes(utf_8, b"", final=True):
        return "cp1252"
    return encoding or "utf-8"


def _from_the_beginning(block: bytes) -> str:
    """What the first bytes give away, "" if nothing."""
    if block.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InvalidInput(f"The file is a workbook or an archive. {_SAVE_AS}")
    for mark, encoding in _MARKS:
        if block.startswith(mark):
            return encoding
    zeros = block[:1000].count(0)
    if zeros * 3 < min(len(block), 1000):
        return ""
    return "utf-16-le" if block[1:2] == b"\x00" else "utf-16-be"


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _unpacked(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes, whether they were packed (gzip, in one member or several) or not."""
    stream = iter(blocks)
    first = next(stream, b"")
    while 0 < len(first) < 4:
        more = next(stream, b"")
        if not more:
            break
        first += more
    if not first.startswith(b"\x1f\x8b"):
        yield first
        yield from stream
        return
    unpacker = zlib.decompressobj(31)
    try:
        for block in _with(first, stream):
            unread = block
            while unread:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(31)
                yield unpacker.decompress(unread, _BLOCK)
                unread = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    except zlib.error:
        raise InvalidInput("The file is damaged: it cannot be unpacked.") from None
    if not unpacker.eof:
        raise InvalidInput("The file is cut off: upload it again.")


def _with(first: bytes, stream: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from stream
