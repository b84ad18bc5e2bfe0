"""What simulations add to `omniflow_graph.testing`: worlds to draw, the closed loop, and what must be true of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulations.proving.invariants import check_all
from simulations.world import simulate

if TYPE_CHECKING:
    from simulations.proving.strategies import faults, scenarios, users

__all__ = ["check_all", "faults", "scenarios", "simulate", "users"]


def __getattr__(name: str) -> Any:
    """Import what draws, and Hypothesis with it, when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from simulations.proving import strategies

    return getattr(strategies, name)
