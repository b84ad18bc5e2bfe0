"""What a session is told from outside while it runs, on its source `control`: be silent, listen, wait, go on, or take this text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from omniflow_graph import Event, Graph

CONTROL, TOLD = "control", "told"
OBEYING = ("scripted", "scripted-fast", "passive")  # models
ACTED_ON = ("interrupt", "force_listen", "text", "pause", "resume")


class Command(NamedTuple):
    """Say what is to be done."""

    do: str
    text: str = ""


def commands(g: Graph) -> str:
    """Add the source `control`, and what of it is acted on; returns that edge."""
    return g.map(TOLD, g.source(CONTROL), command)


def command(event: Event[Any]) -> Command | None:
    """Read a command; None for what is for others to act on, such as `close`, and for what is none."""
    data = event.data
    if isinstance(data, Mapping) and data.get("do") in ACTED_ON:
        return Command(data["do"], str(data.get("text", "")))
    return None


def interrupts(event: Event[Command]) -> Command | None:
    """Pick the orders to be silent."""
    return event.data if event.data.do == "interrupt" else None
