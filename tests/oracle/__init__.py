"""The brute-force oracle: what holds of a contact, worked out the slow way, beside the engine.

The engine keeps sums, windows and due times up to date event by event. The oracle keeps nothing:
given the raw history it says for every minute whether each rule holds, and shares no code with
`relance.conditions` or `relance.engine`. Where the two differ, one is wrong.

    python -m tests.oracle --seeds 0:10000 --processes 2            the engine
    python -m tests.oracle --seeds 0:10000 --processes 2 --plain    the conditions alone

```
cases.py          a case: a history, and rules as a marketer writes them
histories.py      a seed → a random history
generate.py       a seed → random rules over the whole language; the case of a seed
instants.py       when to look; calendar days
known.py          what is known at an arrival, added up anew from the raw events
values.py         what one value can be asked
leaves.py         what each leaf means, instant by instant
timeline.py       the oracle: for every instant, which rules hold
compare.py        the oracle beside an engine
engine.py         relance.engine as such an engine, with what it is told of the rules
incremental.py    the same, with the very instant of each change
plain.py          the oracle beside the compiled conditions, no engine between them
disagreements.py  what differs, in words, in the smallest case that still shows it
```
"""
