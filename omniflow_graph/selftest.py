"""Run graphs that are described in JSON, so that anyone can compare this engine with another, or with a definition.

    {"graph": {"nodes": [{"kind": "source", "name": "mic"},
                         {"kind": "align", "name": "w", "of": ["mic"], "length": 10}, ...]},
     "events": {"end": 40, "sources": {"mic": [[3, 1]]}, "allowance": 0}}

Operators are small functions on integers, named in `fn` with their `args`. What comes out is JSON, too: the events of
every edge, what they were made of, what each sink got, when each stage worked, and the digests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

from omniflow_graph.canonical import pack
from omniflow_graph.engine.replay import replay
from omniflow_graph.errors import GraphError, RunError
from omniflow_graph.events import Event, Wake, Window
from omniflow_graph.files import whole
from omniflow_graph.graph.graph import Graph
from omniflow_graph.session import Session
from omniflow_graph.trace.trace import Trace

PRIME = 1_000_003


def run_file(path: str, engine: str = "bytewax", batch: int = 64, workers: int = 1) -> dict[str, Any]:
    """Run the case in a file. Raises ValueError if the file is no case."""
    try:
        case = json.loads(whole(Path(path)))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: is not JSON ({error})") from None
    if not isinstance(case, dict) or not {"graph", "events"} <= set(case):
        raise ValueError(f"{path}: wants an object with 'graph' and 'events'")
    try:
        return selftest(case, engine, batch, workers)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: describes no graph: {type(error).__name__}: {error}") from None


def selftest(case: dict[str, Any], engine: str = "bytewax", batch: int = 64, workers: int = 1) -> dict[str, Any]:
    """Run a described case and return its report, or `{"error": kind, "message": ...}` if it means nothing."""
    events = case["events"]
    try:
        graph = build(case["graph"])
        session = Session("selftest", events["sources"], events["end"], events.get("allowance", 0))
        return report(replay(graph, session, engine=engine, batch=batch, workers=workers))
    except (GraphError, RunError) as error:
        return {"error": type(error).__name__, "message": str(error)}


def report(trace: Trace) -> dict[str, Any]:
    """Return all that two engines are compared by."""
    return {
        "edges": {name: [[e.time, e.seq, plain(e.data)] for e in events] for name, events in trace.edges.items()},
        "made_of": {name: [[list(cause) for cause in e.made_of] for e in events] for name, events in trace.edges.items()},
        "sinks": {name: [[e.stream, e.time, e.seq] for e in events] for name, events in trace.sinks.items()},
        "stages": {name: [[s.start, s.done, list(s.taken), list(s.dropped)] for s in steps] for name, steps in trace.stages.items() if steps},
        "digests": trace.digests,
        "run": trace.digest["media"],
    }


def plain(data: Any) -> Any:
    """Return data as JSON shows it."""
    if not isinstance(data, Window):
        return data
    return {**data._asdict(), "events": [[e.stream, e.time, e.seq, plain(e.data)] for e in data.events]}


def build(description: dict[str, Any]) -> Graph:
    """Build a graph from its description. Raises GraphError if it has no meaning."""
    graph = Graph("selftest")
    for node in description["nodes"]:
        if node["kind"] not in _ADD:
            raise GraphError(f"{node['name']}: there is no kind {node['kind']!r}")
        _ADD[node["kind"]](graph, node["name"], node)
    return graph.checked()


def _scan(graph: Graph, name: str, node: dict[str, Any]) -> None:
    state, fn = SCANS[node["fn"]](*node.get("args", ()))
    graph.scan(name, *node["of"], fn=fn, state=state, wakes=node.get("wakes", ()))


def _stage(graph: Graph, name: str, node: dict[str, Any]) -> None:
    state, fn = STAGES[node["fn"]](*node.get("args", ()))
    graph.stage(name, *node["of"], fn=fn, state=state, cost=_cost(node["cost"], name), overrun=node["overrun"])


_ADD: dict[str, Callable[[Graph, str, dict[str, Any]], Any]] = {
    "source": lambda g, name, node: g.source(name),
    "map": lambda g, name, node: g.map(name, *node["of"], fn=MAPS[node["fn"]](*node.get("args", ()))),
    "scan": _scan,
    "merge": lambda g, name, node: g.merge(name, *node["of"]),
    "align": lambda g, name, node: g.align(name, *node["of"], length=node["length"]),
    "stage": _stage,
    "feedback": lambda g, name, node: g.feedback(name, *node["of"], target=node["to"], delay=node["delay"]),
    "sink": lambda g, name, node: g.sink(name, *node.get("of", ())),
}


def number(data: Any) -> int:
    """Boil any data down to one small integer."""
    if isinstance(data, Window):
        data = [data.k, data.start, data.end, data.partial, [[e.time, e.seq, e.data] for e in data.events]]
    if not isinstance(data, (list, tuple)):
        return int(data) % PRIME
    value = 7
    for item in data:
        value = (31 * value + number(item)) % PRIME
    return value


def _cost(cost: Any, stage: str) -> Any:
    """Return a cost as a graph takes it: a constant, a table, or a draw that depends on the event alone."""
    if not isinstance(cost, dict):
        return cost

    def drawn(event: Event[Any]) -> int:
        place = pack([stage, event.stream, event.seq])
        return int.from_bytes(blake2b(place, key=pack(cost["seed"]), digest_size=8).digest(), "big") % cost["below"]

    return drawn


# Maps: event -> data, or None for nothing.


def same() -> Callable[..., Any]:
    """Pass data on."""
    return lambda event: event.data


def add(n: int) -> Callable[..., Any]:
    """Add a number."""
    return lambda event: (number(event.data) + n) % PRIME


def keep(modulus: int, rest: int) -> Callable[..., Any]:
    """Pass on only numbers with this rest."""
    return lambda event: value if (value := number(event.data)) % modulus == rest else None


# Scans: each returns its first state and (state, event or Wake) -> (state, answers).


def count() -> tuple[Any, Callable[..., Any]]:
    """Number what comes."""
    return 0, lambda n, cause: (n + 1, [(cause.time, n)])


def burst(n: int) -> tuple[Any, Callable[..., Any]]:
    """Answer with as many events as the data says, all at once."""

    def step(state: Any, cause: Any) -> tuple[Any, list]:
        return state, [] if isinstance(cause, Wake) else [(cause.time, i) for i in range(number(cause.data) % n)]

    return None, step


def ahead(by: int) -> tuple[Any, Callable[..., Any]]:
    """Answer later than the cause, never before the last answer."""

    def step(last: int, cause: Any) -> tuple[int, list]:
        value = number(cause.data)
        time = max(last, cause.time + by * (value % 3))
        return time, [(time, value)]

    return 0, step


def player(period: int, units: int) -> tuple[Any, Callable[..., Any]]:
    """Play units of a period each, and say after each how many were heard."""

    def step(state: tuple[int, int], cause: Any) -> tuple[tuple[int, int], list]:
        left, heard = state
        if not isinstance(cause, Wake):
            return (left + 1 + number(cause.data) % units, heard), [] if left else [Wake(cause.time + period)]
        answers: list[Any] = [(cause.time, heard + 1)]
        return (left - 1, heard + 1), answers + ([Wake(cause.time + period)] if left > 1 else [])

    return (0, 0), step


def user(patience: int, words: int) -> tuple[Any, Callable[..., Any]]:
    """Speak word by word some time after an odd number; fall silent at an even one."""

    def step(left: int, cause: Any) -> tuple[int, list]:
        if not isinstance(cause, Wake):
            return (words, [Wake(cause.time + patience)]) if number(cause.data) % 2 else (0, [])
        return (left - 1, [(cause.time, left), Wake(cause.time + patience)]) if left else (0, [])

    return 0, step


def watchdog(after: int) -> tuple[Any, Callable[..., Any]]:
    """Bark when nothing came for a while."""

    def step(last: int, cause: Any) -> tuple[int, list]:
        if not isinstance(cause, Wake):
            return cause.time, [Wake(cause.time + after)]
        return last, [(cause.time, last)] if cause.time - last >= after else []

    return 0, step


def clock(period: int) -> tuple[Any, Callable[..., Any]]:
    """Say, period by period and until the End, how many events came."""

    def step(n: int, cause: Any) -> tuple[int, list]:
        return (0, [(cause.time, n), Wake(cause.time + period)]) if isinstance(cause, Wake) else (n + 1, [])

    return 0, step


def early(by: int) -> tuple[Any, Callable[..., Any]]:
    """Answer before the cause: an error."""
    return None, lambda state, cause: (state, [(cause.time - by, 0)])


def restless(by: int) -> tuple[Any, Callable[..., Any]]:
    """Answer later, and then earlier than that: an error on some data."""
    return None, lambda state, cause: (state, [(cause.time + by * (number(cause.data) % 2), 0)])


def hasty() -> tuple[Any, Callable[..., Any]]:
    """Ask to be woken at once: an error."""
    return None, lambda state, cause: (state, [Wake(cause.time)])


# Stages: each returns its first state and (state, event) -> (state, answers).


def total() -> tuple[Any, Callable[..., Any]]:
    """Answer with one number that depends on all that ever came."""

    def step(state: int, event: Event[Any]) -> tuple[int, list[int]]:
        value = number([state, event.data])
        return value, [value]

    return 0, step


def some(n: int) -> tuple[Any, Callable[..., Any]]:
    """Answer with none, one or several numbers."""

    def step(state: Any, event: Event[Any]) -> tuple[Any, list[int]]:
        value = number(event.data)
        return state, [value + i for i in range(value % n)]

    return None, step


def size() -> tuple[Any, Callable[..., Any]]:
    """Answer with how many events a window holds."""
    return None, lambda state, event: (state, [len(event.data.events) if isinstance(event.data, Window) else 1])


MAPS: dict[str, Callable[..., Any]] = {fn.__name__: fn for fn in (same, add, keep)}
SCANS: dict[str, Callable[..., Any]] = {fn.__name__: fn for fn in (count, burst, ahead, player, user, watchdog, clock, early, restless, hasty)}
STAGES: dict[str, Callable[..., Any]] = {fn.__name__: fn for fn in (total, some, size)}
