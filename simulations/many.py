"""Play many sessions, each a scenario and a seed, on as many processes as wanted; each is summed up where it ends."""

from __future__ import annotations

import inspect
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar

from omniflow_graph import Trace
from omniflow_graph.graph.loading import load_graph, resolve
from omniflow_graph.graph.plan import Plan, plan
from operators.turns import SPOKEN, turns
from simulations.real_time.machines import on
from simulations.real_time.timing import NEEDED, Timing, timing
from simulations.scenario import Scenario
from simulations.world import closed, simulate

SHARE = 8  # sessions that a process is handed at a time

Result = TypeVar("Result")


class Outcome(NamedTuple):
    """Hold what one simulated session came to; `timing` is None of a graph in which nobody speaks."""

    session: str
    seed: int
    turns: int  # of the assistant
    timing: Timing | None
    digest: dict[str, str]


@dataclass(frozen=True)
class World:
    """Say what scenarios are played against, so that another process can build it: a graph's function, its options, a machine.

    The function is offered the model "scripted-fast" and a scenario's script, if it takes these and the options have no other.
    """

    graph: str = "operators.duplex:duplex"
    options: tuple[tuple[str, Any], ...] = ()
    machine: str | None = None  # whose stages' costs count; None: as declared

    def plan(self, scenario: Scenario) -> Plan:
        """Build the closed graph for a scenario, with its faults."""
        return _planned(self, scenario.script, scenario.faults)


@lru_cache(maxsize=32)
def _planned(world: World, script: tuple[Any, ...], faults: tuple[tuple[str, str], ...]) -> Plan:
    offered = _taken(world.graph, {"model": "scripted-fast", **({"script": script} if script else {})})
    graph = load_graph(world.graph, {**offered, **dict(world.options)})
    if world.machine is not None:
        graph = on(graph, world.machine)
    return plan(closed(graph, faults=faults))


def _taken(reference: str, offered: dict[str, Any]) -> dict[str, Any]:
    """Pick what the function of a graph takes."""
    made = resolve(reference)
    names = inspect.signature(made).parameters if callable(made) else {}
    return {name: value for name, value in offered.items() if name in names}


def summed(trace: Trace) -> Outcome:
    """Sum up a session. Of a graph in which nobody speaks there is no more than its digests."""
    known = trace.edges.keys()
    spoken = len(turns(trace)) if known >= SPOKEN else 0
    return Outcome(trace.session, trace.seed, spoken, timing(trace) if known >= {*NEEDED} else None, trace.digest)


def play_many(
    sessions: Iterable[tuple[Scenario, int]],
    world: World = World(),
    *,
    processes: int = 1,
    finish: Callable[[Trace], Result] = summed,
    keep: Sequence[str] | None = NEEDED,
) -> Iterator[Result]:
    """Play scenarios with seeds, and yield what `finish` makes of each trace, in their order.

    `keep` names the edges whose payloads `finish` reads; those that a graph lacks are left out. Other processes import
    the main program again, as Python's multiprocessing does: it should begin with `if __name__ == "__main__"`.

    >>> from simulations.scenario import Answered, At, say
    >>> hello = Scenario("hello", 4_000_000_000, (say("Hello there", At(500_000_000)),))
    >>> [(each.session, each.turns) for each in play_many([(hello, 1), (hello, 2)])]
    [('hello 1', 0), ('hello 2', 0)]
    """
    play = partial(_play, world=world, finish=finish, keep=keep)
    if processes == 1:
        yield from map(play, sessions)
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(play, sessions, chunksize=SHARE)


def _play(session: tuple[Scenario, int], *, world: World, finish: Callable[[Trace], Result], keep: Sequence[str] | None) -> Result:
    scenario, seed = session
    planned = world.plan(scenario)
    kept = None if keep is None else [edge for edge in keep if edge in planned.graph.edges()]
    return finish(simulate(scenario, planned, seed=seed, keep=kept))
