"""What of a half-duplex conversation is in the cache: rounds of a question and its answer, of which the oldest go. Bookkeeping only.

Source: spec 7.4, the window of 8,000 and 6,000 rows; rows that stay move up as in `context`.
"""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from operators.omni_flow.context.cache_plan import CachePlan, Rows, joined
from operators.omni_flow.context.sliding import Evicted


class Round(NamedTuple):
    """Count the rows of one round, the user's turn and the answer; or of what the system said, which never goes."""

    id: int
    rows: int
    system: bool = False


Rounds = tuple[Round, ...]


def rows_of(rounds: Rounds) -> int:
    """Return how many rows all rounds take."""
    return sum(each.rows for each in rounds)


def lengthened(rounds: Rounds, rows: int) -> Rounds:
    """Add rows to the newest round, if there are any to add.

    >>> lengthened((Round(0, 5), Round(1, 7)), 2)
    (Round(id=0, rows=5, system=False), Round(id=1, rows=9, system=False))
    """
    return (*rounds[:-1], rounds[-1]._replace(rows=rounds[-1].rows + rows)) if rows else rounds


def bounded(rounds: Rounds, high: int | None, low: int) -> tuple[Rounds, tuple[Evicted, ...], CachePlan]:
    """Let the oldest rounds go if there are more than `high` rows, until no more than `low` are left.

    The newest stays, and so does what the system said, wherever it stands. Returns what stays, what was forgotten, and what the
    cache does.
    """
    whole = left = rows_of(rounds)
    gone: list[int] = []
    for each in rounds[:-1] if high is not None and whole > high else ():
        if left > low and not each.system:
            gone.append(each.id)
            left -= each.rows
    starts = list(accumulate((each.rows for each in rounds), initial=0))
    kept = [n for n, each in enumerate(rounds) if each.id not in gone]
    places = accumulate((rounds[n].rows for n in kept), initial=0)
    plan = joined(whole, tuple(Rows(starts[n], starts[n + 1], to) for n, to in zip(kept, places)))
    evicted = (Evicted(tuple(gone), whole - left, left, f"over {high} rows"),) if gone else ()
    return tuple(rounds[n] for n in kept), evicted, plan


def cut_back(rounds: Rounds, before: Rounds) -> CachePlan:
    """Plan the cache of rounds as they were before. Raises ValueError if they are not what these came of: some are gone."""
    n = len(before)
    whole = rounds[: max(0, n - 1)] == before[:-1] and [each.id for each in rounds[:n]] == [each.id for each in before]
    if not whole or rows_of(rounds) < rows_of(before):
        raise ValueError(
            f"half duplex: wants the state that this one came of, with all {len(before)} rounds still in the cache, got {len(rounds)} rounds in "
            f"{rows_of(rounds)} rows; what was evicted cannot be brought back"
        )
    return joined(rows_of(rounds), (Rows(0, rows_of(before), 0),))
