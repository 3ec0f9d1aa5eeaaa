"""`python -m tests.oracle`: hold seeds against the oracle, and tell where it disagrees."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing import get_context

from tests.oracle.cases import Case
from tests.oracle.compare import compare_case
from tests.oracle.disagreements import Disagreement, smallest
from tests.oracle.generate import case_of
from tests.oracle.incremental import Incremental
from tests.oracle.instants import MINUTE
from tests.oracle.plain import compare_plain_case

CHUNK = 25


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0 when both say the same of every seed, else 1."""
    given = _read(arguments)
    check = compare_plain_case if given.plain else partial(_engine, precision=given.precision)
    seeds = _seeds(given.seeds)
    begun, found, done = time.monotonic(), list[Disagreement](), 0
    for many, some in _each(check, seeds, given.processes):
        found += some
        done += many
        _progress(done, len(seeds), len(found), time.monotonic() - begun)
    found.sort(key=lambda each: each.size)
    for each in found[: given.reports]:
        print(smallest(each, check, given.patience), end="\n\n")
    if len(found) > given.reports:
        rest = sorted({each.case.seed for each in found[given.reports :]})
        print(f"and {len(found) - given.reports} more, in seeds {rest[:50]}")
    print(
        f"{done} cases in {time.monotonic() - begun:.0f} s: {len(found)} disagreements in "
        f"{len({each.case.seed for each in found})} of them"
    )
    return 1 if found else 0


def _read(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--seeds", default="0:1000", help="from:to, for example 0:10000")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="the conditions without the engine")
    parser.add_argument("--precision", type=int, default=MINUTE, help="ms; 1 compares instants")
    parser.add_argument("--reports", type=int, default=10, help="how many are told in full")
    parser.add_argument("--patience", type=int, default=300, help="tries to make a case smaller")
    return parser.parse_args(arguments)


def _seeds(text: str) -> Sequence[int]:
    first, _, last = text.partition(":")
    return range(int(first), int(last) if last else int(first) + 1)


def _engine(case: Case, *, precision: int) -> list[Disagreement]:
    return compare_case(case, Incremental(), precision)


def _each(
    check: Callable[[Case], list[Disagreement]], seeds: Sequence[int], processes: int
) -> Iterator[tuple[int, list[Disagreement]]]:
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    work = partial(_chunk, check)
    if processes == 1:
        yield from map(work, chunks)
        return
    with get_context("fork").Pool(processes) as pool:
        yield from pool.imap_unordered(work, chunks)


def _chunk(
    check: Callable[[Case], list[Disagreement]], seeds: Sequence[int]
) -> tuple[int, list[Disagreement]]:
    return len(seeds), [each for seed in seeds for each in check(case_of(seed))]


def _progress(done: int, of: int, found: int, seconds: float) -> None:
    """One line that is written over; in a log, a line for every tenth."""
    left = seconds / done * (of - done)
    text = f"{done}/{of} cases, {found} disagreements, {seconds:.0f} s, about {left:.0f} s left"
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text}  ")
    elif done == of or done * 10 // of > (done - CHUNK) * 10 // of:
        sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
