"""HTML that cannot be broken by what it shows: every text is escaped when an element is made.

A button is an `a` with `cwdb-action` directly behind it, which names the function to call and the
parameters to call it with; what stands in the widget's form fields comes along by itself.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from html import escape


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: str) -> Html:
    """An element; a child that is not Html is text. `class_` stands for `class`."""
    given = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
    if tag == "input":
        return Html(f"<{tag}{given}>")
    return Html(f"<{tag}{given}>{join(children)}</{tag}>")


def join(children: Iterable[str]) -> Html:
    """Several pieces in a row."""
    return Html("".join(it if isinstance(it, Html) else escape(it) for it in children))


def link(address: str, text: str) -> Html:
    """A link that opens beside the dashboard."""
    return element("a", text, href=address, target="_blank", rel="noopener")


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Html:
    """A table with its heads, which can be pushed aside where the box is too narrow."""
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    made = element(
        "table",
        element("thead", element("tr", *(element("th", head) for head in heads))),
        element("tbody", *body),
        width="100%",
    )
    return element("div", made, style="overflow-x:auto")


def facts(rows: Mapping[str, str]) -> Html:
    """Names with what stands beside them."""
    cells = (
        element("tr", element("th", name, scope="row", align="left"), element("td", said))
        for name, said in rows.items()
    )
    return element("table", element("tbody", *cells), width="100%")


def note(text: str) -> Html:
    """A sentence on its own."""
    return element("p", text)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a page stands: the ARN of the function that made it, and the offset of its times.

    `label` is how the dashboard calls that zone.
    """

    endpoint: str
    offset: timedelta = timedelta()
    label: str = "UTC"

    def button(self, text: str, view: str, *, primary: bool = False, **parameters: str) -> Html:
        """A button that puts another page in the place of this one."""
        call = json.dumps({"view": view, **parameters})
        return join(
            (
                element("a", text, class_="btn btn-primary" if primary else "btn"),
                Html(
                    f'<cwdb-action action="call" endpoint="{escape(self.endpoint)}" '
                    f'display="widget">{escape(call, quote=False)}</cwdb-action>'
                ),
            )
        )

    def time(self, moment: datetime) -> str:
        """An instant as the dashboard shows times, to the minute."""
        return f"{moment.astimezone(timezone(self.offset)):%Y-%m-%d %H:%M}"

    def time_cell(self, moment: datetime) -> Html:
        """The same for a column of times, on one line."""
        return element("span", self.time(moment), style="white-space:nowrap")


_DOMAINS = {"aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}


def execution_address(arn: str) -> str:
    """Where the console shows an execution."""
    partition, _, region = arn.split(":")[1:4]
    console = f"{region}.console.{_DOMAINS.get(partition, 'aws.amazon.com')}"
    return f"https://{console}/states/home?region={region}#/v2/executions/details/{arn}"
