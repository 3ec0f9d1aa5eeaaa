"""Small values: JSON and back, the population's habits, reasons, loops."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relance.content.build import build
from relance.content.jsonable import decode, encode
from relance.content.priors import HOURS, Priors
from relance.content.reasons import fill, marks

from .conftest import SMALL, Writer


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    amount: float = 1.0
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    colour: Colour
    lasts: timedelta
    sure: bool = True
    parts: tuple[Inner, ...] = ()
    pairs: tuple[tuple[str, float], ...] = ()
    names: frozenset[str] = frozenset()
    by_name: Mapping[str, Inner] = field(default_factory=dict)
    raw: Mapping[str, object] | None = None


@settings(deadline=None)
@given(
    st.builds(
        Outer,
        name=st.text(),
        colour=st.just(Colour.RED),
        lasts=st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
        sure=st.booleans(),
        parts=st.lists(st.builds(Inner, st.floats(allow_nan=False), st.none() | st.text())).map(
            tuple
        ),
        pairs=st.lists(st.tuples(st.text(), st.floats(allow_nan=False))).map(tuple),
        names=st.frozensets(st.text()),
        by_name=st.dictionaries(st.text(), st.builds(Inner)),
        raw=st.none() | st.dictionaries(st.text(), st.integers() | st.lists(st.text())),
    )
)
def test_a_value_comes_back_from_json_as_it_was(value: Outer) -> None:
    assert decode(Outer, encode(value)) == value


def test_what_is_as_its_default_says_is_left_out() -> None:
    assert encode(Outer("x", Colour.RED, timedelta(minutes=1))) == {
        "name": "x", "colour": "red", "lasts": 60.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    [
        {"name": "x", "colour": "red"},
        {"name": "x", "colour": "blue", "lasts": 1},
        {"name": "x", "colour": "red", "lasts": "1"},
        {"name": 1, "colour": "red", "lasts": 1},
        {"name": "x", "colour": "red", "lasts": 1, "parts": {}},
        {"name": "x", "colour": "red", "lasts": 1, "pairs": [["a", 1, 2]]},
        [],
    ],
)
def test_a_wrong_shape_is_refused(raw: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        decode(Outer, raw)


PRIORS = Priors(
    channels={"email": 0.03, "sms": 0.06}, channel_weight=20, hours=(1 / HOURS,) * HOURS,
    hour_weight=12,
)  # fmt: skip


def test_three_clicks_do_not_outweigh_the_population() -> None:
    assert PRIORS.response("email", sent=0, responded=0) == pytest.approx(0.03)
    assert PRIORS.response("email", sent=3, responded=3) == pytest.approx(3.6 / 23)
    assert PRIORS.response("email", sent=2000, responded=1000) == pytest.approx(0.5, abs=0.01)
    assert PRIORS.response("fax", sent=0, responded=0) == 0


def test_the_hours_at_which_somebody_responds_are_learnt_slowly() -> None:
    own = [0] * HOURS
    own[21] = 3
    shares = PRIORS.hour_shares(own)
    assert sum(shares) == pytest.approx(1)
    assert shares[21] == pytest.approx((0.5 + 3) / 15)
    assert PRIORS.hour_shares([0] * HOURS) == PRIORS.hours
    assert Priors().hour_shares([0] * HOURS) == (1 / HOURS,) * HOURS


def test_a_reason_is_filled_and_says_so_where_something_is_not_known() -> None:
    template = "Grade {grade.fit}, {stage}: {because}"
    assert marks(template) == ("grade.fit", "stage", "because")
    found = {"grade.fit": "B", "because": "looked at prices"}
    assert fill(template, found) == "Grade B, unknown: looked at prices"


def test_a_circle_is_told_once_with_everybody_in_it(write: Writer, tmp_path: Path) -> None:
    segments = {
        "segments/a.yaml": "title: A\nmembers: {in_segment: b}\n",
        "segments/b.yaml": "title: B\nmembers:\n  all:\n    - {in_segment: c}\n",
        "segments/c.yaml": "title: C\nmembers: {has_been: {segment: a}, for: 3 days}\n",
        "stages.yaml": SMALL["stages.yaml"].replace("{did: ordered}", "{in_segment: a}"),
    }
    report = build(write(segments), tmp_path / "target")
    (mistake,) = report.mistakes
    assert str(mistake) == (
        'segments/a.yaml, line 2: members: the segment "a" looks at the segment "b", which looks '
        'at the segment "c", which looks at the segment "a": this goes round in a circle. Take '
        "one of the lines out."
    )
