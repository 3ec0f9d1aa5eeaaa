"""The condition language: one way to say who is meant, and until when that stays so.

Segments, stages, personas, qualification, audiences, entry, exit and goal rules are all
conditions. A condition is written in YAML (`language.parse` checks it at build time and gives its
canonical JSON form) and compiled at run time (`compile.compile_condition`) to a function of a
contact's facts (`facts.Facts`) and an instant:

    holds, until = condition.evaluate(facts, now)

`until` is the first millisecond at which the mere passing of time gives another verdict: exact,
and FOREVER where there is none.

    groups    all, any, none
    person    trait · grade · stage · persona · consent · random · everyone
    places    in_segment · in_list · qualified · has_been … for, without
    acts      did · did_not (how often, within, between, since, first, last, sum, max, against the
              contact's own habit) · overdue_by
    amounts   score · interest · potential · company

Where things are; what the build alone needs is not loaded at run time:

    run time      compile.py     canonical form to function        because.py   a line per leaf
                  groups.py      all, any, none and their `until`  telling.py, spoken.py   its words
                  leaves_*.py    one idea each                     acts.py, days.py, comparing.py
                  facts.py       what a condition may read         needs.py     how much of it
    build time    language.py    YAML to canonical form            sources.py   the shape of leaves
                  translate_*.py what a leaf means, checked        words*.py    "30 days", "10%"
                  vocabulary.py  the names there are               retention.py what is kept
                  findings.py, hints.py, places.py   mistakes      schema.py    for editors

Rules that hold throughout:

*Now.* Facts hold nothing that lies later than `now`; what will happen is not guessed.

*Windows.* `within: W` holds the events with now − W < occurred ≤ now: an event leaves at exactly
occurred + W. `between: [A ago, B ago]` holds now − A < occurred ≤ now − B. A day here is 24 hours.

*Kept.* How often something was done, and when first and last, is kept for good; single acts for a
while (`retention`). What would look at single acts beyond that is refused by the build.

*Calendar days* (a date, `today`, `in 7 days`, `7 days ago` about a date; anniversaries) are days
where the contact lives, else where the company does, from midnight to midnight. Both ends of a
range belong to it; `within_next: 7 days` is today and the 7 days after it, `within_last: 7 days`
today and the 7 days before it. 29 February is kept on 28 February in other years; the first
anniversary is one year after the date.

*Missing.* A leaf about something that is not there does not hold, except those that ask for
absence: `is_set: no`, `not`, `not_in`, `did_not`, and whatever stands under `none`. Nothing was
done means a count and a sum of 0, and a score without points is 0: these are not missing. A value
of another kind than the test is treated as missing.

*Equal.* Texts compare without regard to case and surrounding space. Scores, sums and greatest
values that differ by less than a millionth are equal.
"""

from relance.conditions.compile import Condition, compile_condition

__all__ = ["Condition", "compile_condition"]
