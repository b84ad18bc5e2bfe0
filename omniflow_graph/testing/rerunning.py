"""Hold a graph to what only several runs show: replay is a function, nothing knows the future, chance follows the seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from omniflow_graph.chance import Rng
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.replay import feed_of
from omniflow_graph.events import Event, Wake
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.loading import resolve
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.session import Feed, Session
from omniflow_graph.testing.violation import Violation
from omniflow_graph.trace.diff import diff
from omniflow_graph.trace.trace import Trace

BATCHES = (1, 256)
CUTS = 4  # times at which a session is cut, if none are given
HASH_SEEDS = (1, 2)


def replay_is_a_function(graph: Graph | Plan, what: Any, *, seed: int = 0, batches: Sequence[int] = BATCHES) -> list[Violation]:
    """Run a session twice on the direct engine, and on Bytewax in batches of several sizes: all is the same, to the nanosecond.

    `what` is a Session, a recording or its path.
    """
    planned, feed = graph if isinstance(graph, Plan) else plan(graph), feed_of(what)
    first = run_direct(planned, feed, seed=seed)
    found = _apart(first, run_direct(planned, feed, seed=seed), "a second run")
    return found + [
        each for batch, trace in _on_bytewax(planned, feed, seed, batches) for each in _apart(first, trace, f"Bytewax in batches of {batch}")
    ]


def _on_bytewax(planned: Plan, feed: Feed, seed: int, batches: Sequence[int]) -> Iterator[tuple[int, Trace]]:
    from omniflow_graph.engine.flow import compile_flow

    flow = compile_flow(planned.graph)
    for batch in batches:
        yield batch, flow.run([feed], seed=seed, batch=batch)[feed.name]


def _apart(a: Trace, b: Trace, whose: str) -> list[Violation]:
    """Say in what a run differs from the first one."""
    if a == b:
        return []
    first = diff(a, b)
    if first is not None:
        words = f"{whose} differs: {first}"
        return [Violation("replay_is_a_function", first.time, words)]
    for stage in a.stages:
        for one, other in zip(a.stages[stage], b.stages.get(stage, ())):
            if one != other:
                return [Violation("replay_is_a_function", one.start, f"{whose} differs: stage {stage!r} works as {other}, at first as {one}")]
    return [Violation("replay_is_a_function", 0, f"{whose} differs in causes, stamps, steps, or in what sinks got; not in events")]


def no_output_knows_the_future(graph: Graph | Plan, what: Any, *, at: Iterable[int] | None = None, seed: int = 0) -> list[Violation]:
    """Cut the session at some times, leaving out all that comes later, and find everything up to then as it was.

    `at` are times in ns, by default a few that are drawn from the seed out of those at which something comes in.
    """
    planned = graph if isinstance(graph, Plan) else plan(graph)
    session = held(feed_of(what), planned.graph.sources())
    whole = run_direct(planned, session, seed=seed)
    times = _drawn(session, seed) if at is None else sorted(set(at))
    return [each for time in times for each in _knowing(whole, run_direct(planned, _up_to(session, time), seed=seed), time)]


def held(feed: Feed, sources: Sequence[str]) -> Session:
    """Return what a feed holds as a session of lists."""
    if isinstance(feed, Session):
        return feed
    streams: dict[str, list[Event[Any]]] = {source: [] for source in sources}
    for event in feed.events(sources):
        streams[event.stream].append(event)
    return Session(feed.name, streams, feed.ends(sources), feed.allowance, feed.costs)


def _drawn(session: Session, seed: int) -> list[int]:
    times = sorted({entry[0] for entries in session.sources.values() for entry in entries})
    draws = Rng(seed, session.name, "no_output_knows_the_future")(Wake(0))
    return sorted({times[draws.below(len(times))] for _ in range(CUTS)}) if times else []


def _up_to(session: Session, time: int) -> Session:
    """Leave out what comes in after a time; the session ends when it did, and its costs are what they were."""
    return replace(session, sources={name: [entry for entry in entries if entry[0] <= time] for name, entries in session.sources.items()})


def _knowing(whole: Trace, cut: Trace, time: int) -> Iterator[Violation]:
    for edge in whole.edges:
        then, now = _records(whole, edge, time), _records(cut, edge, time)
        if then != now:
            place = next((n for n, (one, other) in enumerate(pairs(then, now)) if one != other), 0)
            at, seq = (then[place : place + 1] or now[place : place + 1])[0][:2]
            words = f"edge {edge!r}: #{seq} at {at} ns is another if nothing comes in after {time} ns"
            yield Violation("no_output_knows_the_future", at, words, (edge, seq))
    for stage, steps in whole.stages.items():
        then, now = ([step for step in of if step.done <= time] for of in (steps, cut.stages[stage]))
        if then != now:
            yield Violation("no_output_knows_the_future", time, f"stage {stage!r} works otherwise up to {time} ns if nothing comes in after that")


def pairs(then: Sequence[Any], now: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Pair two lists, the shorter one with None at its end."""
    longest = max(len(then), len(now))
    return zip([*then, *[None] * (longest - len(then))], [*now, *[None] * (longest - len(now))])


