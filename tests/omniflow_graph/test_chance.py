"""A draw is a function of where it is used: nothing drawn elsewhere can shift it."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph import Event, Graph, Session, Wake
from omniflow_graph.chance import Rng
from omniflow_graph.engine.replay import replay

EVENT = Event(20, "mic", 3, b"x")
RNG = Rng(7, "s", "drop")


def drawn(rng: Rng = RNG, cause: Event | Wake = EVENT, n: int = 4) -> list[int]:
    draws = rng(cause)
    return [draws.bits() for _ in range(n)]


def test_the_same_place_draws_the_same_numbers_on_every_machine():
    place = msgpack.packb(["s", "drop", "mic", 3])
    digests = [blake2b(place + msgpack.packb(n), key=msgpack.packb(7), digest_size=8).digest() for n in range(1, 1001)]
    assert drawn(n=1000) == drawn(n=1000) == [int.from_bytes(digest, "big") for digest in digests]


@pytest.mark.parametrize(
    ("rng", "cause"),
    [
        (Rng(8, "s", "drop"), EVENT),
        (Rng(-7, "s", "drop"), EVENT),
        (Rng(7, "t", "drop"), EVENT),
        (Rng(7, "s", "drip"), EVENT),
        (Rng(7, "sd", "rop"), EVENT),
        (RNG, EVENT._replace(stream="eye")),
        (RNG, EVENT._replace(seq=4)),
        (RNG, Wake(3)),
        (RNG, Wake(20)),
    ],
)
def test_another_seed_session_operator_stream_or_seq_draws_others(rng, cause):
    assert set(drawn(rng, cause)).isdisjoint(drawn())


def test_time_and_payload_do_not_count_so_that_a_late_event_draws_as_it_would_have():
    assert drawn(cause=Event(99, "mic", 3, b"other", (("eye", 0, 1),))) == drawn()


def test_a_wake_draws_by_its_time():
    assert drawn(cause=Wake(5)) == drawn(cause=Wake(5)) != drawn(cause=Wake(6))


def test_draws_are_spread_evenly():
    draws = RNG(EVENT)
    quarters = [Counter(draws.below(4) for _ in range(4000)), Counter(int(4 * draws.random()) for _ in range(4000))]
    assert all(sorted(counted) == [0, 1, 2, 3] and min(counted.values()) > 900 for counted in quarters)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1), st.integers(1, 2**64))
def test_a_draw_is_in_its_range(seed, seq, n):
    draws = Rng(seed, "s", "op")(Event(0, "mic", seq, None))
    assert 0 <= draws.random() < 1
    assert 0 <= draws.below(n) < n
    assert draws.below(1) == 0


@pytest.mark.parametrize("n", [0, -1])
def test_there_must_be_something_to_choose_from(n):
    with pytest.raises(ValueError, match=rf"below\({n}\): nothing to choose from; n must be at least 1"):
        RNG(EVENT).below(n)


# In a graph


def lossy(event: Event, rng) -> int | None:
    return event.data if rng(event).random() < 0.5 else None


def noisy(state: None, cause: Event | Wake, rng) -> tuple[None, list]:
    return state, [(cause.time, rng(cause).below(1000))]


def graph(*, extra: bool = False) -> Graph:
    g = Graph("g")
    mic = g.source("mic")
    if extra:
        g.sink("more", g.map("another", mic, lossy))
    g.sink("out", g.map("kept", mic, lossy), g.scan("noise", mic, noisy, wakes=[35, 50]))
    return g


def ran(g: Graph, events: list, seed: int = 1, engine: str = "direct") -> dict[str, list]:
    trace = replay(g, Session("s", {"mic": events}, end=1000), seed=seed, engine=engine)
    return {edge: [(event.time, event.data) for event in trace[edge]] for edge in ("kept", "noise")}


EVENTS = [Event(10 * n, "mic", n, n) for n in range(40)]


@pytest.mark.parametrize("engine", ["direct", "bytewax"])
def test_another_operator_and_a_missing_event_shift_nothing(engine):
    whole = ran(graph(), EVENTS, engine=engine)
    assert 0 < len(whole["kept"]) < 40
    assert ran(graph(extra=True), EVENTS, engine=engine) == whole
    fewer = ran(graph(), EVENTS[:7] + EVENTS[8:], engine=engine)
    assert fewer == {edge: [entry for entry in entries if entry[0] != 70] for edge, entries in whole.items()}


def test_another_seed_is_another_run():
    assert ran(graph(), EVENTS, seed=1) != ran(graph(), EVENTS, seed=2)


def test_a_cost_may_be_drawn_too_and_shares_no_draw_with_the_stage():
    g = Graph("g")
    g.sink(
        "out",
        g.stage("model", g.source("mic"), lambda state, event, rng: (state, [rng(event).below(9)]), cost=lambda event, rng: rng(event).below(9)),
    )
    drawn = {place: [Rng(4, "s", place)(event).below(9) for event in EVENTS] for place in ("model", "cost of model")}
    trace = replay(g, Session("s", {"mic": EVENTS}, end=1000), seed=4, engine="direct")
    assert [event.data for event in trace["model"]] == drawn["model"]
    assert [event.time for event in trace["model"]] == [10 * n + cost for n, cost in enumerate(drawn["cost of model"])]
    assert drawn["model"] != drawn["cost of model"]
