"""Regular expressions in linear time: RE2, by google-re2.

Cox, "Regular Expression Matching in the Wild" (2010): no backreference, no lookaround, and time
in proportion to the text whatever the pattern says.
"""

from collections.abc import Callable

import re2  # type: ignore[import-not-found, import-untyped, unused-ignore]

_MEMORY = 1 << 20


def pattern(source: str) -> Callable[[str], bool]:
    """A function that tells whether a whole text matches, upper and lower case alike.

    Raises:
        ValueError: RE2 does not know what is written there; the message says what.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        compiled = re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
    return lambda text: compiled.fullmatch(text) is not None
