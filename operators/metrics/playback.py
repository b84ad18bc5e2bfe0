"""Reckon what waited to be heard: how much sound lay ahead of the loudspeaker, and how old words were when they came out of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from omniflow_graph import Trace
from omniflow_graph.events import SECOND
from omniflow_graph.trace.summary import Figure
from operators.report.words import Spoken, spoken_words
from operators.turns import SPOKEN, turns
from operators.words import duration

Points = list[tuple[int, int]]  # time, and how much then: nanoseconds


def figures(trace: Trace) -> list[Figure]:
    """Return the longest lead and the greatest staleness of a run; none of a graph in which nobody speaks, or where nothing was said.

    Raises ValueError where the trace did not keep what was decided and said.
    """
    if not trace.edges.keys() >= SPOKEN or not turns(trace):  # which refuses what cannot be read
        return []
    words = spoken_words(trace)
    ahead, old = (max((much for _, much in points), default=0) / SECOND for points in (lead(trace), staleness(trace, words)))
    return [
        Figure("longest_lead_s", ahead, "longest lead", f"{ahead:.2f} s", "of sound that waited to be played"),
        Figure("oldest_word_s", old, "oldest word when heard", f"{old:.2f} s", f"of {len(words)}, since its window ended"),
    ]


def lead(trace: Trace) -> Points:
    """Return how much sound waits to be played: it grows when a wave comes, and runs down as it sounds. Straight lines lie between."""
    found: Points = []
    full = 0
    stops = [(event.time, 0) for event in trace.edges.get("fence", ())]
    for time, n in sorted([(e.time, duration(len(e.data.samples))) for e in trace.edges.get("wave", ()) if hasattr(e.data, "samples")] + stops):
        if full <= time:
            found += [(full, 0)] if full else []
            found.append((time, 0))
        else:
            found.append((time, full - time))
        full = max(full, time) + n if n else time
        found.append((time, full - time))
    return [*found, (full, 0)] if found else []


def staleness(trace: Trace, words: Iterable[Spoken]) -> Points:
    """Return how old what a word was decided on is when it is heard, counted from the end of the window, or from the decision."""
    ends = {window.k: window.end for window in windows_of(trace)}
    decided = [(word, trace["decide"][word.decision].data.k) for word in words if word.decision >= 0]
    return [(word.heard, word.heard - ends.get(k, word.decided)) for word, k in decided]


def windows_of(trace: Trace) -> list[Any]:
    """Return the windows that decisions are made on, also of a stored trace: those of the first align."""
    aligned = next((name for name, node in trace.graph.nodes.items() if node.kind == "align"), None)
    events = trace.edges.get(aligned, []) if aligned else []
    return [event.data for event in events if hasattr(event.data, "start")]
