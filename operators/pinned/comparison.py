"""Compare a run with what was expected of it: event by event, or where floats may differ by turns and times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from omniflow_graph.events import Event, seconds
from omniflow_graph.trace.diff import EMPTY, Difference, diff
from omniflow_graph.trace.trace import NOT_KEPT, Trace
from omniflow_graph.trace.why import explain, find
from operators.pinned.expectation import EVERYWHERE, MARK, Expectation, here, windows
from operators.reasons import follower
from operators.turns import SPOKEN, Turns, told, turns

WAVE_TOLERANCE_S = 0.05  # how much longer or shorter a turn may sound where floats differ


@dataclass(frozen=True)
class Comparison:
    """Say whether a run is as expected. In `first`, a is what the run did, b what was expected.

    `by` is what was compared: "digests", "turns" or "times". `lost` are turns that are missing now, `new` those that
    were not expected.
    """

    equal: bool
    by: str
    first: Difference | None
    lost: Turns
    new: Turns
    notes: tuple[str, ...]


def compare(expected: Expectation, trace: Trace, *, where: dict[str, str] | None = None) -> Comparison:
    """Compare a run. Digests decide where they can be equal: everywhere for integers, else `where` it was pinned."""
    now, where = told(trace), here() if where is None else where
    lost, new = [turn for turn in expected.turns if turn not in now], [turn for turn in now if turn not in expected.turns]
    if {name: edge.digest for name, edge in expected.edges.items()} == trace.digests:
        return _as_told(expected, trace, lost, new)
    others = _others(expected, where)
    if not others:
        return Comparison(False, "digests", first_difference(expected, trace), lost, new, ())
    by = "turns" if trace.edges.keys() & expected.edges.keys() >= SPOKEN else "times"
    first = _first_turn(expected, trace) if by == "turns" else first_difference(expected, trace, payloads=False)
    lost, new = (lost, new) if first else ([], [])
    return Comparison(first is None, by, first, lost, new, (f"digests differ, and only {by} are compared: pinned elsewhere ({'; '.join(others)})",))


def _as_told(expected: Expectation, trace: Trace, lost: Turns, new: Turns) -> Comparison:
    """Compare what is told of equal events: somebody may have edited it."""
    equal = not lost and not new and (expected.windows, expected.digest) == (windows(trace), trace.digest)
    words = "every event is as expected, and what is told of them is not: the expectation was edited, or turns are told otherwise now"
    return Comparison(equal, "digests", None, lost, new, () if equal else (words,))


def first_difference(expected: Expectation, trace: Trace, *, payloads: bool = True) -> Difference | None:
    """Return the first event that differs, and what fed it; without `payloads` only times and seqs count."""
    now, then = _now(trace, payloads), _then(expected, trace, payloads)
    found = diff(now, then)
    if found is None or (found.a is None and found.b is None):
        edited = found is not None and found.edge in now.edges and found.edge in then.edges
        return replace(found, fed_by="its digest differs, and no event: the expectation was edited") if found and edited else found
    if found.a and found.a.time == found.time:  # of what the run did more is known
        return replace(found, fed_by=explain(follower(now)(find(now, found.edge, found.a.seq))))
    return found


def _now(trace: Trace, payloads: bool) -> Trace:
    """Shorten the digests of a run to what an expectation keeps of them."""
    marks = {edge: [digest[: MARK // 2] if payloads else b"" for digest in digests] for edge, digests in trace.payloads.items()}
    return replace(trace, payloads=marks, digests=trace.digests if payloads else _of_times(trace))


def _then(expected: Expectation, trace: Trace, payloads: bool) -> Trace:
    """Make a trace of what was expected. What the run did the same stands in it as the run's own, with all it holds."""
    then = Trace(trace.session, trace.graph, expected.settings.seed)
    for name, edge in expected.edges.items():
        same = {(e.time, e.seq, d.hex()[:MARK]): e for e, d in zip(trace.edges.get(name, ()), trace.payloads.get(name, ()))}
        then.edges[name] = [
            same.get(row[:3]) or Event(row.time, name, row.seq, NOT_KEPT if row.text is None else row.text, row.made_of) for row in edge.rows
        ]
        then.payloads[name] = [bytes.fromhex(row.mark) if payloads else b"" for row in edge.rows]
        then.digests[name] = edge.digest
    return then if payloads else replace(then, digests=_of_times(then))


def _of_times(trace: Trace) -> dict[str, str]:
    return {edge: str([(event.time, event.seq) for event in events]) if events else EMPTY for edge, events in trace.edges.items()}


def _first_turn(expected: Expectation, trace: Trace) -> Difference | None:
    """Return the first turn that differs, as the event with which it begins to sound."""
    for n, (now, then) in enumerate(zip_longest(told(trace), expected.turns)):
        if now and then and _alike(now, then):
            continue
        mine, other = (_begins(trace, n) if now else None), (_began(expected, then) if then else None)
        index, first = min((each for each in (mine, other) if each), key=lambda each: each[1].time)
        fed_by = explain(follower(trace)(first)) if mine and first is mine[1] else f"because {then and then['cause']}"
        return Difference("play", first.time, index, mine and mine[1], other and other[1], fed_by)
    return None


def _begins(trace: Trace, turn: int) -> tuple[int, Event[Any]]:
    """Find where a turn of the run begins to sound."""
    response = turns(trace)[turn].response
    return next((n, event) for n, event in enumerate(trace["play"]) if hasattr(event.data, "samples") and event.data.response == response)


def _began(expected: Expectation, turn: dict[str, Any]) -> tuple[int, Event[Any]]:
    """Find where a turn that was expected begins to sound."""
    start = seconds(turn["start_s"])
    row = next((row for row in expected.edges["play"].rows if row.time >= start), None)
    index, seq = (expected.edges["play"].rows.index(row), row.seq) if row else (0, 0)
    return index, Event(start, "play", seq, f"{turn['text']}  (until {turn['end_s']:.3f} s)")


def _alike(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return {**a, "end_s": 0} == {**b, "end_s": 0} and abs(a["end_s"] - b["end_s"]) <= WAVE_TOLERANCE_S


def _others(expected: Expectation, where: dict[str, str]) -> list[str]:
    """Name what is not as it was where the expectation was pinned."""
    if expected.exact == EVERYWHERE:
        return []
    then = expected.made_with
    return [
        f"{name} {then.get(name, 'none')}, here {where.get(name, 'none')}" for name in sorted({*then, *where}) if then.get(name) != where.get(name)
    ]
