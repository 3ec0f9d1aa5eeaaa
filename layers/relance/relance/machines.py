"""Person or machine: who opened a mail or followed its link, told by what was asked and when.

Mail is read by programs before people see it. Security gateways follow every link, often with a
browser's user agent; mail programs fetch pictures nobody looks at; a privacy proxy fetches all of
them. Other proxies fetch a picture because a person looks at the mail just then.

A sign says why an act is a machine's. One strong sign is enough; of the weak ones it takes two:

| sign | strong | means |
|---|---|---|
| `named` | yes | the user agent is a robot's, scanner's or library's; of a click, no browser's |
| `privacy_proxy` | yes | exactly `Mozilla/5.0`: Apple fetches the pictures of every mail |
| `prefetch` | yes | Gmail's prefetch, which names a browser that never was |
| `head_first` | yes | somebody asked for a head of the same mail seconds before or after |
| `many_links` | yes | several links of the mail were followed at once |
| `too_soon` | yes | before the mail was delivered, or within two seconds |
| `nameless` | no | there is no user agent; of an open: none that we know of a mail program |
| `data_centre` | no | the address lies in a published range of a cloud, where few people sit |
| `soon` | no | within half a minute of delivery |

`soon` alone says nothing: who waits for a mail follows its link at once. So an act is `machine`
with a strong sign or two weak ones, `unknown` with one weak one other than `soon`, else `human`.
Rules take `human` and `unknown`: what is unknown are people behind a company's cloud, with a rare
mail program or a browser that says nothing, and a person who is not counted is lost.

Sources: Apple's proxy https://www.apple.com/legal/privacy/data/en/mail-privacy-protection/;
the prefetch of Gmail and the times are those that mail services publish. Standard library only.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Actor(StrEnum):
    """Who did it."""

    HUMAN = "human"
    MACHINE = "machine"
    UNKNOWN = "unknown"


class Sign(StrEnum):
    """Why an act may be a machine's."""

    NAMED = "named"
    PRIVACY_PROXY = "privacy_proxy"
    PREFETCH = "prefetch"
    HEAD_FIRST = "head_first"
    MANY_LINKS = "many_links"
    TOO_SOON = "too_soon"
    NAMELESS = "nameless"
    DATA_CENTRE = "data_centre"
    SOON = "soon"


WEAK = frozenset({Sign.NAMELESS, Sign.DATA_CENTRE, Sign.SOON})
"""The signs of which it takes two."""


class Act(StrEnum):
    """What was asked for: the picture, a link, or the head of either."""

    OPEN = "open"
    CLICK = "click"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request for a mail's picture or link; `link` is the link's number."""

    act: Act
    at: datetime
    link: int = -1


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, as far as the request says: nothing of it is kept.

    `in_data_centre` says whether the address lies in a published range of a cloud.
    """

    user_agent: str
    in_data_centre: bool = False


TOO_SOON = timedelta(seconds=2)
"""Nobody reads a mail so soon after its delivery."""

SOON = timedelta(seconds=30)
"""Few do."""

HEAD_NEAR = timedelta(seconds=10)
"""How near a request for a head is one by the same program."""

AT_ONCE = ((3, timedelta(seconds=2)), (5, timedelta(seconds=10)))
"""So many different links within so long are followed by no person."""

NEAR = max(HEAD_NEAR, *(span for _, span in AT_ONCE))
"""How far from an act anything else matters: what is recorded later than that sees all of it."""

_PREFETCH = re.compile(r"Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246 Mozilla/5\.0$")

_FOR_PEOPLE = re.compile(
    r"GoogleImageProxy|YahooMailProxy|FastmailUA|SeznamEmailProxy|RamblerMail/"
    r"|mail\.ukr\.net proxy",
)
"""Proxies that fetch a picture when a person looks at the mail."""

_ROBOT = re.compile(
    r"""
    \bbots?\b | (?<!cu)bot(?:/|\b|[-_;,)]) | crawl | spider | scrap(?:er|y) | slurp | headless
    | phantom\.?js | slimerjs | jsdom | splash\sversion | selenium | puppeteer | playwright
    | cypress/ | lightpanda | \bscan(?:s|ner|ning)?\b | scanner | unfurl
    | (?<!technology%20)(?<!technology\s)preview | \blink.?check | checklink | checker
    | \bcheck\b | \bvalidator | monitor(?:ing)?\b | uptime | pingdom | site24x7 | diagnostics
    | observatory | thumbnail | screenshot | archiver | feedfetcher | \bfetcher\b | urlresolver
    | external(?:hit|ua) | agent\b | botocore
    # an address to complain to, and "compatible" with what no browser is called
    | https?:// | [\w.-]+(?:@|\sat\s)[\w-]+(?:\.|\sdot\s)[a-z]{2,} | ;\s?compatible;
    | ^mozilla/[45]\.\d\s\(compatible;\s+\+?(?!msie|konqueror|googletoolbar|omniweb|ms-office
        |lotus|icab|netfront|opera|avant|windows|linux|x11)[\w-]
    # mail gateways and their sandboxes
    | barracuda | proofpoint | urldefense | mimecast | ironport | ciscosecureemail | messagelabs
    | trendmicro | \btmes\b | fortimail | fortiguard | fortisandbox | sophos | mailguard
    | safelinks | bitdefender | kaspersky | virustotal | urlscan | joesandbox | cloudmark
    | vadesecure | hornetsecurity | spamhaus | trustwave | forcepoint | fireeye | checkpoint
    | perception-?point | abnormal.?security | mailchannels | spamtitan | ms-?defender | netcraft
    | phishtank | safebrowsing | symantec | websense | zvelo | brightcloud | webroot
    """,
    re.IGNORECASE | re.VERBOSE,
)

