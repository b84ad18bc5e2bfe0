"""Close the loop: put a user, a room and a camera where a graph has its sources, and let them hear what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from omniflow_graph import Graph, GraphError, Session, Trace, replay
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.replay import check_seed
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.trace.trace import Note
from operators.duplex import duplex
from simulations.cameras import Camera, look_in
from simulations.rooms import Microphone, listen_in
from simulations.scenario import Scenario
from simulations.users import User, behave, talk

SOUND, SIGHT = "env-audio", "env-visual"


def closed(graph: Graph, *, hears: str = "play") -> Graph:
    """Return a graph whose sources of sound and pictures are a simulated room, with a user who hears the edge `hears`.

    What comes in is one event, the Scenario, on the source `scenario`; on `user` and `talker` is what people say. The same
    graph serves all scenarios and seeds. Raises GraphError for a graph without a source `env-audio` or the edge `hears`,
    and for one with sources that nobody would feed.
    """
    _check(graph, hears)
    world = Graph(f"{graph.name}, simulated")
    inputs = _room(world, SIGHT in graph.sources())
    for node in graph.nodes.values():
        if node.kind != "source":
            world.add(node)
    world.feedback("hears", hears, inputs[0])
    world.feedback("echo", hears, inputs[1])
    for edge in graph.feedbacks.values():
        world.feedback(edge.name, edge.origin, edge.target, delay=edge.delay)
    return world


def _check(graph: Graph, hears: str) -> None:
    sources = graph.sources()
    if SOUND not in sources:
        raise GraphError(f"graph {graph.name!r}: has no source {SOUND!r} to hear the user with; it has {', '.join(sources)}")
    if others := [name for name in sources if name not in (SOUND, SIGHT)]:
        way = "build the graph so that it needs no other" + (", as with playback='simulated'" if "playback" in others else "")
        raise GraphError(f"graph {graph.name!r}: nobody would feed its source {others[0]!r}, only {SOUND!r} and {SIGHT!r} are simulated; {way}")
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


def session_of(scenario: Scenario, seed: int = 0) -> Session:
    """Return what a closed graph is given: the scenario, at 0, and as long as it is."""
    return Session(f"{scenario.name} {seed}", {"scenario": [(0, scenario)]}, end=scenario.length)


@lru_cache(maxsize=16)
def _planned(options: tuple[tuple[str, Any], ...]) -> Plan:
    return plan(closed(duplex(**dict(options))))


def simulate(
    scenario: Scenario,
    graph: Graph | None = None,
    *,
    seed: int = 0,
    engine: str = "direct",
    keep: Iterable[str] | None = None,
    watch: Callable[[Note], object] | None = None,
    **options: Any,
) -> Trace:
    """Play a scenario against a graph in closed loop, and return the trace: the same for the same seed, always.

    `graph` is one that reads `env-audio`; by default `operators.duplex:duplex` for the model "scripted-fast", with
    `options` as it takes them and the scenario's own script. `keep` is as in `replay`. `watch`, of the engine "direct", is handed
    what comes about, which the trace then does not hold: a day takes the memory of a minute. Raises ValueError and
    GraphError for what has no meaning.

    >>> from simulations.scenario import Scenario, say, At
    >>> hello = Scenario("hello", 4_000_000_000, (say("Hello there", At(500_000_000)),))
    >>> [(event.data.text, event.data.begin) for event in simulate(hello)["user"]]
    [('Hello there', 500000000)]
    """
    check_seed(seed, "simulate: wants seed to be")
    if graph is None:
        options = {"model": "scripted-fast", **({"script": scenario.script} if scenario.script else {}), **options}
    session = session_of(scenario, seed)
    if engine == "direct":
        planned = _planned(tuple(sorted(options.items()))) if graph is None else plan(closed(graph))
        return run_direct(planned, session, seed=seed, keep=keep, watch=watch)
    return replay(closed(graph or duplex(**options)), session, engine=engine, seed=seed, keep=keep)
