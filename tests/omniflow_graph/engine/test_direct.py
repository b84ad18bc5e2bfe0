"""The direct executor runs a whole session in one go, whoever feeds it, and lets errors out as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from omniflow_graph import Event, Graph, Session, Wake, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.messages import Step
from omniflow_graph.engine.replay import replay
from omniflow_graph.errors import GraphError
from omniflow_graph.graph.plan import plan
from tests.omniflow_graph.engine.troubled import TROUBLES, Trouble, session


class LateEnds:
    """Be a feed that reads as it goes: it knows its end once it has given its last event."""

    name, allowance, costs = "ann", 7, None

    def __init__(self, events: Sequence[Event], end: int) -> None:
        self.given, self.end, self.known = events, end, False

    def events(self, sources: Sequence[str]) -> Iterator[Event]:
        yield from self.given
        self.known = True

    def ends(self, sources: Sequence[str]) -> dict[str, int]:
        return dict.fromkeys(sources, self.end) if self.known else {}


class Broken(LateEnds):
    """Be a feed whose disk fails."""

    def events(self, sources: Sequence[str]) -> Iterator[Event]:
        yield self.given[0]
        raise Trouble("the disk is gone")


def conversation() -> Graph:
    g = Graph("talk")
    mic = g.source("mic")
    window = g.align("window", mic, length=10)
    model = g.stage("model", window, lambda n, event: (n + 1, [n + len(event.data.events)]), state=0, cost=4)
    g.feedback("heard", model, window)
    g.sink("out", model, mic)
    return g


TALK = conversation()
EVENTS = [Event(time, "mic", seq, seq) for seq, time in enumerate((0, 3, 14, 14, 29))]


@pytest.mark.parametrize("where", TROUBLES)
def test_what_an_operator_raises_comes_out_as_itself_and_says_where(where):
    case = TROUBLES[where]
    kind, words = case.wanted
    with pytest.raises(kind) as caught:
        run_direct(case.graph, session(case))
    assert (type(caught.value), str(caught.value), caught.value.__notes__) == (kind, words, case.notes("ann"))


def test_what_a_feed_raises_comes_out_as_itself():
    with pytest.raises(Trouble, match="the disk is gone"):
        run_direct(TALK, Broken(EVENTS, 30))


def test_a_trace_tells_all_that_happened():
    trace = run_direct(TALK, Session("ann", {"mic": EVENTS}, end=30), seed=9)
    windows = [[e.data for e in window.data.events] for window in trace["window"]]
    assert windows == [[0, 1], [2, 3, 2], [4, 4]]  # what the model said at 14 and 24 is in the windows of its time
    assert trace["model"] == [
        Event(14, "model", 0, 2, (("window", 0, 0),)),
        Event(24, "model", 1, 4, (("window", 1, 1),)),
        Event(34, "model", 2, 4, (("window", 2, 2),)),
    ]
    assert trace.stages == {"model": [Step("model", 10, 14, (0,), ()), Step("model", 20, 24, (1,), ()), Step("model", 30, 34, (2,), ())]}
    assert [(event.time, event.stream) for event in trace.sinks["out"]] == [
        (0, "mic"),
        (3, "mic"),
        (14, "model"),
        (14, "mic"),
        (14, "mic"),
        (24, "model"),
        (29, "mic"),
        (34, "model"),
    ]
    assert (trace.session, trace.seed, trace.ends, trace.end, trace.complete) == ("ann", 9, {"mic": 30}, 30, True)


@pytest.mark.parametrize("engine", ["direct", "bytewax"])
@pytest.mark.parametrize("n", [0, 5, 512])
def test_a_feed_may_learn_its_end_as_it_goes(engine, n):
    events = [Event(k, "mic", k, k) for k in range(n)]
    known = Session("ann", {"mic": events}, end=600, allowance=7)
    assert replay(TALK, LateEnds(events, 600), engine=engine) == run_direct(TALK, known)


def test_a_long_session_does_what_it_does_event_by_event():
    given = Session("ann", {"mic": [(k // 5, k) for k in range(2500)]}, end=600)
    assert run_direct(TALK, given) == replay(TALK, given, batch=1)


def test_payloads_are_kept_where_asked_for_and_digests_everywhere():
    given = Session("ann", {"mic": EVENTS}, end=30)
    whole, some = run_direct(TALK, given), run_direct(TALK, given, keep=["model"])
    assert (some["model"], some.digests, some.payloads) == (whole["model"], whole.digests, whole.payloads)
    assert {repr(event.data) for edge in ("mic", "window", "heard") for event in some[edge]} == {"NOT_KEPT"}
    assert [repr(event.data) for event in some.sinks["out"]] == ["NOT_KEPT", "NOT_KEPT", "2", "NOT_KEPT", "NOT_KEPT", "4", "NOT_KEPT", "4"]


def test_what_is_watched_is_handed_over_and_not_held():
    given, notes = Session("ann", {"mic": EVENTS}, end=30), []
    whole, watched = run_direct(TALK, given), run_direct(TALK, given, keep=["model"], watch=notes.append)
    assert [event for note in notes for event in note.events.get("model", ([], []))[0]] == whole["model"]
    assert [log for note in notes for log in note.logs if isinstance(log, Step)] == whole.stages["model"]
    assert (watched.digests, watched.ends) == (whole.digests, whole.ends)
    assert [*watched.edges.values(), *watched.payloads.values(), *watched.stages.values(), *watched.sinks.values()] == [[]] * 10


def ticking() -> Graph:
    g = Graph("watch")
    tick = g.scan("tick", g.source("mic"), lambda n, cause: (n + 1, [(cause.time, n), Wake(cause.time + seconds(10))]), state=0)
    g.sink("out", tick)
    return g


def test_where_nothing_comes_in_a_session_is_handed_over_minute_by_minute():
    counts, given = [], Session("ann", {"mic": [(0, b"")]}, end=seconds(600))
    run_direct(ticking(), given, watch=lambda note: counts.append(len(note.events.get("tick", ([], []))[0])))
    assert counts == [0, 1, *[6] * 9, 5]  # what came in; the answer to it; minutes; the rest


@pytest.mark.parametrize(("mic", "eye"), [(600, 600), (600, 3000), (3000, 600)])
def test_minutes_do_not_show(mic, eye):
    g = ticking()
    g.sink("seen", g.source("eye"))
    sources = {"mic": [(0, b""), (seconds(333), b"")], "eye": [(seconds(500), b"")]}
    given = Session("ann", sources, end={"mic": seconds(mic), "eye": seconds(eye)})
    assert run_direct(g, given) == replay(g, given)


def test_a_planned_graph_runs_like_the_graph():
    given = Session("ann", {"mic": EVENTS}, end=30)
    assert run_direct(plan(TALK), given) == run_direct(TALK, given)


def test_a_graph_without_meaning_is_refused():
    g = Graph("talk")
    g.source("mic")
    with pytest.raises(GraphError, match="no sink needs 'mic'"):
        run_direct(g, Session("ann", {}, end=seconds(1)))
