"""An operator that could only fail, or mislead, once the graph runs is refused when it is added."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial, wraps
from threading import Lock

import numpy as np
import pytest

from omniflow_graph import Event, Graph, GraphError, Wake


def answer(state: int, event: Event) -> tuple[int, list]:
    return state, []


def draw(event: Event, rng) -> float:
    return rng(event).random()


class Gain:
    def __call__(self, event: Event) -> int:
        return event.data

    def loud(self, event: Event, by: int = 2) -> int:
        return by * event.data

    def loudest(self, state: int, event: Event) -> tuple[int, list]:
        return state, []


@pytest.fixture
def g() -> Graph:
    g = Graph("g")
    g.source("mic")
    g.source("eye")
    return g


# Edges


@pytest.mark.parametrize(
    ("add", "words"),
    [
        (lambda g: g.merge("m"), "merge 'm': reads nothing; name at least one edge"),
        (lambda g: g.align("w", length=1), "align 'w': reads nothing; name at least one edge"),
        (lambda g: g.merge("m", "mic", "eye", "mic"), "merge 'm': reads one edge twice: mic, eye, mic; name it once"),
        (lambda g: g.sink("out", "mik"), "sink 'out': reads 'mik', which is no edge declared before it; there are mic, eye"),
        (lambda g: g.map("m", "m", len), "map 'm': reads 'm', which is no edge declared before it; there are mic, eye"),
        (lambda g: Graph("new").sink("out", "mic"), "sink 'out': reads 'mic', which is no edge declared before it; there are none"),
        (
            lambda g: g.sink("out", ["mic", "eye"]),
            "sink 'out': wants the names of edges one by one, as in sink('out', 'a', 'b'); got ['mic', 'eye']",
        ),
        (lambda g: g.merge("m", "mic", 1.0), "merge 'm': wants the names of edges one by one, as in merge('m', 'a', 'b'); got 1.0"),
    ],
)
def test_an_edge_that_cannot_be_read_is_named(g, add, words):
    with pytest.raises(GraphError) as refused:
        add(g)
    assert str(refused.value) == words


def test_nothing_can_read_a_sink_or_an_edge_that_runs_back(g):
    g.merge("m", "mic")
    g.feedback("back", "mic", "m")
    g.sink("out", "m")
    for edge in ("out", "back"):
        with pytest.raises(GraphError, match=f"^sink 'all': reads '{edge}', which is no edge declared before it"):
            g.sink("all", edge)


# Functions


def passes_all(fn):
    @wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


def stateless(fn):
    @wraps(fn)
    def wrapper(state, event):
        return state, [fn(event)]

    return wrapper


@pytest.mark.parametrize(
    "fn",
    [
        lambda event: 1,
        lambda event, by=2: 1,
        lambda *events: 1,
        lambda event, rng: 1,
        lambda event, *, rng: 1,
        lambda event, **more: 1,
        partial(lambda by, event: 1, 2),
        partial(lambda event, by: 1, by=2),
        partial(draw),
        passes_all(draw),
        lru_cache(lambda event: 1),
        Gain(),
        Gain().loud,
        len,
        str,
        np.size,
        np.abs,
    ],
)
def test_whatever_can_be_called_with_an_event_is_a_map(g, fn):
    assert g.map("m", "mic", fn) == "m"


@pytest.mark.parametrize("fn", [answer, Gain().loudest, stateless(len), partial(answer), lambda state, event, rng: (state, [])])
def test_whatever_can_be_called_with_a_state_and_an_event_is_a_scan_or_a_stage(g, fn):
    assert (g.scan("scan", "mic", fn), g.stage("stage", "mic", fn)) == ("scan", "stage")


@pytest.mark.parametrize(
    ("add", "words"),
    [
        (lambda g: g.map("m", "mic", None), "map 'm': wants a function, got None"),
        (lambda g: g.scan("m", "mic", 3), "scan 'm': wants a function, got 3"),
        (
            lambda g: g.map("m", "mic", answer),
            "map 'm': its function is called with (event), got one that takes (state, event): missing a required argument: 'event'",
        ),
        (
            lambda g: g.map("m", "mic", lambda: 1),
            "map 'm': its function is called with (event), got one that takes (): too many positional arguments",
        ),
        (
            lambda g: g.map("m", "mic", Gain.loud),
            "map 'm': its function is called with (event), got one that takes (self, event, by): missing a required argument: 'event'",
        ),
        (
            lambda g: g.map("m", "mic", lambda event, *, by: 1),
            "map 'm': its function is called with (event), got one that takes (event, by): missing a required argument: 'by'",
        ),
        (
            lambda g: g.scan("m", "mic", lambda event: 1),
            "scan 'm': its function is called with (state, cause), got one that takes (event): too many positional arguments",
        ),
        (
            lambda g: g.stage("m", "mic", partial(answer, 0)),
            "stage 'm': its function is called with (state, event), got one that takes (event): too many positional arguments",
        ),
        (
            lambda g: g.stage("m", "mic", answer, cost=lambda: 1),
            "stage 'm': its cost is called with (event), got one that takes (): too many positional arguments",
        ),
        (
            lambda g: g.scan("m", "mic", answer, state=lambda session: 0),
            "scan 'm': its state, which makes one per session, is called with (), got one that takes (session): "
            "missing a required argument: 'session'",
        ),
    ],
)
def test_a_function_that_could_not_be_called_is_refused(g, add, words):
    with pytest.raises(GraphError) as refused:
        add(g)
    assert str(refused.value) == words


def test_a_function_that_yields_or_awaits_is_refused(g):
    def answers(state, event):
        yield event.data

    async def later(event):
        return event.data

    with pytest.raises(GraphError, match=r"^scan 'n': its function yields or awaits, and must return; collect its answers in a list$"):
        g.scan("n", "mic", partial(answers))
    with pytest.raises(GraphError, match=r"^map 'm': its function yields or awaits"):
        g.map("m", "mic", later)
    with pytest.raises(GraphError, match=r"^stage 's': its cost yields or awaits"):
        g.stage("s", "mic", answer, cost=later)


def test_a_function_that_wants_the_payload_alone_is_told_that_it_gets_an_event(g):
    def double(samples: np.ndarray) -> np.ndarray:
        return 2 * samples

    def total(state: int, sample: int) -> tuple[int, list]:
        return state + sample, []

    words = r"its function is handed events, and is annotated to take none; annotate Event\[T\], and read event.data$"
    for add in (lambda: g.map("m", "mic", double), lambda: g.scan("m", "mic", total), lambda: g.stage("m", "mic", total)):
        with pytest.raises(GraphError, match=words):
            add()


def test_a_function_that_answers_with_events_is_told_to_answer_with_payloads(g):
    def loud(event: Event[int]) -> Event[int]:
        return event._replace(data=2 * event.data)

    def echo(state: int, cause: Event[int] | Wake) -> tuple[int, list[Event[int] | Wake]]:
        return state, []

    def model(state: int, event: Event[int]) -> tuple[int, list[Event]]:
        return state, [event]

    words = "wants to answer with payloads, is annotated to answer with an Event; leave time, stream and seq out"
    for add in (lambda: g.map("m", "mic", loud), lambda: g.scan("m", "mic", echo), lambda: g.stage("m", "mic", model)):
        with pytest.raises(GraphError, match=words):
            add()


# Parameters


@pytest.mark.parametrize("cost", [0, 5, [1, 2], (0,), range(1, 4), lambda event: 3, lambda event, rng: 3])
def test_a_cost_is_an_int_a_table_or_a_function(g, cost):
    assert g.stage("m", "mic", answer, cost=cost) == "m"


@pytest.mark.parametrize("cost", [-1, 0.2, True, None, "5", [], [1, 0.5], [1, -1], {0: 5}, np.int64(5), np.array([1, 2])])
def test_any_other_cost_is_refused(g, cost):
    with pytest.raises(GraphError) as refused:
        g.stage("m", "mic", answer, cost=cost)
    wanted = "stage 'm': a cost is 0 ns or more as an int, a table of such, or a function; got "
    assert str(refused.value) == f"{wanted}{cost!r}; use seconds(0.2)"


@pytest.mark.parametrize("length", [0, -1, 1.0, True, "1", None, np.int64(5)])
def test_a_length_is_an_int_above_0(g, length):
    with pytest.raises(GraphError) as refused:
        g.align("w", "mic", length=length)
    assert str(refused.value) == f"align 'w': wants a length of 1 ns or more as an int, got {length!r}; use seconds(1.0)"


@pytest.mark.parametrize("wakes", [5, None, [-1], [0.5], [True], ["1"], {1: 2}])
def test_first_wakes_are_a_list_of_times(g, wakes):
    with pytest.raises(GraphError) as refused:
        g.scan("n", "mic", answer, wakes=wakes)
    assert str(refused.value) == f"scan 'n': wants first wakes as a list of ints, 0 ns or later, got {wakes!r}; use [seconds(1.0)]"


@pytest.mark.parametrize("overrun", ["drop", None, "Queue"])
def test_an_overrun_is_one_of_three(g, overrun):
    with pytest.raises(GraphError) as refused:
        g.stage("m", "mic", answer, overrun=overrun)
    assert str(refused.value) == f"stage 'm': wants overrun to be one of queue, merge, newest, got {overrun!r}"


@dataclass(frozen=True)
class Locked:
    lock: object = field(default_factory=Lock)


def test_a_state_that_cannot_be_copied_must_be_made_instead(g):
    with pytest.raises(GraphError, match=r"^scan 'n': wants a state that can be copied for each session, got Locked \(cannot pickle .*lock"):
        g.scan("n", "mic", answer, state=Locked())
    assert g.scan("n", "mic", answer, state=Locked) == "n"
