"""The website's side of the demo: people fill in the form, and the shop reports their orders.

Sign-ups go through the form as a browser does it (GET the page, fill in what it asks, POST it);
orders come from the shop's server by `POST /v1/track` with the secret write key, as the Segment
libraries send them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from local.audience import Audience, Reader
from local.demo.browser import Form, Web, forms
from local.demo.people import Order, Person

_DAY = 86_400.0
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_DOUBLE_CLICK = 0.25
_READING = 12.0
"""Seconds that people take to read the form and fill it in."""


class Stage(Protocol):
    """What visitors need of the simulation: time, and greenlets for errands."""

    def at(self, when: float, errand: Callable[[], None]) -> None:
        """Run an errand of HTTP requests at an instant (epoch seconds)."""
        ...


class Visitors:
    """Plans what everybody does on the website, and counts what the website answered."""

    def __init__(
        self, stage: Stage, web: Web, audience: Audience, *, form: str, write_key: str, seed: int
    ) -> None:
        self._stage = stage
        self._web = web
        self._audience = audience
        self._form = form
        self._seed = seed
        self._key = base64.b64encode(f"{write_key}:".encode()).decode()
        self.sign_ups = 0
        self.again = 0
        self.double_clicks = 0
        self.orders = 0
        self.refused: list[str] = []

    def expect(self, person: Person, *, until: float) -> None:
        """Plan a person's sign-ups and orders up to an instant."""
        if person.signs_up >= until:
            return
        reader = self._audience.add(person)
        self._stage.at(person.signs_up - _READING, lambda: self._sign_up(reader))
        if reader.habits.signs_up_twice:
            later = person.signs_up + person.chance(self._seed, "again").uniform(1, 6) * _DAY
            if later < until:
                self._stage.at(round(later, 3), lambda: self._sign_up_again(reader))
        for order in person.orders:
            if order.at < until:
                self._stage.at(order.at, self._ordering(person, order))

    def _ordering(self, person: Person, order: Order) -> Callable[[], None]:
        return lambda: self._order(person, order)

    def _sign_up_again(self, reader: Reader) -> None:
        self._fill_in(reader, again=1)

    def _sign_up(self, reader: Reader) -> None:
        self._fill_in(reader, again=0)

    def _fill_in(self, reader: Reader, *, again: int) -> None:
        page = self._web("GET", self._form, {"User-Agent": _BROWSER}, b"")
        found = [form for form in forms(page.text, self._form) if form.method == "POST"]
        if page.status != 200 or not found:
            self.refused.append(f"the form answered {page.status} without something to fill in")
            return
        form = found[0]
        body = form.fill(answers(form, reader, self._seed))
        now = datetime.now(UTC).timestamp()
        self._stage.at(now + _READING, lambda: self._send(form, body, again))
        if reader.habits.double_clicks:
            self.double_clicks += 1
            late = now + _READING + _DOUBLE_CLICK
            self._stage.at(late, lambda: self._submit_again(form, body))

    def _send(self, form: Form, body: bytes, again: int) -> None:
        if self._submit(form, body):
            self.sign_ups += 1
            self.again += again

    def _submit_again(self, form: Form, body: bytes) -> None:
        self._submit(form, body)

    def _submit(self, form: Form, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": _BROWSER,
        }
        answer = self._web("POST", form.action, headers, body)
        if answer.status != 200:
            self.refused.append(f"a sign-up answered {answer.status}")
        return answer.status == 200

    def _order(self, person: Person, order: Order) -> None:
        body = json.dumps(track_call(person, order)).encode()
        headers = {
            "Authorization": f"Basic {self._key}",
            "Content-Type": "application/json",
            "User-Agent": "analytics-node/2.2.0",
        }
        answer = self._web("POST", "/v1/track", headers, body)
        if answer.status == 200:
            self.orders += 1
        else:
            self.refused.append(f"an order answered {answer.status}: {answer.text[:80]}")


def answers(form: Form, reader: Reader, seed: int) -> dict[str, str]:
    """Fill in what a form asks, by the kind and name of its fields; boxes as the person likes."""
    person = reader.person
    chance = person.chance(seed, "form")
    found = {}
    for field in form.fields:
        if field.kind == "email":
            found[field.name] = person.email
        elif field.kind in {"select", "radio"} and field.choices:
            liked = person.role if person.role in field.choices else chance.choice(field.choices)
            found[field.name] = liked
        elif field.kind == "checkbox" and (field.needed or reader.habits.allows_tracking):
            found[field.name] = field.value
        elif field.kind == "text" and "name" in field.name:
            found[field.name] = person.first_name
    return found


def track_call(person: Person, order: Order) -> dict[str, object]:
    """Return an order as the Segment libraries report it."""
    at = datetime.fromtimestamp(order.at, UTC).isoformat(timespec="milliseconds")
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"order-{order.number}",
        "userId": person.id,
        "timestamp": at.replace("+00:00", "Z"),
        "context": {"traits": {"email": person.email}},
        "properties": {
            "order_id": order.number,
            "revenue": order.dollars,
            "currency": "USD",
            "products": [{"product_id": "cd", "name": "CD", "quantity": order.cds}],
        },
    }
