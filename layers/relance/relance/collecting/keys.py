"""Write keys: who may send, and how much of what it says is taken at its word.

A *server* key is a secret: who holds it speaks for the company. A *browser* key stands in the
source of a web page, so whatever comes with it about a person is a claim. Several keys of each
kind are valid at once, each with a name, so that one can be replaced without a pause: add the new
one, change the clients, remove the old one once the log names it no more.
"""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """What a key is for."""

    SERVER = "server"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class WriteKey:
    """A key that was recognised: its name, never the key itself."""

    name: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class WriteKeys:
    """The keys of both kinds, by name."""

    server: Mapping[str, str] = field(default_factory=dict, repr=False)
    browser: Mapping[str, str] = field(default_factory=dict, repr=False)

    def find(self, given: object) -> WriteKey | None:
        """The key that was given, None if there is no such key.

        All keys are compared, each in constant time, so that the time taken tells nothing. A key
        that is listed as both is a browser key: it is public.
        """
        if not isinstance(given, str) or not given:
            return None
        text = given.encode(errors="surrogatepass")
        found = [key for value, key in self._all() if hmac.compare_digest(text, value.encode())]
        return found[-1] if found else None

    def _all(self) -> Iterator[tuple[str, WriteKey]]:
        for scope, keys in ((Scope.SERVER, self.server), (Scope.BROWSER, self.browser)):
            for name, value in keys.items():
                yield value, WriteKey(name, scope)
