"""Sum up what a run came to, in figures: how stages kept their deadlines, what was dropped and what came late.

Other packages add figures of their own under the entry-point group `omniflow.summaries`: functions of a trace that return figures,
none where it has nothing to count, in the order of their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Any, NamedTuple

from omniflow_graph.events import SECOND
from omniflow_graph.trace.deadlines import deadlines, flushed
from omniflow_graph.trace.trace import Trace

GROUP = "omniflow.summaries"


class Figure(NamedTuple):
    """Hold one figure: its key and value for machines, JSON as it stands; its name and how it is shown for people.

    `of` says of how many, or how it came about; `shown` is empty where there was nothing to count. A `bad` one is marked.
    """

    key: str
    value: Any
    name: str
    shown: str
    of: str = ""
    bad: bool = False


class Summary(NamedTuple):
    """Hold the figures of a run, and why some could not be found."""

    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return the figures by key, as they are printed as JSON."""
        return {figure.key: figure.value for figure in self.figures}


def summary(trace: Trace, added: Mapping[str, Callable[[Trace], Sequence[Figure]]] | None = None) -> Summary:
    """Sum up a run: first what other packages found in it, then what is true of any graph.

    `added` stands for what is registered. Where that refuses a trace with ValueError, its words become a note.

    >>> from omniflow_graph import Graph, Session, replay
    >>> g = Graph("echo")
    >>> _ = g.sink("out", g.source("mic", int))
    >>> summary(replay(g, Session("none", {"mic": []}, end=SECOND)), {}).figures
    ()
    """
    figures: list[Figure] = []
    notes: list[str] = []
    for count in (registered() if added is None else added).values():
        try:
            figures += count(trace)
        except ValueError as error:
            notes.append(str(error))
    return Summary((*figures, *_kept(trace), *_dropped(trace), *_late(trace)), tuple(notes))


@cache
def registered() -> Mapping[str, Callable[[Trace], Sequence[Figure]]]:
    """Load what other packages count."""
    return {entry.name: entry.load() for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def _kept(trace: Trace) -> Iterator[Figure]:
    """Yield how each stage kept its deadlines."""
    for stage, steps, missed, latest in deadlines(trace):
        value = {"missed": missed, "steps": steps, "latest_s": latest / SECOND}
        worst = f", the latest by {latest / SECOND:.2f} s" if latest else ""
        yield Figure(f"deadlines/{stage}", value, f"{stage}: deadlines missed", str(missed), f"of {steps} steps{worst}", missed > 0)


def _dropped(trace: Trace) -> Iterator[Figure]:
    """Yield what stages dropped for want of time, and what a fence made them let go of."""
    for stage, steps in trace.stages.items():
        for name, words, at_a_fence in (("dropped", "for want of time", False), ("flushed", "let go of at a fence", True)):
            if lost := sum(len(step.dropped) for step in steps if flushed(step) is at_a_fence):
                yield Figure(f"{name}/{stage}", lost, f"{stage}: {name}", str(lost), words, not at_a_fence)


def _late(trace: Trace) -> Iterator[Figure]:
    """Yield what came too late for its time, and by how much at most."""
    for edge, events in trace.edges.items():
        late = [event for event in events if event.stamps and event.stamps.late]
        if late:
            most = max(_moved(late), default=0)
            value = {"late": len(late), "events": len(events), "most_s": most / SECOND}
            yield Figure(f"late/{edge}", value, f"{edge}: too late", str(len(late)), f"of {len(events)}, by up to {most / SECOND:.3f} s", True)


def _moved(late: Iterable[Any]) -> Iterator[int]:
    """Yield by how much events were moved from when they were captured."""
    return (event.time - event.stamps.captured for event in late if event.stamps.captured is not None)
