"""What links carry so that web statistics tell which mail led there (`utm_source` and the like).

Others' hosts get nothing unless they are named, and what the writer put into an address stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from relance.content.build.models import MessageUtmSource, UtmSource
from relance.landing import on_website


@dataclass(frozen=True, slots=True)
class Tags:
    """The parameters of one message, and the hosts whose addresses get them."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()

    def on(self, address: str) -> str:
        """The address as it stands in the mail: before its fragment what is not in it yet."""
        if not self.parameters or not any(on_website(address, own) for own in self.hosts):
            return address
        parts = urlsplit(address)
        written = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        missing = {name: it for name, it in self.parameters.items() if name not in written}
        query = "&".join(each for each in (parts.query, urlencode(missing)) if each)
        return urlunsplit(parts._replace(query=query))


NO_TAGS = Tags()


def tags_of(
    name: str,
    company: UtmSource | None,
    message: MessageUtmSource | None,
    *,
    websites: tuple[str, ...],
) -> Tags | None:
    """The tags of the message `name`: its own, else the company's; None when it lacks a source."""
    if company is None and message is None:
        return NO_TAGS
    own = message or MessageUtmSource()
    source = own.source or (company.source if company else None)
    if source is None:
        return None
    medium = own.medium or (company.medium if company else "email")
    values = {
        "utm_source": source,
        "utm_medium": medium,
        "utm_campaign": own.campaign or name,
        "utm_content": own.content,
    }
    declared = (*(company.hosts if company else ()), *own.hosts)
    return Tags(
        {key: value for key, value in values.items() if value},
        (*websites, *(f"https://{host}" for host in declared)),
    )
