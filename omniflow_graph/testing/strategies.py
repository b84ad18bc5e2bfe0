"""Draw what comes into a graph, with Hypothesis: payloads of a type, events of a stream, sessions for a graph's sources."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

try:
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("drawing needs Hypothesis; pip install 'omniflow-graph[sim]'", name=error.name) from error

from omniflow_graph.events import seconds
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.payload_types import shown
from omniflow_graph.session import Session

Entries = list[tuple[int, Any]]  # (time, payload), times never decreasing

FRAME = 320  # samples: 20 ms at 16 kHz
LONGEST = seconds(4)
NUMBERS = st.integers(-(1 << 31), (1 << 31) - 1)

# Sound is silence or a buzz, a picture one of four that can be told apart: what detectors go by, and quick to shrink.
BUZZ = (np.arange(FRAME) % 100 * 120 - 6_000).astype("<i2").tobytes()
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    Any: st.integers(0, 9),
    int: NUMBERS,
    float: st.floats(allow_nan=False, width=32),
    bool: st.booleans(),
    str: st.text(max_size=8),
    bytes: st.binary(max_size=8),
    type(None): st.none(),
    np.ndarray: st.lists(st.integers(-32768, 32767), max_size=8).map(lambda numbers: np.array(numbers, "<i2")),
}
NAMED: dict[str, st.SearchStrategy[Any]] = {
    "Pcm16": st.sampled_from((bytes(2 * FRAME), BUZZ)),
    "Jpeg": st.sampled_from(tuple(b"\xff\xd8 picture %d \xff\xd9" % n for n in range(4))),
}


def payloads(of: Any) -> st.SearchStrategy[Any]:
    """Draw payloads of a type: numbers, text, bytes, arrays, sound, pictures, unions, lists, tuples, records of these.

    Raises TypeError for a type of which nobody knows how to make one.
    """
    kind, arguments = get_origin(of) or of, get_args(of)
    if getattr(of, "__supertype__", None) is not None:
        return NAMED[of.__name__] if of.__name__ in NAMED else payloads(of.__supertype__)
    if kind in (Union, types.UnionType):
        return st.one_of(*map(payloads, arguments))
    if kind is Literal:
        return st.sampled_from(arguments)
    if kind is tuple:
        rest = arguments[1:] == (...,)
        return st.lists(payloads(arguments[0]), max_size=4).map(tuple) if rest else st.tuples(*map(payloads, arguments))
    if kind in (list, Sequence):
        return st.lists(payloads(arguments[0] if arguments else Any), max_size=4)
    if kind in (dict, Mapping):
        return st.dictionaries(st.text(max_size=4), payloads(arguments[1] if arguments else Any), max_size=4)
    if kind in PLAIN:
        return PLAIN[kind]
    return _records(of)


def _records(of: Any) -> st.SearchStrategy[Any]:
    """Draw records: each field by its annotation."""
    names: Any = getattr(of, "_fields", None) or ([field.name for field in fields(of) if field.init] if is_dataclass(of) else None)
    if not names:
        raise TypeError(f"nobody knows how to draw payloads of the type {shown(of)}; hand a strategy for them, as in payloads={{source: ...}}")
    hints, made = get_type_hints(of), cast(Callable[..., Any], of)
    return st.builds(made, **{name: payloads(hints.get(name, Any)) for name in names})


def times(end: int = LONGEST, grid: int = seconds(0.1)) -> st.SearchStrategy[int]:
    """Draw a time in [0, end) that is likely to be that of something else, a window's edge, or next to one of these."""
    near = st.builds(lambda n, off: min(max(0, n * grid + off), end - 1), st.integers(0, (end - 1) // grid), st.sampled_from((0, 0, 1, -1)))
    return st.one_of(near, st.integers(0, end - 1))


def events(of: Any = Any, *, end: int = LONGEST, most: int = 12, grid: int = seconds(0.1)) -> st.SearchStrategy[Entries]:
    """Draw a stream as a Session takes it: up to `most` times (time, payload). `of` is a type, or a strategy for payloads.

    >>> from hypothesis import find
    >>> find(events(int), lambda stream: len(stream) == 1)
    [(0, 0)]
    """
    each = of if isinstance(of, st.SearchStrategy) else payloads(of)
    return st.lists(st.tuples(times(end, grid), each), max_size=most).map(lambda stream: sorted(stream, key=lambda entry: entry[0]))


@st.composite
def jittered(draw: st.DrawFn, stream: Sequence[tuple[int, Any]], most: int, *, end: int | None = None) -> Entries:
    """Draw the same stream with each event up to `most` ns later, in the order of the new times; none at `end` or later."""
    last = (1 << 62) if end is None else end - 1
    later = [(min(time + draw(st.integers(0, most)), max(time, last)), payload) for time, payload in stream]
    return sorted(later, key=lambda entry: entry[0])


def span(graph: Graph) -> int:
    """Return how long 4 of the longest windows of a graph are, or 400 of the shortest if that is less; of none, 4 s."""
    windows = _windows(graph)
    return min(4 * max(windows), 400 * min(windows))


def _windows(graph: Graph) -> list[int]:
    return [node.length for node in graph.nodes.values() if node.kind == "align"] or [seconds(1)]


@st.composite
def sessions(
    draw: st.DrawFn,
    graph: Graph,
    *,
    longest: int | None = None,
    most: int = 12,
    payloads: Mapping[str, st.SearchStrategy[Any]] | None = None,
    name: str = "drawn",
) -> Session:
    """Draw a session for a graph: on each source up to `most` events of its type, and an end after all of them.

    `longest` is 4 of the graph's windows by default. `payloads` are strategies for single sources, where their types do
    not say enough. Times are often tenths of a window, so that things happen at once. Raises TypeError for a source whose
    type nobody knows how to draw, ValueError for payloads of a source that there is not.
    """
    given, longest = payloads or {}, longest or span(graph)
    grid = max(1, min(_windows(graph)) // 10)
    if unknown := given.keys() - set(graph.sources()):
        raise ValueError(f"graph {graph.name!r} has no source {', '.join(sorted(unknown))}; its sources are {', '.join(graph.sources())}")
    end = draw(st.one_of(times(longest, grid).map(lambda time: time + 1), st.just(longest)), label="end")
    streams = {
        source: draw(events(given.get(source, graph.type_of(source)), end=end, most=most, grid=grid), label=source) for source in graph.sources()
    }
    return Session(name, streams, end)
