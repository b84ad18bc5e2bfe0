"""Put the timings of sessions together: the figures that say whether a pipeline holds real time, for machines and for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omniflow_graph.events import SECOND
from simulations.real_time.timing import Timing

ROWS = {  # of the table: the figure, what it is called, in what unit
    "missed": "windows missed, of a session",
    "unanswered": "not answered, of a session",
    "lead_s": "lead of the sound, s",
    "stale_s": "staleness of words, s",
    "reply_s": "first response, s",
}


def share(values: Sequence[int], permille: int) -> int | None:
    """Return the smallest of the values that so many permille of them do not exceed; None of none.

    >>> share([5, 1, 3], 500), share([5, 1, 3], 950), share([], 500)
    (3, 5, None)
    """
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * permille // 1000) - 1)] if ordered else None


def figures(timings: Sequence[Timing]) -> dict[str, Any]:
    """Return, for what sessions took, the median, what 95 in 100 keep to, and the worst; of the lead, small is bad.

    Times are in seconds. `holds` tells whether no window was missed and no answer fell silent in the middle.

    >>> both = figures([Timing(9, 0, (400_000_000, -100_000_000), (), (), 0), Timing(9, 2, (), (), (SECOND,), 1)])
    >>> both["missed"], both["lead_s"], both["reply_s"]["p95"], both["holds"]
    ({'median': 0, 'p95': 2, 'worst': 2}, {'median': 0.4, 'p95': -0.1, 'worst': -0.1}, 1.0, False)
    """
    leads = [lead for each in timings for lead in each.leads]
    gaps = sum(lead < 0 for lead in leads)
    missed = [each.missed for each in timings]
    return {
        "windows": sum(each.windows for each in timings),
        "missed": _three(missed),
        "unanswered": _three([each.unanswered for each in timings]),
        "lead_s": _seconds(_three([-lead for lead in leads]), -SECOND),
        "stale_s": _seconds(_three([age for each in timings for age in each.stale]), SECOND),
        "reply_s": _seconds(_three([reply for each in timings for reply in each.replies]), SECOND),
        "windows_missed": sum(missed),
        "gaps": gaps,
        "holds": not gaps and not any(missed),
    }


def verdict(found: dict[str, Any]) -> str:
    """Say in one sentence whether real time is held, by stages that do not wait for one processor."""
    if found["holds"]:
        return f"holds real time, each stage on its own: {found['windows']} windows, none missed, and no answer fell silent in the middle"
    missed, gaps = found["windows_missed"], found["gaps"]
    return f"does not hold real time: {missed} of {found['windows']} windows missed, and {gaps} silence{'s' * (gaps != 1)} in the middle of answers"


def rows(found: dict[str, Any]) -> list[list[str]]:
    """Return the figures as rows of a table: name, median, 95 in 100, worst."""
    return [[words, *(_shown(found[name][of]) for of in ("median", "p95", "worst"))] for name, words in ROWS.items()]


def _three(values: Sequence[int]) -> dict[str, int | None]:
    return {"median": share(values, 500), "p95": share(values, 950), "worst": max(values, default=None)}


def _seconds(of: dict[str, int | None], unit: int) -> dict[str, float | None]:
    return {name: None if value is None else value / unit for name, value in of.items()}


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
