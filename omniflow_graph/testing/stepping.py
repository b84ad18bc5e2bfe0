"""Let Hypothesis step a graph: a state machine that pushes events, lets time pass and ends sources, in any order."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

try:
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("stepping at random needs Hypothesis; pip install 'omniflow-graph[sim]'", name=error.name) from error

from omniflow_graph.engine.direct import run_direct
from omniflow_graph.graph.graph import Graph
from omniflow_graph.testing.invariants import ALWAYS, Invariant
from omniflow_graph.testing.stepper import Stepper
from omniflow_graph.testing.strategies import payloads, span
from omniflow_graph.testing.violation import must_hold
from omniflow_graph.trace.diff import diff


class Stepping(RuleBasedStateMachine):
    """Step `graph` event by event, hold what came about to `hold` after every step, and at the end to a replay of the whole.

    Inherit, name your graph, add rules and invariants of your own (`self.step.push("mic", 3)`, `self.step.trace`), and
    let pytest find it: `TestMine = Mine.TestCase`. `payloads` are strategies for sources whose types do not say enough.
    """

    graph: ClassVar[Graph]
    payloads: ClassVar[Mapping[str, st.SearchStrategy[Any]]] = {}
    hold: ClassVar[tuple[Invariant, ...]] = ALWAYS
    seed: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.step = Stepper(self.graph, seed=self.seed)
        self.raised_before = sys.exc_info()[1]

    @rule(data=st.data())
    @precondition(lambda self: self.step.open)
    def push(self, data: st.DataObject) -> None:
        """Let an event in, now or a little later."""
        source = data.draw(st.sampled_from(self.step.open), label="source")
        payload = data.draw(self.payloads.get(source, payloads(self.graph.type_of(source))), label="payload")
        self.step.push(source, payload, at=self.step.now + data.draw(self.waits(), label="later by"))

    @rule(data=st.data())
    def tick(self, data: st.DataObject) -> None:
        """Let time pass. Once all has ended, nothing comes about any more."""
        self.step.tick(self.step.now + data.draw(self.waits(), label="by"))

    @rule(data=st.data())
    @precondition(lambda self: self.step.now and self.step.open)
    def end(self, data: st.DataObject) -> None:
        """End a source."""
        self.step.end(data.draw(st.sampled_from(self.step.open), label="source"))

    @invariant()
    def what_came_about_holds(self) -> None:
        """Check all that is true of any graph, up to now."""
        must_hold([each for holds in self.hold for each in holds(self.step.trace)], self.step.trace)

    def waits(self) -> st.SearchStrategy[int]:
        """Draw how long to wait: often for nothing, up to the edge of a window, or just past it."""
        edges = {node.length - self.step.now % node.length for node in self.graph.nodes.values() if node.kind == "align"}
        near = sorted({0, 1, *(time + off for time in edges for off in (-1, 0, 1))})
        return st.one_of(st.sampled_from(near), st.integers(0, span(self.graph) // 2))

    def teardown(self) -> None:
        """End the session, and compare what was stepped with a replay of the whole; after a step that failed there is nothing to add."""
        if sys.exc_info()[1] is not self.raised_before:
            return
        stepped = self.step.finish()
        stepped.complete = True
        whole = run_direct(self.graph, self.step.whole(), seed=self.seed)
        must_hold([each for holds in self.hold for each in holds(stepped)], stepped)
        assert stepped == whole, f"stepped by hand it is another session than replayed: {diff(stepped, whole)}"
