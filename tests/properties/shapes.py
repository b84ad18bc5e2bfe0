"""Twenty graphs to try with any input: each is small, and together they have what a graph can have.

Their numbers are in tenths of a second, as is most of what comes in, so that ties are common: events on the edge of a
window, on a wake, on the moment at which a stage gets free.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from omniflow_graph.engine.flow import CompiledFlow, compile_flow
from omniflow_graph.events import Event, Wake, seconds
from omniflow_graph.graph.graph import Graph
from omniflow_graph.selftest import number

# Functions of the operators. `number` boils anything down to an int that depends on all of it and on its order.


def odd(event: Event) -> int | None:
    """Pass on odd numbers only."""
    return event.data if event.data % 2 else None


def half(event: Event) -> int | None:
    """Halve, and fall silent at last: an echo."""
    return event.data // 2 or None


def count(n: int, event: Event) -> tuple[int, list]:
    """Number what comes, twice."""
    return n + 2, [(event.time, n), (event.time, n + 1)]


def foresee(last: int, event: Event) -> tuple[int, list]:
    """Answer up to 0.4 s after the cause, never before the last answer."""
    time = max(last, event.time + seconds(0.2) * (number(event.data) % 3))
    return time, [(time, number(event.data))]


def watch(last: int, cause: Any) -> tuple[int, list]:
    """Bark when nothing came for 0.7 s."""
    if isinstance(cause, Wake):
        return last, [(cause.time, -1)] if cause.time >= last + seconds(0.7) else []
    return cause.time, [Wake(cause.time + seconds(0.7))]


def beat(n: int, cause: Any) -> tuple[int, list]:
    """Say every 0.3 s how many events came, as long as there is anything to wait for."""
    return (0, [(cause.time, n), Wake(cause.time + seconds(0.3))]) if isinstance(cause, Wake) else (n + 1, [])


def play(state: tuple[int, int], cause: Any) -> tuple[tuple[int, int], list]:
    """Play one to three units of 0.2 s for each answer; say after each how many were heard."""
    left, heard = state
    if isinstance(cause, Wake):
        again = [Wake(cause.time + seconds(0.2))] if left > 1 else []
        return (left - 1, heard + 1), [(cause.time, heard + 1), *again]
    return (left + 1 + number(cause.data) % 3, heard), [] if left else [Wake(cause.time + seconds(0.2))]


def talk(left: int, cause: Any) -> tuple[int, list]:
    """Be a user: say three words, 0.3 s apart, after hearing an odd number; fall silent at once at an even one."""
    if isinstance(cause, Wake):
        return (left - 1, [(cause.time, left), Wake(cause.time + seconds(0.3))]) if left else (0, [])
    return (3, [Wake(cause.time + seconds(0.3))]) if number(cause.data) % 2 else (0, [])


def reply(state: int, event: Event) -> tuple[int, list]:
    """Be a model: answer with none to two numbers that depend on all there ever was."""
    state = number([state, event.data])
    return state, [state, state + 1][: state % 3]


def effort(event: Event) -> int:
    """Cost up to 1.6 s, and sometimes nothing."""
    return seconds(0.2) * (number(event.data) % 9)


def luck(event: Event, rng: Callable) -> int:
    """Cost up to 1.1 s, by chance."""
    return seconds(0.1) * rng(event).below(12)


# The shapes.


def streams_in_windows(g: Graph) -> None:
    """Two sensors, one window."""
    g.sink("out", g.align("window", g.source("mic"), g.source("eye"), length=seconds(0.7)))


def windows_in_windows(g: Graph) -> None:
    """Inner windows end on the edges of outer ones."""
    mic = g.source("mic")
    inner = g.align("inner", mic, length=seconds(0.5))
    g.sink("out", g.align("outer", mic, inner, length=seconds(1.0)))


def windows_apart(g: Graph) -> None:
    """Two lengths that seldom meet, and a window of both."""
    mic = g.source("mic")
    short, long = g.align("short", mic, length=seconds(0.3)), g.align("long", mic, length=seconds(0.8))
    g.sink("out", g.align("both", long, short, length=seconds(0.6)))


def branches_that_merge(g: Graph) -> None:
    """What was one event meets itself again, and others of its time."""
    mic, eye = g.source("mic"), g.source("eye")
    g.sink("out", g.merge("all", eye, g.map("odd", mic, odd), g.scan("count", mic, count, state=0), mic))


def branches_that_align(g: Graph) -> None:
    """The same, in windows."""
    mic = g.source("mic")
    g.sink("out", g.align("window", g.scan("count", mic, count, state=0), g.map("odd", mic, odd), mic, length=seconds(1.0)))


def answers_ahead(g: Graph) -> None:
    """An operator puts out events that its neighbours' must overtake."""
    mic, eye = g.source("mic"), g.source("eye")
    ahead = g.scan("foresee", mic, foresee, state=0)
    g.sink("out", g.align("window", g.merge("all", ahead, eye), length=seconds(0.4)), ahead)


def watchdog(g: Graph) -> None:
    """Wakes, merged with what they wait for."""
    mic = g.source("mic")
    g.sink("out", g.merge("all", mic, g.scan("watch", mic, watch, state=0, wakes=[seconds(0.7)])))


def metronome(g: Graph) -> None:
    """Wakes only, on a stream and on windows, which end later."""
    mic = g.source("mic")
    window = g.align("window", mic, length=seconds(1.0))
    beats = [g.scan(f"beat-{of}", of, beat, state=0, wakes=[0]) for of in (mic, window)]
    g.sink("out", g.align("bar", *beats, length=seconds(0.9)), *beats)


