"""Mails a second: decided, rendered, signed and assembled, beside the bare template.

Ours is what a sender does between reading a contact and calling SES, for the longest of the shipped
mails: the decision, four templates (subject, preheader, HTML, text) with all links signed, the
headers, and the request as JSON. SES makes the MIME message of it. The floor is Jinja2 as it comes,
without its sandbox, which renders the same four templates with constant links. No two of our mails
are alike.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle

import orjson
from jinja2 import Environment
from relance.content.compiled import Message
from relance.ids import send_id_of, ulid
from relance.sending import compose_mail, reason_not_to_send

from local.mailbox import Draft, assemble
from local.mailbox import Mail as Accepted
from tests.bench.figures import Figure
from tests.mail.letters import NOW, SEND, SENDER, SIGNER, content, reader

SECONDS = 2.0
PEOPLE = 1_000


def per_second(work: Callable[[], object]) -> float:
    """How often the work is done in a second of CPU."""
    work()
    done, begun = 0, time.process_time()
    while time.process_time() - begun < SECONDS:
        for _ in range(20):
            work()
        done += 20
    return done / (time.process_time() - begun)


def longest() -> Message:
    """The shipped mail with the longest HTML that one can leave."""
    messages = [content().message(name) for name in content().messages]
    return max(
        (each for each in messages if each.topic), key=lambda each: len(each.variants[0].html)
    )


def measure() -> list[Figure]:
    """Every figure."""
    message, rules, company = longest(), content().rules, content().company
    people = [
        (replace(reader(message), contact_id=ulid(n, bytes(10))), send_id_of(n.to_bytes(16, "big")))
        for n in range(PEOPLE)
    ]
    turns = cycle(people)

    def ours() -> bytes:
        contact, send_id = next(turns)
        reason = reason_not_to_send(
            message, contact.register, SENDER, stage=None, leaving=False, now=NOW
        )
        assert reason is None
        mail = compose_mail(
            message,
            contact,
            send_id=send_id,
            rules=rules,
            company=company,
            sender=SENDER,
            signer=SIGNER,
            workflow="bench",
        )
        return orjson.dumps(mail)

    variant = message.variants[0]
    html, plain = Environment(autoescape=True), Environment(autoescape=False)
    templates = [html.from_string(variant.html)]
    others = (variant.subject, variant.preheader, variant.text)
    templates += [plain.from_string(each) for each in others]
    address = "https://links.northbank.example/x/" + "x" * 60
    bare = {
        "contact": dict.fromkeys(message.uses, "Ana"),
        "company": company.variables(),
        "event": {},
        "subject": "A subject",
        "preheader": "A preheader",
        "link": lambda _: address,
        **dict.fromkeys(("unsubscribe_url", "preferences_url", "view_url"), address),
        "pixel": "",
    }
    floor = per_second(lambda: [each.render(bare) for each in templates])
    rate = per_second(ours)
    mail = compose_mail(
        message,
        reader(message),
        send_id=SEND,
        rules=rules,
        company=company,
        sender=SENDER,
        signer=SIGNER,
        workflow="bench",
    )
    draft = Draft(
        source="Bench <hello@example.com>", to=(mail.to,), subject=mail.subject,
        html=mail.html, text=mail.text, headers=tuple(mail.headers.items()),
    )  # fmt: skip
    mime = per_second(lambda: assemble(Accepted(1, "bench", 0.0, draft)))
    size = len(mail.html) / 1000
    return [
        Figure(f"mails of {size:.1f} KB, ready for SES", rate, "/s", at_least=floor / 2),
        Figure("the same template in bare Jinja2", floor, f"/s, ours {rate / floor:.2f} ×"),
        Figure("assembled as MIME here, which SES does", mime, "/s"),
    ]


if __name__ == "__main__":
    print(*measure(), sep="\n")
