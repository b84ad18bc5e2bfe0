"""The command line to call, and a place to call it in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.omniflow_graph.commands.calls import Shell
from tests.operators.commands.rooms import room, script

MODULE = """
from omniflow_graph import Graph

def length(event):
    return len(event.data)

def listener():
    g = Graph("listener")
    g.sink("out", g.map("loud", g.source("env-audio"), length))
    return g

def draw(event, rng):
    return rng(event).below(1000)

def lottery():
    g = Graph("lottery")
    g.sink("out", g.map("drawn", g.source("env-audio"), draw))
    return g

def elsewhere():
    g = Graph("elsewhere")
    g.sink("out", g.map("loud", g.source("thermometer"), length))
    return g

def broken():
    g = Graph("broken")
    g.sink("out", g.map("loud", g.source("env-audio"), lambda event: event.data["loud"]))
    return g

empty = Graph("empty")

def text(window: float = 1.0):
    return "a text"

def needs(more):
    return empty
"""


@pytest.fixture
def omniflow(capsys) -> Shell:
    """Call `omniflow` as a shell does."""
    return Shell(capsys)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A working directory with a recording, a script, a module of graphs, and what is none of these."""
    room(tmp_path)
    script(tmp_path)
    (tmp_path / "graphs_for_replay.py").write_text(MODULE)
    (tmp_path / "notes.txt").write_text("no recording, no script: [")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    return tmp_path
