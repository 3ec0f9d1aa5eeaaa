"""Every state and every branch of every journey is reached; the rules of the house hold."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from relance.states_language import check, parse_file
from relance.states_language.rules import Kind

from local.hub import Hub
from local.states.jsonata import Jsonata
from local.world import ROOT, World
from tests.workflows.story import MONDAY
from tests.workflows.walks import (
    AT_NIGHT,
    GOAL,
    HAPPENS,
    MACHINES,
    PAUSES,
    Deed,
    Route,
    Said,
    Walks,
    does,
)

SALES = "sales@example.org"
FILES = sorted((ROOT / "statemachines").glob("*/*.asl.json"))


def starts_in(days: float) -> "Deed":
    """They register for what begins in so many days."""
    return Deed("happens", says=lambda now: _starts(now, days))


def starts_elsewhere() -> "Deed":
    """They register for an event that the invitation did not name."""
    return Deed("happens", says=lambda now: {**_starts(now, 9), "occasion_id": "tasting"})


def _starts(now: datetime, days: float) -> Said:
    return _at(now, days, "starts_at")


def _at(now: datetime, days: float, name: str) -> Said:
    return {name: f"{now + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"}


def born(days: int) -> Route:
    """Somebody whose next birthday is in so many days."""
    return Route(traits=lambda now: {"birth_date": f"1984-{now + timedelta(days=days):%m-%d}"})


def signs_up(deeds: Mapping[str, Deed] | None = None) -> Route:
    """Somebody fills in the form."""
    return Route(deeds or {}, enters_by=("signed_up", lambda _: {"topic": "newsletter"}))


def trial_of(days: int, deeds: Mapping[str, Deed] | None = None) -> Route:
    """Somebody begins a trial that says when it ends."""
    return Route(deeds or {}, enters_by=("trial_started", lambda now: _at(now, days, "ends_at")))


NEAR_THE_END = "Wait until three days before the end"
FIRST_WAIT = "Wait up to 2 days for a confirmation"
SECOND_WAIT = "Wait until day 7 for a confirmation"
SIGNS_UP_AGAIN = Deed("happens", 1, says=lambda _: {"topic": "newsletter"})
WARMS_UP = does(
    *(("file_downloaded", {"file": f"{n}.pdf"}) for n in range(3)),
    ("page_viewed", {"path": "/customers/one"}),
    ("page_viewed", {"path": "/pricing"}),
    after=15,
)
LOST: tuple[str, Said] = ("deal_lost", {})
FREES_THE_SEAT: tuple[str, Said] = ("registration_cancelled", {})
USES_IT_OFTEN = does(*[("feature_used", {})] * 3, after=0.67)
LOOKS_ON = does(*[("product_viewed", {})] * 3)
SHOPS_ON = does(("product_added", {}), after=0.02)
ROUTES: dict[str, list[Route]] = {
    "after_purchase": [
        Route(
            {"Wait for the delivery": HAPPENS},
            enters_by=("order_completed", lambda _: {"order_id": "1"}),
        ),
        Route(enters_by=("order_completed", lambda _: {"order_id": "1"})),
    ],
    "birthday": [born(3), born(200), Route()],
    "browse_recovery": [Route(before=(("product_viewed", {}),) * 3), Route()],
    "cart_recovery": [
        Route(),
        Route({"Wait an hour for the order": SHOPS_ON}),
        Route({"Wait until the third day": LOOKS_ON}),
    ],
    "event_promotion": [
        Route({"Wait two weeks for a registration": starts_in(9), "Wait until they come": HAPPENS}),
        Route({"Wait two weeks for a registration": starts_in(9)}),
        Route({"Wait two weeks for a registration": HAPPENS}),
        Route({"Wait two weeks for a registration": starts_elsewhere()}),
        Route(enters_by=("event_registered", lambda now: _starts(now, 0.6))),
        Route(enters_by=("event_registered", lambda _: {}), then=(FREES_THE_SEAT,)),
        Route(),
    ],
    "lead_nurturing": [
        Route(),
        Route(enters_by=("file_downloaded", lambda _: {"form": "guide"})),
        Route(traits=lambda _: {"role": "owner"}),
        Route(traits=lambda _: {"role": "senior_executive"}),
        Route({"Wait three weeks more": WARMS_UP, "Wait a month": WARMS_UP}),
        Route({"Wait two weeks": GOAL}),
        Route(before=(("email_sent", {"message": "nurture-ease"}),)),
    ],
    "newsletter_reconfirm": [
        Route(),
        Route({"Ask whether to go on": PAUSES}),
        Route({"Ask for the last time": PAUSES}),
    ],
    "opportunity_support": [
        Route(),
        Route({"Wait for a sign of interest": HAPPENS}),
        Route({"Wait for a sign of interest": does(LOST)}),
        Route({"Wait two days": does(LOST)}),
        Route({"Send the evidence": Deed("at night", told=(LOST,))}),
        Route(enters_by=("deal_opened", lambda _: {}), then=(("deal_won", {}),)),
    ],
    "replenishment": [Route(), Route({"Ask whether there is enough": GOAL})],
    "returning_visitor": [Route(before=(("page_viewed", {}),) * 2), Route()],
    "sales_handoff": [Route(), Route({"Wait two days for a decision": Deed("happens", 1)})],
    "trial_onboarding": [
        Route(),
        trial_of(14, {"Wait 3 days for a first use": Deed("happens", after=0.67)}),
        trial_of(14, {"Wait 3 days for a first use": USES_IT_OFTEN}),
        trial_of(1),
        Route({NEAR_THE_END: Deed("happens", after=0.7), "Say that it ends": AT_NIGHT}),
    ],
    "welcome": [
        signs_up(),
        signs_up({FIRST_WAIT: HAPPENS}),
        signs_up({SECOND_WAIT: HAPPENS}),
        signs_up({FIRST_WAIT: HAPPENS, "Wait up to 3 days for a click": HAPPENS}),
        signs_up({FIRST_WAIT: SIGNS_UP_AGAIN}),
        signs_up({SECOND_WAIT: SIGNS_UP_AGAIN}),
    ],
    "win_back": [
        Route(),
        Route({"Ask what went wrong": PAUSES}),
        Route({"Make the last offer": PAUSES}),
    ],
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_rules_of_the_house_hold(path: Path) -> None:
    kind: Kind = "journey" if path.parent.name == "journeys" else "operation"
    with Hub(MONDAY) as hub:
        findings = check(parse_file(path), kind=kind, compile=Jsonata(hub).compile)
    assert [str(each) for each in findings] == []


@pytest.mark.parametrize("journey", MACHINES)
def test_every_way_of_a_journey_is_taken(journey: str) -> None:
    routes = ROUTES.get(journey, [Route()])
    with World.build(start=MONDAY, seed=1, quick_tables=True) as world:
        walks = Walks(world, journey=journey)
        machine = f"journey-{journey.replace('_', '-')}"
        early = walks.sets_out(routes[0])  # before anybody of sales is declared
        walks.all_have_ended()
        if early in walks.entries:  # what began it is told once more
            world.start(machine, {"contact": early, "entry": walks.entries[early]})
        world.start(machine, {"contact": early})
        walks.declares(sales=SALES, sales_lead=SALES)
        stranger = walks.arrives("stranger", agreed=False)
        for given in ({}, {"contact": "nobody"}, {"contact": stranger}, {"contact": stranger}):
            world.start(machine, given)
        first = walks.sets_out(routes[0])
        for _ in range(2):
            world.start(machine, {"contact": first})
        walks.everything_happens(routes)
        missed = [" ".join(way) for way, taken in walks.paths(journey).items() if not taken]
        assert missed == [], "nobody took these ways: add to ROUTES who does, or mend the graph"
        assert walks.those_who_failed() == walks.those_to_whom_something_broke()
