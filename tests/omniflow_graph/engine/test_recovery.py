"""A run that was cut off goes on to what an undisturbed one comes to, wherever it was cut."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omniflow_graph import Event, Graph, Session, Trace, seconds
from omniflow_graph.engine import flow
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.flow import compile_flow
from omniflow_graph.engine.recovery import Recovery
from omniflow_graph.errors import RunError
from tests.properties.drawn import sessions
from tests.properties.shapes import SHAPES, compiled

ABOUT = {"run": 1}


class Crash(Exception):
    """End a run at once: no snapshot is taken of what is under way."""


@dataclass(frozen=True)
class Fragile:
    """Be a session that crashes before the n-th event, unless it has crashed there before."""

    whole: Session
    crashes: list[int]

    name = property(lambda self: self.whole.name)
    allowance = property(lambda self: self.whole.allowance)
    costs = property(lambda self: self.whole.costs)

    def events(self, sources: Sequence[str]) -> Iterator[Event[Any]]:
        for n, event in enumerate(self.whole.events(sources)):
            if self.crashes and self.crashes[0] == n:
                self.crashes.pop(0)
                raise Crash
            yield event

    def ends(self, sources: Sequence[str]) -> dict[str, int]:
        return self.whole.ends(sources)


@pytest.fixture(autouse=True)
def a_snapshot_after_each_batch(monkeypatch):
    monkeypatch.setattr(flow, "EPOCH", 0)


def recovered(graph: Any, feeds: list[Any], folder: Path, **options: Any) -> dict[str, Trace]:
    """Run until it is through, from crash to crash."""
    recovery = Recovery(folder)
    while True:
        recovery.prepare(ABOUT)
        try:
            return graph.run(feeds, batch=2, recovery=recovery, **options)
        except Crash:
            continue


SOME = settings(max_examples=max(2, settings.default.max_examples // 50), suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("shape", SHAPES)
@SOME
@given(data=st.data())
def test_wherever_it_crashes_it_goes_on_to_the_same_trace(shape, data, tmp_path_factory):
    """Fails when a cell forgets one of its attributes, or a log is not cut back to the snapshot."""
    whole = data.draw(sessions(shape))
    crashes = sorted(data.draw(st.sets(st.integers(0, 20), max_size=3), label="crashes"))
    traces = recovered(compiled(shape), [Fragile(whole, crashes)], tmp_path_factory.mktemp("run"))
    assert traces == {whole.name: run_direct(SHAPES[shape], whole)}


def talk(name: str, n: int = 12) -> Session:
    return Session(name, {"mic": [(seconds(0.3) * k, k) for k in range(n)]}, end=seconds(0.3) * n)


ECHO = Graph("echo")
ECHO.align("window", ECHO.source("mic"), length=seconds(1.0))
ECHO.sink("out", ECHO.stage("model", "window", lambda n, event: (n + len(event.data.events), [n]), state=0, cost=seconds(0.4)))


def test_many_sessions_one_after_the_other_go_on_where_each_was(tmp_path, monkeypatch):
    monkeypatch.setattr("omniflow_graph.engine.partitions.SLOTS", 2)
    whole = [talk(name) for name in "abcde"]
    feeds = [Fragile(session, [3 + n]) if n % 2 else Fragile(session, []) for n, session in enumerate(whole)]
    assert recovered(compile_flow(ECHO), feeds, tmp_path / "run") == {session.name: run_direct(ECHO, session) for session in whole}


def test_what_ended_before_the_crash_is_not_run_again(tmp_path):
    finished: list[str] = []
    feeds = [Fragile(talk("short", 2), []), Fragile(talk("long", 40), [30])]
    found = recovered(compile_flow(ECHO), feeds, tmp_path / "run", finish=lambda trace: finished.append(trace.session) or trace.digest["media"])
    assert finished == ["short", "long"]
    assert found == {session.name: run_direct(ECHO, session).digest["media"] for session in (talk("short", 2), talk("long", 40))}


def test_a_run_that_was_told_to_stop_goes_on_from_there(tmp_path):
    runs: list[Any] = []
    told: list[int] = []

    def progress(name: str, time: int) -> None:
        told.append(time)
        runs[-1].stopped = len(runs) == 1 and time > seconds(2.0)

    recovery = Recovery(tmp_path / "run")
    recovery.prepare(ABOUT)
    options = {"batch": 2, "recovery": recovery, "control": runs.append, "progress": progress}
    assert compile_flow(ECHO).run([talk("ann")], **options) == {}
    before = len(told)
    assert compile_flow(ECHO).run([talk("ann")], **options) == {"ann": run_direct(ECHO, talk("ann"))}
    assert told == sorted(set(told)), "nothing was played twice"
    assert 0 < before < len(told)


def test_the_folder_is_private_and_of_one_run(tmp_path):
    recovery = Recovery(tmp_path / "a" / "run")
    recovery.prepare(ABOUT)
    assert stat.S_IMODE((tmp_path / "a" / "run").stat().st_mode) == 0o700
    recovery.prepare(json.loads(json.dumps(ABOUT)))
    with pytest.raises(ValueError, match=r"run: holds another run .*; name another folder, or remove it"):
        recovery.prepare({"run": 2})


def test_a_state_that_cannot_be_kept_is_named_without_noise(tmp_path, capfd):
    g = Graph("locked")
    g.sink("out", g.scan("door", g.source("mic"), lambda state, event: (state, []), state=threading.Lock))
    recovery = Recovery(tmp_path / "run")
    recovery.prepare(ABOUT)
    with pytest.raises(RunError, match=r"^session 'ann', scan 'door': its state cannot be kept for recovery \(cannot pickle .*lock"):
        compile_flow(g).run([talk("ann")], recovery=recovery)
    assert capfd.readouterr().err == ""


def test_after_an_operator_was_mended_the_run_goes_on(tmp_path, capfd):
    def broken(event: Event) -> int:
        return 1 // (event.data - 7)

    def graph(fn: Any) -> Graph:
        g = Graph("mended")
        g.sink("out", g.map("divide", g.source("mic"), fn))
        return g

    recovery = Recovery(tmp_path / "run")
    recovery.prepare(ABOUT)
    with pytest.raises(ZeroDivisionError) as caught:
        compile_flow(graph(broken)).run([talk("ann")], batch=1, recovery=recovery)
    assert caught.value.__notes__ == ["in map 'divide', session 'ann', at 2100000000 ns (2.100 s)"]
    assert capfd.readouterr().err == ""
    mended = compile_flow(graph(lambda event: 0 if event.data == 7 else broken(event))).run([talk("ann")], recovery=recovery)
    assert [event.data for event in mended["ann"]["divide"]] == [0 if k == 7 else 1 // (k - 7) for k in range(12)]


def test_two_runs_cannot_be_at_work_in_one_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("omniflow_graph.engine.recovery.PATIENCE", 1)
    recovery = Recovery(tmp_path / "run")
    recovery.prepare(ABOUT)
    with recovery.locked() as descriptor:
        assert descriptor > 2
        with pytest.raises(ValueError, match="run: another run is at work in it; wait until that has ended"):
            recovery.locked().__enter__()
    with recovery.locked():
        pass
