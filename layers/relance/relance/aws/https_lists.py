"""Lists that others publish on the web, fetched over HTTPS."""

from http.client import HTTPException
from urllib.request import Request, urlopen

from relance.errors import ServiceUnavailable

LARGEST = 20 << 20
"""Bytes that are read of a list."""

PATIENCE = 20
"""Seconds for which an answer is waited for."""


class HttpsLists:
    """The lists at their addresses."""

    def read(self, address: str) -> str:
        """The text at an address; what is no UTF-8 in it is replaced.

        Raises:
            ServiceUnavailable: it cannot be fetched now, or is larger than any such list.
        """
        host = address.split("/")[2]
        if not address.startswith("https://"):
            raise ServiceUnavailable(f"{host} would not be asked over https")
        asked = Request(address, headers={"User-Agent": "relance"})  # noqa: S310 - https alone
        try:
            with urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310 - likewise
                body: bytes = answer.read(LARGEST + 1)
        except (OSError, HTTPException) as error:
            raise ServiceUnavailable(f"{host} could not be asked for its list now") from error
        if len(body) > LARGEST:
            raise ServiceUnavailable(f"{host} answered with more than {LARGEST >> 20} MB")
        return body.decode("utf-8", errors="replace")
