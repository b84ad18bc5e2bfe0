"""Reckon with stretches of time, [begin, end) in nanoseconds, in order and apart from one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span], gap: int = 0) -> list[Span]:
    """Join stretches with no more than `gap` between them.

    >>> merged([(0, 2), (6, 7), (3, 4)], gap=1)
    [(0, 4), (6, 7)]
    """
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin - found[-1][1] <= gap:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def both(a: Sequence[Span], b: Sequence[Span]) -> list[Span]:
    """Return the stretches that lie in both.

    >>> both([(0, 4), (6, 9)], [(1, 2), (3, 7)])
    [(1, 2), (3, 4), (6, 7)]
    """
    found, n, m = [], 0, 0
    while n < len(a) and m < len(b):
        begin, end = max(a[n][0], b[m][0]), min(a[n][1], b[m][1])
        if begin < end:
            found.append((begin, end))
        n, m = (n + 1, m) if a[n][1] < b[m][1] else (n, m + 1)
    return found


def meets(a: Span, b: Span) -> bool:
    """Tell whether two stretches have a nanosecond in common."""
    return a[0] < b[1] and b[0] < a[1]


def total(spans: Iterable[Span]) -> int:
    """Return how long stretches are together."""
    return sum(end - begin for begin, end in spans)
