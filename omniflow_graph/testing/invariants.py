"""Hold a trace to what is true of any graph: times, windows, merges, stages. Each invariant lists what breaks it.

They are checked against what they should come from, edge by edge, and not against the engine: they hold of a run that is
under way, too. What an edge holds by reference only, in a stored trace, is not judged.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from omniflow_graph.events import Event, Window, ready
from omniflow_graph.graph.nodes import Node
from omniflow_graph.testing.violation import Violation
from omniflow_graph.trace.trace import NOT_KEPT, Trace

Invariant = Callable[[Trace], list[Violation]]


def times_in_order(trace: Trace) -> list[Violation]:
    """On an edge times never decrease and numbers grow; nothing is before its cause, a map and feedback keep its time."""
    return [each for edge in trace.edges for each in (*_disorder(trace, edge), *_too_early(trace, edge))]


def _disorder(trace: Trace, edge: str) -> Iterator[Violation]:
    for one, next in pairwise(trace.edges[edge]):
        if one.time > next.time or one.seq >= next.seq:
            words = f"edge {edge!r}: #{next.seq} at {next.time} ns comes after #{one.seq} at {one.time} ns"
            yield Violation("times_in_order", next.time, words, (edge, next.seq))


def _too_early(trace: Trace, edge: str) -> Iterator[Violation]:
    back = trace.graph.feedbacks.get(edge)
    exact = back.delay if back else 0 if trace.graph.nodes[edge].kind in ("map", "merge") else None
    for event in trace.edges[edge]:
        for stream, first, last in event.made_of:
            cause = _numbered(trace.edges.get(stream, ()), last)
            if cause is None and stream not in trace.elsewhere:
                words = f"edge {edge!r}: #{event.seq} is made of {stream} #{first}..{last}, which is not there"
                yield Violation("times_in_order", event.time, words)
            elif cause and (cause.time > event.time or (exact is not None and event.time != cause.time + exact)):
                wanted = "no earlier than" if exact is None else f"{exact} ns after"
                words = f"edge {edge!r}: #{event.seq} at {event.time} ns is not {wanted} its cause, {stream} #{last} at {cause.time} ns"
                yield Violation("times_in_order", event.time, words, (edge, event.seq))


def windows_tile_time(trace: Trace) -> list[Violation]:
    """Window k is [k * length, (k + 1) * length): no gap, no overlap, each event of the inputs in that of its time, once."""
    return [each for node in _nodes(trace, "align") for each in (*_tiles(trace, node), *_contents(trace, node), *_lasting(trace, node))]


def _tiles(trace: Trace, node: Node) -> Iterator[Violation]:
    length, windows = _length(trace, node), trace.edges[node.name]
    for k, event in enumerate(windows):
        place, data = (node.name, event.seq), event.data
        if (event.seq, event.time) != (k, (k + 1) * length):
            words = f"{node.name!r}: wants window {k} at {(k + 1) * length} ns, got #{event.seq} at {event.time} ns"
            yield Violation("windows_tile_time", event.time, words, place)
        elif isinstance(data, Window) and (data.k, data.start, data.end) != (k, k * length, (k + 1) * length):
            words = f"{node.name!r}: wants window {k} to be [{k * length}, {(k + 1) * length}), got {data.k}: [{data.start}, {data.end})"
            yield Violation("windows_tile_time", event.time, words, place)
        elif isinstance(data, Window) and data.partial and k < len(windows) - 1:
            yield Violation("windows_tile_time", event.time, f"{node.name!r}: window {k} is partial, and not the last", place)


def _contents(trace: Trace, node: Node) -> Iterator[Violation]:
    """Compare what each window holds with its inputs, cut at multiples of the length."""
    if any(edge in trace.elsewhere for edge in node.inputs):
        return
    length = _length(trace, node)
    for k, event in enumerate(trace.edges[node.name]):
        wanted = _cut(trace, node, k * length, (k + 1) * length)
        if isinstance(event.data, Window):
            got = [(each.time, each.stream, each.seq) for each in event.data.events]
        else:
            got = [(each.time, edge, each.seq) for edge, first, last in event.made_of for each in _ranged(trace.edges[edge], first, last)]
            wanted, got = sorted(wanted), sorted(got)
        if got != wanted:
            yield Violation("windows_tile_time", event.time, f"{node.name!r}: window {k} {_apart(got, wanted)}", (node.name, event.seq))


def _cut(trace: Trace, node: Node, start: int, end: int) -> list[tuple[int, str, int]]:
    found = []
    for port, edge in enumerate(node.inputs):
        events = trace.edges[edge]
        first, last = (bisect_left(events, time, key=lambda event: event.time) for time in (start, end))
        found += [(event.time, port, event.seq) for event in events[first:last]]
    return [(time, node.inputs[port], seq) for time, port, seq in sorted(found)]


def _apart(got: Sequence[Any], wanted: Sequence[Any]) -> str:
    """Say in what two lists of (time, stream, seq) differ."""
    for words, one, other in (("lacks", wanted, got), ("holds", got, wanted)):
        if left := [each for each in one if each not in other]:
            time, stream, seq = left[0]
            rest = f" and {len(left) - 1} more" * (len(left) > 1)
            return f"{words} {stream} #{seq} at {time} ns{rest}" + (", which belongs elsewhere" if words == "holds" else "")
    if len(got) != len(wanted):
        twice = next(each for n, each in enumerate(got) if each in got[:n])
        return f"holds {twice[1]} #{twice[2]} at {twice[0]} ns twice"
    place = next(n for n, (one, other) in enumerate(zip(got, wanted)) if one != other)
    return f"holds {got[place][1]} #{got[place][2]} where {wanted[place][1]} #{wanted[place][2]} should stand"


def _lasting(trace: Trace, node: Node) -> Iterator[Violation]:
    """Once a run is over, windows last until the End of what an align reads forward."""
    ends = [_end(trace, edge) for edge in node.forward]
    if not trace.complete or None in ends:
        return
    length, number, end = _length(trace, node), len(trace.edges[node.name]), max(end or 0 for end in ends)
    if length and number != -(-end // length):
        yield Violation("windows_tile_time", end, f"{node.name!r}: wants {-(-end // length)} windows up to the End at {end} ns, got {number}")


def _end(trace: Trace, edge: str) -> int | None:
    """Return the End of an edge where it follows from those of the sources: maps and merges add nothing to them."""
    node = trace.graph.nodes[edge]
    if node.kind not in ("map", "merge"):
        return trace.ends.get(edge)
    ends = [_end(trace, of) for of in node.forward]
    return None if None in ends else max(end or 0 for end in ends)


def merges_in_order(trace: Trace) -> list[Violation]:
    """A merge and a sink hold all that they read, once each, in the order (time, order of the inputs, seq)."""
    found = [each for node in _nodes(trace, "merge") for each in _merged(trace, node, [_origin(event) for event in trace.edges[node.name]])]
    sinks = ((node, trace.sinks[node.name]) for node in trace.graph.nodes.values() if node.name in trace.sinks)
    return found + [each for node, events in sinks for each in _merged(trace, node, [(event.time, event.stream, event.seq) for event in events])]


def _merged(trace: Trace, node: Node, got: list[tuple[int, str, int]]) -> Iterator[Violation]:
    if any(edge in trace.elsewhere for edge in node.inputs):
        return
    whole = _cut(trace, node, 0, 1 << 63)
    rest = whole[len(got) :] if trace.complete else []
    if got != whole[: len(got)]:
        place = next(n for n, each in enumerate(got) if n >= len(whole) or each != whole[n])
        time, stream, seq = got[place]
        wanted = f"{whole[place][1]} #{whole[place][2]} at {whole[place][0]} ns" if place < len(whole) else "nothing"
        yield Violation("merges_in_order", time, f"{node.name!r}: wants {wanted} in place {place}, got {stream} #{seq} at {time} ns", (stream, seq))
    elif lost := [each for each in rest if node.kind == "sink" or each[1] in node.forward]:
        yield Violation("merges_in_order", lost[0][0], f"{node.name!r}: {lost[0][1]} #{lost[0][2]} is lost", lost[0][1:])


def _origin(event: Event[Any]) -> tuple[int, str, int]:
    return event.time, *event.made_of[0][:2]


def stages_take_turns(trace: Trace) -> list[Violation]:
    """A stage takes or drops each event once, one after the other, none before it is ready; it answers when it is done."""
    return [each for node in _nodes(trace, "stage") for each in (*_turns(trace, node), *_answers(trace, node))]


def _turns(trace: Trace, node: Node) -> Iterator[Violation]:
    steps, came = trace.stages.get(node.name, []), trace.edges[node.inputs[0]]
    seen: dict[int, int] = {}
    for step in steps:
        for seq in {*step.taken, *step.dropped}:
            event = _numbered(came, seq)
            if event is None or seq in seen:
                what = "twice" if seq in seen else "and nobody gave it that"
                yield Violation("stages_take_turns", step.start, f"stage {node.name!r} takes #{seq} {what}")
            elif seq in step.taken and event.data is not NOT_KEPT and ready(event) > step.start:
                words = f"stage {node.name!r} starts on #{seq} at {step.start} ns, which is ready at {ready(event)} ns"
                yield Violation("stages_take_turns", step.start, words, (event.stream, seq))
            seen[seq] = step.start
    for one, next in pairwise(step for step in steps if step.taken):
        if one.done > next.start:
            yield Violation("stages_take_turns", next.start, f"stage {node.name!r} starts at {next.start} ns, and is busy until {one.done} ns")
    if trace.complete and node.inputs[0] not in trace.elsewhere and (left := [event for event in came if event.seq not in seen]):
        yield Violation("stages_take_turns", left[0].time, f"stage {node.name!r} never takes #{left[0].seq}", (left[0].stream, left[0].seq))


def _answers(trace: Trace, node: Node) -> Iterator[Violation]:
    """An answer has the time at which its step is done, and is not of one that a fence dropped."""
    done = {step.taken[-1]: step.done for step in trace.stages.get(node.name, ()) if step.taken and not {*step.taken} & {*step.dropped}}
    for event in trace.edges[node.name]:
        last = max((last for stream, _, last in event.made_of if stream == node.inputs[0]), default=-1)
        if event.time != done.get(last):
            words = f"stage {node.name!r} answers #{last} at {event.time} ns, and is done with it at {done.get(last, 'no time')} ns"
            yield Violation("stages_take_turns", event.time, words, (node.name, event.seq))


ALWAYS: tuple[Invariant, ...] = (times_in_order, windows_tile_time, merges_in_order, stages_take_turns)


def broken(trace: Trace) -> list[Violation]:
    """List what breaks the invariants of any graph, in the order of the invariants.

    >>> from omniflow_graph import Graph, Session, replay, seconds
    >>> g = Graph("count")
    >>> _ = g.sink("out", g.align("window", g.source("mic"), length=seconds(1)))
    >>> broken(replay(g, Session("s", {"mic": [(0, 1), (seconds(1), 2)]}, end=seconds(2.5))))
    []
    """
    return [each for invariant in ALWAYS for each in invariant(trace)]


def _nodes(trace: Trace, kind: str) -> list[Node]:
    return [node for node in trace.graph.nodes.values() if node.kind == kind]


def _length(trace: Trace, node: Node) -> int:
    """Return how long the windows of an align are; of a stored trace, whose graph does not say, by its first window."""
    first = next(iter(trace.edges[node.name]), None)
    return node.length or (first.time // (first.seq + 1) if first else 0)


def _numbered(events: Sequence[Event[Any]], seq: int) -> Event[Any] | None:
    return next(iter(_ranged(events, seq, seq)), None)


def _ranged(events: Sequence[Event[Any]], first: int, last: int) -> Sequence[Event[Any]]:
    return events[bisect_left(events, first, key=lambda event: event.seq) : bisect_right(events, last, key=lambda event: event.seq)]
