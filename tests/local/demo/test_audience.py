"""The audience: reads the very message, and one person's chance is nobody else's."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from local import audience
from local.audience import DEEDS, HABITS, Habits, habits_of, read_letter
from local.demo import people
from local.demo.browser import forms, links, pictures
from local.demo.people import Person
from local.mailbox import Draft, Mail

START = datetime(2026, 1, 5, tzinfo=UTC)
LOG = people.from_log(people=2357, start=START, seed=7)


def test_the_log_begins_on_the_chosen_day_and_has_everybody() -> None:
    assert len(LOG) == 2357
    assert min(p.signs_up for p in LOG) >= START.timestamp()
    assert datetime.fromtimestamp(LOG[0].signs_up, UTC).date() == START.date()
    assert len({p.email for p in LOG}) == 2357
    assert sum(len(p.orders) for p in LOG) == 6919 - 2357


def test_orders_come_after_the_sign_up_and_in_the_order_of_the_log() -> None:
    for person in LOG:
        times = [person.signs_up, *(order.at for order in person.orders)]
        assert times == sorted(times)


def test_a_person_is_the_same_whoever_else_is_there() -> None:
    few = people.from_log(people=3, start=START, seed=7)
    assert few == LOG[:3]
    assert [habits_of(p, 7) for p in reversed(few)] == [habits_of(p, 7) for p in LOG[2::-1]]


def test_another_seed_gives_other_people() -> None:
    other = people.from_log(people=20, start=START, seed=8)
    assert [p.first_name for p in other] != [p.first_name for p in LOG[:20]]
    assert [habits_of(p, 7) for p in other] != [habits_of(p, 8) for p in other]


def test_every_deed_can_be_said_of_one() -> None:
    source = Path(audience.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'_did\("([^"]+)"', source)) == set(DEEDS)


def share(predicate: str, value: object) -> float:
    drawn = Counter(getattr(habits_of(person, 1), predicate) == value for person in LOG)
    return drawn[True] / len(LOG)


def test_habits_come_in_the_shares_of_the_table() -> None:
    table = {name: wanted for name, (_, wanted) in HABITS.items()}
    drawn = {
        "gone": share("mailbox", "gone"),
        "confirms": share("confirms", "soon"),
        "confirms_late": share("confirms", "after the reminder"),
        "clicks": share("clicks", "soon"),
        "loads_pictures": share("loads_pictures", value=True),
        "behind_scanner": share("behind_scanner", value=True),
    }
    for name, found in drawn.items():
        assert abs(found - table[name]) < 0.03, name


def test_a_letter_is_read_from_the_mime_message() -> None:
    html = (
        '<a class="x" href="https://l.example.com/k/K1?a=1&amp;b=2">Yes, <b>it is me</b></a>'
        "<a href='https://l.example.com/c/C1'>Read</a><a href='mailto:x@example.com'>Write</a>"
        '<a href="https://elsewhere.example.net/">Shop</a><a href="https://l.example.com/u/U1">'
        'Unsubscribe</a><img alt="" src="https://l.example.com/o/O1">'
    )
    headers = (
        ("List-Unsubscribe", "<mailto:u@example.com>, <https://l.example.com/u/U1>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
    draft = Draft(source="a@example.com", to=("b@example.org",), html=html, headers=headers)
    letter = read_letter(Mail(number=1, message_id="m", sent_at=0.0, draft=draft))
    assert letter.confirm == "https://l.example.com/k/K1?a=1&b=2"
    assert letter.unsubscribe == letter.one_click == "https://l.example.com/u/U1"
    assert letter.content == ("https://l.example.com/c/C1", "https://elsewhere.example.net/")
    assert letter.pictures == ("https://l.example.com/o/O1",)
    assert "https://elsewhere.example.net/" not in letter.everything
    without = replace(draft, headers=headers[:1])
    assert read_letter(Mail(2, "n", 0.0, without)).one_click is None
    assert links(html)[0].words == "Yes, it is me"
    assert pictures("<img src='cid:1'>") == []


def test_a_form_is_filled_in_as_a_browser_does_it() -> None:
    page = (
        '<form method="post"><input type="hidden" name="nonce" value="N&amp;1">'
        '<input type="email" name="email" required><input name="trap" type="text">'
        '<select name="role"><option value="">?</option><option value="owner">O</option></select>'
        '<input type="checkbox" name="yes" value="on" required><input type="checkbox" name="more">'
        "<button>Go</button></form>"
    )
    (form,) = forms(page, "http://127.0.0.1:1/f/x")
    assert (form.method, form.action) == ("POST", "http://127.0.0.1:1/f/x")
    assert form.fields[3].choices == ["owner"]
    body = form.fill({"email": "zoë@example.org", "yes": "on"})
    assert body == b"nonce=N%261&email=zo%C3%AB%40example.org&trap=&role=&yes=on"


def test_everybody_can_be_given_habits() -> None:
    nobody = Person("x", "X", "x@example.org", "other", 0.0, ())
    assert isinstance(habits_of(nobody, 0), Habits)
