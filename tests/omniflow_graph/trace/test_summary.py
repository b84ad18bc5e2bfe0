"""A run is summed up in figures: those that other packages found, then what its stages missed, dropped and what came late."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from omniflow_graph import Event, Stamps, Trace, seconds
from omniflow_graph.trace import summary as module
from omniflow_graph.trace.summary import Figure, Summary, registered, summary
from tests.omniflow_graph.trace.test_lag import ran


def kept(steps: int) -> Figure:
    return Figure("deadlines/stage 1", {"missed": 0, "steps": steps, "latest_s": 0.0}, "stage 1: deadlines missed", "0", f"of {steps} steps")


def test_stages_are_told_with_what_they_missed():
    late = Figure(
        "deadlines/stage 1", {"missed": 3, "steps": 3, "latest_s": 0.3}, "stage 1: deadlines missed", "3", "of 3 steps, the latest by 0.30 s", True
    )
    assert summary(ran(1.1), {}) == Summary((late,))
    assert summary(ran(1.0), {}) == Summary((kept(3),))


def test_what_was_dropped_is_bad_and_what_was_let_go_of_at_a_fence_is_not():
    dropped = Figure("dropped/stage 1", 1, "stage 1: dropped", "1", "for want of time", True)
    assert summary(ran(1.5, end=6, overrun="newest"), {}).figures[1:] == (dropped,)
    flushed = Figure("flushed/stage 1", 1, "stage 1: flushed", "1", "let go of at a fence")
    assert summary(ran(2.0, end=1, fence=2.5), {}).figures == (flushed,)


def test_what_came_too_late_is_told_with_by_how_much():
    trace = ran(1.0)
    stamps = (None, Stamps(seconds(0.5), late=True), Stamps(seconds(0.9), late=True), Stamps(seconds(1.1)))
    trace.edges["mic"] = [Event(seconds(1) + n, "mic", n, None, stamps=stamp) for n, stamp in enumerate(stamps)]
    value = {"late": 2, "events": 4, "most_s": 0.500000001}
    assert summary(trace, {}).figures[1:] == (Figure("late/mic", value, "mic: too late", "2", "of 4, by up to 0.500 s", True),)


def test_what_others_found_comes_first_and_what_they_refuse_is_a_note():
    def refused(trace: Trace) -> list[Figure]:
        raise ValueError(f"the trace of {trace.session!r} did not keep it")

    words = Figure("words", 3, "words", "3")
    found = summary(ran(1.0), {"one": lambda trace: [words], "two": refused})
    assert found == Summary((words, kept(3)), ("the trace of 's' did not keep it",))
    assert found.plain() == {"words": 3, "deadlines/stage 1": kept(3).value}


def test_others_register_by_entry_point_and_are_asked_in_the_order_of_their_names(monkeypatch):
    entries = [EntryPoint(name, f"tests.omniflow_graph.trace.test_summary:{fn}", module.GROUP) for name, fn in (("b", "ran"), ("a", "kept"))]
    monkeypatch.setattr(module, "entry_points", lambda group: entries if group == module.GROUP else [])
    registered.cache_clear()
    found = list(registered())
    registered.cache_clear()
    assert found == ["a", "b"]


def test_this_package_comes_with_what_is_said_and_what_is_heard():
    assert {"conversation", "playback"} <= registered().keys()
