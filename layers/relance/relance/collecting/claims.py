"""What a browser says, with a key that everybody can read.

What happened in the browser happened to its visitor. Who that is and what they are like anybody
could say about anybody, so it is kept as `claims`: never folded into a profile, never an identity,
and the answer tells nothing about whether it is true.
"""

from collections.abc import Mapping

from relance.collecting.messages import Kind, Said
from relance.collecting.who import id_of, visitor_of
from relance.events import Name
from relance.storage import Value

_ABOUT_WHO = (Kind.IDENTIFY, Kind.GROUP, Kind.ALIAS)
_IDS = {"user_id": "userId", "group_id": "groupId", "previous_id": "previousId"}


def as_claim(
    item: Mapping[str, object],
    kind: Kind,
    name: str,
    *,
    traits: Mapping[str, Value],
    properties: Mapping[str, Value],
    context: Mapping[str, Value],
) -> Said:
    """What an item says when it comes with a browser key.

    Raises:
        InvalidInput: it names no visitor, or an id in it is none.
    """
    others = context.get("traits")
    known = {**others, **traits} if isinstance(others, Mapping) else traits
    ids = {claim: id_of(item, field) for claim, field in _IDS.items()}
    claims: dict[str, Value] = {claim: each for claim, each in ids.items() if each is not None}
    if known:
        claims["traits"] = known
    kept = {key: value for key, value in context.items() if key != "traits"}
    if kind in _ABOUT_WHO:
        name, properties = Name.IDENTITY_CLAIMED, {"claims": claims}
    elif claims:
        kept["claims"] = claims
    return Said(name, visitor_of(item), properties=properties, context=kept)
