"""Say what stages cost: drawn from a seeded distribution, or as a recording measured. A constant is an int, a table a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from omniflow_graph import Event
from omniflow_graph.chance import Rng
from omniflow_graph.events import SECOND
from omniflow_graph.recording import Recording

MOST = 3600 * SECOND
STEPS = 1000  # of a distribution: a draw takes one of so many values, all alike likely
P95 = 1.6448536269514722  # standard deviations up to the 95th percentile of a normal distribution


@dataclass(frozen=True)
class Drawn:
    """Cost a draw from a log-normal distribution with this median and 95th percentile, in ns."""

    median: int
    p95: int

    def __call__(self, event: Event[Any], rng: Rng) -> int:
        """Draw what working on this event costs."""
        return quantiles(self.median, self.p95)[rng(event).below(STEPS)]


@dataclass(frozen=True)
class Measured:
    """Cost what a stage was measured to cost in one of its steps, drawn."""

    costs: tuple[int, ...]  # ascending

    @property
    def median(self) -> int:
        """Return what half the steps do not exceed."""
        return self.costs[(len(self.costs) - 1) // 2]

    def __call__(self, event: Event[Any], rng: Rng) -> int:
        """Draw what working on this event costs."""
        return self.costs[rng(event).below(len(self.costs))]


def drawn(median: int, p95: int) -> Drawn:
    """Return a cost that is drawn: half the steps take no more than `median` ns, 95 of 100 no more than `p95`.

    >>> from omniflow_graph.chance import Rng
    >>> cost, rng = drawn(100_000_000, 250_000_000), Rng(0, "s", "decide")
    >>> [cost(Event(0, "window", k, None), rng) // 1_000_000 for k in range(5)]
    [152, 86, 66, 60, 65]
    """
    if not (type(median) is int and type(p95) is int and 0 < median <= p95 <= MOST):
        raise ValueError(f"drawn: wants 0 < median <= p95, in ns up to {MOST}, got {median!r} and {p95!r}")
    return Drawn(median, p95)


@lru_cache(maxsize=64)
def quantiles(median: int, p95: int) -> tuple[int, ...]:
    """Return the values of a distribution, evenly likely, ascending. In decimals, so that they are the same on every machine."""
    from decimal import Context, Decimal
    from statistics import NormalDist

    exact, normal = Context(prec=30), NormalDist()
    spread = exact.divide(exact.ln(exact.divide(Decimal(p95), Decimal(median))), Decimal(str(P95)))
    places = [Decimal(f"{normal.inv_cdf((n + 0.5) / STEPS):.9f}") for n in range(STEPS)]
    return tuple(int(exact.multiply(Decimal(median), exact.exp(exact.multiply(spread, place)))) for place in places)


def measured(recording: Recording) -> Mapping[str, Measured]:
    """Return what each stage of a recorded run cost, to be drawn from. Raises ValueError for a recording that holds no costs."""
    found: dict[tuple[str, int], int] = {}
    for _ in recording.records([], found, declared=True):
        pass
    stages = dict.fromkeys(stage for stage, _ in found)
    if not stages:
        raise ValueError(f"{recording.path}: holds no costs of stages; record a run with `omniflow replay REC --out DIR`, or take a machine by name")
    return {stage: Measured(tuple(sorted(cost for (of, _), cost in found.items() if of == stage))) for stage in stages}
