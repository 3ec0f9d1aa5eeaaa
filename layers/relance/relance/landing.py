"""Where a click leads: whether the page is the company's own, and the token that goes along."""

from urllib.parse import urlsplit, urlunsplit

from relance.links import Purpose


def on_website(address: str, website: str) -> bool:
    """Whether a page belongs to the company's website: the same host, or one below it.

    `www.` does not count. Nobody else's page learns who followed a link.
    """
    own = _host(website)
    host = _host(address)
    return bool(own) and (host == own or host.endswith(f".{own}"))


def with_token(address: str, token: str) -> str:
    """The address with the token in its query; what stands there already stays."""
    parts = urlsplit(address)
    query = "&".join(each for each in (parts.query, f"{Purpose.LANDING}={token}") if each)
    return urlunsplit(parts._replace(query=query))


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")
