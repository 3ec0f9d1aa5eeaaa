"""A brand's colours in a layout: `var(--accent, #7a4a24)` is written out by the build.

Mail programs know no variables, so what a brand declares stands in the place of each, and where
there is no brand, or it says nothing, what is written behind the comma.
"""

import re
from collections.abc import Mapping

_VAR = re.compile(r"var\(\s*--([a-z][a-z0-9-]*)\s*(?:,\s*([^()]+?)\s*)?\)")


def with_colours(text: str, colours: Mapping[str, str]) -> str:
    """The text with every colour written out; a variable that nobody declared stays."""
    return _VAR.sub(lambda found: colours.get(found[1]) or found[2] or found[0], text)
