"""Web services that the company declared, called over HTTPS."""

from collections.abc import Mapping
from http.client import HTTPException
from typing import IO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from relance.errors import ServiceUnavailable
from relance.ports import WebAnswer

LARGEST = 64 << 10
"""Bytes that are read of an answer."""

PATIENCE = 10
"""Seconds for which an answer is waited for."""


REDIRECTED = 302
"""What a service that answered from elsewhere is said to have answered: it took nothing."""


class HttpsServices:
    """The services at their addresses, which come from the company's own secret."""

    def post(self, address: str, body: str, headers: Mapping[str, str]) -> WebAnswer:
        """Post JSON; what is no UTF-8 in the answer is replaced.

        Raises:
            ServiceUnavailable: nothing was answered.
        """
        host = address.split("/")[2]
        if not address.startswith("https://"):
            raise ServiceUnavailable(f"{host} would not be asked over https")
        asked = Request(address, data=body.encode(), method="POST")  # noqa: S310 - https alone
        sent = {"User-Agent": "relance", "Content-Type": "application/json", **headers}
        for name, value in sent.items():  # a redirect gets none of them, and no body
            asked.add_unredirected_header(name, value)
        try:
            with urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310 - likewise
                moved = answer.url != address
                return WebAnswer(REDIRECTED if moved else answer.status, _read(answer))
        except HTTPError as error:
            return WebAnswer(error.code, _read(error))
        except (OSError, HTTPException) as error:
            raise ServiceUnavailable(f"{host} did not answer") from error


def _read(answer: IO[bytes]) -> str:
    return answer.read(LARGEST).decode("utf-8", errors="replace")