def _records(trace: Trace, edge: str, time: int) -> list[tuple[int, int, bytes]]:
    return [(event.time, event.seq, digest) for event, digest in zip(trace.edges[edge], trace.payloads[edge]) if event.time <= time]


def draws_follow_the_seed(graph: Graph | Plan, what: Any, *, seeds: Sequence[int] = (0, 1, 2, 3)) -> list[Violation]:
    """Run a session under several seeds: one seed gives one trace, and not all seeds the same one.

    It is for a graph in which something is drawn that shows; of any other the second half is not true.
    """
    planned, feed = graph if isinstance(graph, Plan) else plan(graph), feed_of(what)
    runs = [(seed, run_direct(planned, feed, seed=seed)) for seed in seeds]
    again = run_direct(planned, feed, seed=seeds[0])
    found = [each._replace(invariant="draws_follow_the_seed") for each in _apart(runs[0][1], again, f"a second run with seed {seeds[0]}")]
    if len(seeds) > 1 and all(one.digests == other.digests for (_, one), (_, other) in pairwise(runs)):
        found.append(Violation("draws_follow_the_seed", 0, f"seeds {', '.join(map(str, seeds))} all give the same trace: nothing follows the seed"))
    return found


def another_hash_seed_changes_nothing(case: str, *, seed: int = 0, hash_seeds: Sequence[int] = HASH_SEEDS) -> list[Violation]:
    """Run a case in processes of its own, whose sets of texts are ordered otherwise: all edges have the same digests.

    `case` names a function, `module:function`, that returns (graph, session); its module is found from here.
    """
    runs = [(hash_seed, _elsewhere(case, seed, hash_seed)) for hash_seed in hash_seeds]
    found = []
    for (one, first), (other, second) in pairwise(runs):
        apart = [edge for edge in first if first[edge] != second.get(edge)]
        if apart:
            words = f"edge {apart[0]!r} differs under PYTHONHASHSEED {one} and {other}: something goes by the order of a set"
            found.append(Violation("another_hash_seed_changes_nothing", 0, words))
    return found


def _elsewhere(case: str, seed: int, hash_seed: int) -> dict[str, str]:
    """Run a case in another process. Raises RuntimeError with its last words if it fails."""
    code = f"from omniflow_graph.testing.rerunning import tell; tell({case!r}, {seed})"
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    if said.returncode:
        raise RuntimeError(f"case {case!r} cannot be run in a process of its own: {said.stderr.strip().splitlines()[-1:]}")
    return json.loads(said.stdout.splitlines()[-1])


def tell(case: str, seed: int) -> None:
    """Run a case here, and print the digests of its edges: what `another_hash_seed_changes_nothing` has a process do."""
    graph, session = resolve(case)()
    print(json.dumps(run_direct(graph, feed_of(session), seed=seed).digests))
