"""The rehearsal: a journey as it would be deployed, over real people, before anybody gets mail.

```
people.py    the people of a file, with the history that it holds of them
loading.py   a person to items of the four tables
habits.py    what people do with mail: the population's habits mixed with a contact's own past
crowd.py     the simulated audience that does it
doors.py     how people come into a journey
shard.py     some of the people through the journey, in a world of their own
findings.py  what became of them, as numbers that add up
run.py       all of it: shards over processes, put together again
report.py    what a terminal shows; the page is local/pages/rehearsal.py
```

The people of a file are independent of one another, so they are rehearsed in shards of a fixed
size, each in a world of its own. What a person does follows from the seed and the person alone; so
the same seed gives the same result, however many processes share the work.
"""