_LIBRARY = re.compile(
    r"""^(?:
    java(?:\b|/|\d) | jakarta | apache-http | jetty | libwww | lwp | perl | php | guzzle | symfony
    | python | aiohttp | httpx | scrapy | ruby | faraday | typhoeus | rest(?:\b|::|-?client|sharp)
    | http\.rb | go-http | go(?:lang|-resty)?\b | fasthttp | okhttp | okio | reactornetty
    | vert\.?x | axios | node | got\b | undici | needle | superagent | requests? | bun/ | deno/
    | (?:lib|ns)?curl | wget | httpie | postman | insomnia | winhttp | microsoft.url.control
    | microsoft-cryptoapi | dart[:/\s] | lua | resty | rust | reqwest | hyper | ureq | erlang
    | hackney | elixir | finch | mint | http_?client | http_request | net::http | aws-sdk | boto
    | azure | nutch | k6/ | ab/ | wrk | jmeter | powershell | cakephp | cpp | akka | embarcadero
    | indy | snoopy | zend | synapse | urllib | testcafe | [\w.-]*http(?:lib|client)
    )""",
    re.IGNORECASE | re.VERBOSE,
)

_PROGRAM_OF_PEOPLE = re.compile(
    r"""^(?:Mozilla/[45]\.\d\s?\(|Opera[/ ]|Dalvik/)|CFNetwork/|Darwin/
    |Outlook|Microsoft\sOffice|MSOffice|Thunderbird|Icedove|Airmail|eM\s?Client|Postbox|Spark
    |Mail(?:bird|spring|master|bar|app)|WindowsMail|The\sBat|Lotus|Barca|Gmail|Yahoo|NaverMail
    |BlueMail|AquaMail|K-9|FairEmail|Evolution|KMail|Claws|SeaMonkey|BlackBerry|Nokia|SonyEricsson
    |SAMSUNG|Edison|Superhuman|Canary|Newton|Foxmail|Samsung\s?Email|HTC|LG[-/]|MOT-|UCWEB""",
    re.IGNORECASE | re.VERBOSE,
)
"""How browsers, mail programs and telephones begin, or what they name."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who did it, and by which signs that was told."""

    actor: Actor
    signs: tuple[Sign, ...]


def judge(
    fetch: Fetch,
    asker: Asker,
    others: Iterable[Fetch],
    *,
    delivered_at: datetime,
    is_crawler: Callable[[str], bool],
) -> Verdict:
    """Tell who did it.

    `others` are the requests for the same mail (this one may be among them); `delivered_at` is
    when it was delivered or, where that is not known, sent. `is_crawler` is the list of robots.
    """
    near = [each for each in others if abs(each.at - fetch.at) <= NEAR]
    found = {
        *_by_name(fetch, asker, is_crawler),
        *_by_time(fetch.at - delivered_at),
        *_by_company(fetch, near),
    }
    if asker.in_data_centre and not _is_peoples_proxy(fetch, asker):
        found.add(Sign.DATA_CENTRE)
    signs = tuple(each for each in Sign if each in found)
    return Verdict(_actor(signs), signs)


def _actor(signs: tuple[Sign, ...]) -> Actor:
    if len(signs) > 1 or not WEAK.issuperset(signs):
        return Actor.MACHINE
    return Actor.UNKNOWN if signs and signs[0] is not Sign.SOON else Actor.HUMAN


def _is_peoples_proxy(fetch: Fetch, asker: Asker) -> bool:
    return fetch.act is Act.OPEN and bool(_FOR_PEOPLE.search(asker.user_agent))


def _by_name(fetch: Fetch, asker: Asker, is_crawler: Callable[[str], bool]) -> set[Sign]:
    name = asker.user_agent.strip()
    if _is_peoples_proxy(fetch, asker):
        return set()
    if name == "Mozilla/5.0":
        return {Sign.PRIVACY_PROXY}
    if _PREFETCH.search(name):
        return {Sign.PREFETCH}
    if _LIBRARY.match(name) or _ROBOT.search(name) or is_crawler(name):
        return {Sign.NAMED}
    if _PROGRAM_OF_PEOPLE.search(name):
        return set()
    return {Sign.NAMED if name and fetch.act is Act.CLICK else Sign.NAMELESS}


def _by_time(after: timedelta) -> set[Sign]:
    if after <= TOO_SOON:
        return {Sign.TOO_SOON}
    return {Sign.SOON} if after <= SOON else set()


def _by_company(fetch: Fetch, near: list[Fetch]) -> set[Sign]:
    found = set()
    if any(each.act is Act.LOOK and abs(each.at - fetch.at) <= HEAD_NEAR for each in near):
        found.add(Sign.HEAD_FIRST)
    clicks = [each for each in near if each.act is not Act.OPEN]
    if fetch.act is Act.CLICK and any(_are_many(fetch, clicks, *bound) for bound in AT_ONCE):
        found.add(Sign.MANY_LINKS)
    return found


def _are_many(fetch: Fetch, clicks: list[Fetch], many: int, span: timedelta) -> bool:
    """Whether so many different links were followed within a span in which this act lies."""
    for first in [fetch, *clicks]:
        if timedelta(0) <= fetch.at - first.at <= span:
            links = {c.link for c in clicks if timedelta(0) <= c.at - first.at <= span}
            if len(links | {fetch.link}) >= many:
                return True
    return False
