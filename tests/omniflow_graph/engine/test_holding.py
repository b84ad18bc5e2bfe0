"""A trace of a run that may last for days holds the last stretch of it, and the digests of all."""

from __future__ import annotations

from omniflow_graph import Graph, Session, replay, seconds
from omniflow_graph.engine.flow import compile_flow


def graph() -> Graph:
    g = Graph("long")
    window = g.align("window", g.map("level", g.source("mic", int), lambda event: event.data), length=seconds(1))
    g.sink("out", g.stage("model", window, lambda state, event: (state, [event.data.k]), cost=seconds(0.1)))
    return g


def test_what_is_older_is_let_go_of_and_still_counted_and_digested():
    g, session = graph(), Session("long", {"mic": [(n * seconds(0.1), n) for n in range(600)]}, end=seconds(60))
    whole = replay(g, session, engine="direct")
    held = compile_flow(g).run([session], batch=10, hold=seconds(5))["long"]
    assert (held.digests, held.digest, held.complete) == (whole.digests, whole.digest, True)
    assert {edge: held.forgotten[edge] + len(held.edges[edge]) for edge in held.edges} == {edge: len(whole.edges[edge]) for edge in whole.edges}
    assert 50 <= len(held.edges["mic"]) <= 110
    assert held["mic"] == whole["mic"][-len(held["mic"]) :]
    assert held.payloads["mic"] == whole.payloads["mic"][-len(held["mic"]) :]
    assert 5 <= len(held.stages["model"]) == len(held.sinks["out"]) <= 11


def test_without_that_all_of_it_is_held():
    session = Session("long", {"mic": [(n * seconds(0.1), n) for n in range(600)]}, end=seconds(60))
    trace = compile_flow(graph()).run([session], batch=10)["long"]
    assert (len(trace["mic"]), trace.forgotten) == (600, {})
