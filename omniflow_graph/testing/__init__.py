"""Test graphs: ask a trace, assert on it, draw what comes in, step a graph, hold it to what is true of any.

What other packages register under the entry-point group `omniflow.testing` is found here, too, by its name. What draws
(strategies, the state machine) imports Hypothesis, and only when it is asked for: `pip install 'omniflow-graph[sim]'`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from omniflow_graph.testing.asking import Asked, about
from omniflow_graph.testing.asserting import assert_follows_within
from omniflow_graph.testing.invariants import ALWAYS, broken, merges_in_order, stages_take_turns, times_in_order, windows_tile_time
from omniflow_graph.testing.rerunning import (
    another_hash_seed_changes_nothing,
    draws_follow_the_seed,
    no_output_knows_the_future,
    replay_is_a_function,
)
from omniflow_graph.testing.stepper import Stepper
from omniflow_graph.testing.violation import Violation, must_hold

if TYPE_CHECKING:
    from omniflow_graph.testing.stepping import Stepping
    from omniflow_graph.testing.strategies import events, jittered, payloads, sessions

__all__ = [
    "ALWAYS",
    "Asked",
    "Stepper",
    "Stepping",
    "Violation",
    "about",
    "another_hash_seed_changes_nothing",
    "assert_follows_within",
    "broken",
    "draws_follow_the_seed",
    "events",
    "jittered",
    "merges_in_order",
    "must_hold",
    "no_output_knows_the_future",
    "payloads",
    "replay_is_a_function",
    "sessions",
    "stages_take_turns",
    "times_in_order",
    "windows_tile_time",
]

LAZY = {"Stepping": "stepping", "events": "strategies", "jittered": "strategies", "payloads": "strategies", "sessions": "strategies"}


def __getattr__(name: str) -> Any:
    """Import what draws, or find what is registered. Raises ImportError that lists what there is, so that `from ... import` shows it."""
    if name.startswith("_"):
        raise AttributeError(name)
    if name in LAZY:
        return getattr(import_module(f"{__name__}.{LAZY[name]}"), name)
    if find_spec(f"{__name__}.{name}"):
        return import_module(f"{__name__}.{name}")
    from omniflow_graph.testing.registered import names

    known = names()
    if name not in known:
        raise ImportError(f"{__name__} has no {name!r}; there are {', '.join(sorted({*__all__, *known}))}", name=name)
    return getattr(known[name], name)
