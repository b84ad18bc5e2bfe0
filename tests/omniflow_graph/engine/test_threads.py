"""A stage may compute in threads: whichever of them is done first, and on whatever engine, the trace is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from hashlib import sha256
from threading import Event as Flag

import pytest

from omniflow_graph import Event, Graph, Session, Trace, replay
from omniflow_graph.events import Window

MS = 1_000_000
THREADS = 3
ORDERS = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]  # in which the threads of a step are done
Share = tuple[int, bytes]
Gather = Callable[[list[Future[Share]], list[Share]], list[Share]]


def worked(n: int, rounds: int, after: Flag | None, done: Flag, came: list[Share]) -> Share:
    """Be a thread's share of the work: more for some than for others, and no sooner done than another one."""
    if after:
        after.wait()
    digest = bytes([n])
    for _ in range(rounds):
        digest = sha256(digest).digest()
    came.append((n, digest))
    done.set()
    return n, digest


def in_turn(futures: list[Future[Share]], came: list[Share]) -> list[Share]:
    return [future.result() for future in futures]


def as_they_come(futures: list[Future[Share]], came: list[Share]) -> list[Share]:
    wait(futures)
    return came


def pipeline(pool: ThreadPoolExecutor, order: tuple[int, ...], gather: Gather) -> Graph:
    """Work on each window in three threads; what comes of it is voiced by threads, too, and fed back into the next window."""

    def think(digest: bytes, event: Event[Window]) -> tuple[bytes, list[bytes]]:
        flags, came = [Flag() for _ in range(THREADS)], []
        before = {n: flags[order[place - 1]] if place else None for place, n in enumerate(order)}
        futures = [pool.submit(worked, n, 50 * (len(event.data.events) + n), before[n], flags[n], came) for n in range(THREADS)]
        for share in gather(futures, came):
            digest = sha256(digest + bytes([share[0]]) + share[1]).digest()
        return digest, [digest]

    def voice(state: None, event: Event[bytes]) -> tuple[None, list[bytes]]:
        return state, list(pool.map(lambda part: sha256(event.data + bytes([part])).digest(), range(THREADS)))

    g = Graph("threads")
    window = g.align("window", g.source("mic"), length=100 * MS)
    thought = g.stage("think", window, think, state=b"", cost=lambda event: (5 + 10 * event.seq) * MS)
    voiced = g.stage("voice", thought, voice, cost=30 * MS)
    g.feedback("heard", voiced, window)
    g.sink("out", voiced)
    return g


TALK = Session("ann", {"mic": [(n * 30 * MS, n) for n in range(20)]}, end=600 * MS)


def runs(n: int, gather: Gather) -> Iterator[Trace]:
    """Run it in every way: engines, workers, and the orders in which its threads are done."""
    with ThreadPoolExecutor(THREADS) as pool:
        for k in range(n):
            options = [{"engine": "direct"}, {"workers": 1}, {"workers": 2}, {"batch": 1}][k % 4]
            yield replay(pipeline(pool, ORDERS[k % len(ORDERS)], gather), TALK, **options)


@cache
def alone() -> Trace:
    """Run it in one thread, one thing after another."""
    with ThreadPoolExecutor(1) as pool:
        return replay(pipeline(pool, ORDERS[0], in_turn), TALK, engine="direct")


def test_threads_that_are_done_in_any_order_leave_one_trace_in_twenty_runs():
    assert [(trace.digests, trace.stages) for trace in runs(20, in_turn)] == [(alone().digests, alone().stages)] * 20


def test_a_step_is_done_when_its_cost_says_however_long_its_threads_take():
    assert [(step.start // MS, step.done // MS) for step in alone().stages["think"]] == [
        (100, 105), (200, 215), (300, 325), (400, 435), (500, 545), (600, 655),
    ]  # fmt: skip


def test_a_stage_that_takes_its_threads_as_they_come_is_found_out():
    assert len({trace.digests["think"] for trace in runs(6, as_they_come)}) == len(ORDERS)


@pytest.mark.full
def test_threads_leave_one_trace_in_two_hundred_runs():
    assert {trace.digests["voice"] for trace in runs(200, in_turn)} == {alone().digests["voice"]}
