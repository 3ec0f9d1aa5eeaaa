"""What another company's system reports by calling a hook: verified, mapped, and collected.

Whoever signs with the hook's secret is believed like a server with a write key, and what it reports
takes the same way (`collect_events`): the same de-duplication, the same clock, the same queue when
tables are busy. Providers switch off an address that is slow or answers with errors, so a long list
is stored little by little, and what no rule wants is answered like what was taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from relance.collecting.delivery import MAX_BATCH, Delivery, Form
from relance.collecting.keys import Scope
from relance.content.hooks import Hook
from relance.errors import Permanent
from relance.hooks.challenges import Reply, reply
from relance.hooks.mapping import Call, map_payload
from relance.hooks.signatures import Signable, verify
from relance.http import HttpRequest, TooLarge
from relance.ports import Services
from relance.usecases.collect_events import collect

MOST_NOW = 50
"""Events of one call that are stored before it is answered, 10 ms each: Shopify waits for 5 s, and
LinkedIn for 3. The rest is safe in the queue."""


class HookUnknown(Permanent):
    """There is no hook of this name."""


class NoChallenge(Permanent):
    """This hook is called by POST alone."""


@dataclass(frozen=True, slots=True)
class HookTaken:
    """What became of a call. `errors` say what could not be read, for whoever sent it.

    `unnamed` entries name nobody, `unknown` ones somebody who had to be known already; `ignored`
    says that no rule was for this payload.
    """

    taken: int = 0
    waiting: int = 0
    unnamed: int = 0
    unknown: int = 0
    ignored: bool = False
    errors: Sequence[str] = ()

    def counts(self) -> dict[str, int]:
        """What is counted, without what is zero."""
        found = {
            "taken": self.taken,
            "waiting": self.waiting,
            "unnamed": self.unnamed,
            "unknown": self.unknown,
            "ignored": int(self.ignored),
            "unreadable": len(self.errors),
        }
        return {name: count for name, count in found.items() if count}


def hook_of(name: str, services: Services) -> Hook:
    """The hook of this name.

    Raises:
        HookUnknown: there is none.
    """
    hook = services.content.hook(name)
    if hook is None:
        raise HookUnknown("There is no such hook.")
    return hook


def answer_challenge(hook: Hook, request: HttpRequest, services: Services) -> Reply:
    """What a provider wants to hear that asks whether this address is ours.

    Raises:
        NoChallenge: the hook's provider asks nothing.
        Unsigned: this is no challenge, or does not prove where it comes from.
        ServiceUnavailable: the secrets cannot be read now.
    """
    if hook.scheme.challenge is None:
        raise NoChallenge("This address is called by POST.")
    known = services.hook_secrets
    return reply(
        hook.scheme.challenge, request.query, known.of(hook.name), known.tokens_of(hook.name)
    )


def take_hook(hook: Hook, request: HttpRequest, services: Services) -> HookTaken:
    """Take what a call reports; when this returns, all of it is safe or told.

    Raises:
        TooLarge: the body has more than 500 KB.
        Unsigned: it is not signed as it should be.
        InvalidInput: the body is not JSON.
        ServiceUnavailable: neither the tables nor the queue took it; let it come again.
    """
    if len(request.body) > MAX_BATCH:
        raise TooLarge(f"This route takes at most {MAX_BATCH // 1024} KB.")
    now = services.now()
    url = f"https://{request.host}{request.path}"
    signable = Signable(request.body, request.headers, request.method, url)
    verify(hook.scheme, services.hook_secrets.of(hook.name), signable, now)
    call = Call(request.json(limit=MAX_BATCH), request.headers)
    mapped = map_payload(hook, call)
    done = collect(mapped.items, Delivery(now, Scope.SERVER, Form.HOOK), services, at_once=MOST_NOW)
    return HookTaken(
        taken=len(mapped.items) - len(done.refused) - done.unknown,
        waiting=done.waiting,
        unnamed=mapped.unnamed,
        unknown=done.unknown,
        ignored=not mapped.is_wanted,
        errors=(*mapped.problems, *(each.reason for each in done.refused)),
    )
