"""A fresh story for every test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from local.faults import FaultPlan
from local.world import World
from tests.workflows.journeys import SWITCHED_ON, Tale, Tell, tale_of
from tests.workflows.story import MONDAY, Story

MakeStory = Callable[..., Story]


@pytest.fixture
def make_story() -> Iterator[MakeStory]:
    """Makes a world on a Monday at nine, with nobody in it, by its parameters."""
    with ExitStack() as stack:

        def make(faults: FaultPlan | None = None, **parameters: str) -> Story:
            world = World.build(start=MONDAY, seed=1, faults=faults, parameters=parameters)
            return Story(stack.enter_context(world))

        yield make


@pytest.fixture
def story(make_story: MakeStory) -> Story:
    """The usual world: mail goes to everybody."""
    return make_story()


@pytest.fixture
def tell() -> Iterator[Tell]:
    """Begins a story about a journey, in a world of its own where journeys begin by their rules."""
    with ExitStack() as stack:

        def begin(journey: str) -> Tale:
            world = World.build(start=MONDAY, seed=1, parameters=SWITCHED_ON)
            return tale_of(stack.enter_context(world), journey)

        yield begin
