"""Random rules over all leaves of the language, and the case that a seed gives.

`case_of(seed)` is the same case for ever. Every name that a rule uses is declared: what is made
here is content that the build would accept.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.oracle.cases import Act, Case, Fit, Points, Score, Source, Stage, World
from tests.oracle.histories import (
    CITIES,
    COUNTRIES,
    DAYS,
    LISTS,
    ROLES,
    ZONES,
    history_of,
    with_companies,
)

ACTS = {
    "viewed_pricing": Act("page_viewed", (("path", {"starts_with": "/pricing"}),)),
    "read_espresso": Act("page_viewed", (("product.category", {"equals": "espresso"}),)),
    "stayed": Act("page_viewed", (("seconds", {"at_least": 30}),)),
    "clicked": Act("email_clicked"),
    "ordered": Act("order_completed"),
    "joined": Act("list_joined", (("list", {"in": ["newsletter", "engaged"]}),)),
}
"""The named behaviours; the name of an event is one by itself."""

_BEHAVIOURS = (*ACTS, "ordered", "viewed_pricing", "clicked", "page_viewed")
_LENGTHS = ("1 minute", "30 minutes", "3 hours", "1 day", "30 hours", "7 days", "14 days",
            "30 days", "90 days", "52 weeks")  # fmt: skip
_MONEY = (0, 25, 50, 100.5, 200, 275, 400)
_POINTS = (-5, 1, 5, 10, 24.5, 25, 50, 80)

T = TypeVar("T")


def case_of(seed: int) -> Case:
    """The history and the rules of a seed."""
    chance = random.Random(f"case {seed}")
    history = history_of(chance)
    world = world_of(chance)
    chance = random.Random(f"company {seed}")
    if chance.random() < 0.5:
        return Case(seed, history, world)
    firm = {"any": [_Maker(chance).company_leaf() for _ in range(chance.randint(1, 2))]}
    world = replace(world, segments={**world.segments, "firm": firm})
    return Case(seed, with_companies(history, chance), world)


def world_of(chance: random.Random) -> World:
    """Random rules."""
    maker = _Maker(chance)
    segments: dict[str, Source] = {}
    maker.segments = segments
    fits = {"fit": Fit(tuple((maker.about_person(), chance.choice((10, 20, 30, 45, -20)))
                             for _ in range(chance.randint(1, 3))))}  # fmt: skip
    stages = maker.stages()
    personas = tuple((name, maker.about_person()) for name in ("profit", "steering", "ease"))
    for number in range(chance.choices((1, 2, 3, 4), (4, 3, 2, 1))[0]):
        segments[f"s{number + 1}"] = maker.condition(depth=chance.choice((1, 2, 2, 3)))
    if chance.random() < 0.4:
        state = {"segment": chance.choice(sorted(segments))}
        segments["lasting"] = {"has_been": state, "for": chance.choice(_LENGTHS)}
    kinds = json_words(segments)
    qualifications = {"sales": maker.condition(depth=2)} if "qualified" in kinds else {}
    return World(
        zone=chance.choice(ZONES),
        acts=ACTS,
        scores=maker.scores(),
        interests={topic: Score("30 days", (Points(f"read_{topic}", 1),))
                   for topic in ("espresso",)},
        fits=fits if "grade" in kinds else {},
        potentials={"yearly": (("employees", 40.0),)},
        stages=stages if "stage" in kinds else (),
        personas=personas if "persona" in kinds else (),
        segments=segments,
        qualifications=qualifications,
        population=maker.population(),
    )  # fmt: skip


def json_words(value: object) -> set[str]:
    """Every key in conditions."""
    if isinstance(value, dict):
        return set(value) | {word for each in value.values() for word in json_words(each)}
    if isinstance(value, list):
        return {word for each in value for word in json_words(each)}
    return set()


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.segments: dict[str, Source] = {}
        self.leaves: Sequence[tuple[Callable[[], Source], int]] = (
            (self.trait, 12), (self.date, 12), (self.count, 18), (self.did_not, 8),
            (self.amount, 8), (self.moment, 8), (self.usual, 5), (self.overdue, 5),
            (self.score, 14), (self.interest, 2), (self.potential, 1), (self.grade, 3),
            (self.stage, 4), (self.persona, 2), (self.in_segment, 7), (self.has_been, 10),
            (self.in_list, 3), (self.qualified, 1), (self.consent, 1), (self.company_leaf, 3),
            (self.random, 2), (self.everyone, 1),
        )  # fmt: skip

    def condition(self, depth: int) -> Source:
        """A leaf, or a group of conditions."""
        if depth <= 1 or self.chance.random() < 0.2:
            return self.leaf()
        kind = self.chance.choices(("all", "any", "none"), (5, 4, 2))[0]
        parts = [self.condition(depth - 1) for _ in range(self.chance.randint(1, 4 - (depth > 2)))]
        return {kind: parts}

    def leaf(self) -> Source:
        """Any leaf."""
        makers = [maker for maker, _ in self.leaves]
        return self.chance.choices(makers, [weight for _, weight in self.leaves])[0]()

    def about_person(self) -> Source:
        """A condition that asks for no other rule."""
        return self.chance.choice(
            (self.trait, self.date, self.count, self.score, self.did_not, self.in_list)
        )()

    def stages(self) -> tuple[Stage, ...]:
        """A ladder of four, and one that stands instead of the upper two."""
        return (
            Stage("visitor", None),
            Stage("lead", self.about_person()),
            Stage("opportunity", self.about_person()),
            Stage("customer", {"did": "ordered"}),
            Stage("at_risk", self.about_person(), instead_of=("opportunity", "customer")),
        )

    def scores(self) -> dict[str, Score]:
        """A quick one by offer and a slow one, with daily bounds."""
        awarded = Points("points_awarded", points_from="points")
        return {
            "intent": Score(
                self.chance.choice(("30 minutes", "6 hours", "36 hours")),
                (
                    Points("viewed_pricing", 10, at_most_per_day=self.chance.choice((None, 1, 2))),
                    Points("page_viewed", self.chance.choice((1, 5)), at_most_per_day=3),
                    Points("clicked", 5),
                    awarded,
                ),
                per="offer",
            ),
            "maturity": Score(
                self.chance.choice(("30 days", "26 weeks")),
                (Points("ordered", 25, at_most_per_day=1), Points("clicked", 5), awarded),
            ),
        }

    def population(self) -> dict[str, tuple[str, int]]:
        """What is usual, for some behaviours."""
        return {
            name: (self.chance.choice(("1 day", "7 days", "60 days")), self.chance.randint(1, 3))
            for name in self.chance.sample(("ordered", "clicked", "page_viewed"), 2)
        }

    def trait(self) -> Source:
        """A test of a value."""
        name = self.chance.choice(("country", "role", "city", "employees", "vip"))
        if name == "vip":
            return {"trait": name, **self._one(equals=self._any(True, False), is_set=self._yes())}
        if name == "employees":
            return {"trait": name, **self._one(
                at_least=self._any(0, 10, 49.5), at_most=self._any(1, 10),
                greater_than=self._any(9, 10), less_than=self._any(1, 250),
                between=[1, self._any(10, 49.5)], equals=self._any(0, 1, 10),
                is_set=self._yes(), **{"not": self._any(10, 250)},
            )}  # fmt: skip
        values = [v for v in {"country": COUNTRIES, "role": ROLES, "city": CITIES}[name] if v]
        tests: dict[str, object] = {
            "equals": self._any(*values), "not": self._any(*values), "is_set": self._yes(),
            "in": self.chance.sample(values, 2), "not_in": self.chance.sample(values, 2),
        }  # fmt: skip
        if name == "city":
            tests |= {
                "equals": self._any(*values).upper(), "contains": self._any("o", "Ã", "aul"),
                "starts_with": self._any("P", "são", "Berlin "), "ends_with": self._any("O", "is"),
                "matches": self._any("P.*", "[A-Z]ORTO|Paris", "p..."),
            }  # fmt: skip
        return {"trait": name, **self._one(**tests)}

    def date(self) -> Source:
        """A test of a day."""
        if self.chance.random() < 0.5:
            return {"trait": "birth_date", "anniversary": self.chance.choice((
                "today", {"within_next": self._days()}, {"within_last": self._days()},
                {"on": self._any("today", "in 1 day", "7 days ago")},
            ))}  # fmt: skip
        return {"trait": "renewal_date", **self._one(
            before=self._day(), after=self._day(), on=self._day(), within_next=self._days(),
            within_last=self._days(), between=self._days_from_to(),
        )}  # fmt: skip

    def count(self) -> Source:
        """How often something was done."""
        often = self._one(
            nothing=None, at_least=self.chance.randint(1, 4), at_most=self.chance.randint(1, 3),
            exactly=self.chance.randint(1, 3), both=None,
        )  # fmt: skip
        if "both" in often:
            least = self.chance.randint(1, 3)
            often = {"at_least": least, "at_most": least + self.chance.randint(0, 2)}
        often.pop("nothing", None)
        return {"did": self._behaviour(), **often, **self._window()}

    def did_not(self) -> Source:
        """Not once."""
        return {"did_not": self._behaviour(), **self._window()}

    def amount(self) -> Source:
        """A sum or a greatest value."""
        name = self._any("ordered", "order_completed", "product_added")
        of: Source = {"of": "revenue", **self._limits(_MONEY)}
        return {"did": name, self._any("sum", "max"): of, **self._window()}

    def moment(self) -> Source:
        """When it was done first, or last."""
        asked = self._one(
            within=self._length(), longer_ago_than=self._length(), before=self._day(),
            after=self._day(), on=self._day(), between=self._any(
                ["2024-02-29", "2026-03-29"], ["30 days ago", "7 days ago"],
                ["3 hours ago", "30 minutes ago"],
            ),
        )  # fmt: skip
        return {"did": self._behaviour(), self._any("first", "last"): asked}

    def usual(self) -> Source:
        """Against the contact's own habit."""
        return {"did": self._any("page_viewed", "clicked"), "within": self._length(),
                self._any("at_least_times_usual", "at_most_times_usual"):
                self._any(0.5, 1, 1.5, 2, 3)}  # fmt: skip

    def overdue(self) -> Source:
        """Longer than usual ago."""
        return {"overdue_by": self._any(0.1, 0.5, 1, 1.5, 3), "for": self._behaviour()}

    def score(self) -> Source:
        """A score that fades."""
        name = self._any("intent", "intent", "maturity")
        leaf: dict[str, object] = {"score": name, **self._limits(_POINTS)}
        if name == "intent" and self.chance.random() < 0.3:
            leaf["offer"] = self._any("espresso", "filter")
        return leaf

    def interest(self) -> Source:
        """An interest."""
        return {"interest": "espresso", **self._limits((0.25, 1, 2, 3))}

    def potential(self) -> Source:
        """Money."""
        return {"potential": "yearly", **self._limits((0, 40, 400, 1980))}

    def grade(self) -> Source:
        """How well it fits."""
        return {"grade": "fit", **self._one(**{
            "equals": self._any("A", "D"), "in": ["A", "B"], "at_least": self._any("B", "C"),
            "at_most": self._any("B", "C"),
        })}  # fmt: skip

    def stage(self) -> Source:
        """In a stage."""
        return {"stage": self._any("lead", "customer", "at_risk", ["lead", "opportunity"])}

    def persona(self) -> Source:
        """A persona."""
        return {"persona": self._any("profit", "steering", ["profit", "ease"])}

    def in_segment(self) -> Source:
        """One that was made before: so there is no loop."""
        if not self.segments:
            return self.score()
        return {"in_segment": self._any(*self.segments)}

    def has_been(self) -> Source:
        """For so long."""
        state: dict[str, object] = self._one(
            stage=self._any("visitor", "lead", "customer", "at_risk"),
            list=self._any(*LISTS), persona=self._any("profit", "steering"), **(
                {name: self._any(*self.segments) for name in ("segment",) if self.segments}
            ),
        )  # fmt: skip
        if self.segments and self.chance.random() < 0.5:
            state = {"segment": self._any(*self.segments)}
        if self.chance.random() < 0.3:
            return {"has_been": state, "without": self._behaviour()}
        return {"has_been": state, self._any("for", "for", "for_less_than"): self._length()}

    def in_list(self) -> Source:
        """On a list."""
        return {"in_list": self._any(*LISTS, list(LISTS))}

    def qualified(self) -> Source:
        """Ready for sales: only where nothing that qualifies can ask for it."""
        return self.stage()

    def consent(self) -> Source:
        """A consent."""
        return {"consent": "newsletter", "is": self._any("granted", "withdrawn")}

    def company_leaf(self) -> Source:
        """Something about the company."""
        about = self._any("score", "score", "members", "roles_missing")
        if about == "score":
            return {"company": about, **self._limits((5, 20, 50))}
        if about == "members":
            return {"company": about, "at_least": self._any(2, 5)}
        return {"company": about, **self._one(contains="owner", is_set=self._yes())}

    def random(self) -> Source:
        """A share."""
        return {"random": self._any("10%", "50%", "99.5%"), "named": self._any("holdout", "b")}

    def everyone(self) -> Source:
        """Everyone."""
        return {"everyone": True}

    def _window(self) -> dict[str, object]:
        kind = self.chance.choices(("within", "between", "days", "since", "ever", "none"),
                                   (10, 3, 2, 2, 1, 4))[0]  # fmt: skip
        match kind:
            case "within":
                return {"within": self._length()}
            case "between":
                first, last = sorted(self.chance.sample(range(len(_LENGTHS)), 2), reverse=True)
                return {"between": [f"{_LENGTHS[first]} ago", f"{_LENGTHS[last]} ago"]}
            case "days":
                first_day, last_day = sorted(self.chance.sample(DAYS, 2))
                return {"between": [first_day.isoformat(), last_day.isoformat()]}
            case "since":
                return {"since": self._any(*DAYS).isoformat()}
            case "ever":
                return {"ever": True}
            case _:
                return {}

    def _limits(self, values: Sequence[float]) -> dict[str, object]:
        low, high = sorted(self.chance.sample(values, 2))
        return self._one(at_least=high, at_most=low, greater_than=low, less_than=high,
                         between=[low, high], again={"at_least": high})  # fmt: skip

    def _one(self, **choices: object) -> dict[str, object]:
        name = self._any(*choices)
        value = choices[name]
        return dict(value) if name == "again" and isinstance(value, dict) else {name: value}

    def _any(self, *values: T) -> T:
        return self.chance.choice(values)

    def _yes(self) -> bool:
        return self.chance.random() < 0.5

    def _behaviour(self) -> str:
        return self._any(*_BEHAVIOURS)

    def _length(self) -> str:
        return self._any(*_LENGTHS)

    def _days(self) -> str:
        return self._any("1 day", "7 days", "1 week", "30 days")

    def _day(self) -> str:
        return self._any("today", "in 7 days", "1 day ago", "30 days ago",
                         self._any(*DAYS).isoformat())  # fmt: skip

    def _days_from_to(self) -> list[str]:
        return self._any(["7 days ago", "today"], ["today", "in 30 days"],
                         ["in 1 day", "in 7 days"], ["30 days ago", "7 days ago"],
                         ["2024-02-29", "2026-03-29"])  # fmt: skip
