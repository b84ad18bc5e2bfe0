"""Close the loop: put a user, a room and a camera where a graph has its sources, and let them hear what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from omniflow_graph import Graph, GraphError, Session, Trace, replay
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.replay import check_seed
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.trace.trace import Note
from operators.duplex import duplex
from simulations.faults.faulty import with_faults
from simulations.room.camera import Camera, look_in
from simulations.room.microphone import Microphone, listen_in
from simulations.room.users import User, behave, talk
from simulations.scenario import Scenario

SOUND, SIGHT = "env-audio", "env-visual"
SOON = 1  # ns: what is said is heard at once, but not before it was said
Faults = tuple[tuple[str, str], ...]  # edge, and fault as text


def closed(graph: Graph, *, hears: str = "play", faults: Faults = ()) -> Graph:
    """Return a graph whose sources of sound and pictures are a simulated room, with a user who hears the edge `hears`.

    What comes in is one event, the Scenario, on the source `scenario`; on `user` and `talker` is what people say. The same
    graph serves all scenarios that have these `faults`, and all seeds. Other sources stay as they are. Raises GraphError
    for a graph without a source `env-audio` or the edge `hears`, and for one that wants to be told what was heard.
    """
    _check(graph, hears)
    world = _closed(graph, hears, 0)
    if not _can_run(world):  # no window stands between what is heard and what is said
        world = _closed(graph, hears, SOON)
    return with_faults(world, faults) if faults else world


def _closed(graph: Graph, hears: str, delay: int) -> Graph:
    world = Graph(f"{graph.name}, simulated")
    inputs = _room(world, SIGHT in graph.sources())
    for node in graph.nodes.values():
        if node.name not in (SOUND, SIGHT):
            world.add(node)
    world.feedback("hears", hears, inputs[0], delay=delay)
    world.feedback("echo", hears, inputs[1], delay=delay)
    for edge in graph.feedbacks.values():
        world.feedback(edge.name, edge.origin, edge.target, delay=edge.delay)
    return world


def _can_run(world: Graph) -> bool:
    try:
        world.checked()
    except GraphError:
        return False
    return True


def _check(graph: Graph, hears: str) -> None:
    sources = graph.sources()
    if SOUND not in sources:
        raise GraphError(f"graph {graph.name!r}: has no source {SOUND!r} to hear the user with; it has {', '.join(sources)}")
    if "playback" in sources:
        raise GraphError(f"graph {graph.name!r}: wants to be told on 'playback' what was heard, and nobody would; build it with playback='simulated'")
    if hears not in graph.edges():
        raise GraphError(f"graph {graph.name!r}: has no edge {hears!r} that says what sounds; name it: closed(graph, hears=...)")


def _room(world: Graph, seen: bool) -> tuple[str, str]:
    """Add the people, the microphone and the camera; return where what sounds is fed back."""
    scenario = world.source("scenario", Scenario)
    around = world.merge("around", scenario)
    user, talker = world.scan("user", around, behave, state=User()), world.scan("talker", scenario, talk, state=User())
    acoustics = world.merge("acoustics", scenario, user, talker)
    if seen:
        world.scan(SIGHT, scenario, look_in, state=Camera())
    world.scan(SOUND, acoustics, listen_in, state=Microphone())
    world.sink("people", user, talker)
    return around, acoustics


def session_of(scenario: Scenario, seed: int = 0, given: Mapping[str, Sequence[Any]] | None = None) -> Session:
    """Return what a closed graph is given: the scenario, at 0, as long as it is, and what is `given` on other sources."""
    return Session(f"{scenario.name} {seed}", {"scenario": [(0, scenario)], **(given or {})}, end=scenario.length)


@lru_cache(maxsize=16)
def _planned(options: tuple[tuple[str, Any], ...], faults: Faults) -> Plan:
    return plan(closed(duplex(**dict(options)), faults=faults))


def simulate(
    scenario: Scenario,
    graph: Graph | Plan | None = None,
    *,
    seed: int = 0,
    engine: str = "direct",
    keep: Iterable[str] | None = None,
    watch: Callable[[Note], object] | None = None,
    given: Mapping[str, Sequence[Any]] | None = None,
    **options: Any,
) -> Trace:
    """Play a scenario against a graph in closed loop, and return the trace: the same for the same seed, always.

    `graph` is one that reads `env-audio`, or the Plan of one that is closed already; by default
    `operators.duplex:duplex` for the model "scripted-fast", with `options` as it takes them and the scenario's own script.
    `keep` is as in `replay`, `given` is what comes in on other sources, as in a Session. `watch`, of the engine "direct",
    is handed what comes about, which the trace then does not hold: a day takes the memory of a minute. Raises ValueError
    and GraphError for what has no meaning.

    >>> from simulations.scenario import Scenario, say, At
    >>> hello = Scenario("hello", 4_000_000_000, (say("Hello there", At(500_000_000)),))
    >>> [(event.data.text, event.data.begin) for event in simulate(hello)["user"]]
    [('Hello there', 500000000)]
    """
    check_seed(seed, "simulate: wants seed to be")
    planned, session = _plan(scenario, graph, options), session_of(scenario, seed, given)
    if engine == "direct":
        return run_direct(planned, session, seed=seed, keep=keep, watch=watch)
    if watch:
        raise ValueError(f"simulate: watch goes with engine='direct', got engine={engine!r}")
    return replay(planned.graph, session, engine=engine, seed=seed, keep=keep)


def _plan(scenario: Scenario, graph: Graph | Plan | None, options: dict[str, Any]) -> Plan:
    if graph is None:
        own = {"script": scenario.script} if scenario.script else {}
        return _planned(tuple(sorted({"model": "scripted-fast", **own, **options}.items())), scenario.faults)
    if options:
        raise ValueError(f"simulate: {', '.join(options)}: options go with the default graph; hand them to the function that makes yours")
    return graph if isinstance(graph, Plan) else plan(closed(graph, faults=scenario.faults))
