"""Confirming with the number that was counted: for as many at most.

A number is taken if it is enough for those who are counted now, and not so large that it can
hardly be one that was counted.
"""

_ROOM = 10


def most_confirmed(counted: int) -> int:
    """The largest number that is taken for so many: twice as many, and ten."""
    return 2 * counted + _ROOM


def is_confirmed(counted: int, confirmed: int) -> bool:
    """Whether what concerns so many may be done; nothing confirmed is 0."""
    return counted <= confirmed <= most_confirmed(counted)


def wrong_number(counted: int, confirmed: int) -> str:
    """What is wrong with the number typed, as a sentence; "" where there is none."""
    if not confirmed or is_confirmed(counted, confirmed):
        return ""
    than = "more than" if counted > confirmed else "far fewer than"
    return f"That is {than} the {confirmed:,} confirmed."
