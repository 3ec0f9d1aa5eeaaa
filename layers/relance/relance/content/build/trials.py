"""Templates that the build tries with samples, each compiled once however many builds ask for it.

Most files are as they were when a process builds again: for the next draft, or the next test.
"""

from collections.abc import Mapping
from functools import lru_cache

from jinja2 import nodes

from relance.content.templates import environment

_KEPT = 1024
"""About twice what the shipped content needs."""


class Trial:
    """A template of the HTML part, or of subject, preheader and text part.

    Raises TemplateSyntaxError when it is none.
    """

    def __init__(self, source: str, *, html: bool) -> None:
        self._unknown: list[int] = []
        self._made = environment(html=html, missing=self._unknown.append).from_string(source)
        self._at_once = bool(self._unknown)

    def render(self, seen: Mapping[str, object], unknown: set[int] | None = None) -> str:
        """Return the text; the lines that print what is not known are put into `unknown`.

        They are put there even if it raises a TemplateError, or what an expression raises.
        """
        self._unknown.clear()
        try:
            return self._made.render(seen)
        finally:
            if unknown is not None:
                unknown.update(map(self._made.get_corresponding_lineno, self._unknown))
                unknown.update({1} if self._at_once else ())


@lru_cache(maxsize=_KEPT)
def trial(source: str, *, html: bool) -> Trial:
    """Return the template to be tried."""
    return Trial(source, html=html)


@lru_cache(maxsize=_KEPT)
def parsed(source: str, *, html: bool) -> nodes.Template:
    """Return the template's tree, which nobody changes. Raises TemplateSyntaxError."""
    return environment(html=html).parse(source)
