"""The command line to call."""

from __future__ import annotations

import pytest

from tests.omniflow_graph.commands.calls import Shell


@pytest.fixture
def omniflow(capsys) -> Shell:
    """Call `omniflow` as a shell does."""
    return Shell(capsys)
