"""How all tests run: Hypothesis without deadlines, and how much of what takes long."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

FULL = os.environ.get("OMNIFLOW_FULL") == "1"  # set by `make check`

# A busy machine is no failure, so nothing here is judged by the wall clock. `usual` draws the same examples each time,
# so that a test that fails does so for everybody; `full` draws ten times as many, new ones.
SLOW_MACHINE = [HealthCheck.too_slow]
settings.register_profile("usual", deadline=None, print_blob=True, derandomize=True, suppress_health_check=SLOW_MACHINE)
settings.register_profile("full", deadline=None, print_blob=True, max_examples=1000, suppress_health_check=SLOW_MACHINE)
settings.load_profile("full" if FULL else "usual")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked `full` unless all of it is asked for."""
    for item in items:
        if item.get_closest_marker("full") and not FULL:
            item.add_marker(pytest.mark.skip(reason="full size: set OMNIFLOW_FULL=1, or run `make check`"))
