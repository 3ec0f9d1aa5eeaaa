"""A fresh story for every test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from local.faults import FaultPlan
from local.world import World
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
