"""A graph that breaks on certain frames, in an operator of each kind."""

from __future__ import annotations

from typing import Any

from omniflow_graph import Event, Graph, Pcm16, Wake, seconds

BREAKS = {"map": b"\x7f", "scan": b"\x7e", "stage": b"\x7d"}  # what a frame begins with, by where it breaks the graph


def breaking() -> Graph:
    """Count frames in windows."""
    g = Graph("breaking")
    looked = g.map("look", g.source("env-audio", Pcm16), look)
    window = g.align("window", g.scan("hear", looked, hear, state=0), length=seconds(0.2))
    g.sink("out", g.stage("work", window, work))
    return g


def look(event: Event[Pcm16]) -> Pcm16:
    """Break on a frame that breaks a map."""
    return checked(event.data, "map")


def hear(count: int, cause: Event[Pcm16] | Wake) -> Any:
    """Break on a frame that breaks a scan."""
    return (count, []) if isinstance(cause, Wake) else (count + 1, [(cause.time, checked(cause.data, "scan"))])


def work(state: Any, event: Event[Any]) -> Any:
    """Break on a frame that breaks a stage."""
    return state, [len([checked(each.data, "stage") for each in event.data.events])]


def checked(pcm: Pcm16, where: str) -> Pcm16:
    """Raise ZeroDivisionError for a frame that breaks this operator."""
    if pcm[:1] == BREAKS[where]:
        raise ZeroDivisionError(f"broke the {where}")
    return pcm