def stage_queues(g: Graph) -> None:
    """A slow stage works off one window after the other, and is in windows itself."""
    window = g.align("window", g.source("mic"), length=seconds(0.5))
    model = g.stage("model", window, reply, state=0, cost=effort, overrun="queue")
    g.sink("out", g.align("after", model, length=seconds(1.0)))


def stage_drops(g: Graph) -> None:
    """A slow stage takes the newest window."""
    window = g.align("window", g.source("mic"), g.source("eye"), length=seconds(0.3))
    g.sink("out", g.stage("model", window, reply, state=0, cost=effort, overrun="newest"))


def stage_joins(g: Graph) -> None:
    """A slow stage takes all windows as one."""
    window = g.align("window", g.source("mic"), length=seconds(0.4))
    g.sink("out", window, g.stage("model", window, reply, state=0, cost=effort, overrun="merge"))


def stage_on_events(g: Graph) -> None:
    """A stage that takes single events, at a cost by chance."""
    mic = g.source("mic")
    model = g.stage("model", mic, reply, state=0, cost=luck, overrun="newest")
    g.sink("out", g.merge("all", model, mic))


def stages_in_a_row(g: Graph) -> None:
    """One stage waits for another."""
    window = g.align("window", g.source("mic"), length=seconds(0.5))
    model = g.stage("model", window, reply, state=0, cost=[seconds(0.7), 0, seconds(0.2)], overrun="merge")
    g.sink("out", g.stage("voice", model, reply, state=0, cost=seconds(0.4), overrun="newest"))


def feedback_into_windows(g: Graph) -> None:
    """A model that hears itself."""
    window = g.align("window", g.source("mic"), length=seconds(0.5))
    model = g.stage("model", window, reply, state=0, cost=effort)
    g.feedback("heard", model, window)
    g.sink("out", model)


def feedback_with_a_delay(g: Graph) -> None:
    """An echo, one nanosecond later each time, and another of a tenth."""
    everything = g.merge("all", g.source("mic"), g.source("eye"))
    less = g.map("half", everything, half)
    g.feedback("soon", less, everything, delay=1)
    g.feedback("later", less, everything, delay=seconds(0.1))
    g.sink("out", everything)


def feedback_without_a_cycle(g: Graph) -> None:
    """Feedback is no cycle by itself: a stream, and a stage beside it, led forward."""
    mic, eye = g.source("mic"), g.source("eye")
    model = g.stage("model", eye, reply, state=0, cost=effort)
    both = g.merge("both", eye)
    g.feedback("again", mic, both, delay=seconds(0.3))
    g.feedback("answer", model, both)
    g.sink("out", both)


def player_in_the_loop(g: Graph) -> None:
    """A model that hears what was played, by wakes between its windows."""
    window = g.align("window", g.source("mic"), length=seconds(1.0))
    model = g.stage("model", window, reply, state=0, cost=seconds(0.3))
    player = g.scan("player", model, play, state=(0, 0))
    g.feedback("heard", player, window)
    g.sink("out", player)


def user_in_the_loop(g: Graph) -> None:
    """A simulated conversation: two feedback edges into one window, and a model that drops."""
    window = g.align("window", g.source("mic"), length=seconds(0.4))
    model = g.stage("model", window, reply, state=0, cost=effort, overrun="newest")
    player = g.scan("player", model, play, state=(0, 0))
    user = g.scan("user", player, talk, state=0, wakes=[seconds(0.5)])
    g.feedback("heard", player, window)
    g.feedback("said", user, window, delay=seconds(0.1))
    g.sink("out", model, user)


def islands_in_a_row(g: Graph) -> None:
    """One cycle feeds another."""
    first = g.align("first", g.source("mic"), length=seconds(0.5))
    model = g.stage("model", first, reply, state=0, cost=seconds(0.6), overrun="merge")
    g.feedback("heard", model, first)
    second = g.align("second", model, first, length=seconds(0.8))
    judge = g.stage("judge", second, reply, state=0, cost=effort)
    g.feedback("judged", judge, second)
    g.sink("out", judge)
    g.sink("between", model)


def all_at_once(g: Graph) -> None:
    """A duplex pipeline in small: perception, windows, a slow model, a player, a watchdog, a user."""
    mic, eye = g.source("mic"), g.source("eye")
    seen, calm = g.map("odd", eye, odd), g.scan("watch", mic, watch, state=0)
    window = g.align("window", mic, seen, calm, length=seconds(0.5))
    model = g.stage("model", window, reply, state=0, cost=luck, overrun="merge")
    voice = g.stage("voice", model, reply, state=0, cost=seconds(0.2))
    player = g.scan("player", voice, play, state=(0, 0))
    room = g.merge("room", mic, player)
    g.feedback("heard", player, window)
    g.feedback("echo", g.map("half", room, half), room, delay=seconds(0.1))
    g.sink("out", g.align("minutes", room, window, length=seconds(2.0)), voice)


BUILDERS = (
    streams_in_windows,
    windows_in_windows,
    windows_apart,
    branches_that_merge,
    branches_that_align,
    answers_ahead,
    watchdog,
    metronome,
    stage_queues,
    stage_drops,
    stage_joins,
    stage_on_events,
    stages_in_a_row,
    feedback_into_windows,
    feedback_with_a_delay,
    feedback_without_a_cycle,
    player_in_the_loop,
    user_in_the_loop,
    islands_in_a_row,
    all_at_once,
)


def built(builder: Callable[[Graph], None]) -> Graph:
    """Build one shape."""
    graph = Graph(builder.__name__)
    builder(graph)
    return graph.checked()


SHAPES = {builder.__name__: built(builder) for builder in BUILDERS}


@cache
def compiled(shape: str) -> CompiledFlow:
    """Compile a shape for Bytewax, once."""
    return compile_flow(SHAPES[shape])
