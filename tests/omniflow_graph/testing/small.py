"""A graph that has a bit of everything, and a session in which much happens at once. Times are nanoseconds, windows 10 of them."""

from __future__ import annotations

from omniflow_graph import Event, Graph, Session, Trace
from omniflow_graph.engine.direct import run_direct


def odd(event: Event[int]) -> int | None:
    return event.data // 2 if event.data % 2 else None


def count(n: int, event: Event) -> tuple[int, list[int]]:
    return n + len(event.data.events), [n]


def small() -> Graph:
    g = Graph("small")
    mic, eye = g.source("mic", int), g.source("eye", int)
    both = g.merge("both", mic, eye)
    g.feedback("echo", g.map("odd", both, odd), both, delay=7)
    g.sink("out", g.stage("count", g.align("window", both, mic, length=10), count, state=0, cost=3), both)
    return g


SESSION = Session("small", {"mic": [(0, 1), (0, 2), (10, 3), (20, 4)], "eye": [(0, 9), (10, 8), (20, 6)]}, end=35)


def ran() -> Trace:
    return run_direct(small(), SESSION)
