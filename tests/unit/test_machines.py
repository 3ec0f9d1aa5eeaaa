"""Person or machine: by name, by time and by company; and nobody is judged twice."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from crawleruseragents import is_crawler
from hypothesis import given
from hypothesis import strategies as st
from relance.engagement import MOST_NOTED, Request, noted, request_of
from relance.errors import ConditionFailed, InvalidInput
from relance.events import Event
from relance.machines import Act, Actor, Asker, Fetch, Sign, Verdict, judge
from relance.networks import Networks, check, pack, read_published, shipped, unpack
from relance.storage import Table, Update
from relance.workflows import Awaited

from local.memory import MemoryStore

CORPUS = Path(__file__).parents[1] / "corpora" / "user_agents.tsv"
DELIVERED = datetime(2026, 1, 5, 9, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def at(seconds: float) -> datetime:
    return DELIVERED + timedelta(seconds=seconds)


def click(seconds: float, link: int = 0) -> Fetch:
    return Fetch(Act.CLICK, at(seconds), link)


def judged(
    fetch: Fetch, *others: Fetch, user_agent: str = CHROME, in_data_centre: bool = False
) -> Verdict:
    return judge(
        fetch,
        Asker(user_agent, in_data_centre=in_data_centre),
        [fetch, *others],
        delivered_at=DELIVERED,
        is_crawler=is_crawler,
    )


# -- by name ---------------------------------------------------------------------------------------


def test_of_user_agents_at_most_one_in_a_hundred_is_taken_for_the_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    taken: dict[str, Counter[str]] = {"human": Counter(), "machine": Counter()}
    wrong = []
    for line in CORPUS.read_text("utf-8").splitlines():
        truly, act, user_agent = line.split("\t")
        actor = judged(Fetch(Act(act), at(3600), 0), user_agent=user_agent).actor
        taken[truly][actor] += 1
        if actor not in (truly, Actor.UNKNOWN):
            wrong.append(line)
    with capsys.disabled():
        for truly, actors in taken.items():
            print(f"\n{sum(actors.values())} {truly}: {dict(actors)}", end=" ")
    for truly, other in (("human", "machine"), ("machine", "human")):
        assert sum(taken[truly].values()) >= 150
        assert taken[truly][other] <= 0.01 * sum(taken[truly].values()), wrong
        # What is not known counts as a person: it has to be rare.
        assert taken[truly][Actor.UNKNOWN] <= 0.01 * sum(taken[truly].values())


NAMES = [
    pytest.param(Act.OPEN, GMAIL, Actor.HUMAN, (), id="the picture proxy of Gmail"),
    pytest.param(Act.CLICK, GMAIL, Actor.MACHINE, (Sign.NAMED,), id="which follows no link"),
    pytest.param(Act.OPEN, "Mozilla/5.0", Actor.MACHINE, (Sign.PRIVACY_PROXY,), id="Apple"),
    pytest.param(
        Act.OPEN,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0",
        Actor.MACHINE,
        (Sign.PREFETCH,),
        id="the prefetch of Gmail",
    ),
    pytest.param(Act.CLICK, "", Actor.UNKNOWN, (Sign.NAMELESS,), id="nobody says who"),
    pytest.param(Act.OPEN, "Postkutsche/3", Actor.UNKNOWN, (Sign.NAMELESS,), id="a rare program"),
    pytest.param(Act.CLICK, "Postkutsche/3", Actor.MACHINE, (Sign.NAMED,), id="is no browser"),
]


@pytest.mark.parametrize(("act", "user_agent", "actor", "signs"), NAMES)
def test_who_asks_says_who_it_is(
    act: Act, user_agent: str, actor: Actor, signs: tuple[Sign, ...]
) -> None:
    assert judged(Fetch(act, at(3600)), user_agent=user_agent) == Verdict(actor, signs)


def test_a_proxy_of_people_sits_in_a_data_centre() -> None:
    opened = Fetch(Act.OPEN, at(3600))
    assert judged(opened, user_agent=GMAIL, in_data_centre=True).actor is Actor.HUMAN


# -- by time and company ---------------------------------------------------------------------------

SCANNERS = {
    "before the mail was delivered": (click(-3),),
    "a second after delivery": (click(1),),
    "head first, then the link": (click(61), Fetch(Act.LOOK, at(60), 0)),
    "heads of other links": (click(61, 4), *(Fetch(Act.LOOK, at(60 + n / 9), n) for n in range(4))),
    "three links within two seconds": (click(90), click(90.4, 1), click(91, 2)),
    "the last of three links": (click(91, 2), click(90.4, 1), click(90)),
    "five links within ten seconds": tuple(click(90 + 2 * n, n) for n in range(5)),
    "seconds after delivery, from a cloud": (click(20),),
}
PEOPLE = {
    "an hour later": (click(3600),),
    "at once, waiting for it": (click(6),),
    "the same link twice": (click(90), click(90.5)),
    "two links in two tabs": (click(90), click(91, 1)),
    "four links within a minute": (click(90), click(105, 1), click(120, 2), click(140, 3)),
    "a day after a scanner": (click(86400), *(Fetch(Act.LOOK, at(3), n) for n in range(5))),
    "after the picture": (click(90), Fetch(Act.OPEN, at(88))),
}


@pytest.mark.parametrize("case", SCANNERS)
def test_a_scanner_with_the_user_agent_of_a_browser_is_told_by_what_it_does(case: str) -> None:
    fetch, *others = SCANNERS[case]
    assert judged(fetch, *others, in_data_centre="cloud" in case).actor is Actor.MACHINE


@pytest.mark.parametrize("case", PEOPLE)
def test_what_people_do_is_told_from_it(case: str) -> None:
    fetch, *others = PEOPLE[case]
    assert judged(fetch, *others).actor is Actor.HUMAN


def test_a_company_s_cloud_alone_makes_nobody_a_machine() -> None:
    verdict = judged(click(3600), in_data_centre=True)
    assert verdict == Verdict(Actor.UNKNOWN, (Sign.DATA_CENTRE,))
    assert judged(click(3600), user_agent="", in_data_centre=True).actor is Actor.MACHINE


@given(
    st.lists(st.tuples(st.sampled_from(Act), st.floats(-30, 90), st.integers(0, 9)), max_size=12),
    st.randoms(),
)
def test_the_order_in_which_requests_are_noted_does_not_matter(
    asked: list[tuple[Act, float, int]], chance: object
) -> None:
    others = [Fetch(act, at(seconds), link) for act, seconds, link in asked]
    shuffled = sorted(others, key=repr)
    assert judged(click(20), *others) == judged(click(20), *shuffled)


def test_a_machine_answers_no_wait() -> None:
    clicked = Awaited("email_clicked")
    for actor, answers in (("machine", False), ("unknown", True), ("human", True)):
        event = Event("c", "e", "email_clicked", at(0), at(0), "tracking", {"actor": actor})
        assert clicked.is_met_by(event) is answers


# -- on the way ------------------------------------------------------------------------------------

REQUEST = Request(
    Act.CLICK, "S", at(7), "Zq1xYhQ2IAMEVGw=", "Ünïcode/1 🤖", "192.0.2.0/24", 3, "0a"
)


def test_a_request_survives_its_queue_in_ascii() -> None:
    assert REQUEST.to_body().isascii()
    assert request_of(REQUEST.to_body()) == REQUEST


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"act": "jump"}', "null", "[" * 9999])
def test_what_is_no_request_is_refused(body: str) -> None:
    with pytest.raises((InvalidInput, RecursionError)):
        request_of(body)


def test_what_a_mail_got_is_noted_up_to_a_bound_without_saying_who_asked() -> None:
    store = MemoryStore()
    store.write(REQUEST.note())
    (item,) = (store.get(Table.SENDS, ("fetchesS",)),)
    assert noted(item) == [Fetch(Act.CLICK, at(7), 3)]
    assert "192.0.2" not in str(item)
    assert "Ün" not in str(item)
    store.write(Update(Table.SENDS, ("fetchesS",), set={"noted": MOST_NOTED}))
    with pytest.raises(ConditionFailed):
        store.write(REQUEST.note())


# -- address ranges --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "is_in"),
    [
        ("52.94.76.0/24", True),
        ("52.94.76.7", True),
        ("2600:1f18:1::/48", True),
        ("81.2.69.0/24", False),
        ("2001:db8::/48", False),
        ("", False),
        ("somewhere", False),
    ],
)
def test_the_list_that_ships_knows_clouds(network: str, is_in: bool) -> None:
    assert shipped().hold(network) is is_in


def test_a_list_is_kept_in_one_item_of_a_fraction_of_what_fits() -> None:
    put = pack(shipped(), at=DELIVERED)
    assert len(str(put.item["packed"])) < 40_000
    found = unpack(put.item)
    assert found is not None
    assert found.ranges == shipped().ranges


PUBLISHED = '{"syncToken": "1", "prefixes": [%s]}'


def published(*ranges: str) -> str:
    return PUBLISHED % ", ".join(f'{{"ip_prefix": "{each}"}}' for each in ranges)


FINE = [f"52.{n}.0.0/16" for n in range(30)]


def test_a_published_list_is_read_from_json_and_from_csv() -> None:
    ranges = [ip_network(each) for each in [*FINE, "2600:1f00::/24"]]
    assert list(read_published(published(*FINE, "2600:1f00::/24"), source="s")) == ranges
    csv = "".join(f"{each},US,US-NY,New York,10013\n" for each in [*FINE, "2600:1f00::/24"])
    assert list(read_published(csv, source="s")) == ranges


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (published(*FINE[:5]), "5 ranges"),
        ("<html>Not found</html>", "0 ranges"),
        (published(*FINE, "0.0.0.0/0"), "no range of a data centre"),
        (published(*FINE, "10.0.0.0/16"), "no range of a data centre"),
        (published(*FINE, "52.1.2.3/16"), "range that is none"),
    ],
)
def test_a_list_with_something_odd_is_refused_whole(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        list(read_published(text, source="s"))


def test_lists_that_grow_or_shrink_too_much_are_refused() -> None:
    few = Networks(ip_network(each) for each in FINE)
    with pytest.raises(InvalidInput, match="more than half"):
        check(few, shipped())
    half = Networks(ip_network(f"{n}.0.0.0/8") for n in range(11, 80))
    with pytest.raises(InvalidInput, match="of all addresses"):
        check(half, shipped())
    check(shipped(), shipped())
