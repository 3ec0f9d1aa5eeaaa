"""A small content folder that builds, for tests to spoil."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from relance.content.build import BuildReport, build
from relance.content.compiled import Content

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "layers" / "content"

PAGE = """{% extends "frame.html.j2" %}
{% block main %}<h1>A page</h1>{% endblock %}
"""

SMALL: Mapping[str, str] = {
    "company.yaml": """name: Acme & Sons
sender_name: Acme
postal_address: 1 Example Street, Paris
website: https://www.example.com
languages: [en, fr]
tracking: {opens: none, clicks: yes}
topics: {newsletter: Our newsletter}
""",
    "traits.yaml": """email: {type: email, personal: yes, visible_to_workflows: no}
first_name: {type: text, personal: yes, visible_to_workflows: no}
role:
  type: text
  personal: no
  visible_to_workflows: yes
  options: [owner, middle_manager]
employees: {type: number, personal: no, visible_to_workflows: no}
""",
    "lists.yaml": "engaged: {title: Engaged}\n",
    "personas.yaml": """profit:
  title: The owner
  concern: price_and_profit
  asks: What does it cost?
  declared:
    - {trait: role, equals: owner}
  reads: {topics: {costs: 1}, at_least: 6}
""",
    "behaviours/shop.yaml": """ordered: {title: Ordered, event: order_completed}
viewed_pricing:
  title: Looked at prices
  event: page_viewed
  where: {path: {starts_with: /pricing}}
""",
    "interests.yaml": """half_life: 60 days
topics:
  costs:
    title: What it costs
    points:
      - {did: viewed_pricing, points: 3, at_most: 3 per day}
""",
    "fits/fit.yaml": """title: Fit
points:
  - when: {trait: role, equals: owner}
    points: 30
grades: {A: 60, B: 30, C: 10}
""",
    "potentials/yearly.yaml": """title: Revenue in a year
first_known:
  - trait: employees
    times: 90
  - when: {trait: role, equals: owner}
    amount: 900
  - amount: 300
""",
    "segments/regulars.yaml": """title: Regulars
members: {did: ordered, at_least: 3}
""",
    "segments/hot.yaml": """title: Hot
members:
  all:
    - {did: viewed_pricing, within: 14 days}
    - {grade: fit, at_least: B}
""",
    "qualifications/sales.yaml": """title: Ready for a talk
when: {in_segment: hot}
reason: "Grade {grade.fit}: {because}"
""",
    "stages.yaml": """visitor:
  title: Visitor
  family: acquisition
opportunity:
  title: Opportunity
  family: retention
  when: {qualified: sales}
customer:
  title: Customer
  family: monetisation
  when: {did: ordered}
at_risk:
  title: At risk
  family: retention
  instead_of: customer
  when: {overdue_by: 2, for: ordered}
""",
    "companies.yaml": """score: engagement
role_in: role
roles:
  owner: {title: The owner, values: owner, weight: 2}
""",
    "habits.yaml": f"""between:
  ordered: {{usual: 45 days, counts_like: 3}}
channels: {{counts_like: 20, share: {{email: 0.03}}}}
hours: {{counts_like: 12, weights: {[1] * 24}}}
""",
    "scores/engagement.yaml": """half_life: 30 days
points:
  - event: email_clicked
    points: 5
    at_most: 3 per day
  - event: points_awarded
    points_from: points
    where: {score: engagement}
""",
    "forms/newsletter.yaml": """title: Sign up
fields:
  - trait: email
    label: Address
    required: yes
  - trait: first_name
    label: First name
  - trait: role
    label: Role
    options: {owner: Owner, middle_manager: Manager}
consent: {purpose: marketing, topic: newsletter, text: Yes please, version: "1"}
tracking_consent: {text: You may look, version: "1"}
button: Send
thanks: {title: Thanks, text: Look into your mailbox}
""",
    "hooks/booking.yaml": """title: Appointments
signature:
  header: X-Booking-Signature
  signed: "{timestamp}.{body}"
  timestamp: X-Booking-Timestamp
  tolerance: 5 minutes
events:
  - event: meeting_booked
    when: {type: booked}
    id: booking.id
    time: at
    who:
      email: booking.email
      ids: {booking: booking.customer}
    properties:
      price: {from: booking.cents, as: money, currency: booking.currency}
      place: {value: Paris}
  - event: identified
    when: {type: customer}
    id: [id, at]
    who: {email: email}
    traits: {first_name: name}
