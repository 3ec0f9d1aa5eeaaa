"""company.yaml says how a firm sells, and so which of the shipped files count."""

from itertools import product
from pathlib import Path
from shutil import copytree

import pytest
from relance.content.build import build
from relance.content.compiled import Content

from .conftest import SHIPPED, SMALL, Builder, Writer

SOLD = {
    "sale": ("considered", "instant", "both"),
    "leads": ("equal", "weighted"),
    "led_by": ("product", "relation"),
    "sells_to": ("business", "people", "both"),
}
WRITTEN = {"sale": "both", "leads": "weighted", "led_by": "relation", "sells_to": "business"}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(copytree(SHIPPED, tmp_path_factory.mktemp("sets") / "source"))


def sold(source: Path, **how: str) -> Content:
    """The shipped content for a company that sells in this way."""
    text = (SHIPPED / "company.yaml").read_text(encoding="utf-8")
    for key, value in {**WRITTEN, **how}.items():
        assert f"\n{key}: {WRITTEN[key]}" in text
        text = text.replace(f"\n{key}: {WRITTEN[key]}", f"\n{key}: {value}")
    (source / "company.yaml").write_text(text, encoding="utf-8")
    report = build(source, source.parent / "built")
    assert report.ok, str(report)
    return Content.open(source.parent / "built")


WAYS = [dict(zip(SOLD, each, strict=True)) for each in product(*SOLD.values())]
A_SPREAD = [
    pytest.param(how, id="-".join(how.values()), marks=() if number % 5 == 0 else pytest.mark.long)
    for number, how in enumerate(WAYS)
]


@pytest.mark.parametrize("how", A_SPREAD)
def test_every_way_to_sell_has_a_whole_set(copied: Path, how: dict[str, str]) -> None:
    rules = sold(copied, **how).rules
    assert rules.stages
    assert rules.personas
    assert {each.name for each in rules.qualifications} == {"marketing", "sales"}
    assert {"warm", "hot"} <= {each.name for each in rules.segments}


def test_a_considered_sale_watches_maturity_and_an_instant_one_intent(copied: Path) -> None:
    found = {
        sale: {each.name for each in sold(copied, sale=sale).rules.scores} for sale in SOLD["sale"]
    }
    assert found == {
        "considered": {"engagement", "maturity"},
        "instant": {"engagement", "intent"},
        "both": {"engagement", "maturity", "intent"},
    }


def test_an_instant_sale_has_stages_of_its_own(copied: Path) -> None:
    titles = {
        sale: {each.name: each.title for each in sold(copied, sale=sale).rules.stages}
        for sale in ("considered", "instant")
    }
    assert list(titles["considered"]) == list(titles["instant"])
    assert titles["considered"]["opportunity"] != titles["instant"]["opportunity"]


def test_weighted_leads_count_fit_and_potential_and_equal_ones_do_not(copied: Path) -> None:
    for leads in SOLD["leads"]:
        rules = sold(copied, leads=leads).rules
        sales = next(each for each in rules.qualifications if each.name == "sales")
        assert ("grade" in str(sales.condition)) == (leads == "weighted")
        assert ("potential" in str(sales.condition)) == (leads == "weighted")


def test_who_is_led_by_the_product_is_ready_when_it_is_used(copied: Path) -> None:
    for led_by in SOLD["led_by"]:
        depths = sold(copied, led_by=led_by).rules.depths
        assert ("used_product" in depths) == (led_by == "product")


def test_personas_come_for_firms_and_for_private_buyers(copied: Path) -> None:
    found = {}
    for buyers in SOLD["sells_to"]:
        rules = sold(copied, sells_to=buyers).rules
        found[buyers] = {each.name for each in rules.personas}
        assert {each.concern for each in rules.personas} == {
            "price_and_profit", "running_the_firm", "an_easier_day",
        }  # fmt: skip
        assert (rules.company is None) == (buyers == "people")
    assert found["business"] == {"profit", "steering", "ease"}
    assert found["people"] == {"saver", "keeper", "comfort"}
    assert found["both"] == found["business"] | found["people"]


def test_a_file_for_another_kind_of_sale_is_checked_all_the_same(
    write: Writer, tmp_path: Path
) -> None:
    other = "only_for: {sale: instant}\ntitle: x\nmembrs: {everyone: yes}\n"
    report = build(write({"segments/other.yaml": other}), tmp_path / "target")
    assert [str(each) for each in report.mistakes] == [
        "segments/other.yaml, line 3: membrs is not known. Did you mean members?",
    ]


def test_a_text_may_be_for_a_persona_of_another_kind_of_sale(built: Builder) -> None:
    keeper = "only_for: {sells_to: people}\nkeeper: {title: K, concern: an_easier_day, asks: x, "
    more = {
        "personas.people.yaml": f"{keeper}declared: [{{trait: role, equals: owner}}]}}\n",
        "messages/hello/message.yaml": SMALL["messages/hello/message.yaml"]
        + "  - persona: keeper\n    subject: Hello\n",
    }
    content = built(more)
    assert [each.name for each in content.rules.personas] == ["profit"]  # type: ignore[attr-defined]


def test_one_mistake_is_told_once_and_not_by_all_who_name_the_thing(
    write: Writer, tmp_path: Path
) -> None:
    spoilt = SMALL["segments/hot.yaml"].replace("title: Hot", "titel: Hot")
    report = build(write({"segments/hot.yaml": spoilt}), tmp_path / "target")
    assert {each.file for each in report.mistakes} == {"segments/hot.yaml"}
