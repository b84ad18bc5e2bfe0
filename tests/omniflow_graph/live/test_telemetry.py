"""All that goes wrong is counted, and recorded at most ten times a second of each kind."""

from __future__ import annotations

from omniflow_graph.live.telemetry import APART, KINDS, Telemetry


def test_the_first_is_told_at_once_and_the_next_ones_together():
    telemetry = Telemetry()
    telemetry.note("gap", "mic", 3)
    assert telemetry.due(0) == [{"what": "gap", "stream": "mic", "count": 3}]
    telemetry.note("gap", "mic", 1)
    telemetry.note("gap", "mic", 2)
    telemetry.note("gap", "eye", 5)
    assert telemetry.due(APART - 1) == [{"what": "gap", "stream": "eye", "count": 5}]
    assert telemetry.due(APART) == [{"what": "gap", "stream": "mic", "count": 3}]
    assert (telemetry.due(9 * APART), telemetry.counts) == ([], {"gap": 11})


def test_the_last_of_a_kind_tells_the_rest():
    telemetry = Telemetry()
    telemetry.note("back", "mic", silent_ms=5)
    telemetry.note("back", "mic", silent_ms=7)
    assert telemetry.due(0) == [{"what": "back", "stream": "mic", "count": 2, "silent_ms": 7}]


def test_at_the_end_all_is_told():
    telemetry = Telemetry()
    telemetry.note("gap", "mic")
    telemetry.due(0)
    telemetry.note("gap", "mic")
    assert telemetry.due(1, all=True) == [{"what": "gap", "stream": "mic", "count": 1}]


def test_streams_without_end_are_counted_together():
    telemetry = Telemetry()
    for n in range(3 * KINDS):
        telemetry.note("gap", f"s{n}")
    told = telemetry.due(0)
    assert len(told) == KINDS + 1
    assert told[-1] == {"what": "gap", "stream": "", "count": 2 * KINDS}
    assert telemetry.counts["gap"] == 3 * KINDS