""",
    "hooks/booking/booked.json": """{
 "payload": {"type": "booked", "at": "2026-01-05T09:00:00Z", "booking": {
  "id": 7, "email": "ana@example.com", "customer": "K-1", "cents": 1250, "currency": "eur"}},
 "events": [{"event": "meeting_booked", "id": "7", "time": "2026-01-05T09:00:00.000Z",
  "who": {"email": "ana@example.com", "ids": {"booking": "K-1"}},
  "properties": {"price": 12.5, "place": "Paris"}}]
}
""",
    "hooks/booking/customer.json": """{
 "payload": {"type": "customer", "id": 1, "at": "2026-01-05", "email": "a@x.com", "name": "Ana"},
 "events": [{"event": "identified", "id": "1 2026-01-05", "who": {"email": "a@x.com"},
  "traits": {"first_name": "Ana"}}]
}
""",
    "layouts/mail.html.j2": """<!doctype html>
<html lang=""><head><title>{{ subject }}</title><style>.button { color: red; }</style></head>
<body><div style="display: none">{{ preheader }}</div>
{% block content %}{% endblock %}
<p><a href="{{ unsubscribe_url }}">Unsubscribe</a>, {{ company.postal_address }}</p>
<p><a href="{{ preferences_url }}">Choose</a></p>
{{ pixel }}</body></html>
""",
    "layouts/notice.html.j2": """<!doctype html>
<html lang=""><head><title>{{ subject }}</title></head>
<body><div style="display: none">{{ preheader }}</div>
{% block content %}{% endblock %}</body></html>
""",
    "messages/hello/message.yaml": """subject: Hello {{ contact.first_name or "there" }}
preheader: A word from {{ company.name }}
class: marketing
intent: inform
topic: newsletter
variants:
  - persona: profit
    subject: What it costs
""",
    "messages/hello/body.html.j2": """<h1>Hello</h1>
<p>Dear {{ contact.first_name or "reader" }},</p>
<p>look <a class="button" href="{{ company.website }}/shop?a=1&amp;b=2">at this</a>.</p>
<p><img src="https://www.example.com/cup.png" alt="A cup"></p>
""",
    "messages/ask/message.yaml": """subject: Please confirm
preheader: One press
class: transactional
intent: serve
layout: notice
at_most: 1 per day
hours: business
if_late: skip after 1 day
""",
    "messages/ask/body.html.j2": '<p><a href="{{ confirm_url }}">Yes</a></p>\n',
    "sending.yaml": """caps:
  email:
    marketing: {per_day: 2}
quiet_hours: {from: 20:00, to: 08:00}
business_hours: {days: [monday, friday], from: 09:00, to: 17:00}
holidays: {home: FR, countries: [FR, DE]}
priorities: {sell: low}
too_late: 3 days
settling_time: 1 hour
""",
    "pages/frame.html.j2": """<!doctype html>
<html lang="{{ language }}"><body>{% block main %}{% endblock %}</body></html>
""",
    **{
        f"pages/{name}.html.j2": (SHIPPED / "pages" / f"{name}.html.j2").read_text(encoding="utf-8")
        for name in ("form", "form-part", "thanks-part", "landing")
    },
    "texts/en.yaml": (SHIPPED / "texts" / "en.yaml").read_text(encoding="utf-8"),
    "texts/fr.yaml": (SHIPPED / "texts" / "fr.yaml").read_text(encoding="utf-8"),
    **{
        f"pages/{name}.html.j2": PAGE
        for name in (
            "thanks", "confirm", "confirmed", "unsubscribe", "unsubscribed",
            "link-invalid", "busy", "no-form", "too-large", "unreadable", "preferences",
            "file-expired", "lead", "lead-accepted", "lead-refused", "lead-late",
        )
    },
}  # fmt: skip

Writer = Callable[..., Path]
Builder = Callable[..., BuildReport]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Writes the small folder, with some files replaced (None takes one away)."""

    def written(changes: Mapping[str, str | None] | None = None) -> Path:
        source = tmp_path / "source"
        for name, text in {**SMALL, **(changes or {})}.items():
            if text is not None:
                path = source / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        return source

    return written


@pytest.fixture
def built(write: Writer, tmp_path: Path) -> Callable[..., Content]:
    """Builds the small folder with changes and opens it."""

    def opened(changes: Mapping[str, str | None] | None = None) -> Content:
        report = build(write(changes), tmp_path / "target")
        assert report.ok, str(report)
        return Content.open(tmp_path / "target")

    return opened


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Content:
    """The content that the product ships, built."""
    target = tmp_path_factory.mktemp("content") / "built"
    report = build(SHIPPED, target)
    assert report.ok, str(report)
    assert not report.warnings, str(report)
    return Content.open(target)
