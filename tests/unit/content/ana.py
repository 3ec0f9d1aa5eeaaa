"""Ana, of whom docs/writing-content.md tells, and what conditions say of her."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from relance.conditions import Condition, compile_condition
from relance.conditions.facts import DAY, Facts
from relance.conditions.language import parse
from relance.conditions.places import Sentences
from relance.content.compiled import Content
from relance.engine import Plan, advance, replay
from relance.engine.folding import facts_of_profile
from relance.events import Event
from relance.ids import milliseconds
from relance.usecases.judge_contacts import deeper_plan
from relance.usecases.read_question import vocabulary_of

from .guide import read
from .people import NOW, happened

TRAITS: Mapping[str, Any] = {
    "email": "ana@example.com",
    "first_name": "Ana",
    "role": "owner",
    "company": "Cafe Milano",
    "country": "FR",
    "employees": 12,
    "has_terrace": True,
    "birth_date": "1984-11-26",
    "contract_ends": "2026-12-10",
    "time_zone": "Europe/Paris",
}

HISTORY: tuple[Event, ...] = (
    happened("signed_up", 400, form="newsletter"),
    happened("confirmed", 400, traits=dict(TRAITS)),
    happened("consent_changed", 400, topic="newsletter", state="granted"),
    happened("list_joined", 400, list="newsletter"),
    happened("tasting_attended", 250),
    *(
        happened("order_completed", days, revenue=paid, products=[{"price": paid}])
        for days, paid in ((300, 80), (200, 80), (120, 80), (40, 150), (20, 120))
    ),
    *(happened("page_viewed", days, path="/") for days in range(30, 400, 20)),
    *(happened("page_viewed", days, path="/pricing") for days in (5, 3, 2)),
    *(
        happened("product_viewed", days, category="machines", price=900, product_id="espresso-one")
        for days in (20, 6, 0.05)
    ),
    happened("meeting_booked", 8),
)


def condition(written: str, content: Content) -> Condition:
    """The condition, compiled with the names of the content."""
    sentences = Sentences()
    names = vocabulary_of(content.rules, content.company.topics)
    canonical = parse(read(written), names, sentences.place())
    assert sentences.found == []
    assert canonical is not None
    return compile_condition(canonical)


def facts_about(asked: Condition, content: Content) -> Facts:
    """What is known of Ana, as deep into the past as the condition looks."""
    plan = deeper_plan(Plan(content.rules, UTC), asked.needs)
    profile = replay("ana", HISTORY, plan, version=1)
    advance(profile, milliseconds(NOW), plan)
    facts = facts_of_profile(profile, plan)
    facts.company = {
        "members": 2,
        "roles": ["owner"],
        "roles_missing": ["senior_executive"],
        "deals": 1,
    }
    facts.company_score = (30.0, milliseconds(NOW), 90 * DAY)
    return facts
