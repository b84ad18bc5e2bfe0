"""What the kit finds wrong with a pipeline: closed loop and open loop, one run and several; the same for mutants and for what is sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from omniflow_graph import Event, Graph, Session, Trace, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.testing import broken, draws_follow_the_seed, no_output_knows_the_future, replay_is_a_function
from omniflow_graph.testing.violation import Violation
from operators.duplex import duplex
from operators.scripted.script import Rule
from simulations.proving.invariants import ALL
from simulations.scenario import MS, At, Begun, Echo, Room, Scenario, Shot, Wait, interrupt, mhm, say
from simulations.world import closed, session_of, simulate

Made = Callable[..., Graph]  # as `duplex` is made

SCRIPT = (
    Rule("speech_ends", 1, "It is an old lamp of brass, and beside it stands a kettle that somebody has left on the stove."),
    Rule("speech_ends", 2, "Which one do you mean?"),
    Rule("speech_ends", 3, "That one is quite new."),
)
TALK = Scenario(
    "talk",
    seconds(18),
    user=(
        say("Tell me about that lamp.", At(400 * MS)),
        mhm(Begun(500 * MS)),
        interrupt("No no, please stop now, I mean the other one, which stands over there by the door.", Begun(1_200 * MS)),
        say("The one by the window.", Wait(2_600 * MS)),
    ),
    camera=(Shot(0, "two lamps"),),
    script=SCRIPT,
    jitter=100 * MS,
    frame=40 * MS,
)
NOISE = Scenario("noise", seconds(6), room=Room(noise=150, music=40, echo=Echo(permille=60)), script=SCRIPT, frame=40 * MS)
HEARD_FOR = seconds(5)  # of the talk, when it is replayed as it sounded


def found(made: Made = duplex, looks: Iterable[str] | None = None) -> set[str]:
    """Name the invariants of the kit that a pipeline breaks, by some of the ways to look at it, or by all."""
    graph = made(model="scripted-fast", script=SCRIPT)
    return {violation.invariant for look in (looks or LOOKS) for violation in LOOKS[look](graph)}


def in_talk(graph: Graph) -> list[Violation]:
    """Let somebody ask, say "mhm", interrupt, and ask again."""
    return _held(simulate(TALK, graph, seed=1))


def in_noise(graph: Graph) -> list[Violation]:
    """Let nobody speak."""
    return _held(simulate(NOISE, graph, seed=1))


def again(graph: Graph) -> list[Violation]:
    """Replay what the talk sounded like, several times."""
    return replay_is_a_function(graph, as_it_sounded(graph), batches=(7,))


def cut(graph: Graph) -> list[Violation]:
    """Replay that, and what of it was there by 3.5 s."""
    return no_output_knows_the_future(graph, as_it_sounded(graph), at=[seconds(3.5)])


def under_seeds(graph: Graph) -> list[Violation]:
    """Let chance delay what the user does."""
    return draws_follow_the_seed(closed(graph), session_of(TALK, 1), seeds=(1, 2))


def in_small(graph: Graph) -> list[Violation]:
    """Look at a small graph, in which many things happen at once, and feedback takes its time."""
    return [*broken(run_direct(small(), SMALL)), *no_output_knows_the_future(small(), SMALL, at=[15])]


LOOKS = {look.__name__: look for look in (in_talk, in_noise, again, cut, under_seeds, in_small)}


def _held(trace: Trace) -> list[Violation]:
    return [each for holds in (broken, *ALL) for each in holds(trace)]


def as_it_sounded(graph: Graph) -> Session:
    """Take the sound and the pictures of the simulated room for a session."""
    trace = simulate(replace(TALK, length=HEARD_FOR), graph, seed=1)
    sources = {edge: [event._replace(made_of=()) for event in trace[edge]] for edge in ("env-visual", "env-audio")}
    return Session("as it sounded", sources, HEARD_FOR)


def small() -> Graph:
    """Build two sources, windows, a slow stage, and an echo that comes back later."""
    g = Graph("small")
    mic, eye = g.source("mic"), g.source("eye")
    both = g.merge("both", mic, eye)
    g.feedback("echo", g.map("odd", both, _odd), both, delay=7)
    g.sink("out", g.stage("count", g.align("window", both, mic, length=10), _count, state=0, cost=3), both)
    return g


SMALL = Session("small", {"mic": [(0, 1), (0, 2), (10, 3), (20, 4)], "eye": [(0, 9), (10, 8), (20, 6)]}, end=35)


def _odd(event: Event) -> int | None:
    return event.data // 2 if event.data % 2 else None


def _count(n: int, event: Event) -> tuple[int, list]:
    return n + len(event.data.events), [n]


def words_in_order(event: Event) -> str | None:
    """Put the words that a window decided to say in alphabetical order: a stand-in for anything that goes by an order of its own."""
    return " ".join(sorted(event.data.text.split())) or None


def words_of_a_set(event: Event) -> str | None:
    """Do the same by the order in which a set holds them."""
    return " ".join({*event.data.text.split()}) or None


def sorted_case() -> tuple[Graph, Session]:
    """Return a pipeline that puts words in an order, for a process of its own."""
    return closed(duplex(model="scripted-fast", script=SCRIPT).replace("text", fn=words_in_order)), session_of(SHORT)


def hashed_case() -> tuple[Graph, Session]:
    """Return one that does it by the order of a set."""
    return closed(duplex(model="scripted-fast", script=SCRIPT).replace("text", fn=words_of_a_set)), session_of(SHORT)


SHORT = replace(TALK, length=seconds(5))
