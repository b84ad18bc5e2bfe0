"""A graph that runs live is as it was, with windows beside it of what it does not read."""

from __future__ import annotations

from omniflow_graph import Jpeg, seconds
from operators.duplex import duplex
from operators.live.graph import live

OPTIONS = {"model": "scripted-fast", "playback": "recorded", "window": 0.5}


def test_streams_that_the_graph_does_not_read_are_windowed_beside_it():
    made, plain = live(beside="env-audio,env-visual/wrist,state/joints,playback,telemetry", **OPTIONS), duplex(**OPTIONS)
    assert made.sources() == [*plain.sources(), "env-visual/wrist", "state/joints", "telemetry"]
    beside = made.nodes["beside"]
    assert (beside.inputs, beside.length, made.nodes["others"].inputs) == (
        ("env-visual/wrist", "state/joints", "telemetry"),
        seconds(0.5),
        ("beside",),
    )
    assert made.type_of("env-visual/wrist") is Jpeg
    assert [made.nodes[name].kind for name in plain.nodes] == [node.kind for node in plain.nodes.values()]


def test_where_it_reads_all_it_stays_as_it_is():
    assert live(beside="env-audio,env-visual", **OPTIONS).hash() == duplex(**OPTIONS).hash()


def test_an_edge_that_the_graph_makes_itself_is_not_fed():
    assert "playback" not in live(beside="playback", model="scripted-fast").sources()
